//! Questions over HTTP: `POST /api/v1/query`, `GET /api/v1/catalogue`, `GET /api/v1/openapi.json`.
//!
//! A thin layer: it knows the protocol and [`Answers`], which the program implements on the desk that every protocol stands
//! in front of. It has no session, no cookie and no memory: each request brings its bearer token, and rights are looked up
//! at that time.
//!
//! Must never: answer without a token, show a fault's text, let an answer be cached, or serve in the clear beyond the
//! machine itself. A client that goes away drops the future of its question, which cancels it.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use axum::routing::{get, post};
use futures::stream::unfold;
use governance::Refusal;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

pub mod limits;
mod listen;
pub mod openapi;
mod problem;

pub use listen::{ApiError, Tls, serve_api};

/// The forms that an answer can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `{"mode", "columns", "rows", "withheld_rows", "withheld_cells"}`.
    Json,
    /// A header line, then rows: the bytes whose digest stands in the ledger.
    Csv,
    /// Arrow's streaming format.
    Arrow,
}

impl Form {
    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

/// An answer's bytes, and what is told of it in headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The answer in the form asked for.
    pub body: Vec<u8>,
    /// Header names (lower case, `readingroom-…`) and values: the question's id, ledger entry, release, mode.
    pub facts: Vec<(&'static str, String)>,
}

/// A table of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its SQL name.
    pub name: String,
    /// Its granted columns.
    pub columns: Vec<Column>,
}

/// A column of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its SQL name.
    pub name: String,
    /// `boolean`, `integer`, `number`, `text` or `date`.
    pub kind: String,
    /// What it is, in plain words.
    pub title: String,
    /// Its class of data.
    pub class: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpDenied {
    /// No valid token. Why not is not told.
    Unknown,
    /// Expected, with a rule and a way on; shown.
    Refusal(Refusal),
    /// A bug or an outage; logged elsewhere, shown without text.
    Fault,
}

/// Where answers come from. Dropping a future cancels what it does.
pub trait Answers: Send + Sync + 'static {
    /// Answers a question with these values for its places (`?` or `$1`).
    fn query(
        &self,
        bearer: &str,
        sql: &str,
        params: &[serde_json::Value],
        form: Form,
    ) -> impl Future<Output = Result<HttpAnswer, HttpDenied>> + Send;

    /// The granted tables.
    fn catalogue(
        &self,
        bearer: &str,
    ) -> impl Future<Output = Result<Vec<Table>, HttpDenied>> + Send;
}

/// The body of `POST /api/v1/query`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    sql: String,
    #[serde(default)]
    params: Vec<serde_json::Value>,
}

/// What every request needs.
struct Source<A> {
    answers: Arc<A>,
    /// Room for answers that are being sent, in MiB.
    sending: Arc<Semaphore>,
}

impl<A> Clone for Source<A> {
    fn clone(&self) -> Self {
        Self {
            answers: Arc::clone(&self.answers),
            sending: Arc::clone(&self.sending),
        }
    }
}

/// The API's routes, over any source of answers.
pub fn router<A: Answers>(answers: Arc<A>) -> Router {
    let sending = Arc::new(Semaphore::new(limits::SENDING_MIB as usize));
    let state = Source { answers, sending };
    Router::new()
        .route("/api/v1/query", post(query::<A>))
        .route("/api/v1/catalogue", get(catalogue::<A>))
        .route("/api/v1/openapi.json", get(description))
        .method_not_allowed_fallback(|| async { problem::method() })
        .fallback(|| async { problem::not_found() })
        .with_state(state)
        .layer(axum::middleware::map_response(safe))
}

/// Sent with every response: nothing may be kept, guessed at, or framed.
async fn safe(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    response
}

async fn query<A: Answers>(
    State(source): State<Source<A>>,
    request: Request<Body>,
) -> Response<Body> {
    let asked = async {
        let (head, body) = request.into_parts();
        let token = bearer(&head.headers)?;
        let form = wanted(&head.headers)?;
        is_json(&head.headers)?;
        let body = read(body).await?;
        let query: Query = serde_json::from_slice(&body).map_err(|_| problem::body())?;
        let asking = source
            .answers
            .query(&token, &query.sql, &query.params, form);
        let answer = tokio::time::timeout(limits::ANSWER_TIME, asking)
            .await
            .map_err(|_| problem::time())?
            .map_err(|no| problem::denied(&no))?;
        with_facts(answer, form, &source.sending)
    };
    asked.await.unwrap_or_else(|no| no)
}

/// The answer, in memory until the client has read it; there is a limit to all of them together.
#[expect(clippy::result_large_err, reason = "the error is the response")]
fn with_facts(
    answer: HttpAnswer,
    form: Form,
    sending: &Arc<Semaphore>,
) -> Result<Response<Body>, Response<Body>> {
    let length = answer.body.len();
    let room = u32::try_from(length >> 20)
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let room = Arc::clone(sending)
        .try_acquire_many_owned(room)
        .map_err(|_| problem::busy())?;
    let chunks = unfold((Bytes::from(answer.body), room), |(mut rest, room)| async {
        if rest.is_empty() {
            return None;
        }
        let chunk = rest.split_to(rest.len().min(limits::CHUNK_BYTES));
        Some((Ok::<_, std::convert::Infallible>(chunk), (rest, room)))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.media_type()),
    );
    for (name, value) in answer.facts {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

async fn catalogue<A: Answers>(
    State(source): State<Source<A>>,
    headers: HeaderMap,
) -> Response<Body> {
    #[derive(Serialize)]
    struct Catalogue {
        tables: Vec<Table>,
    }
    let found = async {
        let token = bearer(&headers)?;
        let tables = tokio::time::timeout(limits::ANSWER_TIME, source.answers.catalogue(&token))
            .await
            .map_err(|_| problem::time())?
            .map_err(|no| problem::denied(&no))?;
        serde_json::to_vec(&Catalogue { tables }).map_err(|_| problem::denied(&HttpDenied::Fault))
    };
    found.await.map_or_else(|no| no, json)
}

/// The API's description. It tells of the software, not of the data, and needs no token.
async fn description() -> Response<Body> {
    json(openapi::document().to_string().into_bytes())
}

fn json(bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let kind = HeaderValue::from_static(Form::Json.media_type());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The bearer token of a request (RFC 6750, in the header only: a token in a URL ends in logs).
#[expect(clippy::result_large_err, reason = "the error is the response")]
fn bearer(headers: &HeaderMap) -> Result<String, Response<Body>> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty() && token.len() <= limits::TOKEN_CHARS)
        .map(str::to_owned)
        .ok_or_else(|| problem::denied(&HttpDenied::Unknown))
}

/// The form that a request accepts best; JSON if it does not say. (RFC 9110 §12.5.1, as far as three forms need it.)
#[expect(clippy::result_large_err, reason = "the error is the response")]
fn wanted(headers: &HeaderMap) -> Result<Form, Response<Body>> {
    let mut best: Option<(f32, Form)> = None;
    let mut said = false;
    let lines = headers.get_all(header::ACCEPT).iter();
    let members = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    for member in members.take(limits::ACCEPTS) {
        said = true;
        let mut parts = member.split(';').map(str::trim);
        let form = match parts.next().unwrap_or("").to_ascii_lowercase().as_str() {
            "application/json" | "application/*" | "*/*" => Form::Json,
            "text/csv" | "text/*" => Form::Csv,
            "application/vnd.apache.arrow.stream" => Form::Arrow,
            _ => continue,
        };
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Some(1.0), |q| q.parse::<f32>().ok())
            .unwrap_or(0.0);
        if weight > 0.0 && best.is_none_or(|(w, _)| weight > w) {
            best = Some((weight, form));
        }
    }
    match best {
        Some((_, form)) => Ok(form),
        None if !said => Ok(Form::Json),
        None => Err(problem::accept()),
    }
}

#[expect(clippy::result_large_err, reason = "the error is the response")]
fn is_json(headers: &HeaderMap) -> Result<(), Response<Body>> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    if kind.as_deref() == Some("application/json") {
        Ok(())
    } else {
        Err(problem::content_type())
    }
}

async fn read(body: Body) -> Result<Bytes, Response<Body>> {
    let reading = to_bytes(body, limits::BODY_BYTES);
    match tokio::time::timeout(limits::BODY_TIME, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(problem::too_large()),
        Err(_) => Err(problem::plain(
            StatusCode::REQUEST_TIMEOUT,
            "request-too-slow",
            "the request's body did not arrive in time",
            "send it at once",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn accept(value: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, value.parse().unwrap());
        wanted(&headers).ok()
    }

    #[test]
    fn the_form_follows_accept() {
        assert_eq!(wanted(&HeaderMap::new()).ok(), Some(Form::Json));
        assert_eq!(accept("*/*"), Some(Form::Json));
        assert_eq!(accept("text/csv"), Some(Form::Csv));
        assert_eq!(
            accept("application/vnd.apache.arrow.stream"),
            Some(Form::Arrow)
        );
        assert_eq!(accept("text/html, text/csv;q=0.5"), Some(Form::Csv));
        assert_eq!(
            accept("application/json;q=0.1, text/csv;q=0.9"),
            Some(Form::Csv)
        );
        assert_eq!(accept("text/html"), None);
        assert_eq!(accept("text/csv;q=0"), None);
        assert_eq!(accept("text/csv;q=x"), None);
    }

    #[test]
    fn the_token_stands_in_the_header() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).ok()
        };
        assert_eq!(of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("Basic abc"), None);
        assert_eq!(of("Bearer "), None);
        assert_eq!(of("abc"), None);
        assert_eq!(of(&format!("Bearer {}", "x".repeat(600))), None);
        assert_eq!(bearer(&HeaderMap::new()).ok(), None);
    }
}
