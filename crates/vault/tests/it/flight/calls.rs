//! What works: questions, prepared questions, the catalogue, cancelling; and what is refused.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type};
use arrow_flight::sql::{CommandGetDbSchemas, CommandGetPrimaryKeys, CommandGetTables, SqlInfo};
use arrow_flight::{FlightClient, FlightInfo, IpcMessage};
use tonic::Code;
use vault::flight::FlightLimits;

use super::service::{Client, Running, ask, fetch, start, status, until};

const BY_SEX: &str = "SELECT p31, count(*) AS n FROM main GROUP BY p31 ORDER BY p31";
/// 90^5 rows: it takes a minute.
const SLOW: &str = "SELECT count(*) FROM gp_clinical a, gp_clinical b, gp_clinical c, gp_clinical d, gp_clinical e \
     WHERE a.value1 + b.value1 + c.value1 + d.value1 + e.value1 < -1";

fn numbers(batches: &[RecordBatch], column: &str) -> Vec<i64> {
    let column = |b: &RecordBatch| b.column_by_name(column).unwrap().clone();
    let all = batches.iter().map(column);
    all.flat_map(|c| c.as_primitive::<Int64Type>().values().to_vec())
        .collect()
}

#[tokio::test]
async fn a_question_and_what_is_told_with_its_answer() {
    let running = start(FlightLimits::default()).await;
    let mut client = running.client("aggregate-token").await;
    let batches = ask(&mut client, BY_SEX).await.unwrap();
    assert_eq!(numbers(&batches, "n"), [30, 30]);
    let schema = batches[0].schema();
    let facts = schema.metadata();
    assert_eq!(facts["readingroom-mode"], "aggregate");
    assert_eq!(
        facts["readingroom-question"],
        format!("q-{}", facts["readingroom-entry"])
    );
    assert_eq!(facts["readingroom-release"], "town");
    // text goes as a type that every driver reads
    let batches = ask(
        &mut client,
        "SELECT p54, count(*) AS n FROM main GROUP BY p54",
    )
    .await
    .unwrap();
    assert_eq!(batches[0].schema().field(0).data_type(), &DataType::Utf8);
    // an answer of no rows has its columns all the same
    let none = ask(
        &mut client,
        "SELECT p31, count(*) AS n FROM main WHERE p31 = 9 GROUP BY p31",
    )
    .await
    .unwrap();
    assert_eq!(none.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
}

#[tokio::test]
async fn refusals_are_told_whole() {
    let running = start(FlightLimits::default()).await;
    let mut client = running.client("aggregate-token").await;
    for (sql, code, grpc) in [
        (
            "SELECT eid FROM main",
            "eid-not-shown",
            Code::PermissionDenied,
        ),
        (
            "SELECT count(*) FROM hesin",
            "unknown-table",
            Code::InvalidArgument,
        ),
        (
            "SELECT count(p99) FROM main",
            "unknown-column",
            Code::InvalidArgument,
        ),
        ("DELETE FROM main", "only-select", Code::InvalidArgument),
        (
            "SELECT count(*) FROM main; SELECT 1",
            "only-select",
            Code::InvalidArgument,
        ),
        ("", "only-select", Code::InvalidArgument),
    ] {
        let no = ask(&mut client, sql).await.unwrap_err();
        let json = no
            .metadata()
            .get_bin(vault::flight::REFUSAL)
            .unwrap()
            .to_bytes()
            .unwrap();
        let refusal: governance::Refusal = serde_json::from_slice(&json).unwrap();
        assert_eq!((refusal.code.as_ref(), no.code()), (code, grpc), "{sql}");
        assert!(no.message().contains(&refusal.reason) && no.message().contains(&refusal.fix));
    }
    // what is not granted and what does not exist are told alike
    let hidden = ask(&mut client, "SELECT count(*) FROM hesin")
        .await
        .unwrap_err();
    let absent = ask(&mut client, "SELECT count(*) FROM nosuch")
        .await
        .unwrap_err();
    assert_eq!(
        hidden.message().replace("hesin", "nosuch"),
        absent.message()
    );
}

fn row(columns: Vec<ArrayRef>) -> RecordBatch {
    let named = columns.into_iter().enumerate();
    RecordBatch::try_from_iter(named.map(|(i, c)| (i.to_string(), c))).unwrap()
}

#[tokio::test]
async fn prepared_questions_take_values() {
    let running = start(FlightLimits::default()).await;
    let mut client = running.client("aggregate-token").await;
    let sql = "SELECT count(*) AS n FROM main WHERE p54 = ? AND p31 = ?";
    let mut prepared = client.prepare(sql.to_owned(), None).await.unwrap();
    assert_eq!(prepared.parameter_schema().unwrap().fields().len(), 2);
    assert_eq!(prepared.dataset_schema().unwrap().field(0).name(), "n");
    for (town, sex) in [("Leeds", 0), ("York", 1)] {
        let values = row(vec![
            Arc::new(StringArray::from(vec![town])),
            Arc::new(Int64Array::from(vec![sex])),
        ]);
        prepared.set_parameters(values).unwrap();
        let info = prepared.execute().await.unwrap();
        let n = numbers(&fetch(&mut client, &info).await.unwrap(), "n");
        // Leeds: 15 of each sex; York, people 30 to 50: 10 with odd numbers
        assert_eq!(n, [if town == "Leeds" { 15 } else { 10 }]);
    }
    let two = row(vec![
        Arc::new(StringArray::from(vec!["a", "b"])),
        Arc::new(Int64Array::from(vec![0, 1])),
    ]);
    prepared.set_parameters(two).unwrap();
    let no = status(prepared.execute().await.unwrap_err());
    assert!(no.message().contains("one row of parameters"), "{no}");
    let too_few = row(vec![Arc::new(Int64Array::from(vec![1]))]);
    prepared.set_parameters(too_few).unwrap();
    let no = status(prepared.execute().await.unwrap_err());
    assert!(no.message().contains("2 parameters, found 1"), "{no}");
    prepared.close().await.unwrap();

    // a mistake is told when the question is prepared
    let no = status(
        client
            .prepare("SELECT nothing FROM main".to_owned(), None)
            .await
            .unwrap_err(),
    );
    assert_eq!(no.code(), Code::InvalidArgument);
}

async fn catalogue(client: &mut Client, command: CommandGetTables) -> Vec<RecordBatch> {
    let info = client.get_tables(command).await.unwrap();
    fetch(client, &info).await.unwrap()
}

#[tokio::test]
async fn the_catalogue_has_granted_tables_only() {
    let running = start(FlightLimits::default()).await;
    let mut client = running.client("aggregate-token").await;
    let batches = catalogue(
        &mut client,
        CommandGetTables {
            include_schema: true,
            ..Default::default()
        },
    )
    .await;
    let names: Vec<String> = batches
        .iter()
        .flat_map(|b| {
            b.column_by_name("table_name")
                .unwrap()
                .as_string::<i32>()
                .iter()
                .map(|n| n.unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(names, ["gp_clinical", "main"]);
    let schemas = batches[0].column_by_name("table_schema").unwrap();
    let bytes = bytes::Bytes::copy_from_slice(schemas.as_binary::<i32>().value(1));
    let schema = arrow::datatypes::Schema::try_from(IpcMessage(bytes)).unwrap();
    let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert!(columns.contains(&"eid") && columns.contains(&"p31"));
    assert!(!columns.contains(&"p99") && !columns.iter().any(|c| c.starts_with("__")));
    assert_eq!(
        schema.field_with_name("p31").unwrap().metadata()["ARROW:FLIGHT:SQL:REMARKS"],
        "title of p31"
    );

    let filtered = CommandGetTables {
        table_name_filter_pattern: Some("hes%".to_owned()),
        ..Default::default()
    };
    let none = catalogue(&mut client, filtered).await;
    assert_eq!(none.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    let info = client.get_catalogs().await.unwrap();
    assert_eq!(fetch(&mut client, &info).await.unwrap()[0].num_rows(), 1);
    let info = client
        .get_db_schemas(CommandGetDbSchemas {
            catalog: None,
            db_schema_filter_pattern: None,
        })
        .await
        .unwrap();
    assert_eq!(fetch(&mut client, &info).await.unwrap()[0].num_rows(), 1);
    let info = client.get_table_types().await.unwrap();
    assert_eq!(fetch(&mut client, &info).await.unwrap()[0].num_rows(), 1);
    let info = client
        .get_sql_info(vec![SqlInfo::FlightSqlServerName])
        .await
        .unwrap();
    assert_eq!(fetch(&mut client, &info).await.unwrap()[0].num_rows(), 1);
    let info = client.get_xdbc_type_info(Default::default()).await.unwrap();
    assert_eq!(fetch(&mut client, &info).await.unwrap()[0].num_rows(), 6);
    let keys = CommandGetPrimaryKeys {
        catalog: None,
        db_schema: None,
        table: "hesin".to_owned(),
    };
    let info = client.get_primary_keys(keys).await.unwrap();
    assert!(
        fetch(&mut client, &info)
            .await
            .unwrap()
            .iter()
            .all(|b| b.num_rows() == 0)
    );
}

#[tokio::test]
async fn what_writes_is_refused() {
    let running = start(FlightLimits::default()).await;
    let mut client = running.client("aggregate-token").await;
    let no = status(
        client
            .execute_update("DELETE FROM main".to_owned(), None)
            .await
            .unwrap_err(),
    );
    assert_eq!(no.code(), Code::Unimplemented);
    assert!(no.message().contains("not-available-here"));
    let no = status(client.begin_transaction().await.unwrap_err());
    assert_eq!(no.code(), Code::Unimplemented);
}

/// A slow question that has begun.
async fn begin(running: &Running) -> (Client, FlightInfo, tokio::task::JoinHandle<tonic::Status>) {
    let mut client = running.client("enclave-token").await;
    let info = client.execute(SLOW.to_owned(), None).await.unwrap();
    let (mut other, flight) = (client.clone(), info.clone());
    let asking = tokio::spawn(async move { fetch(&mut other, &flight).await.unwrap_err() });
    let begun = &running.town.begun;
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    (client, info, asking)
}

#[tokio::test]
async fn cancelling_by_its_action() {
    let running = start(FlightLimits::default()).await;
    let (_client, info, asking) = begin(&running).await;
    // not by another person, who holds the very same flight
    let mut stranger = FlightClient::new(running.channel().await);
    stranger
        .add_header("authorization", "Bearer other-token")
        .unwrap();
    let request = arrow_flight::CancelFlightInfoRequest::new(info.clone());
    let result = stranger.cancel_flight_info(request.clone()).await.unwrap();
    assert_eq!(result.status(), arrow_flight::CancelStatus::NotCancellable);
    assert_eq!(running.town.dropped.load(Ordering::SeqCst), 0);

    let mut owner = FlightClient::new(running.channel().await);
    owner
        .add_header("authorization", "Bearer enclave-token")
        .unwrap();
    let result = owner.cancel_flight_info(request.clone()).await.unwrap();
    assert_eq!(result.status(), arrow_flight::CancelStatus::Cancelling);
    assert_eq!(asking.await.unwrap().code(), Code::Cancelled);
    assert_eq!(running.town.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(running.desk.figures(), (0, 0));
    let result = owner.cancel_flight_info(request).await.unwrap();
    assert_eq!(result.status(), arrow_flight::CancelStatus::NotCancellable);
}

#[tokio::test]
async fn going_away_cancels() {
    let running = start(FlightLimits::default()).await;
    let (client, _info, asking) = begin(&running).await;
    asking.abort();
    drop(client);
    let dropped = &running.town.dropped;
    let took = until(|| dropped.load(Ordering::SeqCst) == 1).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(running.desk.figures(), (0, 0));
}

/// The question would run for six seconds; running calls get a fifth of one.
#[tokio::test]
async fn stopping_the_service_stops_questions() {
    let limits = FlightLimits {
        grace: Duration::from_millis(200),
        ..FlightLimits::default()
    };
    let mut running = start(limits).await;
    let (_client, _info, asking) = begin(&running).await;
    assert_eq!(running.town.dropped.load(Ordering::SeqCst), 0);
    running.stop.take().unwrap().send(()).unwrap();
    (&mut running.done).await.unwrap().unwrap();
    // when the service says that it has stopped no question is left of it
    assert_eq!(running.town.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(running.desk.figures(), (0, 0));
    assert_eq!(asking.await.unwrap().code(), Code::Cancelled);
}
