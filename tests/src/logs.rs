//! What the code under test logs in this process, kept as the JSON lines that it would print.

use std::{
    env, io,
    sync::{Arc, Mutex, OnceLock},
};

use serde_json::Value;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

/// The log of this process. One for all its tests, which run at the same time: filter by what is yours.
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    /// Starts the capture, down to `level`, on the first call in a process; later calls return the same log, at the
    /// first one's level. With `TEST_LOG=1` the lines go to stderr too.
    ///
    /// # Panics
    ///
    /// When something else in the process has installed a subscriber before.
    pub fn install(level: Level) -> &'static Self {
        static LOGS: OnceLock<Logs> = OnceLock::new();
        LOGS.get_or_init(|| {
            let logs = Self::default();
            let subscriber = tracing_subscriber::fmt()
                .json()
                .flatten_event(true)
                .with_max_level(level)
                .with_writer(Copies {
                    logs: logs.clone(),
                    shown: env::var_os("TEST_LOG").is_some(),
                })
                .finish();
            tracing::subscriber::set_global_default(subscriber)
                .expect("no other subscriber in this process");
            logs
        })
    }

    /// All lines as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("unpoisoned")).into_owned()
    }

    /// All lines.
    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        let parse = |line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{line:?} is not JSON: {error}"))
        };
        text.lines().map(parse).collect()
    }

    /// The lines that carry this request id, in whatever field or span.
    pub fn of_request(&self, request_id: &str) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| carries(line, request_id));
        lines
    }

    fn append(&self, bytes: &[u8]) {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
    }
}

fn carries(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text == id,
        Value::Array(values) => values.iter().any(|value| carries(value, id)),
        Value::Object(members) => members.values().any(|value| carries(value, id)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Writes every line to the log, and to stderr where that is wanted. The formatter writes a line in one piece.
#[derive(Debug, Clone)]
struct Copies {
    logs: Logs,
    shown: bool,
}

impl<'writer> MakeWriter<'writer> for Copies {
    type Writer = Self;

    fn make_writer(&'writer self) -> Self {
        self.clone()
    }
}

impl io::Write for Copies {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.logs.append(bytes);
        if self.shown {
            io::stderr().write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_request_id_in_fields_and_spans() {
        let logs = Logs::install(Level::INFO);
        tracing::info!(request_id = "first-request", status = 200, "answered");
        tracing::info_span!("request", request_id = "second-request")
            .in_scope(|| tracing::warn!("slow"));
        tracing::debug!(request_id = "first-request", "too fine");

        let first = logs.of_request("first-request");
        assert_eq!(first.len(), 1);
        assert_eq!(first[0]["status"], 200);
        assert_eq!(logs.of_request("second-request")[0]["level"], "WARN");
        assert!(logs.text().contains("second-request"));
        assert!(std::ptr::eq(logs, Logs::install(Level::TRACE)));
    }
}
