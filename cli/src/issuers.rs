//! `coffer issuers`: whose access tokens are accepted, for which tenant and mode.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args, Subcommand};
use shared::{
    App,
    auth::{add_issuer, new_issuer},
    domain::{Mode, Scope, TenantId},
    store::{KeySource, Store},
};

use crate::{
    deployment::{Deployment, Failure, Kms},
    run_local::{self, say},
};

/// What to do with issuers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Accept the tokens of an issuer, or change what is known of it
    Add(Add),
    /// List the issuers of a tenant and mode
    List(List),
    /// Accept the tokens of an issuer no longer: after a minute nobody does
    Remove(Remove),
}

/// Whose data the tokens reach.
#[derive(Debug, Args)]
struct Whose {
    /// The tenant
    #[arg(long, value_parser = tenant)]
    tenant: TenantId,
    /// test or live
    #[arg(long, value_parser = mode)]
    mode: Mode,
}

/// An issuer to accept.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("keys").required(true).args(["jwks_url", "jwks_file"])))]
pub(crate) struct Add {
    #[command(flatten)]
    whose: Whose,
    /// The `iss` of its tokens, to the letter
    #[arg(long, value_name = "ISS")]
    issuer: String,
    /// What its tokens must be meant for: their `aud`
    #[arg(long)]
    audience: String,
    /// Where its public keys are: an HTTPS URL
    #[arg(long, value_name = "URL")]
    jwks_url: Option<String>,
    /// Its public keys themselves: a file with a JSON Web Key Set
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    #[command(flatten)]
    deployment: Deployment,
}

/// Which issuers to list.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    deployment: Deployment,
}

/// An issuer to remove.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    whose: Whose,
    /// The `iss` of its tokens, to the letter
    #[arg(long, value_name = "ISS")]
    issuer: String,
    #[command(flatten)]
    deployment: Deployment,
}

fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|error| error.to_string())
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).map_err(|_| "must be test or live".to_owned())
}

impl Whose {
    fn scope(&self) -> Scope {
        Scope { tenant: self.tenant.clone(), mode: self.mode }
    }
}

/// Does it. An error is one sentence.
pub(crate) fn run(command: &Command) -> Result<(), String> {
    let deployment = match command {
        Command::Add(add) => &add.deployment,
        Command::List(list) => &list.deployment,
        Command::Remove(remove) => &remove.deployment,
    };
    let work = async |app: &App| {
        let store = &app.store;
        let done = match command {
            Command::Add(arguments) => add(store, arguments).await,
            Command::List(arguments) => list(store, arguments).await,
            Command::Remove(arguments) => remove(store, arguments).await,
        };
        done.map_err(|error| Failure::of(error.as_ref()))
    };
    run_local::block_on(deployment.work(Kms::Unused, work))?
}

async fn add(store: &Store, arguments: &Add) -> anyhow::Result<()> {
    let keys = match (&arguments.jwks_url, &arguments.jwks_file) {
        (Some(url), _) => KeySource::Url(url.clone()),
        (None, Some(path)) => KeySource::Inline(
            fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?,
        ),
        (None, None) => bail!("its keys are needed: --jwks-url or --jwks-file"),
    };
    let scope = arguments.whose.scope();
    let issuer = new_issuer(&arguments.issuer, scope, &arguments.audience, keys)?;
    if !add_issuer(store, &issuer).await? {
        bail!("{} is registered for another tenant or mode already", arguments.issuer);
    }
    say(&format!("Tokens of {} are accepted.\n", arguments.issuer));
    Ok(())
}

async fn list(store: &Store, arguments: &List) -> anyhow::Result<()> {
    for issuer in store.issuers(&arguments.whose.scope()).await? {
        let keys = match &issuer.keys {
            KeySource::Url(url) => url.as_str(),
            KeySource::Inline(_) => "inline",
        };
        let since = issuer.created_at.to_seconds_string();
        say(&format!("{}\t{}\t{keys}\t{since}\n", issuer.name, issuer.audience));
    }
    Ok(())
}

async fn remove(store: &Store, arguments: &Remove) -> anyhow::Result<()> {
    if !store.delete_issuer(&arguments.whose.scope(), &arguments.issuer).await? {
        bail!("there is no issuer {} of this tenant and mode", arguments.issuer);
    }
    say(&format!("Tokens of {} are accepted for a minute at most.\n", arguments.issuer));
    Ok(())
}
