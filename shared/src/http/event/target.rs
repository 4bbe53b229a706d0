//! What a request is aimed at: its resource, its path, and what both say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{entries, path, values};

/// What an event says of its request beside the method, the headers and the body.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Target {
    /// The path that API Gateway matched, parameters in braces: `/v3/users/{vendor_data}`. Empty if it does not say.
    pub(in crate::http) resource: String,
    /// The path as it was sent, percent-encoded.
    pub(in crate::http) path: String,
    /// Where it was sent, without the query: the domain that API Gateway serves, and the path behind it with its stage.
    pub(in crate::http) url: Option<String>,
    parameters: BTreeMap<String, String>,
    query: BTreeMap<String, Vec<String>>,
}

impl Target {
    pub(super) fn read(event: &Value) -> Self {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let domain = text("/requestContext/domainName").filter(|domain| !domain.is_empty());
        let path = text("/requestContext/path").or_else(|| text("/path"));
        let url = domain.zip(path).map(|(domain, path)| format!("https://{domain}{path}"));
        let parameters = entries(event.get("pathParameters"))
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Self {
            resource: text("/resource").unwrap_or_default().to_owned(),
            path: text("/path").unwrap_or_default().to_owned(),
            url,
            parameters: parameters.collect(),
            query: query(event),
        }
    }

    /// A parameter of `pattern`, which is an endpoint's own path, decoded. API Gateway hands parameters on as they were sent;
    /// where it matched a literal in the parameter's place (`/v3/users/create` for `/v3/users/{vendor_data}/`), the
    /// parameter is that literal.
    pub(in crate::http) fn parameter(&self, pattern: &str, name: &str) -> Option<String> {
        let mut here = path::parts(&self.resource);
        for part in path::parts(pattern) {
            let matched = here.next();
            if path::parameter(part) == Some(name) {
                let sent = match matched.map(|matched| (matched, path::parameter(matched))) {
                    Some((literal, None)) => return Some(literal.to_owned()),
                    Some((_, Some(other))) => self.parameters.get(other),
                    None => self.parameters.get(name),
                };
                return path::decode(sent?);
            }
        }
        None
    }

    /// A parameter of the query, which API Gateway has decoded; the first where there are several.
    pub(in crate::http) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name)?.first().map(String::as_str)
    }
}

/// All values of every parameter; from `queryStringParameters` those that the other member does not have.
fn query(event: &Value) -> BTreeMap<String, Vec<String>> {
    let mut query = BTreeMap::new();
    for member in ["multiValueQueryStringParameters", "queryStringParameters"] {
        for (name, value) in entries(event.get(member)) {
            query.entry(name.clone()).or_insert_with(|| values(value));
        }
    }
    query
}
