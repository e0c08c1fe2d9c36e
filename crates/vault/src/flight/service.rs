//! Flight SQL's calls, each answered from the desk.

use std::pin::Pin;

use arrow::datatypes::Schema;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::*;
use arrow_flight::{
    Action, ActionType, CancelFlightInfoResult, FlightDescriptor, FlightInfo, HandshakeRequest,
    HandshakeResponse, Ticket,
};
use futures::stream::{Stream, once};
use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use super::actions::{self, CANCEL_FLIGHT_INFO};
use super::front::{Data, Info, Service};
use super::kept::Running;
use super::{catalogue, limits, sending, status, wire};

#[tonic::async_trait]
impl FlightSqlService for Service {
    type FlightService = Service;

    async fn do_handshake(
        &self,
        _request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<
        Response<Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>>,
        Status,
    > {
        Err(status::not_here("signing in with a name and a password"))
    }

    // Questions.

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let visitor = self.visitor(&request).await?;
        self.flight(&visitor, query.query, request.into_inner())
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let visitor = self.visitor(&request).await?;
        let sql = self
            .kept
            .prepared
            .with(&visitor, &query.prepared_statement_handle, |statement| {
                statement.prepared.bind(&statement.values)
            })
            .ok_or_else(|| status::no_handle("prepared question"))?
            .map_err(|r| status::refused(&r))?;
        self.flight(&visitor, sql, request.into_inner())
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Data {
        let visitor = self.visitor(&request).await?;
        let handle = &ticket.statement_handle;
        let sender = self.senders.one(&visitor.token)?;
        let sql = self
            .kept
            .tickets
            .take(&visitor, handle)
            .ok_or_else(|| status::no_handle("ticket"))?;
        let running = Running::begin(&self.kept, &visitor, handle)?;
        let asked = tokio::select! {
            biased;
            () = running.stop.notified() => return Err(sending::cancelled()),
            asked = self.desk.ask(&visitor, &sql) => asked,
        };
        let asked = asked.map_err(|no| status::denied(&no))?;
        sending::answer(&asked, running, sender)
    }

    async fn do_get_prepared_statement(
        &self,
        _query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Data {
        self.visitor(&request).await?;
        Err(status::no_handle("ticket"))
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let visitor = self.visitor(&request).await?;
        if query.transaction_id.is_some_and(|id| !id.is_empty()) {
            return Err(status::not_here("a transaction"));
        }
        let made = actions::prepare(self.desk.as_ref(), &self.kept, &visitor, &query.query).await?;
        let encoded = |schema: &Schema| {
            if schema.fields().is_empty() {
                return Ok(bytes::Bytes::new());
            }
            wire::encoded(schema).map_err(|_| status::fault())
        };
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: made.handle,
            dataset_schema: encoded(&made.answer)?,
            parameter_schema: encoded(&made.places)?,
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        query: ActionClosePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        let visitor = self.visitor(&request).await?;
        // closing twice, or what has expired, is not worth an error
        let _closed = self
            .kept
            .prepared
            .take(&visitor, &query.prepared_statement_handle);
        Ok(())
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let visitor = self.visitor(&request).await?;
        let handle = query.prepared_statement_handle;
        actions::bind(&self.kept, &visitor, &handle, request.into_inner()).await?;
        Ok(DoPutPreparedStatementResult {
            prepared_statement_handle: Some(handle),
        })
    }

    // Cancelling.

    async fn do_action_cancel_query(
        &self,
        query: ActionCancelQueryRequest,
        request: Request<Action>,
    ) -> Result<ActionCancelQueryResult, Status> {
        let visitor = self.visitor(&request).await?;
        let flight = FlightInfo::decode(query.info.as_ref())
            .map_err(|_| Status::invalid_argument("expected the flight to cancel"))?;
        // the two enumerations have the same numbers
        let result = actions::cancel(&self.kept, &visitor, &flight) as i32;
        Ok(ActionCancelQueryResult { result })
    }

    async fn do_action_fallback(
        &self,
        request: Request<Action>,
    ) -> Result<Response<<Self as FlightService>::DoActionStream>, Status> {
        let visitor = self.visitor(&request).await?;
        let action = request.into_inner();
        if action.r#type != CANCEL_FLIGHT_INFO {
            return Err(status::not_here("this action"));
        }
        let flight = actions::flight_of(&action.body)
            .ok_or_else(|| Status::invalid_argument("expected the flight to cancel"))?;
        let result = CancelFlightInfoResult {
            status: actions::cancel(&self.kept, &visitor, &flight) as i32,
        };
        let result = arrow_flight::Result {
            body: result.encode_to_vec().into(),
        };
        Ok(Response::new(Box::pin(once(async { Ok(result) }))))
    }

    async fn list_custom_actions(&self) -> Option<Vec<Result<ActionType, Status>>> {
        Some(vec![Ok(ActionType {
            r#type: CANCEL_FLIGHT_INFO.to_owned(),
            description: "Cancels a question.".to_owned(),
        })])
    }

    // The catalogue.

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let schema = query.into_builder().schema();
        self.about(&query, &schema, request).await
    }

    async fn do_get_catalogs(&self, query: CommandGetCatalogs, request: Request<Ticket>) -> Data {
        self.rows(&request, catalogue::catalogs(query)).await
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let schema = query.clone().into_builder().schema();
        self.about(&query, &schema, request).await
    }

    async fn do_get_schemas(&self, query: CommandGetDbSchemas, request: Request<Ticket>) -> Data {
        self.rows(&request, catalogue::schemas(query)).await
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let schema = query.clone().into_builder().schema();
        self.about(&query, &schema, request).await
    }

    async fn do_get_tables(&self, query: CommandGetTables, request: Request<Ticket>) -> Data {
        let visitor = self.visitor(&request).await?;
        let tables = self.desk.catalogue(&visitor).await;
        let tables = tables.map_err(|no| status::denied(&no))?;
        catalogue::tables(query, &tables)
            .map(sending::rows)
            .map_err(|_| status::fault())
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let schema = query.into_builder().schema();
        self.about(&query, &schema, request).await
    }

    async fn do_get_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<Ticket>,
    ) -> Data {
        self.rows(&request, catalogue::table_types(query)).await
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.about(&query, &self.sql.schema(), request).await
    }

    async fn do_get_sql_info(
        &self,
        mut query: CommandGetSqlInfo,
        request: Request<Ticket>,
    ) -> Data {
        query.info.truncate(limits::INFOS);
        self.rows(&request, query.into_builder(&self.sql).build())
            .await
    }

    async fn get_flight_info_xdbc_type_info(
        &self,
        query: CommandGetXdbcTypeInfo,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.about(&query, &self.types.schema(), request).await
    }

    async fn do_get_xdbc_type_info(
        &self,
        query: CommandGetXdbcTypeInfo,
        request: Request<Ticket>,
    ) -> Data {
        self.rows(&request, query.into_builder(&self.types).build())
            .await
    }

    async fn get_flight_info_primary_keys(
        &self,
        query: CommandGetPrimaryKeys,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.about(&query, &catalogue::primary_keys_schema(), request)
            .await
    }

    async fn do_get_primary_keys(
        &self,
        _query: CommandGetPrimaryKeys,
        request: Request<Ticket>,
    ) -> Data {
        self.no_keys(&request, catalogue::primary_keys_schema())
            .await
    }

    async fn get_flight_info_exported_keys(
        &self,
        query: CommandGetExportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.about(&query, &catalogue::foreign_keys_schema(), request)
            .await
    }

    async fn do_get_exported_keys(
        &self,
        _query: CommandGetExportedKeys,
        request: Request<Ticket>,
    ) -> Data {
        self.no_keys(&request, catalogue::foreign_keys_schema())
            .await
    }

    async fn get_flight_info_imported_keys(
        &self,
        query: CommandGetImportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.about(&query, &catalogue::foreign_keys_schema(), request)
            .await
    }

    async fn do_get_imported_keys(
        &self,
        _query: CommandGetImportedKeys,
        request: Request<Ticket>,
    ) -> Data {
        self.no_keys(&request, catalogue::foreign_keys_schema())
            .await
    }

    async fn get_flight_info_cross_reference(
        &self,
        query: CommandGetCrossReference,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.about(&query, &catalogue::foreign_keys_schema(), request)
            .await
    }

    async fn do_get_cross_reference(
        &self,
        _query: CommandGetCrossReference,
        request: Request<Ticket>,
    ) -> Data {
        self.no_keys(&request, catalogue::foreign_keys_schema())
            .await
    }

    // What Flight SQL has and the data room has not.

    async fn do_put_statement_update(
        &self,
        _query: CommandStatementUpdate,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a statement that writes"))
    }

    async fn do_put_prepared_statement_update(
        &self,
        _query: CommandPreparedStatementUpdate,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a statement that writes"))
    }

    async fn do_put_statement_ingest(
        &self,
        _query: CommandStatementIngest,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        self.visitor(&request).await?;
        Err(status::not_here("loading rows"))
    }

    async fn do_put_substrait_plan(
        &self,
        _query: CommandStatementSubstraitPlan,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a Substrait plan"))
    }

    async fn get_flight_info_substrait_plan(
        &self,
        _query: CommandStatementSubstraitPlan,
        request: Request<FlightDescriptor>,
    ) -> Info {
        self.visitor(&request).await?;
        Err(status::not_here("a Substrait plan"))
    }

    async fn do_action_create_prepared_substrait_plan(
        &self,
        _query: ActionCreatePreparedSubstraitPlanRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a Substrait plan"))
    }

    async fn do_action_begin_transaction(
        &self,
        _query: ActionBeginTransactionRequest,
        request: Request<Action>,
    ) -> Result<ActionBeginTransactionResult, Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a transaction"))
    }

    async fn do_action_end_transaction(
        &self,
        _query: ActionEndTransactionRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a transaction"))
    }

    async fn do_action_begin_savepoint(
        &self,
        _query: ActionBeginSavepointRequest,
        request: Request<Action>,
    ) -> Result<ActionBeginSavepointResult, Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a savepoint"))
    }

    async fn do_action_end_savepoint(
        &self,
        _query: ActionEndSavepointRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        self.visitor(&request).await?;
        Err(status::not_here("a savepoint"))
    }

    async fn register_sql_info(&self, _id: i32, _result: &SqlInfo) {}
}
