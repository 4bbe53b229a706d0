//! The Lambda binary of [`palm::CREATE_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::CREATE_USER)
}
