//! A released table as bytes.

/// Bytes that are no released table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BytesError {
    /// Another version of the format, or something else.
    #[error("the kept table has another format; expected version 1")]
    Version,
    /// Cut short, too long, or not in the one form that is written.
    #[error("the kept table is not readable")]
    NotReadable,
}
