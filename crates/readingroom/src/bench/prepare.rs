//! What the bench works on: an instance of its own with one release of synthetic people, and DuckDB's files of the same
//! people. Made once; a later run in the same folder finds it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use vault::release::Manifest;

use super::{contestant, layout, sealing};
use crate::bench::players::Player;
use crate::cli::{BenchQuery, Ingest, Init, Print};
use crate::commands;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;

/// Name of the bench's release.
const RELEASE: &str = "bench";
/// People who withdraw, unless the cohort is small.
const WITHDRAWN: u32 = 1_000;
/// Of a small cohort, one in so many withdraws.
const WITHDRAWN_SHARE: u32 = 20;
/// Memory in which DuckDB sorts its files; the rest goes through the disk.
const SORT_MEMORY: &str = "6GB";

/// Seconds that each step took when it was done, and what it was done for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Made {
    /// People in the cohort.
    pub participants: u32,
    /// Its seed.
    pub seed: u64,
    /// Digest of the release's manifest.
    pub manifest_sha256: String,
    /// Seconds of making raw data.
    pub synth_seconds: f64,
    /// Seconds of the ingest.
    pub ingest_seconds: f64,
    /// Seconds of DuckDB's writing of its files.
    pub plain_seconds: f64,
}

/// Everything that the rounds need.
pub struct Data {
    /// Folder of the release as `ingest` sealed it.
    pub sealed: PathBuf,
    /// Folder of the same release in the clear.
    pub release: PathBuf,
    /// File of the key that the sealed release's keys are wrapped with.
    pub kek: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Folder of the plain files.
    pub plain: PathBuf,
    /// Folder of the lists of texts, a file each.
    pub lists: PathBuf,
    /// File of those who withdrew: internal index and id.
    pub withdrawn: PathBuf,
    /// How it was made.
    pub made: Made,
    /// One participant: internal index and id.
    pub person: (u32, String),
}

/// Finds or makes the data.
pub fn data(args: &BenchQuery, tell: &dyn Fn(&str)) -> Result<Data, Failure> {
    let work = &args.work;
    files::make_dir(work)?;
    let work = &work
        .canonicalize()
        .map_err(|e| files::io("finding", work, e))?;
    let note = work.join("bench.json");
    let mut made = read_note(&note)?;
    let room = work.join("room");
    if !room.exists() {
        made = Made {
            participants: args.participants,
            seed: args.seed,
            ..Made::default()
        };
        cohort(args, work, &room, &mut made, tell)?;
        write_note(&note, &made)?;
    }
    let sealed = room.join(files::RELEASES).join(RELEASE);
    let (manifest, sha256) =
        Manifest::load(&sealed).map_err(|e| Failure::fault("reading the bench's release", e))?;
    let people = work.join("people.csv");
    let withdrawn = work.join("withdrawn.csv");
    let everybody = everybody(&room)?;
    who(&everybody, &people, &withdrawn)?;
    let (plain, lists) = (work.join("plain"), work.join("lists"));
    let (release, kek) = (work.join("clear"), room.join(files::KEKS));
    if made.manifest_sha256 != sha256 || !plain.exists() || !release.exists() {
        tell("copying the release into the clear");
        sealing::unseal(&sealed, &release, &sealing::keyring(&sealed, &kek)?)?;
        let from = From {
            manifest: &manifest,
            release: &release,
            lists: &lists,
            people: &people,
        };
        made.plain_seconds = plain_files(args, &from, &plain, tell)?;
        made.manifest_sha256 = sha256;
        write_note(&note, &made)?;
    }
    let middle = everybody.len() / 2;
    let person = everybody
        .iter()
        .skip(middle)
        .find(|(index, _)| !is_withdrawn(*index, everybody.len()))
        .cloned()
        .ok_or_else(|| Failure::Fault("the bench's release has no participants".to_owned()))?;
    Ok(Data {
        release,
        sealed,
        kek,
        manifest,
        plain,
        lists,
        withdrawn,
        made,
        person,
    })
}

/// Makes raw data, an instance, and its release.
fn cohort(
    args: &BenchQuery,
    work: &Path,
    room: &Path,
    made: &mut Made,
    tell: &dyn Fn(&str),
) -> Result<(), Failure> {
    let raw = work.join("raw");
    if raw.exists() {
        files::remove_dir(&raw)?;
    }
    let started = Instant::now();
    let written = commands::synth::write(&raw, args.participants, args.seed, 0.0, &mut |_| {})?;
    made.synth_seconds = started.elapsed().as_secs_f64();
    tell(&format!(
        "{} participants, {} rows of raw data in {:.0} s",
        args.participants,
        written.rows(),
        made.synth_seconds
    ));
    // in a place of its own until it is whole, so that a bench that was stopped begins anew
    let part = work.join("room.part");
    if part.exists() {
        files::remove_dir(&part)?;
    }
    let print = Print { json: true };
    let init = Init {
        print,
        custodian: "Bench".to_owned(),
        origin: "readingroom.example/bench".to_owned(),
        founder: "custodian".to_owned(),
    };
    let mut instance = commands::init::create(&part, &init, |_| Ok(()))?;
    let ingest = Ingest {
        print,
        source: raw.clone(),
        release: RELEASE.to_owned(),
        catalogue: None,
        recipe: None,
        quarantine: None,
        consent_held: None,
        actor: None,
    };
    let founder = commands::id("founder", "custodian")?;
    let started = Instant::now();
    commands::ingest::take_in(&mut instance, &founder, &ingest, &|_| {})?;
    made.ingest_seconds = started.elapsed().as_secs_f64();
    tell(&format!("ingested in {:.0} s", made.ingest_seconds));
    drop(instance);
    std::fs::rename(&part, room).map_err(|e| files::io("moving the instance to", room, e))?;
    if args.keep_raw {
        return Ok(());
    }
    files::remove_dir(&raw)
}

/// Everybody's internal index and id, by index.
fn everybody(room: &Path) -> Result<Vec<(u32, String)>, Failure> {
    let instance = Instance::open(room)?;
    let mut all: Vec<(u32, String)> = instance
        .participants()?
        .into_iter()
        .map(|(eid, index)| (index, eid))
        .collect();
    all.sort_unstable();
    Ok(all)
}

/// Writes who is who, and who withdrew.
fn who(everybody: &[(u32, String)], people: &Path, withdrawn: &Path) -> Result<(), Failure> {
    let (mut all, mut gone) = ("person,eid\n".to_owned(), "person,eid\n".to_owned());
    for (index, eid) in everybody {
        let line = format!("{index},{eid}\n");
        all.push_str(&line);
        if is_withdrawn(*index, everybody.len()) {
            gone.push_str(&line);
        }
    }
    files::write_durably(people, all.as_bytes())?;
    files::write_durably(withdrawn, gone.as_bytes())
}

/// Withdrawn people stand evenly among the others, so that no file is free of them.
fn is_withdrawn(index: u32, people: usize) -> bool {
    let people = u32::try_from(people).unwrap_or(u32::MAX);
    let step = (people / WITHDRAWN).max(WITHDRAWN_SHARE);
    index % step == step / 2 && index / step < WITHDRAWN
}

/// The withdrawn people, from their file.
pub fn read_withdrawn(path: &Path) -> Result<RoaringBitmap, Failure> {
    Ok(contestant::numbers(path)?.into_iter().collect())
}

/// What DuckDB's files are made of.
struct From<'a> {
    manifest: &'a Manifest,
    release: &'a Path,
    lists: &'a Path,
    people: &'a Path,
}

/// Makes the lists and the plain files; the folder of the latter appears when all are there.
fn plain_files(
    args: &BenchQuery,
    from: &From<'_>,
    plain: &Path,
    tell: &dyn Fn(&str),
) -> Result<f64, Failure> {
    let part = plain.with_extension("part");
    for folder in [plain, &part, from.lists] {
        if folder.exists() {
            files::remove_dir(folder)?;
        }
    }
    files::make_dir(&part)?;
    files::make_dir(from.lists)?;
    let spill = part.join("spill");
    let first = [
        "SET threads = 2".to_owned(),
        format!("SET memory_limit = '{SORT_MEMORY}'"),
        format!("SET temp_directory = '{}'", spill.display()),
    ];
    let started = Instant::now();
    let mut duckdb = Player::duckdb("DuckDB", &args.python, &first)?;
    let (manifest, release, lists) = (from.manifest, from.release, from.lists);
    duckdb.all(&layout::list_copies(manifest, release, lists))?;
    for (name, copy) in layout::plain_copies(manifest, release, lists, from.people, &part) {
        tell(&format!("DuckDB writes its file of {name}"));
        duckdb.all(&[copy])?;
    }
    drop(duckdb);
    if spill.exists() {
        files::remove_dir(&spill)?;
    }
    std::fs::rename(&part, plain).map_err(|e| files::io("moving files to", plain, e))?;
    Ok(started.elapsed().as_secs_f64())
}

fn read_note(path: &Path) -> Result<Made, Failure> {
    if !path.exists() {
        return Ok(Made::default());
    }
    let bytes = std::fs::read(path).map_err(|e| files::io("reading", path, e))?;
    serde_json::from_slice(&bytes).map_err(|e| files::io("reading", path, e))
}

fn write_note(path: &Path, made: &Made) -> Result<(), Failure> {
    let bytes = serde_json::to_vec_pretty(made).map_err(|e| files::io("writing", path, e))?;
    files::write_durably(path, &bytes)
}
