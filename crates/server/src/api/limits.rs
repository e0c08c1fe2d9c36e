//! Limits of the HTTP API, each with its reason.

use std::time::Duration;

/// Bytes of a request's body: the longest question (64 kB), escaped as JSON, and some hundred parameters.
pub const BODY_BYTES: usize = 512 * 1024;
/// Time for a request's body to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// Time until an answer: the queue's five minutes and a question's two, and room.
pub const ANSWER_TIME: Duration = Duration::from_secs(600);
/// Characters of a bearer token: longer ones are not ours, and are not hashed.
pub const TOKEN_CHARS: usize = 512;
/// Connections open at once. A script holds one; a waiting question costs little.
pub const CONNECTIONS: usize = 256;
/// Time for the TLS handshake.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Time for a request's head to arrive, after which a slow or silent client is let go.
pub const HEADER_TIME: Duration = Duration::from_secs(10);
/// Longest life of one connection: a waiting question, and 64 MiB over 2 Mbit/s, twice.
pub const CONNECTION_TIME: Duration = Duration::from_secs(1_800);
/// Bytes of a request's head. (hyper accepts no smaller buffer than 8 KiB.)
pub const HEAD_BYTES: usize = 16 * 1024;
/// Headers of a request: scripts send about ten.
pub const HEADERS: usize = 64;
/// Members of an Accept header that are looked at.
pub const ACCEPTS: usize = 32;
/// Time that running answers get to finish after the service was told to stop.
pub const STOP_TIME: Duration = Duration::from_secs(2);
/// Mebibytes of answers that are being sent in all; each is in memory until it is read. Thirty of the largest.
pub const SENDING_MIB: u32 = 2_048;
/// Bytes handed to a connection at a time.
pub const CHUNK_BYTES: usize = 64 * 1024;
