//! The template's routes as a tree of resources, and the walk through it: a literal before `{name}` before `{name+}`.
//!
//! A literal that fits is taken even if what is behind it does not: API Gateway documents no way back, so none is taken here.

use std::{collections::BTreeMap, time::Duration};

use axum::http::Method;

use crate::template::{Function, MethodPattern, Resolver, Route, Template};

/// The routes of a template.
#[derive(Debug)]
pub struct Router {
    root: Resource,
    stage: String,
}

/// A node of the tree.
#[derive(Debug, Default)]
struct Resource {
    pattern: String,
    methods: Vec<(MethodPattern, Target)>,
    literals: BTreeMap<String, Resource>,
    parameter: Option<(String, Box<Resource>)>,
    greedy: Option<(String, Box<Resource>)>,
}

#[derive(Debug, Clone)]
struct Target {
    operation: String,
    timeout: Duration,
}

/// A route that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The operation that the route leads to.
    pub operation: String,
    /// How long its function may take.
    pub timeout: Duration,
    /// The resource: `/v1/user/{user_id}`.
    pub resource: String,
    /// The stage of the API.
    pub stage: String,
    /// The path's parameters, percent-encoded as they were sent.
    pub path_parameters: BTreeMap<String, String>,
}

impl Router {
    /// The routes of this template.
    pub fn new(template: &Template) -> Self {
        let resolver = Resolver::new(template);
        let api = template.apis.first();
        let stage = api.and_then(|api| resolver.resolve(&api.stage).ok());
        let mut root = Resource { pattern: "/".to_owned(), ..Resource::default() };
        for (function, route) in template.routes() {
            root.add(function, route);
        }
        Self { root, stage: stage.unwrap_or_else(|| "local".to_owned()) }
    }

    /// The route for a request of this method to this path, still percent-encoded. An exact method wins over ANY.
    pub fn find(&self, method: &Method, path: &str) -> Option<Matched> {
        let (resource, path_parameters) = self.walk(path)?;
        let target = |pattern: &MethodPattern| {
            resource.methods.iter().find(|(method, _)| method == pattern).map(|(_, target)| target)
        };
        let exact = target(&MethodPattern::Exactly(method.clone()));
        let target = exact.or_else(|| target(&MethodPattern::Any))?;
        Some(Matched {
            operation: target.operation.clone(),
            timeout: target.timeout,
            resource: resource.pattern.clone(),
            stage: self.stage.clone(),
            path_parameters,
        })
    }

    /// The resource at a path. Slashes at the end and doubled ones mean nothing.
    fn walk(&self, path: &str) -> Option<(&Resource, BTreeMap<String, String>)> {
        let parts: Vec<_> =
            path.strip_prefix('/')?.split('/').filter(|part| !part.is_empty()).collect();
        let (mut here, mut parameters, mut catch_all) = (&self.root, BTreeMap::new(), None);
        for (index, part) in parts.iter().enumerate() {
            if let Some((name, resource)) = &here.greedy {
                let rest = parts.get(index..).unwrap_or_default().join("/");
                let mut parameters = parameters.clone();
                parameters.insert(name.clone(), rest);
                catch_all = Some((resource.as_ref(), parameters));
            }
            here = match (here.literals.get(*part), &here.parameter) {
                (Some(literal), _) => literal,
                (None, Some((name, resource))) => {
                    parameters.insert(name.clone(), (*part).to_owned());
                    resource
                }
                (None, None) => return catch_all,
            };
        }
        Some((here, parameters))
    }
}

impl Resource {
    fn add(&mut self, function: &Function, route: &Route) {
        let mut here = self;
        for part in route.path.split('/').filter(|part| !part.is_empty()) {
            let pattern = format!("{}/{part}", here.pattern.trim_end_matches('/'));
            let new = || Self { pattern, ..Self::default() };
            here = match part.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
                None => here.literals.entry(part.to_owned()).or_insert_with(new),
                Some(name) => {
                    let (name, place) = match name.strip_suffix('+') {
                        Some(name) => (name, &mut here.greedy),
                        None => (name, &mut here.parameter),
                    };
                    let (_, resource) =
                        place.get_or_insert_with(|| (name.to_owned(), Box::new(new())));
                    resource
                }
            };
        }
        let timeout = Duration::from_secs(function.timeout_seconds);
        let operation = function.operation.clone();
        here.methods.push((route.method.clone(), Target { operation, timeout }));
    }
}

#[cfg(test)]
mod tests;
