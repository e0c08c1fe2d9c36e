//! From text to a checked syntax tree. The tree that leaves this folder is built anew from the parts that are
//! known to be harmless; whatever is not on the list cannot get into it.

pub(crate) mod bounds;
pub(crate) mod build;
pub(crate) mod calls;
pub(crate) mod constants;
pub(crate) mod enclave;
pub(crate) mod expression;
pub(crate) mod functions;
pub(crate) mod select;
pub(crate) mod text;
