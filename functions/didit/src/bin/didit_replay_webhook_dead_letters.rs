//! The Lambda binary of [`didit::REPLAY_WEBHOOK_DEAD_LETTERS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::REPLAY_WEBHOOK_DEAD_LETTERS)
}
