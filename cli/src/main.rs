//! The `coffer` command.

mod create_tenant;
mod deliveries;
mod deployment;
mod doctor;
mod issuers;
mod manage_keys;
mod output;
mod replay;
mod run_local;
mod seed;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Coffer keeps users and their personal data in your own AWS account.
#[derive(Debug, Parser)]
#[command(name = "coffer", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    local: run_local::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole system on this machine (the default)
    Local(run_local::Arguments),
    /// Say whose access tokens are accepted
    #[command(subcommand)]
    Issuers(issuers::Command),
    /// Fill a local data directory with users
    Seed(seed::Arguments),
    /// Webhooks of a deployment
    #[command(subcommand)]
    Webhooks(replay::Webhooks),
    /// Make, list, rotate and revoke API keys
    Keys(manage_keys::Arguments),
    /// Bring tenants in, and list them
    Tenants(create_tenant::Arguments),
    /// Look whether a deployment is as it should be, and say what to do where it is not
    Doctor(doctor::Arguments),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Some(Command::Local(arguments)) => run_local::run(arguments),
        Some(Command::Issuers(command)) => issuers::run(command),
        Some(Command::Seed(arguments)) => seed::run(arguments),
        Some(Command::Webhooks(command)) => replay::run(command),
        Some(Command::Keys(arguments)) => manage_keys::run(arguments),
        Some(Command::Tenants(arguments)) => create_tenant::run(arguments),
        Some(Command::Doctor(arguments)) => doctor::run(arguments),
        None => run_local::run(&cli.local),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            complain(&sentence);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command's one way to say why it failed")]
fn complain(sentence: &str) {
    eprintln!("coffer: {sentence}");
}
