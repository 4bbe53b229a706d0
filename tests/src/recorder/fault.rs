//! Failures on demand.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

use super::{Call, Service};

/// What happens to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// Not forwarded; 400 `ProvisionedThroughputExceededException`, or the service's word for it.
    Throttle,
    /// Not forwarded; 500.
    InternalError,
    /// Not forwarded; the connection is closed.
    DropBefore,
    /// Forwarded and committed; then the connection is closed without an answer.
    DropAfter,
    /// Not forwarded; silence, and after this time the connection is closed. A time-out before the commit.
    Hang(Duration),
    /// Forwarded and committed; silence, and after this time the connection is closed. A time-out after the commit.
    HangAfter(Duration),
    /// Not forwarded; this status and body.
    Respond(u16, Value),
}

/// A kind of failure and the calls that it strikes: at first the next call of any kind, once.
pub struct Fault {
    kind: FaultKind,
    operation: Option<String>,
    predicate: Option<Predicate>,
    nth: usize,
    always: bool,
    seen: usize,
    struck: usize,
}

type Predicate = Box<dyn Fn(&Value) -> bool + Send + Sync>;

impl Fault {
    /// Strikes the next call.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, operation: None, predicate: None, nth: 1, always: false, seen: 0, struck: 0 }
    }

    /// A cancelled transaction, with the code of each item in order (`None`, `ConditionalCheckFailed`,
    /// `TransactionConflict`, …).
    pub fn transaction_cancelled(codes: &[&str]) -> Self {
        let reasons: Vec<Value> = codes.iter().map(|code| json!({ "Code": code })).collect();
        let message = format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        );
        let mut body = error_body(&dynamodb("TransactionCanceledException"), &message);
        body["CancellationReasons"] = Value::Array(reasons);
        Self::new(FaultKind::Respond(400, body)).on("TransactWriteItems")
    }

    /// Only calls of this operation.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only calls whose request body fits.
    #[must_use]
    pub fn when(mut self, predicate: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Box::new(predicate));
        self
    }

    /// Not before the `nth` call that fits, counted from 1 since the injection.
    #[must_use]
    pub fn nth(mut self, nth: usize) -> Self {
        self.nth = nth;
        self
    }

    /// That call and every later one that fits, not only once.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.always = true;
        self
    }

    /// Whether it has struck any call.
    pub(super) fn has_struck(&self) -> bool {
        self.struck > 0
    }

    /// Counts the call if it fits, and says whether the fault is due on it.
    fn sees(&mut self, call: &Call) -> bool {
        let fits = self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.predicate.as_ref().is_none_or(|predicate| predicate(&call.request));
        if fits {
            self.seen += 1;
        }
        fits && self.seen >= self.nth && (self.always || self.struck == 0)
    }

    /// The fault that strikes this call. All count it; the first that is due strikes.
    pub(super) fn strike(faults: &mut [Self], call: &Call) -> Option<FaultKind> {
        let mut due = None;
        for fault in faults {
            if fault.sees(call) && due.is_none() {
                due = Some(fault);
            }
        }
        let fault = due?;
        fault.struck += 1;
        Some(fault.kind.clone())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, operation, nth, always, seen, struck, predicate: _ } = self;
        let mut fields = formatter.debug_struct("Fault");
        fields
            .field("kind", kind)
            .field("operation", operation)
            .field("nth", nth)
            .field("always", always);
        fields.field("seen", seen).field("struck", struck).finish_non_exhaustive()
    }
}

/// How each service says that it was asked too often.
pub(super) fn throttled(service: &Service) -> (u16, Value) {
    let code = match service {
        Service::DynamoDb => dynamodb("ProvisionedThroughputExceededException"),
        Service::DynamoDbStreams | Service::Kms | Service::Sqs | Service::Other(_) => {
            "ThrottlingException".to_owned()
        }
    };
    (400, error_body(&code, "Rate exceeded (injected)"))
}

/// How each service says that it has failed.
pub(super) fn failed(service: &Service) -> (u16, Value) {
    let code = match service {
        Service::DynamoDb | Service::DynamoDbStreams => dynamodb("InternalServerError"),
        Service::Kms => "KMSInternalException".to_owned(),
        Service::Sqs | Service::Other(_) => "InternalFailure".to_owned(),
    };
    (500, error_body(&code, "Internal error (injected)"))
}

fn dynamodb(code: &str) -> String {
    format!("com.amazonaws.dynamodb.v20120810#{code}")
}

/// Each service reads one of the two spellings of the message.
fn error_body(code: &str, message: &str) -> Value {
    json!({ "__type": code, "message": message, "Message": message })
}
