//! From references to text.

use std::collections::BTreeMap;

use super::{Expression, Template, TemplateError, Term};

/// What the references of a template stand for on this machine.
#[derive(Debug, Clone, Default)]
pub struct Resolver {
    references: BTreeMap<String, String>,
    attributes: BTreeMap<(String, String), String>,
}

impl Resolver {
    /// Knows the parameters of `template` that have a default, and the pseudo parameters.
    pub fn new(template: &Template) -> Self {
        let pseudo = [
            ("AWS::AccountId", "000000000000"),
            ("AWS::Partition", "aws"),
            ("AWS::Region", "us-east-1"),
            ("AWS::StackName", "coffer-local"),
            ("AWS::URLSuffix", "amazonaws.com"),
        ];
        let references = pseudo
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain(template.parameters.clone())
            .collect();
        Self { references, attributes: BTreeMap::new() }
    }

    /// Says what `!Ref` to a resource yields.
    pub fn define(&mut self, logical_id: &str, value: impl Into<String>) {
        self.references.insert(logical_id.to_owned(), value.into());
    }

    /// Says what `!GetAtt` of a resource's attribute yields.
    pub fn define_attribute(
        &mut self,
        logical_id: &str,
        attribute: &str,
        value: impl Into<String>,
    ) {
        self.attributes.insert((logical_id.to_owned(), attribute.to_owned()), value.into());
    }

    /// The text that an expression stands for.
    pub fn resolve(&self, expression: &Expression) -> Result<String, TemplateError> {
        self.text(&expression.term)
            .map_err(|name| TemplateError::Unresolved { place: expression.place.clone(), name })
    }

    fn text(&self, term: &Term) -> Result<String, String> {
        match term {
            Term::Literal(text) => Ok(text.clone()),
            Term::Ref(name) => self.references.get(name).cloned().ok_or_else(|| name.clone()),
            Term::Attribute { resource, attribute } => self
                .attributes
                .get(&(resource.clone(), attribute.clone()))
                .cloned()
                .ok_or_else(|| format!("{resource}.{attribute}")),
            Term::Concat(terms) => terms.iter().map(|term| self.text(term)).collect(),
        }
    }
}
