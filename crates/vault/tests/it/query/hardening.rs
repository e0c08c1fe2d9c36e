//! What a red team found, each as it was tried: patterns that fail on a row, windows that show the order in which rows are
//! stored, questions that grow when they are planned, and numbers that differ by few people.

use std::time::{Duration, Instant};

use arrow::array::UInt32Array;
use arrow::compute::take;
use governance::Mode;

use super::town::{Release, TestTable, code, nobody, tables, town};

const BOTH: [Mode; 2] = [Mode::Aggregate, Mode::Enclave];

/// A1: a pattern is the question's own, so whether it can be used is decided before a row is read.
#[test]
fn patterns_are_decided_without_data() {
    let release = town();
    let huge = r"(\w{90}){90}";
    for pattern in [
        "(",
        "[a",
        r"\",
        "(?<n>",
        r"(a)\1",
        "a{1,99999}",
        huge,
        "(?z)a",
    ] {
        for condition in [
            format!("p54 ~ '{pattern}'"),
            format!("p54 !~ '{pattern}'"),
            format!("regexp_like(p54, '{pattern}')"),
        ] {
            // person 7; nobody; everybody; and where it is decided before a row is read
            for p in ["p4080 = 107", "p4080 = 7", "p31 >= 0", "false"] {
                for mode in BOTH {
                    let sql = format!(
                        "SELECT count(*) FROM main WHERE CASE WHEN {p} THEN {condition} ELSE true END"
                    );
                    let found = code(&release.ask(mode, &sql, &nobody()));
                    assert_eq!(found, "pattern-not-usable", "{mode} {sql}");
                }
            }
        }
    }
    for place in [
        "SELECT count(*) FILTER (WHERE p54 ~ '(') FROM main",
        "SELECT count(*) FROM main GROUP BY p54 ~ '('",
        "SELECT count(*) FROM main m JOIN gp_clinical g ON m.eid = g.eid AND g.read_2 ~ '('",
        "WITH a AS (SELECT eid FROM main WHERE p54 ~ '(') SELECT count(*) FROM main",
        "SELECT count(*) FROM main WHERE eid IN (SELECT eid FROM gp_clinical WHERE read_2 ~ '(')",
        "SELECT p54, count(*) FROM main GROUP BY p54 HAVING p54 ~ '('",
        "SELECT p54, count(*) FROM main GROUP BY p54 ORDER BY p54 ~ '('",
    ] {
        for mode in BOTH {
            let found = code(&release.ask(mode, place, &nobody()));
            assert_eq!(found, "pattern-not-usable", "{mode} {place}");
        }
    }
    // other ways to give a pattern do not exist
    for sql in [
        "SELECT count(*) FROM main WHERE p54 ~* '('",
        "SELECT count(*) FROM main WHERE p54 !~* p54",
        "SELECT count(*) FROM main WHERE p54 SIMILAR TO '('",
        "SELECT count(*) FROM main WHERE p54 RLIKE '('",
        "SELECT count(*) FROM main WHERE regexp_replace(p54, '(', '') = ''",
        "SELECT count(*) FROM main WHERE regexp_like(p54, 'l', 'i')",
    ] {
        for mode in BOTH {
            assert!(release.ask(mode, sql, &nobody()).is_err(), "{sql}");
        }
    }
    // usable ones, of the size that code lists have
    for pattern in [r"^[A-Z]\d{2,4}\.?$", r"\w{1,20}", "(?i)leeds|york", ""] {
        let sql = format!("SELECT count(*) FROM main WHERE p54 ~ '{pattern}' OR true");
        assert_eq!(
            code(&release.ask(Mode::Aggregate, &sql, &nobody())),
            "answered",
            "{pattern}"
        );
    }
    let many: String = (0..101).map(|i| format!(" OR p54 ~ 'x{i}'")).collect();
    let sql = format!("SELECT count(*) FROM main WHERE false{many}");
    assert_eq!(
        code(&release.ask(Mode::Aggregate, &sql, &nobody())),
        "question-too-long"
    );
}

/// The same people and values, stored under other indices and so in another order.
fn reshuffled() -> Release {
    let moved: Vec<TestTable> = tables()
        .into_iter()
        .map(|table| {
            let index = |p: u32| (p * 37 + 11) % 60;
            let mut order: Vec<u32> = (0..table.people.len() as u32).rev().collect();
            order.sort_by_key(|row| index(table.people[*row as usize]));
            let rows = UInt32Array::from(order.clone());
            TestTable {
                name: table.name,
                people: order
                    .iter()
                    .map(|row| index(table.people[*row as usize]))
                    .collect(),
                columns: table
                    .columns
                    .iter()
                    .map(|(name, values)| (*name, take(values, &rows, None).unwrap()))
                    .collect(),
            }
        })
        .collect();
    Release::write(&moved, &[20, 40], &nobody())
}

/// A3: `row_number() OVER ()` numbered people alike in every project. What is left does not know the order of storage.
#[test]
fn windows_do_not_know_the_order_of_storage() {
    let (one, other) = (town(), reshuffled());
    let rows = |release: &Release, sql: &str| {
        let answer = release
            .ask(Mode::Enclave, sql, &nobody())
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        let mut rows = answer.table();
        rows.sort();
        rows
    };
    for over in [
        "rank() OVER (ORDER BY p31)",
        "rank() OVER (PARTITION BY p54 ORDER BY p34 DESC)",
        "dense_rank() OVER (ORDER BY p34, p54)",
        "percent_rank() OVER (PARTITION BY p31 ORDER BY p34)",
        "count(*) OVER ()",
        "count(*) OVER (ORDER BY p34)",
        "count(p4080) OVER (PARTITION BY p31 ORDER BY p34)",
        "sum(p4080) OVER (ORDER BY p34)",
        "sum(p4080 / 7.0) OVER (PARTITION BY p31 ORDER BY p34)",
        "avg(p4080 / 7.0) OVER (PARTITION BY p54)",
        "stddev(p4080 / 7.0) OVER (PARTITION BY p54 ORDER BY p34)",
        "var_pop(p4080 / 7.0) OVER (ORDER BY p31)",
        "min(p4080) OVER (PARTITION BY p31 ORDER BY p34)",
        "max(p53) OVER (ORDER BY p34)",
        "bool_or(p4080 > 150) OVER (ORDER BY p34)",
    ] {
        let sql = format!("SELECT p4080, p53, {over} AS w FROM main");
        assert_eq!(rows(&one, &sql), rows(&other, &sql), "{over}");
    }
    let events = "SELECT read_2, value1, sum(value1 / 3) OVER (PARTITION BY m.p31 ORDER BY event_dt) AS w \
                  FROM gp_clinical g JOIN main m ON m.eid = g.eid";
    assert_eq!(rows(&one, events), rows(&other, events));
}

/// What tells rows apart orders them by every other column, people by their pseudonym: within rows that ORDER BY leaves alike the
/// order is the pseudonym's, so that of no other project.
#[test]
fn rows_that_are_alike_are_told_apart_by_pseudonym() {
    let sql = "SELECT row_number() OVER (ORDER BY p31) AS w, eid, p31 FROM main ORDER BY w";
    let rows = town().ask(Mode::Enclave, sql, &nobody()).unwrap().table();
    let mut sorted = rows.clone();
    sorted.sort_by_key(|row| (row[2].clone(), row[1].clone()));
    assert_eq!(rows, sorted);
    // two of them in one SELECT, and of rows without people: the same whatever the order of storage
    let sql = "SELECT a, b, p31 FROM (SELECT p31, row_number() OVER (ORDER BY p31) AS a, \
               row_number() OVER (ORDER BY p31 DESC) AS b FROM (SELECT p31 FROM main) x) y";
    let of = |release: &Release| release.ask(Mode::Enclave, sql, &nobody()).unwrap().table();
    assert_eq!(of(&town()), of(&reshuffled()));
}

#[test]
fn windows_that_know_it_are_refused() {
    let release = town();
    for (over, refusal) in [
        ("row_number() OVER ()", "window-not-available"),
        ("ntile(60) OVER (PARTITION BY p31)", "window-not-available"),
        ("lag(p53) OVER ()", "window-not-available"),
        (
            "first_value(p53) OVER (ORDER BY p31)",
            "aggregate-not-available",
        ),
        (
            "last_value(p53) OVER (ORDER BY p31)",
            "aggregate-not-available",
        ),
        (
            "nth_value(p53, 3) OVER (ORDER BY p31)",
            "aggregate-not-available",
        ),
        (
            "array_agg(p53) OVER (ORDER BY p31)",
            "aggregate-not-available",
        ),
        ("rank() OVER ()", "arguments-not-available"),
        ("rank() OVER (PARTITION BY p31)", "arguments-not-available"),
        ("rank(p31) OVER (ORDER BY p31)", "arguments-not-available"),
        (
            "count(*) OVER (ORDER BY p31 ROWS UNBOUNDED PRECEDING)",
            "arguments-not-available",
        ),
        (
            "sum(p4080) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
            "arguments-not-available",
        ),
        (
            "count(*) OVER (ORDER BY p31 GROUPS 1 PRECEDING)",
            "arguments-not-available",
        ),
        ("cume_dist() OVER (ORDER BY p31)", "function-not-available"),
    ] {
        let sql = format!("SELECT p4080, {over} AS w FROM main");
        let found = code(&release.ask(Mode::Enclave, &sql, &nobody()));
        assert_eq!(found, refusal, "{over}");
    }
}

/// B1: 24 parts that each use the one before twice took 15 GB to plan.
#[test]
fn what_grows_when_written_out_is_refused_at_once() {
    let release = town();
    let chain = |step: &dyn Fn(usize) -> String, first: &str, last: &str, levels: usize| {
        let mut sql = format!("WITH a0 AS ({first})");
        for level in 1..=levels {
            sql.push_str(&format!(", a{level} AS ({})", step(level - 1)));
        }
        format!("{sql} {}", last.replace('#', &levels.to_string()))
    };
    let union = |n| format!("SELECT eid FROM a{n} UNION ALL SELECT eid FROM a{n}");
    let join = |n| format!("SELECT x.eid FROM a{n} x JOIN a{n} y ON x.eid = y.eid");
    let within = |n| format!("SELECT eid FROM a{n} WHERE eid IN (SELECT eid FROM a{n})");
    let sum = |n| format!("SELECT eid, x + x AS x FROM a{n}");
    let star = |n| format!("SELECT * FROM (SELECT eid, x + x AS x FROM a{n}) d");
    let case = |n| format!("SELECT eid, CASE WHEN x > 1 THEN x ELSE -x END AS x FROM a{n}");
    let (eid, x) = ("SELECT eid FROM main", "SELECT eid, p4080 AS x FROM main");
    let (people, mean) = ("SELECT count(*) FROM a#", "SELECT avg(x) FROM a#");
    let largest = "SELECT count(*) FROM a# WHERE x > 1";
    let unused = "SELECT count(*) FROM main";
    let ask = |mode, sql: &str| {
        let start = Instant::now();
        let found = code(&release.ask(mode, sql, &nobody()));
        (found, start.elapsed())
    };
    let refused = |mode, sql: &str| {
        let (found, took) = ask(mode, sql);
        assert_eq!(found, "question-too-long", "{mode} {sql}");
        assert!(took < Duration::from_secs(1), "{took:?} {sql}");
    };
    refused(Mode::Enclave, &chain(&union, eid, people, 24));
    refused(Mode::Enclave, &chain(&union, eid, unused, 24));
    for mode in BOTH {
        refused(mode, &chain(&join, eid, people, 24));
        refused(mode, &chain(&within, eid, people, 24));
        for levels in [22, 45] {
            refused(mode, &chain(&sum, x, largest, levels));
            refused(mode, &chain(&star, x, largest, levels));
            refused(mode, &chain(&case, x, largest, levels));
        }
    }
    refused(Mode::Enclave, &chain(&sum, x, mean, 22));
    // nested instead of named
    let nested = (0..22).fold("main".to_owned(), |inner, n| {
        let x = if n == 0 { "p4080" } else { "x" };
        format!("(SELECT eid, {x} + {x} AS x FROM {inner} AS t) AS d")
            .replace("main AS t", "main")
            .replace("AS d AS t", "AS d")
    });
    for mode in BOTH {
        refused(mode, &format!("SELECT count(*) FROM {nested} WHERE x > 1"));
    }
    // an item of many nodes, written out wherever its number or name stands
    let wide = format!("p31 IN (1{})", ", 1".repeat(4_000));
    let counted = wide.replace("p31 IN", "count(*) IN");
    let times = |what: &str| vec![what; 4_000].join(", ");
    for mode in BOTH {
        for key in ["1", "x"] {
            let keys = times(key);
            refused(
                mode,
                &format!("SELECT {wide} AS x, count(*) FROM main GROUP BY {keys}"),
            );
        }
    }
    for mode in BOTH {
        let uses = times("x");
        refused(
            mode,
            &format!("SELECT {counted} AS x FROM main HAVING true IN ({uses})"),
        );
    }
    // what people ask goes through
    for mode in BOTH {
        for sql in [
            chain(&join, eid, people, 4),
            chain(&within, eid, people, 4),
            chain(&sum, x, largest, 8),
        ] {
            assert_eq!(ask(mode, &sql).0, "answered", "{mode} {sql}");
        }
    }
    assert_eq!(
        ask(Mode::Enclave, &chain(&union, eid, people, 6)).0,
        "answered"
    );
}

/// A4: two numbers of one row whose people differ by one give that one away.
#[test]
fn numbers_of_one_row_are_not_subtracted() {
    let release = town();
    let others = "FILTER (WHERE NOT (p53 = DATE '2006-01-08'))";
    for sql in [
        format!("SELECT sum(p4080) - sum(p4080) {others} FROM main"),
        format!("SELECT count(*) - count(*) {others} FROM main"),
        format!("SELECT count(*) - count(DISTINCT eid) {others} FROM main"),
        format!("SELECT count(*) - count(p31) {others} FROM main"),
        format!("SELECT sum(p4080) - sum((m.p4080)) {others} FROM main m"),
        format!("SELECT avg(p4080) - avg(p4080) {others} FROM main"),
        format!("SELECT sum(p4080) - avg(p4080) {others} FROM main"),
        format!("SELECT stddev(p4080) - stddev(p4080) {others} FROM main"),
        "SELECT sum(m.p4080) - sum(n.p4080) FILTER (WHERE NOT (m.p53 = DATE '2006-01-08')) \
         FROM main m JOIN main n ON m.eid = n.eid"
            .to_owned(),
        "SELECT sum(m.p4080) - sum(d.x) FILTER (WHERE NOT (m.p53 = DATE '2006-01-08')) \
         FROM main m JOIN (SELECT eid, p4080 AS x FROM main) d ON m.eid = d.eid"
            .to_owned(),
        "SELECT count(*) - count(p4080) FROM main".to_owned(),
        format!("SELECT 1 FROM main GROUP BY 1 HAVING count(*) - count(*) {others} = 1"),
    ] {
        let found = release.ask(Mode::Aggregate, &sql, &nobody());
        match found {
            Ok(answer) => {
                assert!(
                    answer.table().iter().flatten().all(Option::is_none),
                    "{sql}"
                );
            }
            other => panic!("{sql} {}", code(&other)),
        }
    }
    // the larger of the two is shown
    let sql = format!("SELECT count(*) AS n, count(*) {others} AS m FROM main");
    let answer = release.ask(Mode::Aggregate, &sql, &nobody()).unwrap();
    assert_eq!(answer.to_csv(), "n,m\n60,\n");
    assert_eq!(answer.withheld_cells, 1);
    // a value that few people lack: another family
    let sql = "SELECT count(*) AS n, avg(p4080) AS x, avg(p31) AS y FROM main";
    let answer = release.ask(Mode::Aggregate, sql, &nobody()).unwrap();
    assert_eq!(answer.withheld_cells, 0);
    assert_eq!(answer.table()[0].iter().flatten().count(), 3);
}
