//! The data room: ingest, releases, and governed questions. The only crate that knows Arrow.

pub mod catalogue;
pub mod flight;
pub mod ingest;
pub mod limits;
pub mod query;
pub mod release;
pub mod sealed;
