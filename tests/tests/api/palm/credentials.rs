//! What is no credential, or not this one.

use harness::{
    client::{Answer, Client},
    world::{Tenant, World},
};
use insta::assert_snapshot;
use serde_json::json;
use shared::{
    api_keys::{Manager, revoke_api_key},
    auth::Role,
    domain::{Mode, Timestamp},
};

use super::{
    id, make,
    samples::{bare, request, table},
};

/// A well-formed key that nobody was ever given.
const UNKNOWN: &str =
    "sk_test_0123456789abcdef0s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3g34p2c10";

/// CRC-32 as in ISO-HDLC, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

/// The same id with another secret, and with another prefix: forged with the right checksum.
fn forged(payload: &str) -> String {
    let checksum = data_encoding::BASE32_DNSSEC.encode(&crc32(payload.as_bytes()).to_be_bytes());
    format!("{payload}{checksum}")
}

/// Every credential that does not open what it is tried on, in the columns' order.
async fn credentials(tenant: &Tenant) -> Vec<(&'static str, Client)> {
    let (world, keys) = (tenant.world, &tenant.keys);
    let good = world.key(keys, Mode::Test, Role::Owner).await;
    let good = good.expose_secret().to_owned();
    let payload = &good[..good.len() - 7];
    let mut typo = good.clone().into_bytes();
    typo[40] = if typo[40] == b'a' { b'b' } else { b'a' };
    let typo = String::from_utf8(typo).unwrap();
    let other_secret = forged(&format!("{}{}", &payload[..payload.len() - 20], "0".repeat(20)));
    let other_mode = forged(&payload.replace("sk_test_", "sk_live_"));
    assert_eq!(forged(payload), good);
    let past = Timestamp::now().plus(time::Duration::seconds(-1));
    let expired = world.expiring_key(keys, Mode::Test, Role::Owner, Some(past)).await;
    let revoked = world.key(keys, Mode::Test, Role::Owner).await;
    let (app, revoked_id) = (keys.app().clone(), revoked.id.clone());
    world
        .run(async move { revoke_api_key(&app, &Manager::Operator, &revoked_id).await })
        .await
        .unwrap();
    let foreign = world.tenant().await;
    let nobody = world.anonymous();
    vec![
        ("none", nobody.clone()),
        ("malformed", nobody.bearer("sk_test_123")),
        ("typo", nobody.bearer(&typo)),
        ("unknown", nobody.bearer(UNKNOWN)),
        ("secret", nobody.bearer(&other_secret)),
        ("prefix", nobody.bearer(&other_mode)),
        ("expired", nobody.bearer(expired.expose_secret())),
        ("revoked", nobody.bearer(revoked.expose_secret())),
        ("tenant", foreign.owner),
        ("mode", tenant.live_client(Role::Owner).await),
    ]
}

fn check_401(answer: &Answer) {
    if answer.status == 401 {
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), Some("Bearer"), "{answer}");
    }
}

#[tokio::test]
async fn no_other_credential_opens_anything() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let credentials = credentials(&tenant).await;
    let before = tenant.items().await;
    let columns: Vec<_> = credentials.iter().map(|(name, _)| *name).collect();
    let mut rows = vec![];
    for endpoint in palm::ENDPOINTS {
        let mut cells = vec![];
        for (_, client) in &credentials {
            let answer = request(client, endpoint, id(&user)).send().await;
            check_401(&answer);
            cells.push(answer.status.to_string());
        }
        rows.push((endpoint.operation.to_owned(), cells));
    }
    assert_snapshot!(table(&columns, rows), @r"
                           none  malformed  typo  unknown  secret  prefix  expired  revoked  tenant  mode
    palm_create_user       401   401        401   401      401     401     401      401      201     201
    palm_get_user          401   401        401   401      401     401     401      401      404     404
    palm_update_user       401   401        401   401      401     401     401      401      404     404
    palm_search_users      401   401        401   401      401     401     401      401      200     200
    palm_update_vault      401   401        401   401      401     401     401      401      404     404
    palm_reveal_vault      401   401        401   401      401     401     401      401      404     404
    palm_record_verification 401   401        401   401      401     401     401      401      404     404
    palm_list_events       401   401        401   401      401     401     401      401      404     404
    palm_list_vault_fields 401   401        401   401      401     401     401      401      200     200
    ");
    let test_items = |items: Vec<serde_json::Value>| {
        items
            .into_iter()
            .filter(|item| item["pk"].as_str().unwrap().contains("#test"))
            .collect::<Vec<_>>()
    };
    assert_eq!(test_items(tenant.items().await), test_items(before));
}

#[tokio::test]
async fn a_key_stands_behind_the_word_bearer() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Reader).await;
    let key = key.expose_secret();
    let upper = key.to_uppercase();
    let cases = [
        (format!("Bearer {key}"), 200),
        (format!("bearer {key}"), 200),
        (format!("BEARER   {key}  "), 200),
        (key.to_owned(), 401),
        (String::new(), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
        (format!("Bearer{key}"), 401),
        (format!("Basic {key}"), 401),
        (format!("Bearer {key} {key}"), 401),
        (format!("Bearer {key}, Bearer {key}"), 401),
        (format!("Bearer \"{key}\""), 401),
        (format!("Bearer {upper}"), 401),
        (format!("Bearer {}", "é".repeat(83)), 401),
        (format!("Bearer {}", "x".repeat(6_000)), 401),
    ];
    for (header, status) in cases {
        let client = tenant.world.anonymous().header("authorization", &header);
        let answer = bare(&client, &palm::GET_USER, id(&user)).send().await;
        assert_eq!(answer.status, status, "Authorization: {header}\n{answer}");
        check_401(&answer);
    }
    for name in ["x-api-key", "x-access-secret", "cookie"] {
        let client = tenant.world.anonymous().header(name, key);
        let answer = bare(&client, &palm::GET_USER, id(&user)).send().await;
        assert_eq!(answer.status, 401, "{name}");
    }
}

#[tokio::test]
async fn a_key_ends_at_its_time_and_works_until_then() {
    let tenant = World::shared().tenant().await;
    let later = Timestamp::now().plus(time::Duration::hours(1));
    let key = tenant.world.expiring_key(&tenant.keys, Mode::Test, Role::Reader, Some(later)).await;
    let client = tenant.world.anonymous().bearer(key.expose_secret());
    bare(&client, &palm::LIST_VAULT_FIELDS, "").send().await.expect(200);
}
