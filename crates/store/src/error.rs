//! What can go wrong in the store. All of it is a fault for an operator, none a refusal for a user.

/// Why the store could not do what was asked. Never holds a private value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes.
    #[error(
        "{what} is in use by {owner}; waited {waited_s} s; stop that process or wait for it to end"
    )]
    Busy {
        /// The lock.
        what: &'static str,
        /// What the lock says of its owner.
        owner: String,
        /// Seconds waited.
        waited_s: u64,
    },
    /// There is no instance in the folder.
    #[error("expected an instance in the folder, found no {missing}; create one first")]
    NoInstance {
        /// The file that every instance has.
        missing: &'static str,
    },
    /// There is an instance in the folder.
    #[error("expected a folder without an instance, found {found}; choose another folder")]
    InstanceExists {
        /// The file that was found.
        found: &'static str,
    },
    /// Events were appended since the caller last looked.
    #[error(
        "expected {expected} events in the log, found {found}; read the new ones and decide again"
    )]
    OtherSize {
        /// What the caller had seen.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// One of the limits of the store.
    #[error("expected at most {limit} {what}, found {found}")]
    TooMuch {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// What was given.
        found: usize,
    },
    /// A disclosure whose digest is not in its event, under another name, or not a disclosure.
    #[error("disclosure {number} of event {position} of the batch: {what}")]
    BadDisclosure {
        /// Event in the batch, from 0.
        position: usize,
        /// Disclosure of that event, from 0.
        number: usize,
        /// What was expected and found, without the value.
        what: String,
    },
    /// Database and log contradict each other: going on would sign a second history.
    #[error(
        "{what}: the checkpoint says {checkpoint}, the database says {database}; one of them was restored from an \
         older or other copy; restore the newest copy of both, nothing was changed"
    )]
    Fork {
        /// Which contradiction.
        what: &'static str,
        /// Size and root of the checkpoint.
        checkpoint: String,
        /// Size and root of the database.
        database: String,
    },
    /// A file of the log or a key is damaged.
    #[error("{path}: {what}; run verify, and restore the file from a copy")]
    Damaged {
        /// Path inside the instance's folder.
        path: String,
        /// What was expected and found.
        what: String,
    },
    /// The store was opened to read.
    #[error("the store was opened to read only")]
    ReadOnly,
    /// An earlier append failed half-way.
    #[error("an earlier append did not finish; open the instance again to complete it")]
    Unfinished,
    /// The operating system refused.
    #[error("{path}: {action} failed: {source}")]
    File {
        /// Path inside the instance's folder.
        path: String,
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("state.sqlite: {action} failed: {source}")]
    Database {
        /// What was tried.
        action: &'static str,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// A test stopped the store here.
    #[cfg(test)]
    #[error("stopped by a test")]
    Stopped,
}

/// Names what was tried when the database refuses.
pub(crate) trait Tried<T> {
    fn tried(self, action: &'static str) -> Result<T, StoreError>;
}

impl<T> Tried<T> for Result<T, rusqlite::Error> {
    fn tried(self, action: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Database { action, source })
    }
}
