//! Questions over Arrow Flight SQL, for the drivers people already have (ADBC, JDBC, ODBC).
//!
//! A thin layer: it knows the protocol and a [`Desk`], and nothing of releases, grants or plans. Every call carries a bearer
//! token; every answer, schema and table name comes from the desk at the time of the call.
//!
//! Must never: serve in the clear beyond the machine itself, run anything by itself, or let one token use what was
//! given to another.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use crate::query::desk::Desk;

mod actions;
mod catalogue;
mod connections;
mod front;
mod info;
mod kept;
mod limits;
mod sending;
mod service;
mod shelf;
mod status;
pub mod wire;

pub use status::REFUSAL;

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

/// Limits that an operator may set; the others are constants with their reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlightLimits {
    /// Connections open at once.
    pub connections: usize,
    /// Longest time until an answer begins: waiting for a turn and running.
    pub call: Duration,
    /// Life of a ticket.
    pub ticket: Duration,
    /// What running calls get once the service is told to stop; then they are cancelled.
    pub grace: Duration,
}

impl Default for FlightLimits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            call: limits::CALL,
            ticket: limits::TICKET,
            grace: limits::STOP,
        }
    }
}

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
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
    /// What the service says of itself cannot be put together: a bug.
    #[error("the service's description of itself cannot be put together")]
    Description,
    /// The operating system.
    #[error("the service stopped: {0}")]
    System(#[from] std::io::Error),
    /// The transport.
    #[error("the service stopped: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves a desk over Flight SQL on a listener until `stop` ends; running calls then get a few seconds, and what still runs
/// after them is cancelled before this returns.
///
/// # Errors
/// [`ServeError`] when it cannot begin, or the transport fails.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    desk: Arc<dyn Desk>,
    flight: FlightLimits,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(ServeError::InTheClear(address));
    }
    let (alive, within) = limits::KEEP_ALIVE;
    let mut server = Server::builder()
        .timeout(flight.call)
        .max_concurrent_streams(limits::STREAMS)
        .max_connection_age(limits::CONNECTION_AGE)
        .http2_keepalive_interval(Some(alive))
        .http2_keepalive_timeout(Some(within))
        .http2_max_header_list_size(limits::HEADER_BYTES)
        .initial_stream_window_size(1 << 20) // answers are large: fewer pauses than with HTTP/2's own 64 kB
        .initial_connection_window_size(4 << 20);
    if let Some(tls) = tls {
        let identity = Identity::from_pem(&tls.certificate, &tls.key);
        let config = ServerTlsConfig::new()
            .identity(identity)
            .timeout(limits::HANDSHAKE);
        server = server
            .tls_config(config)
            .map_err(|_| ServeError::Certificate)?;
    }
    let service = front::Service::new(desk, flight).map_err(|_| ServeError::Description)?;
    let kept = Arc::clone(&service.kept);
    let service =
        FlightServiceServer::new(service).max_decoding_message_size(limits::MESSAGE_BYTES);
    let service = InterceptedService::new(service, front::bearer);
    let incoming = connections::incoming(listener, flight.connections);
    let (stopped, stopping) = oneshot::channel::<()>();
    let running = server
        .add_service(service)
        .serve_with_incoming_shutdown(incoming, async {
            let _asked = stopping.await;
        });
    tokio::pin!(running);
    tokio::select! {
        done = &mut running => return Ok(done?),
        () = stop => {}
    }
    drop(stopped);
    if let Ok(done) = tokio::time::timeout(flight.grace, &mut running).await {
        return Ok(done?);
    }
    // what still runs is cancelled: its connection would outlive this future
    match tokio::time::timeout(limits::CANCELLED, cancelled(&kept, running)).await {
        Ok(done) => Ok(done?),
        Err(_) => Ok(()),
    }
}

/// Cancels running calls, also those that have begun to run only since, until no connection is left.
async fn cancelled(
    kept: &kept::Kept,
    mut running: impl Future<Output = Result<(), tonic::transport::Error>> + Unpin,
) -> Result<(), tonic::transport::Error> {
    loop {
        kept.running.each(|stop| stop.notify_one());
        tokio::select! {
            done = &mut running => return done,
            () = tokio::time::sleep(limits::CANCEL_AGAIN) => {}
        }
    }
}
