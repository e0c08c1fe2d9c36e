//! Parameters of a prepared question, written into its text as literals.
//!
//! The question that is asked, and that stands in the ledger, is the whole text with its values: there is no second way
//! by which something could reach the engine. Values are written on tokens, not on the parser's tree, because the tree's
//! own printer is not faithful: sqlparser 0.62 prints a quote after a backslash as it is (`EscapeQuotedString`), by which a
//! value could end its literal. The text that was written is read again and has to have the tokens that were meant.
//!
//! Must never: let a value become anything but one literal.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use governance::Refusal;

use super::engine::dates;
use super::no;
use crate::limits;

/// Parameters of one question. Code lists belong into the text; a form has tens of values.
pub const PARAMETERS: usize = 1_000;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A finite number.
    Number(f64),
    /// A text of at most 4,096 bytes.
    Text(String),
    /// A date, as days since 1970-01-01.
    Date(i32),
}

/// A question with places for values: `?` in order, or `$1`, `$2` and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The text, its places as `$n`.
    text: String,
    places: usize,
    plain: bool,
}

impl Prepared {
    /// Finds the places of a question's text.
    ///
    /// # Errors
    /// Too long, not readable, or `?` and `$1` in one question.
    pub fn read(sql: &str) -> Result<Self, Refusal> {
        let mut text = String::with_capacity(sql.len());
        let mut from = 0;
        let mut ruler = Ruler::new(sql);
        let (mut marks, mut highest) = (0_usize, 0_usize);
        for found in tokens(sql)? {
            if let Token::Placeholder(name) = &found.token {
                highest = highest.max(number(name)?);
            }
            // PostgreSQL has operators with `?` in them (`<?`, `?|`); the data room has none, so each is a place
            let Some(operator) = operator(&found.token) else {
                continue;
            };
            let start = ruler.offset(found.span.start)?;
            for (at, _) in operator.match_indices('?') {
                let before = sql.get(from..start + at).ok_or_else(unplaced)?;
                marks += 1;
                text.push_str(before);
                text.push_str(&format!(" ${marks} "));
                from = start + at + 1;
            }
        }
        if marks > 0 && highest > 0 {
            return Err(no::arguments(
                "a prepared question",
                "either ? or $1, not both",
            ));
        }
        let places = marks.max(highest);
        if places > PARAMETERS {
            return Err(no::too_long("parameters", places, PARAMETERS));
        }
        text.push_str(sql.get(from..).ok_or_else(unplaced)?);
        Ok(Self {
            text,
            places,
            plain: places == 0,
        })
    }

    /// How many values it takes.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.places
    }

    /// The text with its values. A question without places is returned as it was written.
    ///
    /// # Errors
    /// Another number of values than places, a value that has no literal, or a text that becomes too long.
    pub fn bind(&self, values: &[Param]) -> Result<String, Refusal> {
        if values.len() != self.places {
            return Err(no::arguments(
                "the question",
                &format!("{} parameters, found {}", self.places, values.len()),
            ));
        }
        if self.plain {
            return Ok(self.text.clone());
        }
        let literals: Vec<String> = values.iter().map(literal).collect::<Result<_, _>>()?;
        let mut ruler = Ruler::new(&self.text);
        let (mut out, mut from, mut meant) = (String::new(), 0, Vec::new());
        for found in tokens(&self.text)? {
            let Token::Placeholder(name) = &found.token else {
                if !matches!(found.token, Token::Whitespace(_)) {
                    meant.push(found.token);
                }
                continue;
            };
            let start = ruler.offset(found.span.start)?;
            let before = self.text.get(from..start).ok_or_else(unplaced)?;
            let value = literals.get(number(name)? - 1).ok_or_else(unplaced)?;
            out.push_str(before);
            out.push(' ');
            out.push_str(value);
            out.push(' ');
            from = start + name.len();
            if out.len() > limits::SQL_BYTES {
                return Err(no::too_long("bytes", out.len(), limits::SQL_BYTES));
            }
            meant.extend(solid(tokens(value)?));
        }
        out.push_str(self.text.get(from..).ok_or_else(unplaced)?);
        if solid(tokens(&out)?).eq(meant) {
            Ok(out)
        } else {
            Err(unplaced())
        }
    }
}

/// The values of a batch of one row, in the order of its columns.
///
/// # Errors
/// More or fewer rows than one, or a type that has no literal here.
pub fn of_batch(batch: &RecordBatch) -> Result<Vec<Param>, Refusal> {
    if batch.num_rows() != 1 {
        return Err(no::arguments(
            "a prepared question",
            &format!("one row of parameters, found {}", batch.num_rows()),
        ));
    }
    if batch.num_columns() > PARAMETERS {
        return Err(no::too_long("parameters", batch.num_columns(), PARAMETERS));
    }
    batch
        .columns()
        .iter()
        .map(|c| of_array(c.as_ref()))
        .collect()
}

fn of_array(array: &dyn Array) -> Result<Param, Refusal> {
    let refused = || {
        no::arguments(
            "a parameter",
            "a whole number, a number, a text, a date, true, false or null",
        )
    };
    if array.is_null(0) || array.data_type() == &DataType::Null {
        return Ok(Param::Null);
    }
    let to = |t: &DataType| {
        let array = cast(array, t).map_err(|_| refused())?;
        // a number that does not fit becomes null
        if array.is_null(0) {
            Err(refused())
        } else {
            Ok(array)
        }
    };
    Ok(match array.data_type() {
        DataType::Boolean => Param::Bool(array.as_boolean().value(0)),
        t if t.is_integer() => {
            Param::Whole(to(&DataType::Int64)?.as_primitive::<Int64Type>().value(0))
        }
        t if t.is_floating() => Param::Number(
            to(&DataType::Float64)?
                .as_primitive::<Float64Type>()
                .value(0),
        ),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            Param::Text(to(&DataType::Utf8)?.as_string::<i32>().value(0).to_owned())
        }
        DataType::Date32 | DataType::Date64 => {
            Param::Date(to(&DataType::Date32)?.as_primitive::<Date32Type>().value(0))
        }
        _ => return Err(refused()),
    })
}

/// A value as JSON has it. Dates are texts; a text is compared with a date as `'2010-01-31'` is.
///
/// # Errors
/// A list, an object, or a number that is neither a whole number of 64 bits nor finite.
pub fn of_json(value: &serde_json::Value) -> Result<Param, Refusal> {
    use serde_json::Value;
    Ok(match value {
        Value::Null => Param::Null,
        Value::Bool(b) => Param::Bool(*b),
        Value::String(text) => Param::Text(text.clone()),
        Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(whole), _) => Param::Whole(whole),
            (None, Some(number)) if n.is_f64() => Param::Number(number),
            _ => return Err(no::constant()),
        },
        Value::Array(_) | Value::Object(_) => {
            return Err(no::arguments(
                "a parameter",
                "a number, a text, true, false or null",
            ));
        }
    })
}

/// The literal of a value. Negative numbers stand in brackets, so that a minus before the place does not begin a comment.
fn literal(value: &Param) -> Result<String, Refusal> {
    Ok(match value {
        Param::Null => "NULL".to_owned(),
        Param::Bool(true) => "TRUE".to_owned(),
        Param::Bool(false) => "FALSE".to_owned(),
        Param::Whole(n) if *n < 0 => format!("({n})"),
        Param::Whole(n) => n.to_string(),
        Param::Number(x) if !x.is_finite() => return Err(no::constant()),
        Param::Number(x) if x.is_sign_negative() => format!("({x:?})"),
        Param::Number(x) => format!("{x:?}"),
        Param::Text(text) => {
            if text.len() > limits::TEXT_BYTES {
                return Err(no::too_long(
                    "bytes in one parameter",
                    text.len(),
                    limits::TEXT_BYTES,
                ));
            }
            format!("'{}'", text.replace('\'', "''"))
        }
        Param::Date(day) => {
            let text = dates::iso(*day);
            if text.len() != 10 {
                return Err(no::constant());
            }
            format!("DATE '{text}'")
        }
    })
}

fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, Refusal> {
    if sql.len() > limits::SQL_BYTES {
        return Err(no::too_long("bytes", sql.len(), limits::SQL_BYTES));
    }
    let found = Tokenizer::new(&PostgreSqlDialect {}, sql)
        .tokenize_with_location()
        .map_err(|e| no::unreadable(e.location.line, e.location.column))?;
    if found.len() > limits::SQL_TOKENS {
        return Err(no::too_long(
            "words and signs",
            found.len(),
            limits::SQL_TOKENS,
        ));
    }
    Ok(found)
}

/// The text of an operator that may have a `?` in it.
fn operator(token: &Token) -> Option<&str> {
    match token {
        Token::CustomBinaryOperator(text) => Some(text),
        Token::Question => Some("?"),
        Token::QuestionPipe => Some("?|"),
        Token::QuestionAnd => Some("?&"),
        Token::QuestionMarkDash => Some("?-"),
        Token::QuestionMarkDashVerticalBar => Some("?-|"),
        Token::QuestionMarkDoubleVerticalBar => Some("?||"),
        Token::QuestionMarkSharp => Some("?#"),
        _ => None,
    }
}

/// Tokens without spaces and comments.
fn solid(tokens: Vec<TokenWithSpan>) -> impl Iterator<Item = Token> {
    tokens
        .into_iter()
        .map(|t| t.token)
        .filter(|t| !matches!(t, Token::Whitespace(_)))
}

/// `$n` as a number from 1.
fn number(name: &str) -> Result<usize, Refusal> {
    name.strip_prefix('$')
        .filter(|digits| digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .filter(|n| (1..=PARAMETERS).contains(n))
        .ok_or_else(|| {
            no::arguments(
                "a prepared question",
                &format!("? or $1 to ${PARAMETERS} as places for values"),
            )
        })
}

/// Goes through a text from place to place (lines and columns from 1, in characters), each byte once.
struct Ruler<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    column: u64,
}

impl<'a> Ruler<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            column: 1,
        }
    }

    /// Where a place is in the text; it is not before the last one asked for.
    fn offset(&mut self, place: Location) -> Result<usize, Refusal> {
        let rest = self.text.get(self.at..).ok_or_else(unplaced)?;
        for c in rest.chars() {
            if (self.line, self.column) == (place.line, place.column) {
                return Ok(self.at);
            }
            if c == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
            self.at += c.len_utf8();
        }
        Err(unplaced())
    }
}

fn unplaced() -> Refusal {
    no::arguments(
        "a prepared question",
        "? or $1 as places for values, with spaces around them",
    )
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
