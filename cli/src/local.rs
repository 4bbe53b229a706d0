//! The local stack: the template's tables, keys, functions and routes in one process.
//!
//! Production code runs unchanged. Only the servers behind the AWS SDK are others, and the gateway in front is emulated.

mod announcement;
mod aws;
mod cold;
mod credentials;
mod data_dir;
mod dynamodb;
mod error;
mod functions;
pub mod gateway;
mod issuer;
mod kms;
mod kms_keys;
mod mock_server;
mod pump;
mod queues;
mod servers;
mod sqs;
mod tables;

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use aws_config::SdkConfig;
use events::{Worker, Workshop};
use shared::{app::App, clock::Clock};
use tokio::net::TcpListener;

pub use self::{
    announcement::announcement,
    aws::Endpoints,
    credentials::{ApiKey, Credentials, TENANT},
    data_dir::ENVIRONMENT_FILE,
    dynamodb::EmbeddedDynamoDb,
    error::{StartError, chain},
    functions::{endpoints, workers},
    kms::EmbeddedKms,
    sqs::EmbeddedSqs,
    tables::difference as table_difference,
};
use self::{
    aws::Aws,
    data_dir::DataDir,
    functions::Functions,
    gateway::{Gateway, Invoke},
    issuer::LocalIssuer,
    pump::Pump,
    servers::Servers,
    tables::Content,
};
use crate::template::{Resolver, Template, Trigger};

/// How to start a stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the data live. None: in memory, until the stack ends.
    pub data_dir: Option<PathBuf>,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// The template.
    pub template: PathBuf,
    /// Values for parameters of the template, in place of their defaults.
    pub parameters: BTreeMap<String, String>,
    /// A DynamoDB to use. None: an embedded one.
    pub dynamodb_endpoint: Option<String>,
    /// A KMS to use. None: an embedded one.
    pub kms_endpoint: Option<String>,
    /// An SQS to use. None: an embedded one.
    pub sqs_endpoint: Option<String>,
    /// Whether the workers run here, fed by the stream and the queue. Otherwise events wait for workers elsewhere.
    pub run_workers: bool,
    /// Whether webhooks may go to this machine and over plain HTTP.
    pub allow_local_webhooks: bool,
    /// Whether each request meets a sandbox of its own, as when many come at once: nothing is warm, ever.
    pub cold: bool,
    /// What time the functions think it is.
    pub clock: Clock,
}

impl Options {
    /// In memory, on a free port of this machine, with embedded servers.
    pub fn ephemeral(template: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: None,
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            template: template.into(),
            parameters: BTreeMap::new(),
            dynamodb_endpoint: None,
            kms_endpoint: None,
            sqs_endpoint: None,
            run_workers: true,
            allow_local_webhooks: false,
            cold: false,
            clock: Clock::system(),
        }
    }

    const fn names_a_server(&self) -> bool {
        self.dynamodb_endpoint.is_some()
            || self.kms_endpoint.is_some()
            || self.sqs_endpoint.is_some()
    }

    /// What every function has in its environment besides what the template declares.
    fn variables(&self, base_url: &str) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        if self.allow_local_webhooks {
            variables.insert("ALLOW_LOCAL_WEBHOOKS".to_owned(), "true".to_owned());
        }
        if !self.parameters.contains_key("PublicBaseUrl") {
            variables.insert("PUBLIC_BASE_URL".to_owned(), base_url.to_owned());
        }
        variables
    }
}

/// A running stack.
pub struct Stack {
    base_url: String,
    template: Template,
    credentials: Credentials,
    aws: Aws,
    functions: Arc<Functions>,
    gateway: Gateway,
    pump: Option<Pump>,
    servers: Servers,
    data_dir: Option<DataDir>,
}

impl fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stack").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Stack {
    /// Starts a stack. It serves requests once this returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // Before anything is touched: a second stack by mistake ends here.
        let address = SocketAddr::new(options.host, options.port);
        let listener = TcpListener::bind(address).await.map_err(|error| refused(address, error))?;
        let base_url = base_url(&listener).map_err(|error| refused(address, error))?;

        let broken = |source| StartError::Template { path: options.template.clone(), source };
        let mut template = Template::read(&options.template).map_err(broken)?;
        for (name, value) in &options.parameters {
            match template.parameters.get_mut(name) {
                Some(default) => default.clone_from(value),
                None => return Err(StartError::NoSuchParameter(name.clone())),
            }
        }
        let data_dir = options.data_dir.as_deref().map(DataDir::open).transpose()?;
        let servers = Servers::start(&options, data_dir.as_ref()).await?;
        let aws = Aws::new(servers.endpoints().clone(), options.names_a_server()).await;

        let mut resolver = Resolver::new(&template);
        kms_keys::provide(&template, &aws, &mut resolver).await?;
        let tables = tables::provide(&template, &aws, &mut resolver).await?;
        queues::provide(&template, &aws, &mut resolver).await?;
        let beside = options.variables(&base_url);
        let functions = Functions::new(&options, &template, &resolver, &aws, &beside)?;
        let functions = Arc::new(functions);
        let files = data_dir.as_ref().map(|dir| (dir.credentials(), dir.issuer()));
        let (file, key) = files.unzip();
        let issuer = LocalIssuer::provide(key.as_deref())?;
        let app = functions.any_app().ok_or(StartError::NoFunctions)?;
        if tables == Content::Kept {
            let checked = Credentials::check_keys(app).await;
            checked.map_err(|error| StartError::OtherKeys {
                dynamodb: servers.endpoints().dynamodb.clone(),
                kms: servers.endpoints().kms.clone(),
                reason: chain(&*error),
            })?;
        }
        let credentials =
            Credentials::provide(file.as_deref(), &base_url, app, tables, &issuer).await?;

        let invoke = Functions::invoker(&functions, options.cold);
        let gateway = Gateway::start(listener, &template, invoke);
        let pump = if options.run_workers {
            let positions = data_dir.as_ref().map(DataDir::positions);
            let workers = functions.workers();
            let pump = Pump::start(&template, &resolver, &workers, aws.sdk_config(), positions);
            Some(pump.map_err(pump::broken(options.template.clone()))?)
        } else {
            None
        };
        let stack = Self {
            base_url,
            template,
            credentials,
            aws,
            functions,
            gateway,
            pump,
            servers,
            data_dir,
        };
        stack.write_environment()?;
        Ok(stack)
    }

    /// Writes down what a function needs in its environment to work on these data from a process of its own, as
    /// `cargo lambda watch` starts it.
    fn write_environment(&self) -> Result<(), StartError> {
        let Some(data_dir) = &self.data_dir else { return Ok(()) };
        let functions = self.template.functions.iter();
        let all = functions.filter_map(|function| self.environment(&function.operation));
        let lines = all.flatten().collect::<BTreeMap<_, _>>().into_iter();
        let text: String =
            lines.flat_map(|(name, value)| [name, "=".into(), value, "\n".into()]).collect();
        let path = data_dir.environment();
        data_dir::replace(&path, text.as_bytes())
            .map_err(|source| StartError::Data { path, source })
    }

    /// Where the stack listens.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What a client needs to call it.
    pub const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The template that it runs.
    pub const fn template(&self) -> &Template {
        &self.template
    }

    /// A configuration of the AWS SDK whose clients call the stack's servers.
    pub const fn sdk_config(&self) -> &SdkConfig {
        self.aws.sdk_config()
    }

    /// Where DynamoDB, KMS and SQS are.
    pub const fn endpoints(&self) -> &Endpoints {
        self.servers.endpoints()
    }

    /// What the function of this operation runs on, where it is not cold: its caches are nobody else's.
    pub fn app(&self, operation: &str) -> Option<&Arc<App>> {
        self.functions.app(operation)
    }

    /// A worker, and what it works with, for a stack that does not run its workers.
    pub fn worker(&self, operation: &str) -> Option<(&'static Worker, &Arc<Workshop>)> {
        self.functions.worker(operation).map(|local| (local.worker, &local.shop))
    }

    /// Calls a worker as its schedule does, now. Answers whether it succeeded; `None` where it has no schedule.
    pub async fn tick(&self, operation: &str) -> Option<bool> {
        let triggers = &self.template.function(operation)?.triggers;
        let schedule = triggers.iter().find_map(|trigger| match trigger {
            Trigger::Schedule(schedule) => Some(schedule),
            Trigger::Stream(_) | Trigger::Queue(_) => None,
        })?;
        Some(pump::tick(schedule, self.functions.worker(operation)?).await)
    }

    /// The variables with which the real binary of this operation reaches the same tables and keys.
    pub fn environment(&self, operation: &str) -> Option<BTreeMap<String, String>> {
        let mut environment = self.functions.environment(operation)?.clone();
        environment.extend(self.aws.variables());
        Some(environment)
    }

    /// What runs the functions in this process, for a gateway of one's own.
    pub fn invoker(&self) -> Invoke {
        Functions::invoker(&self.functions, false)
    }

    /// The same, each request in a sandbox of its own.
    pub fn cold_invoker(&self) -> Invoke {
        Functions::invoker(&self.functions, true)
    }

    /// Takes no more requests, lets the running ones finish, and ends the servers.
    pub async fn shutdown(self) {
        self.gateway.shutdown().await;
        if let Some(pump) = self.pump {
            pump.shutdown().await;
        }
        self.servers.shutdown().await;
    }
}

fn refused(address: SocketAddr, error: io::Error) -> StartError {
    if error.kind() == io::ErrorKind::AddrInUse {
        StartError::PortInUse(address)
    } else {
        StartError::Listen { address, source: error }
    }
}

/// A URL that works as pasted: what listens on every address is called at the loopback one.
fn base_url(listener: &TcpListener) -> io::Result<String> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(format!("http://{address}"))
}
