//! Keys: kept apart, rotated, erased.

use std::os::unix::fs::PermissionsExt;

use super::*;

const ALL: [&str; 2] = [CLASS, "genomic"];

#[test]
fn keys_come_back_from_disk() {
    let dir = tempfile::tempdir().unwrap();
    let made = keys(&ALL);
    made.save(dir.path()).unwrap();
    assert_eq!(ReleaseKeys::load(dir.path()).unwrap(), made);
    let file = dir.path().join(KEYS);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

    let text = std::fs::read_to_string(&file).unwrap();
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"version\"", "\"more\": 1, \"version\""),
        ("\"bytes\": \"", "\"bytes\": \"x"),
        ("\"kek\"", "\"key\""),
        ("\"2026-11\"", "\"\""),
        ("}", ""),
    ] {
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        assert!(ReleaseKeys::load(dir.path()).is_err(), "{from} -> {to}");
    }
    std::fs::write(&file, vec![b' '; 2_000_001]).unwrap();
    let error = ReleaseKeys::load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("expected at most 2000000 bytes"), "{error}");
}

#[test]
fn a_keyring_holds_the_granted_classes_only() {
    let (keys, kms) = (keys(&ALL), kms(&["k1"]));
    let both = keys.open(&kms, ALL).unwrap();
    let sealed = seal_as(&both, "genomic", PATH, b"variants", SMALL);
    let one = keys.open(&kms, [CLASS]).unwrap();
    assert_eq!(one.classes().collect::<Vec<_>>(), [CLASS]);
    let error = open_as(&one, "genomic", PATH, &sealed, SMALL).unwrap_err();
    assert_eq!(error.to_string(), "no key of class genomic is held");
    assert_eq!(both.only([CLASS]).unwrap().classes().count(), 1);
    assert!(both.only(["imaging"]).is_err());
    assert!(matches!(
        keys.open(&kms, ["imaging"]),
        Err(SealError::NoClass { .. })
    ));
}

#[test]
fn a_keyring_goes_through_a_pipe_and_is_never_shown() {
    let ring = ring(&ALL);
    let sealed = seal(&ring, b"rows", SMALL);
    let piped = serde_json::to_string(&ring).unwrap();
    let there: Keyring = serde_json::from_str(&piped).unwrap();
    assert_eq!(open(&there, &sealed, SMALL).unwrap(), b"rows");
    let shown = format!("{ring:?} {:?} {:?}", kms(&["k1"]), Fresh::new().unwrap());
    let value: serde_json::Value = serde_json::from_str(&piped).unwrap();
    let key = value["keys"][CLASS].as_str().unwrap();
    assert_eq!(key.len(), 64);
    assert!(!shown.contains(&key[..8]));
    let short = piped.replace(key, &key[..62]);
    let error = serde_json::from_str::<Keyring>(&short).unwrap_err();
    assert!(!error.to_string().contains(&key[..8]));
}

/// Context, name of the key-encryption key, and every byte of a wrapped key are authenticated.
#[test]
fn wrapped_keys_do_not_move() {
    let kms = kms(&["k1"]);
    let wrapped = kms.wrap(&[3; 32], b"release and class").unwrap();
    assert_eq!(
        *kms.unwrap(&wrapped, b"release and class").unwrap(),
        [3; 32]
    );
    assert!(kms.unwrap(&wrapped, b"another").is_err());
    for place in 0..wrapped.bytes.len() {
        let mut changed = wrapped.clone();
        changed.bytes[place] ^= 1;
        assert!(kms.unwrap(&changed, b"release and class").is_err());
    }
    // Two classes' wrapped keys exchanged in keys.json.
    let dir = tempfile::tempdir().unwrap();
    keys(&ALL).save(dir.path()).unwrap();
    let file = dir.path().join(KEYS);
    let text = std::fs::read_to_string(&file).unwrap();
    let swapped = text
        .replace(CLASS, "?")
        .replace("genomic", CLASS)
        .replace('?', "genomic");
    std::fs::write(&file, swapped).unwrap();
    let swapped = ReleaseKeys::load(dir.path()).unwrap();
    assert!(matches!(
        swapped.open(&kms, [CLASS]),
        Err(SealError::Unwrap { .. })
    ));
    // The release renamed.
    std::fs::write(&file, text.replace("2026-11", "2027-01")).unwrap();
    let renamed = ReleaseKeys::load(dir.path()).unwrap();
    assert!(renamed.open(&kms, [CLASS]).is_err());
}

#[test]
fn rotation_changes_no_file_and_frees_the_old_key() {
    let mut keys = keys(&ALL);
    let sealed = seal(&keys.open(&kms(&["k1"]), ALL).unwrap(), b"rows", SMALL);
    let both = kms(&["k1", "k2"]);
    assert_eq!(both.current(), "k2");
    assert_eq!(keys.rotate(&both).unwrap(), 2);
    assert_eq!(keys.rotate(&both).unwrap(), 0);
    let later = keys.open(&kms(&["k2"]), ALL).unwrap();
    assert_eq!(open(&later, &sealed, SMALL).unwrap(), b"rows");
    // The old key-encryption key alone opens nothing any more.
    assert!(matches!(
        keys.open(&kms(&["k1"]), ALL),
        Err(SealError::NoKek { .. })
    ));
    // When a key cannot be unwrapped, nothing changes.
    let before = keys.clone();
    assert!(keys.rotate(&kms(&["k3"])).is_err());
    assert_eq!(keys, before);
}

/// Erasing: every byte of the file is still there, every key-encryption key there ever was is at hand, and it cannot be
/// opened; other classes can.
#[test]
fn an_erased_class_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let every = kms(&["k1", "k2"]);
    let mut keys = keys(&ALL);
    let before = keys.open(&every, ALL).unwrap();
    let rows = seal(&before, b"rows", SMALL);
    let variants = seal_as(&before, "genomic", PATH, b"variants", SMALL);
    drop(before);
    keys.save(dir.path()).unwrap();
    let wrapped = std::fs::read_to_string(dir.path().join(KEYS)).unwrap();
    // Somebody has the old file open: its bytes are overwritten all the same.
    let mut old = std::fs::File::open(dir.path().join(KEYS)).unwrap();

    keys.erase("genomic").unwrap();
    keys.save(dir.path()).unwrap();
    for rotate in [false, true] {
        let mut keys = ReleaseKeys::load(dir.path()).unwrap();
        if rotate {
            assert_eq!(keys.rotate(&every).unwrap(), 1);
        }
        assert!(matches!(
            keys.open(&every, ["genomic"]),
            Err(SealError::Erased { .. })
        ));
        let rest = keys.open(&every, [CLASS]).unwrap();
        assert_eq!(open(&rest, &rows, SMALL).unwrap(), b"rows");
        assert!(open_as(&rest, "genomic", PATH, &variants, SMALL).is_err());
        // No key that is left, under whatever name, opens it.
        let header = variants[..92].try_into().unwrap();
        let any = rest.open(header, variants.len() as u64, SMALL, None, PATH);
        assert!(matches!(any, Err(SealError::FileKey)));
    }
    let now = std::fs::read_to_string(dir.path().join(KEYS)).unwrap();
    let value: serde_json::Value = serde_json::from_str(&wrapped).unwrap();
    let gone = value["classes"]["genomic"]["bytes"].as_str().unwrap();
    assert_eq!(gone.len(), 120);
    assert!(wrapped.contains(gone) && !now.contains(gone));
    let mut left = Vec::new();
    old.read_to_end(&mut left).unwrap();
    assert!(left.iter().all(|byte| *byte == 0));

    keys.erase_all();
    keys.save(dir.path()).unwrap();
    let none = ReleaseKeys::load(dir.path()).unwrap();
    assert!(none.classes().all(|(_, there)| !there));
    assert!(none.open(&every, [CLASS]).is_err());
    assert!(keys.erase("imaging").is_err());
}

/// What the documentation says of backups: an older `keys.json` opens with the key-encryption key it names, and no more
/// once that one is destroyed.
#[test]
fn a_backup_of_the_keys_lives_as_long_as_its_key_encryption_key() {
    let mut keys = keys(&ALL);
    let sealed = seal_as(&ring_of(&keys), "genomic", PATH, b"variants", SMALL);
    let backup = keys.clone();
    keys.erase("genomic").unwrap();
    keys.rotate(&kms(&["k1", "k2"])).unwrap();
    let opened = open_as(&ring_of(&backup), "genomic", PATH, &sealed, SMALL);
    assert_eq!(opened.unwrap(), b"variants");
    assert!(backup.open(&kms(&["k2"]), ["genomic"]).is_err());
}

fn ring_of(keys: &ReleaseKeys) -> Keyring {
    keys.open(&kms(&["k1"]), ALL).unwrap()
}

#[test]
fn key_encryption_keys_are_read_from_the_owners_file_only() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kek");
    let text = format!(
        "# keys\n{}\n{}",
        LocalKms::new_line("2025").unwrap().as_str(),
        LocalKms::new_line("2026").unwrap().as_str()
    );
    std::fs::write(&file, &text).unwrap();
    for mode in [0o644, 0o640, 0o604, 0o660, 0o620] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let error = LocalKms::from_file(&file).unwrap_err().to_string();
        assert!(error.contains("only its owner may read"), "{error}");
    }
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let kms = LocalKms::from_file(&file).unwrap();
    assert_eq!(kms.current(), "2026");
    let wrapped = kms.wrap(&[1; 32], b"c").unwrap();
    assert_eq!(wrapped.kek, "2026");
    assert!(kms.unwrap(&wrapped, b"c").is_ok());
    // As a variable, with commas.
    let variable = text.replace('\n', ",");
    let same = LocalKms::from_text(variable.as_bytes(), "READINGROOM_KEK").unwrap();
    assert!(same.unwrap(&wrapped, b"c").is_ok());
    assert!(LocalKms::from_file(&dir.path().join("none")).is_err());
}

#[test]
fn unreadable_key_encryption_keys_are_refused_without_showing_them() {
    let digits = "ab".repeat(32);
    for (text, problem) in [
        (String::new(), "expected at least one key"),
        ("# none".to_owned(), "expected at least one key"),
        (digits.clone(), "expected a name"),
        (format!("k {}", &digits[1..]), "expected 64 hexadecimal"),
        (format!("k {digits}ab"), "expected 64 hexadecimal"),
        (format!("k {}zz", &digits[2..]), "expected 64 hexadecimal"),
        (
            format!("k {digits}\nk {digits}"),
            "line 2: this name is there twice",
        ),
        (format!("k/k {digits}"), "expected a name of letters"),
    ] {
        let error = LocalKms::from_text(text.as_bytes(), "K")
            .unwrap_err()
            .to_string();
        assert!(error.contains(problem), "{error}");
        assert!(!error.contains("abab"), "{error}");
    }
}
