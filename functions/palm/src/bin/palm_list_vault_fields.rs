//! The Lambda binary of [`palm::LIST_VAULT_FIELDS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&palm::LIST_VAULT_FIELDS)
}
