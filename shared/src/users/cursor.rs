//! Where a page of a list begins, as the caller is told.

use serde::{Deserialize, Serialize};

use super::walk::Place;
use crate::{
    error::{Error, Result},
    vault::{Digest, IndexKey},
};

/// A place as it is sealed into a cursor.
#[derive(Serialize, Deserialize)]
pub(super) struct Cursor {
    segment: usize,
    position: String,
    pub(super) backwards: bool,
    /// How many there were in all, when the first page was read.
    pub(super) count: usize,
}

impl Cursor {
    pub(super) fn new(place: Place, backwards: bool, count: usize) -> Self {
        Self { segment: place.segment, position: place.position, backwards, count }
    }

    pub(super) fn place(&self) -> Place {
        Place { segment: self.segment, position: self.position.clone() }
    }

    pub(super) fn seal(&self, digest: &Digest, index: &IndexKey) -> Result<String> {
        let text = serde_json::to_string(self).unwrap_or_default();
        Ok(data_encoding::BASE64URL_NOPAD.encode(&index.seal_cursor(digest, &text)?))
    }

    pub(super) fn open(text: &str, digest: &Digest, index: &IndexKey) -> Result<Self> {
        let sealed = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let opened = sealed.and_then(|sealed| index.open_cursor(digest, &sealed).ok());
        let cursor = opened.and_then(|text| serde_json::from_slice(&text).ok());
        cursor.ok_or_else(|| Error::query("cursor", "is not a cursor of this very query"))
    }
}
