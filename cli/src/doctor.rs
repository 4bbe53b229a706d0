//! `coffer doctor`: whether a deployment is as it should be, and what to do where it is not.

mod http;
mod key;
mod queues;
mod round_trip;
mod tables;

use std::path::Path;

use clap::Args;
use coffer::local::{Credentials, chain};
use serde::Serialize;
use serde_json::json;
use shared::{auth::Role, domain::Mode};

use crate::{
    deployment::{API_URL, Deployment, Kms, Opened, variable},
    output, run_local,
};

/// Which deployment to look at.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Where the API is, to make a user with the test key in the environment's `COFFER_API_KEY`, reveal and delete it
    /// [default: the stack's output `ApiUrl`; of a local stack, its own, with its own key]
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    #[command(flatten)]
    deployment: Deployment,
}

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and is to be seen to.
    Warn,
    /// It does not work.
    Fail,
    /// It was not looked at.
    Skipped,
}

/// One finding.
#[derive(Debug, Serialize)]
struct Row {
    /// What was looked at.
    check: String,
    verdict: Verdict,
    /// How it was found.
    found: String,
    /// What to do about it; empty where there is nothing to do.
    #[serde(skip_serializing_if = "str::is_empty")]
    remedy: &'static str,
}

impl Row {
    fn new(
        check: impl Into<String>,
        verdict: Verdict,
        found: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self { check: check.into(), verdict, found: found.into(), remedy }
    }

    fn ok(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, found, "")
    }
}

/// Whether the servers are AWS's own. Those of a local stack know neither backups nor key policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Servers {
    Aws,
    Local,
}

/// How the API is called.
struct Api {
    url: String,
    key: String,
}

/// Looks, and says. An error is one sentence, and so is a finding that fails.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let rows = run_local::block_on(arguments.examine())??;
    let failed = rows.iter().filter(|row| row.verdict == Verdict::Fail).count();
    if arguments.json {
        output::result(&json!({"healthy": failed == 0, "checks": rows}).to_string())?;
    } else {
        output::result(&rows.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    }
    match failed {
        0 => Ok(()),
        1 => Err(format!("1 of {} checks failed", rows.len())),
        _ => Err(format!("{failed} of {} checks failed", rows.len())),
    }
}

fn line(row: &Row) -> String {
    let verdict = match row.verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
        Verdict::Skipped => "skipped",
    };
    let line = format!("{verdict:<8} {}: {}", row.check, row.found);
    if row.remedy.is_empty() { line } else { format!("{line}\n{:<8} → {}", "", row.remedy) }
}

impl Arguments {
    async fn examine(&self) -> Result<Vec<Row>, String> {
        let opened = self.deployment.open(Kms::Needed).await?;
        let rows = self.examine_opened(&opened).await;
        opened.close().await;
        rows
    }

    async fn examine_opened(&self, opened: &Opened) -> Result<Vec<Row>, String> {
        let servers = match self.deployment.data_dir() {
            Some(_) => Servers::Local,
            None => Servers::Aws,
        };
        let config = &opened.app()?.config;
        let names = [("UsersTable", &*config.users_table), ("KeysTable", &config.keys_table)];
        let mut rows = Vec::new();
        for (declared, name) in names {
            rows.extend(tables::check(opened.sdk(), servers, declared, name).await);
        }
        rows.extend(key::check(opened.sdk(), servers, &config.kms_key_id).await);
        let queue = opened.setting("WEBHOOK_QUEUE_URL");
        rows.push(queues::check(opened.sdk(), queue.as_deref()).await);
        rows.push(queues::resources(opened.sdk(), servers, self.deployment.stack_name()).await);
        rows.push(http::clock(&opened.url("DynamoDB")).await);
        rows.push(match self.api(opened) {
            Ok(Some(api)) => round_trip::check(&api).await,
            Ok(None) => Row::new(
                round_trip::NAME,
                Verdict::Skipped,
                "no key of a test tenant is at hand",
                "set COFFER_API_KEY to a test key of an owner or administrator, and name the API with --stack-name or --api-url",
            ),
            Err(sentence) => Row::new(round_trip::NAME, Verdict::Fail, sentence, ""),
        });
        Ok(rows)
    }

    fn api(&self, opened: &Opened) -> Result<Option<Api>, String> {
        if let Some(data_dir) = self.deployment.data_dir() {
            let credentials = match opened {
                Opened::Stack(stack) => stack.credentials().clone(),
                Opened::Running(_) => credentials(data_dir)?,
            };
            let key = credentials.api_key(Mode::Test, Role::Owner);
            let key = key.map(|key| key.api_key.clone());
            return Ok(key.map(|key| Api { url: credentials.base_url, key }));
        }
        let url = self.api_url.clone().or_else(|| opened.setting(API_URL));
        let Some((url, key)) = url.zip(variable("COFFER_API_KEY")) else { return Ok(None) };
        if !key.starts_with("sk_test_") {
            return Err("COFFER_API_KEY is no test key: live data are left alone".to_owned());
        }
        Ok(Some(Api { url, key }))
    }
}

/// The credentials that a running local stack wrote down.
fn credentials(data_dir: &Path) -> Result<Credentials, String> {
    let path = data_dir.join("credentials.json");
    let failed = |error: &dyn std::error::Error| format!("{}: {}", path.display(), chain(error));
    let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}
