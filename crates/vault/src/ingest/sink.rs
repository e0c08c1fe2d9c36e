//! Where the bytes of a release's files go: the one place in which they can be sealed on their way to the disk.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Fault;
use super::recipe::hex;
use crate::limits;

/// A new file that counts and hashes what is written into it.
#[derive(Debug)]
pub struct Sink {
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

/// Opens a new file for data of this class, whose key would seal it.
///
/// # Errors
/// [`Fault`] when there is one already, or it cannot be made.
pub fn open_sink(path: &Path, _class: &str) -> Result<Sink, Fault> {
    let file = File::create_new(path).map_err(|error| Fault::io("write", path, error))?;
    Ok(Sink {
        path: path.to_owned(),
        file: BufWriter::with_capacity(limits::READ_BUFFER_BYTES, file),
        hash: Sha256::new(),
        bytes: 0,
    })
}

impl Sink {
    /// Makes the file durable; its size and the SHA-256 (hex) of its bytes on disk.
    ///
    /// # Errors
    /// [`Fault`] when the disk refuses.
    pub fn finish(self) -> Result<(u64, String), Fault> {
        let fault = |error| Fault::io("write", &self.path, error);
        let file = self.file.into_inner();
        let file = file.map_err(|error| fault(error.into_error()))?;
        file.sync_all().map_err(fault)?;
        Ok((self.bytes, hex(&self.hash.finalize())))
    }
}

impl Write for Sink {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write_all(buffer)?;
        self.hash.update(buffer);
        self.bytes += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
