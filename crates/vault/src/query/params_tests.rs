//! Values of prepared questions, and what they may become.
#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use arrow::array::{
    ArrayRef, Date32Array, Float32Array, Int8Array, NullArray, StringViewArray, UInt64Array,
};
use datafusion::sql::sqlparser::ast::{Expr, SelectItem, SetExpr, Value};
use proptest::prelude::*;
use std::sync::Arc;

fn bound(sql: &str, values: &[Param]) -> String {
    Prepared::read(sql).unwrap().bind(values).unwrap()
}

fn refused(sql: &str, values: &[Param]) -> String {
    let done = Prepared::read(sql).and_then(|p| p.bind(values));
    done.unwrap_err().code.to_string()
}

/// `sql` with one space where there were several, so that the expectations below can be read.
fn one_space(sql: &str) -> String {
    sql.split(' ')
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn values_become_literals_and_the_rest_stays() {
    let text = |t: &str| Param::Text(t.to_owned());
    let all = |sql: &str, values: &[Param]| one_space(&bound(sql, values));
    assert_eq!(
        all(
            "SELECT count(*) -- ? is not a place\nFROM main WHERE p54 = ? AND \"p?\" > ? /* $1 */ AND x = '?'",
            &[text("O'Neill"), Param::Whole(-5)]
        ),
        "SELECT count(*) -- ? is not a place\nFROM main WHERE p54 = 'O''Neill' AND \"p?\" > (-5) /* $1 */ AND x = '?'"
    );
    assert_eq!(
        all("SELECT $2, $1, $2", &[Param::Null, Param::Date(14_610)]),
        "SELECT DATE '2010-01-01' , NULL , DATE '2010-01-01'"
    );
    assert_eq!(
        all("SELECT 'é\u{1F600}' , ?", &[Param::Bool(true)]),
        "SELECT 'é\u{1F600}' , TRUE"
    );
    assert_eq!(bound("SELECT  'a' ", &[]), "SELECT  'a' ");
}

/// The tokenizer takes `<?`, `-?` or `?||` for an operator of PostgreSQL's.
#[test]
fn places_beside_operators() {
    let all = |sql: &str, n: usize| one_space(&bound(sql, &vec![Param::Whole(-2); n]));
    for operator in [
        "-", "+", "*", "/", "%", "<", ">", "<=", ">=", "<>", "=", "||",
    ] {
        assert_eq!(
            all(&format!("SELECT x{operator}?"), 1),
            format!("SELECT x{operator} (-2)")
        );
        assert_eq!(
            all(&format!("SELECT ?{operator}x"), 1),
            format!("SELECT (-2) {operator}x")
        );
    }
    assert_eq!(
        all("SELECT x-?-1,(?),f(?,?)", 4),
        "SELECT x- (-2) -1,( (-2) ),f( (-2) , (-2) )"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(refused("SELECT ?", &[]), "arguments-not-available");
    assert_eq!(
        refused("SELECT 1", &[Param::Null]),
        "arguments-not-available"
    );
    assert_eq!(
        refused("SELECT ?, $1", &[Param::Null]),
        "arguments-not-available"
    );
    assert_eq!(refused("SELECT $0", &[]), "arguments-not-available");
    assert_eq!(refused("SELECT $x", &[]), "arguments-not-available");
    assert_eq!(
        refused("SELECT ?", &[Param::Number(f64::NAN)]),
        "constant-does-not-fit"
    );
    assert_eq!(refused("SELECT 'a", &[]), "sql-unreadable");
    let long = Param::Text("x".repeat(5_000));
    assert_eq!(refused("SELECT ?", &[long]), "question-too-long");
    let many = format!("SELECT {}", vec!["?"; 1_001].join(", "));
    assert_eq!(refused(&many, &[]), "question-too-long");
}

#[test]
fn arrow_and_json_values() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("1", Arc::new(Int8Array::from(vec![-3]))),
        ("2", Arc::new(UInt64Array::from(vec![7]))),
        ("3", Arc::new(Float32Array::from(vec![0.5]))),
        ("4", Arc::new(StringViewArray::from(vec!["x"]))),
        ("5", Arc::new(Date32Array::from(vec![1]))),
        ("6", Arc::new(NullArray::new(1))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    assert_eq!(
        of_batch(&batch).unwrap(),
        [
            Param::Whole(-3),
            Param::Whole(7),
            Param::Number(0.5),
            Param::Text("x".to_owned()),
            Param::Date(1),
            Param::Null
        ]
    );
    assert!(of_batch(&batch.slice(0, 0)).is_err());
    let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    assert!(of_batch(&RecordBatch::try_from_iter([("1", large)]).unwrap()).is_err());
    let json = serde_json::json!([null, true, -3, 0.5, "x"]);
    let values: Vec<Param> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|v| of_json(v).unwrap())
        .collect();
    assert_eq!(values.len(), 5);
    assert!(of_json(&serde_json::json!([1])).is_err());
    assert!(of_json(&serde_json::json!(18_446_744_073_709_551_615_u64)).is_err());
}

/// The text that sqlparser's own printer lets out of its literal.
#[test]
fn a_quote_after_a_backslash_stays_inside() {
    let sql = bound("SELECT ?", &[Param::Text("x\\' OR 1=1 --".to_owned())]);
    assert_eq!(one_space(&sql), "SELECT 'x\\'' OR 1=1 --'");
}

proptest! {
    /// Whatever the text, the question has one select item, which is a literal of this text.
    #[test]
    fn a_text_is_one_literal(text in "([a-z ';\\\\$?\"-]|\\PC){0,40}") {
        let sql = bound("SELECT ?", &[Param::Text(text.clone())]);
        let query = crate::query::sql::text::read(&sql).unwrap();
        let SetExpr::Select(select) = query.body.as_ref() else { panic!("{sql}") };
        let [SelectItem::UnnamedExpr(Expr::Value(value))] = select.projection.as_slice() else { panic!("{sql}") };
        prop_assert_eq!(&value.value, &Value::SingleQuotedString(text));
    }

    #[test]
    fn numbers_read_back(whole: i64, number in proptest::num::f64::NORMAL) {
        let sql = bound("SELECT ?", &[Param::Number(number)]);
        let digits: String = sql.chars().filter(|c| !"()SELCT ".contains(*c)).collect();
        prop_assert_eq!(digits.parse::<f64>().unwrap(), number);
        let sql = bound("SELECT ?", &[Param::Whole(whole)]);
        prop_assert!(sql.contains(&whole.to_string()));
    }
}
