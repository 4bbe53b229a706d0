//! A route of a REST API, and what API Gateway refuses of one.

use std::{collections::BTreeMap, fmt};

use axum::http::Method;

use super::{TemplateError, node::Node};

/// A route of the REST API: a resource and a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Which methods it takes.
    pub method: MethodPattern,
    /// Its path, parameters in braces.
    pub path: String,
    /// Where the template has it, for messages.
    pub(super) place: String,
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

/// The method and the path: `GET /v1/user/{user_id}`.
impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

impl Route {
    /// The routes among the events of a function.
    pub(super) fn read_all(events: &Node<'_>) -> Result<Vec<Self>, TemplateError> {
        let mut routes = vec![];
        for (_, event) in events.entries_or_none()? {
            let kind = event.get("Type");
            match kind.text()? {
                "Api" => routes.push(Self::read(&event.get("Properties"))?),
                // It would decode paths twice and cut them at a `?`.
                "HttpApi" => {
                    return Err(kind.unexpected("Api, which leaves paths as they were sent"));
                }
                _other => {}
            }
        }
        Ok(routes)
    }

    fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        let path = node.get("Path");
        if let Some(rule) = broken_rule(path.text()?) {
            return Err(path.unexpected(rule));
        }
        let method = node.get("Method");
        let name = method.text()?.to_ascii_uppercase();
        let pattern = match (name.as_str(), Method::from_bytes(name.as_bytes())) {
            ("ANY", _) => MethodPattern::Any,
            ("DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT", Ok(exact)) => {
                MethodPattern::Exactly(exact)
            }
            _ => {
                return Err(
                    method.unexpected("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY")
                );
            }
        };
        let (path, place) = (path.text()?.to_owned(), path.place().to_owned());
        Ok(Self { method: pattern, path, place })
    }

    /// Refuses what API Gateway refuses of several routes: one twice, and two parameters side by side.
    pub(super) fn check_all<'a>(
        routes: impl Iterator<Item = &'a Self>,
    ) -> Result<(), TemplateError> {
        let (mut seen, mut variables) = (BTreeMap::new(), BTreeMap::new());
        for route in routes {
            if let Some(other) = seen.insert(route.to_string(), &route.place) {
                return Err(route.unexpected(format!("{route}, as at {other}"), "each route once"));
            }
            let parts: Vec<_> = route.path.split('/').collect();
            for (index, part) in parts.iter().enumerate().filter(|(_, part)| part.starts_with('{'))
            {
                let parent = parts.get(..index).unwrap_or_default().join("/");
                let first = variables.entry(parent).or_insert(*part);
                if first != part {
                    let expected = format!("{first}: one parent has one parameter");
                    return Err(route.unexpected(format!("{part} in {}", route.path), &expected));
                }
            }
        }
        Ok(())
    }

    fn unexpected(&self, found: String, expected: &str) -> TemplateError {
        let (place, expected) = (self.place.clone(), expected.to_owned());
        TemplateError::Unexpected { place, found, expected }
    }
}

/// What API Gateway would refuse the path for.
fn broken_rule(path: &str) -> Option<&'static str> {
    let Some(rest) = path.strip_prefix('/') else { return Some("a path that begins with /") };
    if rest.is_empty() {
        return None;
    }
    if rest.ends_with('/') {
        return Some("a path without a last slash: the same method answers both forms");
    }
    let last = rest.split('/').count();
    let mut parts = rest.split('/').zip(1..);
    parts.find_map(|(part, number)| broken_part(part, number == last))
}

fn broken_part(part: &str, is_last: bool) -> Option<&'static str> {
    match part.strip_prefix('{').map(|inner| inner.strip_suffix('}')) {
        None if !is_name(part) => Some("parts of A-Z a-z 0-9 . : _ - or one {parameter} each"),
        None => None,
        Some(inner) => match inner.map(|inner| (inner.strip_suffix('+'), inner)) {
            Some((Some(_), _)) if !is_last => Some("a {parameter+} at the end only"),
            Some((Some(name), _) | (None, name)) if is_name(name) => None,
            Some(_) | None => Some("parameters like {user_id} or {rest+}"),
        },
    }
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".:_-".contains(c);
    !text.is_empty() && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_refused_as_api_gateway_refuses_them() {
        let good = ["/", "/a", "/a.b:c_d-1", "/a/{id}", "/a/{id}/b", "/a/{rest+}", "/{a}/{b}"];
        for path in good {
            assert_eq!(broken_rule(path), None, "{path}");
        }
        let bad = [
            ("", "begins with /"),
            ("a", "begins with /"),
            ("/a/", "without a last slash"),
            ("/a//b", "parts of"),
            ("/a b", "parts of"),
            ("/a%20b", "parts of"),
            ("/é", "parts of"),
            ("/a/x{id}", "parts of"),
            ("/a/{id}x", "parameters like"),
            ("/a/{}", "parameters like"),
            ("/a/{i d}", "parameters like"),
            ("/a/{+}", "parameters like"),
            ("/a/{rest+}/b", "at the end only"),
        ];
        for (path, rule) in bad {
            let broken = broken_rule(path).unwrap_or_else(|| panic!("{path} is taken"));
            assert!(broken.contains(rule), "{path}: {broken}");
        }
    }
}
