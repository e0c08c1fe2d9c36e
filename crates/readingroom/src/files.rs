//! Names and handling of the files of an instance.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use governance::Refusal;
use policy::Bundle;

use crate::failure::Failure;
use crate::limits::POLICY_BYTES;

/// Folder of sealed releases.
pub const RELEASES: &str = "data/releases";
/// Folder in which a release is made before it is sealed.
pub const STAGING: &str = "data/staging";
/// The lock of whoever takes in raw data: while it is held the folder above is somebody's work.
pub const INTAKE: &str = "data/intake.lock";
/// Folder of reports of ingests, taken or refused.
pub const REPORTS: &str = "data/reports";
/// Folder of the sets of people behind aggregate answers, sealed.
pub const RELEASED: &str = "data/released";
/// Consents and withdrawals as masks, sealed; made anew from the log whenever it is missing.
pub const MASKS: &str = "data/masks";
/// Folder of files that asked to leave, by digest.
pub const OUTPUTS: &str = "outputs";
/// Folder of policies.
pub const POLICIES: &str = "policies";
/// The recipe.
pub const RECIPE: &str = "recipe.toml";
/// Folder of the instance's own catalogue, if it has one.
pub const CATALOGUE: &str = "catalogue";
/// Key-encryption keys, under which the keys of releases are wrapped; the last line is the current one.
pub const KEKS: &str = "keys/kek.keys";
/// Environment variable that may hold the key-encryption keys instead of the file.
pub const KEKS_VARIABLE: &str = "READINGROOM_KEKS";
/// Folder of sealed rows that questions put on disk when they do not fit in memory.
pub const SPILL: &str = "data/spill";
/// The key from which pseudonyms are derived.
pub const MASTER_KEY: &str = "keys/master.key";

/// What went wrong with a file.
pub fn io(doing: &str, path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Fault(format!("{doing} {}: {error}", path.display()))
}

/// Names in a folder, sorted; none if it is not there.
pub fn names(dir: &Path) -> Result<Vec<String>, Failure> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io("listing", dir, e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| io("listing", dir, e))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Removes all in a folder.
pub fn empty_dir(dir: &Path) -> Result<(), Failure> {
    if dir.is_symlink() {
        return Err(io(
            "emptying",
            dir,
            "it is a link, and what it leads to is not ours",
        ));
    }
    for name in names(dir)? {
        let path = dir.join(name);
        let result = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        result.map_err(|e| io("removing", &path, e))?;
    }
    Ok(())
}

/// Removes a folder and all in it.
pub fn remove_dir(dir: &Path) -> Result<(), Failure> {
    fs::remove_dir_all(dir).map_err(|e| io("removing", dir, e))
}

/// Makes a folder and those above it.
pub fn make_dir(dir: &Path) -> Result<(), Failure> {
    fs::create_dir_all(dir).map_err(|e| io("making", dir, e))
}

/// Writes a file so that it is there whole or not at all, and stays after a power cut.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // No file that leaves may have a name that begins with a dot, so this one is in nobody's way.
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let part = path.with_file_name(format!(".{name}.part"));
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        if let Some(parent) = path.parent() {
            fs::File::open(parent)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|e| io("writing", path, e))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a key that only the owner may read.
pub fn write_key(path: &Path, key: &[u8; 32]) -> Result<(), Failure> {
    write_secret(path, format!("{}\n", hex(key)).as_bytes())
}

/// Writes a new file that only the owner may read.
pub fn write_secret(path: &Path, secret: &[u8]) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(secret)?;
        file.sync_all()
    };
    write().map_err(|e| io("writing", path, e))
}

/// Reads a key.
pub fn read_key(path: &Path) -> Result<[u8; 32], Failure> {
    let text = fs::read_to_string(path).map_err(|e| io("reading", path, e))?;
    let text = text.trim();
    let mut key = [0; 32];
    let digits = text.as_bytes().chunks(2).zip(key.iter_mut());
    for (pair, byte) in digits {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16)
            .map_err(|_| io("reading", path, "expected 64 hexadecimal digits"))?;
    }
    if text.len() != 64 {
        return Err(io("reading", path, "expected 64 hexadecimal digits"));
    }
    Ok(key)
}

/// Reads the policies of an instance.
pub fn load_policies(dir: &Path) -> Result<Bundle, Failure> {
    let folder = dir.join(POLICIES);
    let mut files = BTreeMap::new();
    for name in names(&folder)? {
        if !(name.ends_with(".cedar") || name.ends_with(".cedarschema")) {
            continue;
        }
        let path = folder.join(&name);
        let size = fs::metadata(&path)
            .map_err(|e| io("reading", &path, e))?
            .len();
        if size > POLICY_BYTES {
            return Err(policy_refusal(format!(
                "{name}: expected at most {POLICY_BYTES} bytes, found {size}"
            )));
        }
        let text = fs::read_to_string(&path).map_err(|e| io("reading", &path, e))?;
        files.insert(name, text);
    }
    Bundle::load(&files).map_err(|e| policy_refusal(e.to_string()))
}

fn policy_refusal(reason: String) -> Failure {
    Refusal::new(
        "policy-invalid",
        "policies-fit-the-schema",
        reason,
        "correct the file; `readingroom policy check` tries it again",
    )
    .into()
}
