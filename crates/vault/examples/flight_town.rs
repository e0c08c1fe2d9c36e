//! Serves the town of the tests over Flight SQL, for tests with real drivers: `flight_town FOLDER` writes `ca.pem` and
//! `uri` into the folder and serves until its input ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    missing_docs,
    unreachable_pub
)]

use std::io::Read as _;
use std::sync::Arc;

use vault::flight::{FlightLimits, Tls, serve};
use vault::query::desk::Queued;
use vault::query::queue::QueueLimits;

#[path = "../tests/it/query/town.rs"]
mod town;
#[path = "../tests/it/flight/town_desk.rs"]
mod town_desk;

#[tokio::main]
async fn main() {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).expect("a folder"));
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("ca.pem"), signed.cert.pem()).unwrap();
    let tls = Tls {
        certificate: signed.cert.pem(),
        key: signed.signing_key.serialize_pem(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    std::fs::write(folder.join("uri"), format!("grpc+tls://localhost:{port}")).unwrap();
    let desk = Queued::new(town_desk::TownDesk::new(), QueueLimits::default());
    let stop = async {
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let _ended = ended.await;
    };
    serve(
        listener,
        Some(tls),
        Arc::new(desk),
        FlightLimits::default(),
        stop,
    )
    .await
    .unwrap();
}
