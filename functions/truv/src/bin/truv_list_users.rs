//! The Lambda binary of [`truv::LIST_USERS`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&truv::LIST_USERS)
}
