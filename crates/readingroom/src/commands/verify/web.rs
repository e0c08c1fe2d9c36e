//! A register at an address.

use std::time::Duration;

use transparency::{LogReader, verify_log};

use super::site::{compare_page, note_log, note_state, pages_of};
use super::{Replay, Verified};
use crate::failure::Failure;
use crate::limits::{FETCH_BYTES, FETCH_SECONDS};

struct Web {
    agent: ureq::Agent,
    base: String,
}

impl LogReader for Web {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let url = format!("{}/{path}", self.base);
        match self.agent.get(&url).call() {
            Ok(response) => response
                .into_body()
                .into_with_config()
                .limit(FETCH_BYTES)
                .read_to_vec()
                .map(Some)
                .map_err(|e| format!("{url}: {e}")),
            Err(ureq::Error::StatusCode(404)) => Ok(None),
            Err(e) => Err(format!("{url}: {e}")),
        }
    }

    fn list(&self) -> Result<Option<Vec<String>>, String> {
        Ok(None)
    }
}

/// Verifies a register or a bare log at an address.
pub fn verify(address: &str, vkey: Option<&str>) -> Result<Verified, Failure> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(FETCH_SECONDS)))
        .build();
    let base = address.trim_end_matches('/').to_owned();
    let mut web = Web {
        agent: config.into(),
        base: format!("{base}/ledger"),
    };
    let reach = |web: &Web| {
        web.read("checkpoint")
            .map_err(|e| Failure::fault("reaching the register", e))
    };
    let register = reach(&web)?.is_some();
    if !register {
        web.base.clone_from(&base);
    }
    let mut verified = Verified::default();
    let mut replay = Replay::default();
    let report = verify_log(&web, vkey, &mut |i, leaf| replay.fold(i, leaf));
    note_log(
        &report,
        if register { "ledger/" } else { "" },
        &mut verified,
    );
    if register && report.is_sound() {
        web.base = base;
        let pages = pages_of(&replay)?;
        for (path, expected) in &pages {
            match web.read(path) {
                Ok(Some(found)) => compare_page(path, expected, &found, &mut verified),
                Ok(None) => verified
                    .findings
                    .push(format!("{path}: expected a page, found none")),
                Err(error) => verified.findings.push(error),
            }
        }
        verified
            .notes
            .push(format!("{} pages made again from the log", pages.len()));
    }
    note_state(&replay, &mut verified)?;
    Ok(verified)
}
