//! The Lambda binary of [`palm::UPDATE_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::UPDATE_USER)
}
