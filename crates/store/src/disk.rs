//! Files that survive a power cut, and reading the log's folder.
//!
//! A file of the log appears whole or not at all: it is written beside the log, synced, renamed, and
//! its folder synced. Nothing here may write into a file of the log in place.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use transparency::LogReader;

use crate::error::StoreError;
use crate::layout::UNFINISHED;
use crate::limits::{MAX_LEDGER_DEPTH, MAX_LEDGER_FILE_BYTES, MAX_LEDGER_FILES};

/// The folder of an instance, written to durably.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    /// Folders that hold a renamed file and are not yet synced.
    dirty: BTreeSet<PathBuf>,
    /// Steps left before a test stops the store, as a power cut would.
    #[cfg(test)]
    pub(crate) steps_left: Option<u64>,
}

fn failed(path: &str, action: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File {
        path,
        action,
        source,
    }
}

/// Waits until the file or folder is on the disk. The crate's own tests count this step and do not
/// wait: see `schema::SYNCHRONOUS`.
fn sync(file: &File) -> io::Result<()> {
    if cfg!(test) { Ok(()) } else { file.sync_all() }
}

impl Disk {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            dirty: BTreeSet::new(),
            #[cfg(test)]
            steps_left: None,
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A place at which a test can stop the store. Nothing outside of tests.
    pub(crate) fn step(&mut self) -> Result<(), StoreError> {
        #[cfg(test)]
        if let Some(left) = &mut self.steps_left {
            *left = left.checked_sub(1).ok_or(StoreError::Stopped)?;
        }
        Ok(())
    }

    /// Makes a folder and those above it, and remembers to sync their parents.
    pub(crate) fn make_folder(&mut self, path: &str) -> Result<(), StoreError> {
        let mut at = self.root.clone();
        for part in Path::new(path).components() {
            let parent = at.clone();
            at.push(part);
            if !at.is_dir() {
                self.step()?;
                fs::create_dir(&at).map_err(failed(path, "making the folder"))?;
                self.dirty.insert(parent);
            }
        }
        Ok(())
    }

    /// Writes a file whole. It is durable after the next [`Disk::sync_folders`].
    pub(crate) fn write(
        &mut self,
        path: &str,
        bytes: &[u8],
        private: bool,
    ) -> Result<(), StoreError> {
        let target = self.root.join(path);
        let parent = Path::new(path)
            .parent()
            .and_then(Path::to_str)
            .unwrap_or_default();
        self.make_folder(parent)?;
        let unfinished = self.root.join(UNFINISHED);
        self.remove_unfinished()?;
        self.step()?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if private {
            owner_only(&mut options);
        }
        let mut file = options
            .open(&unfinished)
            .map_err(failed(path, "making the file"))?;
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for half in [first, second] {
            self.step()?;
            file.write_all(half).map_err(failed(path, "writing"))?;
        }
        self.step()?;
        sync(&file).map_err(failed(path, "syncing"))?;
        self.step()?;
        fs::rename(&unfinished, &target).map_err(failed(path, "renaming"))?;
        self.dirty.insert(self.root.join(parent));
        Ok(())
    }

    /// Makes all renames and new folders so far durable.
    pub(crate) fn sync_folders(&mut self) -> Result<(), StoreError> {
        for folder in std::mem::take(&mut self.dirty) {
            self.step()?;
            let path = folder
                .strip_prefix(&self.root)
                .ok()
                .and_then(Path::to_str)
                .unwrap_or_default()
                .to_owned();
            File::open(&folder)
                .and_then(|folder| sync(&folder))
                .map_err(failed(&path, "syncing the folder"))?;
        }
        Ok(())
    }

    /// Removes a folder of superseded tiles with what is in it, if it is there.
    pub(crate) fn remove_folder(&mut self, path: &str) -> Result<(), StoreError> {
        let folder = self.root.join(path);
        let items = match fs::read_dir(&folder) {
            Ok(items) => items,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(path, "reading the folder")(error)),
        };
        for item in items {
            self.step()?;
            let removed = item.and_then(|item| fs::remove_file(item.path()));
            removed.map_err(failed(path, "removing an old tile"))?;
        }
        self.step()?;
        fs::remove_dir(&folder).map_err(failed(path, "removing the folder"))
    }

    /// Removes what an interrupted write left.
    pub(crate) fn remove_unfinished(&mut self) -> Result<(), StoreError> {
        self.step()?;
        match fs::remove_file(self.root.join(UNFINISHED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(UNFINISHED, "removing")(error))
            }
            _ => Ok(()),
        }
    }
}

/// Makes a new file readable by its owner only.
pub(crate) fn owner_only(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Reads a small file of the instance as text.
pub(crate) fn read_text(root: &Path, path: &'static str) -> Result<String, StoreError> {
    fs::read_to_string(root.join(path)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StoreError::NoInstance { missing: path },
        _ => failed(path, "reading")(error),
    })
}

/// A log in a folder, such as `ledger/` of an instance. Reads only.
#[derive(Clone, Debug)]
pub struct DirReader {
    root: PathBuf,
}

impl DirReader {
    /// The log whose checkpoint is `root/checkpoint`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    fn walk(
        folder: &Path,
        prefix: &str,
        depth: usize,
        paths: &mut Vec<String>,
    ) -> Result<(), String> {
        if depth > MAX_LEDGER_DEPTH {
            return Err(format!(
                "{prefix}: expected at most {MAX_LEDGER_DEPTH} folders below one another"
            ));
        }
        let items = match fs::read_dir(folder) {
            Ok(items) => items,
            // A superseded folder may vanish while another process publishes.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(format!("{prefix}: {error}")),
        };
        for item in items {
            let item = item.map_err(|error| format!("{prefix}: {error}"))?;
            let path = format!("{prefix}{}", item.file_name().to_string_lossy());
            if paths.len() >= MAX_LEDGER_FILES {
                return Err(format!("expected at most {MAX_LEDGER_FILES} files"));
            }
            match item.file_type() {
                Ok(kind) if kind.is_dir() => {
                    Self::walk(&item.path(), &format!("{path}/"), depth + 1, paths)?
                }
                _ => paths.push(path),
            }
        }
        Ok(())
    }
}

impl LogReader for DirReader {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let plain = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !plain || path.is_empty() {
            return Err("expected a path inside of the log".to_owned());
        }
        let file = match File::open(self.root.join(path)) {
            Ok(file) => file,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.to_string()),
        };
        let mut bytes = Vec::new();
        file.take(MAX_LEDGER_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MAX_LEDGER_FILE_BYTES {
            return Err(format!("expected at most {MAX_LEDGER_FILE_BYTES} bytes"));
        }
        Ok(Some(bytes))
    }

    fn list(&self) -> Result<Option<Vec<String>>, String> {
        let mut paths = Vec::new();
        Self::walk(&self.root, "", 0, &mut paths)?;
        paths.sort();
        Ok(Some(paths))
    }
}
