//! A Lambda function for the harness's own tests: it echoes, fails or dies, as the path says.
#![expect(clippy::disallowed_methods, reason = "it shows the test its environment")]

use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var_os("FAIL_AT_START").is_some() {
        return Err("no configuration".into());
    }
    run(service_fn(handle)).await
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    reason = "what the test looks for"
)]
async fn handle(request: Request) -> Result<Response<Body>, Error> {
    match request.uri().path() {
        "/fail" => return Err("as asked".into()),
        "/panic" => panic!("as asked"),
        "/exit" => std::process::exit(3),
        path => {
            println!("stdout: {path}");
            eprintln!("stderr: {path}");
        }
    }
    let environment: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let body = json!({
        "body": request.body().as_ref(),
        "environment": environment,
        "request_id": request.lambda_context_ref().map(|context| &context.request_id),
    });
    Ok(Response::new(Body::Text(body.to_string())))
}
