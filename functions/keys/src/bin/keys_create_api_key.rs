//! The Lambda binary of [`keys::CREATE_API_KEY`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&keys::CREATE_API_KEY)
}
