//! The Lambda binary of [`didit::ROTATE_WEBHOOK_SECRET`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::ROTATE_WEBHOOK_SECRET)
}
