//! The parent's side: starts a child, gives it files, and ends it when it takes too long.

use std::io::{self, BufReader, BufWriter};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;

use airlock::Reading;

use super::{put, take};
use crate::limits;

/// Reads the files of one request, one after the other.
#[derive(Default)]
pub struct Readers {
    child: Option<Running>,
}

/// A running child. Dropping it ends the process.
struct Running {
    child: Child,
    input: BufWriter<ChildStdin>,
    said: mpsc::Receiver<io::Result<Vec<u8>>>,
    /// Files that it has read.
    files: usize,
}

impl Readers {
    /// Reads a file. What ends a child that has read other files before is not known to be this file's fault: it is read
    /// once more by a new one.
    pub fn read(&mut self, bytes: &[u8]) -> Reading {
        let used = self.child.as_ref().is_some_and(|child| child.files > 0);
        self.attempt(bytes)
            .or_else(|why| if used { self.attempt(bytes) } else { Err(why) })
            .unwrap_or_else(|why| Reading::stopped(bytes, why))
    }

    fn attempt(&mut self, bytes: &[u8]) -> Result<Reading, &'static str> {
        if bytes.len() > airlock::limits::BYTES {
            // Too large for any reader; said so without copying it.
            return Ok(Reading::of(bytes));
        }
        let mut running = match self.child.take() {
            Some(running) => running,
            None => {
                Running::start().map_err(|_| "the process that reads files cannot be started")?
            }
        };
        let reading = running.ask(bytes)?;
        running.files += 1;
        self.child = Some(running);
        Ok(reading)
    }
}

impl Running {
    fn start() -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("reader")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a child without pipes"));
        };
        let (send, said) = mpsc::channel();
        // Ends with the child's output, which ends with the child.
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(said) = take(&mut output).transpose() {
                let over = said.is_err();
                if send.send(said).is_err() || over {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            input: BufWriter::new(input),
            said,
            files: 0,
        })
    }

    fn ask(&mut self, bytes: &[u8]) -> Result<Reading, &'static str> {
        const GONE: &str = "its reader ended before its end: it needs more memory than it may have, or is damaged in a way that no reader expects";
        put(&mut self.input, bytes).map_err(|_| GONE)?;
        match self.said.recv_timeout(limits::READER_TIME) {
            Ok(Ok(said)) => postcard::from_bytes(&said).map_err(|_| GONE),
            Err(mpsc::RecvTimeoutError::Timeout) => Err("reading it takes longer than a minute"),
            Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => Err(GONE),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
