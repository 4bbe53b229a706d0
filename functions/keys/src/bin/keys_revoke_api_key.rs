//! The Lambda binary of [`keys::REVOKE_API_KEY`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&keys::REVOKE_API_KEY)
}
