//! Things kept for a visitor between two calls: tickets, prepared questions, running questions.
//!
//! A thing is found by a handle of 32 random bytes and by its owner together: to anybody else, a stranger's handle is as
//! good as none. Handles are kept as digests, so that looking one up takes no time that depends on its bytes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::query::desk::Visitor;

type Key = [u8; 32];

/// Why nothing was put on a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// As many things as there may be in all.
    InAll,
    /// The operating system gave no random bytes.
    NoRandomness,
}

/// A shelf for one kind of thing.
pub(super) struct Shelf<T> {
    things: Mutex<HashMap<Key, Kept<T>>>,
    life: Duration,
    each: usize,
    all: usize,
}

struct Kept<T> {
    owner: Visitor,
    used: Instant,
    thing: T,
}

impl<T> Shelf<T> {
    /// Things live for `life` after their last use; of one token `each` are kept, and `all` in all.
    pub(super) fn new(life: Duration, each: usize, all: usize) -> Self {
        let things = Mutex::new(HashMap::new());
        Self {
            things,
            life,
            each,
            all,
        }
    }

    /// Keeps a thing; the owner's oldest gives way if there are too many. Returns its handle.
    pub(super) fn put(&self, owner: &Visitor, thing: T) -> Result<Bytes, Full> {
        let mut handle = [0_u8; 32];
        getrandom::fill(&mut handle).map_err(|_| Full::NoRandomness)?;
        self.put_at(owner, &handle, thing)?;
        Ok(Bytes::copy_from_slice(&handle))
    }

    /// Keeps a thing under a handle that was given out before, by another shelf.
    pub(super) fn put_at(&self, owner: &Visitor, handle: &[u8], thing: T) -> Result<(), Full> {
        let now = Instant::now();
        let mut things = self.things();
        things.retain(|_, kept| now.duration_since(kept.used) < self.life);
        let mine = things.iter().filter(|(_, k)| k.owner.token == owner.token);
        let (count, oldest) = mine.fold((0_usize, None::<(Instant, Key)>), |(n, old), (key, k)| {
            let older = old.is_none_or(|(used, _)| k.used < used);
            (n + 1, if older { Some((k.used, *key)) } else { old })
        });
        if let (true, Some((_, key))) = (count >= self.each, oldest) {
            things.remove(&key);
        }
        if things.len() >= self.all {
            return Err(Full::InAll);
        }
        let owner = owner.clone();
        let kept = Kept {
            owner,
            used: now,
            thing,
        };
        things.insert(key(handle), kept);
        Ok(())
    }

    /// Takes a thing off the shelf: it can be had once.
    pub(super) fn take(&self, owner: &Visitor, handle: &[u8]) -> Option<T> {
        let key = key(handle);
        let mut things = self.things();
        let kept = things.get(&key)?;
        if kept.owner != *owner || kept.used.elapsed() >= self.life {
            return None;
        }
        things.remove(&key).map(|kept| kept.thing)
    }

    /// Looks at a thing, which stays.
    pub(super) fn with<R>(
        &self,
        owner: &Visitor,
        handle: &[u8],
        look: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut things = self.things();
        let kept = things.get_mut(&key(handle))?;
        if kept.owner != *owner || kept.used.elapsed() >= self.life {
            return None;
        }
        kept.used = Instant::now();
        Some(look(&mut kept.thing))
    }

    /// Looks at every thing.
    pub(super) fn each(&self, mut look: impl FnMut(&T)) {
        for kept in self.things().values() {
            look(&kept.thing);
        }
    }

    fn things(&self) -> MutexGuard<'_, HashMap<Key, Kept<T>>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(handle: &[u8]) -> Key {
    Sha256::digest(handle).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn visitor(token: &str) -> Visitor {
        Visitor {
            researcher: "r1".to_owned(),
            project: "p1".to_owned(),
            token: token.to_owned(),
        }
    }

    #[test]
    fn a_thing_is_its_owners_and_taken_once() {
        let shelf = Shelf::new(Duration::from_secs(60), 2, 10);
        let (me, other) = (visitor("a"), visitor("b"));
        let handle = shelf.put(&me, 1).unwrap();
        assert_eq!(shelf.take(&other, &handle), None);
        assert_eq!(shelf.with(&other, &handle, |n| *n), None);
        assert_eq!(shelf.with(&me, &handle, |n| *n), Some(1));
        assert_eq!(shelf.take(&me, &handle), Some(1));
        assert_eq!(shelf.take(&me, &handle), None);
        assert_eq!(shelf.take(&me, b""), None);
    }

    #[test]
    fn shelves_are_bounded() {
        let shelf = Shelf::new(Duration::from_secs(60), 2, 3);
        let me = visitor("a");
        let first = shelf.put(&me, 1).unwrap();
        let second = shelf.put(&me, 2).unwrap();
        let third = shelf.put(&me, 3).unwrap();
        assert_eq!(shelf.take(&me, &first), None);
        assert!(shelf.put(&visitor("b"), 4).is_ok());
        assert_eq!(shelf.put(&visitor("c"), 5), Err(Full::InAll));
        assert_eq!(shelf.take(&me, &second), Some(2));
        assert_eq!(shelf.take(&me, &third), Some(3));
    }

    #[test]
    fn things_expire() {
        let shelf = Shelf::new(Duration::ZERO, 2, 3);
        let handle = shelf.put(&visitor("a"), 1).unwrap();
        assert_eq!(shelf.take(&visitor("a"), &handle), None);
    }
}
