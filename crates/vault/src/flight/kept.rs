//! What the service keeps between calls: tickets, prepared questions and running ones.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;
use tonic::Status;

use super::shelf::{Full, Shelf};
use super::{FlightLimits, limits, status};
use crate::query::desk::Visitor;
use crate::query::params::{Param, Prepared};

/// A prepared question, and the values bound to it last.
pub(super) struct Statement {
    pub(super) prepared: Prepared,
    pub(super) values: Vec<Param>,
}

/// The shelves.
pub(super) struct Kept {
    /// Questions that were not run yet: what a ticket stands for.
    pub(super) tickets: Shelf<String>,
    pub(super) prepared: Shelf<Statement>,
    /// Questions that run or whose answers are being sent, by their tickets.
    pub(super) running: Shelf<Arc<Notify>>,
}

impl Kept {
    pub(super) fn new(flight: &FlightLimits) -> Self {
        let busy = limits::SENDING + flight.call;
        Self {
            tickets: Shelf::new(flight.ticket, limits::TICKETS_PER_TOKEN, limits::KEPT),
            prepared: Shelf::new(limits::PREPARED, limits::PREPARED_PER_TOKEN, limits::KEPT),
            running: Shelf::new(busy, limits::KEPT, limits::KEPT),
        }
    }

    /// Cancels what a ticket stands for, if it is this visitor's. `Some(true)` if nothing of it runs any more.
    pub(super) fn cancel(&self, visitor: &Visitor, handle: &[u8]) -> Option<bool> {
        if self.tickets.take(visitor, handle).is_some() {
            return Some(true);
        }
        self.running
            .with(visitor, handle, |stop| stop.notify_one())
            .map(|()| false)
    }
}

/// A running question's entry, taken off when it ends.
pub(super) struct Running {
    kept: Arc<Kept>,
    visitor: Visitor,
    handle: Bytes,
    pub(super) stop: Arc<Notify>,
}

impl Running {
    pub(super) fn begin(
        kept: &Arc<Kept>,
        visitor: &Visitor,
        handle: &Bytes,
    ) -> Result<Self, Status> {
        let stop = Arc::new(Notify::new());
        kept.running
            .put_at(visitor, handle, Arc::clone(&stop))
            .map_err(full)?;
        Ok(Self {
            kept: Arc::clone(kept),
            visitor: visitor.clone(),
            handle: handle.clone(),
            stop,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.kept.running.take(&self.visitor, &self.handle);
    }
}

/// A shelf that is full.
pub(super) fn full(full: Full) -> Status {
    match full {
        Full::InAll => status::too_many("questions", limits::KEPT),
        Full::NoRandomness => status::fault(),
    }
}
