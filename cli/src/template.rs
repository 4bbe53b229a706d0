//! A typed reading of `template.yaml`: what the local stack and the tests need to know, and nothing they could spell
//! a second time.
//!
//! Intrinsic functions stay unresolved here; a [`Resolver`] turns them into text once the resources exist.

mod api;
mod condition;
mod error;
mod expression;
mod function;
mod line;
mod node;
mod policy;
mod queue;
mod resolver;
mod route;
mod table;
mod trigger;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

pub use self::{
    api::{Api, GatewayResponse},
    condition::Condition,
    error::TemplateError,
    expression::{Expression, Term},
    function::Function,
    policy::{Effect, Resource, Statement},
    queue::{Queue, Redrive},
    resolver::Resolver,
    route::{MethodPattern, Route},
    table::{AttributeType, Index, KeyAttribute, KeySchema, Table},
    trigger::{QueueMapping, Schedule, ScheduleKind, StreamMapping, Trigger},
};
use self::{function::Globals, node::Node, policy::Roles};

/// The file that a template is read from where nothing else is said.
pub const FILE_NAME: &str = "template.yaml";

/// What a template declares.
#[derive(Debug, Clone)]
pub struct Template {
    /// The defaults of the parameters that have one, by name.
    pub parameters: BTreeMap<String, String>,
    /// The conditions that `!If` asks for, by name.
    pub conditions: BTreeMap<String, Condition>,
    /// The REST APIs.
    pub apis: Vec<Api>,
    /// The DynamoDB tables.
    pub tables: Vec<Table>,
    /// The logical ids of the KMS keys.
    pub kms_keys: Vec<String>,
    /// The SQS queues.
    pub queues: Vec<Queue>,
    /// The Lambda functions.
    pub functions: Vec<Function>,
}

impl Template {
    /// Reads the template in the file at `path`.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let text = fs::read_to_string(path)
            .map_err(|source| TemplateError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Reads a template from its text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Self::parse_document(text).map_err(|error| error.locate(text))
    }

    fn parse_document(text: &str) -> Result<Self, TemplateError> {
        let document = node::document(text)?;
        let root = Node::root(&document);
        let globals = Globals::read(&root.get("Globals").get("Function"))?;
        let mut template = Self {
            parameters: parameters(&root)?,
            conditions: Condition::read_all(&root)?,
            apis: vec![],
            tables: vec![],
            kms_keys: vec![],
            queues: vec![],
            functions: vec![],
        };
        let roles = Roles::read(&root.get("Resources"))?;
        for (logical_id, resource) in root.get("Resources").entries()? {
            match resource.get("Type").text()? {
                "AWS::Serverless::Api" => template.apis.push(Api::read(logical_id, &resource)?),
                "AWS::DynamoDB::Table" => template.tables.push(Table::read(logical_id, &resource)?),
                "AWS::KMS::Key" => template.kms_keys.push(logical_id.to_owned()),
                "AWS::SQS::Queue" => template.queues.push(Queue::read(logical_id, &resource)?),
                "AWS::Serverless::Function" => {
                    template
                        .functions
                        .push(Function::read(logical_id, &resource, &globals, &roles)?);
                }
                // Everything else has no counterpart on this machine: log groups, alarms, aliases.
                _ => {}
            }
        }
        template.name_resources();
        Route::check_all(template.routes().map(|(_, route)| route))?;
        Ok(template)
    }

    /// The function of this operation.
    pub fn function(&self, operation: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.operation == operation)
    }

    /// Every route, with the function that it leads to.
    pub fn routes(&self) -> impl Iterator<Item = (&Function, &Route)> {
        self.functions
            .iter()
            .flat_map(|function| function.routes.iter().map(move |route| (function, route)))
    }

    /// Policies name resources by logical id; now that all are known, says which of them are tables and which keys.
    fn name_resources(&mut self) {
        let tables: Vec<_> = self.tables.iter().map(|table| table.logical_id.clone()).collect();
        let queues: Vec<_> = self.queues.iter().map(|queue| queue.logical_id.clone()).collect();
        for statement in self.functions.iter_mut().flat_map(|function| &mut function.policy) {
            for resource in &mut statement.resources {
                resource.name(&tables, &self.kms_keys, &queues);
            }
        }
    }
}

fn parameters(root: &Node<'_>) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut defaults = BTreeMap::new();
    for (name, parameter) in root.get("Parameters").entries_or_none()? {
        if let Some(default) = parameter.get("Default").present() {
            defaults.insert(name.to_owned(), default.scalar()?);
        }
    }
    Ok(defaults)
}

/// The template to use where none is named: `template.yaml` in this directory or the nearest one above it.
pub fn find(start: &Path) -> Option<PathBuf> {
    start.ancestors().map(|directory| directory.join(FILE_NAME)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
