//! Whether a table is as the template of this release declares it.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    error::ProvideErrorMetadata,
    types::{PointInTimeRecoveryStatus, TableDescription, TableStatus, TimeToLiveStatus},
};
use coffer::{
    local::{chain, table_difference},
    template::{Table, Template},
};

use super::{Row, Servers, Verdict};

/// The template that this command was built with.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// Looks at the table that is called `name`, which the template declares as `declared`.
pub(super) async fn check(
    sdk: &SdkConfig,
    servers: Servers,
    declared: &str,
    name: &str,
) -> Vec<Row> {
    let about = |what: &str| format!("table {name}, {what}");
    let template = match Template::parse(TEMPLATE) {
        Ok(template) => template,
        Err(error) => return vec![Row::new("template", Verdict::Fail, chain(&error), "")],
    };
    let Some(declared) = template.tables.iter().find(|table| table.logical_id == declared) else {
        return Vec::new();
    };
    let client = Client::new(sdk);
    let description = match client.describe_table().table_name(name).send().await {
        Ok(answer) => answer.table,
        Err(error) => {
            return vec![Row::new(
                about("there"),
                Verdict::Fail,
                said(&error),
                "check the table's name, the Region, and the right dynamodb:DescribeTable",
            )];
        }
    };
    let Some(found) = description else { return Vec::new() };
    let mut rows = vec![
        state(about("there"), &found),
        shape(about("keys, indexes and stream"), declared, &found),
    ];
    if let Some(attribute) = &declared.ttl_attribute {
        rows.push(expiry(&client, name, about("time to live"), attribute).await);
    }
    if servers == Servers::Aws {
        rows.push(recovery(&client, name, about("point-in-time recovery")).await);
        rows.push(protection(about("deletion protection"), &found));
    }
    rows
}

/// What AWS said, in a word.
pub(super) fn said<E, R>(error: &aws_sdk_dynamodb::error::SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code.map_or_else(|| chain(error), str::to_owned)
}

fn state(check: String, found: &TableDescription) -> Row {
    match found.table_status() {
        Some(TableStatus::Active) => Row::ok(check, "active"),
        Some(TableStatus::Updating) => Row::new(check, Verdict::Warn, "updating", "wait"),
        other => {
            let status = other.map_or("unknown", TableStatus::as_str);
            Row::new(check, Verdict::Fail, status, "wait, or look at the stack's events")
        }
    }
}

fn shape(check: String, declared: &Table, found: &TableDescription) -> Row {
    match table_difference(declared, found) {
        None => Row::ok(check, "as declared"),
        Some((found, expected)) => Row::new(
            check,
            Verdict::Fail,
            format!("{found}; declared is {expected}"),
            "deploy the release that this command belongs to; after a restore, switch the stream on",
        ),
    }
}

async fn expiry(client: &Client, name: &str, check: String, attribute: &str) -> Row {
    const REMEDY: &str = "switch time to live on: what was deleted stays otherwise";
    match client.describe_time_to_live().table_name(name).send().await {
        Err(error) => Row::new(
            check,
            Verdict::Warn,
            said(&error),
            "give the right dynamodb:DescribeTimeToLive",
        ),
        Ok(answer) => {
            let found = answer.time_to_live_description;
            let found = found.filter(|found| {
                found.attribute_name() == Some(attribute)
                    && matches!(
                        found.time_to_live_status(),
                        Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
                    )
            });
            match found {
                Some(_) => Row::ok(check, format!("by {attribute}")),
                None => Row::new(check, Verdict::Fail, format!("not by {attribute}"), REMEDY),
            }
        }
    }
}

async fn recovery(client: &Client, name: &str, check: String) -> Row {
    match client.describe_continuous_backups().table_name(name).send().await {
        Err(error) => Row::new(
            check,
            Verdict::Warn,
            said(&error),
            "give the right dynamodb:DescribeContinuousBackups",
        ),
        Ok(answer) => {
            let backups = answer.continuous_backups_description;
            let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description);
            let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
            if status == Some(PointInTimeRecoveryStatus::Enabled) {
                Row::ok(check, "on")
            } else {
                Row::new(check, Verdict::Fail, "off", "switch it on: there is no backup otherwise")
            }
        }
    }
}

fn protection(check: String, found: &TableDescription) -> Row {
    if found.deletion_protection_enabled() == Some(true) {
        Row::ok(check, "on")
    } else {
        Row::new(check, Verdict::Warn, "off", "switch it on: anybody with the right can delete it")
    }
}
