//! A running Coffer for tests: the local stack over recorded backends, and tenants of their own for each test.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
};

use coffer::local::{Options, Stack, gateway::Gateway};
use shared::{
    App,
    auth::{IssuedApiKey, NewApiKey, Role, issue_api_key},
    domain::{Mode, Scope, TenantId, Timestamp},
    tenants::provision,
};
use tokio::{net::TcpListener, runtime::Handle, sync::OnceCell};

use crate::{backends::Backends, background::Background, client::Client, recorder::Recorder};

/// A local stack whose calls to AWS are recorded, on a thread of its own.
#[derive(Debug)]
pub struct World {
    /// Between the stack and its DynamoDB.
    pub dynamodb: Recorder,
    /// Between the stack and its KMS.
    pub kms: Recorder,
    /// Between the stack and its SQS.
    pub sqs: Recorder,
    stack: Arc<Stack>,
    base_url: String,
    is_cold: bool,
    fresh: OnceCell<(Gateway, String)>,
    runtime: Handle,
    _thread: Background,
}

/// How to start a world that is not the usual one.
#[derive(Debug, Clone)]
struct Setup<'a> {
    data_dir: Option<&'a Path>,
    parameters: &'a [(&'a str, &'a str)],
    allow_local_webhooks: bool,
    cold: bool,
}

/// Each request meets a sandbox of its own, if this variable of the tests' environment is `1`.
pub const COLD_VARIABLE: &str = "COFFER_TEST_COLD";

impl Default for Setup<'_> {
    fn default() -> Self {
        let cold = std::env::var_os(COLD_VARIABLE).is_some_and(|value| value == "1");
        Self { data_dir: None, parameters: &UNLIMITED, allow_local_webhooks: false, cold }
    }
}

/// No rate limit that a test would meet by accident.
const UNLIMITED: [(&str, &str); 2] =
    [("RateLimitReadsPerMinute", "1000000"), ("RateLimitWritesPerMinute", "1000000")];

/// The repository's template.
pub fn template_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

impl World {
    /// The world that all tests of this process share. Tell tests apart by their tenants.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<World> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// As [`World::shared`], but for tests of what a sandbox keeps from one request to the next.
    pub fn shared_warm() -> &'static Self {
        static WARM: OnceLock<World> = OnceLock::new();
        let shared = Self::shared();
        if shared.is_cold { WARM.get_or_init(|| Self::warm(&UNLIMITED)) } else { shared }
    }

    /// A world of one's own: for counting calls and for failing them.
    pub fn start() -> Self {
        Self::build(&Setup::default())
    }

    /// A world of one's own whose sandboxes live on, whatever the environment says.
    pub fn warm(parameters: &[(&str, &str)]) -> Self {
        Self::build(&Setup { parameters, cold: false, ..Setup::default() })
    }

    /// A world of one's own in which each request meets a sandbox of its own, whatever the environment says.
    pub fn cold(parameters: &[(&str, &str)]) -> Self {
        Self::build(&Setup { parameters, cold: true, ..Setup::default() })
    }

    /// Whether each request meets a sandbox of its own.
    pub const fn is_cold(&self) -> bool {
        self.is_cold
    }

    /// A world of one's own, with other values for some parameters of the template.
    pub fn with_parameters(parameters: &[(&str, &str)]) -> Self {
        Self::over(None, parameters)
    }

    /// A world of one's own whose webhooks may go to this machine.
    pub fn with_local_webhooks() -> Self {
        Self::build(&Setup { allow_local_webhooks: true, ..Setup::default() })
    }

    /// A world over the data directory of a local stack, for looking at what is in it.
    pub fn over(data_dir: Option<&Path>, parameters: &[(&str, &str)]) -> Self {
        Self::build(&Setup { data_dir, parameters, ..Setup::default() })
    }

    /// Its workers do not run by themselves: a test hands them their batches.
    fn build(setup: &Setup<'_>) -> Self {
        let &Setup { data_dir, parameters, allow_local_webhooks, cold } = setup;
        let data_dir = data_dir.map(Path::to_owned);
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let parameters: BTreeMap<_, _> = parameters.collect();
        let (sender, receiver) = mpsc::channel();
        let thread = Background::start("world", move |stop| async move {
            let backends = Backends::start(data_dir.as_deref()).await;
            let dynamodb = backends.record_dynamodb();
            let (kms, sqs) = (backends.record_kms(), backends.record_sqs());
            let mut options = Options::ephemeral(template_path());
            options.run_workers = false;
            options.allow_local_webhooks = allow_local_webhooks;
            options.sqs_endpoint = Some(sqs.endpoint());
            options.dynamodb_endpoint = Some(dynamodb.endpoint());
            options.kms_endpoint = Some(kms.endpoint());
            options.parameters = parameters;
            options.cold = cold;
            let stack = Arc::new(Stack::start(options).await.expect("a stack"));
            let started = (dynamodb, kms, sqs, stack, Handle::current());
            sender.send(started).expect("a world that waits");
            stop.requested().await;
            drop(backends);
        });
        let (dynamodb, kms, sqs, stack, runtime) = receiver.recv().expect("a world that starts");
        let base_url = stack.base_url().to_owned();
        Self {
            dynamodb,
            kms,
            sqs,
            stack,
            base_url,
            is_cold: cold,
            fresh: OnceCell::new(),
            runtime,
            _thread: thread,
        }
    }

    /// The stack.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Where it listens.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The application of an operation, for what cannot be done through the wire: making keys, looking into the tables.
    pub fn app(&self, operation: &str) -> Arc<App> {
        Arc::clone(self.stack.app(operation).expect("an operation of the template"))
    }

    /// Runs something on the world's own runtime, where its connections live.
    pub async fn run<F>(&self, work: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.runtime.spawn(work).await.expect("work that does not panic")
    }

    /// A new tenant with keys of every mode, and no API key yet.
    pub async fn tenant(&'static self) -> Tenant {
        Tenant::make(self).await
    }

    /// As [`World::tenant`], for a world that is not shared.
    pub async fn own_tenant(&self) -> TenantKeys {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let tenant = TenantId::parse(&format!("tenant-{count}")).expect("a tenant id");
        let app = self.app("palm_create_user");
        let keys = TenantKeys { app, tenant };
        for mode in Mode::ALL {
            let (app, scope) = (Arc::clone(&keys.app), keys.scope(mode));
            self.run(async move { provision(&app, &scope).await })
                .await
                .expect("a provisioned tenant");
        }
        keys
    }

    /// A key of a tenant.
    pub async fn key(&self, tenant: &TenantKeys, mode: Mode, role: Role) -> IssuedApiKey {
        self.expiring_key(tenant, mode, role, None).await
    }

    /// A key of a tenant that ends by itself.
    pub async fn expiring_key(
        &self,
        tenant: &TenantKeys,
        mode: Mode,
        role: Role,
        expires_at: Option<Timestamp>,
    ) -> IssuedApiKey {
        let new =
            NewApiKey { scope: tenant.scope(mode), role, name: "test".to_owned(), expires_at };
        let app = Arc::clone(&tenant.app);
        self.run(async move { issue_api_key(&app, new).await }).await.expect("an API key")
    }

    /// A client with a fresh key of a role, in test mode.
    pub async fn client(&self, tenant: &TenantKeys, role: Role) -> Client {
        let key = self.key(tenant, Mode::Test, role).await;
        self.anonymous().bearer(key.expose_secret())
    }

    /// A client without a credential.
    pub fn anonymous(&self) -> Client {
        Client::new(self.base_url.clone())
    }

    /// The same, but each of its requests meets a sandbox of its own, which has never seen anything.
    pub async fn fresh(&self) -> Client {
        let start = || async {
            let (template, invoke) = (self.stack.template().clone(), self.stack.cold_invoker());
            let start = async move {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
                let address = listener.local_addr().expect("an address");
                (Gateway::start(listener, &template, invoke), format!("http://{address}"))
            };
            self.run(start).await
        };
        let (_, base_url) = self.fresh.get_or_init(start).await;
        Client::new(base_url.clone())
    }
}

/// A tenant of one world.
#[derive(Debug, Clone)]
pub struct TenantKeys {
    app: Arc<App>,
    tenant: TenantId,
}

impl TenantKeys {
    /// The data of one mode.
    pub fn scope(&self, mode: Mode) -> Scope {
        Scope { tenant: self.tenant.clone(), mode }
    }

    /// The application that made it.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }
}

/// A tenant of the shared world, with an owner who is logged in.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The shared world.
    pub world: &'static World,
    /// The tenant.
    pub keys: TenantKeys,
    /// Its owner, in test mode.
    pub owner: Client,
}

impl Tenant {
    async fn make(world: &'static World) -> Self {
        let keys = world.own_tenant().await;
        let owner = world.client(&keys, Role::Owner).await;
        Self { world, keys, owner }
    }

    /// A client with a fresh key of another role, in test mode.
    pub async fn client(&self, role: Role) -> Client {
        self.world.client(&self.keys, role).await
    }

    /// A client with a fresh key of a role in live mode.
    pub async fn live_client(&self, role: Role) -> Client {
        let key = self.world.key(&self.keys, Mode::Live, role).await;
        self.world.anonymous().bearer(key.expose_secret())
    }
}
