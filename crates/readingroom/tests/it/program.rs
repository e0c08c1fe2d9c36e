//! Runs the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The program with some arguments, with no instance named by the environment.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_readingroom"));
    command.args(args).env_remove("READINGROOM_DIR");
    command
}

/// Runs it and returns what it printed and how it ended.
pub fn run(args: &[&str]) -> Output {
    program(args).output().expect("the program starts")
}

/// Runs it and expects success; standard output as text.
pub fn ok(args: &[&str]) -> String {
    let output = run(args);
    assert!(
        output.status.success(),
        "{args:?} ended with {:?}\n{}\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Runs it with `--json` and expects success; what it printed as JSON.
pub fn json(args: &[&str]) -> Value {
    let mut args = args.to_vec();
    args.push("--json");
    serde_json::from_str(&ok(&args)).unwrap()
}

/// Runs it with `--json` and expects exit status 1; the refusal.
pub fn refused(args: &[&str]) -> Value {
    let mut with_json = args.to_vec();
    with_json.push("--json");
    let output = run(&with_json);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        output.status.code(),
        Some(1),
        "{args:?}: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str::<Value>(&text).unwrap()["refused"].clone()
}

/// A demonstration's instance of 400 people, made once and copied for each test that changes it.
pub fn demo() -> (TempDir, PathBuf) {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("instance");
        ok(&[
            "demo",
            "--no-serve",
            "--participants",
            "400",
            "--seed",
            "7",
            "--dir",
            text(&dir),
        ]);
        folder
    });
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("instance");
    copy(&made.path().join("instance"), &dir);
    (folder, dir)
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder, sorted.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Small seeded numbers for choosing places and moments (splitmix64, Steele et al. 2014).
pub struct Seeded(pub u64);

impl Seeded {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

/// A question that the demonstration asked as well, after its withdrawal: what was shown is shown again. Others about
/// everybody may have to wait until more have changed (docs/adr/0012).
pub const AS_BEFORE: &str = "SELECT p31 AS sex, count(*) AS people, avg(p21001_i0) AS mean_bmi FROM main GROUP BY p31 ORDER BY p31";
