//! The release once more, in the clear: byte for byte the files that are beneath the sealed ones, so that what encryption
//! costs can be told, and DuckDB can read them. The data is synthetic; nothing else may ever be copied like this.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use vault::release::{FileEntry, MANIFEST, Manifest, TableEntry};
use vault::sealed::{Keyring, LocalKms, ReleaseKeys, SealedReader};

use crate::failure::Failure;
use crate::files;
use crate::limits::WRITE_BUFFER;

/// Opens the keys of a sealed release.
pub fn keyring(release: &Path, kek: &Path) -> Result<Keyring, Failure> {
    let broken = |e| Failure::fault("opening the release's keys", e);
    // where the instance found it when it sealed
    let kms = match std::env::var(files::KEKS_VARIABLE) {
        Ok(text) => LocalKms::from_text(text.as_bytes(), files::KEKS_VARIABLE),
        Err(_) => LocalKms::from_file(kek),
    };
    let kms = kms.map_err(broken)?;
    let keys = ReleaseKeys::load(release).map_err(broken)?;
    let classes: Vec<String> = keys.classes().map(|(class, _)| class.to_owned()).collect();
    keys.open(&kms, classes.iter().map(String::as_str))
        .map_err(broken)
}

/// Makes a copy in the clear of a sealed release.
pub fn unseal(from: &Path, to: &Path, keyring: &Keyring) -> Result<(), Failure> {
    let (manifest, _) =
        Manifest::load(from).map_err(|e| Failure::fault("reading the release", e))?;
    whole(to, |part| {
        copy(&manifest, part, &mut |class, path| {
            let (source, mut target) = ends(from, part, path)?;
            let mut source = SealedReader::open(source, keyring, class, path)
                .map_err(|e| Failure::fault("opening a sealed file", e))?;
            std::io::copy(&mut source, &mut target)
                .and_then(|_| target.flush())
                .map_err(|e| files::io("copying", Path::new(path), e))
        })
    })
}

/// Fills a folder beside its place, and moves it there when it is whole.
fn whole(to: &Path, fill: impl FnOnce(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let part = to.with_extension("part");
    for folder in [to, &part] {
        if folder.exists() {
            files::remove_dir(folder)?;
        }
    }
    files::make_dir(&part)?;
    fill(&part)?;
    std::fs::rename(&part, to).map_err(|e| files::io("moving files to", to, e))
}

/// Copies each file of a release by its class and path, and writes the manifest with the copies' sizes.
fn copy(
    manifest: &Manifest,
    to: &Path,
    one: &mut dyn FnMut(&str, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut manifest = manifest.clone();
    for table in manifest.tables.values_mut() {
        for (class, file) in table.files_by_class() {
            one(class, &file.path)?;
        }
        let table = Arc::make_mut(table);
        for file in every_file(table) {
            let path = to.join(&file.path);
            let size = std::fs::metadata(&path).map_err(|e| files::io("reading", &path, e))?;
            file.bytes = size.len();
        }
    }
    let bytes = manifest
        .to_bytes()
        .map_err(|e| Failure::fault("writing the manifest", e))?;
    files::write_durably(&to.join(MANIFEST), &bytes)
}

fn every_file(table: &mut TableEntry) -> impl Iterator<Item = &mut FileEntry> {
    let rows = table.families.iter_mut().flat_map(|f| &mut f.files);
    let again = table.clustered.iter_mut().flat_map(|c| &mut c.files);
    rows.chain(again).chain(table.dimension_files.values_mut())
}

/// A file to read and the new one to write.
fn ends(from: &Path, to: &Path, path: &str) -> Result<(File, BufWriter<File>), Failure> {
    let (source, target) = (from.join(path), to.join(path));
    if let Some(folder) = target.parent() {
        files::make_dir(folder)?;
    }
    let source = File::open(&source).map_err(|e| files::io("reading", &source, e))?;
    let target = File::create_new(&target).map_err(|e| files::io("writing", &target, e))?;
    Ok((source, BufWriter::with_capacity(WRITE_BUFFER, target)))
}
