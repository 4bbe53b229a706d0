//! The Lambda binary of [`didit::UPDATE_USER_STATUS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::UPDATE_USER_STATUS)
}
