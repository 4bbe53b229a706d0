//! The Lambda binary of [`didit::DELETE_WEBHOOK_DESTINATION`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::DELETE_WEBHOOK_DESTINATION)
}
