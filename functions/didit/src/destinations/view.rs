//! How Didit shows a destination: by itself, and as a row of the list. Never with its secret, but where that was made.

use serde::Serialize;
use shared::domain::{Destination, Figures, Timestamp};

/// A row of the list.
#[derive(Serialize)]
pub(super) struct RowView<'a> {
    uuid: String,
    label: &'a str,
    url: &'a str,
    enabled: bool,
    webhook_version: &'static str,
    subscribed_events: Vec<&'static str>,
    subscribed_events_count: usize,
    deliveries_count: u64,
    failed_deliveries_count: u64,
    average_response_time_ms: Option<u64>,
    error_rate_percentage: f64,
    last_delivery_at: Option<String>,
    created_at: String,
    updated_at: String,
}

/// A destination by itself. It has no `Debug`: it may hold a secret.
#[derive(Serialize)]
pub(super) struct DetailView<'a> {
    uuid: String,
    label: &'a str,
    url: &'a str,
    enabled: bool,
    webhook_version: &'static str,
    subscribed_events: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret_shared_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) previous_secret_expires_at: Option<String>,
    created_at: String,
    updated_at: String,
    summary: SummaryView,
}

#[derive(Serialize)]
struct SummaryView {
    total_deliveries: u64,
    failed_deliveries: u64,
    error_rate_percentage: f64,
    min_response_time_ms: Option<u64>,
    avg_response_time_ms: Option<u64>,
    max_response_time_ms: Option<u64>,
    last_delivery_at: Option<String>,
}

impl<'a> RowView<'a> {
    pub(super) fn of(destination: &'a Destination, figures: &Figures) -> Self {
        Self {
            uuid: destination.id.to_string(),
            label: &destination.label,
            url: &destination.url,
            enabled: destination.enabled,
            webhook_version: destination.version.as_str(),
            subscribed_events: names(destination),
            subscribed_events_count: destination.subscribed.len(),
            deliveries_count: figures.attempts,
            failed_deliveries_count: figures.failed,
            average_response_time_ms: average(figures),
            error_rate_percentage: error_rate(figures),
            last_delivery_at: figures.last_at.map(Timestamp::to_seconds_string),
            created_at: destination.created_at.to_seconds_string(),
            updated_at: destination.updated_at.to_seconds_string(),
        }
    }
}

impl<'a> DetailView<'a> {
    pub(super) fn of(destination: &'a Destination, figures: &Figures) -> Self {
        Self {
            uuid: destination.id.to_string(),
            label: &destination.label,
            url: &destination.url,
            enabled: destination.enabled,
            webhook_version: destination.version.as_str(),
            subscribed_events: names(destination),
            secret_shared_key: None,
            previous_secret_expires_at: None,
            created_at: destination.created_at.to_seconds_string(),
            updated_at: destination.updated_at.to_seconds_string(),
            summary: SummaryView {
                total_deliveries: figures.attempts,
                failed_deliveries: figures.failed,
                error_rate_percentage: error_rate(figures),
                min_response_time_ms: figures.min_ms,
                avg_response_time_ms: average(figures),
                max_response_time_ms: figures.max_ms,
                last_delivery_at: figures.last_at.map(Timestamp::to_seconds_string),
            },
        }
    }
}

fn names(destination: &Destination) -> Vec<&'static str> {
    destination.subscribed.iter().map(|kind| kind.as_str()).collect()
}

fn average(figures: &Figures) -> Option<u64> {
    figures.total_ms.checked_div(figures.answered)
}

/// Of a hundred attempts, how many failed: to two decimals.
fn error_rate(figures: &Figures) -> f64 {
    let hundredths = figures.failed.saturating_mul(10_000).checked_div(figures.attempts);
    let hundredths = u32::try_from(hundredths.unwrap_or(0)).unwrap_or(10_000);
    f64::from(hundredths) / 100.0
}
