//! `coffer tenants`: brings tenants in.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::{domain::TenantId, tenants};

use crate::{
    deployment::{Deployment, Kms},
    manage_keys::{failed, parse_tenant, with_secret},
    output, run_local,
};

/// What to do with tenants.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a tenant, and its first owner keys: one for test data, one for live data
    Create(Create),
}

/// Which tenant to make.
#[derive(Debug, Args)]
struct Create {
    /// Its name: 1 to 40 characters of a-z, 0-9 and -, the first of them a letter
    tenant: String,
    /// Print the keys as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    deployment: Deployment,
}

/// Runs the command. An error is one sentence.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let Command::Create(create) = &arguments.command;
    run_local::block_on(create.run())?
}

impl Create {
    async fn run(&self) -> Result<(), String> {
        let tenant = parse_tenant(&self.tenant)?;
        let opened = self.deployment.open(Kms::Needed).await?;
        let outcome = match opened.app() {
            Ok(app) => self.make(app, &tenant).await,
            Err(sentence) => Err(sentence),
        };
        opened.close().await;
        outcome
    }

    /// What is printed are the secrets, the test key's first.
    async fn make(&self, app: &shared::App, tenant: &TenantId) -> Result<(), String> {
        let made = tenants::create(app, tenant).await.map_err(|error| failed(&error, ""))?;
        let name = tenant.as_str();
        if made.is_empty() {
            return Err(format!(
                "there is a tenant {name} already: make keys with `coffer keys create --tenant {name}`"
            ));
        }
        if self.json {
            let keys: Vec<Value> =
                made.iter().map(|(record, issued)| with_secret(record, issued)).collect();
            return output::result(&json!({"tenant": name, "keys": keys}).to_string());
        }
        output::remark(&format!(
            "{name} has its first owner keys, which are not shown again; the prefix says which is for test and which for live data:"
        ));
        // EXPOSE: to the person who made the tenant, now or never.
        let secrets: Vec<_> = made.iter().map(|(_, issued)| issued.expose_secret()).collect();
        output::result(&secrets.join("\n"))
    }
}
