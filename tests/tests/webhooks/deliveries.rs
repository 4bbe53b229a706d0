//! What became of deliveries, as their owner sees it; and sending them again.

use harness::client::Answer;
use serde_json::{Value, json};

use crate::{office::Office, receiver::Receiver};

async fn change(office: &Office) -> Value {
    let create = office.palm.post("/v1/user").json(json!({"display_name": "A"}));
    let user = create.send().await.expect(201).json();
    office.fan_out().await;
    user
}

async fn get(office: &Office, uuid: &str, end: &str) -> Answer {
    office.didit.get(&format!("/v3/webhook/destinations/{uuid}/{end}")).send().await
}

async fn post(office: &Office, uuid: &str, end: &str, body: Option<Value>) -> Answer {
    let request = office.didit.post(&format!("/v3/webhook/destinations/{uuid}/{end}"));
    match body {
        Some(body) => request.json(body).send().await,
        None => request.send().await,
    }
}

#[tokio::test]
async fn attempts_are_listed_by_event_and_page_by_page() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    assert_eq!(
        get(&office, &uuid, "attempts/").await.expect(200).json(),
        json!({"results": [], "next_cursor": null})
    );
    receiver.answers(&[503]);
    let first = change(&office).await;
    assert_eq!(office.deliver().await, 1);
    office.later().await;
    assert_eq!(office.deliver().await, 1);
    let second = change(&office).await;
    assert_eq!(office.deliver().await, 1);

    let whole = get(&office, &uuid, "attempts/").await.expect(200).json();
    let rows = whole["results"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let at = row["attempted_at"].as_str().unwrap();
            assert!(at.ends_with('Z') && row["duration_ms"].is_u64());
            json!([
                row["vendor_user_id"],
                row["attempt"],
                row["status_code"],
                row["result"],
                row["test"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([second["id"], 1, 200, "delivered", false]),
            json!([first["id"], 2, 200, "delivered", false]),
            json!([first["id"], 1, 503, "to be repeated", false]),
        ]
    );
    let (mut paged, mut end) = (vec![], "attempts/?limit=1".to_owned());
    loop {
        let page = get(&office, &uuid, &end).await.expect(200).json();
        paged.extend(page["results"].as_array().unwrap().clone());
        assert!(page["results"].as_array().unwrap().len() <= 1);
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        end = format!("attempts/?limit=1&cursor={cursor}");
    }
    assert_eq!(&paged, rows);
    for (query, name) in
        [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor")]
    {
        let refused = get(&office, &uuid, &format!("attempts/?{query}")).await.expect(400).json();
        assert!(refused[name].is_array(), "{query}: {refused}");
    }
}

#[tokio::test]
async fn a_refused_event_is_a_dead_letter_that_can_be_sent_again() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    receiver.answers(&[400, 422]);
    let users = [change(&office).await, change(&office).await];
    while office.deliver().await > 0 {}
    let letters = get(&office, &uuid, "dead-letters/").await.expect(200).json();
    let letters = letters["results"].as_array().unwrap();
    let whose: Vec<_> = letters.iter().map(|letter| &letter["vendor_user_id"]).collect();
    assert_eq!(whose, [&users[1]["id"], &users[0]["id"]], "newest first");
    assert_eq!((&letters[1]["attempts"], &letters[1]["reason"]), (&json!(1), &json!("refused")));
    let cursor = letters[0]["event_id"].as_str().unwrap();
    let rest = get(&office, &uuid, &format!("dead-letters/?limit=1&cursor={cursor}")).await;
    assert_eq!(rest.expect(200).json(), json!({"results": [letters[1]], "next_cursor": null}));

    for body in [json!({"event_ids": []}), json!({"event_ids": "x"}), json!({"event_ids": [1]})] {
        post(&office, &uuid, "dead-letters/replay/", Some(body)).await.expect(400);
    }
    let one = json!({"event_ids": [letters[0]["event_id"], letters[0]["event_id"]]});
    let replayed = post(&office, &uuid, "dead-letters/replay/", Some(one)).await;
    assert_eq!(replayed.expect(202).json(), json!({"replayed": 1, "has_more": false}));
    let all = post(&office, &uuid, "dead-letters/replay/", None).await;
    assert_eq!(all.expect(202).json(), json!({"replayed": 1, "has_more": false}));
    let none = get(&office, &uuid, "dead-letters/").await.expect(200).json();
    assert_eq!(none["results"], json!([]));
    assert_eq!(office.deliver().await, 0, "not before the next sweep");
    office.sweep().await;
    while office.deliver().await > 0 {}
    assert_eq!(receiver.delivered().len(), 4);
}

#[tokio::test]
async fn one_event_is_sent_again() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let before = office.palm.post("/v1/user").json(json!({})).send().await.expect(201).json();
    office.fan_out().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    change(&office).await;
    assert_eq!(office.deliver().await, 1);
    let delivered = receiver.one_after(0);
    let end = format!("events/{}/send/", delivered.event_id());
    let sent = post(&office, &uuid, &end, None).await.expect(202).json();
    assert_eq!(sent, json!({"event_id": delivered.event_id()}));
    office.sweep().await;
    assert_eq!(office.deliver().await, 1);
    assert_eq!(receiver.one_after(1).event_id(), delivered.event_id());
    office.later().await;
    assert_eq!(office.deliver().await, 0, "once");

    // One from before there was a destination: it must be said whose it is.
    let path = format!("/v1/user/{}/events", before["id"].as_str().unwrap());
    let history = office.palm.get(&path).send().await.expect(200).json();
    let end = format!("events/{}/send/", history["data"][0]["id"].as_str().unwrap());
    post(&office, &uuid, &end, None).await.expect(400);
    let whose = json!({"vendor_user_id": delivered.json()["vendor_user_id"]});
    post(&office, &uuid, &end, Some(whose)).await.expect(400);
    post(&office, &uuid, &end, Some(json!({"vendor_user_id": "x"}))).await.expect(400);
    let whose = json!({"vendor_user_id": before["id"]});
    post(&office, &uuid, &end, Some(whose)).await.expect(202);
    office.sweep().await;
    assert_eq!(office.deliver().await, 1);
    assert_eq!(receiver.one_after(2).json()["vendor_user_id"], before["id"]);
    post(&office, &uuid, "events/x/send/", None).await.expect(404);
}

#[tokio::test]
async fn a_test_event_arrives_at_once_and_says_what_it_is() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let made = office.register(&receiver.url).await;
    let uuid = made["uuid"].as_str().unwrap();
    let disable = office.didit.patch(&format!("/v3/webhook/destinations/{uuid}/"));
    disable.json(json!({"enabled": false})).send().await.expect(200);
    let sent = post(&office, uuid, "test/", None).await.expect(202).json();
    assert_eq!(sent["test"], true);
    office.run().await;
    let delivered = receiver.one_after(0);
    assert_eq!(delivered.event_id(), sent["event_id"].as_str().unwrap());
    let body = delivered.json();
    assert_eq!((&body["test"], &body["vendor_user_id"]), (&json!(true), &Value::Null));
    assert_eq!(body["webhook_type"], "user.data.updated");
    let secret = made["secret_shared_key"].as_str().unwrap();
    let now = office.now().unix_seconds();
    for (name, verifies) in crate::verify::SCHEMES {
        assert!(verifies(&delivered, secret, now), "{name}");
    }
    office.later().await;
    assert_eq!(office.deliver().await, 0, "once");
    let attempts = get(&office, uuid, "attempts/").await.expect(200).json();
    assert_eq!(attempts["results"][0]["test"], true);
}
