//! A value that may refer to parameters and resources.

use serde_json::Value;

use super::{TemplateError, node::Node};

/// A value of the template, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// Where it stands, for the message when it cannot be resolved.
    pub place: String,
    /// What it says.
    pub term: Term,
}

/// What an expression says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// This text.
    Literal(String),
    /// `!Ref`: a parameter, a pseudo parameter or a resource.
    Ref(String),
    /// `!GetAtt`: an attribute of a resource.
    Attribute {
        /// The logical id of the resource.
        resource: String,
        /// The attribute's name.
        attribute: String,
    },
    /// `!Sub` and `!Join`: these, one after the other.
    Concat(Vec<Self>),
    /// `!If`: one of two.
    If {
        /// The name of the condition.
        condition: String,
        /// What it is where the condition is met.
        then: Box<Self>,
        /// What it is elsewhere.
        otherwise: Box<Self>,
    },
}

const EXPECTED: &str = "a value, !Ref, !GetAtt, !Sub, !Join or !If";

impl Expression {
    pub(super) fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        Ok(Self { place: node.place().to_owned(), term: term(node)? })
    }
}

fn term(node: &Node<'_>) -> Result<Term, TemplateError> {
    let Some(Value::Object(_)) = node.value() else { return Ok(Term::Literal(node.scalar()?)) };
    let entries = node.entries()?;
    let [(function, argument)] = entries.as_slice() else { return Err(node.unexpected(EXPECTED)) };
    match *function {
        "Ref" => Ok(Term::Ref(argument.text()?.to_owned())),
        "Fn::GetAtt" => attribute(argument),
        "Fn::Sub" => substitution(argument),
        "Fn::Join" => join(argument),
        "Fn::If" => choice(argument),
        other => Err(TemplateError::Unexpected {
            place: node.place().to_owned(),
            found: other.to_owned(),
            expected: EXPECTED.to_owned(),
        }),
    }
}

fn attribute(argument: &Node<'_>) -> Result<Term, TemplateError> {
    let expected = || argument.unexpected("Resource.Attribute or [Resource, Attribute]");
    let (resource, attribute) = match argument.value() {
        Some(Value::String(text)) => text.split_once('.').ok_or_else(expected)?,
        _ => match argument.items()?.as_slice() {
            [resource, attribute] => (resource.text()?, attribute.text()?),
            _ => return Err(expected()),
        },
    };
    Ok(Term::Attribute { resource: resource.to_owned(), attribute: attribute.to_owned() })
}

fn substitution(argument: &Node<'_>) -> Result<Term, TemplateError> {
    if argument.value().is_some_and(Value::is_string) {
        return pieces(argument, argument.text()?, &[]);
    }
    let items = argument.items()?;
    let [text, variables] = items.as_slice() else {
        return Err(argument.unexpected("text or [text, variables]"));
    };
    let variables = variables
        .entries()?
        .into_iter()
        .map(|(name, node)| Ok((name, term(&node)?)))
        .collect::<Result<Vec<_>, TemplateError>>()?;
    pieces(argument, text.text()?, &variables)
}

/// Splits `before ${Name} after`; `${!Name}` is the text `${Name}`.
fn pieces(node: &Node<'_>, text: &str, variables: &[(&str, Term)]) -> Result<Term, TemplateError> {
    let mut terms = vec![];
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) =
            after.split_once('}').ok_or_else(|| node.unexpected("a } for every ${"))?;
        terms.push(Term::Literal(before.to_owned()));
        terms.push(match (name.strip_prefix('!'), name.split_once('.')) {
            (Some(literal), _) => Term::Literal(format!("${{{literal}}}")),
            (None, Some((resource, attribute))) => {
                Term::Attribute { resource: resource.to_owned(), attribute: attribute.to_owned() }
            }
            (None, None) => variables
                .iter()
                .find(|(variable, _)| *variable == name)
                .map_or_else(|| Term::Ref(name.to_owned()), |(_, term)| term.clone()),
        });
        rest = after;
    }
    terms.push(Term::Literal(rest.to_owned()));
    terms.retain(|term| *term != Term::Literal(String::new()));
    Ok(Term::Concat(terms))
}

fn choice(argument: &Node<'_>) -> Result<Term, TemplateError> {
    let items = argument.items()?;
    let [condition, then, otherwise] = items.as_slice() else {
        return Err(argument.unexpected("[condition, value, other value]"));
    };
    Ok(Term::If {
        condition: condition.text()?.to_owned(),
        then: Box::new(term(then)?),
        otherwise: Box::new(term(otherwise)?),
    })
}

fn join(argument: &Node<'_>) -> Result<Term, TemplateError> {
    let items = argument.items()?;
    let [delimiter, values] = items.as_slice() else {
        return Err(argument.unexpected("[delimiter, list]"));
    };
    // `!Ref` to a parameter that is a list: its default is that list's text, elements and commas.
    if values.value().is_some_and(Value::is_object) {
        return term(values);
    }
    let mut terms = vec![];
    for value in values.items()? {
        if !terms.is_empty() {
            terms.push(Term::Literal(delimiter.text()?.to_owned()));
        }
        terms.push(term(&value)?);
    }
    Ok(Term::Concat(terms))
}
