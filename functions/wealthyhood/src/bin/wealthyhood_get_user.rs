//! The Lambda binary of [`wealthyhood::GET_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&wealthyhood::GET_USER)
}
