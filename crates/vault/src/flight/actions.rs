//! Prepared questions and cancelling: what drivers ask for by actions and by sending parameters.

use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::server::PeekableFlightDataStream;
use arrow_flight::sql::{Any, ProstMessageExt, TicketStatementQuery};
use arrow_flight::{CancelFlightInfoRequest, CancelStatus, FlightInfo};
use bytes::Bytes;
use futures::stream::{StreamExt, TryStreamExt};
use prost::Message;
use tonic::Status;

use super::kept::{Kept, Statement, full};
use super::{limits, status};
use crate::query::desk::{Denied, Desk, Visitor};
use crate::query::params::{self, Param, Prepared};

/// The action by which a driver cancels, beside Flight SQL's older CancelQuery.
pub(super) const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";

/// A prepared question's handle, the schema of its answer as far as it is known, and the places for its values.
pub(super) struct Made {
    pub(super) handle: Bytes,
    pub(super) answer: Schema,
    pub(super) places: Schema,
}

/// Keeps a question for later. Without places its schema is asked for, so that a mistake is told at once; with places the
/// schema may depend on the values, and is told where it does not.
pub(super) async fn prepare(
    desk: &dyn Desk,
    kept: &Kept,
    visitor: &Visitor,
    sql: &str,
) -> Result<Made, Status> {
    let prepared = Prepared::read(sql).map_err(|r| status::refused(&r))?;
    let nulls = vec![Param::Null; prepared.parameters()];
    let text = prepared.bind(&nulls).map_err(|r| status::refused(&r))?;
    let answer = match describe(desk, visitor, &text).await {
        Ok(schema) => schema.as_ref().clone(),
        Err(Denied::Refusal(_)) if !nulls.is_empty() => Schema::empty(),
        Err(no) => return Err(status::denied(&no)),
    };
    // ADBC: "if the type of a parameter cannot be determined, the type of the corresponding field will be NA (NullType)"
    let places: Vec<Field> = (1..=nulls.len())
        .map(|n| Field::new(n.to_string(), DataType::Null, true))
        .collect();
    let statement = Statement {
        prepared,
        values: Vec::new(),
    };
    let handle = kept.prepared.put(visitor, statement).map_err(full)?;
    Ok(Made {
        handle,
        answer,
        places: Schema::new(places),
    })
}

/// The schema of an answer, as a client sees it.
pub(super) async fn describe(
    desk: &dyn Desk,
    visitor: &Visitor,
    sql: &str,
) -> Result<arrow::datatypes::SchemaRef, Denied> {
    let schema = tokio::time::timeout(limits::DESCRIBE, desk.describe(visitor, sql))
        .await
        .map_err(|_| Denied::Fault)??;
    Ok(super::wire::schema(&schema))
}

/// Binds the values that a client sends to a prepared question.
pub(super) async fn bind(
    kept: &Kept,
    visitor: &Visitor,
    handle: &[u8],
    data: PeekableFlightDataStream,
) -> Result<(), Status> {
    if kept.prepared.with(visitor, handle, |_| ()).is_none() {
        return Err(status::no_handle("prepared question"));
    }
    // a task of its own: whatever bytes do to the decoder, they do it to this call alone
    let values = tokio::spawn(read(data))
        .await
        .map_err(|_| Status::invalid_argument("the parameters cannot be read as Arrow"))??;
    // bound once already here: a mistake is told with the values, and what is kept is never longer than a question
    kept.prepared
        .with(visitor, handle, |statement| {
            statement
                .prepared
                .bind(&values)
                .map(|_| statement.values = values)
        })
        .ok_or_else(|| status::no_handle("prepared question"))?
        .map_err(|r| status::refused(&r))
}

async fn read(data: PeekableFlightDataStream) -> Result<Vec<Param>, Status> {
    let data = data
        .into_peekable()
        .take(limits::PARAMETER_MESSAGES)
        .map_err(|e| FlightError::Tonic(Box::new(e)));
    let mut batches = FlightRecordBatchStream::new_from_flight_data(data);
    let mut values = None;
    while let Some(batch) = batches.next().await {
        let batch = batch
            .map_err(|_| Status::invalid_argument("the parameters cannot be read as Arrow"))?;
        if batch.num_rows() == 0 && values.is_some() {
            continue;
        }
        if values.is_some() {
            return Err(status::refused(&governance::Refusal::new(
                "arguments-not-available",
                "only-questions",
                "a prepared question takes one row of parameters at a time, found more",
                "run it once for each row (execute, not executemany)",
            )));
        }
        values = Some(params::of_batch(&batch).map_err(|r| status::refused(&r))?);
    }
    Ok(values.unwrap_or_default())
}

/// A ticket's bytes for a handle.
pub(super) fn ticket(handle: Bytes) -> Bytes {
    let ticket = TicketStatementQuery {
        statement_handle: handle,
    };
    ticket.as_any().encode_to_vec().into()
}

/// Cancels what the tickets of a flight stand for. Of a stranger's there is nothing to cancel.
pub(super) fn cancel(kept: &Kept, visitor: &Visitor, info: &FlightInfo) -> CancelStatus {
    let handles = info
        .endpoint
        .iter()
        .filter_map(|e| e.ticket.as_ref())
        .filter_map(|t| Any::decode(t.ticket.as_ref()).ok())
        .filter_map(|any| any.unpack::<TicketStatementQuery>().ok().flatten());
    let mut status = CancelStatus::NotCancellable;
    for ticket in handles {
        match kept.cancel(visitor, &ticket.statement_handle) {
            Some(true) => status = CancelStatus::Cancelled,
            Some(false) => return CancelStatus::Cancelling,
            None => {}
        }
    }
    status
}

/// The flight that a CancelFlightInfo action names.
pub(super) fn flight_of(body: &[u8]) -> Option<FlightInfo> {
    CancelFlightInfoRequest::decode(body).ok()?.info
}
