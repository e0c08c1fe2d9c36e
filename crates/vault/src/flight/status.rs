//! From the two kinds of no to gRPC.
//!
//! A refusal is told whole: in plain text for people, and as JSON in the trailer `readingroom-refusal-bin` for programs.
//! Must never: show a fault's text, or tell an unknown visitor anything.

use governance::Refusal;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::query::desk::Denied;

/// The trailer that holds a refusal as JSON: `{"code", "reason", "rule", "fix"}`.
pub const REFUSAL: &str = "readingroom-refusal-bin";

/// The status of a no.
pub(super) fn denied(no: &Denied) -> Status {
    match no {
        Denied::Unknown => unknown(),
        Denied::Refusal(refusal) => refused(refusal),
        Denied::Fault => fault(),
    }
}

/// The same words whether there is no token, a malformed, an expired or a revoked one.
pub(super) fn unknown() -> Status {
    Status::unauthenticated(
        "no valid token; send `authorization: Bearer TOKEN` with every call, and ask the custodian for a token if yours ended",
    )
}

/// Nothing but that something went wrong.
pub(super) fn fault() -> Status {
    Status::internal("the question could not be answered because of a fault; tell the operator")
}

/// A refusal with its four parts.
pub(super) fn refused(refusal: &Refusal) -> Status {
    let text = format!(
        "{}; what to do: {} (code {}, rule {})",
        refusal.reason, refusal.fix, refusal.code, refusal.rule
    );
    let mut trailers = MetadataMap::new();
    if let Ok(json) = serde_json::to_vec(refusal) {
        trailers.insert_bin(REFUSAL, MetadataValue::from_bytes(&json));
    }
    Status::with_metadata(code(refusal), text, trailers)
}

/// The gRPC code: what a driver's error class follows from.
fn code(refusal: &Refusal) -> Code {
    match (refusal.rule.as_ref(), refusal.code.as_ref()) {
        (_, "out-of-time" | "waited-too-long") => Code::DeadlineExceeded,
        (_, "question-too-long" | "too-many-columns") => Code::InvalidArgument,
        ("limits", _) => Code::ResourceExhausted,
        (_, "not-available-here") => Code::Unimplemented,
        (_, "handle-unknown") => Code::NotFound,
        (_, "unknown-table" | "unknown-column") => Code::InvalidArgument,
        ("only-questions" | "reviewed-functions", _) => Code::InvalidArgument,
        _ => Code::PermissionDenied,
    }
}

/// Something that Flight SQL has and the data room has not.
pub(super) fn not_here(what: &str) -> Status {
    refused(&Refusal::new(
        "not-available-here",
        "only-questions",
        format!("{what} is not available: nothing can be written, begun or committed here"),
        "ask one SELECT at a time, with autocommit on",
    ))
}

/// A handle that is unknown, ended, used up, or somebody else's: the same words.
pub(super) fn no_handle(what: &str) -> Status {
    refused(&Refusal::new(
        "handle-unknown",
        "one-visitor-one-ticket",
        format!(
            "there is no such {what}: it was used already, has expired, or was never given to this token"
        ),
        "ask the question again",
    ))
}

/// More than a token may have at a time.
pub(super) fn too_many(what: &str, limit: usize) -> Status {
    refused(&Refusal::new(
        "too-many-at-once",
        "limits",
        format!("{limit} {what} are open already, which is as many as may be"),
        "read or close earlier ones first",
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn refusals_are_told_whole_and_faults_not_at_all() {
        let refusal = Refusal::new(
            "unknown-table",
            "only-what-is-granted",
            "there is no table ö",
            "use one of: main",
        );
        let status = denied(&refusal.clone().into());
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            status.message(),
            "there is no table ö; what to do: use one of: main (code unknown-table, rule only-what-is-granted)"
        );
        let json = status
            .metadata()
            .get_bin(REFUSAL)
            .unwrap()
            .to_bytes()
            .unwrap();
        assert_eq!(serde_json::from_slice::<Refusal>(&json).unwrap(), refusal);
        let fault = denied(&Denied::Fault);
        assert_eq!(fault.code(), Code::Internal);
        assert!(fault.metadata().is_empty());
    }

    #[test]
    fn codes() {
        let of = |c: &'static str, rule: &'static str| code(&Refusal::new(c, rule, "", ""));
        assert_eq!(of("out-of-time", "limits"), Code::DeadlineExceeded);
        assert_eq!(of("answer-too-large", "limits"), Code::ResourceExhausted);
        assert_eq!(
            of("function-not-available", "reviewed-functions"),
            Code::InvalidArgument
        );
        assert_eq!(of("rows-not-shown", "ten-people"), Code::PermissionDenied);
        assert_eq!(of("project-suspended", "any-other"), Code::PermissionDenied);
    }
}
