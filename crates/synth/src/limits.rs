//! Every bound of the generator, with its reason.

/// Largest cohort. The participant ids have seven digits and the first is never zero, so at most
/// nine million exist; some must stay free for ids that belong to nobody (see `dirt`).
pub const MAX_PARTICIPANTS: u32 = 5_000_000;

/// Bytes a file may gather before they are handed to its writer: large enough that a system call
/// is rare, small enough that a dozen files fit in a processor's cache share of memory.
pub const FLUSH_AT: usize = 1 << 20;

/// GP events of one participant. The mean is about 236; the bound keeps one person's buffer small.
pub const MAX_GP_EVENTS: usize = 4_000;

/// Prescriptions of one participant. Mean about 112.
pub const MAX_SCRIPTS: usize = 4_000;

/// Hospital episodes of one participant. Mean about 9; dialysis gives hundreds in life.
pub const MAX_EPISODES: usize = 400;

/// Diagnoses of one episode: the hospital tables hold at most 20 (NHS Data Dictionary).
pub const MAX_DIAGNOSES: usize = 20;

/// Rounds of cycle walking in a permutation. The domain is never below a quarter of the range, so
/// more than 200 rounds has a probability under 1e-24.
pub const MAX_WALK: u32 = 200;

/// Participants between two calls of the progress function.
pub const PROGRESS_EVERY: u32 = 500;

/// One in so many participants asks to be withdrawn.
pub const WITHDRAWN_ONE_IN: u32 = 2_000;
