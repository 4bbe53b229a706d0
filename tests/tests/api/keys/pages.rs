//! Page by page, newest first.

use harness::world::World;
use serde_json::Value;

use super::{list, make_of};

#[tokio::test]
async fn pages_hold_every_key_once() {
    let tenant = World::shared().tenant().await;
    for _ in 0..5 {
        make_of(&tenant.owner, "READER").await;
    }
    let all: Vec<_> = list(&tenant.owner).await.iter().map(|key| key["id"].clone()).collect();
    assert_eq!(all.len(), 6);
    for limit in [1, 2, 3, 5, 6, 7] {
        let (mut path, mut ids) = (format!("/v1/api-keys?limit={limit}"), vec![]);
        loop {
            let page = tenant.owner.get(&path).send().await.expect(200).json();
            let mut names: Vec<_> = page.as_object().unwrap().keys().collect();
            names.sort();
            assert_eq!(names, ["data", "has_more", "next_cursor", "object"]);
            let rows = page["data"].as_array().unwrap();
            assert!(rows.len() <= limit);
            ids.extend(rows.iter().map(|key| key["id"].clone()));
            assert_eq!(page["has_more"], page["next_cursor"].is_string());
            let Value::String(cursor) = &page["next_cursor"] else { break };
            path = format!("/v1/api-keys?limit={limit}&cursor={cursor}");
        }
        assert_eq!(ids, all, "{limit}");
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let tenant = World::shared().tenant().await;
    let foreign = data_encoding::BASE64URL_NOPAD.encode(b"T#other");
    for (query, parameter) in [
        ("limit=0".to_owned(), "limit"),
        ("limit=51".to_owned(), "limit"),
        ("limit=x".to_owned(), "limit"),
        ("limit=".to_owned(), "limit"),
        ("mode=TEST".to_owned(), "mode"),
        ("mode=".to_owned(), "mode"),
        ("cursor=".to_owned(), "cursor"),
        ("cursor=%20".to_owned(), "cursor"),
        (format!("cursor={foreign}"), "cursor"),
    ] {
        let answer = tenant.owner.get(&format!("/v1/api-keys?{query}")).send().await;
        let problem = answer.problem(400, "validation_error");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{query}: {answer}");
    }
}
