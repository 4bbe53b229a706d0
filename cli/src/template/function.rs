//! `AWS::Serverless::Function`, with what `Globals` adds to it.

use std::{collections::BTreeMap, fmt};

use axum::http::Method;

use super::{Expression, Statement, TemplateError, Trigger, node::Node, policy::Roles};

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its logical id.
    pub logical_id: String,
    /// Its operation id, which is the name of its binary.
    pub operation: String,
    /// After how many seconds Lambda ends it: its own or that of `Globals`, else Lambda's three.
    pub timeout_seconds: u64,
    /// Its environment, that of `Globals` included.
    pub environment: BTreeMap<String, Expression>,
    /// The routes that lead to it.
    pub routes: Vec<Route>,
    /// What else calls it.
    pub triggers: Vec<Trigger>,
    /// What its role may do.
    pub policy: Vec<Statement>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Which methods it takes.
    pub method: MethodPattern,
    /// Its path, parameters in braces.
    pub path: String,
}

/// Which methods a route takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MethodPattern {
    /// Every method that no other route of the same path takes.
    Any,
    /// This one.
    Exactly(Method),
}

impl fmt::Display for MethodPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("ANY"),
            Self::Exactly(method) => method.fmt(formatter),
        }
    }
}

/// A route's key, as API Gateway spells it: `GET /v1/user/{user_id}`.
impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

/// What every function has unless it says otherwise.
#[derive(Debug)]
pub(super) struct Globals {
    timeout_seconds: Option<u64>,
    environment: BTreeMap<String, Expression>,
}

impl Globals {
    pub(super) fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        Ok(Self { timeout_seconds: timeout_seconds(node)?, environment: environment(node)? })
    }
}

impl Function {
    pub(super) fn read(
        logical_id: &str,
        resource: &Node<'_>,
        globals: &Globals,
        roles: &Roles,
    ) -> Result<Self, TemplateError> {
        let properties = resource.get("Properties");
        let binary = resource.get("Metadata").get("BuildProperties").get("Binary");
        let mut variables = globals.environment.clone();
        variables.extend(environment(&properties)?);
        Ok(Self {
            logical_id: logical_id.to_owned(),
            operation: binary.text()?.to_owned(),
            timeout_seconds: timeout_seconds(&properties)?
                .or(globals.timeout_seconds)
                .unwrap_or(TIMEOUT_SECONDS),
            environment: variables,
            routes: routes(&properties.get("Events"))?,
            triggers: triggers(&properties.get("Events"))?,
            policy: roles.of(&properties.get("Role"))?,
        })
    }
}

/// What a function has that says nothing.
const TIMEOUT_SECONDS: u64 = 3;

fn timeout_seconds(node: &Node<'_>) -> Result<Option<u64>, TemplateError> {
    let Some(node) = node.get("Timeout").present() else { return Ok(None) };
    let seconds = node.scalar()?.parse().ok().filter(|seconds| (1..=900).contains(seconds));
    seconds.map(Some).ok_or_else(|| node.unexpected("a number of seconds from 1 to 900"))
}

fn environment(node: &Node<'_>) -> Result<BTreeMap<String, Expression>, TemplateError> {
    let variables = node.get("Environment").get("Variables").entries_or_none()?;
    variables
        .into_iter()
        .map(|(name, node)| Ok((name.to_owned(), Expression::read(&node)?)))
        .collect()
}

fn routes(events: &Node<'_>) -> Result<Vec<Route>, TemplateError> {
    let mut routes = vec![];
    for (_, event) in events.entries_or_none()? {
        if event.get("Type").text()? == "Api" {
            routes.push(Route::read(&event.get("Properties"))?);
        }
    }
    Ok(routes)
}

fn triggers(events: &Node<'_>) -> Result<Vec<Trigger>, TemplateError> {
    let triggers =
        events.entries_or_none()?.into_iter().map(|(name, event)| Trigger::read(name, &event));
    triggers.filter_map(Result::transpose).collect()
}

impl Route {
    fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        let path = node.get("Path");
        if !is_routable(path.text()?) {
            return Err(
                path.unexpected("a path like /v1/user/{user_id}, without greedy parameters")
            );
        }
        let method = node.get("Method");
        let name = method.text()?.to_ascii_uppercase();
        let pattern = match Method::from_bytes(name.as_bytes()) {
            _ if name == "ANY" => MethodPattern::Any,
            Ok(exact) => MethodPattern::Exactly(exact),
            Err(_) => return Err(method.unexpected("a method or ANY")),
        };
        Ok(Self { method: pattern, path: path.text()?.to_owned() })
    }
}

fn is_routable(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|segment| {
            match segment.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
                Some(name) => !name.is_empty() && !name.contains(['{', '}', '+']),
                None => !segment.contains(['{', '}']),
            }
        })
    })
}
