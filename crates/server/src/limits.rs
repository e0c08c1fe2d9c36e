//! Limits of this crate, each with its reason.

use std::time::Duration;

/// Ledger entries on one page: a browser shows a thousand rows without delay, and an entry's page never
/// changes, because pages begin at entry 0.
pub const ENTRIES_PER_PAGE: u64 = 1_000;
/// Ledger pages of one export: two million entries, two years of a busy custodian. All pages are made in
/// memory, about 300 bytes an entry; a larger log needs an export that streams.
pub const LEDGER_PAGES: u64 = 2_000;
/// Projects in one table of the front page: what a reader scrolls through. Older ones follow on further pages.
pub const PROJECTS_PER_PAGE: usize = 500;
/// Questions and history lines listed for one project, newest kept: the page stays below a megabyte. All of
/// them are counted, and all of them are in the ledger.
pub const LINES_PER_PROJECT: usize = 500;

/// Connections open at once. The server is for one machine and its browser; each may hold one file chunk.
pub const CONNECTIONS: usize = 64;
/// Time for a request's head to arrive, after which a slow or silent client is let go.
pub const HEADER_TIME: Duration = Duration::from_secs(10);
/// Longest life of one connection: the largest file over a slow link, and an end to trickling readers.
pub const CONNECTION_TIME: Duration = Duration::from_secs(300);
/// Time that running answers get to finish after the server was told to stop.
pub const STOP_TIME: Duration = Duration::from_secs(2);
/// Bytes of a request's head, and so of its path: the longest path of a site has under 100 characters.
/// (hyper accepts no smaller buffer than 8 KiB.)
pub const HEAD_BYTES: usize = 16 * 1024;
/// Headers of a request: browsers send about twenty.
pub const HEADERS: usize = 64;
/// Characters of a path: `projects/`, an id of 64 characters and `.html` fit twice.
pub const PATH_CHARS: usize = 200;
/// Bytes read from disk at a time, and so held for one connection.
pub const CHUNK_BYTES: usize = 64 * 1024;
