//! The section `Conditions`, and what `!If` asks of it.

use std::collections::BTreeMap;

use super::{Expression, TemplateError, Term, node::Node};

/// A condition of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `!Equals`: both are the same text.
    Equals(Term, Term),
    /// `!Not`
    Not(Box<Self>),
    /// `!And`
    All(Vec<Self>),
    /// `!Or`
    Any(Vec<Self>),
    /// `!Condition`: another one, by its name.
    Named(String),
}

const EXPECTED: &str = "!Equals, !Not, !And, !Or or !Condition";

impl Condition {
    pub(super) fn read_all(root: &Node<'_>) -> Result<BTreeMap<String, Self>, TemplateError> {
        let conditions = root.get("Conditions").entries_or_none()?.into_iter();
        conditions.map(|(name, node)| Ok((name.to_owned(), Self::read(&node)?))).collect()
    }

    fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        let entries = node.entries()?;
        let [(function, argument)] = entries.as_slice() else {
            return Err(node.unexpected(EXPECTED));
        };
        let all = || argument.items()?.iter().map(Self::read).collect::<Result<Vec<_>, _>>();
        match *function {
            "Fn::Equals" => match argument.items()?.as_slice() {
                [left, right] => {
                    Ok(Self::Equals(Expression::read(left)?.term, Expression::read(right)?.term))
                }
                _ => Err(argument.unexpected("two values")),
            },
            "Fn::Not" => match all()?.as_slice() {
                [one] => Ok(Self::Not(Box::new(one.clone()))),
                _ => Err(argument.unexpected("a list of one condition")),
            },
            "Fn::And" => Ok(Self::All(all()?)),
            "Fn::Or" => Ok(Self::Any(all()?)),
            "Condition" => Ok(Self::Named(argument.text()?.to_owned())),
            _ => Err(node.unexpected(EXPECTED)),
        }
    }
}
