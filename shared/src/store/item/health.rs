//! How a destination is doing, read from its item. It is written by updates only: see `store::health`.

use serde::Deserialize;

use crate::domain::{Figures, Health, Timestamp};

#[derive(Deserialize)]
pub(in crate::store) struct HealthItem {
    #[serde(default)]
    attempts: u64,
    #[serde(default)]
    failed: u64,
    #[serde(default)]
    answered: u64,
    #[serde(default)]
    total_ms: u64,
    min_ms: Option<u64>,
    max_ms: Option<u64>,
    last_at: Option<i64>,
    #[serde(default)]
    streak: u64,
    #[serde(default)]
    probes: u64,
    probe_at: Option<i64>,
    due: Option<i64>,
    parked_at: Option<i64>,
    #[serde(default)]
    released: u64,
}

impl HealthItem {
    pub(in crate::store) fn into_health(self) -> Health {
        let time = |millis: Option<i64>| millis.map(Timestamp::from_unix_millis);
        Health {
            figures: Figures {
                attempts: self.attempts,
                failed: self.failed,
                answered: self.answered,
                total_ms: self.total_ms,
                min_ms: self.min_ms,
                max_ms: self.max_ms,
                last_at: time(self.last_at),
            },
            streak: self.streak,
            probes: self.probes,
            probe_at: time(self.probe_at),
            due: time(self.due),
            parked_at: time(self.parked_at),
            released: self.released,
        }
    }
}
