//! The Lambda binary of [`didit::GET_WEBHOOK_DESTINATION`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::GET_WEBHOOK_DESTINATION)
}
