//! The Lambda binary of [`events::PURGE`].

fn main() -> Result<(), lambda_http::Error> {
    events::run(&events::PURGE)
}
