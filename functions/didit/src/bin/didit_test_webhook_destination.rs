//! The Lambda binary of [`didit::TEST_WEBHOOK_DESTINATION`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::TEST_WEBHOOK_DESTINATION)
}
