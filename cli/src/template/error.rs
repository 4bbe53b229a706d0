//! What can be wrong with a template, and where.

use std::{io, path::PathBuf};

use super::line::line_of;

/// Why a template could not be read or resolved.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file could not be read.
    #[error("{} could not be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is not YAML.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// What is wrong stands on this line.
    #[error("line {line}: {source}")]
    At {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        source: Box<TemplateError>,
    },
    /// Something else stands where the template should say one thing.
    #[error("{place}: found {found}, expected {expected}")]
    Unexpected {
        /// Where, as a path of member names: `Resources.UsersTable.Properties.KeySchema`.
        place: String,
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: String,
    },
    /// A reference leads nowhere.
    #[error("{place}: {name} is neither a parameter with a default nor a resource known here")]
    Unresolved {
        /// Where the reference stands.
        place: String,
        /// What it refers to.
        name: String,
    },
}

impl TemplateError {
    /// This error with the line of its place in the template's text, where it has one.
    pub(super) fn locate(self, text: &str) -> Self {
        let line = match &self {
            Self::Unexpected { place, .. } | Self::Unresolved { place, .. } => line_of(text, place),
            Self::Unreadable { .. } | Self::Syntax { .. } | Self::At { .. } => None,
        };
        match line {
            Some(line) => Self::At { line, source: Box::new(self) },
            None => self,
        }
    }
}
