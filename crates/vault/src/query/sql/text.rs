//! Reads the text of a question: one statement, a SELECT, of bounded size.
//!
//! Must never: run anything, or repeat the parser's own words.

use datafusion::sql::sqlparser::ast::{Query, Statement};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use governance::Refusal;

use crate::limits;
use crate::query::no;

/// The one query of `sql`, in PostgreSQL's dialect.
///
/// # Errors
/// Too long, not readable, more or less than one statement, or not a SELECT.
pub(crate) fn read(sql: &str) -> Result<Query, Refusal> {
    if sql.len() > limits::SQL_BYTES {
        return Err(no::too_long("bytes", sql.len(), limits::SQL_BYTES));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize_with_location()
        .map_err(|e| no::unreadable(e.location.line, e.location.column))?;
    if tokens.len() > limits::SQL_TOKENS {
        return Err(no::too_long(
            "words and signs",
            tokens.len(),
            limits::SQL_TOKENS,
        ));
    }
    let places: Vec<TokenWithSpan> = tokens.clone();
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(limits::SQL_DEPTH)
        .with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|e| match e {
        ParserError::RecursionLimitExceeded => no::too_long(
            "levels of brackets or more",
            limits::SQL_DEPTH,
            limits::SQL_DEPTH,
        ),
        ParserError::TokenizerError(_) | ParserError::ParserError(_) => {
            stopped_at(&places, &parser)
        }
    })?;
    match (statements.pop(), statements.len()) {
        (Some(Statement::Query(query)), 0) => Ok(*query),
        (Some(other), 0) => Err(no::only_select(kind(&other))),
        (None, _) => Err(no::only_select("nothing")),
        (Some(_), more) => Err(no::only_select(&format!("{} statements", more + 1))),
    }
}

/// Where the parser stopped reading, without its text (which repeats parts of the question out of context).
fn stopped_at(places: &[TokenWithSpan], parser: &Parser<'_>) -> Refusal {
    let next = parser.peek_token_ref();
    let known = places.iter().any(|place| place.span == next.span);
    match next.token {
        Token::EOF => no::unreadable(0, 0),
        _ if known => no::unreadable(next.span.start.line, next.span.start.column),
        _ => no::unreadable(0, 0),
    }
}

/// A word for a statement that is not a question.
fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::Copy { .. } | Statement::CopyIntoSnowflake { .. } | Statement::Unload { .. } => {
            "COPY"
        }
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_) => "a statement that writes",
        Statement::Explain { .. } | Statement::ExplainTable { .. } => "EXPLAIN or DESCRIBE",
        Statement::Set(_) => "SET",
        Statement::Prepare { .. } | Statement::Execute { .. } => "PREPARE or EXECUTE",
        Statement::ShowTables { .. }
        | Statement::ShowColumns { .. }
        | Statement::ShowVariable { .. } => "SHOW",
        _ => "another kind of statement",
    }
}
