//! The Lambda binary of [`truv::UPDATE_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&truv::UPDATE_USER)
}
