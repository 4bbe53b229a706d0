//! What cannot be done is said in one sentence, with exit status 1.

use std::collections::BTreeMap;

use crate::{Running, Target};

#[test]
fn what_cannot_be_done_is_said_in_one_sentence() {
    let root = tempfile::tempdir().unwrap();
    let nothing = Target::Environment(BTreeMap::new());
    assert_eq!(
        nothing.refuses(&["keys", "list", "--tenant", "acme"]),
        "which deployment is not said: give --stack-name, or set USERS_TABLE or give --users-table, or name a local stack with --data-dir"
    );
    let tables = ["--users-table", "u", "--keys-table", "k"];
    assert_eq!(
        nothing.refuses(&[&["tenants", "create", "acme"][..], &tables].concat()),
        "which deployment is not said: give --stack-name, or set KMS_KEY_ID or give --kms-key-id, or name a local stack with --data-dir"
    );
    let place = root.path().join("nowhere");
    let missing = Target::DataDir(&place).refuses(&["keys", "list", "--tenant", "acme"]);
    let place = place.display();
    assert_eq!(
        missing,
        format!("{place} holds no local stack: start one with `coffer local --data-dir {place}`")
    );

    // Nobody listens on port 1.
    let away =
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "USERS_TABLE", "KEYS_TABLE", "KMS_KEY_ID"];
    let mut away: BTreeMap<_, _> = away.map(|name| (name.to_owned(), "x".to_owned())).into();
    away.insert("AWS_REGION".to_owned(), "us-east-1".to_owned());
    away.insert("AWS_ENDPOINT_URL".to_owned(), "http://127.0.0.1:1".to_owned());
    let away = Target::Environment(away);
    for command in [
        &["keys", "list", "--tenant", "acme"][..],
        &["keys", "create", "--tenant", "acme", "--role", "READER", "--name", "x"],
        &["keys", "rotate", "0123456789abcdef"],
        &["keys", "revoke", "0123456789abcdef"],
        &["tenants", "create", "acme"],
    ] {
        assert_eq!(
            away.refuses(command),
            "nobody answers at http://127.0.0.1:1: the Region, AWS_ENDPOINT_URL or the network may be wrong",
            "{command:?}"
        );
    }
    let tenant =
        "a tenant's name has 1 to 40 characters of a-z, 0-9 and -, the first of them a letter";
    let no_key = |id: &str| {
        format!("there is no key {id}: an id is the 16 characters after sk_test_ or sk_live_")
    };
    let create = |name: &'static str, value: &'static str| {
        let mut arguments = vec!["keys", "create"];
        for (option, good) in [("--tenant", "acme"), ("--role", "READER"), ("--name", "x")] {
            arguments.extend([option, if option == name { value } else { good }]);
        }
        if ["--mode", "--expires-at"].contains(&name) {
            arguments.extend([name, value]);
        }
        arguments
    };
    for (command, sentence) in [
        (create("--tenant", "Acme"), tenant.to_owned()),
        (
            create("--role", "ROOT"),
            "--role must be one of OWNER, ADMIN, COMPLIANCE_OFFICER, DEVELOPER, READER".to_owned(),
        ),
        (create("--mode", "TEST"), "--mode must be test or live".to_owned()),
        (create("--name", " "), "--name must have 1 to 100 characters, not all blank".to_owned()),
        (
            create("--expires-at", "2020-01-01"),
            "--expires-at must be a time to come, as in 2030-01-31T12:00:00Z".to_owned(),
        ),
        (vec!["keys", "list", "--tenant", ""], tenant.to_owned()),
        (vec!["tenants", "create", "9"], tenant.to_owned()),
        (vec!["keys", "rotate", "x"], no_key("x")),
        (
            vec!["keys", "rotate", "x", "--overlap-seconds", "604801"],
            "--overlap-seconds must be at most 604800".to_owned(),
        ),
        (vec!["keys", "revoke", "x"], no_key("x")),
    ] {
        assert_eq!(away.refuses(&command), sentence);
    }
}

#[test]
fn a_key_of_nobody_is_not_made() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let _running = Running::over(&data_dir);
    let target = Target::DataDir(&data_dir);
    let create = ["keys", "create", "--tenant", "acme", "--role", "OWNER", "--name", "x"];
    assert_eq!(
        target.refuses(&create),
        "there is no tenant acme: make it with `coffer tenants create acme`"
    );
    for command in [["keys", "rotate", "0123456789abcdef"], ["keys", "revoke", "0123456789abcdef"]]
    {
        assert_eq!(
            target.refuses(&command),
            "there is no key 0123456789abcdef: an id is the 16 characters after sk_test_ or sk_live_"
        );
    }
    assert_eq!(
        target.refuses(&["keys", "list", "--tenant", "acme"]),
        "there is no tenant acme: make it with `coffer tenants create acme`"
    );
}
