//! The template's routes, matched as API Gateway matches them.

use std::collections::BTreeMap;

use axum::http::Method;
use percent_encoding::percent_decode_str;

use crate::template::{Function, MethodPattern, Route, Template};

/// The routes of a template.
#[derive(Debug)]
pub struct Router {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    route_key: String,
    operation: String,
    method: MethodPattern,
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter(String),
}

/// A route that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The operation that the route leads to.
    pub operation: String,
    /// The route's key: `GET /v1/user/{user_id}`.
    pub route_key: String,
    /// The path's parameters, percent-decoded.
    pub path_parameters: BTreeMap<String, String>,
}

impl Router {
    /// The routes of this template.
    pub fn new(template: &Template) -> Self {
        let entries = template.routes().map(|(function, route)| Entry::new(function, route));
        Self { entries: entries.collect() }
    }

    /// The route for a request of this method to this path, still percent-encoded. A literal segment beats a parameter;
    /// for the same path, the exact method beats ANY. A slash at the end means nothing.
    pub fn find(&self, method: &Method, path: &str) -> Option<Matched> {
        let path = path.strip_prefix('/')?;
        let segments: Vec<_> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        let entry = self
            .entries
            .iter()
            .filter(|entry| entry.matches(method, &segments))
            .max_by_key(|entry| entry.precedence())?;
        Some(Matched {
            operation: entry.operation.clone(),
            route_key: entry.route_key.clone(),
            path_parameters: entry.parameters(&segments),
        })
    }
}

impl Entry {
    fn new(function: &Function, route: &Route) -> Self {
        let segment =
            |text: &str| match text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
                Some(name) => Segment::Parameter(name.to_owned()),
                None => Segment::Literal(text.to_owned()),
            };
        Self {
            route_key: route.to_string(),
            operation: function.operation.clone(),
            method: route.method.clone(),
            segments: route.path.split('/').skip(1).map(segment).collect(),
        }
    }

    fn matches(&self, method: &Method, segments: &[&str]) -> bool {
        let takes_method = match &self.method {
            MethodPattern::Any => true,
            MethodPattern::Exactly(exact) => exact == method,
        };
        takes_method
            && self.segments.len() == segments.len()
            && self.segments.iter().zip(segments).all(|(pattern, segment)| match pattern {
                Segment::Literal(literal) => literal == segment,
                Segment::Parameter(_) => !segment.is_empty(),
            })
    }

    fn precedence(&self) -> (Vec<bool>, bool) {
        let literals =
            self.segments.iter().map(|segment| matches!(segment, Segment::Literal(_))).collect();
        (literals, matches!(self.method, MethodPattern::Exactly(_)))
    }

    fn parameters(&self, segments: &[&str]) -> BTreeMap<String, String> {
        let pairs =
            self.segments.iter().zip(segments).filter_map(|(pattern, segment)| match pattern {
                Segment::Literal(_) => None,
                Segment::Parameter(name) => Some((
                    name.clone(),
                    percent_decode_str(segment).decode_utf8_lossy().into_owned(),
                )),
            });
        pairs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[(&str, &str, &str)]) -> Router {
        let entry = |(operation, method, path): &(&str, &str, &str)| {
            format!(
                "  F{operation}:\n    Type: AWS::Serverless::Function\n    \
                 Metadata: {{ BuildProperties: {{ Binary: {operation} }} }}\n    Properties: {{ Events: {{ E: \
                 {{ Type: Api, Properties: {{ Method: {method}, Path: '{path}' }} }} }} }}\n"
            )
        };
        let resources: String = routes.iter().map(entry).collect();
        Router::new(&Template::parse(&format!("Resources:\n{resources}")).unwrap())
    }

    fn found(router: &Router, method: &Method, path: &str) -> Option<String> {
        router.find(method, path).map(|matched| matched.operation)
    }

    #[test]
    fn a_literal_beats_a_parameter_and_an_exact_method_beats_any() {
        let router = router(&[
            ("any_user", "ANY", "/user/{id}"),
            ("get_user", "GET", "/user/{id}"),
            ("search", "POST", "/user/search"),
            ("any_search", "ANY", "/user/search"),
        ]);
        assert_eq!(found(&router, &Method::GET, "/user/1").as_deref(), Some("get_user"));
        assert_eq!(found(&router, &Method::PUT, "/user/1").as_deref(), Some("any_user"));
        assert_eq!(found(&router, &Method::POST, "/user/search").as_deref(), Some("search"));
        assert_eq!(found(&router, &Method::GET, "/user/search").as_deref(), Some("any_search"));
    }

    #[test]
    fn only_whole_paths_match() {
        let router = router(&[("get_user", "GET", "/user/{id}")]);
        for path in ["/user", "/user/", "/user//", "/user/1/2", "//user/1", "/User/1", "*", ""] {
            assert_eq!(found(&router, &Method::GET, path), None, "{path}");
        }
        assert_eq!(found(&router, &Method::POST, "/user/1"), None);
    }

    #[test]
    fn a_slash_at_the_end_means_nothing() {
        let router = router(&[("list", "GET", "/users")]);
        assert_eq!(found(&router, &Method::GET, "/users/").as_deref(), Some("list"));
        assert_eq!(found(&router, &Method::GET, "/users").as_deref(), Some("list"));
        assert_eq!(found(&router, &Method::GET, "/users//"), None);
    }

    #[test]
    fn parameters_are_decoded_after_the_path_was_split() {
        let router = router(&[("get_user", "GET", "/user/{id}")]);
        let matched = router.find(&Method::GET, "/user/a%2Fb%20%C3%A9").unwrap();
        assert_eq!(matched.path_parameters["id"], "a/b é");
        assert_eq!(matched.route_key, "GET /user/{id}");
    }
}
