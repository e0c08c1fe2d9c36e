//! The refusals of the data room, all in one place so that they read alike.
//!
//! Must never: carry text of the engine, a value of the data, or the name of something that was not granted. A name that
//! the question itself spelt out may be repeated, and is repeated whether or not it exists.

use governance::Refusal;

/// Rule: a question is one SELECT and nothing else.
pub(crate) const ONLY_QUESTIONS: &str = "only-questions";
/// Rule: functions and operators are those of the reviewed list.
pub(crate) const REVIEWED_FUNCTIONS: &str = "reviewed-functions";
/// Rule: what is not granted does not exist.
pub(crate) const ONLY_GRANTED: &str = "only-what-is-granted";
/// Rule: in aggregate mode no row is shown and no number of fewer than ten people.
pub(crate) const TEN_PEOPLE: &str = "ten-people";
/// Rule: in aggregate mode every row of a join belongs to one person.
pub(crate) const ONE_PERSON: &str = "one-person-per-row";
/// Rule: every question has limits.
pub(crate) const LIMITS: &str = "limits";

/// Longest stretch of a question's own text that is repeated in a refusal.
const ECHO: usize = 60;

/// What the question spelt, shortened and without control characters.
pub(crate) fn echo(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(ECHO)
        .collect();
    if text.chars().count() > ECHO {
        shown.push('…');
    }
    shown
}

/// The mode lets nothing through, or is not one in which questions are asked.
pub(crate) fn mode_closed(mode: governance::Mode) -> Refusal {
    Refusal::new(
        "mode-closed",
        ONLY_GRANTED,
        format!("questions are asked in aggregate or enclave mode, found {mode}"),
        "ask in a mode that the project's grant includes",
    )
}

/// The text is larger or deeper than any question needs to be.
pub(crate) fn too_long(what: &str, found: usize, limit: usize) -> Refusal {
    Refusal::new(
        "question-too-long",
        LIMITS,
        format!("the question has {found} {what}, the limit is {limit}"),
        "split it into several questions",
    )
}

/// The text is not SQL.
pub(crate) fn unreadable(line: u64, column: u64) -> Refusal {
    let place = if line == 0 {
        "at its end".to_owned()
    } else {
        format!("near line {line}, column {column}")
    };
    Refusal::new(
        "sql-unreadable",
        ONLY_QUESTIONS,
        format!("the question cannot be read as SQL {place}"),
        "check commas, brackets and quotes there; text goes in single quotes",
    )
}

/// Something other than one SELECT.
pub(crate) fn only_select(found: &str) -> Refusal {
    Refusal::new(
        "only-select",
        ONLY_QUESTIONS,
        format!("expected one SELECT, found {found}"),
        "ask one SELECT at a time; nothing can be written, set, explained or read from files here",
    )
}

/// A clause that the data room does not have.
pub(crate) fn clause(what: &str, fix: &str) -> Refusal {
    Refusal::new(
        "clause-not-available",
        ONLY_QUESTIONS,
        format!("{what} is not available in a question"),
        fix.to_owned(),
    )
}

/// A function outside the reviewed list.
pub(crate) fn function(name: &str) -> Refusal {
    Refusal::new(
        "function-not-available",
        REVIEWED_FUNCTIONS,
        format!("there is no function {} in the data room", echo(name)),
        "use one of the reviewed functions listed in docs/reference/questions.md",
    )
}

/// An operator or form of expression outside the reviewed list.
pub(crate) fn expression(what: &str) -> Refusal {
    Refusal::new(
        "expression-not-available",
        REVIEWED_FUNCTIONS,
        format!("{what} is not available in the data room"),
        "use comparison, arithmetic, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, CASE, CAST or a reviewed function",
    )
}

/// A reviewed function with arguments it does not take.
pub(crate) fn arguments(name: &str, expected: &str) -> Refusal {
    Refusal::new(
        "arguments-not-available",
        REVIEWED_FUNCTIONS,
        format!("{name} takes {expected}"),
        "write its arguments so; where a constant is asked for, a column will not do",
    )
}

/// A regular expression that does not compile, or compiles to something too large.
pub(crate) fn pattern(found: &str) -> Refusal {
    Refusal::new(
        "pattern-not-usable",
        REVIEWED_FUNCTIONS,
        format!(
            "the pattern {} is not a regular expression, or becomes too large a one",
            echo(found)
        ),
        "close its brackets, write backslashes before signs that are meant literally, and repeat less: {1,20} instead of {1,1000}",
    )
}

/// A window function whose result depends on the order in which rows are stored.
pub(crate) fn row_order(called: &str) -> Refusal {
    Refusal::new(
        "window-not-available",
        REVIEWED_FUNCTIONS,
        format!(
            "{} OVER (…) is not available: among rows that are alike its result follows the order in which they are stored",
            echo(called)
        ),
        "use rank(), dense_rank() or percent_rank() OVER (… ORDER BY …), or min and max over a window",
    )
}

/// A question that becomes too large when its parts are written out.
pub(crate) fn expands(what: &str, limit: u64) -> Refusal {
    Refusal::new(
        "question-too-long",
        LIMITS,
        format!(
            "with each use of a WITH part, subquery or calculated column written out, the question has more than {limit} {what}"
        ),
        "use each part once or twice instead of doubling it step by step, or ask in several questions",
    )
}

/// A name that could be mistaken for one of the room's own.
pub(crate) fn name(found: &str) -> Refusal {
    Refusal::new(
        "name-not-allowed",
        ONLY_QUESTIONS,
        format!(
            "the name {} cannot be used: names are plain ASCII, at most 63 characters, and do not begin with two underscores",
            echo(found)
        ),
        "choose another name",
    )
}

/// A name given to two things.
pub(crate) fn name_taken(found: &str) -> Refusal {
    Refusal::new(
        "name-taken",
        ONLY_QUESTIONS,
        format!("the name {} is used for two things", echo(found)),
        "give each table, subquery and WITH part its own name, and none of them the name of another table",
    )
}

/// A table that does not exist in this question's catalogue.
pub(crate) fn unknown_table(found: &str, granted: &[String]) -> Refusal {
    Refusal::new(
        "unknown-table",
        ONLY_GRANTED,
        format!("there is no table {}", echo(found)),
        format!("use one of: {}", granted.join(", ")),
    )
}

/// A column that does not exist in this question's catalogue. `near` are granted names that look alike.
pub(crate) fn unknown_column(found: &str, near: &[String]) -> Refusal {
    let fix = if near.is_empty() {
        "see the columns with SELECT * FROM the table LIMIT 1 in enclave mode, or ask the custodian; a column that is not granted does not exist here"
            .to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    Refusal::new(
        "unknown-column",
        ONLY_GRANTED,
        format!("there is no column {}", echo(found)),
        fix,
    )
}

/// A column name that fits several tables.
pub(crate) fn ambiguous(found: &str) -> Refusal {
    Refusal::new(
        "ambiguous-column",
        ONLY_QUESTIONS,
        format!(
            "the column {} exists in more than one of the tables",
            echo(found)
        ),
        "write it with its table, as in m.p31",
    )
}

/// Rows, or a value of one person, would be seen in aggregate mode.
pub(crate) fn rows_not_shown(what: &str) -> Refusal {
    Refusal::new(
        "rows-not-shown",
        TEN_PEOPLE,
        format!("{what}, and in aggregate mode no row is shown"),
        "count or summarise: SELECT p31, count(*) FROM main GROUP BY p31",
    )
}

/// The participant column outside the places where it discloses nothing.
pub(crate) fn eid(found: &str) -> Refusal {
    Refusal::new(
        "eid-not-shown",
        TEN_PEOPLE,
        format!(
            "eid is used in {}, and in aggregate mode nobody is picked out",
            echo(found)
        ),
        "use eid only to join (ON a.eid = b.eid), in eid IN (SELECT eid …), in GROUP BY of a subquery, in eid IS NULL and in count(DISTINCT eid)",
    )
}

/// An aggregate that can be one person's value.
pub(crate) fn aggregate(name: &str, reason: &str, fix: &str) -> Refusal {
    Refusal::new(
        "aggregate-not-available",
        TEN_PEOPLE,
        format!("{name} is not available in aggregate mode: {reason}"),
        fix.to_owned(),
    )
}

/// An aggregate that is on nobody's list, in any mode.
pub(crate) fn known_aggregate(name: &str) -> Refusal {
    Refusal::new(
        "aggregate-not-available",
        REVIEWED_FUNCTIONS,
        format!(
            "{name} is not available: it lists values, or its result depends on the order of rows"
        ),
        "use count, sum, avg, stddev or variance; in enclave mode also min, max and median",
    )
}

/// A sum over something that can be made nothing for all but one person.
pub(crate) fn made_up_sum(name: &str) -> Refusal {
    Refusal::new(
        "sum-of-expression",
        TEN_PEOPLE,
        format!(
            "{name} takes a plain column in aggregate mode: a calculated one can be nought for all but one person"
        ),
        format!("write {name}(column) FILTER (WHERE condition) instead of a calculation inside it"),
    )
}

/// A join in which a row could belong to several people.
pub(crate) fn join(what: &str) -> Refusal {
    Refusal::new(
        "join-not-by-person",
        ONE_PERSON,
        what.to_owned(),
        "join with JOIN or LEFT JOIN … ON a.eid = b.eid, conditions added with AND, or USING (eid)",
    )
}

/// A subquery of a kind that aggregate mode does not have.
pub(crate) fn subquery(what: &str, fix: &str) -> Refusal {
    Refusal::new(
        "subquery-not-available",
        ONE_PERSON,
        format!("{what} is not available in aggregate mode"),
        fix.to_owned(),
    )
}

/// A constant that is not of the type that its place needs.
pub(crate) fn constant() -> Refusal {
    Refusal::new(
        "constant-does-not-fit",
        ONLY_QUESTIONS,
        "a constant does not fit the type it is compared with or cast to",
        "write dates as '2010-01-31' and numbers without quotes",
    )
}

/// The question is SQL, but its parts do not fit together.
pub(crate) fn does_not_fit() -> Refusal {
    Refusal::new(
        "question-does-not-fit",
        ONLY_QUESTIONS,
        "the parts of the question do not fit together: most often a text is compared with a number, a column is neither grouped nor aggregated, or two columns of a subquery have one name",
        "check the types of the columns in the catalogue and give each column of a subquery its own name",
    )
}

/// More columns than one answer may have.
pub(crate) fn too_many_columns(found: usize, limit: usize) -> Refusal {
    Refusal::new(
        "too-many-columns",
        LIMITS,
        format!("the question asks for {found} columns, the limit is {limit}"),
        "name the columns you need instead of *",
    )
}

/// The answer, or what leads to it, is larger than the limits allow.
pub(crate) fn too_large(what: &str, limit: u64) -> Refusal {
    Refusal::new(
        "answer-too-large",
        LIMITS,
        format!("the answer has more than {limit} {what}"),
        "group more coarsely, add a condition, or add LIMIT",
    )
}

/// The question needs more memory than one question may have.
pub(crate) fn out_of_memory() -> Refusal {
    Refusal::new(
        "out-of-memory",
        LIMITS,
        "the question needs more memory than one question may have",
        "group more coarsely, or ask about fewer columns or fewer people at a time",
    )
}

/// The kernel ended the question's process at a limit.
pub(crate) fn worker_ended() -> Refusal {
    Refusal::new(
        "out-of-memory",
        LIMITS,
        "the question was ended at the limits of its process: it needs more memory or processor time than one question may have",
        "group more coarsely, or ask about fewer columns or fewer people at a time",
    )
}

/// The question takes longer than one question may take.
pub(crate) fn out_of_time(seconds: u64) -> Refusal {
    Refusal::new(
        "out-of-time",
        LIMITS,
        format!("the question takes more than {seconds} seconds"),
        "add a condition, or ask in parts",
    )
}

/// Dates added to or subtracted from one another.
pub(crate) fn date_arithmetic() -> Refusal {
    Refusal::new(
        "date-arithmetic",
        REVIEWED_FUNCTIONS,
        "+ and - are not available between dates and numbers",
        "write days_between(earlier, later), or add a constant: event_dt + INTERVAL '30 days'",
    )
}
