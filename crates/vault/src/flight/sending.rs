//! Running a question and sending its answer, until it ends, is cancelled, or takes too long to be read.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

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

/// Counts answers that are being sent: each holds its rows in memory until it is read.
#[derive(Debug, Default)]
pub(super) struct Senders {
    by_token: Mutex<HashMap<String, usize>>,
}

/// The right to send one answer.
pub(super) struct Sender {
    senders: Arc<Senders>,
    token: String,
}

impl Senders {
    pub(super) fn one(self: &Arc<Self>, token: &str) -> Result<Sender, Status> {
        let mut by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        if by_token.values().sum::<usize>() >= limits::SENDING_IN_ALL {
            return Err(status::too_many("answers", limits::SENDING_IN_ALL));
        }
        let mine = by_token.entry(token.to_owned()).or_default();
        if *mine >= limits::SENDING_PER_TOKEN {
            return Err(status::too_many("answers", limits::SENDING_PER_TOKEN));
        }
        *mine += 1;
        Ok(Sender {
            senders: Arc::clone(self),
            token: token.to_owned(),
        })
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut by_token = self
            .senders
            .by_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = by_token.get_mut(&self.token) {
            *mine -= 1;
            if *mine == 0 {
                by_token.remove(&self.token);
            }
        }
    }
}

/// The answer as a response. What is known of it stands in the response's headers too.
pub(super) fn answer(
    asked: &Asked,
    running: Running,
    sender: Sender,
) -> Result<Response<DataStream>, Status> {
    let (schema, batches) = wire::batches(asked).map_err(|_| status::fault())?;
    let mut response = Response::new(stream(schema, batches, Some((running, sender))));
    for (name, value) in wire::facts(asked) {
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
