//! Random questions for the tests of [`super::persons`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use super::persons_tests::{PEOPLE, TOWN};

/// Draws parts of a question from a list of numbers.
pub(super) struct Draw {
    pub(super) numbers: Vec<u32>,
    pub(super) at: usize,
}

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        let number =
            self.numbers[self.at % self.numbers.len()] as usize + self.at / self.numbers.len();
        self.at += 1;
        number % n
    }

    fn literal(&mut self) -> String {
        match self.below(6) {
            0 => TOWN.key.pseudonym(999),
            1 => "note 1".to_owned(),
            2 => String::new(),
            _ => TOWN.key.pseudonym(self.below(PEOPLE as usize) as u32),
        }
    }

    /// Something that gives (eid, num, note).
    fn source(&mut self, depth: usize) -> String {
        let n = if depth == 0 { 2 } else { 17 };
        match self.below(n) {
            0 => "main".to_owned(),
            1 => "gp".to_owned(),
            2 => format!(
                "(SELECT eid, num, note FROM {} x WHERE {})",
                self.source(depth - 1),
                self.predicate("x", depth - 1)
            ),
            3 => format!(
                "(SELECT eid, num, note FROM {} x UNION ALL SELECT eid, num, note FROM {} y)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            4 => format!(
                "(SELECT eid, num, note FROM {} x UNION SELECT note AS eid, num, eid AS note FROM {} y)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            5 => format!(
                "(SELECT DISTINCT eid, num, eid AS note FROM {} x)",
                self.source(depth - 1)
            ),
            6 => format!(
                "(SELECT x.eid, max(y.num) AS num, min(y.eid) AS note FROM {} x LEFT JOIN {} y ON x.eid = y.eid GROUP BY x.eid)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            7 => format!(
                "(SELECT eid, num, note FROM {} x ORDER BY {} LIMIT 7)",
                self.source(depth - 1),
                ["eid", "num, eid DESC", "lower(eid)", "num"][self.below(4)]
            ),
            8 => format!(
                "(SELECT eid, rank() OVER (PARTITION BY eid ORDER BY num, note) AS num, note FROM {} x)",
                self.source(depth - 1)
            ),
            9 => format!(
                "(SELECT y.eid AS eid, x.num AS num, x.eid AS note FROM {} x FULL JOIN {} y ON x.eid = y.eid AND x.num > 2)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            10 => format!(
                "(SELECT eid, num, note FROM {} x EXCEPT SELECT eid, num, note FROM {} y)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            11 => format!(
                "(SELECT lower(eid) AS eid, num, eid AS note FROM {} x)",
                self.source(depth - 1)
            ),
            12 => format!(
                "(SELECT x.eid AS eid, count(DISTINCT y.eid) AS num, max(y.note) AS note FROM {} x JOIN {} y ON x.num = y.num GROUP BY x.eid)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            13 => format!(
                "(SELECT eid, row_number() OVER (PARTITION BY eid ORDER BY num) AS num, lag(eid) OVER (ORDER BY num, note) AS note FROM {} x)",
                self.source(depth - 1)
            ),
            14 => format!(
                "(SELECT eid, ntile(3) OVER (PARTITION BY num ORDER BY note DESC) AS num, note FROM {} x)",
                self.source(depth - 1)
            ),
            15 => format!(
                "(SELECT eid, count(*) AS num, max(eid) AS note FROM {} x GROUP BY 1)",
                self.source(depth - 1)
            ),
            _ => format!(
                "(SELECT coalesce(x.eid, y.eid) AS eid, y.num AS num, y.eid AS note FROM {} x RIGHT JOIN {} y ON x.eid = y.note)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
        }
    }

    fn predicate(&mut self, t: &str, depth: usize) -> String {
        let n = if depth == 0 { 15 } else { 22 };
        match self.below(n) {
            0 | 1 => format!("{t}.eid = '{}'", self.literal()),
            2 => format!("{t}.eid <> '{}'", self.literal()),
            3 => format!(
                "{t}.eid IN ('{}', '{}', '{}', '{}')",
                self.literal(),
                self.literal(),
                self.literal(),
                self.literal()
            ),
            4 => format!(
                "{t}.eid NOT IN ('{}', '{}')",
                self.literal(),
                self.literal()
            ),
            5 => format!("{t}.eid IS NULL"),
            6 => format!("{t}.eid < '{}'", self.literal()),
            7 => format!("{t}.eid LIKE '{}%'", ["0", "1", "5", "7"][self.below(4)]),
            8 => format!("{t}.eid = {t}.note"),
            9 => format!("{t}.eid BETWEEN '1' AND '{}'", self.literal()),
            10 => format!("coalesce({t}.eid, 'x') = '{}'", self.literal()),
            11 => format!("{t}.eid IS DISTINCT FROM '{}'", self.literal()),
            12 => format!(
                "CASE WHEN {t}.eid = '{}' THEN 1 ELSE {t}.num END >= 1",
                self.literal()
            ),
            13 => format!("{t}.eid IN ('{}', {t}.note)", self.literal()),
            14 => format!("{t}.num > 2"),
            15 => format!("{t}.eid IN (SELECT eid FROM {} q)", self.source(depth - 1)),
            16 => format!(
                "{t}.eid NOT IN (SELECT note FROM {} q WHERE note IS NOT NULL)",
                self.source(depth - 1)
            ),
            17 => format!(
                "EXISTS (SELECT 1 FROM {} q WHERE q.eid = {t}.eid)",
                self.source(depth - 1)
            ),
            18 => format!(
                "{t}.eid = (SELECT max(eid) FROM {} q)",
                self.source(depth - 1)
            ),
            19 => format!(
                "({}) OR ({})",
                self.predicate(t, depth - 1),
                self.predicate(t, depth - 1)
            ),
            20 => format!("NOT ({})", self.predicate(t, depth - 1)),
            _ => format!(
                "({}) AND ({})",
                self.predicate(t, depth - 1),
                self.predicate(t, depth - 1)
            ),
        }
    }

    pub(super) fn question(&mut self) -> String {
        let (s, u, p) = (self.source(2), self.source(1), self.predicate("x", 1));
        match self.below(14) {
            0 => format!("SELECT * FROM {s} x WHERE {p}"),
            1 => format!(
                "SELECT x.eid, count(*) AS n, count(DISTINCT y.eid) AS d, min(y.note) AS m FROM {s} x JOIN {u} y ON x.eid = y.eid WHERE {p} GROUP BY x.eid"
            ),
            2 => format!(
                "SELECT num, count(DISTINCT eid) AS n, count(eid) AS c, max(eid) AS m FROM {s} x GROUP BY num HAVING count(DISTINCT eid) > 1 ORDER BY n DESC, num"
            ),
            3 => format!("SELECT count(DISTINCT eid) AS n FROM {s} x WHERE {p}"),
            4 => format!("SELECT num, count(DISTINCT eid) AS n FROM {s} x GROUP BY num"),
            5 => format!(
                "SELECT x.eid, x.note, dense_rank() OVER (PARTITION BY x.num ORDER BY x.eid) AS r FROM {s} x WHERE {p}"
            ),
            6 => format!("SELECT eid FROM {s} x WHERE {p} UNION SELECT note FROM {u} y"),
            7 => format!(
                "SELECT x.eid AS a, y.eid AS b FROM {s} x JOIN {u} y ON x.eid = y.note WHERE {p}"
            ),
            8 => format!(
                "SELECT x.eid = '{}' AS q, count(*) AS n FROM {s} x GROUP BY 1",
                self.literal()
            ),
            9 => format!("SELECT eid, num FROM {s} x LIMIT 3"),
            10 => format!("SELECT num, eid FROM {s} x WHERE {p} ORDER BY eid DESC, num LIMIT 5"),
            11 => format!(
                "SELECT count(DISTINCT CASE WHEN {p} THEN x.eid END) AS n, count(DISTINCT eid) FILTER (WHERE num > 1) AS k FROM {s} x"
            ),
            12 => format!(
                "WITH c AS (SELECT eid, num FROM {s} x WHERE {p}) SELECT a.eid, b.num, count(*) OVER (PARTITION BY a.eid) AS n FROM c a LEFT JOIN c b ON a.eid = b.eid AND a.num < b.num"
            ),
            _ => format!("SELECT x.eid FROM {s} x, {u} y WHERE x.eid = y.eid AND ({p}) ORDER BY 1"),
        }
    }
}
