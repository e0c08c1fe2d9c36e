//! Small builders for the syntax tree that leaves the gate. Every name is quoted, so that the planner takes it as it is.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, DuplicateTreatment, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentList, FunctionArguments, GroupByExpr, Ident, ObjectName,
    Query, Select, SelectFlavor, SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins,
    Value, ValueWithSpan,
};
use datafusion::sql::sqlparser::tokenizer::Span;

/// A quoted name.
pub(crate) fn ident(name: &str) -> Ident {
    Ident {
        value: name.to_owned(),
        quote_style: Some('"'),
        span: Span::empty(),
    }
}

/// A column by its bare name.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Identifier(ident(name))
}

/// A column of a relation.
pub(crate) fn column_of(relation: &str, name: &str) -> Expr {
    Expr::CompoundIdentifier(vec![ident(relation), ident(name)])
}

/// A literal.
pub(crate) fn value(value: Value) -> Expr {
    Expr::Value(ValueWithSpan {
        value,
        span: Span::empty(),
    })
}

/// A whole number.
pub(crate) fn number(n: i64) -> Expr {
    value(Value::Number(n.to_string(), false))
}

/// A text.
pub(crate) fn text(s: &str) -> Expr {
    value(Value::SingleQuotedString(s.to_owned()))
}

/// `left op right`, in brackets of its own.
pub(crate) fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }))
}

/// `TRY_CAST(expr AS data_type)`: null where the value does not fit, never an error.
pub(crate) fn try_cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::TryCast,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

/// A call, with `DISTINCT` and `FILTER` if given.
pub(crate) fn call_with(
    name: &str,
    args: Vec<Expr>,
    distinct: bool,
    filter: Option<Expr>,
) -> Function {
    Function {
        name: ObjectName::from(ident(name)),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: distinct.then_some(DuplicateTreatment::Distinct),
            args: args
                .into_iter()
                .map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)))
                .collect(),
            clauses: Vec::new(),
        }),
        filter: filter.map(Box::new),
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

/// A plain call.
pub(crate) fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Function(call_with(name, args, false, None))
}

/// `expr AS alias`.
pub(crate) fn item(expr: Expr, alias: &str) -> SelectItem {
    SelectItem::ExprWithAlias {
        expr,
        alias: ident(alias),
    }
}

/// `name AS alias` in FROM.
pub(crate) fn table(name: &str, alias: &str) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(ident(name)),
        alias: Some(table_alias(alias)),
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}

/// `(query) AS alias` in FROM.
pub(crate) fn derived(query: Query, alias: &str) -> TableFactor {
    TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query),
        alias: Some(table_alias(alias)),
        sample: None,
    }
}

/// `AS name`.
pub(crate) fn table_alias(name: &str) -> TableAlias {
    TableAlias {
        explicit: true,
        name: ident(name),
        columns: Vec::new(),
        at: None,
    }
}

/// A SELECT with only the clauses that the gate lets through.
pub(crate) fn select(
    projection: Vec<SelectItem>,
    from: Vec<TableWithJoins>,
    selection: Option<Expr>,
) -> Select {
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from,
        lateral_views: Vec::new(),
        prewhere: None,
        selection,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}

/// A query around a body.
pub(crate) fn query(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

/// `CASE WHEN value IS NOT NULL THEN 1 END`.
pub(crate) fn one_if_known(value: Expr) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition: Expr::IsNotNull(Box::new(value)),
            result: number(1),
        }],
        else_result: None,
    }
}
