//! `coffer doctor`: what it says of a deployment that is well, and of one that is not.

use serde_json::Value;

use crate::{Running, Target, causes::cloudformation, environment};

/// The rows, and whether all is well.
fn examined(target: &Target<'_>, arguments: &[&str]) -> (bool, Vec<Value>) {
    let output = target.output(&[&["doctor", "--json"], arguments].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let healthy = report["healthy"].as_bool().unwrap();
    assert_eq!(output.status.success(), healthy, "{said}");
    assert_eq!(said.is_empty(), healthy, "{said}");
    (healthy, report["checks"].as_array().unwrap().clone())
}

fn verdict(rows: &[Value], check: &str) -> (String, String) {
    let row = rows.iter().find(|row| row["check"] == check);
    let row = row.unwrap_or_else(|| panic!("no {check} among {rows:#?}"));
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    (text("verdict"), text("found"))
}

fn ok(found: &str) -> (String, String) {
    ("ok".to_owned(), found.to_owned())
}

const ROUND_TRIP: &str = "a user made, revealed and deleted";

#[tokio::test]
async fn a_local_stack_that_is_well() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let target = Target::DataDir(&data_dir);
    let running = Running::over(&data_dir);
    let (healthy, rows) = examined(&target, &[]);
    assert!(healthy, "{rows:#?}");
    assert!(rows.iter().all(|row| row["verdict"] == "ok"), "{rows:#?}");
    for table in ["UsersTable", "KeysTable"] {
        let of = |what: &str| verdict(&rows, &format!("table {table}, {what}"));
        assert_eq!(of("there"), ok("active"));
        assert_eq!(of("keys, indexes and stream"), ok("as declared"));
        assert_eq!(of("time to live"), ok("by ttl"));
    }
    assert_eq!(verdict(&rows, "KMS key"), ok("Enabled"));
    assert_eq!(verdict(&rows, ROUND_TRIP), ok(&format!("through {}", running.url)));
    // Nobody is left among the living.
    let credentials = std::fs::read_to_string(data_dir.join("credentials.json")).unwrap();
    let credentials: Value = serde_json::from_str(&credentials).unwrap();
    let key = credentials["test"]["OWNER"]["api_key"].as_str().unwrap();
    let users = reqwest::Client::new().get(format!("{}/v3/users", running.url));
    let users = users.header("x-api-key", key).send().await.unwrap();
    assert_eq!(users.json::<Value>().await.unwrap()["count"], 0);
    drop(running);
    let (healthy, rows) = examined(&target, &[]);
    assert!(healthy, "{rows:#?}");
    assert_eq!(verdict(&rows, ROUND_TRIP).0, "ok");
    let lines = target.prints(&["doctor"]);
    assert!(lines.lines().all(|line| line.starts_with("ok       ")), "{lines}");
}

/// As for a deployment in AWS, on servers that know no backups and no key policies.
#[test]
fn a_deployment_that_is_not_well() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let running = Running::over(&data_dir);
    let mut variables = environment(&data_dir);
    let credentials = std::fs::read_to_string(data_dir.join("credentials.json")).unwrap();
    let credentials: Value = serde_json::from_str(&credentials).unwrap();
    let key = |mode: &str| credentials[mode]["OWNER"]["api_key"].as_str().unwrap().to_owned();
    let taken = ["USERS_TABLE", "KEYS_TABLE", "KMS_KEY_ID", "WEBHOOK_QUEUE_URL"];
    let [users, keys, vault, queue] = taken.map(|name| variables.remove(name).unwrap());
    let outputs = [
        ("UsersTableName", &*users),
        ("KeysTableName", &*keys),
        ("VaultKeyArn", &*vault),
        ("WebhookQueueUrl", &*queue),
        ("ApiUrl", &*running.url),
    ];
    let url = cloudformation("acme-prod", &outputs);
    variables.insert("AWS_ENDPOINT_URL_CLOUDFORMATION".to_owned(), url);
    let without_key = Target::Environment(variables.clone());
    let named = ["--stack-name", "acme-prod"];
    let (healthy, rows) = examined(&without_key, &named);
    assert!(!healthy);
    assert_eq!(verdict(&rows, "table UsersTable, keys, indexes and stream"), ok("as declared"));
    assert_eq!(
        verdict(&rows, "KMS key, policy"),
        ("fail".to_owned(), "anybody whom IAM permits may unwrap keys".to_owned())
    );
    assert_eq!(verdict(&rows, "table UsersTable, deletion protection").0, "warn");
    assert_eq!(
        verdict(&rows, "streams, queues and schedules of the workers"),
        ("fail".to_owned(), "Fan is CREATE_FAILED".to_owned())
    );
    assert_eq!(verdict(&rows, "queue of webhooks").0, "ok");
    assert_eq!(verdict(&rows, ROUND_TRIP).0, "skipped");

    variables.insert("COFFER_API_KEY".to_owned(), key("test"));
    let with_key = Target::Environment(variables.clone());
    let (_, rows) = examined(&with_key, &named);
    assert_eq!(verdict(&rows, ROUND_TRIP), ok(&format!("through {}", running.url)));
    let nobody = [&named[..], &["--api-url", "http://127.0.0.1:1"]].concat();
    let (verdict_, found) = verdict(&examined(&with_key, &nobody).1, ROUND_TRIP);
    assert_eq!(verdict_, "fail");
    assert!(found.starts_with("nobody answers at http://127.0.0.1:1/v1/user: "), "{found}");

    variables.insert("COFFER_API_KEY".to_owned(), key("live"));
    let (_, rows) = examined(&Target::Environment(variables.clone()), &named);
    let refused = "COFFER_API_KEY is no test key: live data are left alone";
    assert_eq!(verdict(&rows, ROUND_TRIP), ("fail".to_owned(), refused.to_owned()));

    let elsewhere = [&named[..], &["--users-table", "Elsewhere"]].concat();
    let output = without_key.output(&[&["doctor"], &elsewhere[..]].concat());
    let printed = String::from_utf8(output.stdout).unwrap();
    let missing = "FAIL     table Elsewhere, there: ResourceNotFoundException\n         → check";
    assert!(printed.contains(missing), "{printed}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.ends_with(" checks failed\n") && said.lines().count() == 1, "{said}");
}
