//! The register: who may use the data, for what, how that was authorised, and what left.
//!
//! [`register`] and [`site`] are pure: the log and the state go in, pages and JSON come out, the same bytes
//! each time, so that anybody who replays the log can compare them. [`serve`] hands an exported folder out
//! over HTTP on the loopback address.
//!
//! Nothing here may know a private value: the register is made from log entries, which hold digests of them
//! only. No name of a researcher, no text of a question and no participant can reach a page.

pub mod api;
pub mod limits;
pub mod register;
pub mod serve;
pub mod site;
mod words;

pub use register::{Register, RegisterError};
pub use serve::{ServeError, serve, serve_until_interrupted};
pub use site::{SiteError, entry_page, pages};
