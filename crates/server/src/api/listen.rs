//! Connections for the API: TLS, limits on each, and an end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use super::limits;

/// Certificate chain and private key, PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificate, and those that vouch for it.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls { .. }")
    }
}

/// Why the API is not served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// In the clear, on an address that others can reach.
    #[error(
        "questions are served over TLS, or on a loopback address; found {0} without a certificate; give a certificate and key, or listen on 127.0.0.1"
    )]
    InTheClear(SocketAddr),
    /// The certificate or key cannot be used. Not told why: the reason may quote the key.
    #[error(
        "the certificate and key cannot be used; expected PEM of a certificate chain and of its private key"
    )]
    Certificate,
    /// The operating system.
    #[error("the service stopped: {0}")]
    System(#[from] std::io::Error),
}

fn acceptor(tls: &Tls) -> Option<TlsAcceptor> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(tls.certificate.as_bytes())
            .collect::<Result<_, _>>()
            .ok()?;
    let key = PrivateKeyDer::from_pem_slice(tls.key.as_bytes()).ok()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .ok()?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(TlsAcceptor::from(Arc::new(config)))
}

/// Serves a router on a listener until `stop` ends.
///
/// # Errors
/// [`ApiError`] when it cannot begin.
pub async fn serve_api(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ApiError> {
    let address = listener.local_addr()?;
    let acceptor = match &tls {
        Some(tls) => Some(acceptor(tls).ok_or(ApiError::Certificate)?),
        None if address.ip().is_loopback() => None,
        None => return Err(ApiError::InTheClear(address)),
    };
    let graceful = GracefulShutdown::new();
    let free = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let accept = async {
        loop {
            let Ok(permit) = Arc::clone(&free).acquire_owned().await else {
                return;
            };
            let Ok((stream, _)) = listener.accept().await else {
                // out of file handles, or a client that left again: wait a little, then go on
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (router, acceptor, watcher) =
                (router.clone(), acceptor.clone(), graceful.watcher());
            tokio::spawn(async move {
                match acceptor {
                    None => connection(stream, router, watcher).await,
                    Some(acceptor) => {
                        let hands = acceptor.accept(stream);
                        if let Ok(Ok(stream)) =
                            tokio::time::timeout(limits::HANDSHAKE_TIME, hands).await
                        {
                            connection(stream, router, watcher).await;
                        }
                    }
                }
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    let _late = tokio::time::timeout(limits::STOP_TIME, graceful.shutdown()).await;
    Ok(())
}

/// One connection to its end. A client that closes it while a question runs drops the question's future: hyper reads on
/// while it waits, and does not keep half-closed connections.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    watcher: Watcher,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_TIME)
        .max_buf_size(limits::HEAD_BYTES)
        .max_headers(limits::HEADERS)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // how a connection ends, by itself or by the limit, is the client's affair
    let _ended = tokio::time::timeout(limits::CONNECTION_TIME, watcher.watch(connection)).await;
}
