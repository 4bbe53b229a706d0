//! Who may manage destinations, and whose they are.

use harness::{
    client::{Client, Request},
    world::World,
};
use insta::assert_snapshot;
use serde_json::json;
use shared::{auth::Role, domain::Mode, http::Endpoint};

use super::{
    super::{DENIED, client, client_of, detail, owner, refused},
    BASE, MISSING, register, uuid,
};
use crate::palm::samples::table;

const NOBODY: &str = "01920000-0000-7000-8000-000000000000";

fn request(client: &Client, endpoint: &Endpoint, uuid: &str, fresh: &str) -> Request {
    let path = endpoint.path.replace("{uuid}", uuid).replace("{event_id}", NOBODY);
    let request = client.request(endpoint.method.clone(), &path);
    match endpoint.operation {
        "didit_create_webhook_destination" => {
            request.json(json!({"label": "x", "url": format!("https://example.com/{fresh}")}))
        }
        "didit_update_webhook_destination" => request.json(json!({"label": fresh})),
        _ => request,
    }
}

#[tokio::test]
async fn every_role_may_do_what_its_row_says() {
    let mut rows = vec![];
    for endpoint in didit::WEBHOOK_ENDPOINTS {
        let (tenant, ours) = owner().await;
        let mut cells = vec![];
        for role in Role::ALL {
            let fresh = format!("{}{role:?}", endpoint.operation);
            let made = register(&ours, &format!("https://example.com/for/{fresh}")).await;
            let client = client(&tenant, role).await;
            let answer = request(&client, endpoint, uuid(&made), &fresh).send().await;
            if answer.status == 403 {
                refused(endpoint.operation, &answer, 403, detail(DENIED));
            }
            cells.push(answer.status.to_string());
        }
        rows.push((endpoint.operation.replace("webhook_", ""), cells));
    }
    assert_snapshot!(table(&Role::ALL.map(Role::as_str), rows), @r"
                           OWNER  ADMIN  COMPLIANCE_OFFICER  DEVELOPER  READER
    didit_list_destinations 200    200    403                 200        403
    didit_create_destination 201    201    403                 201        403
    didit_get_destination  200    200    403                 200        403
    didit_update_destination 200    200    403                 200        403
    didit_delete_destination 204    204    403                 204        403
    didit_rotate_secret    200    200    403                 200        403
    didit_list_attempts    200    200    403                 200        403
    didit_list_dead_letters 200    200    403                 200        403
    didit_replay_dead_letters 202    202    403                 202        403
    didit_send_event       400    400    403                 400        403
    didit_test_destination 202    202    403                 202        403
    ");
}

#[tokio::test]
async fn a_credential_is_refused_and_never_asked_for() {
    let (tenant, ours) = owner().await;
    let made = register(&ours, "https://example.com/").await;
    let before = tenant.items().await;
    let stranger = owner().await.1;
    let live = client_of(&tenant, Mode::Live, Role::Owner).await;
    let nobody = World::shared().anonymous();
    for endpoint in didit::WEBHOOK_ENDPOINTS {
        for client in
            [nobody.clone(), nobody.header("x-api-key", "sk_test_123"), nobody.bearer("x")]
        {
            let answer = request(&client, endpoint, uuid(&made), "x").send().await;
            refused(endpoint.operation, &answer, 403, detail(DENIED));
            assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), None);
        }
        if endpoint.path == BASE.trim_end_matches('/') {
            continue;
        }
        for (client, id) in
            [(&stranger, uuid(&made)), (&live, uuid(&made)), (&ours, NOBODY), (&ours, "x")]
        {
            let answer = request(client, endpoint, id, "x").send().await;
            refused(endpoint.operation, &answer, 404, detail(MISSING));
        }
    }
    assert_eq!(tenant.items().await, before);
}
