//! What every function of Coffer stands on.
//!
//! Dependencies point one way: the APIs → [`app`], [`http`], [`users`], [`api_keys`] → [`store`], [`vault`], [`auth`] → [`domain`].

pub mod api_keys;
pub mod app;
pub mod auth;
pub mod aws;
mod backoff;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod domain;
pub mod error;
pub mod expiring;
pub mod http;
pub mod limits;
pub mod runtime;
pub mod store;
pub mod tenants;
pub mod users;
pub mod vault;
pub mod webhooks;

pub use app::App;
pub use error::{Error, Result};
