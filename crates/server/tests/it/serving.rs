//! The server, asked over real connections in the words of HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use server::{Register, ServeError, pages, serve};

use crate::sample::sample;

/// A running server over the sample site; it ends when dropped.
struct Running {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn write_site(folder: &Path) {
    let s = sample();
    let register = Register::from_log(&s.log, &s.state).unwrap();
    for (path, bytes) in pages(&register).unwrap() {
        let full = folder.join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, bytes).unwrap();
    }
    let tiles = folder.join("ledger/tile/entries/000.p");
    std::fs::create_dir_all(&tiles).unwrap();
    std::fs::write(tiles.join("7"), vec![0_u8; 200_000]).unwrap();
    std::fs::write(folder.join("ledger/checkpoint"), "origin\n7\nroot\n").unwrap();
    std::fs::write(folder.join(".hidden"), "dot").unwrap();
}

fn start() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    write_site(&site);
    std::fs::write(folder.path().join("secret.txt"), "outside").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("secret.txt"), site.join("link.txt"))
            .unwrap();
        std::os::unix::fs::symlink(folder.path(), site.join("up")).unwrap();
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let stop = async {
            let _ended = stopped.await;
        };
        runtime
            .block_on(serve(site, 0, |address| ready.send(address).unwrap(), stop))
            .unwrap();
    });
    let address = told.recv_timeout(Duration::from_secs(20)).unwrap();
    Running {
        address,
        stop: Some(stop),
        thread: Some(thread),
        _folder: folder,
    }
}

/// Sends bytes as they are and gives the head and the body of the answer.
fn ask(server: &Running, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = Vec::new();
    let _reset_after_answer = stream.read_to_end(&mut all);
    let end = all
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or(all.len());
    let head = String::from_utf8(all[..end].to_vec())
        .unwrap()
        .to_ascii_lowercase();
    (head, all.get(end + 4..).unwrap_or_default().to_vec())
}

fn get(server: &Running, path: &str) -> (String, Vec<u8>) {
    ask(
        server,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    )
}

#[test]
fn it_listens_on_loopback_and_hands_out_the_front_page_with_its_safety() {
    let server = start();
    assert!(server.address.ip().is_loopback());
    let (head, body) = get(&server, "/");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(
        String::from_utf8(body)
            .unwrap()
            .contains("Thames Valley Biobank")
    );
    for line in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-cache",
    ] {
        assert!(head.contains(line), "{line} in\n{head}");
    }
}

#[test]
fn the_ledger_is_served_as_tlog_tiles_says() {
    let server = start();
    let (head, body) = get(&server, "/ledger/checkpoint");
    assert!(
        head.contains("content-type: text/plain; charset=utf-8"),
        "{head}"
    );
    assert!(
        head.contains("max-age=2") && !head.contains("immutable"),
        "{head}"
    );
    assert_eq!(body, b"origin\n7\nroot\n");
    let (head, body) = get(&server, "/ledger/tile/entries/000.p/7");
    assert!(
        head.contains("content-type: application/octet-stream"),
        "{head}"
    );
    assert!(
        head.contains("cache-control: public, max-age=31536000, immutable"),
        "{head}"
    );
    // Longer than one chunk: sent whole, with its length announced.
    assert!(head.contains("content-length: 200000"), "{head}");
    assert_eq!(body.len(), 200_000);
}

#[test]
fn nothing_outside_the_site_is_handed_out() {
    let server = start();
    for path in [
        "/../secret.txt",
        "/projects/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..\\secret.txt",
        "//secret.txt",
        "/./index.html",
        "/.hidden",
        "/%2ehidden",
        "/link.txt",
        "/up/secret.txt",
        "/up/site/index.html",
        "/index.html%00.css",
        "/index.html/",
        "/projects",
        "/projects/",
        "/ledger/",
        "/no-such-page.html",
        "/etc/passwd",
    ] {
        let (head, body) = get(&server, path);
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
        let text = String::from_utf8(body).unwrap();
        assert!(
            text.contains("Page not found") && !text.contains("outside"),
            "{path}"
        );
        assert!(head.contains("content-security-policy"), "{path}");
    }
    let (_, body) = ask(
        &server,
        "GET http://x/../secret.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(!String::from_utf8(body).unwrap().contains("outside"));
}

#[test]
fn it_only_answers_get_and_head() {
    let server = start();
    let (head, body) = ask(
        &server,
        "HEAD /register.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(body.is_empty());
    let (full, json) = get(&server, "/register.json");
    let length = |h: &str| {
        h.lines()
            .find(|l| l.starts_with("content-length"))
            .map(str::to_owned)
    };
    assert_eq!(length(&head), length(&full));
    assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let (head, _) = ask(
            &server,
            &format!(
                "{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            ),
        );
        assert!(head.starts_with("http/1.1 405"), "{method}: {head}");
        assert!(head.contains("allow: get, head"), "{head}");
    }
}

#[test]
fn large_requests_are_refused() {
    let server = start();
    let (head, _) = ask(
        &server,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000000\r\n\r\n",
    );
    assert!(head.starts_with("http/1.1 413"), "{head}");
    let (head, _) = get(&server, &format!("/{}", "a".repeat(1_000)));
    assert!(head.starts_with("http/1.1 404"), "{head}");
    let (head, _) = get(&server, &format!("/{}", "a".repeat(100_000)));
    assert!(!head.starts_with("http/1.1 200"), "{head}");
    // The server lives on.
    assert!(get(&server, "/").0.starts_with("http/1.1 200"));
}

#[test]
fn a_folder_without_a_register_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let served = runtime.block_on(serve(
        folder.path().to_owned(),
        0,
        |_| {},
        std::future::ready(()),
    ));
    assert!(matches!(served, Err(ServeError::NoSite)));
}
