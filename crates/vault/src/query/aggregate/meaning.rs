//! What a question asks for, in words that are the same whenever the same is meant: for comparing answers whose people
//! turn out to be the same (see [`privacy::released::Meaning`]).
//!
//! The words are those of the rewritten question, in which names are spelt in one way. Questions that mean the same in other
//! words may be taken to mean something else; then they are refused where they could have been answered, never the reverse.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, TableFactor, TableWithJoins, Value, With,
};
use privacy::released::Meaning;

/// The parts of a question's meaning.
pub(super) struct Parts<'a> {
    pub(super) from: &'a [TableWithJoins],
    pub(super) selection: Option<&'a Expr>,
    pub(super) with: Option<&'a With>,
    pub(super) keys: &'a [Expr],
    /// For each number, who is behind it; `None` for everybody in the group.
    pub(super) numbers: Vec<Option<&'a Expr>>,
}

impl Parts<'_> {
    pub(super) fn meaning(&self) -> Meaning {
        let names = Names::of(self.from);
        let mut conditions: Vec<String> = Vec::new();
        for relation in self.from {
            conditions.push(names.plain(&format!("from {}", relation.relation)));
            for join in &relation.joins {
                conditions.push(names.plain(&format!("join {}", join.relation)));
                if let JoinOperator::Inner(JoinConstraint::On(on))
                | JoinOperator::Left(JoinConstraint::On(on)) = &join.join_operator
                {
                    conditions.push(names.plain(&format!("on {on}")));
                }
                if matches!(join.join_operator, JoinOperator::Left(_)) {
                    conditions.push(names.plain(&format!("or none of {}", join.relation)));
                }
            }
        }
        conditions.extend(self.with.map(|with| with.to_string()));
        let mut parts = Vec::new();
        if let Some(selection) = self.selection {
            conjuncts(selection, &mut parts);
        }
        conditions.extend(parts.into_iter().map(|part| names.plain(&label(part))));
        Meaning {
            conditions,
            keys: self
                .keys
                .iter()
                .map(|k| names.plain(&k.to_string()))
                .collect(),
            numbers: self
                .numbers
                .iter()
                .map(|n| n.map_or_else(String::new, |n| names.plain(&n.to_string())))
                .collect(),
        }
    }
}

/// The parts of a condition that must all hold.
fn conjuncts<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Nested(inner) => conjuncts(inner, out),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        other => out.push(other),
    }
}

/// A condition; `column = value` as the label of a group key reads.
fn label(part: &Expr) -> String {
    if let Expr::BinaryOp {
        left,
        op: BinaryOperator::Eq,
        right,
    } = part
        && let Expr::Value(value) = right.as_ref()
    {
        let text = match &value.value {
            Value::SingleQuotedString(text) | Value::Number(text, _) => text.clone(),
            other => other.to_string(),
        };
        return format!("{left}={text}");
    }
    part.to_string()
}

/// What tables are called in a question, and what they are.
struct Names(Vec<(String, String)>);

impl Names {
    /// Names of tables that occur once; another name for one of two could mean either.
    fn of(from: &[TableWithJoins]) -> Self {
        let factors = from
            .iter()
            .flat_map(|t| std::iter::once(&t.relation).chain(t.joins.iter().map(|j| &j.relation)));
        let mut found: Vec<(String, String)> = Vec::new();
        for factor in factors {
            if let TableFactor::Table {
                name,
                alias: Some(alias),
                ..
            } = factor
            {
                found.push((alias.name.to_string(), name.to_string()));
            }
        }
        let once = |table: &str| found.iter().filter(|(_, t)| t == table).count() == 1;
        let kept = found
            .iter()
            .filter(|(_, table)| once(table))
            .cloned()
            .collect();
        Self(kept)
    }

    /// A text with tables under their own names.
    fn plain(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (alias, table) in &self.0 {
            out = out
                .replace(&format!("{alias}."), &format!("{table}."))
                .replace(&format!(" AS {alias}"), "")
                .replace(&format!(" {alias}"), &format!(" {table}"));
        }
        out
    }
}
