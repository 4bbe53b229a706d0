//! Where the examples are, which `cargo test` builds.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The path of an example of the package whose test is running: `cargo test` has built it.
///
/// # Panics
///
/// When there is no such example.
pub fn example(name: &str) -> PathBuf {
    existing(profile_folder().join("examples").join(name))
}

/// `target/debug`: two above the running test, which is `target/debug/deps/<name>-<hash>`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>").to_owned()
}

fn existing(path: PathBuf) -> PathBuf {
    assert!(path.is_file(), "{} has not been built", path.display());
    path
}
