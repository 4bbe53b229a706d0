//! What a command says: results on standard output, remarks on standard error.

use std::io::{self, Write as _};

/// Prints a result. That it could not be printed is an error: it may be a secret that is shown once.
pub(crate) fn result(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|error| format!("the result could not be printed: {error}"))
}

/// Prints a remark for the person at the keyboard.
#[expect(clippy::print_stderr, reason = "beside the result, and not part of it")]
pub(crate) fn remark(text: &str) {
    eprintln!("{text}");
}
