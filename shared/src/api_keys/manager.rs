//! In whose name keys are managed.

use crate::{
    auth::{Denied, Principal},
    domain::{Mode, Scope},
    error::{Error, Result},
};

/// Who manages keys.
#[derive(Debug, Clone, Copy)]
pub enum Manager<'a> {
    /// A caller of the API who is permitted to: keys of their own tenant.
    Caller(&'a Principal),
    /// Whoever may write to the tables: keys of every tenant.
    Operator,
}

impl Manager<'_> {
    /// How records name them.
    pub(super) fn actor(&self) -> &str {
        match self {
            Self::Caller(caller) => &caller.actor,
            Self::Operator => "operator",
        }
    }

    /// Refuses keys of another tenant, as if there were none, and live keys to a caller of test mode.
    pub fn check(&self, scope: &Scope) -> Result<()> {
        match self {
            Self::Caller(caller) if caller.scope.tenant != scope.tenant => Err(Error::NotFound),
            Self::Caller(caller) if caller.scope.mode == Mode::Test && scope.mode == Mode::Live => {
                Err(Denied::Mode.into())
            }
            Self::Caller(_) | Self::Operator => Ok(()),
        }
    }
}
