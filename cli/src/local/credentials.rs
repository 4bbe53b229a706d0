//! The first tenant, `local`: its keys in the store, and the file that names them.

use std::{collections::BTreeMap, error::Error, fmt, path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use shared::{
    app::App,
    auth::{self, IssuedApiKey, NewApiKey, Role},
    domain::{Mode, Scope, TenantId},
    tenants,
    vault::VaultError,
};

use super::{StartError, data_dir, issuer::LocalIssuer, tables::Content};

/// The tenant that a local stack starts with.
pub const TENANT: &str = "local";

/// What a client needs to call this stack: one API key per mode and role, and
/// one access token per mode. Written for the person at the keyboard, so
/// it does serialise; it does not show itself in a log.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// Where the stack listens.
    pub base_url: String,
    test: BTreeMap<String, ApiKey>,
    live: BTreeMap<String, ApiKey>,
    /// An access token with all scopes of users, in test mode.
    #[serde(default)]
    pub jwt: String,
    /// The same in live mode.
    #[serde(default)]
    pub jwt_live: String,
}

/// One API key, in every spelling that some API asks for.
#[derive(Clone, Serialize, Deserialize)]
pub struct ApiKey {
    /// The whole `sk_…` string: Palm's bearer, Didit's `x-api-key`.
    pub api_key: String,
    /// Its public id: Truv's `X-Access-Client-Id`.
    pub client_id: String,
    /// The whole `sk_…` string again: Truv's `X-Access-Secret`.
    pub client_secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(..)")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(..)")
    }
}

impl From<IssuedApiKey> for ApiKey {
    fn from(issued: IssuedApiKey) -> Self {
        // EXPOSE: this is the one time that the key is shown, to the person who started the stack.
        let secret = issued.expose_secret().to_owned();
        Self { api_key: secret.clone(), client_id: issued.id.clone(), client_secret: secret }
    }
}

/// The tenant's data of one mode.
fn scope(mode: Mode) -> Result<Scope, StartError> {
    let tenant = TenantId::parse(TENANT).map_err(|error| StartError::Seed(error.into()))?;
    Ok(Scope { tenant, mode })
}

impl Credentials {
    /// The key of this mode and role.
    pub fn api_key(&self, mode: Mode, role: Role) -> Option<&ApiKey> {
        match mode {
            Mode::Test => self.test.get(role.as_str()),
            Mode::Live => self.live.get(role.as_str()),
        }
    }

    /// Fails where the tenant's keys are there and cannot be opened: with tables of another stack, say.
    pub(super) async fn check_keys(app: &App) -> Result<(), Box<dyn Error + Send + Sync>> {
        for mode in Mode::ALL {
            match app.keyring.latest_branch(&scope(mode)?).await {
                Ok(_) | Err(VaultError::NoKey(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Those of an earlier start, if its tables are still there; else new ones, written to the file if there is one.
    pub(super) async fn provide(
        file: Option<&Path>,
        base_url: &str,
        app: &Arc<App>,
        tables: Content,
        issuer: &LocalIssuer,
    ) -> Result<Self, StartError> {
        let earlier = match (file, tables) {
            (Some(path), Content::Kept) => Self::read(path, base_url)?,
            (Some(_), Content::Fresh) | (None, _) => None,
        };
        let mut credentials = match earlier {
            Some(credentials) => credentials,
            None => Self::issue(app, base_url).await?,
        };
        credentials.jwt = issuer.introduce(app, &scope(Mode::Test)?).await?;
        credentials.jwt_live = issuer.introduce(app, &scope(Mode::Live)?).await?;
        if let Some(path) = file {
            credentials.write(path)?;
        }
        Ok(credentials)
    }

    /// Makes the tenant's keys, and issues an API key per mode and role.
    async fn issue(app: &App, base_url: &str) -> Result<Self, StartError> {
        let mut credentials = Self {
            base_url: base_url.to_owned(),
            test: BTreeMap::new(),
            live: BTreeMap::new(),
            jwt: String::new(),
            jwt_live: String::new(),
        };
        for mode in Mode::ALL {
            let scope = scope(mode)?;
            tenants::provision(app, &scope)
                .await
                .map_err(|error| StartError::Seed(error.into()))?;
            for role in Role::ALL {
                let name = format!("{TENANT} {} {}", mode.as_str(), role.as_str());
                let new = NewApiKey { scope: scope.clone(), role, name, expires_at: None };
                let issued = auth::issue_api_key(app, new).await;
                let issued = issued.map_err(|error| StartError::Seed(error.into()))?;
                let of_mode = match mode {
                    Mode::Test => &mut credentials.test,
                    Mode::Live => &mut credentials.live,
                };
                of_mode.insert(role.as_str().to_owned(), issued.into());
            }
        }
        Ok(credentials)
    }

    /// Reads what an earlier start wrote. None where there is no file, or a role has come into being since.
    fn read(path: &Path, base_url: &str) -> Result<Option<Self>, StartError> {
        let Some(bytes) = data_dir::read(path)? else { return Ok(None) };
        let mut credentials: Self =
            serde_json::from_slice(&bytes).map_err(|error| StartError::Damaged {
                path: path.to_owned(),
                reason: error.to_string(),
                remedy: "delete it, and the next start issues new keys",
            })?;
        base_url.clone_into(&mut credentials.base_url);
        let complete =
            |mode| Role::ALL.into_iter().all(|role| credentials.api_key(mode, role).is_some());
        let complete = Mode::ALL.into_iter().all(complete);
        Ok(complete.then_some(credentials))
    }

    fn write(&self, path: &Path) -> Result<(), StartError> {
        let failed = |source| StartError::Data { path: path.to_owned(), source };
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        data_dir::replace(path, &text).map_err(failed)
    }
}
