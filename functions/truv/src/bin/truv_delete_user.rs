//! The Lambda binary of [`truv::DELETE_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&truv::DELETE_USER)
}
