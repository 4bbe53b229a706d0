//! The Lambda binary of [`wealthyhood::CREATE_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&wealthyhood::CREATE_USER)
}
