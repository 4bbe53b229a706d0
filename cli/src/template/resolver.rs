//! From references to text.

use std::collections::BTreeMap;

use super::{Condition, Expression, Template, TemplateError, Term};

/// What the references of a template stand for on this machine.
#[derive(Debug, Clone, Default)]
pub struct Resolver {
    references: BTreeMap<String, String>,
    attributes: BTreeMap<(String, String), String>,
    conditions: BTreeMap<String, Condition>,
}

/// The name of a reference that leads nowhere.
type Unknown = String;

impl Resolver {
    /// Knows the parameters of `template` that have a default, its conditions and the pseudo parameters.
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
        Self { references, attributes: BTreeMap::new(), conditions: template.conditions.clone() }
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

    /// The whole number that an expression stands for.
    pub fn resolve_number(&self, expression: &Expression) -> Result<usize, TemplateError> {
        let text = self.resolve(expression)?;
        text.parse().map_err(|_| TemplateError::Unexpected {
            place: expression.place.clone(),
            found: text,
            expected: "a whole number".to_owned(),
        })
    }

    fn text(&self, term: &Term) -> Result<String, Unknown> {
        match term {
            Term::Literal(text) => Ok(text.clone()),
            Term::Ref(name) => self.references.get(name).cloned().ok_or_else(|| name.clone()),
            Term::Attribute { resource, attribute } => self
                .attributes
                .get(&(resource.clone(), attribute.clone()))
                .cloned()
                .ok_or_else(|| format!("{resource}.{attribute}")),
            Term::Concat(terms) => terms.iter().map(|term| self.text(term)).collect(),
            Term::If { condition, then, otherwise } => {
                self.text(if self.is_met_by_name(condition)? { then } else { otherwise })
            }
        }
    }

    fn is_met_by_name(&self, name: &str) -> Result<bool, Unknown> {
        self.is_met(self.conditions.get(name).ok_or_else(|| name.to_owned())?)
    }

    fn is_met(&self, condition: &Condition) -> Result<bool, Unknown> {
        match condition {
            Condition::Equals(left, right) => Ok(self.text(left)? == self.text(right)?),
            Condition::Not(inner) => Ok(!self.is_met(inner)?),
            Condition::All(all) => {
                all.iter().try_fold(true, |met, one| Ok(met && self.is_met(one)?))
            }
            Condition::Any(any) => {
                any.iter().try_fold(false, |met, one| Ok(met || self.is_met(one)?))
            }
            Condition::Named(name) => self.is_met_by_name(name),
        }
    }
}
