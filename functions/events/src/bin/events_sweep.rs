//! The Lambda binary of [`events::SWEEP`].

fn main() -> Result<(), lambda_http::Error> {
    events::run(&events::SWEEP)
}
