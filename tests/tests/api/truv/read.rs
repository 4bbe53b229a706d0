//! Reading one user, with and without the last slash.

use serde_json::{Value, json};

use super::{detail, get, id, john, keys, make, owner, path, refused, uuid};

#[tokio::test]
async fn a_user_is_read_with_what_belongs_to_their_links() {
    let (_tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let answer = get(&owner, &user).await;
    let mut expected = user.clone();
    expected["links"] = json!([]);
    for report in
        ["voie_report_id", "voa_report_id", "income_insights_report_id", "aim_check_report_id"]
    {
        expected[report] = Value::Null;
    }
    assert_eq!(answer.expect(200).json(), expected);
    assert_eq!(keys(&expected).len(), 14);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let flagged = owner.get(&format!("{}?list_links=false", path(&user))).send().await;
    assert_eq!(flagged.expect(200).json(), expected);
}

#[tokio::test]
async fn the_last_slash_may_be_left_out() {
    let (_tenant, owner) = owner().await;
    let user = owner.post("/v1/users").json(john()).send().await.expect(201).json();
    let at = format!("/v1/users/{}", id(&user));
    let read = owner.get(&at).send().await.expect(200).json();
    assert_eq!(read["id"], user["id"]);
    assert_eq!(owner.get("/v1/users").send().await.expect(200).json()["count"], 1);
    let changed = owner.patch(&at).json(json!({"first_name": "Jane"})).send().await;
    assert_eq!(changed.expect(200).json()["first_name"], "Jane");
    assert_eq!(owner.delete(&at).send().await.expect(204).text(), "");
}

#[tokio::test]
async fn what_is_nobodys_id_is_not_found() {
    let (_tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let upper = id(&user).to_uppercase();
    owner.get(&format!("/v1/users/{upper}/")).send().await.expect(200);
    let uuid = uuid(&user);
    let short = &id(&user)[..31];
    let absent = "00000000000080008000000000000000";
    let foreign = "24d7e80942ce4ad58a93f70ce4115f5c";
    for nobody in [absent, foreign, short, &uuid, "12345", "x", "%00", "%F0%9F%8E%89"] {
        for request in [
            owner.get(&format!("/v1/users/{nobody}/")),
            owner.patch(&format!("/v1/users/{nobody}/")).json(json!({})),
            owner.delete(&format!("/v1/users/{nobody}/")),
        ] {
            refused(nobody, &request.send().await, 404, detail("Not Found."));
        }
    }
}
