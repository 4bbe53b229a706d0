//! The Lambda binary of [`palm::SEARCH_USERS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::SEARCH_USERS)
}
