//! `If-Match`, on both kinds of change.

use harness::{client::Answer, world::World};
use serde_json::{Value, json};

use super::{make, path, version};

/// The header, and what a change of a user of version 2 answers.
const CASES: [(&str, u16); 17] = [
    ("\"2\"", 200),
    ("*", 200),
    (" \"2\" ", 200),
    ("\"1\", \"2\"", 200),
    ("\"2\",\"1\"", 200),
    ("\"a,b\" , \"2\"", 200),
    (",\"2\",,", 200),
    ("\"1\"", 412),
    ("\"3\"", 412),
    ("W/\"2\"", 412),
    ("\"02\"", 412),
    ("\"+2\"", 412),
    ("\"1\", \"3\", \"a,b\", W/\"2\"", 412),
    ("2", 400),
    ("\"2", 400),
    ("*, \"2\"", 400),
    ("", 400),
];

fn check(case: &str, status: u16, answer: &Answer) {
    assert_eq!(answer.status, status, "If-Match: {case}\n{answer}");
    match status {
        400 => {
            let body = answer.problem(400, "validation_error");
            assert_eq!(body["errors"][0]["header"], "If-Match", "{case}");
        }
        412 => drop(answer.problem(412, "precondition_failed")),
        _ok => assert_eq!(version(answer), 3, "If-Match: {case}"),
    }
}

#[tokio::test]
async fn a_change_is_made_on_a_named_version_only() {
    let tenant = World::shared().tenant().await;
    let changes: [(&str, Value); 2] = [
        ("", json!({"display_name": "new"})),
        ("/vault", json!({"identity.email": "new@example.com"})),
    ];
    for (below, change) in changes {
        for (header, status) in CASES {
            let user = make(&tenant.owner, json!({})).await;
            let first = json!({"metadata": {"a": 1}});
            tenant.owner.patch(&path(&user, "")).json(first).send().await.expect(200);
            let to = path(&user, below);
            let request = tenant.owner.patch(&to).header("if-match", header).json(change.clone());
            check(header, status, &request.send().await);
            let read = tenant.owner.get(&path(&user, "")).send().await;
            assert_eq!(version(&read), if status == 200 { 3 } else { 2 }, "If-Match: {header}");
        }
    }
}

#[tokio::test]
async fn a_change_that_changes_nothing_needs_the_named_version_too() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({"display_name": "A"})).await;
    for (header, status) in [("\"1\"", 200), ("\"2\"", 412)] {
        let request = tenant.owner.patch(&path(&user, "")).header("if-match", header);
        let answer = request.json(json!({"display_name": "A"})).send().await;
        assert_eq!(answer.status, status, "If-Match: {header}\n{answer}");
    }
}

#[tokio::test]
async fn of_changes_of_one_version_one_is_made() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let to = path(&user, "");
    let changes = (0..8).map(|n| {
        let request = tenant.owner.patch(&to).header("if-match", "\"1\"");
        request.json(json!({"display_name": format!("name {n}")})).send()
    });
    let answers = futures_util::future::join_all(changes).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}
