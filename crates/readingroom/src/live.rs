//! An instance as a server sees it: its state, kept up with the log without holding the instance's lock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use governance::State;
use store::Store;

use crate::failure::Failure;
use crate::instance::{Instance, catch_up};

/// An instance between commands.
pub struct Live {
    dir: PathBuf,
    known: Mutex<(Store, Arc<State>)>,
}

impl Live {
    /// Reads the log once; from then on only what is new.
    pub fn new(dir: &Path) -> Result<Self, Failure> {
        // opened to write once, so that what a stop left half done is finished
        let instance = Instance::open(dir)?;
        let state = Arc::new(instance.state.clone());
        drop(instance);
        let store = Store::open_read(dir).map_err(|e| Failure::fault("opening the log", e))?;
        Ok(Self {
            dir: dir.to_owned(),
            known: Mutex::new((store, state)),
        })
    }

    /// What the log says now.
    pub fn state(&self) -> Result<Arc<State>, Failure> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (store, state) = &mut *known;
        let size = store
            .count_now()
            .map_err(|e| Failure::fault("reading the log", e))?;
        if size != state.size {
            catch_up(store, Arc::make_mut(state))?;
        }
        Ok(Arc::clone(state))
    }

    /// The instance, locked.
    pub fn open(&self) -> Result<Instance, Failure> {
        let state = self.state()?;
        Instance::open_from(&self.dir, State::clone(&state))
    }
}
