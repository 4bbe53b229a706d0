//! The real `coffer` binary, as a person at a keyboard meets it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
};

use serde_json::Value;

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

fn coffer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    command
        .env_remove("AWS_ENDPOINT_URL_DYNAMODB")
        .env_remove("AWS_ENDPOINT_URL_KMS")
        .env_remove("AWS_ENDPOINT_URL_SQS")
        .args(["local", "--port", "0", "--template"])
        .arg(template());
    command
}

/// A stack that has said that it is ready.
struct Running {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    url: String,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(rest) = line.strip_prefix("Coffer is ready on ") else {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("not ready: {line}{said}");
        };
        let url = rest.split_whitespace().next().unwrap().to_owned();
        Self { child, stdout, url }
    }

    fn over(data_dir: &Path) -> Self {
        Self::start(coffer().arg("--data-dir").arg(data_dir))
    }

    fn stop(mut self, signal: &str) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already, where a test stopped it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Exit status 1, nothing on stdout, and one sentence on stderr.
fn refused(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty());
    assert_eq!(said.lines().count(), 1, "{said}");
    said.strip_prefix("coffer: ").unwrap().trim_end().to_owned()
}

fn credentials(data_dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(data_dir.join("credentials.json")).unwrap()).unwrap()
}

#[tokio::test]
async fn it_serves_the_routes_of_the_template_and_no_others() {
    let root = tempfile::tempdir().unwrap();
    let running = Running::over(&root.path().join("data"));
    let credentials = credentials(&root.path().join("data"));
    assert_eq!(credentials["base_url"], running.url);

    let key = credentials["test"]["OWNER"]["api_key"].as_str().unwrap();
    let client = reqwest::Client::new();
    let fields = client.get(format!("{}/v1/vault/fields", running.url)).bearer_auth(key);
    let answer = fields.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-amzn-requestid"));

    let answer = client.get(format!("{}/v1/nothing", running.url)).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["code"], "not_found", "{body}");

    let too_large =
        client.post(format!("{}/v1/user", running.url)).body(vec![b' '; 11 * 1024 * 1024]);
    // The gateway may close the connection while the body is still being sent.
    if let Ok(answer) = too_large.send().await {
        assert_eq!(answer.status(), 413);
        assert!(answer.text().await.unwrap().contains("body_too_large"));
    }
}

#[test]
fn a_restart_keeps_the_credentials_whatever_ended_the_last_run() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");

    let (status, said) = Running::over(&data_dir).stop("-TERM");
    assert_eq!(status.code(), Some(0));
    assert!(said.contains("curl -X POST"), "{said}");
    let first = credentials(&data_dir);
    assert_eq!(first["test"].as_object().unwrap().len(), 5);
    assert_eq!(first["live"].as_object().unwrap().len(), 5);

    let (status, _) = Running::over(&data_dir).stop("-KILL");
    assert!(!status.success());
    let running = Running::over(&data_dir);
    let third = credentials(&data_dir);
    assert_eq!(third["base_url"], running.url);
    assert_eq!((&first["test"], &first["live"]), (&third["test"], &third["live"]));
    assert_eq!(running.stop("-INT").0.code(), Some(0));

    for name in ["credentials.json", "kms.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(data_dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_ephemeral_run_says_its_keys_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let running = Running::start(coffer().arg("--ephemeral").current_dir(root.path()));
    let (status, said) = running.stop("-TERM");
    assert_eq!(status.code(), Some(0));
    assert!(said.contains("test OWNER") && said.contains("live READER"), "{said}");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_port_in_use_is_said_before_anything_is_touched() {
    let root = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    // A bare `coffer` is `coffer local`.
    command.args(["--port", &port, "--template"]).arg(template()).current_dir(root.path());
    let sentence = refused(&command.output().unwrap());
    assert_eq!(
        sentence,
        format!(
            "127.0.0.1:{port} is already in use: stop what listens there, or choose another --port"
        )
    );
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_template_that_is_missing_or_broken_is_said() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("template.yaml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    command.args(["--port", "0", "--ephemeral"]).current_dir(root.path());
    let sentence = refused(&command.output().unwrap());
    assert_eq!(
        sentence,
        "there is no template.yaml here or in a directory above: name one with --template"
    );

    let text = fs::read_to_string(template()).unwrap();
    fs::write(&path, text.replacen("Method: POST", "Method: 'P ST'", 1)).unwrap();
    let sentence = refused(&command.output().unwrap());
    assert!(
        sentence.ends_with(
            "Resources.PalmCreateUser.Properties.Events.Call.Properties.Method: found \"P ST\", \
             expected DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY"
        ),
        "{sentence}"
    );

    fs::write(&path, text.replace("Binary: palm_get_user ", "Binary: palm_get_yser ")).unwrap();
    let sentence = refused(&command.output().unwrap());
    assert_eq!(
        sentence,
        "the template's function PalmGetUser names the operation palm_get_yser, which does not exist"
    );
}

#[test]
fn a_data_directory_in_use_is_said() {
    let root = tempfile::tempdir().unwrap();
    let running = Running::over(root.path());
    let sentence = refused(&coffer().arg("--data-dir").arg(root.path()).output().unwrap());
    assert!(sentence.contains("is in use by another `coffer local`"), "{sentence}");
    drop(running);
}

#[test]
fn a_data_directory_that_is_a_file_is_said() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let sentence = refused(&coffer().arg("--data-dir").arg(file.path()).output().unwrap());
    assert!(
        sentence.starts_with(&format!("{} cannot be used: ", file.path().display())),
        "{sentence}"
    );
}

#[test]
fn data_of_another_template_are_not_touched() {
    let root = tempfile::tempdir().unwrap();
    drop(Running::over(&root.path().join("data")));
    let other = root.path().join("other.yaml");
    let text = fs::read_to_string(template()).unwrap();
    fs::write(&other, text.replace("AttributeName: lr,", "AttributeName: lq,")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    command
        .args(["--port", "0", "--data-dir"])
        .arg(root.path().join("data"))
        .arg("--template")
        .arg(other);
    let sentence = refused(&command.output().unwrap());
    assert!(
        sentence.starts_with(
            "the table UsersTable was made by another version of the template (key (pk:S, sk:S)"
        ),
        "{sentence}"
    );
}

#[test]
fn data_whose_keys_are_lost_are_not_touched() {
    let root = tempfile::tempdir().unwrap();
    drop(Running::over(root.path()));
    fs::remove_file(root.path().join("kms.json")).unwrap();
    let sentence = refused(&coffer().arg("--data-dir").arg(root.path()).output().unwrap());
    assert!(
        sentence.contains("kms.json is missing, and the data beside it cannot be opened"),
        "{sentence}"
    );

    fs::write(root.path().join("kms.json"), "{").unwrap();
    let sentence = refused(&coffer().arg("--data-dir").arg(root.path()).output().unwrap());
    assert!(sentence.contains("kms.json is damaged"), "{sentence}");
}
