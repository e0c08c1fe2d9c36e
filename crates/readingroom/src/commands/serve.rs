//! `readingroom serve`: answers questions over Flight SQL and HTTP until interrupted.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use governance::Refusal;
use serde_json::json;
use server::api;
use tokio::net::TcpListener;
use tokio::sync::watch;
use vault::flight::{self, FlightLimits};
use vault::query::desk::{Desk, Queued};
use vault::query::queue::QueueLimits;

use crate::cli::Serve;
use crate::failure::Failure;
use crate::print;
use crate::serve::certificate;
use crate::serve::desk::Room;
use crate::serve::http::Http;

pub fn run(dir: &Path, args: &Serve) -> Result<ExitCode, Failure> {
    let certificate = certificate::of(dir, args)?;
    let desk = Arc::new(Queued::new(Room::new(dir)?, QueueLimits::default()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::fault("starting to serve", e))?;
    runtime.block_on(serve(args, desk, certificate))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    args: &Serve,
    desk: Arc<Queued<Room>>,
    certificate: certificate::Certificate,
) -> Result<(), Failure> {
    let over_flight = listen(args, args.flight_port).await?;
    let over_http = listen(args, args.http_port).await?;
    let address = |l: &TcpListener| l.local_addr().map_err(|e| Failure::fault("listening", e));
    let (f, h) = (address(&over_flight)?, address(&over_http)?);
    let trust = certificate.path.display().to_string();
    if args.print.json {
        print::json(&json!({
            "flight_sql": format!("grpc+tls://{f}"), "http": format!("https://{h}/api/v1"), "certificate": trust,
        }));
    } else {
        print::line(&format!("Flight SQL: grpc+tls://{f}"));
        print::line(&format!("HTTP: https://{h}/api/v1/query"));
        print::line(&format!(
            "certificate for clients to trust: {trust}  (Ctrl-C ends)"
        ));
    }
    let (stop, stopping) = watch::channel(false);
    let stopped = || {
        let mut stopping = stopping.clone();
        async move {
            // an error means that nobody can say so any more, which ends it too
            let _ = stopping.wait_for(|stop| *stop).await;
        }
    };
    let flight_tls = flight::Tls {
        certificate: certificate.certificate.clone(),
        key: certificate.key.clone(),
    };
    let http_tls = api::Tls {
        certificate: certificate.certificate,
        key: certificate.key,
    };
    let shared: Arc<dyn Desk> = Arc::clone(&desk) as Arc<dyn Desk>;
    let flight = flight::serve(
        over_flight,
        Some(flight_tls),
        shared,
        FlightLimits::default(),
        stopped(),
    );
    let router = api::router(Arc::new(Http(desk)));
    let http = api::serve_api(over_http, Some(http_tls), router, stopped());
    let interrupted = async {
        // without signals it is served until it is killed
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        let _ = stop.send(true);
        Ok::<(), Failure>(())
    };
    let flight = async { flight.await.map_err(|e| cannot(&e)) };
    let http = async { http.await.map_err(|e| cannot(&e)) };
    tokio::try_join!(flight, http, interrupted).map(|_| ())
}

async fn listen(args: &Serve, port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind(SocketAddr::new(args.host, port))
        .await
        .map_err(|e| {
            Refusal::new(
                "cannot-listen",
                "serve-what-exists",
                format!("{}:{port} cannot be listened on: {e}", args.host),
                "choose another port (`--flight-port`, `--http-port`) or address (`--host`)",
            )
            .into()
        })
}

fn cannot(error: &dyn std::fmt::Display) -> Failure {
    Refusal::new(
        "cannot-serve",
        "serve-what-exists",
        error.to_string(),
        "correct the certificate and its key, or the address",
    )
    .into()
}
