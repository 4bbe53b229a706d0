//! The Lambda binary of [`didit::CREATE_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::CREATE_USER)
}
