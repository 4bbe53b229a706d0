//! `coffer keys`: the API keys of a deployment, by whoever may write to its tables.

use ::keys::{ApiKeyView, ListedView};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::{
    App, Error,
    api_keys::{
        MAX_LISTED, Manager, Rotation, create_api_key, list_api_keys, revoke_api_key,
        rotate_api_key,
    },
    auth::{IssuedApiKey, NewApiKey, Role},
    domain::{Mode, Scope, TenantId, Timestamp, value::is_text},
    error::ApiKeyConflict,
    store::ApiKeyRecord,
    tenants,
};
use time::Duration;

use crate::{
    deployment::{Deployment, Failure, Kms},
    output, run_local,
};

/// What to do with keys.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key, and print its secret, which is not shown again
    Create(Create),
    /// List the keys of a tenant, newest first
    List(List),
    /// Make a key in the place of another, which ends by itself
    Rotate(Rotate),
    /// Withdraw a key for good
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Create {
    /// Whose key
    #[arg(long)]
    tenant: String,
    /// What it may do: OWNER, ADMIN, `COMPLIANCE_OFFICER`, DEVELOPER or READER
    #[arg(long)]
    role: String,
    /// What to call it: 1 to 100 characters
    #[arg(long)]
    name: String,
    /// Which data it opens: test or live
    #[arg(long, default_value = "test")]
    mode: String,
    /// When it ends by itself, as in 2030-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct List {
    /// Whose keys
    #[arg(long)]
    tenant: String,
    /// Those of one mode, test or live [default: both]
    #[arg(long)]
    mode: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Rotate {
    /// The id of the key: the 16 characters after `sk_test_` or `sk_live_`
    id: String,
    /// How long both keys are valid: 0 to 604800, a week [default: 86400, a day]
    #[arg(long, value_name = "SECONDS")]
    overlap_seconds: Option<u32>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Revoke {
    /// The id of the key: the 16 characters after `sk_test_` or `sk_live_`
    id: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    deployment: Deployment,
}

/// Runs the command. An error is one sentence.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let command = &arguments.command;
    let work = async |app: &App| command.run(app).await;
    run_local::block_on(command.common().deployment.work(Kms::Unused, work))?
}

impl Command {
    const fn common(&self) -> &Common {
        match self {
            Self::Create(it) => &it.common,
            Self::List(it) => &it.common,
            Self::Rotate(it) => &it.common,
            Self::Revoke(it) => &it.common,
        }
    }

    async fn run(&self, app: &App) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(app).await,
            Self::List(list) => list.run(app).await,
            Self::Rotate(rotate) => rotate.run(app).await,
            Self::Revoke(revoke) => revoke.run(app).await,
        }
    }
}

impl Create {
    async fn run(&self, app: &App) -> Result<(), Failure> {
        let new = self.new_key(Timestamp::now())?;
        require_tenant(app, &new.scope).await?;
        let made = create_api_key(app, &Manager::Operator, &new, None).await;
        let made = made.map_err(|error| failed(&error, ""))?;
        let issued = made.issued.ok_or("the key was made before")?;
        Ok(shown(&made.record, &issued, self.common.json)?)
    }

    fn new_key(&self, now: Timestamp) -> Result<NewApiKey, String> {
        let tenant = parse_tenant(&self.tenant)?;
        let role = Role::parse(&self.role).ok_or_else(|| {
            format!("--role must be one of {}", Role::ALL.map(Role::as_str).join(", "))
        })?;
        let mode = parse_mode(&self.mode)?;
        if !is_text(&self.name, 100) {
            return Err("--name must have 1 to 100 characters, not all blank".to_owned());
        }
        let expires_at = self.expires_at.as_deref().map(|text| {
            Timestamp::parse(text)
                .filter(|time| now < *time)
                .ok_or("--expires-at must be a time to come, as in 2030-01-31T12:00:00Z")
        });
        let (name, expires_at) = (self.name.clone(), expires_at.transpose()?);
        Ok(NewApiKey { scope: Scope { tenant, mode }, role, name, expires_at })
    }
}

impl List {
    async fn run(&self, app: &App) -> Result<(), Failure> {
        let tenant = parse_tenant(&self.tenant)?;
        let modes = match &self.mode {
            Some(mode) => vec![parse_mode(mode)?],
            None => Mode::ALL.to_vec(),
        };
        let mut found = Vec::new();
        for mode in modes {
            let (scope, mut cursor) = (Scope { tenant: tenant.clone(), mode }, None::<String>);
            require_tenant(app, &scope).await?;
            loop {
                let page = list_api_keys(app, &scope, MAX_LISTED, cursor.as_deref()).await;
                let page = page.map_err(|error| failed(&error, ""))?;
                found.extend(page.keys);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        let now = Timestamp::now();
        let rows: Vec<Value> =
            found.iter().map(|(key, used)| json!(ListedView::of(key, *used, now))).collect();
        if self.common.json {
            return Ok(output::result(&json!({"object": "list", "data": rows}).to_string())?);
        }
        Ok(output::result(&table(&rows))?)
    }
}

/// The members that fit on a line, one key per line.
fn table(rows: &[Value]) -> String {
    const COLUMNS: [(&str, usize); 8] = [
        ("id", 16),
        ("mode", 4),
        ("role", 18),
        ("status", 7),
        ("created_at", 24),
        ("expires_at", 24),
        ("last_used_at", 24),
        ("name", 0),
    ];
    let line = |text: &dyn Fn(&'static str) -> String| {
        let cells = COLUMNS.map(|(name, width)| format!("{:<width$}", text(name)));
        cells.join("  ").trim_end().to_owned()
    };
    let head = line(&|name| name.to_owned());
    let cell =
        |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let rows = rows.iter().map(|row| line(&|name| cell(row, name)));
    [head].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

impl Rotate {
    async fn run(&self, app: &App) -> Result<(), Failure> {
        let max = Rotation::MAX_OVERLAP;
        let overlap = self.overlap_seconds.map(|seconds| Duration::seconds(seconds.into()));
        let overlap = overlap.unwrap_or(Rotation::DEFAULT_OVERLAP);
        if max < overlap {
            let seconds = max.whole_seconds();
            return Err(format!("--overlap-seconds must be at most {seconds}").into());
        }
        let rotation = Rotation { overlap, expires_at: None };
        let rotated = rotate_api_key(app, &Manager::Operator, &self.id, rotation, None).await;
        let (made, old) = rotated.map_err(|error| failed(&error, &self.id))?;
        let issued = made.issued.ok_or("the key was rotated before")?;
        let end = old.expires_at.map(Timestamp::to_millis_string).unwrap_or_default();
        output::remark(&format!("{} is valid until {end}", old.id));
        Ok(shown(&made.record, &issued, self.common.json)?)
    }
}

impl Revoke {
    async fn run(&self, app: &App) -> Result<(), Failure> {
        let revoked = revoke_api_key(app, &Manager::Operator, &self.id).await;
        revoked.map_err(|error| failed(&error, &self.id))?;
        output::remark(&format!(
            "{} is revoked: from at most 60 seconds on, nothing takes it",
            self.id
        ));
        if self.common.json {
            let revoked = json!({"id": self.id, "status": "revoked"});
            return Ok(output::result(&revoked.to_string())?);
        }
        Ok(())
    }
}

/// Shows a key that was just made: its secret alone, or all of it as JSON.
fn shown(record: &ApiKeyRecord, issued: &IssuedApiKey, as_json: bool) -> Result<(), String> {
    if as_json {
        return output::result(&with_secret(record, issued).to_string());
    }
    output::remark(&format!("the key {} was made; its secret is not shown again:", record.id));
    // EXPOSE: to the person who made the key, now or never.
    output::result(issued.expose_secret())
}

/// A key with its secret, as the API shows one that was just made.
pub(crate) fn with_secret(record: &ApiKeyRecord, issued: &IssuedApiKey) -> Value {
    let mut view = json!(ApiKeyView::of(record, Timestamp::now()));
    if let Some(members) = view.as_object_mut() {
        // EXPOSE: to the person who made the key, now or never.
        members.insert("secret".to_owned(), issued.expose_secret().into());
    }
    view
}

pub(crate) fn parse_tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|_| {
        "a tenant's name has 1 to 40 characters of a-z, 0-9 and -, the first of them a letter"
            .to_owned()
    })
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).map_err(|_| "--mode must be test or live".to_owned())
}

/// Refuses a tenant that was never brought in.
async fn require_tenant(app: &App, scope: &Scope) -> Result<(), Failure> {
    if tenants::exists(app, scope).await.map_err(|error| failed(&error, ""))? {
        return Ok(());
    }
    let tenant = scope.tenant.as_str();
    Err(format!("there is no tenant {tenant}: make it with `coffer tenants create {tenant}`")
        .into())
}

/// What went wrong; `id` is the key that was named.
pub(crate) fn failed(error: &Error, id: &str) -> Failure {
    if let Error::NotFound = error {
        format!("there is no key {id}: an id is the 16 characters after sk_test_ or sk_live_")
            .into()
    } else if let Error::ApiKey(ApiKeyConflict::LastOwner) = error {
        format!(
            "{id} is the last owner key of its tenant and mode that does not expire: make another one first, or rotate it"
        )
        .into()
    } else if let Error::ApiKey(ApiKeyConflict::NotActive) = error {
        format!("{id} has expired, or was revoked or rotated before").into()
    } else {
        error.into()
    }
}
