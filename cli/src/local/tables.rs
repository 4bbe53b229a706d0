//! The tables that the template declares: made where they are missing, compared where they exist.

mod shape;

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    operation::{create_table::CreateTableError, describe_table::DescribeTableError},
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, IndexStatus, KeySchemaElement,
        KeyType, Projection, ProjectionType, ScalarAttributeType, StreamSpecification,
        StreamViewType, TableDescription, TableStatus, TimeToLiveSpecification,
    },
};
use tokio::time::{Instant, sleep};

pub use self::shape::difference;

use super::{StartError, aws::Aws};
use crate::template::{AttributeType, KeySchema, Resolver, Table, Template};

/// How long a table may take to become active.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Whether what the tables held before is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Every table existed.
    Kept,
    /// Some table had to be made.
    Fresh,
}

/// Makes sure that every table of the template exists as declared, and tells the resolver their names.
pub(super) async fn provide(
    template: &Template,
    aws: &Aws,
    resolver: &mut Resolver,
) -> Result<Content, StartError> {
    let tables = Tables { client: Client::new(aws.sdk_config()), aws };
    let mut content = Content::Kept;
    for table in &template.tables {
        if tables.provide(table, resolver).await? == Content::Fresh {
            content = Content::Fresh;
        }
    }
    Ok(content)
}

struct Tables<'a> {
    client: Client,
    aws: &'a Aws,
}

impl Tables<'_> {
    async fn provide(&self, table: &Table, resolver: &mut Resolver) -> Result<Content, StartError> {
        let content = if self.exists(table).await? {
            Content::Kept
        } else {
            self.create(table).await?;
            Content::Fresh
        };
        let description = self.active(table).await?;
        shape::compare(table, &description)?;
        if let Some(attribute) = &table.ttl_attribute {
            self.expire_by(table, attribute).await?;
        }
        resolver.define(&table.logical_id, &table.logical_id);
        if let Some(arn) = description.table_arn() {
            resolver.define_attribute(&table.logical_id, "Arn", arn);
        }
        if let Some(arn) = description.latest_stream_arn() {
            resolver.define_attribute(&table.logical_id, "StreamArn", arn);
        }
        Ok(content)
    }

    /// By the list of all: to ask for one that is missing is an error, and servers log errors.
    async fn exists(&self, table: &Table) -> Result<bool, StartError> {
        let mut names = self.client.list_tables().into_paginator().items().send();
        while let Some(name) = names.next().await {
            if name.map_err(|error| self.failed("look up", table, &error))? == table.logical_id {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn describe(&self, table: &Table) -> Result<Option<TableDescription>, StartError> {
        match self.client.describe_table().table_name(&table.logical_id).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeTableError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.failed("look up", table, &error)),
        }
    }

    async fn create(&self, table: &Table) -> Result<(), StartError> {
        let invalid = |error: &dyn std::error::Error| self.failed("make", table, error);
        let mut request = self
            .client
            .create_table()
            .table_name(&table.logical_id)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema(&table.key).map_err(|error| invalid(&error))?));
        for attribute in table.key_attributes() {
            let definition = AttributeDefinition::builder()
                .attribute_name(&attribute.name)
                .attribute_type(attribute_type(attribute.kind))
                .build()
                .map_err(|error| invalid(&error))?;
            request = request.attribute_definitions(definition);
        }
        for index in &table.indexes {
            let projection = Projection::builder()
                .projection_type(ProjectionType::from(index.projection.as_str()));
            let definition = GlobalSecondaryIndex::builder()
                .index_name(&index.name)
                .set_key_schema(Some(key_schema(&index.key).map_err(|error| invalid(&error))?))
                .projection(projection.build())
                .build()
                .map_err(|error| invalid(&error))?;
            request = request.global_secondary_indexes(definition);
        }
        if let Some(view) = &table.stream_view {
            let stream = StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::from(view.as_str()));
            request =
                request.stream_specification(stream.build().map_err(|error| invalid(&error))?);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            // Another stack on the same server was faster.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(CreateTableError::is_resource_in_use_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(self.failed("make", table, &error)),
        }
    }

    async fn active(&self, table: &Table) -> Result<TableDescription, StartError> {
        let started = Instant::now();
        loop {
            if let Some(description) = self.describe(table).await?
                && is_active(&description)
            {
                return Ok(description);
            }
            if started.elapsed() > PATIENCE {
                let late = format!("it is not active after {} seconds", PATIENCE.as_secs());
                return Err(self.failed("make", table, &std::io::Error::other(late)));
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Turns expiry on where it is off: a table can exist without it if its maker was interrupted.
    async fn expire_by(&self, table: &Table, attribute: &str) -> Result<(), StartError> {
        let answer = self.client.describe_time_to_live().table_name(&table.logical_id).send().await;
        let answer = answer.map_err(|error| self.failed("read the expiry of", table, &error))?;
        let current = answer.time_to_live_description.and_then(|ttl| ttl.attribute_name);
        if let Some(found) = current {
            let differs = |name: &str| format!("items expire by `{name}`");
            return if found == attribute {
                Ok(())
            } else {
                Err(shape::differs(table, differs(&found), differs(attribute)))
            };
        }
        let specification =
            TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build();
        let specification =
            specification.map_err(|error| self.failed("set the expiry of", table, &error))?;
        let request = self.client.update_time_to_live().table_name(&table.logical_id);
        let outcome = request.time_to_live_specification(specification).send().await;
        outcome.map(drop).map_err(|error| self.failed("set the expiry of", table, &error))
    }

    fn failed(&self, verb: &str, table: &Table, error: &dyn std::error::Error) -> StartError {
        self.aws.dynamodb_failed(format!("{verb} the table {}", table.logical_id), error)
    }
}

fn is_active(description: &TableDescription) -> bool {
    description.table_status() == Some(&TableStatus::Active)
        && description
            .global_secondary_indexes()
            .iter()
            .all(|index| index.index_status() == Some(&IndexStatus::Active))
}

fn key_schema(
    key: &KeySchema,
) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    std::iter::once((&key.partition, KeyType::Hash))
        .chain(key.sort.iter().map(|sort| (sort, KeyType::Range)))
        .map(|(attribute, kind)| {
            KeySchemaElement::builder().attribute_name(&attribute.name).key_type(kind).build()
        })
        .collect()
}

const fn attribute_type(kind: AttributeType) -> ScalarAttributeType {
    match kind {
        AttributeType::String => ScalarAttributeType::S,
        AttributeType::Number => ScalarAttributeType::N,
        AttributeType::Binary => ScalarAttributeType::B,
    }
}
