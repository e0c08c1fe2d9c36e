//! A running question ends within a second of its project's suspension, its token's end, and its caller's leaving.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json as value};

use crate::program::json;
use crate::room::{PROJECT, Room};

/// Every event beside every other, twice: minutes of work.
const LONG: &str = "SELECT count(*) AS n FROM gp_clinical a, gp_clinical b, gp_clinical c \
                    WHERE a.data_provider + b.data_provider + c.data_provider < -1";

/// What the promise is.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The worker processes that a process started, by the kernel's own list.
fn workers(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        // the name stands in brackets and may hold blanks: what follows the last bracket is state and parent
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default();
        let mut words = after.split_whitespace();
        let (state, of) = (words.next().unwrap_or("Z"), words.next());
        if state != "Z" && of == Some(parent.to_string().as_str()) {
            found.push(pid);
        }
    }
    found
}

/// Waits until a worker has run for a second.
fn running(parent: &Child) {
    let began = Instant::now();
    while workers(parent.id()).is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no question runs"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(workers(parent.id()).len(), 1, "the question ended too soon");
}

/// How long a worker still runs.
fn ends(parent: u32) -> Duration {
    let began = Instant::now();
    while !workers(parent).is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the question goes on"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

fn ask_long(room: &Room) -> Child {
    room.program(&[
        "query",
        "--project",
        PROJECT,
        "--mode",
        "enclave",
        LONG,
        "--json",
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap()
}

#[test]
fn a_suspension_ends_a_running_question_within_a_second() {
    let room = Room::new();
    let asking = ask_long(&room);
    running(&asking);
    room.give(
        "head",
        "project.suspend",
        value!({ "project": PROJECT, "reasons": "r" }),
    );
    let took = ends(asking.id());
    let output = asking.wait_with_output().unwrap();
    assert!(took < AT_ONCE, "{took:?}");
    assert_eq!(output.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["refused"]["code"], "project-not-live", "{said}");
    // and the refusal is in the log, which is whole
    let report = json(&["verify", crate::program::text(&room.dir)]);
    assert_eq!(report["sound"], true, "{report}");
}

/// A served instance, with a client that does not look at certificates.
struct Served {
    child: Child,
    http: String,
}

impl Served {
    fn start(room: &Room) -> Self {
        let mut child = room
            .program(&["serve", "--json", "--http-port", "0", "--flight-port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        let told: Value = loop {
            said.push_str(&lines.next().unwrap().unwrap());
            if let Ok(told) = serde_json::from_str(&said) {
                break told;
            }
        };
        Self {
            http: told["http"].as_str().unwrap().to_owned(),
            child,
        }
    }

    /// Asks; status and body.
    fn ask(&self, token: &str, sql: &str) -> (u16, Value) {
        let tls = ureq::tls::TlsConfig::builder()
            .disable_verification(true)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .build();
        let mut response = ureq::Agent::new_with_config(config)
            .post(format!("{}/query", self.http))
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json")
            .send(value!({ "sql": sql }).to_string())
            .unwrap();
        let mut body = String::new();
        response
            .body_mut()
            .as_reader()
            .read_to_string(&mut body)
            .unwrap();
        (
            response.status().as_u16(),
            serde_json::from_str(&body).unwrap(),
        )
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn token(room: &Room) -> (String, String) {
    let args = ["token", "issue", "--project", PROJECT, "--json"];
    let output = room.program(&args).output().unwrap();
    let issued: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |name: &str| issued[name].as_str().unwrap().to_owned();
    (word("id"), word("token"))
}

#[test]
fn the_end_of_a_token_ends_its_running_question_within_a_second() {
    let room = Room::new();
    let served = Served::start(&room);
    let (id, secret) = token(&room);
    let (_, other) = token(&room);
    let count = "SELECT count(*) AS n FROM main";
    assert_eq!(served.ask(&secret, count).0, 200);
    let (took, (status, body)) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| served.ask(&secret, LONG));
        running(&served.child);
        let ended = room.program(&["token", "end", &id]).output().unwrap();
        assert!(ended.status.success());
        (ends(served.child.id()), asking.join().unwrap())
    });
    assert!(took < AT_ONCE, "{took:?}");
    assert_eq!(body["code"], "access-ended", "{status} {body}");
    // that token opens nothing any more; another of the same person does
    assert_eq!(served.ask(&secret, count).0, 401);
    assert_eq!(served.ask(&other, count).0, 200);
}
