//! `AWS::Serverless::Function`, with what `Globals` adds to it.

use std::collections::BTreeMap;

use super::{Expression, Route, Statement, TemplateError, Trigger, node::Node, policy::Roles};

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
            routes: Route::read_all(&properties.get("Events"))?,
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

fn triggers(events: &Node<'_>) -> Result<Vec<Trigger>, TemplateError> {
    let triggers =
        events.entries_or_none()?.into_iter().map(|(name, event)| Trigger::read(name, &event));
    triggers.filter_map(Result::transpose).collect()
}
