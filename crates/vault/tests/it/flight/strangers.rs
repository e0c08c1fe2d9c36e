//! What must not work: no token, a wrong one, another's ticket or prepared question, a ticket twice or too late, no TLS.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{
    Any, CommandPreparedStatementQuery, ProstMessageExt, TicketStatementQuery,
};
use arrow_flight::{Action, FlightDescriptor, Ticket};
use prost::Message;
use tokio::net::TcpListener;
use tonic::{Code, Request};
use vault::flight::{FlightLimits, ServeError, Tls, serve};

use super::service::{ask, certificate, fetch, start, status};
use super::town_desk::TownDesk;

const COUNT: &str = "SELECT count(*) AS n FROM main";

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let running = start(FlightLimits::default()).await;
    let mut none = FlightSqlServiceClient::new(running.channel().await);
    let expected = status(none.execute(COUNT.to_owned(), None).await.unwrap_err());
    assert_eq!(expected.code(), Code::Unauthenticated);
    assert!(expected.metadata().get("readingroom-refusal-bin").is_none());
    for token in [
        "wrong",
        "Aggregate-token",
        "aggregate-token x",
        &"x".repeat(600),
    ] {
        let mut client = running.client(token).await;
        let mut told = vec![
            client.execute(COUNT.to_owned(), None).await.unwrap_err(),
            client.get_tables(Default::default()).await.unwrap_err(),
            client.get_catalogs().await.unwrap_err(),
            client.get_sql_info(vec![]).await.unwrap_err(),
            client.begin_transaction().await.unwrap_err(),
        ];
        told.push(client.prepare(COUNT.to_owned(), None).await.unwrap_err());
        for no in told {
            let no = status(no);
            assert_eq!(
                (no.code(), no.message()),
                (Code::Unauthenticated, expected.message())
            );
        }
    }
    // calls of Flight itself that the service does not have are not told either
    let mut raw = FlightServiceClient::new(running.channel().await);
    let no = raw.list_actions(arrow_flight::Empty {}).await.unwrap_err();
    assert_eq!(no.code(), Code::Unauthenticated);
    let no = raw
        .list_flights(arrow_flight::Criteria::default())
        .await
        .unwrap_err();
    assert_eq!(no.code(), Code::Unauthenticated);
    assert_eq!(running.town.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_ticket_is_its_owners_and_good_once() {
    let running = start(FlightLimits::default()).await;
    let mut owner = running.client("enclave-token").await;
    let info = owner.execute(COUNT.to_owned(), None).await.unwrap();
    for token in ["other-token", "aggregate-token"] {
        let mut stranger = running.client(token).await;
        let no = fetch(&mut stranger, &info).await.unwrap_err();
        assert_eq!(no.code(), Code::NotFound);
    }
    assert_eq!(running.town.begun.load(Ordering::SeqCst), 0);
    fetch(&mut owner, &info).await.unwrap();
    let again = fetch(&mut owner, &info).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    assert_eq!(running.town.begun.load(Ordering::SeqCst), 1);
    // tickets are random: neither the question nor a number to guess
    let bytes = |info: &arrow_flight::FlightInfo| {
        let any = Any::decode(info.endpoint[0].ticket.clone().unwrap().ticket).unwrap();
        any.unpack::<TicketStatementQuery>()
            .unwrap()
            .unwrap()
            .statement_handle
    };
    let other = owner.execute(COUNT.to_owned(), None).await.unwrap();
    assert_eq!(bytes(&info).len(), 32);
    assert_ne!(bytes(&info), bytes(&other));
}

#[tokio::test]
async fn a_ticket_expires() {
    let limits = FlightLimits {
        ticket: Duration::from_millis(50),
        ..FlightLimits::default()
    };
    let running = start(limits).await;
    let mut client = running.client("enclave-token").await;
    let info = client.execute(COUNT.to_owned(), None).await.unwrap();
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(
        fetch(&mut client, &info).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_prepared_question_is_its_owners() {
    let running = start(FlightLimits::default()).await;
    let mut owner = running.client("enclave-token").await;
    let made = arrow_flight::sql::ActionCreatePreparedStatementRequest {
        query: COUNT.to_owned(),
        transaction_id: None,
    };
    let action = Action::new("CreatePreparedStatement", made.as_any().encode_to_vec());
    let mut raw = FlightServiceClient::new(running.channel().await);
    let mut request = Request::new(action);
    request
        .metadata_mut()
        .insert("authorization", "Bearer enclave-token".parse().unwrap());
    let result = raw
        .do_action(request)
        .await
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
    let made: arrow_flight::sql::ActionCreatePreparedStatementResult =
        Any::decode(result.body).unwrap().unpack().unwrap().unwrap();
    let command = CommandPreparedStatementQuery {
        prepared_statement_handle: made.prepared_statement_handle,
    };
    for (token, code) in [
        ("other-token", Some(Code::NotFound)),
        ("enclave-token", None),
    ] {
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let mut request = Request::new(descriptor);
        let header = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", header);
        let done = raw.get_flight_info(request).await;
        assert_eq!(done.err().map(|no| no.code()), code);
    }
    // the command itself is no ticket
    let ticket = Ticket::new(command.as_any().encode_to_vec());
    assert!(owner.do_get(ticket).await.is_err());
    assert_eq!(running.town.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn rubbish_harms_nobody() {
    let running = start(FlightLimits::default()).await;
    let mut client = running.client("enclave-token").await;
    for bytes in [&b""[..], b"rubbish", &[0xff; 100]] {
        assert!(client.do_get(Ticket::new(bytes.to_vec())).await.is_err());
    }
    let large = format!(
        "SELECT count(*) FROM main WHERE p54 = '{}'",
        "x".repeat(2_000_000)
    );
    assert!(ask(&mut client, &large).await.is_err());
    let long = format!(
        "SELECT count(*) FROM main WHERE p54 = '{}'",
        "x".repeat(70_000)
    );
    let no = ask(&mut client, &long).await.unwrap_err();
    assert!(no.message().contains("question-too-long"), "{no}");
    assert!(ask(&mut client, COUNT).await.is_ok());
}

#[tokio::test]
async fn never_in_the_clear_beyond_the_machine() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let desk = Arc::new(TownDesk::new());
    let done = serve(
        listener,
        None,
        desk.clone(),
        FlightLimits::default(),
        std::future::pending(),
    )
    .await;
    assert!(matches!(done, Err(ServeError::InTheClear(_))));

    let (_, mut tls) = certificate();
    tls.key = "no key".to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let done = serve(
        listener,
        Some(tls.clone()),
        desk.clone(),
        FlightLimits::default(),
        std::future::pending(),
    )
    .await;
    assert!(matches!(done, Err(ServeError::Certificate)));
    assert_eq!(
        format!(
            "{:?}",
            Tls {
                key: "secret".to_owned(),
                ..tls
            }
        ),
        "Tls { .. }"
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(
        serve(listener, None, desk, FlightLimits::default(), async {})
            .await
            .is_ok()
    );
}
