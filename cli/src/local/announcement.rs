//! What a started stack says: where it is, who may call it, and a command to try.

use std::path::Path;

use serde_json::json;
use shared::{auth::Role, domain::Mode};

use super::{Credentials, Stack, data_dir::CREDENTIALS_FILE};

/// The text for the person who started the stack. `data_dir` is where the data live; None if in memory.
pub fn announcement(stack: &Stack, data_dir: Option<&Path>) -> String {
    let url = stack.base_url();
    let (place, shown, roles): (_, _, &[Role]) = match data_dir {
        Some(path) => (
            format!("data in {}", path.display()),
            format!("All API keys are in {}. The owner's:", path.join(CREDENTIALS_FILE).display()),
            &[Role::Owner],
        ),
        None => ("data in memory".to_owned(), "API keys, until this ends:".to_owned(), &Role::ALL),
    };
    let command = command(stack.credentials());
    let keys = keys(stack.credentials(), roles);
    format!("Coffer is ready on {url} ({place})\n\n{shown}\n\n{keys}\n\nTry it:\n\n{command}\n\n")
}

fn keys(credentials: &Credentials, roles: &[Role]) -> String {
    let lines = Mode::ALL.into_iter().flat_map(|mode| {
        roles.iter().filter_map(move |role| {
            // EXPOSE: to the person who started the stack.
            let key = &credentials.api_key(mode, *role)?.api_key;
            Some(format!("  {} {:<18} {key}", mode.as_str(), role.as_str()))
        })
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A command that works as pasted.
fn command(credentials: &Credentials) -> String {
    let body = json!({
        "metadata": {
            "external_id": "user_789_in_my_system",
            "customer_tier": "standard",
            "signup_source": "web",
        },
        "display_name": "John Doe",
        "vault": {
            "identity.first_name": "John",
            "identity.last_name": "Doe",
            "identity.email": "john.doe@example.com",
            "identity.date_of_birth": "1990-01-15",
        },
    });
    // EXPOSE: to the person who started the stack.
    let key = credentials.api_key(Mode::Test, Role::Owner).map_or("", |key| &key.api_key);
    format!(
        "curl -X POST {}/v1/user \\\n  -H 'Authorization: Bearer {key}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'",
        credentials.base_url
    )
}
