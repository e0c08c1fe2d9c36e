//! The questions that are timed: what epidemiologists ask of linked records, in SQL that our dialect and DuckDB's both
//! read (`year` and `days_between` are macros on DuckDB's side).
//!
//! Each has small answers, so that what is timed is the work and not the printing; each is asked of everybody.

use vault::release::Manifest;

/// Fields of the wide summary.
pub const SUMMARY_FIELDS: usize = 100;
/// The name of the wide summary, which has an aim of its own.
pub const SUMMARY: &str = "summary-100";
/// The name of the question whose withdrawn people are taken out in its own text where no one else takes them out.
pub const WITHDRAWN: &str = "withdrawn";
/// Stands for the participant of the question about one person.
pub const PERSON: &str = "{person}";

/// A question in its spellings.
#[derive(Debug, Clone)]
pub struct Question {
    /// Short name.
    pub name: &'static str,
    /// What it asks, in words.
    pub about: &'static str,
    /// Its text.
    pub sql: String,
    /// Its text where nobody else takes withdrawn people out: the engine without governance, and DuckDB.
    pub ungoverned: Option<String>,
    /// Its text over the release's files as they lie there, where that differs: a template (see [`super::spelling`]).
    pub on_layout: Option<String>,
    /// Its text in aggregate mode; none if that mode has no such question.
    pub aggregate: Option<String>,
}

impl Question {
    fn new(name: &'static str, about: &'static str, sql: impl Into<String>) -> Self {
        let sql = sql.into();
        Self {
            name,
            about,
            aggregate: Some(sql.clone()),
            ungoverned: None,
            on_layout: None,
            sql,
        }
    }

    /// Its own text over the release's files as they lie there.
    fn on_layout(mut self, template: impl Into<String>) -> Self {
        self.on_layout = Some(template.into());
        self
    }

    /// Its own text for aggregate mode.
    fn aggregate(mut self, sql: &str) -> Self {
        self.aggregate = Some(sql.to_owned());
        self
    }

    /// No question for aggregate mode: it shows rows, or one person's value.
    fn rows_only(mut self) -> Self {
        self.aggregate = None;
        self
    }
}

/// All questions, for this release.
pub fn all(manifest: &Manifest) -> Vec<Question> {
    let mut all = events();
    all.extend(linked());
    all.extend(wide(manifest));
    all
}

/// Codes of diabetes in both Read versions: a list as it is published, of which a cohort has some.
const DIABETES_READ2: &str = "'C10..','C100.','C108.','C109.','C10A.','C10C.','C10D.','C10E.','C10E0','C10E1','C10E2',\
    'C10E3','C10E4','C10E5','C10F.','C10F0','C10F1','C10F2','C10F3','C10F4','C10F5','C10F6','C10F7','C10N.'";
const DIABETES_CTV3: &str = "'C10..','X40J4','X40J5','X40J6','X40JA','X40JB','X40JC','X40JG','X40JI','X40JJ','X40JY',\
    'X40JZ','XaELP','XaELQ','XaEnn','XaEno','XaEnp','XaFWI','XaIrf','XaJUI','XaOPt','XaOPu'";

/// Questions of one table of events, alone or beside the people.
fn events() -> Vec<Question> {
    vec![
        Question::new(
            "cohort",
            "cohort by a list of 46 codes: people and events by sex and decade of birth",
            format!(
                "SELECT m.p31 AS sex, m.p34 - m.p34 % 10 AS born, count(DISTINCT g.eid) AS people, count(*) AS events \
                 FROM gp_clinical g JOIN main m ON m.eid = g.eid \
                 WHERE g.read_2 IN ({DIABETES_READ2}) OR g.read_3 IN ({DIABETES_CTV3}) \
                 GROUP BY m.p31, m.p34 - m.p34 % 10"
            ),
        )
        .on_layout(format!(
            "SELECT m.p31 AS sex, m.p34 - m.p34 % 10 AS born, count(DISTINCT g.eid) AS people, count(*) AS events \
             FROM {{by_code gp_clinical}} g JOIN main m ON m.eid = g.eid \
             WHERE {{g:gp_clinical.read_2 IN ({DIABETES_READ2})}} OR {{g:gp_clinical.read_3 IN ({DIABETES_CTV3})}} \
             GROUP BY m.p31, m.p34 - m.p34 % 10"
        )),
        Question::new(
            "incidence",
            "incidence of type 2 diabetes by year, age band and sex",
            "WITH f AS (SELECT eid, min(event_dt) AS d FROM gp_clinical \
             WHERE read_2 LIKE 'C10F%' OR read_3 LIKE 'X40J5%' GROUP BY eid) \
             SELECT year(f.d) AS y, (year(f.d) - m.p34) - (year(f.d) - m.p34) % 10 AS age, m.p31 AS sex, count(*) AS people \
             FROM f JOIN main m ON m.eid = f.eid \
             GROUP BY year(f.d), (year(f.d) - m.p34) - (year(f.d) - m.p34) % 10, m.p31",
        )
        .on_layout(
            "WITH f AS (SELECT eid, min(event_dt) AS d FROM {by_code gp_clinical} \
             WHERE {gp_clinical.read_2 LIKE 'C10F%'} OR {gp_clinical.read_3 LIKE 'X40J5%'} GROUP BY eid) \
             SELECT year(f.d) AS y, (year(f.d) - m.p34) - (year(f.d) - m.p34) % 10 AS age, m.p31 AS sex, count(*) AS people \
             FROM f JOIN main m ON m.eid = f.eid \
             GROUP BY year(f.d), (year(f.d) - m.p34) - (year(f.d) - m.p34) % 10, m.p31",
        ),
        Question::new(
            "first-event",
            "first event of each person, over all GP events, by year",
            "WITH f AS (SELECT eid, min(event_dt) AS d FROM gp_clinical GROUP BY eid) \
             SELECT year(f.d) AS y, count(*) AS people FROM f GROUP BY year(f.d)",
        ),
        Question::new(
            "top-codes",
            "the fifty codes with most distinct people",
            "SELECT read_2, count(DISTINCT eid) AS people, count(*) AS events FROM gp_clinical \
             WHERE read_2 IS NOT NULL GROUP BY read_2 ORDER BY people DESC, events DESC, read_2 LIMIT 50",
        )
        .on_layout(
            // texts are listed in the order of their bytes, so that ordering by number is ordering by text
            "SELECT {value t:gp_clinical.read_2} AS code, t.people, t.events FROM \
             (SELECT read_2, count(DISTINCT eid) AS people, count(*) AS events FROM gp_clinical \
             WHERE read_2 IS NOT NULL GROUP BY read_2 ORDER BY people DESC, events DESC, read_2 LIMIT 50) t \
             {join t:gp_clinical.read_2}",
        ),
        Question {
            on_layout: None,
            name: WITHDRAWN,
            about: "events and distinct people by data provider, without 1,000 withdrawn people",
            sql: "SELECT data_provider, count(*) AS events, count(DISTINCT eid) AS people \
                  FROM gp_clinical GROUP BY data_provider"
                .to_owned(),
            ungoverned: Some(
                "SELECT data_provider, count(*) AS events, count(DISTINCT eid) AS people FROM gp_clinical \
                 WHERE NOT EXISTS (SELECT 1 FROM withdrawn WHERE withdrawn.eid = gp_clinical.eid) \
                 GROUP BY data_provider"
                    .to_owned(),
            ),
            aggregate: Some(
                "SELECT data_provider, count(*) AS events, count(DISTINCT eid) AS people \
                 FROM gp_clinical GROUP BY data_provider"
                    .to_owned(),
            ),
        },
        Question::new(
            "per-year",
            "GP events per year",
            "SELECT year(event_dt) AS y, count(*) AS events FROM gp_clinical GROUP BY year(event_dt)",
        ),
        Question::new(
            "drug-text",
            "prescriptions whose drug is named like a statin, and their people, per year",
            "SELECT year(issue_date) AS y, count(*) AS scripts, count(DISTINCT eid) AS people FROM gp_scripts \
             WHERE drug_name ILIKE '%statin %' GROUP BY year(issue_date)",
        )
        .on_layout(
            "SELECT year(issue_date) AS y, count(*) AS scripts, count(DISTINCT eid) AS people FROM {by_code gp_scripts} \
             WHERE {gp_scripts.drug_name ILIKE '%statin %'} GROUP BY year(issue_date)",
        ),
        Question::new(
            "one-person",
            "all GP events of one participant, by pseudonym",
            format!(
                "SELECT event_dt, data_provider, read_2, read_3, value1 FROM gp_clinical WHERE eid = {PERSON} \
                 ORDER BY event_dt, read_2, read_3, value1"
            ),
        )
        .on_layout(
            "SELECT g.event_dt, g.data_provider, {value g:gp_clinical.read_2} AS a, {value g:gp_clinical.read_3} AS b, \
             {value g:gp_clinical.value1} AS c FROM gp_clinical g {join g:gp_clinical.read_2} {join g:gp_clinical.read_3} \
             {join g:gp_clinical.value1} WHERE g.eid = {person} ORDER BY 1, 3, 4, 5",
        )
        .rows_only(),
    ]
}

/// Questions that link tables by person.
fn linked() -> Vec<Question> {
    vec![
        Question::new(
            "before-diagnosis",
            "lipid medicines in the year before a first heart attack, angina or stroke",
            "WITH dx AS (SELECT eid, min(event_dt) AS d FROM gp_clinical \
             WHERE read_2 IN ('G30..', 'G33..', 'G66..') OR read_3 IN ('X200E', 'XE0Uj', 'X00D1') GROUP BY eid) \
             SELECT m.p31 AS sex, count(DISTINCT dx.eid) AS people, count(*) AS scripts, \
             avg(days_between(s.issue_date, dx.d)) AS days \
             FROM dx JOIN gp_scripts s ON s.eid = dx.eid JOIN main m ON m.eid = dx.eid \
             WHERE (s.bnf_code LIKE '02.12%' OR s.bnf_code LIKE '0212%') \
             AND s.issue_date < dx.d AND s.issue_date >= dx.d - INTERVAL '1 year' GROUP BY m.p31",
        )
        .on_layout(
            "WITH dx AS (SELECT eid, min(event_dt) AS d FROM {by_code gp_clinical} \
             WHERE {gp_clinical.read_2 IN ('G30..', 'G33..', 'G66..')} \
             OR {gp_clinical.read_3 IN ('X200E', 'XE0Uj', 'X00D1')} GROUP BY eid) \
             SELECT m.p31 AS sex, count(DISTINCT dx.eid) AS people, count(*) AS scripts, \
             avg(days_between(s.issue_date, dx.d)) AS days \
             FROM dx JOIN gp_scripts s ON s.eid = dx.eid JOIN main m ON m.eid = dx.eid \
             WHERE ({s:gp_scripts.bnf_code LIKE '02.12%'} OR {s:gp_scripts.bnf_code LIKE '0212%'}) \
             AND s.issue_date < dx.d AND s.issue_date >= dx.d - INTERVAL '1 year' GROUP BY m.p31",
        )
        .aggregate(
            "WITH dx AS (SELECT eid, min(event_dt) AS d FROM gp_clinical \
             WHERE read_2 IN ('G30..', 'G33..', 'G66..') OR read_3 IN ('X200E', 'XE0Uj', 'X00D1') GROUP BY eid) \
             SELECT m.p31 AS sex, count(DISTINCT dx.eid) AS people, count(*) AS scripts \
             FROM dx JOIN gp_scripts s ON s.eid = dx.eid JOIN main m ON m.eid = dx.eid \
             WHERE (s.bnf_code LIKE '02.12%' OR s.bnf_code LIKE '0212%') \
             AND s.issue_date < dx.d AND s.issue_date >= dx.d - INTERVAL '1 year' GROUP BY m.p31",
        ),
        Question::new(
            "hospital-death",
            "first hospital stay with a heart attack, and death within a year, by sex and smoking",
            "WITH f AS (SELECT x.eid, min(h.admidate) AS d FROM hesin_diag x \
             JOIN hesin h ON h.eid = x.eid AND h.ins_index = x.ins_index \
             WHERE x.diag_icd10 LIKE 'I21%' GROUP BY x.eid) \
             SELECT m.p31 AS sex, m.p20116_i0 AS smoking, count(DISTINCT f.eid) AS people, count(DISTINCT d.eid) AS died \
             FROM f JOIN main m ON m.eid = f.eid \
             LEFT JOIN death d ON d.eid = f.eid AND d.date_of_death <= f.d + INTERVAL '1 year' \
             GROUP BY m.p31, m.p20116_i0",
        )
        .on_layout(
            "WITH f AS (SELECT x.eid, min(h.admidate) AS d FROM {by_code hesin_diag} x \
             JOIN hesin h ON h.eid = x.eid AND h.ins_index = x.ins_index \
             WHERE {x:hesin_diag.diag_icd10 LIKE 'I21%'} GROUP BY x.eid) \
             SELECT m.p31 AS sex, m.p20116_i0 AS smoking, count(DISTINCT f.eid) AS people, count(DISTINCT d.eid) AS died \
             FROM f JOIN main m ON m.eid = f.eid \
             LEFT JOIN death d ON d.eid = f.eid AND d.date_of_death <= f.d + INTERVAL '1 year' \
             GROUP BY m.p31, m.p20116_i0",
        ),
        Question::new(
            "person-time",
            "person-years from registration to type 2 diabetes, death or the end of records, by sex and decade of birth",
            "WITH r AS (SELECT eid, min(reg_date) AS d FROM gp_registrations GROUP BY eid), \
             e AS (SELECT eid, min(event_dt) AS d FROM gp_clinical \
             WHERE read_2 LIKE 'C10F%' OR read_3 LIKE 'X40J5%' GROUP BY eid), \
             x AS (SELECT eid, min(date_of_death) AS d FROM death GROUP BY eid) \
             SELECT m.p31 AS sex, m.p34 - m.p34 % 10 AS born, count(*) AS people, count(e.d) AS cases, \
             sum(days_between(r.d, least(coalesce(e.d, DATE '2016-12-31'), coalesce(x.d, DATE '2016-12-31'), \
             DATE '2016-12-31'))) / 365.25 AS years \
             FROM r JOIN main m ON m.eid = r.eid LEFT JOIN e ON e.eid = r.eid LEFT JOIN x ON x.eid = r.eid \
             WHERE r.d < least(coalesce(e.d, DATE '2016-12-31'), coalesce(x.d, DATE '2016-12-31'), DATE '2016-12-31') \
             GROUP BY m.p31, m.p34 - m.p34 % 10",
        )
        .on_layout(
            "WITH r AS (SELECT eid, min(reg_date) AS d FROM gp_registrations GROUP BY eid), \
             e AS (SELECT eid, min(event_dt) AS d FROM {by_code gp_clinical} \
             WHERE {gp_clinical.read_2 LIKE 'C10F%'} OR {gp_clinical.read_3 LIKE 'X40J5%'} GROUP BY eid), \
             x AS (SELECT eid, min(date_of_death) AS d FROM death GROUP BY eid) \
             SELECT m.p31 AS sex, m.p34 - m.p34 % 10 AS born, count(*) AS people, count(e.d) AS cases, \
             sum(days_between(r.d, least(coalesce(e.d, DATE '2016-12-31'), coalesce(x.d, DATE '2016-12-31'), \
             DATE '2016-12-31'))) / 365.25 AS years \
             FROM r JOIN main m ON m.eid = r.eid LEFT JOIN e ON e.eid = r.eid LEFT JOIN x ON x.eid = r.eid \
             WHERE r.d < least(coalesce(e.d, DATE '2016-12-31'), coalesce(x.d, DATE '2016-12-31'), DATE '2016-12-31') \
             GROUP BY m.p31, m.p34 - m.p34 % 10",
        )
        .aggregate(
            "WITH r AS (SELECT eid, min(reg_date) AS d FROM gp_registrations GROUP BY eid), \
             e AS (SELECT eid, min(event_dt) AS d FROM gp_clinical \
             WHERE read_2 LIKE 'C10F%' OR read_3 LIKE 'X40J5%' GROUP BY eid) \
             SELECT m.p31 AS sex, m.p34 - m.p34 % 10 AS born, count(*) AS people, count(e.d) AS cases \
             FROM r JOIN main m ON m.eid = r.eid LEFT JOIN e ON e.eid = r.eid \
             GROUP BY m.p31, m.p34 - m.p34 % 10",
        ),
        Question::new(
            "lab-before-baseline",
            "latest cholesterol before the first assessment, by sex",
            "WITH l AS (SELECT g.eid, max(g.event_dt) AS d FROM gp_clinical g JOIN main m ON m.eid = g.eid \
             WHERE (g.read_2 = '44P..' OR g.read_3 = 'XE2eD') AND g.event_dt < m.p53_i0 GROUP BY g.eid) \
             SELECT m.p31 AS sex, count(DISTINCT l.eid) AS people, avg(CAST(g.value1 AS DOUBLE PRECISION)) AS mean, \
             stddev(CAST(g.value1 AS DOUBLE PRECISION)) AS sd \
             FROM l JOIN gp_clinical g ON g.eid = l.eid AND g.event_dt = l.d JOIN main m ON m.eid = l.eid \
             WHERE g.read_2 = '44P..' OR g.read_3 = 'XE2eD' GROUP BY m.p31",
        )
        .on_layout(
            "WITH l AS (SELECT g.eid, max(g.event_dt) AS d FROM {by_code gp_clinical} g JOIN main m ON m.eid = g.eid \
             WHERE ({g:gp_clinical.read_2 = '44P..'} OR {g:gp_clinical.read_3 = 'XE2eD'}) AND g.event_dt < m.p53_i0 \
             GROUP BY g.eid) \
             SELECT m.p31 AS sex, count(DISTINCT l.eid) AS people, \
             avg(CAST({value g:gp_clinical.value1} AS DOUBLE PRECISION)) AS mean, \
             stddev(CAST({value g:gp_clinical.value1} AS DOUBLE PRECISION)) AS sd \
             FROM l JOIN {by_code gp_clinical} g ON g.eid = l.eid AND g.event_dt = l.d JOIN main m ON m.eid = l.eid \
             {join g:gp_clinical.value1} \
             WHERE {g:gp_clinical.read_2 = '44P..'} OR {g:gp_clinical.read_3 = 'XE2eD'} GROUP BY m.p31",
        )
        .aggregate(
            "WITH l AS (SELECT g.eid, max(g.event_dt) AS d FROM gp_clinical g JOIN main m ON m.eid = g.eid \
             WHERE (g.read_2 = '44P..' OR g.read_3 = 'XE2eD') AND g.event_dt < m.p53_i0 GROUP BY g.eid) \
             SELECT m.p31 AS sex, count(DISTINCT l.eid) AS people, count(*) AS tests \
             FROM l JOIN gp_clinical g ON g.eid = l.eid AND g.event_dt = l.d JOIN main m ON m.eid = l.eid \
             WHERE g.read_2 = '44P..' OR g.read_3 = 'XE2eD' GROUP BY m.p31",
        ),
    ]
}

/// Questions of the wide table.
fn wide(manifest: &Manifest) -> Vec<Question> {
    let fields = numeric_fields(manifest);
    let each: Vec<String> = fields
        .iter()
        .map(|f| format!("count({f}), avg({f})"))
        .collect();
    let few: Vec<String> = fields
        .iter()
        .take(SUMMARY_FIELDS)
        .map(|f| format!("avg({f})"))
        .collect();
    vec![
        Question::new(
            SUMMARY,
            "values and mean of 100 fields, by sex",
            format!(
                "SELECT p31 AS sex, count(*) AS people, {} FROM main GROUP BY p31",
                each.join(", ")
            ),
        )
        .aggregate(&format!(
            "SELECT p31 AS sex, count(*) AS people, {} FROM main GROUP BY p31",
            few.join(", ")
        )),
        Question::new(
            "medians",
            "medians of five measurements, by centre and sex",
            "SELECT p54_i0 AS centre, p31 AS sex, count(*) AS people, median(CAST(p21001_i0 AS DOUBLE PRECISION)) AS bmi, \
             median(CAST(p48_i0 AS DOUBLE PRECISION)) AS waist, median(CAST(p49_i0 AS DOUBLE PRECISION)) AS hip, \
             median(CAST(p50_i0 AS DOUBLE PRECISION)) AS height, median(CAST(p4080_i0_a0 AS DOUBLE PRECISION)) AS pressure \
             FROM main GROUP BY p54_i0, p31",
        )
        .rows_only(),
        Question::new(
            "percentiles",
            "four percentiles of the waist, by centre and sex",
            "SELECT p54_i0 AS centre, p31 AS sex, count(*) AS people, \
             quantile_cont(CAST(p48_i0 AS DOUBLE PRECISION), 0.1) AS p10, \
             quantile_cont(CAST(p48_i0 AS DOUBLE PRECISION), 0.25) AS p25, \
             quantile_cont(CAST(p48_i0 AS DOUBLE PRECISION), 0.75) AS p75, \
             quantile_cont(CAST(p48_i0 AS DOUBLE PRECISION), 0.9) AS p90 FROM main GROUP BY p54_i0, p31",
        )
        .rows_only(),
        Question::new(
            "ranks",
            "the same from the rank of each person within centre and sex: a window",
            "SELECT q.centre, q.sex, count(*) AS people, max(q.x) FILTER (WHERE q.r <= 0.25) AS p25, \
             max(q.x) FILTER (WHERE q.r <= 0.5) AS p50, max(q.x) FILTER (WHERE q.r <= 0.75) AS p75, \
             max(q.x) FILTER (WHERE q.r <= 0.9) AS p90 \
             FROM (SELECT p54_i0 AS centre, p31 AS sex, p48_i0 AS x, \
             percent_rank() OVER (PARTITION BY p54_i0, p31 ORDER BY p48_i0) AS r FROM main WHERE p48_i0 IS NOT NULL) q \
             GROUP BY q.centre, q.sex",
        )
        .rows_only(),
    ]
}

/// Hundred columns of numbers of the wide table, those with fewest missing values first.
fn numeric_fields(manifest: &Manifest) -> Vec<String> {
    let mut found: Vec<(u32, usize, &str)> = manifest
        .tables
        .get("main")
        .map(|t| t.columns.as_slice())
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter(|(_, c)| matches!(c.kind.as_str(), "int32" | "int64" | "float64"))
        .filter(|(_, c)| c.name != "p31")
        .map(|(at, c)| (c.missing_permille, at, c.name.as_str()))
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .take(SUMMARY_FIELDS)
        .map(|(_, _, name)| name.to_owned())
        .collect()
}
