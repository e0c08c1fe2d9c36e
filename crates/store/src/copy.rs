//! A private copy of a database whose last commit was cut short, for a reader who must not write.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::layout::DATABASE;

/// A copy of the database and its journal in a folder of the owner's alone, removed when dropped.
#[derive(Debug)]
pub(crate) struct PrivateCopy {
    pub(crate) folder: PathBuf,
}

impl PrivateCopy {
    pub(crate) fn of(path: &Path) -> Result<Self, StoreError> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!(
            "readingroom-verify-{}-{number}",
            std::process::id()
        ));
        let failed = |action| {
            move |source| StoreError::File {
                path: DATABASE.to_owned(),
                action,
                source,
            }
        };
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Fails if the folder exists: nobody else's folder is ever used.
        builder
            .create(&folder)
            .map_err(failed("making a private folder for a copy"))?;
        let copy = Self { folder };
        let journal = path.with_extension("sqlite-journal");
        for file in [path, &journal] {
            let name = file.file_name().unwrap_or_default();
            if file.is_file() {
                fs::copy(file, copy.folder.join(name)).map_err(failed("copying"))?;
            }
        }
        Ok(copy)
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
