//! The real binaries, behind the Lambda runtime API.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic that names what went wrong is how they report"
)]

use std::path::Path;

use harness::{
    binaries::Binary,
    lambda::{LambdaProcess, Outcome, gateway_event},
    world::{Tenant, World},
};
use lambda_http::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

fn binary(operation: &str) -> &'static Path {
    Path::new(match operation {
        "didit_create_user" => env!("CARGO_BIN_EXE_didit_create_user"),
        "didit_delete_users" => env!("CARGO_BIN_EXE_didit_delete_users"),
        "didit_get_user" => env!("CARGO_BIN_EXE_didit_get_user"),
        "didit_list_users" => env!("CARGO_BIN_EXE_didit_list_users"),
        "didit_update_user" => env!("CARGO_BIN_EXE_didit_update_user"),
        "didit_update_user_status" => env!("CARGO_BIN_EXE_didit_update_user_status"),
        unknown => panic!("{unknown} has no binary here"),
    })
}

struct Caller {
    tenant: Tenant,
    key: String,
}

impl Caller {
    async fn new() -> Self {
        let tenant = World::shared().tenant().await;
        let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Owner).await;
        Self { key: key.expose_secret().to_owned(), tenant }
    }

    fn start(&self, operation: &str) -> LambdaProcess {
        let environment = self.tenant.world.stack().environment(operation).unwrap();
        LambdaProcess::start(binary(operation), &environment.into_iter().collect::<Vec<_>>())
    }

    /// A request as the gateway hands it on, to a function.
    async fn send(
        &self,
        to: &LambdaProcess,
        method: Method,
        path: &str,
        body: Value,
    ) -> (u64, Value) {
        let headers = [("x-api-key", self.key.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let event = gateway_event(self.tenant.world.stack(), method, path, &headers, &body);
        match to.invoke(&event.to_string()).await {
            Outcome::Response(answer) => {
                let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
                (answer["statusCode"].as_u64().unwrap(), body)
            }
            other @ (Outcome::Error(_) | Outcome::Exited(_)) => {
                panic!("{other:?}: {:#?}", to.logs())
            }
        }
    }
}

/// Ids that another decoding, or a cut at a `?`, would make another user's.
const ODD: [&str; 14] = [
    "a", "a/b", "a?b", "100%", "%41", "A", "%252F", "%2F", "José 42", "c#1", "x+y", ";|", "create",
    "delete",
];

#[tokio::test]
async fn odd_vendor_data_is_each_its_own_user_in_every_operation() {
    let caller = Caller::new().await;
    let create = caller.start("didit_create_user");
    let [get, update, block, delete] =
        ["didit_get_user", "didit_update_user", "didit_update_user_status", "didit_delete_users"]
            .map(|operation| caller.start(operation));
    let path = |text: &str, rest: &str| {
        format!("/v3/users/{}/{rest}", utf8_percent_encode(text, NON_ALPHANUMERIC))
    };
    let mut ids = vec![];
    for text in ODD {
        let made = caller
            .send(&create, Method::POST, "/v3/users/create/", json!({"vendor_data": text}))
            .await;
        assert_eq!(made.0, 201, "{text}: {made:?}");
        ids.push(made.1["didit_internal_id"].clone());
    }
    for (text, id) in ODD.into_iter().zip(&ids) {
        let read = caller.send(&get, Method::GET, &path(text, ""), Value::Null).await;
        assert_eq!((read.0, &read.1["didit_internal_id"]), (200, id), "{text}: {read:?}");
        let body = json!({"display_name": text});
        let changed = caller.send(&update, Method::PATCH, &path(text, ""), body).await;
        assert_eq!((changed.0, &changed.1["didit_internal_id"]), (200, id), "{text}: {changed:?}");
        let body = json!({"status": "BLOCKED"});
        let blocked = caller.send(&block, Method::PATCH, &path(text, "update-status/"), body).await;
        assert_eq!((blocked.0, &blocked.1["didit_internal_id"]), (200, id), "{text}: {blocked:?}");
    }
    for text in ODD {
        let read = caller.send(&get, Method::GET, &path(text, ""), Value::Null).await.1;
        assert_eq!((&read["display_name"], &read["status"]), (&json!(text), &json!("BLOCKED")));
    }
    for text in ODD {
        let body = json!({"vendor_data_list": [text]});
        let deleted = caller.send(&delete, Method::POST, "/v3/users/delete/", body).await;
        assert_eq!(deleted, (200, json!({"deleted": 1})), "{text}");
        assert_eq!(
            caller.send(&get, Method::GET, &path(text, ""), Value::Null).await.0,
            404,
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_is_not_percent_encoded_is_nobody() {
    let caller = Caller::new().await;
    let get = caller.start("didit_get_user");
    for sent in ["%", "%zz", "100%", "%FF", "%C3", "%ED%A0%80", "%00"] {
        let event = json!({
            "resource": "/v3/users/{vendor_data}", "path": format!("/v3/users/{sent}/"), "httpMethod": "GET",
            "headers": {"X-API-KEY": caller.key}, "pathParameters": {"vendor_data": sent},
        });
        match get.invoke(&event.to_string()).await {
            Outcome::Response(answer) => assert_eq!(answer["statusCode"], 404, "{sent}: {answer}"),
            other @ (Outcome::Error(_) | Outcome::Exited(_)) => panic!("{sent}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn no_event_that_a_client_can_cause_is_a_fault() {
    for endpoint in didit::ENDPOINTS {
        let caller = Caller::new().await;
        let user = caller.tenant.owner.post("/v3/users/create/").header("x-api-key", &caller.key);
        user.json(json!({"vendor_data": "a"})).send().await.expect(201);
        let (body, status) = match endpoint.operation {
            "didit_create_user" => (json!({"vendor_data": "b"}), 201),
            "didit_update_user" => (json!({"display_name": "x"}), 200),
            "didit_update_user_status" => (json!({"status": "FLAGGED"}), 200),
            "didit_delete_users" => (json!({"vendor_data_list": ["c"]}), 200),
            _reads => (Value::Null, 200),
        };
        let binary = Binary {
            endpoint,
            path: binary(endpoint.operation),
            request_path: endpoint.path.replace("{vendor_data}", "a"),
            headers: vec![("x-api-key", caller.key)],
            body,
            status,
        };
        binary.survives_malformed_events().await;
        binary.survives_hostile_events().await;
    }
}
