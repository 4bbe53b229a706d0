//! What calls a function that has no route: a table's stream, or a queue.

use serde_json::Value;

use super::{Expression, TemplateError, node::Node};

/// What calls a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// The stream of a table.
    Stream {
        /// The ARN of the stream.
        stream: Expression,
        /// How many records it is given at once, at most.
        batch_size: usize,
        /// How often a batch is tried again.
        max_retries: usize,
        /// Patterns of which a record must fit one; none lets every record through.
        filters: Vec<Value>,
    },
    /// A queue.
    Queue {
        /// The ARN of the queue.
        queue: Expression,
        /// How many messages it is given at once, at most.
        batch_size: usize,
    },
}

impl Trigger {
    /// `None` where the event is of another type.
    pub(super) fn read(event: &Node<'_>) -> Result<Option<Self>, TemplateError> {
        let properties = event.get("Properties");
        Ok(match event.get("Type").text()? {
            "DynamoDB" => Some(Self::Stream {
                stream: Expression::read(&properties.get("Stream"))?,
                batch_size: number(&properties.get("BatchSize"))?.unwrap_or(100),
                max_retries: number(&properties.get("MaximumRetryAttempts"))?.unwrap_or(usize::MAX),
                filters: filters(&properties.get("FilterCriteria").get("Filters"))?,
            }),
            "SQS" => Some(Self::Queue {
                queue: Expression::read(&properties.get("Queue"))?,
                batch_size: number(&properties.get("BatchSize"))?.unwrap_or(10),
            }),
            _ => None,
        })
    }
}

fn number(node: &Node<'_>) -> Result<Option<usize>, TemplateError> {
    let Some(node) = node.clone().present() else { return Ok(None) };
    node.scalar()?.parse().map(Some).map_err(|_| node.unexpected("a whole number"))
}

fn filters(node: &Node<'_>) -> Result<Vec<Value>, TemplateError> {
    let pattern = |node: &Node<'_>| {
        let pattern = node.get("Pattern");
        serde_json::from_str(pattern.text()?).map_err(|_| pattern.unexpected("JSON"))
    };
    node.items_or_none()?.iter().map(pattern).collect()
}
