//! A service on a port of its own, and clients for it.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow_flight::FlightInfo;
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use futures::TryStreamExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Status};
use vault::flight::{FlightLimits, ServeError, Tls, serve};
use vault::query::desk::Queued;
use vault::query::queue::QueueLimits;

use super::town_desk::TownDesk;

pub type Client = FlightSqlServiceClient<Channel>;

/// A running service.
pub struct Running {
    pub desk: Arc<Queued<Arc<TownDesk>>>,
    pub town: Arc<TownDesk>,
    pub port: u16,
    pub ca: String,
    pub stop: Option<oneshot::Sender<()>>,
    pub done: JoinHandle<Result<(), ServeError>>,
}

pub fn certificate() -> (String, Tls) {
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = Tls {
        certificate: signed.cert.pem(),
        key: signed.signing_key.serialize_pem(),
    };
    (signed.cert.pem(), tls)
}

pub async fn start(limits: FlightLimits) -> Running {
    let (ca, tls) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let town = Arc::new(TownDesk::new());
    let desk = Arc::new(Queued::new(town.clone(), QueueLimits::default()));
    let (stop, stopped) = oneshot::channel::<()>();
    let served = desk.clone();
    let done = tokio::spawn(async move {
        serve(listener, Some(tls), served, limits, async {
            let _ = stopped.await;
        })
        .await
    });
    Running {
        desk,
        town,
        port,
        ca,
        stop: Some(stop),
        done,
    }
}

impl Running {
    pub async fn channel(&self) -> Channel {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.ca));
        Endpoint::from_shared(format!("https://localhost:{}", self.port))
            .unwrap()
            .tls_config(tls)
            .unwrap()
            .connect()
            .await
            .unwrap()
    }

    pub async fn client(&self, token: &str) -> Client {
        let mut client = FlightSqlServiceClient::new(self.channel().await);
        client.set_token(token.to_owned());
        client
    }
}

/// Fetches what a flight's ticket stands for.
pub async fn fetch(client: &mut Client, info: &FlightInfo) -> Result<Vec<RecordBatch>, Status> {
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let stream = client.do_get(ticket).await.map_err(status)?;
    stream.try_collect().await.map_err(status)
}

pub async fn ask(client: &mut Client, sql: &str) -> Result<Vec<RecordBatch>, Status> {
    let info = client.execute(sql.to_owned(), None).await.map_err(status)?;
    fetch(client, &info).await
}

/// The gRPC status inside a client's error.
pub fn status(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => Status::new(Code::Unknown, other.to_string()),
    }
}

/// Waits until something holds.
pub async fn until(holds: impl Fn() -> bool) -> Duration {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "waited too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}
