//! The release twice: sealed and in the clear, byte for byte the same files beneath. One of them is what `ingest` made;
//! the other is copied from it here.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use vault::release::{FileEntry, MANIFEST, Manifest, TableEntry};
use vault::sealed::{Fresh, Keyring, LocalKms, ReleaseKeys, SealedReader, SealedWriter};

use crate::failure::Failure;
use crate::files;
use crate::limits::WRITE_BUFFER;

/// Opens the keys of a sealed release.
pub fn keyring(release: &Path, kek: &Path) -> Result<Keyring, Failure> {
    let broken = |e| Failure::fault("opening the release's keys", e);
    let kms = LocalKms::from_file(kek).map_err(broken)?;
    let keys = ReleaseKeys::load(release).map_err(broken)?;
    let classes: Vec<String> = keys.classes().map(|(class, _)| class.to_owned()).collect();
    keys.open(&kms, classes.iter().map(String::as_str))
        .map_err(broken)
}

/// Makes a key-encryption key, if there is none, and a sealed copy of a release in the clear.
pub fn seal(from: &Path, to: &Path, kek: &Path) -> Result<(), Failure> {
    let broken = |e| Failure::fault("making the release's keys", e);
    if !kek.exists() {
        let line = LocalKms::new_line("bench").map_err(broken)?;
        let mut options = File::options();
        let file = options.write(true).create_new(true).mode(0o600).open(kek);
        file.and_then(|mut f| f.write_all(line.as_bytes()))
            .map_err(|e| files::io("writing", kek, e))?;
    }
    let (manifest, _) =
        Manifest::load(from).map_err(|e| Failure::fault("reading the release", e))?;
    let kms = LocalKms::from_file(kek).map_err(broken)?;
    let classes = manifest
        .tables
        .values()
        .flat_map(|t| t.files_by_class().map(|(class, _)| class));
    let keys = ReleaseKeys::create(&manifest.release, classes, &kms).map_err(broken)?;
    whole(to, |part| {
        keys.save(part).map_err(broken)?;
        let ring = keyring(part, kek)?;
        copy(&manifest, part, &mut |class, path| {
            let (source, target) = ends(from, part, path)?;
            let sealing = |e| files::io("sealing", Path::new(path), e);
            let fresh = Fresh::new().map_err(broken)?;
            let mut sink = SealedWriter::new(target, &ring, class, path, fresh).map_err(broken)?;
            std::io::copy(
                &mut BufReader::with_capacity(WRITE_BUFFER, source),
                &mut sink,
            )
            .map_err(sealing)?;
            let mut inner = sink.finish().map_err(broken)?;
            inner.flush().map_err(sealing)
        })
    })
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
