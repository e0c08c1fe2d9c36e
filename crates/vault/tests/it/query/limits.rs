//! Every question has limits, and running into one is a refusal, not a fault.

use governance::Mode;
use privacy::sdc::{Table, Verdicts};
use vault::query::{Judge, JudgeStop, Named, QueryError, QueryLimits, ask_judged};

use super::town::{code, nobody, town};

/// More combinations than anybody waits for.
const LONG: &str = "SELECT count(*) FROM gp_clinical a, gp_clinical b, gp_clinical c, gp_clinical d, gp_clinical e \
                    WHERE a.value1 + b.value1 + c.value1 + d.value1 + e.value1 < -1";

#[test]
fn each_limit_is_a_refusal() {
    let release = town();
    let fine = QueryLimits::default();
    let ask =
        |sql: &str, limits| code(&release.ask_as("p1", Mode::Enclave, sql, &nobody(), limits));
    assert_eq!(
        ask("SELECT eid FROM main", QueryLimits { rows: 59, ..fine }),
        "answer-too-large"
    );
    assert_eq!(
        ask("SELECT eid FROM main", QueryLimits { rows: 60, ..fine }),
        "answered"
    );
    assert_eq!(
        ask(
            "SELECT eid FROM main",
            QueryLimits {
                bytes: 60 * 26 - 1,
                ..fine
            }
        ),
        "answer-too-large"
    );
    assert_eq!(
        ask("SELECT eid FROM main", QueryLimits { seconds: 0, ..fine }),
        "out-of-time"
    );
    assert_eq!(
        // memory enough that time runs out first
        ask(
            LONG,
            QueryLimits {
                seconds: 1,
                memory: 1 << 40,
                ..fine
            }
        ),
        "out-of-time"
    );
    assert_eq!(
        ask(
            "SELECT eid, p53, count(*) FROM main GROUP BY 1, 2",
            QueryLimits {
                memory: 1_000,
                ..fine
            }
        ),
        "out-of-memory"
    );
}

/// Whoever waits for a long question is told how far its reading is, in steps too coarse to count rows by.
#[test]
fn a_long_question_says_how_far_it_is() {
    #[derive(Default)]
    struct Listens(Vec<f64>);
    impl Judge for Listens {
        fn progress(&mut self, share: f64) {
            self.0.push(share);
        }

        fn judge(&mut self, _: Table, _: Named) -> Result<Verdicts, JudgeStop> {
            Err(JudgeStop::Fault("rows are not judged".to_owned()))
        }
    }
    let release = town();
    let limits = QueryLimits {
        seconds: 2,
        memory: 1 << 40,
        ..QueryLimits::default()
    };
    let mut listens = Listens::default();
    let question = release.question("p1", Mode::Enclave, LONG, &nobody(), limits);
    let done = ask_judged(question, &mut listens);
    assert_eq!(code(&done), "out-of-time");
    let told = listens.0;
    assert!(told.len() >= 2, "{told:?}");
    assert!(told.iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(told.iter().all(|share| (share * 20.0).fract() == 0.0));
    // everything is read, and what goes on is the joining
    assert!(told.last().unwrap() > &0.0, "{told:?}");
}

#[test]
fn size_and_depth_of_the_text() {
    let release = town();
    let ask = |sql: &str| code(&release.ask(Mode::Aggregate, sql, &nobody()));
    let long = format!(
        "SELECT count(*) FROM main WHERE p54 = '{}'",
        "x".repeat(70_000)
    );
    assert_eq!(ask(&long), "question-too-long");
    let deep = format!(
        "SELECT count(*) FROM main WHERE {}p31 = 1{}",
        "(".repeat(300),
        ")".repeat(300)
    );
    assert_eq!(ask(&deep), "question-too-long");
    let chain = format!(
        "SELECT count(*) FROM main WHERE p31 = 1{}",
        " OR p31 = 1".repeat(3_000)
    );
    assert_eq!(ask(&chain), "question-too-long");
    let chain = format!(
        "SELECT count(*) FROM main WHERE p31 = 1{}",
        " OR p31 = 1".repeat(400)
    );
    assert_eq!(ask(&chain), "answered");
    let minus = format!(
        "SELECT count(*) FROM main WHERE p31 = {}1",
        "- ".repeat(20_000)
    );
    assert_eq!(ask(&minus), "question-too-long");
    let list = format!(
        "SELECT count(*) FROM main WHERE p31 IN (1{})",
        ", 1".repeat(5_000)
    );
    assert_eq!(ask(&list), "answered");
}

/// `a || a` in nested subqueries would double each time: 2^40 bytes. What is small enough to be planned stays small.
#[test]
fn text_does_not_grow_without_end() {
    let release = town();
    let doubled = |levels: usize| {
        let mut sql = "WITH l0 AS (SELECT p54 AS t FROM main)".to_owned();
        for level in 1..=levels {
            sql.push_str(&format!(
                ", l{level} AS (SELECT t || t AS t FROM l{})",
                level - 1
            ));
        }
        sql.push_str(&format!(" SELECT max(length(t)) AS n FROM l{levels}"));
        release.ask(Mode::Enclave, &sql, &nobody())
    };
    assert_eq!(code(&doubled(40)), "question-too-long");
    // 5 * 2^12 bytes would be more than a text may have
    let longest = doubled(12).unwrap().table()[0][0].clone();
    assert!(longest.is_none_or(|n| n.parse::<usize>().unwrap() <= 4_096));
}

#[test]
fn a_missing_file_is_a_fault_without_a_path_of_the_machine() {
    let release = town();
    std::fs::remove_file(release.dir.path().join("main/part-001.parquet")).unwrap();
    let error = release
        .ask(Mode::Aggregate, "SELECT count(*) FROM main", &nobody())
        .unwrap_err();
    let QueryError::Fault(text) = error else {
        panic!("expected a fault")
    };
    assert!(
        text.contains("main/part-001.parquet") && !text.contains("/tmp"),
        "{text}"
    );
}

#[test]
fn modes_other_than_aggregate_and_enclave_are_closed() {
    for mode in [Mode::Deny, Mode::Transfer] {
        assert_eq!(
            code(&town().ask(mode, "SELECT count(*) FROM main", &nobody())),
            "mode-closed"
        );
    }
}

/// It may be called from a program that has a runtime of its own.
#[tokio::test]
async fn from_within_a_runtime() {
    let answer = town()
        .ask(Mode::Aggregate, "SELECT count(*) AS n FROM main", &nobody())
        .unwrap();
    assert_eq!(answer.to_csv(), "n\n60\n");
    assert_eq!(
        answer.to_json(),
        "{\"mode\":\"aggregate\",\"columns\":[{\"name\":\"n\",\"kind\":\"integer\"}],\"rows\":[[60]],\
         \"withheld_rows\":null,\"withheld_cells\":0}"
    );
    assert_eq!(answer.plan_sha256.len(), 64);
}
