//! The queues that the template declares.

use aws_sdk_sqs::{
    Client,
    types::QueueAttributeName::{
        DelaySeconds, MessageRetentionPeriod, QueueArn, RedrivePolicy, VisibilityTimeout,
    },
};
use serde_json::json;

use super::{StartError, aws::Aws};
use crate::template::{Queue, Resolver, Template};

/// Makes sure that every queue of the template exists, and tells the resolver their names. Those for dead letters come
/// first: the others refer to them.
pub(super) async fn provide(
    template: &Template,
    aws: &Aws,
    resolver: &mut Resolver,
) -> Result<(), StartError> {
    let client = Client::new(aws.sdk_config());
    let (targets, sources): (Vec<_>, Vec<_>) =
        template.queues.iter().partition(|queue| queue.redrive.is_none());
    for queue in targets.into_iter().chain(sources) {
        provide_one(&client, queue, aws, resolver).await?;
    }
    Ok(())
}

async fn provide_one(
    client: &Client,
    queue: &Queue,
    aws: &Aws,
    resolver: &mut Resolver,
) -> Result<(), StartError> {
    let name = &queue.logical_id;
    let failed =
        |error: &dyn std::error::Error| aws.sqs_failed(format!("make the queue {name}"), error);
    let made = client.create_queue().queue_name(name).send().await;
    let url = made.map_err(|error| failed(&error))?.queue_url.unwrap_or_default();
    // Set apart from that, because a queue of an earlier start may have others.
    let mut request = client.set_queue_attributes().queue_url(&url);
    for (attribute, seconds) in [
        (VisibilityTimeout, &queue.visibility_timeout),
        (MessageRetentionPeriod, &queue.retention_period),
        (DelaySeconds, &queue.delay),
    ] {
        if let Some(seconds) = seconds {
            request = request.attributes(attribute, seconds);
        }
    }
    if let Some(redrive) = &queue.redrive {
        let target = resolver.resolve(&redrive.target).map_err(|error| failed(&error))?;
        let policy = json!({
            "deadLetterTargetArn": target, "maxReceiveCount": redrive.max_receive_count,
        });
        request = request.attributes(RedrivePolicy, policy.to_string());
    }
    if request.get_attributes().is_some() {
        request.send().await.map_err(|error| failed(&error))?;
    }
    let request = client.get_queue_attributes().queue_url(&url).attribute_names(QueueArn);
    let answer = request.send().await.map_err(|error| failed(&error))?;
    let arn = answer.attributes().and_then(|attributes| attributes.get(&QueueArn));
    resolver.define(name, url);
    resolver.define_attribute(name, "QueueName", name);
    if let Some(arn) = arn {
        resolver.define_attribute(name, "Arn", arn);
    }
    Ok(())
}
