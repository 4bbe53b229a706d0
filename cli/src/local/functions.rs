//! The functions that the template declares, run in this process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use aws_config::SdkConfig;
use events::{Worker, Workshop};
use lambda_http::Context;
use shared::{app::App, clock::Clock, config::Config, http::Endpoint};

use super::{
    Options, StartError,
    aws::Aws,
    cold::thawed,
    gateway::{Answer, Invocation, Invoke},
};
use crate::template::{Function, Resolver, Template, TemplateError};

/// Every endpoint of every API.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    let all: [&'static [&'static Endpoint]; 6] = [
        &palm::ENDPOINTS,
        &didit::ENDPOINTS,
        &didit::WEBHOOK_ENDPOINTS,
        &truv::ENDPOINTS,
        &wealthyhood::ENDPOINTS,
        &keys::ENDPOINTS,
    ];
    all.into_iter().flatten().copied()
}

/// Every worker: the functions that have no route.
pub fn workers() -> impl Iterator<Item = &'static Worker> {
    events::WORKERS.into_iter()
}

/// A worker, and what it works with.
#[derive(Debug, Clone)]
pub(super) struct LocalWorker {
    pub(super) worker: &'static Worker,
    pub(super) shop: Arc<Workshop>,
    /// When Lambda ends it.
    pub(super) timeout: Duration,
    environment: BTreeMap<String, String>,
}

struct Local {
    endpoint: &'static Endpoint,
    timeout: Duration,
    environment: BTreeMap<String, String>,
    config: Config,
    app: Arc<App>,
}

/// The functions of this stack, by operation. Each has an [`App`] of its own: what one has cached, no other knows.
pub(super) struct Functions {
    by_operation: HashMap<String, Local>,
    workers: HashMap<String, LocalWorker>,
    sdk: SdkConfig,
    clock: Clock,
}

impl Functions {
    /// `beside` are variables that every function has besides those that the template declares.
    pub(super) fn new(
        options: &Options,
        template: &Template,
        resolver: &Resolver,
        aws: &Aws,
        beside: &BTreeMap<String, String>,
    ) -> Result<Self, StartError> {
        let (sdk, clock) = (aws.sdk_config().clone(), options.clock.clone());
        let (mut by_operation, mut local_workers) = (HashMap::new(), HashMap::new());
        for function in &template.functions {
            let mut environment = environment(function, resolver).map_err(|source| {
                StartError::Template { path: options.template.clone(), source }
            })?;
            environment.extend(beside.clone());
            if let Some(worker) = workers().find(|it| it.operation == function.operation) {
                let config = config(function, &environment)?;
                let shop = Arc::new(Workshop::with_clock(config, &sdk, clock.clone()));
                let timeout = Duration::from_secs(function.timeout_seconds);
                let local = LocalWorker { worker, shop, timeout, environment };
                local_workers.insert(function.operation.clone(), local);
                continue;
            }
            let config = config(function, &environment)?;
            let app = Arc::new(App::with_clock(config.clone(), &sdk, clock.clone()));
            let endpoint = endpoint(function)?;
            let timeout = Duration::from_secs(function.timeout_seconds);
            let local = Local { endpoint, timeout, environment, config, app };
            by_operation.insert(function.operation.clone(), local);
        }
        Ok(Self { by_operation, workers: local_workers, sdk, clock })
    }

    pub(super) fn app(&self, operation: &str) -> Option<&Arc<App>> {
        self.by_operation.get(operation).map(|local| &local.app)
    }

    /// Any of the apps: for what belongs to no operation.
    pub(super) fn any_app(&self) -> Option<&Arc<App>> {
        self.by_operation.values().next().map(|local| &local.app)
    }

    pub(super) fn environment(&self, operation: &str) -> Option<&BTreeMap<String, String>> {
        let endpoint = self.by_operation.get(operation).map(|local| &local.environment);
        endpoint.or_else(|| self.workers.get(operation).map(|worker| &worker.environment))
    }

    pub(super) fn worker(&self, operation: &str) -> Option<&LocalWorker> {
        self.workers.get(operation)
    }

    pub(super) fn workers(&self) -> Vec<(&str, LocalWorker)> {
        self.workers.iter().map(|(name, worker)| (name.as_str(), worker.clone())).collect()
    }

    /// What runs the functions; where it is `cold`, each request in a sandbox of its own.
    pub(super) fn invoker(functions: &Arc<Self>, cold: bool) -> Invoke {
        let functions = Arc::clone(functions);
        Arc::new(move |invocation| {
            let functions = Arc::clone(&functions);
            Box::pin(async move { functions.invoke(invocation, cold).await })
        })
    }

    /// Runs one invocation as Lambda would: the event in, the answer out.
    async fn invoke(&self, invocation: Invocation, cold: bool) -> Answer {
        let local = self.by_operation.get(&invocation.operation)?;
        let context = context(&invocation, local.timeout);
        let app = if cold { self.fresh(local) } else { Arc::clone(&local.app) };
        Some(local.endpoint.answer(&app, &invocation.event, context).await)
    }

    /// A sandbox that nothing has warmed.
    fn fresh(&self, local: &Local) -> Arc<App> {
        let build = |clock| App::with_clock(local.config.clone(), &self.sdk, clock);
        Arc::new(thawed(&self.clock, build))
    }
}

fn endpoint(function: &Function) -> Result<&'static Endpoint, StartError> {
    endpoints().find(|endpoint| endpoint.operation == function.operation).ok_or_else(|| {
        StartError::UnknownOperation {
            logical_id: function.logical_id.clone(),
            operation: function.operation.clone(),
        }
    })
}

fn environment(
    function: &Function,
    resolver: &Resolver,
) -> Result<BTreeMap<String, String>, TemplateError> {
    function
        .environment
        .iter()
        .map(|(name, expression)| Ok((name.clone(), resolver.resolve(expression)?)))
        .collect()
}

fn config(
    function: &Function,
    environment: &BTreeMap<String, String>,
) -> Result<Config, StartError> {
    Config::from_lookup(|name| environment.get(name).cloned()).map_err(|error| StartError::Config {
        operation: function.operation.clone(),
        source: error.into(),
    })
}

/// `timeout` is what the template gives the function before AWS ends it; the gateway ends it then.
fn context(invocation: &Invocation, timeout: Duration) -> Context {
    let mut context = Context::default();
    context.request_id.clone_from(&invocation.request_id);
    context.invoked_function_arn =
        format!("arn:aws:lambda:us-east-1:000000000000:function:{}", invocation.operation);
    let deadline = UNIX_EPOCH.elapsed().unwrap_or_default().saturating_add(timeout);
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    context
}
