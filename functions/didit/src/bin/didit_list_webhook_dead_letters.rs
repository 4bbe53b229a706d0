//! The Lambda binary of [`didit::LIST_WEBHOOK_DEAD_LETTERS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::LIST_WEBHOOK_DEAD_LETTERS)
}
