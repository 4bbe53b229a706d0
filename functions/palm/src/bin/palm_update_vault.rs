//! The Lambda binary of [`palm::UPDATE_VAULT`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::UPDATE_VAULT)
}
