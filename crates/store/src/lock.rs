//! The lock that lets one process write at a time.
//!
//! The operating system holds it (`flock`), so that it ends with the process however that ends; the
//! text in the file only tells a waiting person who has it and must never be used to decide.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::StoreError;
use crate::layout::LOCK;
use crate::limits::LOCK_POLL;

/// The lock, held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits at most `wait` for the lock of the instance in `dir`.
    pub(crate) fn take(dir: &Path, wait: Duration) -> Result<Self, StoreError> {
        let failed = |action| {
            move |source| StoreError::File {
                path: LOCK.to_owned(),
                action,
                source,
            }
        };
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(dir.join(LOCK));
        let mut file = file.map_err(failed("opening"))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < wait => {
                    std::thread::sleep(LOCK_POLL)
                }
                Err(TryLockError::WouldBlock) => {
                    let mut owner = String::new();
                    // Best effort: the owner may be about to write its name.
                    let _ = (&file).take(200).read_to_string(&mut owner);
                    let owner = if owner.is_empty() {
                        "another process".to_owned()
                    } else {
                        owner.trim().to_owned()
                    };
                    return Err(StoreError::Busy {
                        what: LOCK,
                        owner,
                        waited_s: wait.as_secs(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(failed("locking")(source)),
            }
        }
        let program = std::env::args().next().unwrap_or_default();
        let program = Path::new(&program)
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("unknown")
            .to_owned();
        file.set_len(0).map_err(failed("writing"))?;
        file.rewind().map_err(failed("writing"))?;
        writeln!(file, "process {} ({program})", std::process::id()).map_err(failed("writing"))?;
        Ok(Self { _file: file })
    }
}
