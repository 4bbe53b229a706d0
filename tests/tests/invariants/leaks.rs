//! What is sealed shows itself in a reveal and nowhere else.

use std::{collections::BTreeMap, fs, path::Path};

use coffer::local::{Options, Stack};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use harness::{
    client::{Answer, Client},
    logs::Logs,
    world::{World, template_path},
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{Mode, field::CATALOGUE},
};
use tracing::Level;

mod truv;
mod wealthyhood;

/// A valid value of every encrypted field of the catalogue, each found nowhere else; `round` makes them differ.
fn canaries(round: usize) -> BTreeMap<String, String> {
    let mut canaries = BTreeMap::new();
    for definition in CATALOGUE.iter().filter(|definition| definition.encrypted) {
        let value = match definition.id {
            "identity.email" => format!("canary.email.{round}@leak.example.com"),
            "identity.phone_number" => format!("+1415555419{round}"),
            "identity.date_of_birth" => format!("195{round}-07-23"),
            "identity.ssn" => format!("87654321{round}"),
            // Two letters stand in any text: a country is looked for under its name and nowhere else.
            id if definition.kind.as_str() == "country" => {
                assert!(id.contains("country") || id.contains("nationality"));
                ["LI", "MC", "SM"][round].to_owned()
            }
            "identity.address.postal_code" => format!("CNRY {round}QZ"),
            id => format!("Canary {} {round}", id.replace(['.', '_'], " ")),
        };
        canaries.insert(definition.id.to_owned(), value);
    }
    canaries.insert("custom.first".to_owned(), format!("Canary custom first {round}"));
    canaries.insert("custom.second_2".to_owned(), format!("Canary custom second {round} ä🐤"));
    canaries
}

/// Every spelling in which a value could lie about.
fn spellings(values: &BTreeMap<String, String>) -> Vec<String> {
    let telling = values.values().filter(|value| value.len() > 2);
    telling
        .flat_map(|value| {
            let bytes = value.as_bytes();
            // Base64 of a text within a longer one depends on where it begins.
            let within = [1, 2].map(|skip| BASE64_NOPAD.encode(&bytes[skip..]));
            let within = within.map(|text| cut(&text, 0, text.len() % 4).to_owned());
            let own = [value.clone(), BASE64.encode(bytes), BASE64URL_NOPAD.encode(bytes)];
            let escaped = json!(value).to_string().trim_matches('"').to_owned();
            own.into_iter().chain(within).chain([HEXLOWER.encode(bytes), escaped])
        })
        .flat_map(|text| [text.to_lowercase(), text])
        .collect()
}

/// A text without so many bytes at its ends.
fn cut(text: &str, start: usize, end: usize) -> &str {
    text.get(start..text.len() - end).unwrap()
}

struct Watch {
    spellings: Vec<String>,
}

impl Watch {
    fn new() -> Self {
        let mut spellings: Vec<_> = (0..3).flat_map(|round| spellings(&canaries(round))).collect();
        spellings.sort();
        spellings.dedup();
        Self { spellings }
    }

    #[track_caller]
    fn clean(&self, place: &str, text: &str) {
        for spelling in &self.spellings {
            let found = text.find(spelling.as_str());
            assert!(found.is_none(), "{spelling:?} is in {place} at {found:?}");
        }
    }

    #[track_caller]
    fn clean_answer(&self, answer: &Answer) {
        self.clean(&answer.to_string(), &answer.text());
        self.clean("the headers", &format!("{:?}", answer.headers));
    }

    /// Puts canaries in, takes them out, and sends them where they do not belong. Answers the user's id.
    async fn go_round(&self, client: &Client) -> String {
        let first = canaries(0);
        let create = || client.post("/v1/user").header("idempotency-key", "canary");
        let answer = create().json(json!({"display_name": "Bird", "vault": first})).send().await;
        answer.expect(201);
        self.clean_answer(&answer);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let (user, vault) = (format!("/v1/user/{id}"), format!("/v1/user/{id}/vault"));
        let again = create().json(json!({"display_name": "Bird", "vault": first})).send().await;
        assert_eq!(again.expect(201).header("idempotent-replayed"), Some("true"));
        self.clean_answer(&again);
        self.reveals(client, &id, &first).await;

        let second = canaries(1);
        let answer = client.patch(&vault).json(json!(second)).send().await;
        answer.expect(200);
        self.clean_answer(&answer);
        self.reveals(client, &id, &second).await;

        for (name, field) in [
            ("email", "identity.email"),
            ("phone", "identity.phone_number"),
            ("ssn", "identity.ssn"),
        ] {
            let search = client.post("/v1/user/search").json(json!({name: second[field]}));
            let answer = search.send().await;
            assert_eq!(answer.expect(200).json()["data"][0]["id"], id.as_str());
            self.clean_answer(&answer);
        }
        self.verified(client, &user).await;
        let answer = client.get(&user).send().await;
        answer.expect(200);
        self.clean_answer(&answer);
        self.malformed(client, &user, &vault).await;
        id
    }

    /// The same values as what sessions established, approved and not, once more and contradicted.
    async fn verified(&self, client: &Client, user: &str) {
        let session = |round: usize, outcome: &str| {
            let mut vault = canaries(round);
            vault.retain(|field, _| !field.starts_with("custom."));
            json!({
                "session_id": "s", "workflow": {"name": "KYC", "version": 1}, "risk_level": "low",
                "outcome": outcome, "executed_at": "2024-01-15T10:30:00Z",
                "approved_emails": [canaries(round)["identity.email"]],
                "approved_phones": [canaries(round)["identity.phone_number"]], "vault": vault,
            })
        };
        let verification = format!("{user}/verification");
        for (round, outcome) in
            [(0, "in_review"), (0, "approved"), (1, "approved"), (1, "approved"), (1, "declined")]
        {
            let record =
                client.post(&verification).header("idempotency-key", &format!("{outcome}{round}"));
            let answer = record.json(session(round, outcome)).send().await;
            answer.expect(200);
            self.clean_answer(&answer);
        }
        let mut wrong = session(2, "approved");
        wrong["executed_at"] = json!(canaries(2)["identity.ssn"]);
        wrong["session_id"] = json!(canaries(2));
        let answer = client.post(&verification).json(wrong).send().await;
        answer.expect(400);
        self.clean_answer(&answer);
        let answer = client.get(&format!("{user}/events")).send().await;
        answer.expect(200);
        self.clean_answer(&answer);
    }

    async fn reveals(&self, client: &Client, id: &str, values: &BTreeMap<String, String>) {
        let fields: Vec<_> = values.keys().collect();
        let reveal = client.post(&format!("/v1/user/{id}/vault/reveal"));
        let answer = reveal.json(json!({"fields": fields, "reason": "to see them"})).send().await;
        assert_eq!(answer.expect(200).json()["fields"], json!(values));
    }

    /// Every value in requests that are refused, as a value, in the wrong place, cut off, twice.
    async fn malformed(&self, client: &Client, user: &str, vault: &str) {
        let third = canaries(2);
        let wrong: BTreeMap<_, _> =
            third.iter().map(|(field, value)| (field, format!("{value}\u{0}"))).collect();
        let lists: BTreeMap<_, _> = third.iter().map(|(field, value)| (field, [value])).collect();
        let text = json!({"vault": third}).to_string();
        let half = cut(&text, 0, 3);
        let twice = format!(r#"{{"vault": {0}, "vault": {0}}}"#, json!(third));
        for (request, status) in [
            (client.post("/v1/user").json(json!({"vault": wrong})), 400),
            (client.post("/v1/user").json(json!({"vault": lists})), 400),
            (client.post("/v1/user").json(json!({"vault": third, "unknown": third})), 400),
            (client.post("/v1/user").json(json!({"display_name": third})), 400),
            (client.post("/v1/user").json(json!({"metadata": {"pairs": third}})), 400),
            (client.post("/v1/user").header("content-type", "application/json").raw(half), 400),
            (client.post("/v1/user").header("content-type", "application/json").raw(twice), 400),
            (client.post("/v1/user").raw(text.clone()), 415),
            (client.patch(vault).json(json!(wrong)), 400),
            (client.patch(vault).json(json!(third)).header("if-match", "\"77\""), 412),
            (client.patch(user).json(json!({"vault": third})), 400),
            (client.put(vault).json(json!(third)), 405),
            (client.post("/v1/user/search").json(json!(third)), 400),
            (client.post("/v1/user/search").json(json!({"email": third["identity.ssn"]})), 400),
            (client.post("/v1/user/search").json(json!({"cursor": third["identity.ssn"]})), 400),
            (client.post("/v1/user").json(json!({"vault": third})).bearer("sk_test_wrong"), 401),
        ] {
            let answer = request.send().await;
            answer.expect(status);
            self.clean_answer(&answer);
        }
    }
}

#[tokio::test]
async fn a_sealed_value_is_in_no_answer_no_log_line_and_no_call() {
    let logs = Logs::install(Level::INFO);
    let (watch, world) = (Watch::new(), World::start());
    let tenant = world.own_tenant().await;
    let client = world.client(&tenant, Role::Owner).await;
    watch.go_round(&client).await;
    let calls = [world.dynamodb.calls(), world.kms.calls()].concat();
    assert!(calls.len() > 40);
    for call in calls {
        watch.clean(&format!("a request: {}", call.operation), &call.request.to_string());
        watch.clean(&format!("an answer: {}", call.operation), &call.response.to_string());
    }
    let lines = logs.text();
    assert!(lines.contains("palm_create_user"));
    watch.clean("the log", &lines);
}

/// What a failing backend is blamed for holds nothing of what it was sent.
#[tokio::test]
async fn a_failure_says_nothing_of_what_was_to_be_written() {
    use harness::recorder::{Fault, FaultKind};
    let logs = Logs::install(Level::INFO);
    let (watch, world) = (Watch::new(), World::start());
    let tenant = world.own_tenant().await;
    let client = world.client(&tenant, Role::Owner).await;
    let told = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ValidationException",
        "message": "Canary identity address city 0",
    });
    for kind in [FaultKind::Respond(400, told), FaultKind::InternalError, FaultKind::DropBefore] {
        world.dynamodb.inject(Fault::new(kind).on("TransactWriteItems").always());
        let answer = client.post("/v1/user").json(json!({"vault": canaries(0)})).send().await;
        assert!([500, 503].contains(&answer.status), "{answer}");
        watch.clean_answer(&answer);
        world.dynamodb.clear_faults();
        let id = answer.header("x-request-id").unwrap();
        let lines = logs.of_request(id);
        assert_eq!(lines.len(), 2, "{lines:?}");
        watch.clean("the log", &json!(lines).to_string());
    }
}

#[tokio::test]
async fn a_sealed_value_is_in_no_file_of_the_database() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let mut options = Options::ephemeral(template_path());
    options.data_dir = Some(data_dir.clone());
    let stack = Stack::start(options).await.unwrap();
    let key = &stack.credentials().api_key(Mode::Test, Role::Owner).unwrap().api_key;
    let client = Client::new(stack.base_url()).bearer(key);
    let watch = Watch::new();
    let id = watch.go_round(&client).await;
    // While it runs, what was written last may be in the write-ahead log only.
    look_through(&watch, &data_dir);
    stack.shutdown().await;
    look_through(&watch, &data_dir);
    let names = fs::read_dir(&data_dir).unwrap().map(|entry| fs::read(entry.unwrap().path()));
    let mut files = names.map(Result::unwrap);
    assert!(files.any(|bytes| contains(&bytes, "Bird")), "the name, which is not sealed, is there");
    assert!(!id.is_empty());
}

fn look_through(watch: &Watch, folder: &Path) {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for spelling in &watch.spellings {
            assert!(!contains(&bytes, spelling), "{spelling:?} is in {}", path.display());
        }
        files += 1;
    }
    assert!(files >= 3, "the database, the keys, the credentials");
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A key that was only just issued, in the hands of its owner, is in no log line either.
#[tokio::test]
async fn an_api_key_is_in_no_answer_no_log_line_and_no_call() {
    let logs = Logs::install(Level::INFO);
    let world = World::start();
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Reader).await.expose_secret().to_owned();
    let client = world.anonymous().bearer(&key);
    let mistyped = format!("{}x", cut(&key, 0, 1));
    // The id is public; what follows it is the secret.
    let secret = cut(&key, "sk_test_".len() + 16, 8);
    let answers = [
        client.get("/v1/vault/fields").send().await,
        client.post("/v1/user").json(Value::Null).send().await,
        client.get("/v1/vault/fields").bearer(&mistyped).send().await,
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 403, 401]);
    for answer in answers {
        assert!(!answer.text().contains(secret), "{answer}");
    }
    let calls = [world.dynamodb.calls(), world.kms.calls()].concat();
    assert!(calls.iter().all(|call| !call.request.to_string().contains(secret)));
    assert!(!logs.text().contains(secret));
}
