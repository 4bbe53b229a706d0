//! Searching a list.

use harness::client::Client;
use serde_json::json;

use super::{encoded, filters::whole, list, make, make_all, names, order::by_creation, owner};

async fn found(client: &Client, text: &str) -> Vec<String> {
    let page = list(client, &format!("search={}", encoded(text))).await;
    let mut found: Vec<_> = names(&page).into_iter().map(str::to_owned).collect();
    assert_eq!(page["count"], found.len(), "{text}");
    found.sort();
    found
}

#[tokio::test]
async fn a_user_is_found_by_any_name_that_is_theirs() {
    let (_tenant, owner) = owner().await;
    let ann = json!({
        "vendor_data": "user/Ann-1",
        "display_name": "Dr. Annabelle",
        "full_name": "José Muñoz Straße",
        "approved_emails": ["first@example.com", "Ann@Example.com"],
        "approved_phones": ["+14155552671"],
    });
    make(&owner, ann).await;
    make(&owner, json!({"vendor_data": "user/Bob-2", "display_name": "Bob"})).await;
    for text in [
        "user/Ann-1",
        "user/Ann",
        "annabelle",
        "ANNA",
        "Annab",
        "dr",
        "dr anna",
        "jose",
        "JOSÉ",
        "mun",
        "munoz jose",
        "strasse",
        "Annabelle Muñoz",
        "first@example.com",
        "ANN@EXAMPLE.COM",
        " ann@example.com ",
        "+14155552671",
        "+1 (415) 555-2671",
    ] {
        assert_eq!(found(&owner, text).await, ["user/Ann-1"], "{text}");
    }
    for text in [
        "user/ann",
        "ser/Ann",
        "Ann-1",
        "nabelle",
        "annabellen",
        "anna bob",
        "josé x",
        "example.com",
        "first@example",
        "4155552671",
        "+1415555267",
        "+14155552672",
        "%",
        "_",
        "*",
        "\u{0}",
        "🎉",
        "\u{10ffff}",
    ] {
        assert_eq!(found(&owner, text).await, Vec::<String>::new(), "{text}");
    }
    assert_eq!(found(&owner, "user/").await, ["user/Ann-1", "user/Bob-2"]);
    assert_eq!(found(&owner, " ").await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_matches_twice_is_listed_once_there_and_back() {
    let (_tenant, owner) = owner().await;
    let both =
        |n: usize| json!({"vendor_data": format!("ann{n}"), "display_name": format!("Ann {n}")});
    let name_only = |n: usize| json!({"vendor_data": format!("x{n}"), "full_name": "Anne"});
    make_all(&owner, (0..6).map(both)).await;
    let others = make_all(&owner, (0..6).map(name_only)).await;
    make_all(&owner, (0..4).map(|n| json!({"vendor_data": format!("Ann{n}")}))).await;
    let mut expected: Vec<_> = (0..6).map(|n| format!("ann{n}")).collect();
    expected.extend(by_creation(&others));
    whole(&owner, "search=ann", &expected).await;
}

#[tokio::test]
async fn long_names_are_compared_beyond_what_is_indexed() {
    let (_tenant, owner) = owner().await;
    let start = "é".repeat(400);
    let names: Vec<_> = ["a", "b"].map(|end| format!("{start}{end}")).to_vec();
    make_all(&owner, names.iter().map(|name| json!({"vendor_data": name}))).await;
    assert_eq!(found(&owner, &names[0]).await, names[..1]);
    assert_eq!(found(&owner, &start).await, names);
    assert_eq!(found(&owner, &"é".repeat(3)).await, names);
    let family = (0..12).map(
        |n| json!({"vendor_data": n.to_string(), "display_name": format!("Maximilian{n:02}")}),
    );
    make_all(&owner, family).await;
    assert_eq!(found(&owner, "maximilian03").await, ["3"]);
    assert_eq!(found(&owner, "maximilian1").await, ["10", "11"]);
}

#[tokio::test]
async fn rare_matches_among_many_are_counted_and_reached() {
    let (_tenant, owner) = owner().await;
    let rare = |n: usize| json!({"vendor_data": format!("rare{n}"), "display_name": "Maximus", "status": "FLAGGED"});
    let rares = make_all(&owner, (0..3).map(rare)).await;
    let many = |n: usize| json!({"vendor_data": format!("many{n}"), "display_name": "Maximilian"});
    make_all(&owner, (0..240).map(many)).await;
    let expected = by_creation(&rares);
    let page = list(&owner, "search=maxim&status=FLAGGED").await;
    assert_eq!(page["count"], 3);
    let pages = super::pages::forwards(&owner, "search=maximus&limit=2").await;
    assert_eq!(super::pages::all(&pages), expected);
    assert_eq!(pages[0]["count"], 3);
    let back = super::pages::backwards(&owner, pages.last().unwrap().clone()).await;
    assert_eq!(super::pages::all(&back), expected);
}
