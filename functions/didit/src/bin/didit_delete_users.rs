//! The Lambda binary of [`didit::DELETE_USERS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::DELETE_USERS)
}
