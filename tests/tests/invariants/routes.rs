//! The routes of the template, the endpoints and the binaries are the same set.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use coffer::{
    local::{endpoints, workers},
    template::{MethodPattern, Template},
};
use harness::world::template_path;
use lambda_http::http::Method;
use saphyr::{LoadableYamlNode as _, Yaml};

fn template() -> Template {
    Template::read(&template_path()).unwrap()
}

fn pascal_case(operation: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    };
    operation.split('_').map(word).collect()
}

#[test]
fn every_endpoint_has_its_function_with_its_routes() {
    let template = template();
    let declared: BTreeSet<_> = template
        .routes()
        .filter(|(_, route)| route.method != MethodPattern::Any)
        .map(|(function, route)| (function.operation.clone(), route.to_string()))
        .collect();
    let built: BTreeSet<_> = endpoints()
        .map(|endpoint| {
            (endpoint.operation.to_owned(), format!("{} {}", endpoint.method, endpoint.path))
        })
        .collect();
    // A literal wins over a parameter, so a word that is an external id too has routes of its own to the same functions.
    let words = endpoints().filter(|endpoint| endpoint.path.contains("{vendor_data}"));
    let words = words.flat_map(|endpoint| {
        ["create", "delete"].map(|word| {
            let path = endpoint.path.replace("{vendor_data}", word);
            (endpoint.operation.to_owned(), format!("{} {path}", endpoint.method))
        })
    });
    assert_eq!(declared, built.into_iter().chain(words).collect());
    let working = template.functions.iter().filter(|function| function.routes.is_empty());
    let working: BTreeSet<_> = working.map(|function| function.operation.as_str()).collect();
    assert_eq!(working, workers().map(|worker| worker.operation).collect());
    assert_eq!(template.functions.len(), endpoints().count() + workers().count());
    for function in &template.functions {
        assert_eq!(function.routes.is_empty(), !function.triggers.is_empty());
    }
    for function in &template.functions {
        assert_eq!(function.logical_id, pascal_case(&function.operation));
    }
}

#[test]
fn every_path_sends_wrong_methods_to_one_of_its_own_functions() {
    let template = template();
    let mut functions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut catch_alls: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (function, route) in template.routes() {
        match route.method {
            MethodPattern::Any => catch_alls.entry(&route.path).or_default(),
            MethodPattern::Exactly(_) => {
                functions.entry(&route.path).or_default().insert(&function.operation);
                continue;
            }
        }
        .push(&function.operation);
    }
    assert!(functions.keys().eq(catch_alls.keys()));
    for (path, operations) in catch_alls {
        let [operation] = operations.as_slice() else { panic!("{path}: {operations:?}") };
        assert!(functions[path].contains(operation), "{path} leads to {operation}");
        // HEAD comes this way, and is answered where GET is.
        let reads = template.routes().find(|(_, route)| {
            route.path == path && route.method == MethodPattern::Exactly(Method::GET)
        });
        assert!(reads.is_none_or(|(reader, _)| reader.operation == *operation), "HEAD {path}");
    }
}

#[test]
fn every_endpoint_has_its_binary_of_one_name() {
    let mut binaries = BTreeMap::new();
    for api in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions")).unwrap() {
        for entry in fs::read_dir(api.unwrap().path().join("src/bin")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            binaries.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    let operations: BTreeSet<_> = endpoints()
        .map(|endpoint| endpoint.operation.to_owned())
        .chain(workers().map(|worker| worker.operation.to_owned()))
        .collect();
    assert_eq!(binaries.keys().cloned().collect::<BTreeSet<_>>(), operations);
    for (name, source) in binaries {
        let (api, constant) = name.split_once('_').unwrap();
        let run = if api == "events" { "events::run" } else { "shared::runtime::run" };
        let main = format!("{run}(&{api}::{})", constant.to_uppercase());
        assert!(source.contains(&main), "{name} must call {main}");
        assert!(source.lines().count() <= 15, "{name} is longer than 15 lines");
    }
}

/// `docs/openapi.yaml` has each endpoint where it is, under its name, with the permission that it asks for.
#[test]
fn every_endpoint_is_documented() {
    let text = include_str!("../../../docs/openapi.yaml");
    let documents = Yaml::load_from_str(text).unwrap();
    let mut documented = BTreeSet::new();
    for (path, operations) in documents[0]["paths"].as_mapping().unwrap() {
        for (method, operation) in operations.as_mapping().unwrap() {
            let method = method.as_str().unwrap();
            if method != "parameters" {
                let text = |name: &str| operation[name].as_str().unwrap().to_owned();
                // Clients send Didit's and Truv's paths with a last slash; a REST API's resource has none.
                let path = path.as_str().unwrap().trim_end_matches('/');
                let route = format!("{} {path}", method.to_uppercase());
                documented.insert((text("operationId"), route, text("x-permission")));
            }
        }
    }
    let built = endpoints().map(|endpoint| {
        let route = format!("{} {}", endpoint.method, endpoint.path);
        (endpoint.operation.to_owned(), route, endpoint.action.as_str().to_owned())
    });
    assert_eq!(documented, built.collect());
}
