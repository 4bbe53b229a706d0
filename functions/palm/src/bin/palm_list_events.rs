//! The Lambda binary of [`palm::LIST_EVENTS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::LIST_EVENTS)
}
