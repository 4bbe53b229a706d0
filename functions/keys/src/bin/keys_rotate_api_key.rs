//! The Lambda binary of [`keys::ROTATE_API_KEY`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&keys::ROTATE_API_KEY)
}
