//! Why the stack did not start: one sentence per reason, each for the person at the keyboard.

use std::{error::Error, io, net::SocketAddr, path::PathBuf};

use crate::template::TemplateError;

/// Why the stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process listens there.
    #[error("{0} is already in use: stop what listens there, or choose another --port")]
    PortInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A file or directory of the data directory cannot be used.
    #[error("{} cannot be used", path.display())]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another stack has the data directory.
    #[error("{} is in use by another `coffer local`: stop it, or choose another --data-dir", .0.display())]
    DataInUse(PathBuf),
    /// A file of the data directory does not hold what it should.
    #[error("{} is damaged ({reason}): {remedy}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The data are there, and the keys that they were sealed under are not.
    #[error(
        "{} is missing, and the data beside it cannot be opened without it: restore it, or move the directory away",
        .0.display()
    )]
    KeysMissing(PathBuf),
    /// The tables are there, and the keys that their data were sealed under are another KMS's.
    #[error(
        "the tables at {dynamodb} were filled under another KMS key than the one at {kms} ({reason}): start with the \
         data directory or the KMS that they were filled with, or with empty tables"
    )]
    OtherKeys {
        /// Where the tables are.
        dynamodb: String,
        /// Where the key is.
        kms: String,
        /// What became of opening a key of theirs.
        reason: String,
    },
    /// The template cannot be read or resolved.
    #[error("{} is not a template that can be run", path.display())]
    Template {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TemplateError,
    },
    /// The template has no parameter of that name, or none with a default.
    #[error("the template has no parameter {0} with a default: see its section Parameters")]
    NoSuchParameter(String),
    /// The template declares no function at all.
    #[error("the template declares no function")]
    NoFunctions,
    /// The template declares a function that is not in this program.
    #[error(
        "the template's function {logical_id} names the operation {operation}, which does not exist"
    )]
    UnknownOperation {
        /// The function's logical id.
        logical_id: String,
        /// The operation that it names.
        operation: String,
    },
    /// The template does not give a function what it needs.
    #[error("the template's function {operation} cannot be configured")]
    Config {
        /// The function's operation.
        operation: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A table exists that is not the one declared.
    #[error(
        "the table {table} was made by another version of the template ({found}, and the template says \
         {expected}): move the data directory away, or choose another --data-dir"
    )]
    TableDiffers {
        /// The table.
        table: String,
        /// What the existing table has.
        found: String,
        /// What the template declares.
        expected: String,
    },
    /// An embedded server did not start.
    #[error("the embedded {server} did not start: {reason}")]
    Server {
        /// Which.
        server: &'static str,
        /// Why.
        reason: String,
    },
    /// A call to DynamoDB, KMS or SQS failed.
    #[error("{endpoint} failed to {action}: {reason}")]
    Call {
        /// Where it went.
        endpoint: String,
        /// What it was to do.
        action: String,
        /// Why it failed.
        reason: String,
    },
    /// The first tenant could not be made.
    #[error("the tenant `local` could not be made")]
    Seed(#[source] Box<dyn Error + Send + Sync>),
}

/// An error and its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // The SDK's errors like to repeat their cause in their own words.
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}
