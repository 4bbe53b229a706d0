//! The canary through Truv's API.

use super::*;

/// The sealed members of Truv's shape, by a client that may not see the number.
fn canary(round: usize) -> Value {
    let fields = canaries(round);
    json!({
        "external_user_id": format!("customer {round}"), "first_name": "Bird", "last_name": "Yellow",
        "email": fields["identity.email"], "phone": fields["identity.phone_number"],
        "ssn": fields["identity.ssn"],
    })
}

#[tokio::test]
async fn a_sealed_value_is_in_no_refusal_no_log_line_and_no_call() {
    let logs = Logs::install(Level::INFO);
    let (watch, world) = (Watch::new(), World::start());
    let tenant = world.own_tenant().await;
    let client = async |role| {
        let key = world.key(&tenant, Mode::Test, role).await;
        let client = world.anonymous().header("x-access-client-id", &key.id);
        client.header("x-access-secret", key.expose_secret())
    };
    let (owner, reader) = (client(Role::Owner).await, client(Role::Reader).await);
    let user = owner.post("/v1/users/").json(canary(0)).send().await.expect(201).json();
    let path = format!("/v1/users/{}/", user["id"].as_str().unwrap());
    let mut change = canary(1);
    assert_eq!(owner.get(&path).send().await.expect(200).json()["ssn"], canary(0)["ssn"]);
    owner.patch(&path).json(change.clone()).send().await.expect(200);
    let number = change["ssn"].as_str().unwrap().to_owned();
    for at in [path.as_str(), "/v1/users/"] {
        let answer = reader.get(at).send().await;
        assert!(!answer.expect(200).text().contains(&number), "{answer}");
    }
    owner.get("/v1/users/").send().await.expect(200);

    let mut wrong = canary(2);
    for name in ["email", "phone", "ssn"] {
        wrong[name] = json!(format!("{}\u{0}", wrong[name].as_str().unwrap()));
    }
    change["external_user_id"] = json!({"inside": canary(2)});
    let text = canary(2).to_string();
    for (request, status) in [
        (owner.post("/v1/users/").json(wrong.clone()), 400),
        (owner.post("/v1/users/").json(change.clone()), 400),
        (owner.post("/v1/users/").json(json!([canary(2)])), 400),
        (owner.post("/v1/users/").raw(text.clone()), 415),
        (
            owner
                .post("/v1/users/")
                .header("content-type", "application/json")
                .raw(cut(&text, 0, 3)),
            400,
        ),
        (owner.patch(&path).json(wrong), 400),
        (owner.patch(&path).json(canary(2)).header("if-match", "\"77\""), 412),
        (owner.put(&path).json(canary(2)), 405),
        (reader.patch(&path).json(canary(2)), 403),
        (world.anonymous().patch(&path).json(canary(2)), 401),
    ] {
        let answer = request.send().await;
        answer.expect(status);
        watch.clean_answer(&answer);
    }
    owner.delete(&path).send().await.expect(204);
    for call in [world.dynamodb.calls(), world.kms.calls()].concat() {
        watch.clean(&format!("a request: {}", call.operation), &call.request.to_string());
        watch.clean(&format!("an answer: {}", call.operation), &call.response.to_string());
    }
    let lines = logs.text();
    assert!(lines.contains("truv_create_user"));
    watch.clean("the log", &lines);
}
