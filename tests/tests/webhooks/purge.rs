//! When a user's own item goes, what is left of them goes too.

use harness::client::Client;
use serde_json::{Value, json};
use shared::domain::{Mode, UserId};

use crate::office::Office;

async fn make(client: &Client, vendor_data: &str) -> UserId {
    let create = client.post("/v3/users/create/");
    let user = create.json(json!({"vendor_data": vendor_data})).send().await.expect(201).json();
    let path = format!("/v3/users/{vendor_data}/");
    let update = client.patch(&path).json(json!({"display_name": "A"}));
    update.send().await.expect(200);
    UserId::parse_uuid(user["didit_internal_id"].as_str().unwrap()).unwrap()
}

/// How many events there are, and whether there is a data key.
async fn left(office: &Office, user: UserId) -> (usize, bool) {
    let (app, scope) = (office.tenant.app().clone(), office.tenant.scope(Mode::Test));
    let look = async move {
        let events = app.store.history_keys(&scope, user).await.unwrap().len();
        let key = app.store.user_and_data_key(&scope, user).await.unwrap();
        (events, key.is_some_and(|(_, key)| key.is_some()))
    };
    office.world.run(look).await
}

fn record(office: &Office, name: &str, user: UserId, sk: &str) -> Value {
    let pk = format!("T#{}#U#{}", office.tenant.scope(Mode::Test), user.to_hex());
    json!({"eventName": name, "eventID": "1", "awsRegion": "us-east-1", "dynamodb": {
        "Keys": {"pk": {"S": pk}, "sk": {"S": sk}}, "SequenceNumber": "7", "SizeBytes": 1,
    }})
}

#[tokio::test]
async fn the_events_and_the_key_of_a_user_who_is_gone_are_removed() {
    let office = Office::open().await;
    let (gone, stays) = (make(&office.didit, "gone").await, make(&office.didit, "stays").await);
    let others = [
        record(&office, "MODIFY", gone, "U"),
        record(&office, "REMOVE", gone, "E#0"),
        record(&office, "INSERT", gone, "U"),
    ];
    assert_eq!(office.work("events_purge", others.into()).await, Vec::<String>::new());
    assert_eq!(left(&office, gone).await, (2, true));
    let removed = vec![record(&office, "REMOVE", gone, "U")];
    assert_eq!(office.work("events_purge", removed.clone()).await, Vec::<String>::new());
    assert_eq!(left(&office, gone).await, (0, false));
    assert_eq!(left(&office, stays).await, (2, true));
    assert_eq!(office.work("events_purge", removed).await, Vec::<String>::new());

    let deleted = make(&office.didit, "deleted").await;
    let delete = json!({"vendor_data_list": ["deleted"]});
    office.didit.post("/v3/users/delete/").json(delete).send().await.expect(200);
    let removed = vec![record(&office, "REMOVE", deleted, "U")];
    assert_eq!(office.work("events_purge", removed).await, Vec::<String>::new());
    assert_eq!(left(&office, deleted).await, (3, false), "these have a date of their own");
}
