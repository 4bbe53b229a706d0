//! Whether an existing table is the one declared.

use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement, KeyType, TableDescription};

use super::{StartError, attribute_type};
use crate::template::{KeySchema, Table};

/// Compares keys, indexes and the stream: what cannot be changed without touching the data.
pub(super) fn compare(table: &Table, found: &TableDescription) -> Result<(), StartError> {
    difference(table, found)
        .map_or(Ok(()), |(found, expected)| Err(differs(table, found, expected)))
}

/// In what an existing table differs from the declared one in these: as it is, and as it is declared.
pub fn difference(table: &Table, found: &TableDescription) -> Option<(String, String)> {
    let (declared, existing) = (declared(table), existing(found));
    (declared != existing).then_some((existing, declared))
}

pub(super) fn differs(table: &Table, found: String, expected: String) -> StartError {
    StartError::TableDiffers { table: table.logical_id.clone(), found, expected }
}

fn declared(table: &Table) -> String {
    let mut indexes: Vec<_> = table
        .indexes
        .iter()
        .map(|index| format!("index {} {}", index.name, declared_key(&index.key)))
        .collect();
    indexes.sort();
    describe(&declared_key(&table.key), &indexes, table.stream_view.as_deref())
}

fn declared_key(key: &KeySchema) -> String {
    let attributes = std::iter::once(&key.partition).chain(&key.sort);
    spell(
        attributes
            .map(|attribute| (attribute.name.as_str(), attribute_type(attribute.kind).to_string())),
    )
}

fn existing(table: &TableDescription) -> String {
    let definitions = table.attribute_definitions();
    let mut indexes: Vec<_> = table
        .global_secondary_indexes()
        .iter()
        .map(|index| {
            let name = index.index_name().unwrap_or_default();
            format!("index {name} {}", existing_key(index.key_schema(), definitions))
        })
        .collect();
    indexes.sort();
    let stream = table.stream_specification().and_then(|stream| stream.stream_view_type());
    describe(
        &existing_key(table.key_schema(), definitions),
        &indexes,
        stream.map(aws_sdk_dynamodb::types::StreamViewType::as_str),
    )
}

fn existing_key(schema: &[KeySchemaElement], definitions: &[AttributeDefinition]) -> String {
    let of_kind = |kind: KeyType| schema.iter().filter(move |element| *element.key_type() == kind);
    spell(of_kind(KeyType::Hash).chain(of_kind(KeyType::Range)).map(|element| {
        let name = element.attribute_name();
        let definition = definitions.iter().find(|definition| definition.attribute_name() == name);
        (name, definition.map(|found| found.attribute_type().to_string()).unwrap_or_default())
    }))
}

fn spell<'a>(attributes: impl Iterator<Item = (&'a str, String)>) -> String {
    let spelled: Vec<_> = attributes.map(|(name, kind)| format!("{name}:{kind}")).collect();
    format!("({})", spelled.join(", "))
}

fn describe(key: &str, indexes: &[String], stream: Option<&str>) -> String {
    let stream = stream.map_or_else(|| "no stream".to_owned(), |view| format!("stream {view}"));
    let parts = [&[format!("key {key}")], indexes, &[stream]].concat();
    parts.join(", ")
}
