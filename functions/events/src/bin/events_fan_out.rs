//! The Lambda binary of [`events::FAN_OUT`].

fn main() -> Result<(), lambda_http::Error> {
    events::run(&events::FAN_OUT)
}
