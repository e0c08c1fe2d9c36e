//! The two kinds of no as `application/problem+json` (RFC 9457), with the four parts of a refusal as members.
//!
//! Must never: show a fault's text, or tell an unknown visitor anything.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use governance::Refusal;
use serde::Serialize;

use super::HttpDenied;

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
}

/// The response to a no.
pub(super) fn denied(no: &HttpDenied) -> Response<Body> {
    match no {
        HttpDenied::Unknown => unknown(),
        HttpDenied::Refusal(refusal) => refused(status(refusal), refusal),
        HttpDenied::Fault => respond(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            "the question could not be answered because of a fault; tell the operator",
            None,
        ),
    }
}

/// The same words whether there is no token, a malformed, an expired or a revoked one.
fn unknown() -> Response<Body> {
    let mut response = respond(
        StatusCode::UNAUTHORIZED,
        "no valid token",
        "send `Authorization: Bearer TOKEN`, and ask the custodian for a token if yours ended",
        None,
    );
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"reading-room\""),
    );
    response
}

/// 422 for what another question would not have, 429 for what waiting helps against, 403 for the rest.
fn status(refusal: &Refusal) -> StatusCode {
    match (refusal.rule.as_ref(), refusal.code.as_ref()) {
        (_, "too-many-waiting" | "waited-too-long" | "too-many-at-once") => {
            StatusCode::TOO_MANY_REQUESTS
        }
        ("only-questions" | "reviewed-functions" | "limits", _)
        | (_, "unknown-table" | "unknown-column") => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::FORBIDDEN,
    }
}

fn refused(status: StatusCode, refusal: &Refusal) -> Response<Body> {
    let detail = format!("{}; what to do: {}", refusal.reason, refusal.fix);
    respond(status, "refused", &detail, Some(refusal))
}

/// A request that did not get as far as a question.
pub(super) fn plain(
    status: StatusCode,
    code: &'static str,
    reason: &'static str,
    fix: &'static str,
) -> Response<Body> {
    refused(status, &Refusal::new(code, "the-api", reason, fix))
}

pub(super) fn body() -> Response<Body> {
    plain(
        StatusCode::BAD_REQUEST,
        "body-unreadable",
        "the body is not JSON of the form {\"sql\": \"…\", \"params\": […]}",
        "see /api/v1/openapi.json",
    )
}

pub(super) fn too_large() -> Response<Body> {
    plain(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "the body is larger than any question",
        "ask in several questions",
    )
}

pub(super) fn time() -> Response<Body> {
    plain(
        StatusCode::GATEWAY_TIMEOUT,
        "out-of-time",
        "the answer took longer than a request may",
        "add a condition, or ask in parts",
    )
}

pub(super) fn busy() -> Response<Body> {
    plain(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-at-once",
        "too many answers are being read at this time",
        "ask again later",
    )
}

pub(super) fn accept() -> Response<Body> {
    plain(
        StatusCode::NOT_ACCEPTABLE,
        "form-not-available",
        "none of the forms that the request accepts is available",
        "accept application/json, text/csv or application/vnd.apache.arrow.stream",
    )
}

pub(super) fn content_type() -> Response<Body> {
    plain(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "body-not-json",
        "the body's type is not application/json",
        "send `Content-Type: application/json`",
    )
}

pub(super) fn not_found() -> Response<Body> {
    plain(
        StatusCode::NOT_FOUND,
        "no-such-path",
        "there is nothing under this path",
        "see /api/v1/openapi.json",
    )
}

pub(super) fn method() -> Response<Body> {
    plain(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-available",
        "this path has another method",
        "POST a question to /api/v1/query, GET the rest",
    )
}

fn respond(
    status: StatusCode,
    title: &'static str,
    detail: &str,
    refusal: Option<&Refusal>,
) -> Response<Body> {
    let problem = Problem {
        r#type: "about:blank",
        title,
        status: status.as_u16(),
        detail,
        code: refusal.map(|r| r.code.as_ref()),
        reason: refusal.map(|r| r.reason.as_str()),
        rule: refusal.map(|r| r.rule.as_ref()),
        fix: refusal.map(|r| r.fix.as_str()),
    };
    // plain texts and a number: nothing here can fail
    let bytes = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
