//! The service's state, who is let in, and what its calls have in common.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::error::FlightError;
use arrow_flight::sql::ProstMessageExt;
use arrow_flight::sql::metadata::{SqlInfoData, XdbcTypeInfoData};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, Ticket};
use prost::Message;
use tonic::{Request, Response, Status};

use super::kept::{Kept, full};
use super::sending::{self, DataStream, Senders};
use super::{FlightLimits, actions, catalogue, info, limits, status};
use crate::query::desk::{Desk, Visitor};

/// The service.
pub(super) struct Service {
    pub(super) desk: Arc<dyn Desk>,
    pub(super) kept: Arc<Kept>,
    pub(super) senders: Arc<Senders>,
    pub(super) sql: SqlInfoData,
    pub(super) types: XdbcTypeInfoData,
}

/// A bearer token, taken from a call's header before anything else is looked at.
#[derive(Clone)]
struct Bearer(String);

/// Lets no call in that brings no token. Whose token it is, the desk says.
pub(super) fn bearer(mut request: Request<()>) -> Result<Request<()>, Status> {
    let token = request
        .metadata()
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty() && token.len() <= limits::TOKEN_CHARS)
        .map(str::to_owned)
        .ok_or_else(status::unknown)?;
    request.metadata_mut().remove("authorization");
    request.extensions_mut().insert(Bearer(token));
    Ok(request)
}

pub(super) type Info = Result<Response<FlightInfo>, Status>;
pub(super) type Data = Result<Response<DataStream>, Status>;

impl Service {
    pub(super) fn new(desk: Arc<dyn Desk>, flight: FlightLimits) -> Result<Self, FlightError> {
        Ok(Self {
            desk,
            kept: Arc::new(Kept::new(&flight)),
            senders: Arc::default(),
            sql: info::sql()?,
            types: info::types()?,
        })
    }

    pub(super) async fn visitor<T>(&self, request: &Request<T>) -> Result<Visitor, Status> {
        let Some(Bearer(token)) = request.extensions().get() else {
            return Err(status::unknown());
        };
        self.desk
            .enter(token)
            .await
            .map_err(|no| status::denied(&no))
    }

    /// A ticket for a question's answer. The schema is left out, as Flight allows: so the drivers take it from the answer,
    /// with what is told there of the question (its id, how many numbers were withheld), and a question is planned once.
    pub(super) fn flight(
        &self,
        visitor: &Visitor,
        sql: String,
        descriptor: FlightDescriptor,
    ) -> Info {
        let handle = self.kept.tickets.put(visitor, sql).map_err(full)?;
        Ok(Response::new(one_ticket(
            actions::ticket(handle),
            descriptor,
        )))
    }

    /// A call about the catalogue: its ticket is the call itself, and its rights are looked up when it is redeemed.
    pub(super) async fn about(
        &self,
        command: &(impl ProstMessageExt + Sync),
        schema: &Schema,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.visitor(&request).await?;
        let ticket = command.as_any().encode_to_vec();
        one_ticket(ticket.into(), request.into_inner())
            .try_with_schema(schema)
            .map(Response::new)
            .map_err(|_| status::fault())
    }

    pub(super) async fn rows(
        &self,
        request: &Request<Ticket>,
        made: Result<RecordBatch, FlightError>,
    ) -> Data {
        self.visitor(request).await?;
        made.map(sending::rows).map_err(|_| status::fault())
    }

    pub(super) async fn no_keys(&self, request: &Request<Ticket>, schema: SchemaRef) -> Data {
        self.rows(
            request,
            catalogue::no_keys(&schema).map_err(FlightError::from),
        )
        .await
    }
}

fn one_ticket(ticket: bytes::Bytes, descriptor: FlightDescriptor) -> FlightInfo {
    FlightInfo::new()
        .with_endpoint(FlightEndpoint::new().with_ticket(Ticket { ticket }))
        .with_descriptor(descriptor)
        .with_ordered(true)
}
