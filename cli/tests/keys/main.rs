//! `coffer tenants` and `coffer keys`, as an operator meets them.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's helpers fail as its tests do"
)]

mod causes;
mod doctor;
mod refusals;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

const NAMES: [&str; 16] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "COFFER_API_KEY",
    "KEYS_TABLE",
    "KMS_KEY_ID",
    "USERS_TABLE",
    "WEBHOOK_QUEUE_URL",
];

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

fn coffer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    for name in NAMES {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

/// A stack that has said that it is ready.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn over(data_dir: &Path) -> Self {
        let mut command = coffer(&["local", "--port", "0", "--template"]);
        command.arg(template()).arg("--data-dir").arg(data_dir);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(rest) = line.strip_prefix("Coffer is ready on ") else {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("not ready: {line}{said}");
        };
        let url = rest.split_whitespace().next().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Where the commands of a test find their deployment.
enum Target<'a> {
    DataDir(&'a Path),
    Environment(BTreeMap<String, String>),
}

impl Target<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = coffer(arguments);
        match self {
            Self::DataDir(path) => {
                command.arg("--data-dir").arg(path).arg("--template").arg(template());
            }
            Self::Environment(variables) => {
                command.envs(variables);
            }
        }
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it prints on stdout.
    #[track_caller]
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.prints(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// The one sentence with which it refuses.
    #[track_caller]
    fn refuses(&self, arguments: &[&str]) -> String {
        refused(&self.output(arguments))
    }
}

/// Exit status 1, nothing on stdout, and one sentence on stderr.
#[track_caller]
fn refused(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said.strip_prefix("coffer: ").unwrap().trim_end().to_owned()
}

/// What `.coffer/lambda.env` says, as a shell reads it.
fn environment(data_dir: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(data_dir.join("lambda.env")).unwrap();
    let lines = text.lines().map(|line| line.split_once('=').unwrap());
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn status(url: &str, path: &str, key: &str) -> u16 {
    let request = reqwest::Client::new().get(format!("{url}{path}")).bearer_auth(key);
    request.send().await.unwrap().status().as_u16()
}

/// The operator's whole day, by some way to the deployment.
async fn a_day(target: &Target<'_>, tenant: &str, url: &str) {
    let printed = target.prints(&["tenants", "create", tenant]);
    let [test, live] = printed.lines().collect::<Vec<_>>()[..] else { panic!("{printed}") };
    assert!(test.starts_with("sk_test_") && live.starts_with("sk_live_"), "{printed}");
    for key in [test, live] {
        assert_eq!(status(url, "/v1/api-keys", key).await, 200);
        // The tenant's own keys are there too.
        let client = reqwest::Client::new().post(format!("{url}/v1/user")).bearer_auth(key);
        let body = json!({"vault": {"identity.email": "ada@example.com"}});
        assert_eq!(client.json(&body).send().await.unwrap().status(), 201);
    }
    let tenants = target.json(&["tenants", "list"]);
    let tenants = tenants["data"].as_array().unwrap();
    assert!(tenants.iter().any(|row| row["tenant"] == tenant && row["created_at"].is_string()));
    assert!(target.prints(&["tenants", "list"]).contains(&format!("\n{tenant} ")));
    let again = target.refuses(&["tenants", "create", tenant]);
    assert_eq!(
        again,
        format!(
            "there is a tenant {tenant} already: make keys with `coffer keys create --tenant {tenant}`"
        )
    );

    let create = ["keys", "create", "--tenant", tenant, "--role", "READER", "--name", "CI"];
    let reader = target.prints(&create);
    let reader = reader.trim_end();
    assert!(reader.starts_with("sk_test_") && reader.lines().count() == 1, "{reader}");
    assert_eq!(status(url, "/v1/vault/fields", reader).await, 200);
    assert_eq!(status(url, "/v1/api-keys", reader).await, 403);
    let limited = [&create[..], &["--mode", "live", "--expires-at", "2999-01-01"]].concat();
    let made = target.json(&limited);
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!(made["expires_at"], "2999-01-01T00:00:00.000Z");
    assert_eq!((&made["mode"], &made["created_by"]), (&json!("live"), &json!("operator")));
    assert_eq!(status(url, "/v1/vault/fields", secret).await, 200);

    let rotated = target.json(&["keys", "rotate", id, "--overlap-seconds", "600"]);
    assert_eq!(rotated["replaces"], id);
    let new = rotated["secret"].as_str().unwrap();
    assert_eq!(status(url, "/v1/vault/fields", new).await, 200);
    assert_eq!(
        target.refuses(&["keys", "rotate", id]),
        format!("{id} has expired, or was revoked or rotated before")
    );
    for _ in 0..2 {
        assert_eq!(target.prints(&["keys", "revoke", id]), "");
    }

    let listed = target.json(&["keys", "list", "--tenant", tenant]);
    let keys = listed["data"].as_array().unwrap();
    let row = |key: &Value| {
        let member = |name: &str| key[name].as_str().unwrap().to_owned();
        (member("mode"), member("role"), member("status"))
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    let rows: Vec<_> = rows.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(
        rows,
        [
            ("test", "READER", "active"),
            ("test", "OWNER", "active"),
            ("live", "READER", "active"),
            ("live", "READER", "revoked"),
            ("live", "OWNER", "active"),
        ]
    );
    assert!(keys[0]["last_used_at"].is_string());
    let table = target.prints(&["keys", "list", "--tenant", tenant, "--mode", "live"]);
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.lines().next().unwrap().starts_with("id                mode  role"), "{table}");
    assert!(!table.contains("sk_"));
    let owner = keys[4]["id"].as_str().unwrap();
    assert_eq!(
        target.refuses(&["keys", "revoke", owner]),
        format!(
            "{owner} is the last owner key of its tenant and mode that does not expire: make another one first, or rotate it"
        )
    );
}

#[tokio::test]
async fn on_a_local_stack_that_is_running() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let running = Running::over(&data_dir);
    a_day(&Target::DataDir(&data_dir), "acme", &running.url).await;
    // As on a deployed one: tables by name, and what the SDK reads of the environment.
    let environment = environment(&data_dir);
    let by_environment = Target::Environment(environment.clone());
    a_day(&by_environment, "globex", &running.url).await;

    // By options in place of variables.
    let mut endpoints = environment;
    let taken =
        ["USERS_TABLE", "KEYS_TABLE", "KMS_KEY_ID"].map(|name| endpoints.remove(name).unwrap());
    let named =
        ["keys", "list", "--tenant", "acme", "--users-table", &taken[0], "--keys-table", &taken[1]];
    let listed = Target::Environment(endpoints).json(&named);
    assert_eq!(listed["data"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn on_the_data_of_a_local_stack_that_is_not_running() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    drop(Running::over(&data_dir));
    let target = Target::DataDir(&data_dir);
    let made = target.json(&["tenants", "create", "acme"]);
    assert_eq!(made["tenant"], "acme");
    let keys = made["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for (key, mode) in keys.iter().zip(["test", "live"]) {
        assert_eq!((&key["mode"], &key["role"]), (&json!(mode), &json!("OWNER")));
        assert_eq!(key["name"], format!("first {mode} owner"));
    }
    let local = target.json(&["keys", "list", "--tenant", "local", "--mode", "test"]);
    assert_eq!(local["data"].as_array().unwrap().len(), 5, "the seeded ones");
    let running = Running::over(&data_dir);
    for key in keys {
        assert_eq!(
            status(&running.url, "/v1/api-keys", key["secret"].as_str().unwrap()).await,
            200
        );
    }
}
