//! What a function may do: the statements of its role's policies.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Expression, TemplateError, Term, node::Node};

/// One statement of a policy.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its name within the policy, if it has one.
    pub sid: Option<String>,
    /// Whether it grants or forbids.
    pub effect: Effect,
    /// The actions, as IAM spells them: `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// What they may act on.
    pub resources: Vec<Resource>,
    /// Under which condition, as IAM spells it; `null` without one.
    pub condition: Value,
}

/// Whether a statement grants or forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It grants.
    Allow,
    /// It forbids.
    Deny,
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// The table of this logical id, without its indexes.
    Table(String),
    /// An index of a table; `*` stands for all of them.
    Index {
        /// The table's logical id.
        table: String,
        /// The index's name.
        index: String,
    },
    /// The KMS key of this logical id.
    KmsKey(String),
    /// The queue of this logical id.
    Queue(String),
    /// The stream of the table of this logical id.
    Stream(String),
    /// Something else.
    Other(Term),
}

/// The roles of a template, by logical id: the statements of their own policies and of the managed policies that they name.
#[derive(Debug, Default)]
pub(super) struct Roles(BTreeMap<String, Vec<Statement>>);

impl Roles {
    pub(super) fn read(resources: &Node<'_>) -> Result<Self, TemplateError> {
        let (mut managed, mut roles) = (BTreeMap::new(), Self::default());
        for (logical_id, resource) in resources.entries()? {
            if resource.get("Type").text()? == "AWS::IAM::ManagedPolicy" {
                let document = resource.get("Properties").get("PolicyDocument");
                managed.insert(logical_id, Statement::read_all(&document)?);
            }
        }
        for (logical_id, resource) in resources.entries()? {
            if resource.get("Type").text()? != "AWS::IAM::Role" {
                continue;
            }
            let properties = resource.get("Properties");
            let mut statements = vec![];
            for policy in properties.get("ManagedPolicyArns").items_or_none()? {
                let known = policy.get("Ref").value().and_then(Value::as_str);
                // A policy of AWS's own has no statements here.
                statements
                    .extend(known.and_then(|id| managed.get(id)).cloned().unwrap_or_default());
            }
            for policy in properties.get("Policies").items_or_none()? {
                statements.extend(Statement::read_all(&policy.get("PolicyDocument"))?);
            }
            roles.0.insert(logical_id.to_owned(), statements);
        }
        Ok(roles)
    }

    /// The statements of the role that `!GetAtt Role.Arn` names; none where none is named.
    pub(super) fn of(&self, role: &Node<'_>) -> Result<Vec<Statement>, TemplateError> {
        if role.value().is_none() {
            return Ok(vec![]);
        }
        let expected = || role.unexpected("!GetAtt and the Arn of a role of this template");
        let Term::Attribute { resource, .. } = Expression::read(role).map_err(|_| expected())?.term
        else {
            return Err(expected());
        };
        self.0.get(&resource).cloned().ok_or_else(expected)
    }
}

impl Statement {
    fn read_all(document: &Node<'_>) -> Result<Vec<Self>, TemplateError> {
        document.get("Statement").items_or_one()?.iter().map(Self::read).collect()
    }

    fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        let sid = node.get("Sid").present().map(|sid| sid.text().map(str::to_owned)).transpose()?;
        let effect = match node.get("Effect").text()? {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => return Err(node.get("Effect").unexpected("Allow or Deny")),
        };
        let actions = node.get("Action").items_or_one()?;
        let resources = node.get("Resource").items_or_one()?;
        Ok(Self {
            sid,
            effect,
            actions: actions
                .iter()
                .map(|action| action.text().map(str::to_owned))
                .collect::<Result<_, _>>()?,
            resources: resources
                .iter()
                .map(|resource| Ok(Resource::Other(Expression::read(resource)?.term)))
                .collect::<Result<_, TemplateError>>()?,
            condition: node.get("Condition").value().cloned().unwrap_or_default(),
        })
    }
}

impl Resource {
    /// Recognises the ARNs of these tables, their indexes and streams, these keys and these queues.
    pub(super) fn name(&mut self, tables: &[String], kms_keys: &[String], queues: &[String]) {
        let Self::Other(term) = self else { return };
        if let Some(named) = name(term, tables, kms_keys, queues) {
            *self = named;
        }
    }
}

fn name(
    term: &Term,
    tables: &[String],
    kms_keys: &[String],
    queues: &[String],
) -> Option<Resource> {
    let terms = match term {
        // The stack's own resource, or one that a parameter names in its place.
        Term::If { then, otherwise, .. } => {
            return name(then, tables, kms_keys, queues)
                .or_else(|| name(otherwise, tables, kms_keys, queues));
        }
        Term::Concat(terms) => terms.as_slice(),
        Term::Literal(_) | Term::Ref(_) | Term::Attribute { .. } => std::slice::from_ref(term),
    };
    let (Term::Attribute { resource, attribute }, rest) = terms.split_first()? else { return None };
    match (attribute.as_str(), rest) {
        ("StreamArn", []) if tables.contains(resource) => Some(Resource::Stream(resource.clone())),
        ("Arn", []) if tables.contains(resource) => Some(Resource::Table(resource.clone())),
        ("Arn", []) if kms_keys.contains(resource) => Some(Resource::KmsKey(resource.clone())),
        ("Arn", []) if queues.contains(resource) => Some(Resource::Queue(resource.clone())),
        ("Arn", [Term::Literal(suffix)]) if tables.contains(resource) => {
            let index = suffix.strip_prefix("/index/")?.to_owned();
            Some(Resource::Index { table: resource.clone(), index })
        }
        _ => None,
    }
}
