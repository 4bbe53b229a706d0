//! The Lambda binary of [`palm::GET_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::GET_USER)
}
