//! An instance on disk: configuration, keys, store, policies, and the state folded from its log.
//!
//! [`Instance::give`] is the only way anything happens: decide, write the event durably, then fold it in.
//! A refused command is written to the log too.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use governance::outputs::RecordRefusal;
use governance::{
    Actor, Command, Digest, Draft, Envelope, Id, Refusal, State, decide, event, ledger,
};
use policy::Bundle;
use store::{Entry, Store, StoreError};
use transparency::disclosure::Disclosure;
use vault::sealed::LocalKms;

use crate::clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use crate::limits::SNAPSHOT_EVERY;

/// An open instance. It holds the instance's lock, one writer at a time, except between [`Instance::pause`] and
/// [`Instance::resume`].
pub struct Instance {
    /// Its folder.
    pub dir: PathBuf,
    /// Its configuration.
    pub config: Config,
    /// Its store.
    pub store: Store,
    /// What the log says.
    pub state: State,
    master: [u8; 32],
    snapshot_size: u64,
    paused: bool,
}

/// The right to take in raw data; the operating system takes it back when the process ends, however it does.
#[derive(Debug)]
pub struct Intake {
    _file: std::fs::File,
}

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Given {
    /// Ledger number of the first event.
    pub first: u64,
    /// Types of the events in order.
    pub events: Vec<String>,
}

impl Instance {
    /// Opens an instance, finishing or clearing what a killed process left half done.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        Self::open_from(dir, State::default())
    }

    /// Opens an instance of which a state is known already: what was written since is folded in.
    pub fn open_from(dir: &Path, mut state: State) -> Result<Self, Failure> {
        must_exist(dir)?;
        let config = Config::load(dir)?;
        let store = Store::open(dir).map_err(|e| Failure::fault("opening the store", e))?;
        catch_up(&store, &mut state)?;
        let master = files::read_key(&dir.join(files::MASTER_KEY))?;
        let snapshot_size = state.size;
        let instance = Self {
            dir: dir.to_owned(),
            config,
            store,
            state,
            master,
            snapshot_size,
            paused: false,
        };
        instance.clear_leftovers()?;
        Ok(instance)
    }

    /// Lets others write. Until [`Instance::resume`] nothing can be written here.
    pub fn pause(&mut self) -> Result<(), Failure> {
        if !self.paused {
            self.store =
                Store::open_read(&self.dir).map_err(|e| Failure::fault("opening the store", e))?;
            self.paused = true;
        }
        Ok(())
    }

    /// Takes the lock again and folds in what others wrote meanwhile.
    pub fn resume(&mut self) -> Result<(), Failure> {
        if self.paused {
            self.store =
                Store::open(&self.dir).map_err(|e| Failure::fault("opening the store", e))?;
            self.paused = false;
            catch_up(&self.store, &mut self.state)?;
        }
        Ok(())
    }

    /// The key from which pseudonyms are derived.
    pub fn master(&self) -> &[u8; 32] {
        &self.master
    }

    /// The service that wraps the keys of releases.
    pub fn kms(&self) -> Result<LocalKms, Failure> {
        kms(&self.dir)
    }

    /// Every participant's internal index, by id as stored.
    pub fn participants(&self) -> Result<HashMap<String, u32>, Failure> {
        let index = self.store.participant_indices();
        index.map_err(|e| Failure::fault("reading the participant index", e))
    }

    /// Where a file that asked to leave is kept.
    pub fn kept_output(&self, sha256: &Digest) -> PathBuf {
        self.dir.join(files::OUTPUTS).join(sha256.as_str())
    }

    /// Folder of sealed releases.
    pub fn releases(&self) -> PathBuf {
        self.dir.join(files::RELEASES)
    }

    /// The policies in force: the files of the instance, whose digest must be the adopted one.
    pub fn bundle(&self) -> Result<Bundle, Failure> {
        let bundle = files::load_policies(&self.dir)?;
        bundle.check_in_force(&self.state)?;
        Ok(bundle)
    }

    /// Gives a command on a person's account.
    pub fn give(&mut self, person: &Id, command: &Command) -> Result<Given, Failure> {
        self.give_as(&Actor::Person(person.clone()), command, &[])
    }

    /// Whether a command of the program would be taken now.
    pub fn would_take(&self, person: &Id, command: &Command) -> Result<bool, Failure> {
        let actor = Actor::Program(person.clone());
        Ok(decide(&self.state, &actor, clock::now()?, command).is_ok())
    }

    /// Gives a command that only the program gives, on a person's account.
    pub fn give_program(&mut self, person: &Id, command: &Command) -> Result<Given, Failure> {
        self.give_as(&Actor::Program(person.clone()), command, &[])
    }

    /// Decides, writes, folds. `participants` are new internal indices, written with the events.
    pub fn give_as(
        &mut self,
        actor: &Actor,
        command: &Command,
        participants: &[(String, u32)],
    ) -> Result<Given, Failure> {
        let at = clock::now()?;
        match decide(&self.state, actor, at, command) {
            Ok(drafts) => self.write(actor.id(), at, &drafts, participants),
            Err(refusal) => Err(self.refused(actor.id(), command.name(), None, refusal)),
        }
    }

    /// Writes a refusal to the log and hands it on.
    pub fn refused(
        &mut self,
        by: &Id,
        command: &str,
        project: Option<&Id>,
        refusal: Refusal,
    ) -> Failure {
        if self.state.settings.custodian.is_none() {
            return refusal.into();
        }
        let record = RecordRefusal {
            project: project
                .filter(|p| self.state.projects.all.contains_key(*p))
                .cloned(),
            command: command.to_owned(),
            code: refusal.code.to_string(),
            rule: refusal.rule.to_string(),
            policy_sha256: self
                .state
                .settings
                .policies
                .as_ref()
                .map(|p| p.bundle_sha256.clone()),
        };
        let written = clock::now().and_then(|at| {
            let drafts = decide(
                &self.state,
                &Actor::Program(by.clone()),
                at,
                &Command::from(record),
            )?;
            self.write(by, at, &drafts, &[])
        });
        match written {
            Ok(_) => refusal.into(),
            Err(failure) => failure,
        }
    }

    fn write(
        &mut self,
        by: &Id,
        at: governance::Time,
        drafts: &[Draft],
        participants: &[(String, u32)],
    ) -> Result<Given, Failure> {
        let mut next = self.state.clone();
        let mut entries = Vec::with_capacity(drafts.len());
        let mut events = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let (envelope, disclosures) = seal(by, at, draft)?;
            let bytes = ledger::leaf(&envelope).map_err(too_long)?;
            events.push(type_of(&envelope));
            next.evolve(&envelope);
            entries.push(Entry { bytes, disclosures });
        }
        let snapshot = self
            .snapshot_due(next.size)
            .then(|| snapshot(&next))
            .transpose()?;
        let stored = snapshot
            .as_ref()
            .map(|(digest, json)| (digest.as_str(), json.as_str()));
        let first = self
            .store
            .append(self.state.size, &entries, participants, stored)
            .map_err(|e| Failure::fault("writing to the ledger", e))?;
        if snapshot.is_some() {
            self.snapshot_size = next.size;
        }
        self.state = next;
        Ok(Given { first, events })
    }

    fn snapshot_due(&self, size: u64) -> bool {
        size - self.snapshot_size > size / SNAPSHOT_EVERY
    }

    /// The right to take in raw data, if nobody has it: one process at a time makes a release, and gives new participants
    /// their indices.
    pub fn intake(&self) -> Result<Option<Intake>, Failure> {
        let path = self.dir.join(files::INTAKE);
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| files::io("opening", &path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Intake { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(e)) => Err(files::io("locking", &path, e)),
        }
    }

    /// Removes what a killed `ingest` left half made, unless another is at work there. A release that was made but not
    /// sealed is left to the next `ingest` of its name.
    fn clear_leftovers(&self) -> Result<(), Failure> {
        let staging = self.dir.join(files::STAGING);
        if files::names(&staging)?.is_empty() {
            return Ok(());
        }
        match self.intake()? {
            Some(_nobody_else) => files::empty_dir(&staging),
            None => Ok(()),
        }
    }
}

/// The service that wraps the keys of releases: key-encryption keys from the environment, or from the instance's own file.
pub fn kms(dir: &Path) -> Result<LocalKms, Failure> {
    let kms = match std::env::var(files::KEKS_VARIABLE) {
        Ok(text) => LocalKms::from_text(text.as_bytes(), files::KEKS_VARIABLE),
        Err(_) => LocalKms::from_file(&dir.join(files::KEKS)),
    };
    kms.map_err(|e| Failure::fault("reading the key-encryption keys", e))
}

/// Replays the log; the state and the envelopes in order.
pub fn replay(store: &Store) -> Result<(State, Vec<Envelope>), Failure> {
    let mut state = State::default();
    let mut log = Vec::new();
    store
        .events(0, |seq, bytes| {
            let envelope =
                ledger::read(bytes).map_err(|e| Stop::Form(format!("entry {seq}: {e}")))?;
            state.evolve(&envelope);
            log.push(envelope);
            Ok(())
        })
        .map_err(stopped)?;
    Ok((state, log))
}

/// Folds in the entries that a state does not know yet.
pub fn catch_up(store: &Store, state: &mut State) -> Result<(), Failure> {
    store
        .events(state.size, |seq, bytes| {
            let envelope =
                ledger::read(bytes).map_err(|e| Stop::Form(format!("entry {seq}: {e}")))?;
            state.evolve(&envelope);
            Ok(())
        })
        .map_err(stopped)
}

fn stopped(stop: Stop) -> Failure {
    match stop {
        Stop::Form(text) => Failure::fault("replaying the log", text),
        Stop::Store(error) => Failure::fault("reading the log", error),
    }
}

/// Why a replay stopped.
enum Stop {
    Form(String),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The `type` of an event, as it stands in the log.
pub fn type_of(envelope: &Envelope) -> String {
    serde_json::to_value(&envelope.event)
        .ok()
        .and_then(|v| v.get("type").and_then(|t| t.as_str()).map(str::to_owned))
        .unwrap_or_default()
}

/// Digest and canonical JSON of a state, as the store keeps them.
pub fn snapshot(state: &State) -> Result<(String, String), Failure> {
    let json = state
        .canonical()
        .map_err(|e| Failure::fault("writing the state", e))?;
    let digest = Digest::of(&json).to_string();
    let json = String::from_utf8(json).map_err(|e| Failure::fault("writing the state", e))?;
    Ok((digest, json))
}

/// An envelope whose private values are salted digests, and the disclosures that open them.
fn seal(
    by: &Id,
    at: governance::Time,
    draft: &Draft,
) -> Result<(Envelope, Vec<(String, String)>), Failure> {
    let mut private = BTreeMap::new();
    let mut disclosures = Vec::new();
    for (name, value) in &draft.private {
        let disclosure = Disclosure::new(&clock::random()?, name, value)
            .map_err(|e| Failure::fault("sealing a private value", e))?;
        private.insert((*name).to_owned(), disclosure.digest());
        disclosures.push(((*name).to_owned(), disclosure.encoded().to_owned()));
    }
    let envelope = Envelope {
        v: event::VERSION,
        at,
        by: by.clone(),
        event: draft.event.clone(),
        private,
    };
    Ok((envelope, disclosures))
}

fn too_long(error: ledger::BadLeaf) -> Failure {
    Refusal::new(
        "entry-too-long",
        "entries-within-limits",
        error.to_string(),
        "shorten the texts or lists of the command",
    )
    .into()
}

/// Refuses a folder that holds no instance.
pub fn must_exist(dir: &Path) -> Result<(), Failure> {
    if dir.join(crate::config::FILE).is_file() {
        return Ok(());
    }
    Err(Refusal::new(
        "no-instance",
        "instance-first",
        "there is no instance in the folder",
        "make one with `readingroom init --dir DIR`, or name its folder with --dir",
    )
    .into())
}
