//! What calls a function that has no route: a table's stream, a queue, or the clock.

mod schedule;

use serde_json::Value;

pub use self::schedule::{Schedule, ScheduleKind};
use super::{Expression, TemplateError, Term, node::Node};

/// What calls a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// The stream of a table.
    Stream(StreamMapping),
    /// A queue.
    Queue(QueueMapping),
    /// The clock.
    Schedule(Schedule),
}

/// An event source mapping from a stream. Its defaults are Lambda's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMapping {
    /// The ARN of the stream.
    pub stream: Expression,
    /// How many records a batch has, at most.
    pub batch_size: usize,
    /// How often a batch is tried again; `None` for as long as its records are kept.
    pub max_retries: Option<usize>,
    /// How many seconds old a record may be; `None` for as long as it is kept.
    pub max_age_seconds: Option<u64>,
    /// Whether a batch that failed is halved before it is tried again.
    pub bisects: bool,
    /// Whether the function says from which record on it failed.
    pub reports_failures: bool,
    /// The ARN of the queue that is told of batches that were given up.
    pub on_failure: Option<Expression>,
    /// Whether what was changed before the mapping was made is left out.
    pub starts_at_latest: bool,
    /// Patterns of which a record must fit one; none lets every record through.
    pub filters: Vec<Value>,
}

/// An event source mapping from a queue. Its defaults are Lambda's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMapping {
    /// The ARN of the queue.
    pub queue: Expression,
    /// How many messages a batch has, at most.
    pub batch_size: usize,
    /// How many batches are worked on at once, at most; a whole number.
    pub max_concurrency: Expression,
    /// Whether the function says which messages failed.
    pub reports_failures: bool,
}

/// The name of the setting that lets a function say which records failed.
const REPORTS_FAILURES: &str = "ReportBatchItemFailures";
/// What Lambda starts with where no maximum is given.
const DEFAULT_CONCURRENCY: &str = "5";

impl Trigger {
    /// `None` where the event is of another type. `name` is the event's, in its function.
    pub(super) fn read(name: &str, event: &Node<'_>) -> Result<Option<Self>, TemplateError> {
        let properties = event.get("Properties");
        Ok(match event.get("Type").text()? {
            "DynamoDB" => Some(Self::Stream(StreamMapping::read(&properties)?)),
            "SQS" => Some(Self::Queue(QueueMapping::read(&properties)?)),
            "Schedule" => {
                Some(Self::Schedule(Schedule::read(name, ScheduleKind::Rule, &properties)?))
            }
            "ScheduleV2" => {
                Some(Self::Schedule(Schedule::read(name, ScheduleKind::Scheduler, &properties)?))
            }
            _ => None,
        })
    }
}

impl StreamMapping {
    fn read(properties: &Node<'_>) -> Result<Self, TemplateError> {
        let on_failure = properties.get("DestinationConfig").get("OnFailure").get("Destination");
        Ok(Self {
            stream: Expression::read(&properties.get("Stream"))?,
            batch_size: number(&properties.get("BatchSize"))?.unwrap_or(100),
            max_retries: limit(&properties.get("MaximumRetryAttempts"))?,
            max_age_seconds: limit(&properties.get("MaximumRecordAgeInSeconds"))?,
            bisects: flag(&properties.get("BisectBatchOnFunctionError"))?,
            reports_failures: reports_failures(properties)?,
            on_failure: on_failure.present().map(|node| Expression::read(&node)).transpose()?,
            starts_at_latest: properties.get("StartingPosition").text()? == "LATEST",
            filters: filters(&properties.get("FilterCriteria").get("Filters"))?,
        })
    }
}

impl QueueMapping {
    fn read(properties: &Node<'_>) -> Result<Self, TemplateError> {
        let maximum = properties.get("ScalingConfig").get("MaximumConcurrency");
        Ok(Self {
            queue: Expression::read(&properties.get("Queue"))?,
            batch_size: number(&properties.get("BatchSize"))?.unwrap_or(10),
            max_concurrency: match maximum.clone().present() {
                Some(maximum) => Expression::read(&maximum)?,
                None => Expression {
                    place: maximum.place().to_owned(),
                    term: Term::Literal(DEFAULT_CONCURRENCY.to_owned()),
                },
            },
            reports_failures: reports_failures(properties)?,
        })
    }
}

fn number<N: std::str::FromStr>(node: &Node<'_>) -> Result<Option<N>, TemplateError> {
    let Some(node) = node.clone().present() else { return Ok(None) };
    node.scalar()?.parse().map(Some).map_err(|_| node.unexpected("a whole number"))
}

/// A bound, where -1 is none.
fn limit<N: std::str::FromStr>(node: &Node<'_>) -> Result<Option<N>, TemplateError> {
    match node.clone().present().map(|node| node.scalar()).transpose()?.as_deref() {
        None | Some("-1") => Ok(None),
        Some(_) => number(node),
    }
}

fn flag(node: &Node<'_>) -> Result<bool, TemplateError> {
    let Some(node) = node.clone().present() else { return Ok(false) };
    node.scalar()?.parse().map_err(|_| node.unexpected("true or false"))
}

fn reports_failures(properties: &Node<'_>) -> Result<bool, TemplateError> {
    let types = properties.get("FunctionResponseTypes").items_or_none()?;
    let types: Vec<_> = types.iter().map(Node::text).collect::<Result<_, _>>()?;
    Ok(types.contains(&REPORTS_FAILURES))
}

fn filters(node: &Node<'_>) -> Result<Vec<Value>, TemplateError> {
    let pattern = |node: &Node<'_>| {
        let pattern = node.get("Pattern");
        serde_json::from_str(pattern.text()?).map_err(|_| pattern.unexpected("JSON"))
    };
    node.items_or_none()?.iter().map(pattern).collect()
}
