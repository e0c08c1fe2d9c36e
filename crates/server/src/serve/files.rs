//! From the path of a request to an open file of the site, or to nothing.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use futures::stream::{Stream, try_unfold};

use crate::limits::{CHUNK_BYTES, PATH_CHARS};

/// A file that may be handed out.
pub(super) struct Found {
    file: File,
    pub(super) length: u64,
    pub(super) kind: &'static str,
    pub(super) caching: &'static str,
}

/// Opens what a request's path names, if it is a regular file of the site.
///
/// A name has letters, digits, `.`, `_` and `-`, and does not begin with a dot. Every path of a site is
/// made of such names, so percent-encoding is not decoded and nothing can mean a parent or an absolute path.
pub(super) fn find(root: &Path, path: &str) -> Option<Found> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() { "index.html" } else { path };
    if path.len() > PATH_CHARS || !path.split('/').all(is_name) {
        return None;
    }
    let full = root.join(path);
    // The root is canonical; where the two differ, some part of the way is a symbolic link.
    if full.canonicalize().ok()? != full || !full.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let file = File::open(&full).ok()?;
    let length = file.metadata().ok()?.len();
    Some(Found {
        file,
        length,
        kind: kind(path),
        caching: caching(path),
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-'))
}

/// The content type. Of the ledger's files it is as C2SP tlog-tiles demands.
fn kind(path: &str) -> &'static str {
    match path {
        "ledger/checkpoint" | "ledger/vkey" => return "text/plain; charset=utf-8",
        _ if path.starts_with("ledger/tile/") => return "application/octet-stream",
        _ => {}
    }
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// C2SP tlog-tiles: a checkpoint is kept no longer than a few seconds, a tile (full or partial) never changes.
fn caching(path: &str) -> &'static str {
    match path {
        "ledger/checkpoint" => "public, max-age=2",
        _ if path.starts_with("ledger/tile/") => "public, max-age=31536000, immutable",
        _ => "no-cache",
    }
}

impl Found {
    /// The file, piece by piece; never more than the length that was announced.
    pub(super) fn chunks(self) -> impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static {
        try_unfold(self.file.take(self.length), |mut file| async move {
            let read = tokio::task::spawn_blocking(move || {
                let mut chunk = Vec::new();
                let got = file
                    .by_ref()
                    .take(CHUNK_BYTES as u64)
                    .read_to_end(&mut chunk)?;
                std::io::Result::Ok((got > 0).then_some((chunk, file)))
            });
            read.await.map_err(std::io::Error::other)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_lead_elsewhere_are_no_names() {
        for good in ["index.html", "000.p", "x001", "checkpoint", "p-1.json"] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "", ".", "..", ".git", "a b", "%2e%2e", "a\\b", "C:", "é", "a\0",
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn the_ledger_is_cached_as_tlog_tiles_says() {
        assert_eq!(kind("ledger/checkpoint"), "text/plain; charset=utf-8");
        assert_eq!(
            kind("ledger/tile/entries/000.p/7"),
            "application/octet-stream"
        );
        assert!(caching("ledger/tile/0/x001/067").contains("immutable"));
        assert!(!caching("ledger/checkpoint").contains("immutable"));
    }
}
