//! The role matrix: the one place that says who may do what.

use std::collections::BTreeSet;

/// What an API key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, keys included.
    Owner,
    /// Everything but keys.
    Admin,
    /// Sees, corrects, reveals and judges people; neither makes nor deletes them.
    ComplianceOfficer,
    /// Makes people and integrations.
    Developer,
    /// Looks.
    Reader,
}

/// What can be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// See many users.
    List,
    /// See one user.
    Get,
    /// Make a user.
    Create,
    /// Change a user.
    Update,
    /// Change where a user stands.
    UpdateStatus,
    /// Delete users.
    Delete,
    /// See sealed fields in clear.
    Reveal,
    /// Record a verification.
    Verify,
    /// Manage webhook destinations.
    Webhooks,
    /// Manage API keys.
    ApiKeys,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::Admin, Self::ComplianceOfficer, Self::Developer, Self::Reader];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::ComplianceOfficer => "COMPLIANCE_OFFICER",
            Self::Developer => "DEVELOPER",
            Self::Reader => "READER",
        }
    }

    /// Reads what [`Role::as_str`] writes. An unknown role is none: it permits nothing.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether the role may do `action`.
    pub const fn allows(self, action: Action) -> bool {
        match action {
            Action::List | Action::Get => true,
            Action::Create => matches!(self, Self::Owner | Self::Admin | Self::Developer),
            Action::Update | Action::UpdateStatus | Action::Reveal | Action::Verify => {
                matches!(self, Self::Owner | Self::Admin | Self::ComplianceOfficer)
            }
            Action::Delete => matches!(self, Self::Owner | Self::Admin),
            Action::Webhooks => matches!(self, Self::Owner | Self::Admin | Self::Developer),
            Action::ApiKeys => matches!(self, Self::Owner),
        }
    }

    /// All that the role may do.
    pub fn permissions(self) -> Permissions {
        Permissions(Action::ALL.into_iter().filter(|action| self.allows(*action)).collect())
    }
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::List,
        Self::Get,
        Self::Create,
        Self::Update,
        Self::UpdateStatus,
        Self::Delete,
        Self::Reveal,
        Self::Verify,
        Self::Webhooks,
        Self::ApiKeys,
    ];

    /// The name in documents and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::UpdateStatus => "update-status",
            Self::Delete => "delete",
            Self::Reveal => "reveal",
            Self::Verify => "verify",
            Self::Webhooks => "webhooks",
            Self::ApiKeys => "api-keys",
        }
    }
}

/// A set of permitted actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(BTreeSet<Action>);

impl Permissions {
    /// Whether `action` is among them.
    pub fn contains(&self, action: Action) -> bool {
        self.0.contains(&action)
    }
}

impl FromIterator<Action> for Permissions {
    fn from_iter<T: IntoIterator<Item = Action>>(actions: T) -> Self {
        Self(actions.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix() {
        let header = Action::ALL.map(|action| format!("{:<14}", action.as_str())).concat();
        let row = |role: Role| {
            let permissions = role.permissions();
            let cell = |action| if permissions.contains(action) { "✓" } else { "–" };
            let cells = Action::ALL.map(|action| format!("{:<14}", cell(action))).concat();
            format!("{:<19}{}", role.as_str(), cells.trim_end())
        };
        let table =
            [format!("{:19}{}", "", header.trim_end())].into_iter().chain(Role::ALL.map(row));
        insta::assert_snapshot!(table.collect::<Vec<_>>().join("\n"), @r"
                           list          get           create        update        update-status delete        reveal        verify        webhooks      api-keys
        OWNER              ✓             ✓             ✓             ✓             ✓             ✓             ✓             ✓             ✓             ✓
        ADMIN              ✓             ✓             ✓             ✓             ✓             ✓             ✓             ✓             ✓             –
        COMPLIANCE_OFFICER ✓             ✓             –             ✓             ✓             –             ✓             ✓             –             –
        DEVELOPER          ✓             ✓             ✓             –             –             –             –             –             ✓             –
        READER             ✓             ✓             –             –             –             –             –             –             –             –
        ");
    }
}
