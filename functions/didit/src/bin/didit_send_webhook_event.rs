//! The Lambda binary of [`didit::SEND_WEBHOOK_EVENT`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::SEND_WEBHOOK_EVENT)
}
