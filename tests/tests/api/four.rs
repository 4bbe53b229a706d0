//! One user, four APIs: whoever is made through one is seen through all, as far as each can show them.

use harness::{
    client::Client,
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{auth::Role, domain::UserId};

use crate::{didit, truv, wealthyhood};

/// The four APIs of one tenant.
struct Four {
    palm: Client,
    truv: Client,
    wealthyhood: Client,
    didit: Client,
}

impl Four {
    async fn of(tenant: &Tenant) -> Self {
        Self {
            palm: tenant.owner.clone(),
            truv: truv::client(tenant, Role::Owner).await,
            wealthyhood: tenant.owner.clone(),
            didit: didit::client(tenant, Role::Owner).await,
        }
    }

    /// Makes a user through one API.
    async fn make(&self, api: &str) -> UserId {
        let (request, id) = match api {
            "palm" => (
                self.palm.post("/v1/user").json(json!({"display_name": "Johnny", "vault": {
                    "identity.first_name": "John", "identity.last_name": "Doe",
                    "identity.email": "john@example.com", "identity.date_of_birth": "1990-05-15",
                }})),
                "id",
            ),
            "truv" => (
                self.truv.post("/v1/users/").json(json!({
                    "external_user_id": "12345", "first_name": "John", "last_name": "Doe",
                    "email": "john@example.com", "phone": "+14155554193", "ssn": "222233333",
                })),
                "id",
            ),
            "wealthyhood" => {
                (self.wealthyhood.post("/users").json(wealthyhood::john("john@example.com")), "id")
            }
            "didit" => (
                self.didit.post("/v3/users/create/").json(json!({
                    "vendor_data": "12345", "full_name": "John Doe", "date_of_birth": "1990-05-15",
                    "approved_emails": ["john@example.com"], "status": "FLAGGED",
                })),
                "didit_internal_id",
            ),
            other => panic!("there is no API {other}"),
        };
        let user = request.send().await.expect(201).json();
        let text = user[id].as_str().unwrap();
        let spellings = [UserId::parse_uuid, UserId::parse_simple, UserId::parse_hex];
        spellings.into_iter().find_map(|parse| parse(text).ok()).unwrap()
    }

    /// The user through each API; Didit's, by its list, since it knows users by the caller's own id only.
    async fn see(&self, id: UserId) -> Value {
        let get =
            async |client: &Client, path: String| client.get(&path).send().await.expect(200).json();
        let (uuid, simple, hex) = (id.to_uuid().to_string(), id.to_simple(), id.to_hex());
        let [palm, truv, wealthyhood] = [
            get(&self.palm, format!("/v1/user/{uuid}")).await,
            get(&self.truv, format!("/v1/users/{simple}/")).await,
            get(&self.wealthyhood, format!("/users/{hex}")).await,
        ];
        let rows = get(&self.didit, "/v3/users/".to_owned()).await["results"].clone();
        assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
        let didit = rows[0].clone();
        assert_eq!(
            [&palm["id"], &truv["id"], &wealthyhood["id"], &didit["didit_internal_id"]],
            [&json!(uuid), &json!(simple), &json!(hex), &json!(uuid)]
        );
        // Each tells the time in its own way, and the same one.
        let second =
            format!("{}Z", truv["created_at"].as_str().unwrap().split_once('.').unwrap().0);
        for at in [&palm["created_at"], &wealthyhood["createdAt"], &didit["created_at"]] {
            assert_eq!(*at, second);
        }
        let fingerprint = |name: &str| palm[name].is_string();
        json!({
            "palm": [palm["display_name"], palm["status"], palm["vault"], fingerprint("email_fingerprint"), fingerprint("phone_fingerprint")],
            "truv": [truv["external_user_id"], truv["first_name"], truv["last_name"], truv["email"], truv["phone"], truv["ssn"]],
            "wealthyhood": [wealthyhood["email"], wealthyhood["firstName"], wealthyhood["lastName"], wealthyhood["dateOfBirth"], wealthyhood["residencyCountry"], wealthyhood["emailVerified"], wealthyhood["kycStatus"]],
            "didit": [didit["vendor_data"], didit["display_name"], didit["full_name"], didit["date_of_birth"], didit["status"], didit["approved_emails"]],
        })
    }
}

#[tokio::test]
async fn a_user_made_through_one_is_seen_through_the_others() {
    let names = json!({"identity.first_name": "John", "identity.last_name": "Doe"});
    let full_name = json!({"identity.full_name": "John Doe"});
    let (none, email) = (Value::Null, "john@example.com");
    for (api, expected) in [
        (
            "palm",
            json!({
                "palm": ["Johnny", "active", names, true, false],
                "truv": [none, "John", "Doe", email, none, none],
                "wealthyhood": [email, "John", "Doe", "1990-05-15", none, false, "pending"],
                "didit": [none, "Johnny", "John Doe", "1990-05-15", "ACTIVE", []],
            }),
        ),
        (
            "truv",
            json!({
                "palm": [none, "active", names, true, true],
                "truv": ["12345", "John", "Doe", email, "+14155554193", "222233333"],
                "wealthyhood": [email, "John", "Doe", none, none, false, "pending"],
                "didit": ["12345", none, "John Doe", none, "ACTIVE", []],
            }),
        ),
        (
            "wealthyhood",
            json!({
                "palm": [none, "active", names, true, false],
                "truv": [none, "John", "Doe", email, none, none],
                "wealthyhood": [email, "John", "Doe", "1990-05-15", "GB", false, "pending"],
                "didit": [none, none, "John Doe", "1990-05-15", "ACTIVE", []],
            }),
        ),
        (
            "didit",
            json!({
                "palm": [none, "active", full_name, false, false],
                "truv": ["12345", none, none, none, none, none],
                "wealthyhood": [none, none, none, "1990-05-15", none, false, "pending"],
                "didit": ["12345", none, "John Doe", "1990-05-15", "FLAGGED", [email]],
            }),
        ),
    ] {
        let tenant = World::shared().tenant().await;
        let four = Four::of(&tenant).await;
        let id = four.make(api).await;
        assert_eq!(four.see(id).await, expected, "made through {api}");
    }
}
