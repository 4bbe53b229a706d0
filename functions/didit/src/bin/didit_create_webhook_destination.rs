//! The Lambda binary of [`didit::CREATE_WEBHOOK_DESTINATION`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::CREATE_WEBHOOK_DESTINATION)
}
