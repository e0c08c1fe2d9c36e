//! Bytes, shapes, ids, bad rows.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::SynthError;
use crate::identity::check_digit;

#[test]
fn same_seed_same_bytes() {
    assert_eq!(cohort(120, 5).0, cohort(120, 5).0);
    assert_ne!(
        fingerprint(&cohort(120, 5).0),
        fingerprint(&cohort(120, 6).0)
    );
}

/// The bytes of one small cohort, pinned: any machine must find this number. Change it only
/// together with a change of the simulation that is meant.
#[test]
fn the_bytes_are_those_of_every_machine() {
    assert_eq!(fingerprint(&cohort(40, 1).0), 12_948_751_192_454_646_448);
}

#[test]
fn the_first_participants_do_not_depend_on_how_many_follow() {
    let (few, many) = (cohort(30, 9).0, cohort(90, 9).0);
    for (name, bytes) in &few {
        if name.starts_with('w') || name == "fields.csv" || name == "codings.csv" {
            continue;
        }
        assert!(many[name].starts_with(bytes), "{name}");
    }
}

#[test]
fn every_row_has_the_columns_of_its_header() {
    let (files, written) = usual();
    for file in &written.files {
        let text = std::str::from_utf8(&files[&file.name]).unwrap();
        let mut lines = text.lines();
        if file.name == "fields.csv" || file.name == "codings.csv" {
            continue;
        }
        let width = lines.clone().next().unwrap().split(',').count();
        let has_header = !file.name.starts_with('w');
        assert!(
            lines.all(|l| l.split(',').count() == width),
            "{}",
            file.name
        );
        let counted = text.lines().count() as u64 - u64::from(has_header);
        assert_eq!(counted, file.rows, "{}", file.name);
        assert_eq!(text.len() as u64, file.bytes, "{}", file.name);
        assert!(!text.contains('"') && text.ends_with('\n'), "{}", file.name);
    }
}

#[test]
fn the_files_are_those_the_project_agreed_on() {
    let names: Vec<&str> = usual().0.keys().map(String::as_str).collect();
    let expected = [
        "codings.csv",
        "consent.csv",
        "death.csv",
        "death_cause.csv",
        "fields.csv",
        "gp_clinical.csv",
        "gp_registrations.csv",
        "gp_scripts.csv",
        "hesin.csv",
        "hesin_diag.csv",
        "hesin_oper.csv",
        "identity.csv",
        "main.csv",
        "w90001_20230424.csv",
    ];
    assert_eq!(names, expected);
    let main = header(&usual().0, "main.csv");
    assert_eq!(main["eid"], 0);
    assert!((230..=320).contains(&main.len()), "{}", main.len());
    let fields: HashSet<_> = main
        .keys()
        .filter_map(|c| c.split_once('-'))
        .map(|(f, _)| f)
        .collect();
    assert!(fields.len() >= 150, "{}", fields.len());
}

#[test]
fn identities_belong_to_nobody() {
    let files = &usual().0;
    let (mut ids, mut numbers) = (HashSet::new(), HashSet::new());
    for row in rows(files, "identity.csv") {
        let eid: u32 = row[0].parse().unwrap();
        assert!((1_000_000..10_000_000).contains(&eid) && ids.insert(eid));
        let number: u64 = row[1].parse().unwrap();
        assert!(numbers.insert(number) && row[1].len() == 10 && row[1].starts_with('9'));
        assert_eq!(check_digit(number / 10), Some(number % 10));
        let postcode = row[7].as_bytes();
        assert!(postcode.starts_with(b"ZZ") && postcode[2].is_ascii_digit() && postcode[3] == b' ');
        assert!(postcode[4].is_ascii_digit() && postcode[5..].iter().all(u8::is_ascii_uppercase));
        assert!(row[10].is_empty() || row[10].starts_with("07700 900") && row[10].len() == 12);
        assert!(
            row[11].is_empty()
                || row[11].ends_with("@example.org")
                || row[11].ends_with("@example.net")
        );
    }
    assert_eq!(ids.len(), 4_000);
    let ordered = rows(files, "identity.csv")
        .map(|r| r[0].to_owned())
        .collect::<Vec<_>>();
    assert!(
        !ordered.is_sorted(),
        "ids must tell nothing of the order of recruitment"
    );
}

#[test]
fn rows_come_grouped_by_participant_in_the_order_of_main() {
    let files = &usual().0;
    let order: Vec<String> = rows(files, "main.csv").map(|r| r[0].to_owned()).collect();
    for name in files
        .keys()
        .filter(|n| n.starts_with("gp") || n.starts_with("he") || n.starts_with("de"))
    {
        let mut at = 0;
        for row in rows(files, name) {
            while order[at] != row[0] {
                at += 1;
            }
        }
    }
}

#[test]
fn withdrawals_are_one_in_two_thousand_and_at_least_one() {
    for (participants, expected) in [(1, 1), (1_999, 1), (4_000, 2), (20_000, 10)] {
        let c = Cohort::new(participants, 3).unwrap();
        let gone: HashSet<u32> = c.withdrawn().into_iter().collect();
        assert_eq!(gone.len(), expected, "{participants}");
        let all: HashSet<u32> = (0..participants).map(|i| c.eid(i)).collect();
        assert!(gone.is_subset(&all));
    }
    let (files, _) = usual();
    let text = std::str::from_utf8(&files["w90001_20230424.csv"]).unwrap();
    assert!(
        text.lines()
            .all(|l| l.len() == 7 && l.bytes().all(|b| b.is_ascii_digit()))
    );
}

#[test]
fn the_traps_of_the_real_tables_are_there_but_rare() {
    let files = &usual().0;
    let (mut special, mut undated, mut both, mut none, mut all) = (0, 0, 0, 0, 0);
    for row in rows(files, "gp_clinical.csv") {
        all += 1;
        special += usize::from(!row[2].is_empty() && when(row[2]).is_none());
        undated += usize::from(row[2].is_empty());
        both += usize::from(!row[3].is_empty() && !row[4].is_empty());
        none += usize::from(row[3].is_empty() && row[4].is_empty());
        for code in [row[3], row[4]] {
            assert!(code.is_empty() || code.len() == 5, "{code}");
        }
    }
    for (count, name) in [
        (special, "special"),
        (undated, "undated"),
        (both, "both"),
        (none, "none"),
    ] {
        assert!(count > 0 && count * 40 < all, "{name}: {count} of {all}");
    }
    assert!(rows(files, "death.csv").all(|r| r[4].as_bytes()[4] == b'-'));
    assert!(rows(files, "hesin.csv").all(|r| r[4].as_bytes()[2] == b'/'));
}

#[test]
fn sizes_are_refused_in_words() {
    assert!(matches!(
        Cohort::new(0, 1),
        Err(SynthError::Size { found: 0, .. })
    ));
    assert!(matches!(
        Cohort::new(u32::MAX, 1),
        Err(SynthError::Size { .. })
    ));
    let rate = Cohort::new(5, 1).unwrap().with_dirt(0.9);
    assert!(matches!(rate, Err(SynthError::Rate { .. })));
}

#[test]
fn progress_ends_at_the_whole() {
    let c = Cohort::new(1_100, 1).unwrap();
    let mut heard = Vec::new();
    write_all(&c, &mut Memory::default(), &mut |n| heard.push(n)).unwrap();
    assert_eq!(heard, [500, 1_000, 1_100]);
}

/// A sink whose disk is full.
struct Full;

impl Sink for Full {
    fn file(&mut self, _: &str) -> io::Result<Box<dyn Write + Send>> {
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let c = Cohort::new(1, 1).unwrap();
    assert!(matches!(
        write_all(&c, &mut Full, &mut |_| {}),
        Err(SynthError::Io(_))
    ));
}

#[test]
fn bad_rows_are_counted_and_leave_the_good_ones_alone() {
    let (clean, _) = cohort(400, 8);
    let (dirty, written) = make(&Cohort::new(400, 8).unwrap().with_dirt(0.02).unwrap());
    let known: HashSet<Vec<u8>> = rows(&clean, "main.csv")
        .map(|r| r[0].as_bytes().to_vec())
        .collect();
    let mut kinds = crate::Injected::default();
    for file in &written.files {
        let good: Vec<&[u8]> = clean[&file.name].split(|b| *b == b'\n').collect();
        let all: Vec<&[u8]> = dirty[&file.name].split(|b| *b == b'\n').collect();
        let mut rest = all.iter();
        for line in &good {
            assert!(
                rest.any(|l| l == line),
                "{}: a good row was lost",
                file.name
            );
        }
        assert_eq!(
            (all.len() - good.len()) as u64,
            file.injected.total(),
            "{}",
            file.name
        );
        if file.injected.total() == 0 {
            continue;
        }
        let count = |f: &dyn Fn(&&&[u8]) -> bool| all.iter().filter(f).count() as u64;
        let i = file.injected;
        assert_eq!(
            count(&|l| *l == &good[0]),
            1 + i.second_header,
            "{}",
            file.name
        );
        assert_eq!(
            count(&|l| std::str::from_utf8(l).is_err()),
            i.broken_utf8,
            "{}",
            file.name
        );
        assert_eq!(
            count(&|l| l.ends_with(b",surplus")),
            i.wrong_column_count,
            "{}",
            file.name
        );
        let stranger = |l: &&&[u8]| {
            let id = l.split(|b| *b == b',').next().unwrap_or_default().to_vec();
            !id.is_empty() && id != b"eid" && !known.contains(&id)
        };
        assert_eq!(count(&stranger), i.unknown_id, "{}", file.name);
        let bad = |l: &&&[u8]| l.split(|b| *b == b',').any(|c| c == b"31/02/2010");
        assert_eq!(count(&bad), i.bad_date, "{}", file.name);
        kinds.wrong_column_count += i.wrong_column_count;
        kinds.bad_date += i.bad_date;
        kinds.unknown_code += i.unknown_code;
        kinds.duplicate_id += i.duplicate_id;
        kinds.unknown_id += i.unknown_id;
        kinds.broken_utf8 += i.broken_utf8;
        kinds.second_header += i.second_header;
    }
    assert!(kinds.wrong_column_count > 0 && kinds.bad_date > 0 && kinds.unknown_id > 0);
    assert!(kinds.broken_utf8 > 0 && kinds.second_header > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_seed_makes_a_whole_cohort(participants in 1u32..40, seed: u64) {
        let (files, written) = cohort(participants, seed);
        prop_assert_eq!(rows(&files, "main.csv").count(), participants as usize);
        prop_assert_eq!(rows(&files, "consent.csv").count(), participants as usize);
        let ids: HashSet<_> = rows(&files, "main.csv").map(|r| r[0].to_owned()).collect();
        prop_assert_eq!(ids.len(), participants as usize);
        prop_assert!(written.rows() > u64::from(participants) * 10);
    }
}

/// Every ICD-10 code that hospital and death records use is in coding 19 of the codings written beside them, or
/// `ingest` would not know it.
#[test]
fn every_diagnosis_is_in_the_coding_that_is_written() {
    let (files, _) = usual();
    let text = |name: &str| std::str::from_utf8(&files[name]).unwrap();
    let known: HashSet<&str> = text("codings.csv")
        .lines()
        .filter_map(|l| l.strip_prefix("19,"))
        .filter_map(|l| l.split(',').next())
        .collect();
    for (file, column) in [
        ("hesin_diag.csv", "diag_icd10"),
        ("death_cause.csv", "cause_icd10"),
    ] {
        let mut lines = text(file).lines();
        let place = lines
            .next()
            .unwrap()
            .split(',')
            .position(|c| c == column)
            .unwrap();
        let codes: HashSet<&str> = lines
            .filter_map(|l| l.split(',').nth(place))
            .filter(|c| !c.is_empty())
            .collect();
        assert!(codes.len() > 5, "{file}");
        assert!(
            codes.is_subset(&known),
            "{file}: {:?}",
            codes.difference(&known).collect::<Vec<_>>()
        );
    }
}
