//! Serves the probe's echo behind the local stack's gateway until it is killed; prints where. `tests/probe/run local` asks it.
#![allow(clippy::allow_attributes, clippy::print_stdout, reason = "what the caller waits for")]

use harness::probe::ProbeGateway;

#[tokio::main]
async fn main() {
    let gateway = ProbeGateway::start().await;
    println!("{}", gateway.base_url());
    std::future::pending::<()>().await;
}
