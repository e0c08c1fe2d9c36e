//! Running a question and sending its answer, until it ends, is cancelled, or takes too long to be read.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightData;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use futures::stream::{Stream, StreamExt, iter, unfold};
use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use super::kept::Running;
use super::{limits, status, wire};
use crate::query::desk::Asked;

/// What `do_get` returns.
pub(super) type DataStream = Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send>>;

/// Counts what is under way: calls of each token, and bytes of answers that are being sent, which are in memory until
/// they are read.
#[derive(Debug, Default)]
pub(super) struct Senders {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    by_token: HashMap<String, usize>,
    bytes: usize,
}

/// The right to ask, and to send the answer.
pub(super) struct Sender {
    senders: Arc<Senders>,
    token: String,
    bytes: usize,
}

impl Senders {
    /// Begins a call of a token.
    pub(super) fn one(self: &Arc<Self>, token: &str) -> Result<Sender, Status> {
        let mut state = self.state();
        let mine = state.by_token.entry(token.to_owned()).or_default();
        if *mine >= limits::ASKING_PER_TOKEN {
            return Err(status::too_many("questions", limits::ASKING_PER_TOKEN));
        }
        *mine += 1;
        Ok(Sender {
            senders: Arc::clone(self),
            token: token.to_owned(),
            bytes: 0,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    /// Begins to send so many bytes.
    fn begin(&mut self, bytes: usize) -> Result<(), Status> {
        let mut state = self.senders.state();
        let all = state.bytes.saturating_add(bytes);
        if all > limits::SENDING_BYTES {
            return Err(status::refused(&governance::Refusal::new(
                "too-many-at-once",
                "limits",
                "too many answers are being read at this time",
                "ask again later",
            )));
        }
        state.bytes = all;
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut state = self.senders.state();
        state.bytes -= self.bytes;
        if let Some(mine) = state.by_token.get_mut(&self.token) {
            *mine -= 1;
            if *mine == 0 {
                state.by_token.remove(&self.token);
            }
        }
    }
}

/// The answer as a response. What is known of it stands in the response's headers too.
pub(super) fn answer(
    asked: &Asked,
    running: Running,
    mut sender: Sender,
) -> Result<Response<DataStream>, Status> {
    let (schema, batches) = wire::batches(asked).map_err(|_| status::fault())?;
    sender.begin(batches.iter().map(RecordBatch::get_array_memory_size).sum())?;
    let mut response = Response::new(stream(schema, batches, Some((running, sender))));
    for (name, value) in asked.facts() {
        if let Ok(value) = MetadataValue::try_from(value) {
            response.metadata_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Rows that are at hand, as messages.
pub(super) fn rows(batch: RecordBatch) -> Response<DataStream> {
    Response::new(stream(batch.schema(), vec![batch], None))
}

fn stream(
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    guard: Option<(Running, Sender)>,
) -> DataStream {
    let data = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .with_max_flight_data_size(limits::ANSWER_MESSAGE_BYTES)
        .build(iter(batches.into_iter().map(Ok::<_, FlightError>)))
        .map(|data| data.map_err(|_| status::fault()));
    let Some(guard) = guard else {
        return Box::pin(data);
    };
    let ends = tokio::time::Instant::now() + limits::SENDING;
    let state = Some((data.boxed(), guard));
    Box::pin(unfold(state, move |state| async move {
        let (mut data, guard) = state?;
        let stop = Arc::clone(&guard.0.stop);
        tokio::select! {
            biased;
            () = stop.notified() => Some((Err(cancelled()), None)),
            () = tokio::time::sleep_until(ends) => Some((Err(too_slow()), None)),
            next = data.next() => next.map(|next| (next, Some((data, guard)))),
        }
    }))
}

pub(super) fn cancelled() -> Status {
    Status::cancelled("the question was cancelled")
}

fn too_slow() -> Status {
    status::refused(&governance::Refusal::new(
        "reading-too-slow",
        "limits",
        format!(
            "the answer was not read within {} seconds",
            limits::SENDING.as_secs()
        ),
        "read answers as they come, or ask for fewer rows",
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn calls_and_bytes_are_bounded_and_given_back() {
        let senders = Arc::new(Senders::default());
        let mut mine: Vec<Sender> = (0..limits::ASKING_PER_TOKEN)
            .map(|_| senders.one("a").unwrap())
            .collect();
        assert!(senders.one("a").is_err());
        let mut other = senders.one("b").unwrap();
        assert!(other.begin(limits::SENDING_BYTES + 1).is_err());
        other.begin(limits::SENDING_BYTES - 1).unwrap();
        let mut last = mine.pop().unwrap();
        assert!(last.begin(2).is_err());
        drop(other);
        last.begin(2).unwrap();
        drop((mine, last));
        let state = senders.state();
        assert_eq!((state.bytes, state.by_token.len()), (0, 0));
    }
}
