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
fn a_literal_beats_a_parameter_and_that_a_greedy_one_and_an_exact_method_any() {
    let router = router(&[
        ("any_user", "ANY", "/user/{id}"),
        ("get_user", "GET", "/user/{id}"),
        ("search", "POST", "/user/search"),
        ("rest", "ANY", "/{rest+}"),
    ]);
    let cases = [
        (Method::GET, "/user/1", Some("get_user")),
        (Method::PUT, "/user/1", Some("any_user")),
        (Method::HEAD, "/user/1", Some("any_user")),
        (Method::POST, "/user/search", Some("search")),
        // The literal wins, whatever the method.
        (Method::GET, "/user/search", None),
        (Method::GET, "/user/1/2", Some("rest")),
        (Method::GET, "/other/1/2", Some("rest")),
        (Method::GET, "/User/1", Some("rest")),
    ];
    for (method, path, operation) in cases {
        assert_eq!(found(&router, &method, path).as_deref(), operation, "{method} {path}");
    }
    let rest = router.find(&Method::GET, "/other/1%2F2/3/").unwrap();
    assert_eq!(rest.path_parameters["rest"], "other/1%2F2/3");
}

#[test]
fn slashes_at_the_end_and_doubled_ones_mean_nothing() {
    let router = router(&[("list", "GET", "/users"), ("get", "GET", "/users/{id}")]);
    for path in ["/users", "/users/", "//users", "/users//"] {
        assert_eq!(found(&router, &Method::GET, path).as_deref(), Some("list"), "{path}");
    }
    for path in ["/users/1", "/users/1/", "//users//1//"] {
        assert_eq!(found(&router, &Method::GET, path).as_deref(), Some("get"), "{path}");
    }
    for path in ["/", "", "*", "users", "/users/1/2"] {
        assert_eq!(found(&router, &Method::GET, path), None, "{path}");
    }
}

#[test]
fn there_is_no_way_back_from_a_literal() {
    let router = router(&[("one", "GET", "/users/create"), ("two", "GET", "/users/{id}/status")]);
    assert_eq!(found(&router, &Method::GET, "/users/a/status").as_deref(), Some("two"));
    assert_eq!(found(&router, &Method::GET, "/users/create/status"), None);
}

#[test]
fn parameters_are_handed_on_as_they_were_sent() {
    let router = router(&[("get_user", "GET", "/user/{id}")]);
    for sent in ["a%2Fb", "a%3Fb", "%252F", "100%25", "%FF", "a%zz", "+", ";", "José", "."] {
        let matched = router.find(&Method::GET, &format!("/user/{sent}")).unwrap();
        assert_eq!(matched.path_parameters["id"], sent);
        assert_eq!(matched.resource, "/user/{id}");
    }
}
