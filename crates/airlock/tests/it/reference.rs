//! Files judged against an index of the data: rows, ids and vectors of its participants in disguise, and safe files beside them.

use crate::Ledger;
use airlock::reference::Builder;
use airlock::{Colour, Context, File, Reference, Rules, Verdict, check};
use std::fmt::Write as _;
use std::sync::OnceLock;

const PEOPLE: usize = 3_000;
const FIELDS: [&str; 9] = [
    "sex", "age", "height", "weight", "sbp", "ldl", "crp", "centre", "attended",
];

/// SplitMix64 (Steele, Lea, Flood 2014), for data that is the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal: the sum of twelve (Irwin–Hall).
    fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.share()).sum();
        mean + deviation * (sum - 6.0)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Days since 1970-01-01 as a date (Howard Hinnant's algorithm).
fn date(day: i64) -> String {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (d, m) = (
        doy - (153 * mp + 2) / 5 + 1,
        if mp < 10 { mp + 3 } else { mp - 9 },
    );
    format!("{}-{m:02}-{d:02}", yoe + era * 400 + i64::from(m <= 2))
}

struct Data {
    ids: Vec<u64>,
    rows: Vec<[f64; 9]>,
    sections: Vec<Vec<u8>>,
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let mut dice = Dice(2_026);
        let mut ids: Vec<u64> = (0..PEOPLE)
            .map(|_| 1_000_000 + dice.below(5_000_000))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.sort_by_key(|id| id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let rows: Vec<[f64; 9]> = ids
            .iter()
            .map(|_| {
                let sex = dice.below(2) as f64;
                let age = 40.0 + dice.below(31) as f64;
                let height = dice.normal(162.0 + 13.0 * sex, 6.5).round();
                let weight =
                    (dice.normal(27.0, 4.0) * (height / 100.0).powi(2) * 10.0).round() / 10.0;
                let sbp = dice.normal(115.0 + 0.4 * age, 16.0).round();
                let ldl = (dice.normal(3.5, 0.85) * 1_000.0).round() / 1_000.0;
                let crp = (dice.normal(0.5, 0.9).exp() * 100.0).round() / 100.0;
                let centre = dice.below(8) as f64;
                let attended = 13_200.0 + dice.below(1_600) as f64;
                [sex, age, height, weight, sbp, ldl, crp, centre, attended]
            })
            .collect();
        let mut text = format!("eid,{}\n", FIELDS.join(","));
        for (id, row) in ids.iter().zip(&rows) {
            writeln!(text, "{id},{}", row_text(row)).unwrap();
        }
        let mut events = String::from("eid,code,words,start\n");
        for _ in 0..PEOPLE * 5 {
            let id = ids[dice.below(ids.len() as u64) as usize];
            let code = dice.below(40) * dice.below(40) / 16;
            let start = date(10_000 + dice.below(7_000) as i64);
            writeln!(events, "{id},A{code:02},disease {code},{start}").unwrap();
        }
        let mut builder = Builder::new(7);
        builder
            .delimited("baseline.csv", text.as_bytes(), "eid")
            .unwrap();
        builder
            .delimited("events.csv", events.as_bytes(), "eid")
            .unwrap();
        assert!(
            builder
                .delimited("codes.csv", b"code,words\n1,2\n".as_slice(), "eid")
                .is_err()
        );
        let mut sections = Vec::new();
        let mut put = |bytes: &[u8]| {
            sections.push(bytes.to_vec());
            Ok::<(), ()>(())
        };
        builder.finish(&mut put).unwrap();
        Data {
            ids,
            rows,
            sections,
        }
    })
}

fn row_text(row: &[f64; 9]) -> String {
    let [sex, age, height, weight, sbp, ldl, crp, centre, attended] = row;
    let centre = [
        "Leeds", "Bristol", "Cardiff", "Hounslow", "Croydon", "Oxford", "Bury", "Stoke",
    ][*centre as usize];
    format!(
        "{sex},{age},{height},{weight},{sbp},{ldl},{crp},{centre},{}",
        date(*attended as i64)
    )
}

fn judged(files: &[(&str, &str)]) -> Vec<Verdict> {
    let reference = Reference::open(Box::new(data().sections.clone())).unwrap();
    let context = Context {
        participants: &reference,
        lineage: &Ledger,
        rules: Rules::default(),
    };
    let request: Vec<File<'_>> = files
        .iter()
        .map(|(name, text)| File {
            name,
            bytes: text.as_bytes(),
        })
        .collect();
    check(&request, &context)
}

/// Asserts that a rule made a file red.
fn told(name: &str, text: &str, rule: &str) {
    let verdict = judged(&[(name, text)]).remove(0);
    let red = |r: &airlock::Reason| r.rule == rule && r.level == airlock::Level::Red;
    assert!(verdict.reasons.iter().any(red), "{name}: {verdict:#?}");
}

/// Asserts that none of the rules that know the data objects.
fn silent(name: &str, text: &str) {
    let verdict = judged(&[(name, text)]).remove(0);
    let knows = ["same-people", "participant-id", "vector-of-people"];
    let objects = |r: &airlock::Reason| knows.contains(&r.rule.as_str());
    assert!(!verdict.reasons.iter().any(objects), "{name}: {verdict:#?}");
}

/// Rows of every tenth person: the chosen columns, each changed by a function of the row's number and the value.
fn rows(columns: &[usize], change: &dyn Fn(usize, usize, f64) -> f64) -> Vec<Vec<f64>> {
    data()
        .rows
        .iter()
        .step_by(10)
        .enumerate()
        .map(|(n, row)| columns.iter().map(|c| change(n, *c, row[*c])).collect())
        .collect()
}

fn table(rows: &[Vec<f64>], decimals: usize) -> String {
    let width = rows[0].len();
    let mut text = (0..width)
        .map(|c| format!("mean_{c}"))
        .collect::<Vec<_>>()
        .join(",");
    text.push('\n');
    for row in rows {
        let cells: Vec<String> = row.iter().map(|v| format!("{v:.decimals$}")).collect();
        text += &(cells.join(",") + "\n");
    }
    text
}

#[test]
fn rows_of_people_under_other_names() {
    let same = |_: usize, _: usize, v: f64| v;
    told(
        "renamed.csv",
        &table(&rows(&[1, 2, 3, 4, 5, 6], &same), 3),
        "same-people",
    );
    told(
        "shuffled.csv",
        &table(&rows(&[6, 3, 5, 1], &same), 3),
        "same-people",
    );
    told(
        "rounded.csv",
        &table(&rows(&[1, 2, 3, 4, 5, 6], &same), 0),
        "same-people",
    );
    let moved = |n: usize, c: usize, v: f64| {
        let spread = [0.5, 9.0, 9.0, 14.0, 17.0, 0.85, 2.0, 1.0, 1.0][c];
        v + spread * 0.02 * (((n * 31 + c * 17) % 21) as f64 / 10.0 - 1.0)
    };
    told(
        "jittered.csv",
        &table(&rows(&[1, 2, 3, 4, 5, 6], &moved), 4),
        "same-people",
    );
}

#[test]
fn rows_of_people_in_another_shape() {
    let rows = rows(&[1, 2, 3, 4, 5, 6], &|_, _, v| v);
    let mut turned = String::new();
    for column in 0..6 {
        let cells: Vec<String> = rows.iter().map(|row| row[column].to_string()).collect();
        turned += &(cells.join(",") + "\n");
    }
    told("turned.csv", &turned, "same-people");
    let mut long = String::from("index,variable,value\n");
    for (n, row) in rows.iter().enumerate() {
        for (c, value) in row.iter().enumerate() {
            writeln!(long, "{n},v{c},{value}").unwrap();
        }
    }
    told("long.csv", &long, "same-people");
}

#[test]
fn one_person_and_a_few() {
    let lines: Vec<String> = data().rows.iter().take(4).map(row_text).collect();
    let head = "a,b,c,d,e,f,g,h,i";
    told("one.csv", &format!("{head}\n{}\n", lines[0]), "same-people");
    told(
        "four.csv",
        &format!("{head}\n{}\n", lines.join("\n")),
        "same-people",
    );
}

#[test]
fn dates_moved_by_a_constant() {
    let mut text = String::from("a,b,c,d\n");
    for row in data().rows.iter().step_by(10) {
        writeln!(
            text,
            "{},{},{},{}",
            date(row[8] as i64 + 137),
            row[2],
            row[4],
            row[1]
        )
        .unwrap();
    }
    told("moved.csv", &text, "same-people");
}

/// Ten in sixty are people, the others made up from the same distributions.
#[test]
fn people_among_strangers() {
    let mut dice = Dice(5);
    let all = rows(&[1, 2, 3, 4, 5, 6], &|_, _, v| v);
    let mixed: Vec<Vec<f64>> = (0..all.len())
        .map(|n| {
            let any = |c: usize, dice: &mut Dice| all[dice.below(all.len() as u64) as usize][c];
            if n % 4 == 0 {
                all[n].clone()
            } else {
                (0..6).map(|c| any(c, &mut dice)).collect()
            }
        })
        .collect();
    told("mixed.csv", &table(&mixed, 3), "same-people");
}

#[test]
fn rows_split_over_the_files_of_a_request() {
    let all = rows(&[1, 2, 3, 4, 5, 6], &|_, _, v| v);
    let lengthwise: Vec<(String, String)> = (0..6)
        .map(|c| {
            let column: Vec<Vec<f64>> = all.iter().map(|row| vec![row[c]]).collect();
            (format!("part{c}.csv"), table(&column, 3))
        })
        .collect();
    let files: Vec<(&str, &str)> = lengthwise
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let told = |v: &Verdict| v.reasons.iter().any(|r| r.rule == "same-people");
    assert!(judged(&files).iter().all(told));
    let crosswise: Vec<(String, String)> = all
        .chunks(3)
        .take(30)
        .enumerate()
        .map(|(n, rows)| (format!("part{n}.csv"), table(rows, 3)))
        .collect();
    let files: Vec<(&str, &str)> = crosswise
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    assert!(judged(&files).iter().all(told));
}

/// Means, medians and quantiles of groups; a list of codes; rows made up of shuffled columns.
#[test]
fn results_are_not_people() {
    let (mut means, mut medians) = (
        String::from("age,sex,n,weight,sbp,ldl\n"),
        String::from("age,sex,n,weight,sbp,ldl\n"),
    );
    for age in 40..=70 {
        for sex in 0..2 {
            let group: Vec<_> = data()
                .rows
                .iter()
                .filter(|r| r[1] == f64::from(age) && r[0] == f64::from(sex))
                .collect();
            let of = |c: usize| {
                let mut all: Vec<f64> = group.iter().map(|r| r[c]).collect();
                all.sort_unstable_by(f64::total_cmp);
                (
                    all.iter().sum::<f64>() / all.len() as f64,
                    all[all.len() / 2],
                )
            };
            let n = group.len();
            let [w, s, l] = [3, 4, 5].map(of);
            writeln!(means, "{age},{sex},{n},{:.2},{:.2},{:.2}", w.0, s.0, l.0).unwrap();
            writeln!(medians, "{age},{sex},{n},{},{},{}", w.1, s.1, l.1).unwrap();
        }
    }
    silent("means.csv", &means);
    silent("medians.csv", &medians);
    let codes: String = (0..95).map(|n| format!("A{n:02},disease {n}\n")).collect();
    silent("codes.csv", &format!("code,words\n{codes}"));
    let all = rows(&[1, 2, 3, 4, 5, 6], &|_, _, v| v);
    let made_up: Vec<Vec<f64>> = (0..all.len())
        .map(|n| {
            (0..6)
                .map(|c| all[(n * (7 + 2 * c) + 11 * c) % all.len()][c])
                .collect()
        })
        .collect();
    silent("made-up.csv", &table(&made_up, 3));
}

/// Made by the standard library's formatting, by arithmetic, and by the digest crates.
#[test]
fn ids_in_any_form() {
    use sha2::Digest as _;
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    type Form<'a> = &'a dyn Fn(u64) -> String;
    let forms: [(&str, Form<'_>); 13] = [
        ("moved", &|id| (id + 4_321).to_string()),
        ("taken", &|id| (9_999_999 - id).to_string()),
        ("scaled", &|id| (id * 3 + 17).to_string()),
        ("mixed", &|id| (id ^ 0x5A5A5).to_string()),
        ("hex", &|id| format!("{id:x}")),
        ("binary", &|id| format!("{id:b}")),
        ("spaces", &|id| {
            format!(
                "{} {} {}",
                id / 1_000_000,
                id / 1_000 % 1_000 + 1_000,
                id % 1_000 + 1_000
            )
            .replace(" 1", " ")
        }),
        ("backwards", &|id| id.to_string().chars().rev().collect()),
        ("letters", &|id| {
            id.to_string()
                .bytes()
                .map(|b| char::from(b - b'0' + b'a'))
                .collect()
        }),
        ("thousandths", &|id| {
            format!("{}.{:03}", id / 1_000, id % 1_000)
        }),
        ("sha256", &|id| hex(&sha2::Sha256::digest(id.to_string()))),
        ("short sha256", &|id| {
            hex(&sha2::Sha256::digest(id.to_string()))[..10].to_owned()
        }),
        ("lines", &|id| hex(&sha2::Sha256::digest(format!("{id}\n")))),
    ];
    for (name, form) in forms {
        let mut text = String::from("key,value\n");
        for (n, id) in data().ids.iter().step_by(20).enumerate() {
            writeln!(text, "{},{}", form(*id), 20 + n % 50).unwrap();
        }
        told(name, &text, "participant-id");
    }
    let mut split = String::from("a,b,c\n");
    for id in data().ids.iter().step_by(20) {
        writeln!(split, "{},{},{}", id / 1_000, id % 1_000, id % 7).unwrap();
    }
    told("split.csv", &split, "participant-id");
}

/// Whole numbers that are nobody's: where ids lie among them by chance, nothing is said by the rule of columns.
#[test]
fn other_numbers_are_not_ids() {
    let mut text = String::from("practice,list_size,cost\n");
    let mut dice = Dice(3);
    for n in 0..60 {
        writeln!(
            text,
            "P{n},{},{}",
            3_000 + dice.below(9_000),
            20_000 + dice.below(80_000)
        )
        .unwrap();
    }
    silent("costs.csv", &text);
}

#[test]
fn vectors_of_people() {
    let mut dice = Dice(9);
    let mut residuals = String::from("x\n");
    (0..data().ids.len()).for_each(|_| residuals += &format!("{:.6}\n", dice.normal(0.0, 1.0)));
    told("residuals.csv", &residuals, "vector-of-people");
    let mut values = String::from("estimate\n");
    for row in data().rows.iter().step_by(12) {
        writeln!(values, "{}", row[5]).unwrap();
    }
    told("values.csv", &values, "vector-of-people");
}

#[test]
fn a_damaged_index_is_not_opened() {
    let whole = &data().sections;
    assert!(Reference::open(Box::new(Vec::<Vec<u8>>::new())).is_none());
    for section in [0, whole.len() - 1] {
        let mut damaged = whole.clone();
        let half = damaged[section].len() / 2;
        damaged[section].truncate(half);
        assert!(Reference::open(Box::new(damaged)).is_none());
    }
}

/// The verdict on rows does not depend on what else is in the request, nor on the order of rows.
#[test]
fn the_same_in_any_order() {
    let all = rows(&[1, 2, 3, 4, 5, 6], &|_, _, v| v);
    let turned: Vec<Vec<f64>> = all.iter().rev().cloned().collect();
    for text in [table(&all, 3), table(&turned, 3)] {
        assert_eq!(judged(&[("a.csv", &text)]).remove(0).verdict, Colour::Red);
    }
}
