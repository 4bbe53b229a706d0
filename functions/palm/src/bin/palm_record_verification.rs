//! The Lambda binary of [`palm::RECORD_VERIFICATION`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::RECORD_VERIFICATION)
}
