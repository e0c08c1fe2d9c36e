//! Safe Outputs: questions that were answered or refused, and files that asked to leave.
//!
//! Nothing leaves without a release event that holds its digest, and nobody checks their own output. A request goes
//! submitted → (reviewed by two, neither seeing the other's conclusion; by a third if they differ) → released, and may be
//! returned, rejected, withdrawn or, after its release, recalled. A red file is refused at the door: no review can let it
//! leave, it has to be mended. What is green leaves by itself only where the custodian said so
//! ([`crate::settings::SetAirlock`]).

mod decide;
mod event;
mod metrics;
mod pattern;
mod plan;
mod questions;
mod quota;
mod request;
mod requests;
mod state;

pub(crate) use decide::decide;
pub use decide::{CHECKERS, may_check, working_member};
pub use event::{OutputEvent, Submitted};
pub use metrics::{ColourLine, Metrics, Turnaround};
pub use pattern::{Flag, WINDOW_DAYS};
pub use plan::{planned_outputs, stands_in_plan};
pub use questions::{RecordQuery, RecordRefusal, ReviewQuestions};
pub use quota::Used;
pub use request::{Handed, Output, OutputReviewRecord, OutputStanding, PastVersion};
pub use requests::{
    CheckOutcome, ConfirmDeletion, DownloadOutput, Engine, OpenReviews, OutputFile, RecallOutput,
    ReleaseOutput, ReturnOutput, ReviewOutput, SubmitOutput, Verdict, WithdrawOutput,
};
pub use state::{DIFFERENCE_RULE, Outputs, Query};
