//! Which stack an operator's command works on: a deployed one, a local one that is running, or the data of one that is not.

use std::{collections::BTreeMap, fs};

use anyhow::Context as _;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use clap::Args;
use coffer::local::{ENVIRONMENT_FILE, Stack, StartError, chain};
use shared::store::Store;

use crate::run_local::Where;

/// Which stack.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The Keys table of a deployed stack, as its outputs name it; with the region and the credentials of the AWS
    /// environment. Without it, the local stack
    #[arg(long, value_name = "TABLE")]
    keys_table: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// A stack within reach.
pub(crate) struct Reached {
    store: Store,
    /// One that was started for this command alone.
    stack: Option<Stack>,
}

impl Reached {
    /// Reaches the stack that the arguments name.
    pub(crate) async fn of(target: &Target) -> anyhow::Result<Self> {
        if let Some(table) = &target.keys_table {
            let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
            let store =
                Store::new(aws_sdk_dynamodb::Client::new(&sdk), String::new(), table.clone());
            return Ok(Self { store, stack: None });
        }
        let options = target.place.options().map_err(anyhow::Error::msg)?;
        match Stack::start(options).await {
            Ok(stack) => {
                let app = stack.app("palm_get_user").context("the template has no functions")?;
                Ok(Self { store: app.store.clone(), stack: Some(stack) })
            }
            Err(StartError::DataInUse(data_dir)) => {
                let path = data_dir.join(ENVIRONMENT_FILE);
                let text = fs::read_to_string(&path);
                let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
                Ok(Self { store: running(&text).await?, stack: None })
            }
            Err(error) => Err(anyhow::Error::msg(chain(&error))),
        }
    }

    /// Its tables.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Ends what was started for this command.
    pub(crate) async fn leave(self) {
        if let Some(stack) = self.stack {
            stack.shutdown().await;
        }
    }
}

/// The tables of a running local stack, by the environment that it left for functions.
async fn running(environment: &str) -> anyhow::Result<Store> {
    let variables: BTreeMap<_, _> =
        environment.lines().filter_map(|line| line.split_once('=')).collect();
    let variable = |name: &str| {
        let value = variables.get(name).map(|value| (*value).to_owned());
        value.with_context(|| format!("the running stack has left no {name}"))
    };
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(variable("AWS_ENDPOINT_URL_DYNAMODB")?)
        .region(Region::new(variable("AWS_REGION")?));
    let loader = match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        (Ok(id), Ok(secret)) => {
            loader.credentials_provider(Credentials::from_keys(id, secret, None))
        }
        _by_the_environment => loader,
    };
    let client = aws_sdk_dynamodb::Client::new(&loader.load().await);
    Ok(Store::new(client, variable("USERS_TABLE")?, variable("KEYS_TABLE")?))
}
