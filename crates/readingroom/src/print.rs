//! The only place that writes to the terminal.

use std::io::Write as _;

/// Writes a line for people.
pub fn line(text: &str) {
    bytes(format!("{text}\n").as_bytes());
}

/// Writes bytes as they are. A reader that went away is no fault.
pub fn bytes(bytes: &[u8]) {
    let _closed_pipe = std::io::stdout().lock().write_all(bytes);
}

/// Writes JSON for programs.
pub fn json(value: &serde_json::Value) {
    line(&format!("{value:#}"));
}

/// Writes what went wrong.
pub fn error(text: &str) {
    let _closed_pipe = writeln!(std::io::stderr().lock(), "{text}");
}
