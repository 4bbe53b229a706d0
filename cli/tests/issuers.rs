//! `coffer issuers`, beside a running stack and without one.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use coffer::local::{Options, Stack};
use serde_json::Value;

fn issuers(data_dir: &Path, arguments: &[&str]) -> Output {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    command.env_remove("AWS_ENDPOINT_URL_DYNAMODB").env_remove("AWS_ENDPOINT_URL_KMS");
    command.arg("issuers").args(arguments).args(["--tenant", "local", "--mode", "test"]);
    command.arg("--template").arg(template).arg("--data-dir").arg(data_dir).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

const ADD: [&str; 5] = ["add", "--issuer", "https://issuer.example.com/", "--audience", "api"];
const URL: [&str; 2] = ["--jwks-url", "https://issuer.example.com/jwks.json"];

fn walk(data_dir: &Path) {
    assert!(
        said(&issuers(data_dir, &["list"])).starts_with("urn:coffer:local:test\tcoffer\tinline\t")
    );
    for _again in 0..2 {
        said(&issuers(data_dir, &[&ADD[..], &URL[..]].concat()));
    }
    let listed = said(&issuers(data_dir, &["list"]));
    assert_eq!(listed.lines().count(), 2);
    let line = "https://issuer.example.com/\tapi\thttps://issuer.example.com/jwks.json\t";
    assert!(listed.starts_with(line), "{listed}");
    let taken = ["add", "--issuer", "urn:coffer:local:live", "--audience", "api"];
    for (arguments, complaint) in [
        ([&taken[..], &URL[..]].concat(), "is registered for another tenant or mode already"),
        ([&ADD[..], &["--jwks-url", "http://example.com/"]].concat(), "must be an https:// URL"),
        ([&ADD[..], &["--jwks-file", "/nowhere"]].concat(), "/nowhere cannot be read"),
        (vec!["remove", "--issuer", "urn:coffer:local:live"], "there is no issuer"),
    ] {
        let output = issuers(data_dir, &arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(complaint), "{arguments:?}: {text}");
    }
    said(&issuers(data_dir, &["remove", "--issuer", "https://issuer.example.com/"]));
    assert_eq!(said(&issuers(data_dir, &["list"])).lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_are_managed_with_and_without_a_running_stack() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let options = Options { data_dir: Some(data_dir.clone()), ..Options::ephemeral(template) };
    let stack = Stack::start(options.clone()).await.unwrap();
    walk(&data_dir);
    let text = fs::read_to_string(data_dir.join("credentials.json")).unwrap();
    let credentials: Value = serde_json::from_str(&text).unwrap();
    let key = fs::read(data_dir.join("issuer.pk8")).unwrap();
    let client = reqwest::Client::new();
    let url = format!("{}/users/64f0c51e7fb3fc001234a001", stack.base_url());
    for name in ["jwt", "jwt_live"] {
        let token = credentials[name].as_str().unwrap();
        let answer = client.get(&url).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{name} may read, and nobody is there");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(data_dir.join("issuer.pk8")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    stack.shutdown().await;
    walk(&data_dir);
    let stack = Stack::start(options).await.unwrap();
    assert_eq!(fs::read(data_dir.join("issuer.pk8")).unwrap(), key, "it is kept");
    let url = format!("{}/users/64f0c51e7fb3fc001234a001", stack.base_url());
    let earlier = credentials["jwt"].as_str().unwrap();
    let answer = client.get(&url).bearer_auth(earlier).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 404, "earlier tokens go on");
    stack.shutdown().await;
}
