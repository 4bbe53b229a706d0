//! The Lambda binary of [`didit::LIST_USERS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::LIST_USERS)
}
