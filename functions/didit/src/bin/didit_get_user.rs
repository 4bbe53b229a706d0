//! The Lambda binary of [`didit::GET_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&didit::GET_USER)
}
