//! Limits of this crate, each with its reason. How many links are followed from an institution to its
//! owners is [`governance::limits::OWNERSHIP_STEPS`].

/// Institutions looked at above one project. The largest corporate groups in GLEIF have some thousands of
/// members; beyond this the ownership counts as not known, and a person decides.
pub const GROUP_MEMBERS: usize = 10_000;
/// Files of one bundle: one a person reads, so as many as a person keeps apart.
pub const BUNDLE_FILES: usize = 64;
/// Bytes of one policy file: ten times the size of the largest of the default bundle.
pub const FILE_BYTES: usize = 64 * 1024;
/// Policies of one bundle: every one is evaluated for every question.
pub const POLICIES: usize = 500;
/// Sentences in the explanation of one failed gate; a consortium of 500 people without training would
/// otherwise fill pages.
pub const BECAUSE_LINES: usize = 12;
/// Depth to which a policy's expression is searched for the facts it names. Cedar's parser refuses
/// expressions that are nested more deeply than a stack allows; this is below that.
pub const EXPRESSION_DEPTH: usize = 256;
