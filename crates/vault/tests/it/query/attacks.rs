//! Attacks on aggregate mode, each tried in many forms: nothing about fewer than ten people may come out, and no error may
//! tell whether a value exists. (Numbers in brackets are those of the threat model's list of attacks.)

use governance::Mode;

use super::town::{Release, code, nobody, town};

/// Asks, and checks that no row comes out.
fn nothing(release: &Release, sql: &str) {
    match release.ask(Mode::Aggregate, sql, &nobody()) {
        Ok(answer) => {
            let table = answer.table();
            let shown = table.iter().flatten().flatten().count();
            assert_eq!(shown, 0, "{sql}\nshows {table:?}");
        }
        other => assert!(
            !code(&other).starts_with("fault"),
            "{sql}\n{}",
            code(&other)
        ),
    }
}

/// One person by a predicate, in every place where a predicate can stand.
#[test]
fn one_person_by_predicate() {
    let release = town();
    // p4080 = 107 is person 7 alone; p4080 < 109 are nine people
    for p in [
        "p4080 = 107",
        "p4080 < 109",
        "p20400 = 3",
        "p53 = DATE '2006-01-08'",
        "p54 = 'Hull'",
        "false",
    ] {
        for sql in [
            format!("SELECT count(*) FROM main WHERE {p}"),
            format!("SELECT count(*) FILTER (WHERE {p}) FROM main"),
            format!("SELECT count(CASE WHEN {p} THEN 1 END) FROM main"),
            format!("SELECT count(DISTINCT eid) FILTER (WHERE {p}) FROM main"),
            format!("SELECT avg(p4080) FILTER (WHERE {p}) FROM main"),
            format!("SELECT sum(p4080) FROM main WHERE {p}"),
            format!("SELECT 0 + count(*) FROM main WHERE {p} HAVING count(*) >= 0"),
            format!("SELECT count(*) FROM (SELECT eid FROM main WHERE {p}) d"),
            format!(
                "WITH c AS (SELECT eid FROM main WHERE {p}) SELECT count(*) FROM main JOIN c USING (eid)"
            ),
            format!(
                "SELECT count(*) FROM gp_clinical WHERE eid IN (SELECT eid FROM main WHERE {p})"
            ),
            format!(
                "SELECT count(d.p4080) FROM main m LEFT JOIN (SELECT eid, p4080 FROM main WHERE {p}) d USING (eid)"
            ),
        ] {
            nothing(&release, &sql);
        }
    }
}

/// (10) The masked mean: a value made nought for everybody but one.
#[test]
fn masked_mean() {
    let release = town();
    let mask = "p53 = DATE '2006-01-08'";
    for sql in [
        format!("SELECT sum(CASE WHEN {mask} THEN p4080 ELSE 0 END) FROM main"),
        format!("SELECT sum(p4080 * CAST({mask} AS INT)) FROM main"),
        "SELECT avg(coalesce(nullif(p4080, 1), 0)) FROM main".to_owned(),
        format!(
            "SELECT sum(x) FROM (SELECT eid, CASE WHEN {mask} THEN p4080 ELSE 0 END AS x FROM main) d"
        ),
        format!(
            "SELECT sum(x) FROM (SELECT eid, count(*) FILTER (WHERE {mask}) AS x FROM main GROUP BY eid) d"
        ),
        "SELECT sum(x) FROM (SELECT eid, count(p20400) AS x FROM main GROUP BY eid) d".to_owned(),
        format!(
            "SELECT sum(x) FROM (SELECT eid, sum(p4080) FILTER (WHERE {mask}) AS x FROM main GROUP BY eid) d"
        ),
        "SELECT sum(x) FROM (SELECT eid, sum(p4080 * 1) AS x FROM main GROUP BY eid) d".to_owned(),
        "WITH a AS (SELECT eid, p4080 + 0 AS x FROM main), b AS (SELECT eid, max(x) AS y FROM a GROUP BY eid) \
                 SELECT avg(y) FROM b".to_owned(),
    ] {
        nothing(&release, &sql);
    }
}

/// (11) Rows for people: forty events of one person, and rows without a value.
#[test]
fn rows_are_not_people() {
    let release = town();
    nothing(
        &release,
        "SELECT count(*), avg(value1) FROM gp_clinical WHERE read_2 = 'rare'",
    );
    nothing(
        &release,
        "SELECT count(*) FROM gp_clinical a JOIN gp_clinical b ON a.eid = b.eid WHERE a.read_2 = 'rare'",
    );
    // nine of sixty have a value: the row is shown, the numbers about them are not
    let sql = "SELECT avg(p20400) AS a, count(p20400) AS n, sum(p20400) AS s, count(*) AS everybody FROM main";
    let answer = release.ask(Mode::Aggregate, sql, &nobody()).unwrap();
    assert_eq!(answer.to_csv(), "a,n,s,everybody\n,,,60\n");
    assert_eq!(answer.withheld_cells, 3);
}

/// A withheld number must not come out by arithmetic, HAVING, ORDER BY or LIMIT.
#[test]
fn withheld_numbers_are_nowhere() {
    let release = town();
    for sql in [
        "SELECT count(p20400) + 0 FROM main",
        "SELECT count(*) - count(p20400) FROM main",
        "SELECT count(p20400)::text FROM main",
        "SELECT p31 FROM main GROUP BY p31 HAVING count(p20400) = 5",
        "SELECT p31 FROM main GROUP BY p31 HAVING count(p20400) > 0",
        "SELECT p31 FROM main GROUP BY p31 HAVING NOT (count(p20400) > 4)",
        "SELECT CASE WHEN count(p20400) = 9 THEN 'nine' END FROM main",
        "SELECT p54 FROM main WHERE p54 = 'Hull' GROUP BY p54",
        "SELECT p4080, count(*) FROM main GROUP BY p4080 HAVING count(*) = 1",
        "SELECT p4080 FROM main GROUP BY p4080 ORDER BY count(*) LIMIT 1",
    ] {
        nothing(&release, sql);
    }
    // five women and four men have a rare value: neither way round do they decide the order
    let by = |order: &str| {
        let sql = format!("SELECT p31 FROM main GROUP BY p31 ORDER BY {order}");
        release
            .ask(Mode::Aggregate, &sql, &nobody())
            .unwrap()
            .to_csv()
    };
    assert_eq!(by("count(p20400)"), by("count(p20400) DESC"));
}

/// The number of groups left out is itself a count of people, when each is a group of their own.
#[test]
fn the_number_of_withheld_groups_is_not_an_oracle() {
    let release = town();
    let ask = |p: &str| {
        let sql = format!("SELECT p53, count(*) FROM main WHERE {p} GROUP BY p53");
        release
            .ask(Mode::Aggregate, &sql, &nobody())
            .unwrap()
            .withheld_rows
    };
    assert_eq!(ask("p4080 = 107"), None);
    assert_eq!(ask("p4080 < 109"), None);
    assert_eq!(ask("false"), None);
    assert_eq!(ask("p4080 < 114"), Some(13)); // 100 to 113, without 109
}

/// Whether a question fails must not depend on a value: each is asked where the value exists and where it does not.
#[test]
fn errors_are_no_oracle() {
    let release = town();
    for failing in [
        "1 / (p31 - p31)",
        "1 % (p31 - p31)",
        "-9223372036854775807 - 1 - p31 + p31",
        "(0 - 9223372036854775807 - 1 + p31 - p31) / -1",
        "CAST(p54 AS INT)",
        "CAST(p54 AS DATE)",
        "abs(0 - 9223372036854775807 - 1)",
        "power(10, 400)",
        "sqrt(0 - p34)",
        "ln(0)",
        "exp(p34 * 1000)",
        "round(p34 * 1e300 * 1e300, 2)",
        "p34 * 9223372036854775807",
        "split_part(p54, 'e', 4000)",
        "left(p54, 0)",
        "CAST(p34 * 1e300 AS BIGINT)",
        "length(CAST(p53 AS TEXT))",
        "length(substr(p54, 4000, 4000))",
        "year(p53 + INTERVAL '200 years' + INTERVAL '200 years')",
        "days_between(CAST('9999-12-31' AS DATE) + INTERVAL '200 years', p53)",
        "year(CAST('+262142-12-31' AS DATE) + INTERVAL '200 years')",
        "length(p54 || p54)",
        "CASE WHEN p54 = 5 THEN 1 END",
    ] {
        let outcome = |p: &str| {
            let sql = format!(
                "SELECT count(*) FROM main WHERE CASE WHEN {p} THEN {failing} = 1 ELSE p31 >= 0 END"
            );
            code(&release.ask(Mode::Aggregate, &sql, &nobody()))
        };
        // person 7; nobody; everybody; and where it is decided before a row is read
        let outcomes: Vec<_> = ["p4080 = 107", "p4080 = 7", "p31 >= 0", "false"]
            .map(outcome)
            .into();
        assert!(
            outcomes.windows(2).all(|w| w[0] == w[1]),
            "{failing}: {outcomes:?}"
        );
        assert!(!outcomes[0].starts_with("fault"), "{failing}: {outcomes:?}");
    }
}

/// What was not granted does not exist: the same refusal as for a name that was made up.
#[test]
fn invariant_1_the_ungranted_cannot_be_told_from_the_made_up() {
    let release = town();
    for mode in [Mode::Aggregate, Mode::Enclave] {
        for (ungranted, made_up) in [
            ("SELECT count(*) FROM hesin", "SELECT count(*) FROM h_sin"),
            ("SELECT count(p99) FROM main", "SELECT count(p98) FROM main"),
            (
                "SELECT count(m.p99) FROM main m",
                "SELECT count(m.p98) FROM main m",
            ),
            (
                "SELECT count(*) FROM main WHERE eid IN (SELECT eid FROM hesin)",
                "SELECT count(*) FROM main WHERE eid IN (SELECT eid FROM h_sin)",
            ),
            (
                "SELECT p99 FROM main GROUP BY p99",
                "SELECT p98 FROM main GROUP BY p98",
            ),
        ] {
            let text = |sql: &str| release.ask(mode, sql, &nobody()).unwrap_err().to_string();
            let masked = |sql: &str| text(sql).replace("p99", "p98").replace("hesin", "h_sin");
            assert_eq!(masked(ungranted), masked(made_up), "{mode}");
            assert!(
                text(ungranted).contains("there is no"),
                "{mode} {}",
                text(ungranted)
            );
        }
    }
}

/// No error text holds a value, a path, an index or the engine's words (invariant 4).
#[test]
fn invariant_4_error_texts_hold_nothing_of_the_data() {
    let release = town();
    for sql in [
        "SELECT p31 + p54 FROM main",
        "SELECT sum(p54) FROM main",
        "SELECT p54 FROM main ORDER BY nothing",
        "SELECT count(*) FROM main WHERE p53 > '2006-99-99'",
        "SELECT count(*) FROM main WHERE p31 = 'Leeds'",
        "SELECT regexp_like(p54, '(') FROM main",
        "SELECT p31, p31 FROM main GROUP BY p34",
        "SELECT (SELECT p4080 FROM main) FROM main",
        "SELECT count(*) FROM \"/etc/passwd\"",
        "SELECT count(*) FROM 'main/part-000.parquet'",
        "SELECT count(*) FROM main WHERE",
    ] {
        for mode in [Mode::Aggregate, Mode::Enclave] {
            if let Err(error) = release.ask(mode, sql, &nobody()) {
                let text = error.to_string();
                for leak in [
                    "Leeds",
                    "York",
                    "Hull",
                    "/tmp",
                    ".parquet'",
                    "Arrow",
                    "DataFusion",
                    "Utf8",
                    "Int32",
                    "room.",
                    "__",
                ] {
                    let own = sql.contains(leak);
                    assert!(own || !text.contains(leak), "{sql}\n{text}");
                }
            }
        }
    }
}
