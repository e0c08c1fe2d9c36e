//! What must survive a power cut: folders and files are synced before anything relies on them.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::Fault;

/// Ending of the folder in which a release is made before it is published.
pub(super) const PARTIAL: &str = ".partial";

/// Makes the names in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), Fault> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| Fault::io("sync", dir, error))
}

/// Writes a whole file so that after a crash there is either the old or the new one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let fault = |error| Fault::io("write", path, error);
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = File::create(&new).map_err(fault)?;
    file.write_all(bytes).map_err(fault)?;
    file.sync_all().map_err(fault)?;
    fs::rename(&new, path).map_err(fault)?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// A folder that is removed unless it is published.
#[derive(Debug)]
pub(super) struct Staging {
    path: Option<PathBuf>,
}

impl Staging {
    /// A fresh folder for the release of this name.
    pub(super) fn create(staging: &Path, name: &str) -> Result<Self, Fault> {
        let path = staging.join(format!("{name}{PARTIAL}"));
        let fault = |error| Fault::io("create", &path, error);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(fault)?;
        }
        // of no use to others, and nothing for them to look at
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700);
        folder.create(&path).map_err(fault)?;
        Ok(Self { path: Some(path) })
    }

    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }

    /// Moves the folder to its final place in one step.
    pub(super) fn publish(mut self, to: &Path) -> Result<(), Fault> {
        let Some(from) = self.path.take() else {
            return Err(Fault::Internal("a release published twice"));
        };
        let moved = move_new(&from, to);
        if moved.is_err() {
            self.path = Some(from);
        }
        moved
    }
}

fn move_new(from: &Path, to: &Path) -> Result<(), Fault> {
    let fault = |error| Fault::io("publish", to, error);
    // A rename would replace an empty folder without a word.
    if to.exists() {
        return Err(fault(std::io::ErrorKind::AlreadyExists.into()));
    }
    sync_dir(from)?;
    fs::rename(from, to).map_err(fault)?;
    to.parent().map_or(Ok(()), sync_dir)
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What cannot be removed now is removed at the next start.
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Removes what a killed ingest left in the staging folder; the names of the folders removed.
///
/// # Errors
/// [`Fault`] when the folder cannot be read or a leftover cannot be removed.
pub fn clean_staging(staging: &Path) -> Result<Vec<String>, Fault> {
    let fault = |error| Fault::io("clean", staging, error);
    let entries = match fs::read_dir(staging) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(error)),
    };
    let mut removed = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fault)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(PARTIAL) {
            fs::remove_dir_all(entry.path()).map_err(fault)?;
            removed.push(name);
        }
    }
    removed.sort();
    Ok(removed)
}
