//! Where the bytes of a release's files go: the one place in which they are sealed on their way to the disk.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Fault;
use super::recipe::hex;
use crate::limits;
use crate::sealed::{Fresh, Keyring, SealedWriter};

/// A release's folder while it is made, and the keys under which its files are sealed.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    /// The folder.
    pub dir: &'a Path,
    /// Keys by class of data; without them files are written in the clear, which only measurements and tests do.
    pub keys: Option<&'a Keyring>,
}

/// A new file of a release.
#[derive(Debug)]
pub struct Sink(Form);

#[derive(Debug)]
enum Form {
    Sealed(Box<SealedWriter<Hashed>>),
    Clear(Hashed),
}

impl Folder<'_> {
    /// Opens a new file at `path` below the folder, for data of this class.
    ///
    /// # Errors
    /// [`Fault`] when there is one already, or it cannot be made or sealed.
    pub fn open(&self, path: &str, class: &str) -> Result<Sink, Fault> {
        let at = self.dir.join(path);
        let file = File::create_new(&at).map_err(|error| Fault::io("write", &at, error))?;
        let file = Hashed {
            path: at,
            file: BufWriter::with_capacity(limits::READ_BUFFER_BYTES, file),
            hash: Sha256::new(),
            bytes: 0,
        };
        Ok(Sink(match self.keys {
            Some(keys) => {
                let writer = SealedWriter::new(file, keys, class, path, Fresh::new()?)?;
                Form::Sealed(Box::new(writer))
            }
            None => Form::Clear(file),
        }))
    }
}

impl Sink {
    /// Makes the file durable; its size and the SHA-256 (hex) of its bytes on disk.
    ///
    /// # Errors
    /// [`Fault`] when the disk refuses.
    pub fn finish(self) -> Result<(u64, String), Fault> {
        match self.0 {
            Form::Sealed(writer) => writer.finish()?.finish(),
            Form::Clear(file) => file.finish(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Form::Sealed(writer) => writer.write(buffer),
            Form::Clear(file) => file.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Form::Sealed(writer) => writer.flush(),
            Form::Clear(file) => file.flush(),
        }
    }
}

/// A file that counts and hashes what is written into it.
#[derive(Debug)]
struct Hashed {
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Hashed {
    fn finish(self) -> Result<(u64, String), Fault> {
        let fault = |error| Fault::io("write", &self.path, error);
        let file = self.file.into_inner();
        let file = file.map_err(|error| fault(error.into_error()))?;
        file.sync_all().map_err(fault)?;
        Ok((self.bytes, hex(&self.hash.finalize())))
    }
}

impl Write for Hashed {
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
