//! As many names, contacts and issuing states as a user can have.

use serde_json::{Value, json};

use super::{delete, list, make, names, owner, patch, refused};

const STATES: [&str; 40] = [
    "USA", "GBR", "FRA", "DEU", "ITA", "ESP", "PRT", "NLD", "BEL", "LUX", "AUT", "CHE", "POL",
    "CZE", "SVK", "HUN", "ROU", "BGR", "GRC", "HRV", "SVN", "DNK", "SWE", "NOR", "FIN", "EST",
    "LVA", "LTU", "IRL", "ISL", "MLT", "CYP", "TUR", "UKR", "SRB", "ALB", "MKD", "BIH", "MNE",
    "MDA",
];

fn name(start: char) -> String {
    let words = (0..6_u8).map(|n| format!("{}{start}word", char::from(b'a' + n)));
    words.collect::<Vec<_>>().join(" ")
}

fn emails(start: char) -> Vec<String> {
    (0..20).map(|n| format!("{start}{n}@example.com")).collect()
}

fn phones(start: char) -> Vec<String> {
    let number = if start == 'x' { 1 } else { 2 };
    (0..20).map(|n| format!("+14155553{number}{n:02}")).collect()
}

fn states(start: char) -> Vec<&'static str> {
    STATES.into_iter().skip(if start == 'x' { 0 } else { 20 }).take(20).collect()
}

fn greatest(start: char) -> Value {
    json!({
        "vendor_data": "a", "full_name": name(start), "approved_emails": emails(start),
        "approved_phones": phones(start), "issuing_states": states(start),
    })
}

#[tokio::test]
async fn a_user_is_found_by_every_contact_and_issuing_state() {
    let (tenant, owner) = owner().await;
    make(&owner, greatest('x')).await;
    let contacts =
        emails('x').into_iter().chain(phones('x').into_iter().map(|it| it.replace('+', "%2B")));
    let queries = contacts.map(|contact| format!("search={contact}"));
    let queries =
        queries.chain(states('x').into_iter().map(|state| format!("country_code={state}")));
    for query in queries {
        assert_eq!(names(&list(&owner, &query).await), ["a"], "{query}");
    }
    for contact in [emails('x').pop(), phones('x').pop()].into_iter().flatten() {
        let member = if contact.contains('@') { "email" } else { "phone" };
        let search = tenant.owner.post("/v1/user/search").json(json!({member: contact}));
        let found = search.send().await.expect(200).json();
        assert_eq!(found["data"].as_array().unwrap().len(), 1, "{contact}");
    }
    delete(&owner, json!({"vendor_data_list": ["a"]})).await.expect(200);
    let left: Vec<_> = tenant.items().await;
    let left: Vec<_> =
        left.iter().filter(|item| !item["pk"].as_str().unwrap().contains("#U#")).collect();
    let keys = left.iter().filter(|item| item["ciphertext"].is_string()).count();
    assert_eq!(left.len(), keys, "entries are left over: {left:?}");
}

#[tokio::test]
async fn more_than_one_transaction_holds_is_refused_and_goes_in_parts() {
    let (tenant, owner) = owner().await;
    make(&owner, greatest('x')).await;
    let before = tenant.items().await;
    let message = "changes more names, contacts and issuing states than go into one transaction: \
                   change them in several requests";
    refused("all", &patch(&owner, "a", greatest('y')).await, 400, json!([message]));
    assert_eq!(tenant.items().await, before);
    let whole = greatest('y');
    for member in ["full_name", "approved_emails", "approved_phones", "issuing_states"] {
        let changed = patch(&owner, "a", json!({member: whole[member]})).await.expect(200).json();
        assert_eq!(changed[member], whole[member], "{member}");
    }
}

#[tokio::test]
async fn lists_that_are_set_again_as_they_are_change_nothing() {
    let (tenant, owner) = owner().await;
    make(&owner, greatest('x')).await;
    let before = tenant.items().await;
    patch(&owner, "a", greatest('x')).await.expect(200);
    let items = tenant.items().await;
    let event = items.iter().find(|item| !before.contains(item) && item["kind"].is_string());
    // `vendor_data` is read-only, and the event says that it was tried.
    assert_eq!(event.unwrap()["fields"], json!([]));
    let mut same = greatest('x');
    same.as_object_mut().unwrap().remove("vendor_data");
    patch(&owner, "a", same).await.expect(200);
    assert_eq!(tenant.items().await, items);
}
