//! `AWS::DynamoDB::Table`.

use super::{TemplateError, node::Node};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its logical id, which is its name on this machine.
    pub logical_id: String,
    /// Its primary key.
    pub key: KeySchema,
    /// Its global secondary indexes.
    pub indexes: Vec<Index>,
    /// The attribute that holds an item's expiry, if items expire.
    pub ttl_attribute: Option<String>,
    /// What its stream shows of a change, as CloudFormation spells it, if it has a stream.
    pub stream_view: Option<String>,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: KeySchema,
    /// What it copies of an item, as CloudFormation spells it.
    pub projection: String,
}

/// The key of a table or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key.
    pub partition: KeyAttribute,
    /// The sort key, if there is one.
    pub sort: Option<KeyAttribute>,
}

/// One attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: AttributeType,
}

/// The type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeType {
    /// `S`
    String,
    /// `N`
    Number,
    /// `B`
    Binary,
}

impl Table {
    pub(super) fn read(logical_id: &str, resource: &Node<'_>) -> Result<Self, TemplateError> {
        let properties = resource.get("Properties");
        let kinds = kinds(&properties.get("AttributeDefinitions"))?;
        let indexes = properties.get("GlobalSecondaryIndexes").items_or_none()?;
        let ttl = properties.get("TimeToLiveSpecification").get("AttributeName").present();
        let stream = properties.get("StreamSpecification").get("StreamViewType").present();
        Ok(Self {
            logical_id: logical_id.to_owned(),
            key: KeySchema::read(&properties.get("KeySchema"), &kinds)?,
            indexes: indexes
                .iter()
                .map(|index| Index::read(index, &kinds))
                .collect::<Result<_, _>>()?,
            ttl_attribute: ttl.map(|node| node.text().map(str::to_owned)).transpose()?,
            stream_view: stream.map(|node| node.text().map(str::to_owned)).transpose()?,
        })
    }

    /// Every attribute that is part of some key, once.
    pub fn key_attributes(&self) -> Vec<&KeyAttribute> {
        let mut attributes: Vec<&KeyAttribute> = vec![];
        for key in std::iter::once(&self.key).chain(self.indexes.iter().map(|index| &index.key)) {
            for attribute in std::iter::once(&key.partition).chain(&key.sort) {
                if !attributes.contains(&attribute) {
                    attributes.push(attribute);
                }
            }
        }
        attributes
    }
}

impl Index {
    fn read(node: &Node<'_>, kinds: &[KeyAttribute]) -> Result<Self, TemplateError> {
        Ok(Self {
            name: node.get("IndexName").text()?.to_owned(),
            key: KeySchema::read(&node.get("KeySchema"), kinds)?,
            projection: node.get("Projection").get("ProjectionType").text()?.to_owned(),
        })
    }
}

impl KeySchema {
    fn read(node: &Node<'_>, kinds: &[KeyAttribute]) -> Result<Self, TemplateError> {
        let mut partition = None;
        let mut sort = None;
        for element in node.items()? {
            let name = element.get("AttributeName");
            let attribute = kinds
                .iter()
                .find(|attribute| name.value().is_some_and(|value| *value == *attribute.name))
                .cloned()
                .ok_or_else(|| name.unexpected("a name from AttributeDefinitions"))?;
            match element.get("KeyType").text()? {
                "HASH" => partition = Some(attribute),
                "RANGE" => sort = Some(attribute),
                _ => return Err(element.get("KeyType").unexpected("HASH or RANGE")),
            }
        }
        let partition =
            partition.ok_or_else(|| node.unexpected("an element whose KeyType is HASH"))?;
        Ok(Self { partition, sort })
    }
}

fn kinds(node: &Node<'_>) -> Result<Vec<KeyAttribute>, TemplateError> {
    let definition = |node: &Node<'_>| {
        let kind = node.get("AttributeType");
        Ok(KeyAttribute {
            name: node.get("AttributeName").text()?.to_owned(),
            kind: match kind.text()? {
                "S" => AttributeType::String,
                "N" => AttributeType::Number,
                "B" => AttributeType::Binary,
                _ => return Err(kind.unexpected("S, N or B")),
            },
        })
    };
    node.items()?.iter().map(definition).collect()
}
