//! Limits of the Flight SQL service, each with its reason.

use std::time::Duration;

/// Bytes of one message from a client: the longest question (64 kB), or its parameters (1,000 texts of 4 kB are 4 MB, which
/// nobody sends; tens of values are kilobytes).
pub const MESSAGE_BYTES: usize = 1 << 20;

/// Messages of one batch of parameters: a descriptor, a schema, a row; some drivers send one more.
pub const PARAMETER_MESSAGES: usize = 8;

/// Bytes of one message to a client, about. Clients take 4 MiB unless told otherwise; the encoder is not exact.
pub const ANSWER_MESSAGE_BYTES: usize = 1 << 20;

/// Connections at once. A notebook holds one; each costs some 100 kB of buffers.
pub const CONNECTIONS: usize = 256;

/// Calls under way on one connection. Drivers make a handful.
pub const STREAMS: u32 = 32;

/// Bytes of a call's headers: a token, and what tracing adds.
pub const HEADER_BYTES: u32 = 16 * 1024;

/// Characters of a bearer token: longer ones are not ours, and are not hashed.
pub const TOKEN_CHARS: usize = 512;

/// Time for a client to finish the TLS handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// How often a silent connection is asked whether it is still there, and how long its reply may take. A client that vanished
/// is noticed within their sum, and its question stopped.
pub const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// Longest life of a connection: drivers connect again by themselves.
pub const CONNECTION_AGE: Duration = Duration::from_secs(24 * 3600);

/// Longest time until an answer begins: the queue's five minutes and a question's two, and room.
pub const CALL: Duration = Duration::from_secs(600);

/// Longest time for the schema of an answer: it waits in the queue but runs nothing.
pub const DESCRIBE: Duration = Duration::from_secs(400);

/// Longest time for sending an answer: 64 MiB over 2 Mbit/s take five minutes.
pub const SENDING: Duration = Duration::from_secs(600);

/// Questions of one token that wait, run or are being read. A notebook has one, a tool with several panes a few.
pub const ASKING_PER_TOKEN: usize = 8;

/// Bytes of answers that are being sent in all; each is in memory until it is read. Thirty-two of the largest.
pub const SENDING_BYTES: usize = 2 << 30;

/// Life of a ticket: drivers redeem it at once.
pub const TICKET: Duration = Duration::from_secs(300);

/// Tickets of one token that were not redeemed yet; the oldest gives way.
pub const TICKETS_PER_TOKEN: usize = 32;

/// Life of a prepared question after its last use: a working day's pause.
pub const PREPARED: Duration = Duration::from_secs(4 * 3600);

/// Prepared questions of one token; the oldest gives way.
pub const PREPARED_PER_TOKEN: usize = 64;

/// Tickets, and prepared questions, in all. Each holds a question of up to 64 kB: 512 MiB at the very most.
pub const KEPT: usize = 8_192;

/// Time that running calls get to finish after the service was told to stop.
pub const STOP: Duration = Duration::from_secs(5);

/// Time for cancelled calls to say so to their clients: much more than it takes, for a machine that is busy.
pub const CANCELLED: Duration = Duration::from_secs(10);

/// How often what still runs is cancelled again while the service stops: a call may begin to run between two looks.
pub const CANCEL_AGAIN: Duration = Duration::from_millis(100);

/// Facts asked for in one GetSqlInfo call: Flight SQL has some hundred.
pub const INFOS: usize = 200;
