//! Making, changing and removing destinations.

use time::Duration;

use super::WebhookUrl;
use crate::{
    App,
    domain::{Destination, DestinationId, Figures, Scope, Timestamp, WebhookType, WebhookVersion},
    error::{Error, Result},
    store::{DestinationChange, DestinationSecrets, NotWritten, StoredDestination},
    users::{ATTEMPTS, pause},
    vault::{Fingerprint, WebhookSecret},
};

/// A destination that is to be made.
#[derive(Debug, Clone)]
pub struct NewDestination {
    /// What its owner calls it.
    pub label: String,
    /// Where it is, as its owner wrote it, and in its normal spelling.
    pub url: (String, WebhookUrl),
    /// Whether anything is sent there.
    pub enabled: bool,
    /// What its owner says that it reads.
    pub version: WebhookVersion,
    /// What is sent there.
    pub subscribed: Vec<WebhookType>,
}

/// A destination with a secret that was made just now: the one time that it can be shown.
#[derive(Debug)]
pub struct IssuedDestination {
    /// The destination.
    pub destination: Destination,
    /// Its secret.
    pub secret: WebhookSecret,
}

/// One destination.
pub async fn get_destination(
    app: &App,
    scope: &Scope,
    id: DestinationId,
) -> Result<StoredDestination> {
    app.store.destination(scope, id).await?.ok_or(Error::NotFound)
}

/// One destination, and how deliveries went.
pub async fn destination_and_figures(
    app: &App,
    scope: &Scope,
    id: DestinationId,
) -> Result<(Destination, Figures)> {
    let found = app.store.destination_and_health(scope, id).await?.ok_or(Error::NotFound)?;
    let (stored, health) = found;
    Ok((stored.destination, health.figures))
}

/// Makes a destination, with a secret of its own.
pub async fn create_destination(
    app: &App,
    scope: &Scope,
    new: NewDestination,
) -> Result<IssuedDestination> {
    let (index, branch) =
        futures_util::try_join!(app.keyring.index(scope), app.keyring.latest_branch(scope))?;
    let now = app.clock.now();
    let (written, url) = new.url;
    let destination = Destination {
        id: DestinationId::make(),
        label: new.label,
        url: written,
        enabled: new.enabled,
        version: new.version,
        subscribed: new.subscribed,
        created_at: now,
        updated_at: now,
    };
    let secret = WebhookSecret::make()?;
    let current = secret.seal(scope, destination.id, &branch)?;
    let url_name = index.webhook_url(url.as_str());
    let secrets = DestinationSecrets { current, previous: None };
    let stored = StoredDestination { destination, url_name, secrets };
    for attempt in 1..=ATTEMPTS {
        match app.store.insert_destination(scope, &stored).await {
            Ok(()) => return Ok(IssuedDestination { destination: stored.destination, secret }),
            Err(NotWritten::Stale | NotWritten::Contended) => pause(attempt).await,
            Err(other) => return Err(refused(other)),
        }
    }
    Err(Error::Contended)
}

/// Changes a destination; `url` is where it is to be from now on, as for [`NewDestination`]. Answers how deliveries went, too.
pub async fn change_destination(
    app: &App,
    scope: &Scope,
    id: DestinationId,
    mut change: DestinationChange,
    url: Option<(String, WebhookUrl)>,
) -> Result<(Destination, Figures)> {
    // Whoever enables a destination or moves it says that it answers from now on.
    let mends = change.enabled == Some(true) || url.is_some();
    if let Some((written, url)) = url {
        let name: Fingerprint = app.keyring.index(scope).await?.webhook_url(url.as_str());
        change.url = Some((written, name));
    }
    for attempt in 1..=ATTEMPTS {
        let found = app.store.destination_and_health(scope, id).await?;
        let (known, health) = found.ok_or(Error::NotFound)?;
        match app.store.change_destination(scope, &known, &change, app.clock.now()).await {
            Ok(changed) => {
                if mends {
                    app.store.close_breaker(scope, id, app.clock.now()).await?;
                }
                return Ok((changed.destination, health.figures));
            }
            Err(NotWritten::Stale | NotWritten::Contended) => pause(attempt).await,
            Err(other) => return Err(refused(other)),
        }
    }
    Err(Error::Contended)
}

/// Removes a destination: nothing is sent there any more, what is waiting included.
pub async fn delete_destination(app: &App, scope: &Scope, id: DestinationId) -> Result<()> {
    for attempt in 1..=ATTEMPTS {
        let known = get_destination(app, scope, id).await?;
        match app.store.delete_destination(scope, &known).await {
            Ok(()) => return Ok(()),
            Err(NotWritten::Stale | NotWritten::Contended) => pause(attempt).await,
            Err(other) => return Err(refused(other)),
        }
    }
    Err(Error::Contended)
}

/// Gives a destination a new secret. The one before holds for `overlap` longer, in which both sign.
pub async fn rotate_secret(
    app: &App,
    scope: &Scope,
    id: DestinationId,
    overlap: Duration,
) -> Result<(IssuedDestination, Timestamp)> {
    let branch = app.keyring.latest_branch(scope).await?;
    let secret = WebhookSecret::make()?;
    let sealed = secret.seal(scope, id, &branch)?;
    let now = app.clock.now();
    let until = now.plus(overlap);
    match app.store.rotate_webhook_secret(scope, id, &sealed, until, now).await {
        Ok(rotated) => Ok((IssuedDestination { destination: rotated.destination, secret }, until)),
        Err(NotWritten::Stale) => Err(Error::NotFound),
        Err(other) => Err(refused(other)),
    }
}

fn refused(reason: NotWritten) -> Error {
    match reason {
        NotWritten::UrlTaken => {
            Error::body("/url", "This webhook destination already exists for the application.")
        }
        NotWritten::TooMany => Error::body(
            "/non_field_errors",
            format!("At most {} webhook destinations are allowed.", Destination::MAX_PER_SCOPE),
        ),
        NotWritten::Stale | NotWritten::Contended => Error::Contended,
        NotWritten::Aws(error) => error.into(),
    }
}
