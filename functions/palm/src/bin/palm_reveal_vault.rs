//! The Lambda binary of [`palm::REVEAL_VAULT`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::REVEAL_VAULT)
}
