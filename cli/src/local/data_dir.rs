//! The directory that holds what must survive a restart. One stack at a time.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::StartError;

/// The name of the file of the first tenant's credentials.
pub(super) const CREDENTIALS_FILE: &str = "credentials.json";

/// The name of the file of the environment of functions that run elsewhere.
pub const ENVIRONMENT_FILE: &str = "lambda.env";

/// A data directory, locked for as long as this lives.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory where there is none yet, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, StartError> {
        let data = |source| StartError::Data { path: path.to_owned(), source };
        make_private_directory(path).map_err(data)?;
        let lock = private().write(true).create(true).open(path.join("lock")).map_err(data)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::DataInUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(data(source)),
        }
    }

    /// The file of the embedded DynamoDB.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("coffer.db")
    }

    /// The file of the embedded KMS.
    pub(super) fn kms(&self) -> PathBuf {
        self.path.join("kms.json")
    }

    /// The file of the embedded queues.
    pub(super) fn queues(&self) -> PathBuf {
        self.path.join("queues.db")
    }

    /// The file of how far the streams have been read.
    pub(super) fn positions(&self) -> PathBuf {
        self.path.join("streams.json")
    }

    /// The file of the environment of functions that run elsewhere.
    pub(super) fn environment(&self) -> PathBuf {
        self.path.join(ENVIRONMENT_FILE)
    }

    /// The file of the private key of the stack's own issuer of tokens.
    pub(super) fn issuer(&self) -> PathBuf {
        self.path.join("issuer.pk8")
    }

    /// The file of the first tenant's credentials.
    pub(super) fn credentials(&self) -> PathBuf {
        self.path.join(CREDENTIALS_FILE)
    }
}

/// Reads a file that may not be there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StartError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StartError::Data { path: path.to_owned(), source }),
    }
}

/// Replaces a file as a whole, for the owner's eyes only. Once this returns, the new content survives a crash; until
/// then, the old one does.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = private().write(true).create_new(true).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_opened_once_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        let first = DataDir::open(&path).unwrap();
        assert!(matches!(DataDir::open(&path), Err(StartError::DataInUse(_))));
        drop(first);
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn a_replaced_file_is_the_owners_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("kms.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some(b"two".as_slice()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
