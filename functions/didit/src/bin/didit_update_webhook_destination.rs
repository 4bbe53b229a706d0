//! The Lambda binary of [`didit::UPDATE_WEBHOOK_DESTINATION`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::UPDATE_WEBHOOK_DESTINATION)
}
