//! The functions that the template declares, run in this process.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use lambda_http::{Context, RequestExt as _};
use shared::{app::App, config::Config, http::Endpoint};

use super::{
    StartError,
    aws::Aws,
    gateway::{Invocation, Invoke, Response, response},
};
use crate::template::{Function, Resolver, Template, TemplateError};

/// What the template gives a function before AWS stops it; here it only dates the deadline.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Every endpoint of every API.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    let all: [&'static [&'static Endpoint]; 5] = [
        &palm::ENDPOINTS,
        &didit::ENDPOINTS,
        &truv::ENDPOINTS,
        &wealthyhood::ENDPOINTS,
        &keys::ENDPOINTS,
    ];
    all.into_iter().flatten().copied()
}

struct Local {
    endpoint: &'static Endpoint,
    environment: BTreeMap<String, String>,
    app: Arc<App>,
}

/// The functions of this stack, by operation. Functions with the same environment share one [`App`].
pub(super) struct Functions {
    by_operation: HashMap<String, Local>,
}

impl Functions {
    /// `path` is the template's, for the message.
    pub(super) fn new(
        path: &Path,
        template: &Template,
        resolver: &Resolver,
        aws: &Aws,
    ) -> Result<Self, StartError> {
        let mut apps: BTreeMap<BTreeMap<String, String>, Arc<App>> = BTreeMap::new();
        let mut by_operation = HashMap::new();
        for function in &template.functions {
            let environment = environment(function, resolver)
                .map_err(|source| StartError::Template { path: path.to_owned(), source })?;
            let app = match apps.get(&environment) {
                Some(app) => Arc::clone(app),
                None => Arc::new(App::new(config(function, &environment)?, aws.sdk_config())),
            };
            apps.insert(environment.clone(), Arc::clone(&app));
            let endpoint = endpoint(function)?;
            by_operation.insert(function.operation.clone(), Local { endpoint, environment, app });
        }
        Ok(Self { by_operation })
    }

    pub(super) fn app(&self, operation: &str) -> Option<&Arc<App>> {
        self.by_operation.get(operation).map(|local| &local.app)
    }

    /// Any of the apps: for what belongs to no operation.
    pub(super) fn any_app(&self) -> Option<&Arc<App>> {
        self.by_operation.values().next().map(|local| &local.app)
    }

    pub(super) fn environment(&self, operation: &str) -> Option<&BTreeMap<String, String>> {
        self.by_operation.get(operation).map(|local| &local.environment)
    }

    pub(super) fn invoker(functions: &Arc<Self>) -> Invoke {
        let functions = Arc::clone(functions);
        Arc::new(move |invocation| {
            let functions = Arc::clone(&functions);
            Box::pin(async move { functions.invoke(invocation).await })
        })
    }

    /// Runs one invocation as Lambda would: the event in, through the runtime's own reader, the answer out.
    async fn invoke(&self, invocation: Invocation) -> Response {
        let Some(local) = self.by_operation.get(&invocation.operation) else {
            return response::internal_server_error();
        };
        let request = match lambda_http::request::from_str(&invocation.event.to_string()) {
            Ok(request) => request.with_lambda_context(context(&invocation)),
            Err(error) => {
                tracing::error!(
                    error = error.to_string(),
                    "the gateway made an event that cannot be read"
                );
                return response::internal_server_error();
            }
        };
        response::from_function(local.endpoint.answer(&local.app, request).await)
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

fn context(invocation: &Invocation) -> Context {
    let mut context = Context::default();
    context.request_id.clone_from(&invocation.request_id);
    context.invoked_function_arn =
        format!("arn:aws:lambda:us-east-1:000000000000:function:{}", invocation.operation);
    let deadline = UNIX_EPOCH.elapsed().unwrap_or_default().saturating_add(TIMEOUT);
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    context
}
