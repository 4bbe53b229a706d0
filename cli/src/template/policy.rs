//! What a function may do: the statements of its policy.

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
    /// Something else.
    Other(Term),
}

impl Statement {
    pub(super) fn read_all(policies: &Node<'_>) -> Result<Vec<Self>, TemplateError> {
        let mut statements = vec![];
        if policies.value().is_none() {
            return Ok(statements);
        }
        for document in policies.items_or_one()? {
            for statement in document.get("Statement").items_or_one()? {
                statements.push(Self::read(&statement)?);
            }
        }
        Ok(statements)
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
    /// Recognises the ARNs of these tables, their indexes, these keys and these queues.
    pub(super) fn name(&mut self, tables: &[String], kms_keys: &[String], queues: &[String]) {
        let Self::Other(term) = self else { return };
        let terms = match term {
            Term::Concat(terms) => terms.as_slice(),
            Term::Literal(_) | Term::Ref(_) | Term::Attribute { .. } => {
                std::slice::from_ref(&*term)
            }
        };
        let (Some(Term::Attribute { resource, attribute }), rest) =
            (terms.first(), terms.get(1..).unwrap_or_default())
        else {
            return;
        };
        if attribute != "Arn" {
            return;
        }
        let named = match rest {
            [] if tables.contains(resource) => Self::Table(resource.clone()),
            [] if kms_keys.contains(resource) => Self::KmsKey(resource.clone()),
            [] if queues.contains(resource) => Self::Queue(resource.clone()),
            [Term::Literal(suffix)] if tables.contains(resource) => {
                match suffix.strip_prefix("/index/") {
                    Some(index) => Self::Index { table: resource.clone(), index: index.to_owned() },
                    None => return,
                }
            }
            _ => return,
        };
        *self = named;
    }
}
