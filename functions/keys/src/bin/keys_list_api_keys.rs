//! The Lambda binary of [`keys::LIST_API_KEYS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&keys::LIST_API_KEYS)
}
