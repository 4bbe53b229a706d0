//! Reading users page by page. A page costs what is on it, however many users there are.

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, Select},
};
use serde::Deserialize;

use super::{IndexEntry, Store, keys, users::read};
use crate::{
    aws::AwsError,
    domain::{Scope, Status, UserId},
};

/// The orders in which users are listed, each an index of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOrder {
    /// By creation.
    Created,
    /// By display name.
    Name,
    /// By the risk level of the latest verification.
    Risk,
    /// By the time of the latest verification.
    Verified,
    /// By the last session; those without one by creation.
    Session,
    /// By the external id; only those who have one.
    ExternalId,
}

impl ListOrder {
    const fn index(self) -> &'static str {
        match self {
            Self::Created => "by_created",
            Self::Name => "by_name",
            Self::Risk => "by_risk",
            Self::Verified => "by_verified",
            Self::Session => "by_session",
            Self::ExternalId => "by_external_id",
        }
    }

    const fn sort_key(self) -> &'static str {
        match self {
            Self::Created => "lc",
            Self::Name => "ln",
            Self::Risk => "lr",
            Self::Verified => "lv",
            Self::Session => "ls",
            Self::ExternalId => "lx",
        }
    }
}

/// Which users to read.
#[derive(Debug, Clone)]
pub enum Partition {
    /// All of one status, in an order.
    Listed(Status, ListOrder),
    /// Those under an index entry, by creation.
    Indexed(IndexEntry),
}

/// Which stretch of them.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Start behind this position.
    pub after: Option<String>,
    /// No position below this one.
    pub from: Option<String>,
    /// No position above this one.
    pub to: Option<String>,
    /// Greatest first.
    pub descending: bool,
    /// How many at most.
    pub limit: usize,
}

impl Window {
    /// The lowest and the highest position that can be in it. The position that it starts behind is still among them.
    fn bounds(&self) -> (Option<&String>, Option<&String>) {
        let (mut low, mut high) = (self.from.as_ref(), self.to.as_ref());
        if let Some(after) = &self.after {
            if self.descending {
                high = Some(high.map_or(after, |high| high.min(after)));
            } else {
                low = Some(low.map_or(after, |low| low.max(after)));
            }
        }
        (low, high)
    }
}

/// A stretch of users by position, ascending or descending as asked.
#[derive(Debug, Default)]
pub struct Page {
    /// Position and user.
    pub entries: Vec<(String, UserId)>,
    /// Whether there are more behind it.
    pub has_more: bool,
}

#[derive(Deserialize)]
struct Row {
    pk: String,
    sk: String,
    #[serde(flatten)]
    list: std::collections::HashMap<String, String>,
}

impl Store {
    /// Reads one stretch of one partition.
    pub async fn page(
        &self,
        scope: &Scope,
        partition: &Partition,
        window: &Window,
    ) -> Result<Page, AwsError> {
        const CALL: &str = "dynamodb:Query";
        let Some(query) = self.positions(scope, partition, window) else {
            return Ok(Page::default());
        };
        // One more than wanted tells whether there are more, and the first may be where the page before ended.
        let limit = window.limit.saturating_add(if window.after.is_some() { 2 } else { 1 });
        let query = query.scan_index_forward(!window.descending);
        let answer = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).send().await;
        let answer = answer.map_err(|error| AwsError::of(CALL, &error))?;
        let cut_off = answer.last_evaluated_key.is_some();
        let entries = answer.items.unwrap_or_default().into_iter().map(|item| {
            let Row { pk, sk, mut list } = read(CALL, item)?;
            let entry = match partition {
                Partition::Listed(_, order) => {
                    list.remove(order.sort_key()).zip(keys::user_id(&pk))
                }
                Partition::Indexed(_) => UserId::parse_hex(&sk).ok().map(|id| (sk, id)),
            };
            entry.ok_or_else(|| AwsError::unexpected(CALL, "an unreadable index entry"))
        });
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        entries.retain(|(position, _)| Some(position) != window.after.as_ref());
        // A page of DynamoDB's own ends at one megabyte, whatever was asked for.
        let has_more = entries.len() > window.limit || (cut_off && entries.len() < window.limit);
        entries.truncate(window.limit);
        Ok(Page { entries, has_more })
    }

    /// How many users are in a stretch, counted as far as its limit.
    pub async fn count(
        &self,
        scope: &Scope,
        partition: &Partition,
        window: &Window,
    ) -> Result<usize, AwsError> {
        let Some(query) = self.positions(scope, partition, window) else { return Ok(0) };
        let limit = i32::try_from(window.limit).unwrap_or(i32::MAX);
        let answer = query.select(Select::Count).limit(limit).send().await;
        let answer = answer.map_err(|error| AwsError::of("dynamodb:Query", &error))?;
        Ok(usize::try_from(answer.count).unwrap_or(0))
    }

    /// A query of the positions within a window's bounds; `None` where there can be none.
    fn positions(
        &self,
        scope: &Scope,
        partition: &Partition,
        window: &Window,
    ) -> Option<QueryFluentBuilder> {
        let (hash, range, hash_value) = match partition {
            Partition::Listed(status, order) => {
                ("lp", order.sort_key(), keys::list(scope, *status))
            }
            Partition::Indexed(entry) => ("pk", "sk", entry.partition(scope)),
        };
        let query = self.client.query().table_name(&self.users_table);
        let query = match partition {
            Partition::Listed(_, order) => query.index_name(order.index()),
            Partition::Indexed(_) => query.consistent_read(true),
        };
        let query = query.expression_attribute_names("#hash", hash);
        let text = |value: &String| AttributeValue::S(value.clone());
        let query = query.expression_attribute_values(":hash", AttributeValue::S(hash_value));
        let (condition, bounds) = match window.bounds() {
            (None, None) => ("#hash = :hash", vec![]),
            (Some(low), None) => ("#hash = :hash AND #range >= :low", vec![(":low", low)]),
            (None, Some(high)) => ("#hash = :hash AND #range <= :high", vec![(":high", high)]),
            (Some(low), Some(high)) if low > high => return None,
            (Some(low), Some(high)) => (
                "#hash = :hash AND #range BETWEEN :low AND :high",
                vec![(":low", low), (":high", high)],
            ),
        };
        let mut query = query.key_condition_expression(condition);
        if !bounds.is_empty() {
            query = query.expression_attribute_names("#range", range);
        }
        for (name, bound) in bounds {
            query = query.expression_attribute_values(name, text(bound));
        }
        Some(query)
    }
}
