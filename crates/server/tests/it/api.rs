//! The HTTP API over a source of answers that is made up: what is asked for, told and refused, over real connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use governance::Refusal;
use server::api::{
    Answers, ApiError, Column, Form, HttpAnswer, HttpDenied, Table, Tls, openapi, router, serve_api,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[derive(Default)]
struct Made {
    begun: AtomicUsize,
    dropped: Arc<AtomicUsize>,
}

struct Watch(Arc<AtomicUsize>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Answers for Made {
    async fn query(
        &self,
        bearer: &str,
        sql: &str,
        params: &[serde_json::Value],
        form: Form,
    ) -> Result<HttpAnswer, HttpDenied> {
        if bearer != "good" {
            return Err(HttpDenied::Unknown);
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        match sql {
            "slow" => {
                let _watch = Watch(self.dropped.clone());
                std::future::pending::<()>().await;
            }
            "fault" => return Err(HttpDenied::Fault),
            "refused" => {
                return Err(HttpDenied::Refusal(Refusal::new(
                    "rows-not-shown",
                    "ten-people",
                    "rows were asked for",
                    "count them",
                )));
            }
            "unknown" => {
                return Err(HttpDenied::Refusal(Refusal::new(
                    "unknown-table",
                    "only-what-is-granted",
                    "there is no table x",
                    "use main",
                )));
            }
            _ => {}
        }
        Ok(HttpAnswer {
            body: format!("{form:?} {sql} {}", serde_json::json!(params)).into_bytes(),
            facts: vec![
                ("readingroom-question", "q-1".to_owned()),
                ("readingroom-entry", "7".to_owned()),
            ],
        })
    }

    async fn catalogue(&self, bearer: &str) -> Result<Vec<Table>, HttpDenied> {
        if bearer != "good" {
            return Err(HttpDenied::Unknown);
        }
        Ok(vec![Table {
            name: "main".to_owned(),
            columns: vec![Column {
                name: "p31".to_owned(),
                kind: "integer".to_owned(),
                title: "Sex".to_owned(),
                class: "baseline".to_owned(),
            }],
        }])
    }
}

/// A service with a runtime of its own; it ends with the test.
struct Service {
    address: SocketAddr,
    made: Arc<Made>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<Result<(), ApiError>>>,
}

fn start() -> Service {
    let made = Arc::new(Made::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let (told, address) = std::sync::mpsc::channel();
    let answers = made.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            serve_api(listener, None, router(answers), async {
                let _ = stopped.await;
            })
            .await
        })
    });
    Service {
        address: address.recv().unwrap(),
        made,
        stop: Some(stop),
        thread: Some(thread),
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

impl Service {
    /// Sends a request and returns status, head and body.
    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request.push_str(body);
        // a service that refuses a long body may close before all of it is written
        let _ = stream.write_all(request.as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    fn ask(&self, headers: &[&str], body: &str) -> (u16, String, String) {
        let mut all = vec![
            "Authorization: Bearer good",
            "Content-Type: application/json",
        ];
        all.extend(headers);
        self.send("POST", "/api/v1/query", &all, body)
    }
}

#[test]
fn answers_in_three_forms() {
    let service = start();
    let body = r#"{"sql": "SELECT ?", "params": [1, "a", null, true, 0.5]}"#;
    for (accept, form, kind) in [
        ("Accept: */*", "Json", "application/json"),
        ("Accept: text/csv", "Csv", "text/csv"),
        (
            "Accept: application/vnd.apache.arrow.stream",
            "Arrow",
            "application/vnd.apache.arrow.stream",
        ),
    ] {
        let (status, head, text) = service.ask(&[accept], body);
        assert_eq!(status, 200);
        assert_eq!(text, format!("{form} SELECT ? [1,\"a\",null,true,0.5]"));
        assert!(head.contains(&format!("content-type: {kind}")), "{head}");
        assert!(
            head.contains("readingroom-question: q-1") && head.contains("readingroom-entry: 7")
        );
        assert!(head.contains("cache-control: no-store") && head.contains("nosniff"));
    }
    let (status, _, text) = service.ask(&[], r#"{"sql": "x"}"#);
    assert_eq!((status, text.as_str()), (200, "Json x []"));
}

#[test]
fn refusals_have_four_parts_and_faults_none() {
    let service = start();
    let (status, head, text) = service.ask(&[], r#"{"sql": "refused"}"#);
    assert_eq!(status, 403);
    assert!(head.contains("content-type: application/problem+json"));
    let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        problem,
        serde_json::json!({
            "type": "about:blank", "title": "refused", "status": 403,
            "detail": "rows were asked for; what to do: count them",
            "code": "rows-not-shown", "reason": "rows were asked for", "rule": "ten-people", "fix": "count them",
        })
    );
    assert_eq!(service.ask(&[], r#"{"sql": "unknown"}"#).0, 422);
    let (status, _, text) = service.ask(&[], r#"{"sql": "fault"}"#);
    let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, problem["code"].is_null()), (500, true));
}

#[test]
fn without_a_token_nothing_is_told() {
    let service = start();
    let json = "Content-Type: application/json";
    let mut told = Vec::new();
    for token in [
        "X: y",
        "Authorization: Bearer wrong",
        "Authorization: Basic good",
        "Authorization: good",
        "Cookie: token=good",
    ] {
        for (method, path) in [("POST", "/api/v1/query"), ("GET", "/api/v1/catalogue")] {
            let (status, head, body) =
                service.send(method, path, &[token, json], r#"{"sql": "x"}"#);
            assert_eq!(status, 401, "{token}");
            assert!(head.contains("www-authenticate: bearer"));
            told.push(body);
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1);
    let path = "/api/v1/query?access_token=good";
    assert_eq!(
        service.send("POST", path, &[json], r#"{"sql": "x"}"#).0,
        401
    );
    assert_eq!(service.made.begun.load(Ordering::SeqCst), 0);
}

#[test]
fn malformed_requests() {
    let service = start();
    for body in [
        "",
        "{}",
        "[]",
        r#"{"sql": 1}"#,
        r#"{"sql": "x", "mode": "enclave"}"#,
        r#"{"sql": "x", "params": 1}"#,
    ] {
        assert_eq!(service.ask(&[], body).0, 400, "{body}");
    }
    let large = format!(r#"{{"sql": "{}"}}"#, "x".repeat(600_000));
    assert_eq!(service.ask(&[], &large).0, 413);
    assert_eq!(
        service.ask(&["Accept: text/html"], r#"{"sql": "x"}"#).0,
        406
    );
    let token = "Authorization: Bearer good";
    assert_eq!(
        service
            .send("POST", "/api/v1/query", &[token], r#"{"sql": "x"}"#)
            .0,
        415
    );
    let form = "Content-Type: application/x-www-form-urlencoded";
    assert_eq!(
        service
            .send("POST", "/api/v1/query", &[token, form], "sql=x")
            .0,
        415
    );
    assert_eq!(service.send("GET", "/api/v1/query", &[token], "").0, 405);
    assert_eq!(
        service
            .send("GET", "/api/v1/../../etc/passwd", &[token], "")
            .0,
        404
    );
    assert_eq!(service.send("GET", "/", &[token], "").0, 404);
    assert_eq!(service.made.begun.load(Ordering::SeqCst), 0);
}

#[test]
fn the_catalogue() {
    let service = start();
    let (status, _, body) = service.send(
        "GET",
        "/api/v1/catalogue",
        &["Authorization: Bearer good"],
        "",
    );
    assert_eq!(status, 200);
    assert_eq!(
        body,
        r#"{"tables":[{"name":"main","columns":[{"name":"p31","kind":"integer","title":"Sex","class":"baseline"}]}]}"#
    );
}

#[test]
fn going_away_cancels() {
    let service = start();
    let body = r#"{"sql": "slow"}"#;
    let mut stream = TcpStream::connect(service.address).unwrap();
    write!(
        stream,
        "POST /api/v1/query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let until = |count: &AtomicUsize| {
        let began = Instant::now();
        while count.load(Ordering::SeqCst) == 0 {
            assert!(began.elapsed() < Duration::from_secs(5));
            std::thread::sleep(Duration::from_millis(2));
        }
        began.elapsed()
    };
    until(&service.made.begun);
    assert_eq!(service.made.dropped.load(Ordering::SeqCst), 0);
    drop(stream);
    assert!(until(&service.made.dropped) < Duration::from_secs(1));
}

/// `READINGROOM_BLESS=1 cargo test -p server` writes the file anew.
#[test]
fn the_description_is_the_documented_one() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/openapi.json"
    );
    let built = format!("{:#}\n", openapi::document());
    if std::env::var_os("READINGROOM_BLESS").is_some() {
        std::fs::write(path, &built).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), built);
    let service = start();
    let (status, _, body) = service.send("GET", "/api/v1/openapi.json", &[], "");
    assert_eq!(status, 200);
    let served: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(served, openapi::document());
    // every reference leads somewhere
    let text = built.as_str();
    for reference in text
        .split("\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(served.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn never_in_the_clear_beyond_the_machine() {
    let made = Arc::new(Made::default());
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let done = serve_api(listener, None, router(made.clone()), std::future::pending()).await;
    assert!(matches!(done, Err(ApiError::InTheClear(_))));
    let tls = Tls {
        certificate: "x".to_owned(),
        key: "y".to_owned(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let done = serve_api(listener, Some(tls), router(made), std::future::pending()).await;
    assert!(matches!(done, Err(ApiError::Certificate)));
}

/// Over TLS, with a client that knows the certificate; one that speaks in the clear gets nothing.
#[tokio::test]
async fn over_tls() {
    use rustls_pki_types::ServerName;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = Tls {
        certificate: signed.cert.pem(),
        key: signed.signing_key.serialize_pem(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = tokio::spawn(async move {
        let made = Arc::new(Made::default());
        serve_api(listener, Some(tls), router(made), async {
            let _ = stopped.await;
        })
        .await
    });
    let mut roots = RootCertStore::empty();
    roots.add(signed.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let request = b"GET /api/v1/catalogue HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\nConnection: close\r\n\r\n";
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));

    let mut clear = tokio::net::TcpStream::connect(address).await.unwrap();
    clear.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = clear.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    drop(stop);
    service.await.unwrap().unwrap();
}
