//! The Lambda binary of [`events::DELIVER`].

fn main() -> Result<(), lambda_http::Error> {
    events::run(&events::DELIVER)
}
