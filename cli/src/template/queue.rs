//! `AWS::SQS::Queue`.

use super::{Expression, TemplateError, node::Node};

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its logical id, which is its name on this machine.
    pub logical_id: String,
    /// For how many seconds a received message is hidden; the service's own default where nothing is said.
    pub visibility_timeout: Option<String>,
    /// For how many seconds a message is kept; the service's own default where nothing is said.
    pub retention_period: Option<String>,
    /// For how many seconds a message is hidden when it is sent; the service's own default where nothing is said.
    pub delay: Option<String>,
    /// Where messages go that were received too often, and how often that is.
    pub redrive: Option<Redrive>,
}

/// When a queue gives a message up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The ARN of the queue that takes it.
    pub target: Expression,
    /// How often it may be received.
    pub max_receive_count: u32,
}

impl Queue {
    pub(super) fn read(logical_id: &str, resource: &Node<'_>) -> Result<Self, TemplateError> {
        let properties = resource.get("Properties");
        let scalar = |name| properties.get(name).present().map(|node| node.scalar()).transpose();
        let redrive = properties.get("RedrivePolicy").present();
        Ok(Self {
            logical_id: logical_id.to_owned(),
            visibility_timeout: scalar("VisibilityTimeout")?,
            retention_period: scalar("MessageRetentionPeriod")?,
            delay: scalar("DelaySeconds")?,
            redrive: redrive.map(|node| Redrive::read(&node)).transpose()?,
        })
    }
}

impl Redrive {
    fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        let count = node.get("maxReceiveCount");
        let parsed = count.scalar()?.parse();
        Ok(Self {
            target: Expression::read(&node.get("deadLetterTargetArn"))?,
            max_receive_count: parsed.map_err(|_| count.unexpected("a whole number"))?,
        })
    }
}
