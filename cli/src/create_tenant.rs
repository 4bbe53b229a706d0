//! `coffer tenants`: brings tenants in.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::{App, domain::TenantId, tenants};

use crate::{
    deployment::{Deployment, Failure, Kms},
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
    /// List the tenants, by name
    List(List),
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
    match &arguments.command {
        Command::Create(create) => run_local::block_on(create.run())?,
        Command::List(list) => run_local::block_on(list.run())?,
    }
}

/// How to list them.
#[derive(Debug, Args)]
struct List {
    /// Print them as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    deployment: Deployment,
}

impl List {
    async fn run(&self) -> Result<(), String> {
        let work = async |app: &App| tenants::list(app).await.map_err(|error| failed(&error, ""));
        let found = self.deployment.work(Kms::Unused, work).await?;
        let found = found.iter().map(|(tenant, since)| (tenant.as_str(), since.to_millis_string()));
        if self.json {
            let rows: Vec<Value> = found
                .map(|(tenant, since)| json!({"tenant": tenant, "created_at": since}))
                .collect();
            return output::result(&json!({"object": "list", "data": rows}).to_string());
        }
        let head = format!("{:<40}  created_at", "tenant");
        let rows = found.map(|(tenant, since)| format!("{tenant:<40}  {since}"));
        output::result(&[head].into_iter().chain(rows).collect::<Vec<_>>().join("\n"))
    }
}

impl Create {
    async fn run(&self) -> Result<(), String> {
        let tenant = parse_tenant(&self.tenant)?;
        let work = async |app: &App| self.make(app, &tenant).await;
        self.deployment.work(Kms::Needed, work).await
    }

    /// What is printed are the secrets, the test key's first.
    async fn make(&self, app: &App, tenant: &TenantId) -> Result<(), Failure> {
        let made = tenants::create(app, tenant).await.map_err(|error| failed(&error, ""))?;
        let name = tenant.as_str();
        if made.is_empty() {
            return Err(format!(
                "there is a tenant {name} already: make keys with `coffer keys create --tenant {name}`"
            )
            .into());
        }
        if self.json {
            let keys: Vec<Value> =
                made.iter().map(|(record, issued)| with_secret(record, issued)).collect();
            return Ok(output::result(&json!({"tenant": name, "keys": keys}).to_string())?);
        }
        output::remark(&format!(
            "{name} has its first owner keys, which are not shown again; the prefix says which is for test and which for live data:"
        ));
        // EXPOSE: to the person who made the tenant, now or never.
        let secrets: Vec<_> = made.iter().map(|(_, issued)| issued.expose_secret()).collect();
        Ok(output::result(&secrets.join("\n"))?)
    }
}
