//! Whether the queue of webhooks is there, and what calls the workers.

use aws_config::SdkConfig;
use aws_sdk_sqs::{Client, types::QueueAttributeName};

use super::{Row, Servers, Verdict, tables::said};

/// Looks at the queue of deliveries.
pub(super) async fn check(sdk: &SdkConfig, url: Option<&str>) -> Row {
    const CHECK: &str = "queue of webhooks";
    let Some(url) = url else {
        return Row::new(
            CHECK,
            Verdict::Skipped,
            "its URL is not known",
            "name the stack with --stack-name, or set WEBHOOK_QUEUE_URL",
        );
    };
    let client = Client::new(sdk);
    let attributes = client.get_queue_attributes().queue_url(url);
    match attributes.attribute_names(QueueAttributeName::All).send().await {
        Err(error) => Row::new(
            CHECK,
            Verdict::Fail,
            said(&error),
            "check the queue's URL, the Region, and the right sqs:GetQueueAttributes",
        ),
        Ok(answer) => {
            let attribute = |name| answer.attributes().and_then(|all| all.get(&name)).cloned();
            let waiting = attribute(QueueAttributeName::ApproximateNumberOfMessages);
            let waiting = waiting.unwrap_or_else(|| "an unknown number".to_owned());
            if attribute(QueueAttributeName::RedrivePolicy).is_some() {
                Row::ok(CHECK, format!("{waiting} waiting, and a queue for what is given up"))
            } else {
                Row::new(
                    CHECK,
                    Verdict::Fail,
                    "no queue for what is given up",
                    "deploy the template again: webhooks that fail are lost otherwise",
                )
            }
        }
    }
}

/// Looks at what calls the workers: streams, queues and schedules, as CloudFormation knows them.
pub(super) async fn resources(sdk: &SdkConfig, servers: Servers, stack: Option<&str>) -> Row {
    const CHECK: &str = "streams, queues and schedules of the workers";
    const KINDS: [&str; 3] =
        ["AWS::Lambda::EventSourceMapping", "AWS::Events::Rule", "AWS::Scheduler::Schedule"];
    if servers == Servers::Local {
        return Row::ok(CHECK, "part of the local stack");
    }
    let Some(stack) = stack else {
        return Row::new(
            CHECK,
            Verdict::Skipped,
            "the stack is not named",
            "name it with --stack-name",
        );
    };
    let client = aws_sdk_cloudformation::Client::new(sdk);
    let mut pages = client.list_stack_resources().stack_name(stack).into_paginator().items().send();
    let (mut there, mut unfinished) = (0_usize, Vec::new());
    while let Some(resource) = pages.next().await {
        let resource = match resource {
            Ok(resource) => resource,
            Err(error) => {
                return Row::new(
                    CHECK,
                    Verdict::Warn,
                    said(&error),
                    "give the right cloudformation:ListStackResources",
                );
            }
        };
        let kind = resource.resource_type().unwrap_or_default();
        if !KINDS.contains(&kind) {
            continue;
        }
        let status = resource.resource_status().map_or("unknown", |status| status.as_str());
        there = there.saturating_add(1);
        if !["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&status) {
            let name = resource.logical_resource_id().unwrap_or_default();
            unfinished.push(format!("{name} is {status}"));
        }
    }
    if there == 0 {
        Row::new(CHECK, Verdict::Fail, "there are none", "deploy the template again")
    } else if unfinished.is_empty() {
        Row::ok(CHECK, format!("{there} are there"))
    } else {
        let remedy = "look at the stack's events";
        Row::new(CHECK, Verdict::Fail, unfinished.join(", "), remedy)
    }
}
