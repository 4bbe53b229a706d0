//! From its making to its end.

use harness::world::World;
use serde_json::{Value, json};

use super::{
    id, is_about, list, listed, make, members, millis, now, revoke, rotate, secret, status,
};

const MEMBERS: [&str; 12] = [
    "created_at",
    "created_by",
    "expires_at",
    "id",
    "mode",
    "name",
    "object",
    "replaced_by",
    "replaces",
    "revoked_at",
    "role",
    "status",
];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    let mut names = [MEMBERS.as_slice(), more].concat();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn the_whole_life_of_a_key() {
    let tenant = World::shared().tenant().await;
    let (owner, nobody) = (&tenant.owner, tenant.world.anonymous());
    let me = list(owner).await.pop().unwrap();
    assert_eq!((&me["role"], &me["created_by"]), (&json!("OWNER"), &json!("operator")));

    let key = make(owner, json!({"role": "READER", "name": "CI ✓"})).await;
    assert_eq!(members(&key), with(&["note", "secret"]));
    for (name, value) in [
        ("object", json!("api_key")),
        ("name", json!("CI ✓")),
        ("role", json!("READER")),
        ("mode", json!("test")),
        ("status", json!("active")),
        ("created_by", json!(format!("key:{}", id(&me)))),
        ("expires_at", Value::Null),
        ("revoked_at", Value::Null),
        ("replaces", Value::Null),
        ("replaced_by", Value::Null),
        ("note", json!("Keep the secret: it is not shown again.")),
    ] {
        assert_eq!(key[name], value, "{name}");
    }
    is_about(&key["created_at"], now(), 20);
    assert!(secret(&key).starts_with(&format!("sk_test_{}", id(&key))));
    let row = listed(owner, &key).await;
    assert_eq!(members(&row), with(&["last_used_at"]));
    assert_eq!(row["last_used_at"], Value::Null);
    assert_eq!(status(&nobody, secret(&key)).await, 200);
    is_about(&listed(owner, &key).await["last_used_at"], now(), 20);

    let answer = rotate(owner, &key, json!({})).await;
    let new = answer.expect(201).json();
    assert_eq!(members(&new), with(&["note", "previous", "secret"]));
    assert_eq!((&new["replaces"], &new["name"]), (&key["id"], &key["name"]));
    assert_eq!((&new["role"], &new["expires_at"]), (&json!("READER"), &Value::Null));
    assert_eq!(members(&new["previous"]), ["expires_at", "id"]);
    assert_eq!(new["previous"]["id"], key["id"]);
    is_about(&new["previous"]["expires_at"], now() + 86_400_000, 20);
    assert_eq!(status(&nobody, secret(&key)).await, 200, "the old one");
    assert_eq!(status(&nobody, secret(&new)).await, 200, "the new one");
    let old = listed(owner, &key).await;
    assert_eq!((&old["replaced_by"], &old["status"]), (&new["id"], &json!("active")));
    assert_eq!(old["expires_at"], new["previous"]["expires_at"]);

    for round in 0..3 {
        let answer = revoke(owner, &key).await;
        assert_eq!((answer.status, answer.text().as_str()), (204, ""), "{round}");
    }
    assert_eq!(status(&tenant.world.fresh().await, secret(&key)).await, 401);
    assert_eq!(status(&nobody, secret(&new)).await, 200);
    let revoked = listed(owner, &key).await;
    assert_eq!(revoked["status"], "revoked");
    is_about(&revoked["revoked_at"], now(), 20);
    assert!(millis(&revoked["last_used_at"]) <= now());
    rotate(owner, &key, json!({})).await.problem(409, "api_key_not_active");
    let ids: Vec<_> = list(owner).await.iter().map(|key| key["id"].clone()).collect();
    assert_eq!(ids, [new["id"].clone(), key["id"].clone(), me["id"].clone()], "newest first");
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_nowhere() {
    let tenant = World::shared().tenant().await;
    let owner = &tenant.owner;
    let create = || {
        let request = owner.post("/v1/api-keys").header("idempotency-key", "secret");
        request.json(json!({"role": "OWNER", "name": "secret"})).send()
    };
    let key = create().await.expect(201).json();
    let replay = create().await;
    let rotated = rotate(owner, &key, json!({"overlap_seconds": 60})).await.expect(201).json();
    let others = [
        replay,
        owner.get("/v1/api-keys").send().await,
        revoke(owner, &key).await,
        owner.get("/v1/api-keys").send().await,
    ];
    let everything = tenant.everything().await;
    assert!(everything.contains(id(&key)) && everything.contains(id(&rotated)));
    for key in [&key, &rotated] {
        let text = secret(key);
        let half = text.strip_prefix("sk_test_").unwrap().strip_prefix(id(key)).unwrap();
        let half = half.get(..52).unwrap();
        let bytes = data_encoding::BASE32_DNSSEC.decode(half.as_bytes()).unwrap();
        let spellings = [
            half.to_owned(),
            data_encoding::BASE64.encode(&bytes),
            data_encoding::HEXLOWER.encode(&bytes),
        ];
        for spelling in spellings {
            assert!(!everything.contains(&spelling), "{spelling} is in the tables");
            for answer in &others {
                assert!(!answer.text().contains(&spelling), "{answer}");
            }
        }
    }
}

/// What a local stack starts with is in the register too.
#[tokio::test]
async fn the_keys_of_the_first_tenant_are_listed() {
    use shared::{auth::Role, domain::Mode};
    let world = World::shared();
    for mode in Mode::ALL {
        let credentials = world.stack().credentials();
        let owner = credentials.api_key(mode, Role::Owner).unwrap();
        let keys = list(&world.anonymous().bearer(&owner.api_key)).await;
        for role in Role::ALL {
            let seeded = credentials.api_key(mode, role).unwrap();
            let found = keys.iter().find(|key| key["id"] == seeded.client_id).unwrap();
            assert_eq!(
                (&found["role"], &found["mode"]),
                (&json!(role.as_str()), &json!(mode.as_str()))
            );
        }
    }
}
