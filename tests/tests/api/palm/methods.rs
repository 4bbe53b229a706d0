//! Other methods, and other paths.

use harness::world::World;
use lambda_http::http::Method;
use serde_json::json;

use super::{id, make, samples};

#[tokio::test]
async fn every_path_names_the_methods_it_has() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    let purge = Method::from_bytes(b"PURGE").unwrap();
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        purge,
    ];
    for endpoint in palm::ENDPOINTS {
        let here = palm::ENDPOINTS.into_iter().filter(|other| other.path == endpoint.path);
        let mut allowed: Vec<_> = here.map(|other| other.method.clone()).collect();
        if allowed.contains(&Method::GET) {
            allowed.push(Method::HEAD);
        }
        allowed.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let to = samples::path(endpoint, id(&user));
        for method in methods.iter().filter(|method| !allowed.contains(method)) {
            for client in [&tenant.owner, &tenant.world.anonymous()] {
                let answer = client.request(method.clone(), &to).json(json!({})).send().await;
                assert_eq!(answer.status, 405, "{answer}");
                assert_eq!(answer.header("allow"), Some(allow.as_str()), "{answer}");
                if method != Method::HEAD {
                    answer.problem(405, "method_not_allowed");
                }
            }
        }
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let id = id(&user);
    let paths = [
        "/".to_owned(),
        "/v1".to_owned(),
        "/v1/".to_owned(),
        "/V1/user".to_owned(),
        "/v2/user".to_owned(),
        format!("/v1/user/{id}/secrets"),
        format!("/v1/user/{id}/vault/reveal/all"),
        "/v1/vault".to_owned(),
        "/v1/vault/fields/identity.email".to_owned(),
    ];
    for path in paths {
        for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
            let answer = tenant.owner.request(method, &path).json(json!({})).send().await;
            assert_eq!(answer.status, 404, "{answer}");
        }
    }
}
