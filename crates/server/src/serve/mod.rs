//! A small web server for one exported register, on the loopback address only.
//!
//! It hands out regular files of one folder, to GET and HEAD. It must never leave that folder, follow a
//! symbolic link, show a file whose name begins with a dot, run anything, or listen to another machine;
//! a public register is published by copying the folder to a web server.

mod files;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header,
};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::limits::{CONNECTION_TIME, CONNECTIONS, HEAD_BYTES, HEADER_TIME, HEADERS, STOP_TIME};
use files::Found;

/// Why the register is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The folder holds no register.
    #[error(
        "expected a folder with an exported register, found no index.html in it; run `readingroom register export` first"
    )]
    NoSite,
    /// The port is taken or not allowed.
    #[error(
        "port {port} on 127.0.0.1 cannot be used ({why}); choose another port, or 0 for any that is free"
    )]
    Port {
        /// The port asked for.
        port: u16,
        /// The operating system's words.
        why: std::io::Error,
    },
    /// The operating system failed otherwise.
    #[error("the server could not start: {0}")]
    System(#[from] std::io::Error),
}

/// Sent with every answer. The policy allows what the pages use and nothing else: no script, no frame, no form.
const SAFETY: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Serves a folder on 127.0.0.1 until `stop` ends. Port 0 takes any free one; `ready` is told which.
///
/// # Errors
/// [`ServeError`] when there is no register in the folder or the port cannot be used.
pub async fn serve(
    site_dir: PathBuf,
    port: u16,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let root = site_dir.canonicalize().map_err(|_| ServeError::NoSite)?;
    if !root.join("index.html").is_file() {
        return Err(ServeError::NoSite);
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|why| ServeError::Port { port, why })?;
    ready(listener.local_addr()?);

    let root: Arc<std::path::Path> = root.into();
    let router =
        Router::new().fallback(move |request: Request<Body>| answer(root.clone(), request));
    let graceful = GracefulShutdown::new();
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    let accept = async {
        loop {
            let Ok(permit) = free.clone().acquire_owned().await else {
                return;
            };
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file handles, or a client that left again: wait a little, then go on.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME)
                .max_buf_size(HEAD_BYTES)
                .max_headers(HEADERS)
                .serve_connection(
                    TokioIo::new(stream),
                    TowerToHyperService::new(router.clone()),
                );
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // How a connection ends, by itself or by the limit, is the client's affair.
                let _ended = tokio::time::timeout(CONNECTION_TIME, connection).await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    let _late = tokio::time::timeout(STOP_TIME, graceful.shutdown()).await;
    Ok(())
}

/// [`serve`] for a caller without a runtime: makes its own small one, and ends on Ctrl-C.
///
/// # Errors
/// As [`serve`].
pub fn serve_until_interrupted(
    site_dir: PathBuf,
    port: u16,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4) // reads of files; the disk is one
        .build()?;
    let stop = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a signal to wait for, serving until the process is ended is what is left.
            std::future::pending::<()>().await;
        }
    };
    runtime.block_on(serve(site_dir, port, ready, stop))
}

async fn answer(root: Arc<std::path::Path>, request: Request<Body>) -> Response<Body> {
    let mut response = match *request.method() {
        Method::GET | Method::HEAD if has_body(request.headers()) => plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            "A question for a page has no body. Ask without one.\n",
        ),
        Method::GET | Method::HEAD => {
            let path = request.uri().path().to_owned();
            let found = tokio::task::spawn_blocking(move || files::find(&root, &path)).await;
            match found {
                Ok(Some(found)) => file(found, *request.method() == Method::HEAD),
                Ok(None) => not_found(),
                Err(_) => plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "The server could not read this page. Try again.\n",
                ),
            }
        }
        _ => {
            let mut response = plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "The register can only be read. Use GET or HEAD.\n",
            );
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
    };
    for (name, value) in SAFETY {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length != "0")
}

fn file(found: Found, head_only: bool) -> Response<Body> {
    let length = HeaderValue::from(found.length);
    let (kind, caching) = (found.kind, found.caching);
    let body = if head_only {
        Body::empty()
    } else {
        Body::from_stream(found.chunks())
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

fn not_found() -> Response<Body> {
    let page = include_str!("../../templates/404.html");
    let mut response = plain(StatusCode::NOT_FOUND, page);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
