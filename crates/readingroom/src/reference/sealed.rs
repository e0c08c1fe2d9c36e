//! The kept index: one file in the user's folder of caches, each section sealed under a key that only the user may read.
//!
//! Layout: 32 bytes of salt; the sealed parts, of which the first is the list of notices; the sealed list of their places; its
//! length in eight bytes. The key of a file is derived from the user's key and the salt, and a part is bound to its number, so
//! nonces count and no part can stand for another.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use airlock::reference::{Builder, Sections};
use governance::Digest;
use privacy::prf;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::load::Table;
use crate::clock;
use crate::failure::Failure;
use crate::files;
use crate::limits;

/// Keeps this use of the key apart from every other, and this layout from every other.
const DOMAIN: &[u8] = b"readingroom/airlock-reference/v1";
const SALT: usize = 32;

/// Where the index of a folder is kept, and under what key.
pub struct Place {
    folder: PathBuf,
    /// The same for all states of one folder: an index of an earlier state is removed.
    stem: String,
    path: PathBuf,
    key: [u8; 32],
}

/// A kept index that was opened.
pub struct Kept {
    file: File,
    key: LessSafeKey,
    /// Where each part begins, and its sealed length.
    places: Vec<(u64, u64)>,
}

impl Place {
    /// The place for a folder in this state; `None` where no cache can be kept.
    pub fn of(dir: &Path, id: &str, tables: &[Table]) -> Option<Self> {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
        let folder = base.join("readingroom");
        files::make_dir(&folder).ok()?;
        let key = own_key(&folder.join("airlock-reference.key"))?;
        let dir = dir.canonicalize().ok()?;
        let stem = format!("{}\0{id}", dir.display());
        let mut state = format!("{stem}\0{}", env!("CARGO_PKG_VERSION"));
        for table in tables {
            let (bytes, changed) = table.stamp;
            state.push_str(&format!("\0{}\0{bytes}\0{changed}", table.name));
        }
        let short = |text: &str| {
            let digest = Digest::of(text.as_bytes()).to_string();
            let hex: String = digest.chars().rev().take(16).collect();
            hex
        };
        let (stem, state) = (short(&stem), short(&state));
        Some(Self {
            path: folder.join(format!("airlock-{stem}-{state}.index")),
            folder,
            stem,
            key,
        })
    }

    fn key(&self, salt: &[u8]) -> Option<LessSafeKey> {
        let key = prf::subkey(&self.key, DOMAIN, salt);
        UnboundKey::new(&AES_256_GCM, &key)
            .ok()
            .map(LessSafeKey::new)
    }

    /// The kept index and its notices; `None` when there is none, or it is damaged.
    pub fn open(&self) -> Option<(Kept, Vec<String>)> {
        let file = File::open(&self.path).ok()?;
        let length = file.metadata().ok()?.len();
        let mut salt = [0_u8; SALT];
        file.read_exact_at(&mut salt, 0).ok()?;
        let mut tail = [0_u8; 8];
        file.read_exact_at(&mut tail, length.checked_sub(8)?).ok()?;
        let listed = u64::from_le_bytes(tail);
        let at = length.checked_sub(8)?.checked_sub(listed)?;
        let mut kept = Kept {
            file,
            key: self.key(&salt)?,
            places: vec![(at, listed)],
        };
        let list = kept.part_sealed_as(0, u64::MAX)?;
        kept.places = postcard::from_bytes(&list).ok()?;
        let notices = serde_json::from_slice(&kept.part(0)?).ok()?;
        Some((kept, notices))
    }

    /// Writes an index and opens it. What was kept of earlier states of the folder is removed.
    pub fn keep(&self, notices: &[String], builder: Builder) -> Result<Kept, Failure> {
        let salt = clock::random()?;
        let lost = || Failure::Fault("sealing an index".to_owned());
        let key = self.key(&salt).ok_or_else(lost)?;
        let part = self
            .folder
            .join(format!(".{}-{}.part", self.stem, std::process::id()));
        let io = |e: std::io::Error| files::io("writing", &part, e);
        let opened = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)
            .map_err(io)?;
        let mut out = BufWriter::with_capacity(limits::WRITE_BUFFER, opened);
        out.write_all(&salt).map_err(io)?;
        let mut at = SALT as u64;
        let mut places: Vec<(u64, u64)> = Vec::new();
        let mut put = |bytes: &[u8]| -> Result<(), Failure> {
            let number = places.len() as u64;
            let sealed = seal(&key, number, bytes).ok_or_else(lost)?;
            out.write_all(&sealed).map_err(io)?;
            places.push((at, sealed.len() as u64));
            at += sealed.len() as u64;
            Ok(())
        };
        put(&serde_json::to_vec(notices).map_err(|e| Failure::fault("writing JSON", e))?)?;
        builder.finish(&mut put)?;
        let list = postcard::to_stdvec(&places).map_err(|e| Failure::fault("sealing", e))?;
        let list = seal(&key, u64::MAX, &list).ok_or_else(lost)?;
        out.write_all(&list).map_err(io)?;
        out.write_all(&(list.len() as u64).to_le_bytes())
            .map_err(io)?;
        out.flush().map_err(io)?;
        drop(out);
        self.forget();
        fs::rename(&part, &self.path).map_err(io)?;
        self.open().map(|(kept, _)| kept).ok_or_else(lost)
    }

    fn forget(&self) {
        let of_folder = format!("airlock-{}-", self.stem);
        let names = files::names(&self.folder).unwrap_or_default();
        for name in names.iter().filter(|name| name.starts_with(&of_folder)) {
            // One that another process just removed is gone as well.
            let _ = fs::remove_file(self.folder.join(name));
        }
    }
}

/// The user's key, made at the first use; the one who comes second reads the first one's.
fn own_key(path: &Path) -> Option<[u8; 32]> {
    if !path.exists() {
        let _ = files::write_key(path, &clock::random().ok()?);
    }
    files::read_key(path).ok()
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0_u8; 12];
    for (to, from) in nonce.iter_mut().zip(number.to_le_bytes()) {
        *to = from;
    }
    Nonce::assume_unique_for_key(nonce)
}

fn seal(key: &LessSafeKey, number: u64, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut sealed = bytes.to_vec();
    key.seal_in_place_append_tag(nonce(number), Aad::empty(), &mut sealed)
        .ok()?;
    Some(sealed)
}

impl Kept {
    fn part(&self, at: usize) -> Option<Vec<u8>> {
        self.part_sealed_as(at, at as u64)
    }

    fn part_sealed_as(&self, at: usize, number: u64) -> Option<Vec<u8>> {
        let (from, length) = *self.places.get(at)?;
        // A damaged length takes no memory: no part is longer than the file.
        let whole = self.file.metadata().ok()?.len();
        let mut bytes = vec![0; usize::try_from(length.min(whole)).ok()?];
        self.file.read_exact_at(&mut bytes, from).ok()?;
        let plain = self
            .key
            .open_in_place(nonce(number), Aad::empty(), &mut bytes)
            .ok()?
            .len();
        bytes.truncate(plain);
        Some(bytes)
    }
}

impl Sections for Kept {
    fn section(&self, number: usize) -> Option<Vec<u8>> {
        self.part(number.checked_add(1)?)
    }

    fn count(&self) -> usize {
        self.places.len().saturating_sub(1)
    }
}
