//! Which deployment a command works on, and how it is reached.

mod cause;
mod stack;

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use clap::Args;
use coffer::local::{ENVIRONMENT_FILE, Endpoints, Stack, StartError, chain};
use shared::{App, config::Config};

pub(crate) use self::cause::Failure;
use crate::run_local::Where;

/// What the URL of the API is called among the settings; no function has it.
pub(crate) const API_URL: &str = "API_URL";

/// Which deployment: one in AWS, by the name of its stack or by those of its tables and key, with the Region and the
/// credentials of the shell; or a local stack, by its data directory.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which deployment")]
pub(crate) struct Deployment {
    /// The stack in AWS: its outputs say how the rest is called
    #[arg(long, value_name = "NAME", conflicts_with = "data_dir")]
    stack_name: Option<String>,
    /// The table of users [default: that of the stack, or else the environment's `USERS_TABLE`]
    #[arg(long, value_name = "NAME", conflicts_with = "data_dir")]
    users_table: Option<String>,
    /// The table of keys [default: that of the stack, or else the environment's `KEYS_TABLE`]
    #[arg(long, value_name = "NAME", conflicts_with = "data_dir")]
    keys_table: Option<String>,
    /// The KMS key [default: that of the stack, or else the environment's `KMS_KEY_ID`]; only for making a tenant
    #[arg(long, value_name = "ARN", conflicts_with = "data_dir")]
    kms_key_id: Option<String>,
    /// The data of a local stack, whether it is running or not
    #[arg(long, value_name = "DIRECTORY")]
    data_dir: Option<PathBuf>,
    /// The template of that local stack [default: template.yaml here or in the nearest directory above]
    #[arg(long, value_name = "FILE", requires = "data_dir")]
    template: Option<PathBuf>,
}

/// Whether a command opens the keys of tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kms {
    /// It does.
    Needed,
    /// It works on the tables alone.
    Unused,
}

/// A deployment that can be worked on.
pub(crate) enum Opened {
    /// One that runs by itself, in AWS or on this machine.
    Running(Box<Running>),
    /// A local stack that was not running, and is for as long as the command does.
    Stack(Box<Stack>),
}

/// A deployment that runs by itself.
pub(crate) struct Running {
    app: App,
    sdk: SdkConfig,
    settings: HashMap<String, String>,
}

impl Opened {
    /// What the use cases run on.
    pub(crate) fn app(&self) -> Result<&App, String> {
        match self {
            Self::Running(running) => Ok(&running.app),
            Self::Stack(stack) => {
                let any = stack.template().functions.first();
                let app = any.and_then(|function| stack.app(&function.operation));
                app.map(AsRef::as_ref).ok_or_else(|| StartError::NoFunctions.to_string())
            }
        }
    }

    /// What its clients are made of.
    pub(crate) fn sdk(&self) -> &SdkConfig {
        match self {
            Self::Running(running) => &running.sdk,
            Self::Stack(stack) => stack.sdk_config(),
        }
    }

    /// A variable that its functions have, or [`API_URL`].
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        match self {
            Self::Running(running) => {
                running.settings.get(name).cloned().or_else(|| variable(name))
            }
            Self::Stack(stack) => {
                let functions = stack.template().functions.iter();
                let mut all = functions.filter_map(|it| stack.environment(&it.operation));
                all.find_map(|mut environment| environment.remove(name))
            }
        }
    }

    /// Where a service of AWS is reached: `DynamoDB`, `KMS` or `SQS`.
    pub(crate) fn url(&self, service: &str) -> String {
        cause::url(self.sdk(), service)
    }

    /// Leaves everything written.
    pub(crate) async fn close(self) {
        match self {
            Self::Running(_) => {}
            Self::Stack(stack) => stack.shutdown().await,
        }
    }

    /// A failure in words.
    async fn explain(&self, failure: Failure) -> String {
        match (failure, self.app()) {
            (Failure::Aws(error), Ok(app)) => {
                let tables = [app.config.users_table.as_str(), &app.config.keys_table];
                cause::explain(self.sdk(), tables, &error).await
            }
            (failure, _) => failure.to_string(),
        }
    }
}

impl Deployment {
    /// The data of a local stack, if it is one.
    pub(crate) fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// The stack in AWS, if it is named.
    pub(crate) fn stack_name(&self) -> Option<&str> {
        self.stack_name.as_deref()
    }

    /// Opens it, works on it and closes it. An error is one sentence.
    pub(crate) async fn work<T>(
        &self,
        kms: Kms,
        work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
    ) -> Result<T, String> {
        let opened = self.open(kms).await?;
        let outcome = match opened.app() {
            Ok(app) => work(app).await,
            Err(sentence) => Err(sentence.into()),
        };
        let outcome = match outcome {
            Ok(done) => Ok(done),
            Err(failure) => Err(opened.explain(failure).await),
        };
        opened.close().await;
        outcome
    }

    /// Opens it. An error is one sentence.
    pub(crate) async fn open(&self, kms: Kms) -> Result<Opened, String> {
        match &self.data_dir {
            Some(data_dir) => self.local(data_dir).await,
            None => self.remote(kms).await,
        }
    }

    async fn remote(&self, kms: Kms) -> Result<Opened, String> {
        let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let mut settings = match &self.stack_name {
            Some(name) => {
                cause::check(&sdk).await?;
                stack::outputs(&sdk, name).await?
            }
            None => HashMap::new(),
        };
        let named = [
            ("USERS_TABLE", &self.users_table, "--users-table"),
            ("KEYS_TABLE", &self.keys_table, "--keys-table"),
            ("KMS_KEY_ID", &self.kms_key_id, "--kms-key-id"),
        ];
        for (name, flag, option) in named {
            let value = flag.clone().or_else(|| settings.get(name).cloned());
            let value = value.or_else(|| variable(name)).filter(|value| !value.is_empty());
            let unused = name == "KMS_KEY_ID" && kms == Kms::Unused;
            let value = value.or_else(|| unused.then(|| "unused".to_owned()));
            let missing = || {
                format!(
                    "which deployment is not said: give --stack-name, or set {name} or give {option}, or name a local stack with --data-dir"
                )
            };
            settings.insert(name.to_owned(), value.ok_or_else(missing)?);
        }
        cause::check(&sdk).await?;
        let app = App::new(config(&settings)?, &sdk);
        Ok(Opened::Running(Box::new(Running { app, sdk, settings })))
    }

    /// A stack that is running is reached through its servers; one that is not is started.
    async fn local(&self, data_dir: &Path) -> Result<Opened, String> {
        let environment = data_dir.join(ENVIRONMENT_FILE);
        let text = fs::read_to_string(&environment).map_err(|_| {
            let place = data_dir.display();
            format!(
                "{place} holds no local stack: start one with `coffer local --data-dir {place}`"
            )
        })?;
        let place = Where::of(data_dir.to_owned(), self.template.clone());
        match Stack::start(place.options()?).await {
            Ok(stack) => Ok(Opened::Stack(Box::new(stack))),
            Err(StartError::DataInUse(_)) => {
                let lines = text.lines().filter_map(|line| line.split_once('='));
                running(lines.map(|(name, value)| (name.into(), value.into())).collect()).await
            }
            Err(error) => Err(chain(&error)),
        }
    }
}

/// A variable of the environment.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the command's own configuration")]
    let value = env::var_os(name);
    value.and_then(|value| value.into_string().ok())
}

/// The deployment of a local stack that is running, by what it leaves in `lambda.env`.
async fn running(settings: HashMap<String, String>) -> Result<Opened, String> {
    let setting = |name: &str| settings.get(name).cloned().unwrap_or_default();
    let sdk =
        aws_config::defaults(BehaviorVersion::latest()).region(Region::new(setting("AWS_REGION")));
    let sdk = if settings.contains_key("AWS_ACCESS_KEY_ID") {
        let (id, secret) = (setting("AWS_ACCESS_KEY_ID"), setting("AWS_SECRET_ACCESS_KEY"));
        sdk.credentials_provider(Credentials::from_keys(id, secret, None))
    } else {
        sdk
    };
    let endpoints = Endpoints {
        dynamodb: setting("AWS_ENDPOINT_URL_DYNAMODB"),
        kms: setting("AWS_ENDPOINT_URL_KMS"),
        sqs: setting("AWS_ENDPOINT_URL_SQS"),
    };
    let sdk = sdk.load().await.into_builder().service_config(endpoints).build();
    let app = App::new(config(&settings)?, &sdk);
    Ok(Opened::Running(Box::new(Running { app, sdk, settings })))
}

/// No answer of a command points at the documentation of problems.
fn config(settings: &HashMap<String, String>) -> Result<Config, String> {
    let lookup = |name: &str| {
        let unused = (name == "PROBLEM_BASE_URL").then(|| "unused".to_owned());
        settings.get(name).cloned().or(unused)
    };
    Config::from_lookup(lookup).map_err(|error| error.to_string())
}
