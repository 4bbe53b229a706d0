//! The Lambda binary of [`truv::GET_USER`].

fn main() -> Result<(), lambda_http::Error> {
    shared::runtime::run(&truv::GET_USER)
}
