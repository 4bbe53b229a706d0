//! The Lambda binary of [`truv::CREATE_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&truv::CREATE_USER)
}
