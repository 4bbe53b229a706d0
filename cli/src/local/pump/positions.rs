//! How far streams were read, remembered in a file.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::local::{data_dir, error::chain};

/// How far each worker has read each shard.
///
/// A position is in the file once it is set, and so outlives the process; that it outlives the machine's power as well
/// is seen to at the end only. A position that was lost means that records come again, which workers have to bear anyway.
#[derive(Debug)]
pub(super) struct Positions {
    file: Option<PathBuf>,
    known: Mutex<BTreeMap<String, String>>,
}

impl Positions {
    /// A file that is missing or damaged is one that remembers nothing: everything that the stream still has comes again.
    pub(super) fn open(file: Option<PathBuf>) -> Self {
        let bytes = file.as_ref().and_then(|path| data_dir::read(path).ok().flatten());
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { file, known: Mutex::new(known.unwrap_or_default()) }
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn set(&self, name: &str, sequence_number: &str) {
        self.change(write, |known| {
            known.insert(name.to_owned(), sequence_number.to_owned());
        });
    }

    /// Makes sure that the file outlives everything.
    pub(super) fn keep(&self) {
        self.change(data_dir::replace, |_| {});
    }

    /// The lock is held while it is written, so that an older state never replaces a newer one.
    fn change(
        &self,
        write: impl FnOnce(&Path, &[u8]) -> io::Result<()>,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        let Some(path) = &self.file else { return };
        let saved = serde_json::to_vec(&*known).map_err(io::Error::other);
        if let Err(error) = saved.and_then(|text| write(path, &text)) {
            tracing::warn!(error = chain(&error), "the position in the stream was not saved");
        }
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("next");
    fs::write(&draft, content)?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_found_again_and_a_damaged_file_remembers_nothing() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("streams.json");
        Positions::open(Some(path.clone())).set("a", "1");
        let again = Positions::open(Some(path.clone()));
        assert_eq!(again.get("a").as_deref(), Some("1"));
        again.keep();
        assert_eq!(Positions::open(Some(path.clone())).get("a").as_deref(), Some("1"));
        fs::write(&path, "{").unwrap();
        assert_eq!(Positions::open(Some(path)).get("a"), None);
    }
}
