//! Whether the KMS key can be used, and by whom.

use aws_config::SdkConfig;
use aws_sdk_kms::{
    Client,
    types::{KeySpec, KeyState, KeyUsageType},
};
use serde_json::Value;

use super::{Row, Servers, Verdict, tables::said};

/// Looks at the key.
pub(super) async fn check(sdk: &SdkConfig, servers: Servers, id: &str) -> Vec<Row> {
    const CHECK: &str = "KMS key";
    let client = Client::new(sdk);
    let found = match client.describe_key().key_id(id).send().await {
        Ok(answer) => answer.key_metadata,
        Err(error) => {
            return vec![Row::new(
                CHECK,
                Verdict::Fail,
                said(&error),
                "check the key's ARN, the Region, and the right kms:DescribeKey",
            )];
        }
    };
    let Some(found) = found else { return Vec::new() };
    let state = found.key_state().map_or("unknown", KeyState::as_str);
    let usable = found.key_usage() == Some(&KeyUsageType::EncryptDecrypt)
        && found.key_spec().is_none_or(|spec| *spec == KeySpec::SymmetricDefault);
    let mut rows = vec![if found.key_state() != Some(&KeyState::Enabled) {
        Row::new(
            CHECK,
            Verdict::Fail,
            state,
            "enable it, or cancel its deletion: without it nobody's fields open",
        )
    } else if usable {
        Row::ok(CHECK, state)
    } else {
        Row::new(CHECK, Verdict::Fail, "not symmetric", "name the key that the stack made")
    }];
    if servers == Servers::Aws {
        rows.push(rotation(&client, id).await);
        rows.push(policy(&client, id).await);
    }
    rows
}

async fn rotation(client: &Client, id: &str) -> Row {
    const CHECK: &str = "KMS key, yearly rotation";
    match client.get_key_rotation_status().key_id(id).send().await {
        Ok(answer) if answer.key_rotation_enabled() => Row::ok(CHECK, "on"),
        Ok(_) => Row::new(CHECK, Verdict::Warn, "off", "switch it on"),
        Err(error) => {
            Row::new(CHECK, Verdict::Warn, said(&error), "give the right kms:GetKeyRotationStatus")
        }
    }
}

async fn policy(client: &Client, id: &str) -> Row {
    const CHECK: &str = "KMS key, policy";
    match client.get_key_policy().key_id(id).policy_name("default").send().await {
        Ok(answer) => judged(CHECK, answer.policy().unwrap_or_default()),
        Err(error) => {
            Row::new(CHECK, Verdict::Warn, said(&error), "give the right kms:GetKeyPolicy")
        }
    }
}

/// The template's policy denies unwrapping to everybody but the functions, and allows it with the full context only.
fn judged(check: &str, policy: &str) -> Row {
    const REMEDY: &str = "deploy the template's key policy again";
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(_) | None => &[],
    };
    let unwraps = |statement: &&Value| mentions(statement.get("Action"), "kms:Decrypt");
    let effect = |statement: &Value, effect: &str| {
        statement.get("Effect").and_then(Value::as_str) == Some(effect)
    };
    let about_decrypt: Vec<_> = statements.iter().filter(unwraps).collect();
    let denied = about_decrypt.iter().any(|statement| effect(statement, "Deny"));
    let allowed = about_decrypt.iter().filter(|statement| effect(statement, "Allow"));
    let bound = |statement: &&&Value| {
        let condition = statement.get("Condition").map(Value::to_string).unwrap_or_default();
        ["tenant", "mode", "purpose", "version"]
            .iter()
            .all(|name| condition.contains(&format!("kms:EncryptionContext:{name}")))
    };
    if !denied {
        Row::new(check, Verdict::Fail, "anybody whom IAM permits may unwrap keys", REMEDY)
    } else if !allowed.clone().all(|statement| bound(&statement)) {
        Row::new(check, Verdict::Fail, "keys open without their full context", REMEDY)
    } else if allowed.count() == 0 {
        Row::new(check, Verdict::Fail, "nobody may unwrap keys", REMEDY)
    } else {
        Row::ok(check, "only the functions unwrap keys, with the full context")
    }
}

fn mentions(actions: Option<&Value>, wanted: &str) -> bool {
    let is = |action: &Value| {
        let action = action.as_str().unwrap_or_default();
        action == wanted || action.strip_suffix('*').is_some_and(|start| wanted.starts_with(start))
    };
    match actions {
        Some(Value::Array(actions)) => actions.iter().any(is),
        Some(action) => is(action),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use saphyr::{LoadableYamlNode as _, ScalarOwned, YamlOwned};
    use serde_json::json;

    use super::*;

    fn found(statements: &Value) -> (Verdict, String) {
        let row = judged("policy", &json!({ "Statement": statements }).to_string());
        (row.verdict, row.found)
    }

    fn plain(yaml: &YamlOwned) -> Value {
        match yaml {
            YamlOwned::Value(ScalarOwned::String(text)) => json!(text),
            YamlOwned::Sequence(items) => items.iter().map(plain).collect(),
            YamlOwned::Mapping(members) => {
                let member = |(name, value): (&YamlOwned, &YamlOwned)| {
                    (name.as_str().unwrap().to_owned(), plain(value))
                };
                Value::Object(members.iter().map(member).collect())
            }
            YamlOwned::Tagged(_, inner) => plain(inner),
            YamlOwned::Value(_)
            | YamlOwned::Representation(..)
            | YamlOwned::Alias(_)
            | YamlOwned::BadValue => Value::Null,
        }
    }

    #[test]
    fn the_policy_of_the_template_is_well() {
        let template = include_str!("../../../template.yaml");
        let template = plain(&YamlOwned::load_from_str(template).unwrap()[0]);
        let policy = &template["Resources"]["VaultKey"]["Properties"]["KeyPolicy"];
        let row = judged("policy", &policy.to_string());
        assert_eq!((row.verdict, row.remedy), (Verdict::Ok, ""), "{}", row.found);
    }

    #[test]
    fn a_policy_is_judged_by_who_may_unwrap_keys_and_with_what_context() {
        let context = json!({"Null": {
            "kms:EncryptionContext:tenant": "false", "kms:EncryptionContext:mode": "false",
            "kms:EncryptionContext:purpose": "false", "kms:EncryptionContext:version": "false",
        }});
        let bound = json!({"Effect": "Allow", "Action": "kms:Decrypt", "Condition": context});
        let free = json!({"Effect": "Allow", "Action": "kms:*"});
        let deny = json!({"Effect": "Deny", "Action": ["kms:CreateGrant", "kms:Decrypt"]});
        assert_eq!(found(&json!([bound, deny])).0, Verdict::Ok);
        for (statements, what) in [
            (json!([bound]), "anybody whom IAM permits may unwrap keys"),
            (json!([bound, free, deny]), "keys open without their full context"),
            (json!([deny]), "nobody may unwrap keys"),
            (json!([]), "anybody whom IAM permits may unwrap keys"),
        ] {
            assert_eq!(found(&statements), (Verdict::Fail, what.to_owned()));
        }
    }
}
