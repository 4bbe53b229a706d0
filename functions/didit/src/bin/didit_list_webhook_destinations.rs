//! The Lambda binary of [`didit::LIST_WEBHOOK_DESTINATIONS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::LIST_WEBHOOK_DESTINATIONS)
}
