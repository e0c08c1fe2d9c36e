//! Ingest against the synthetic cohort: clean, everything is taken; dirty, exactly the bad rows are not.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use synth::{Cohort, Sink, Written, write_all};
use vault::ingest::{Reason, Report};

use super::World;

struct Folder(PathBuf);

impl Sink for Folder {
    fn file(&mut self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        Ok(Box::new(BufWriter::new(File::create(self.0.join(name))?)))
    }
}

pub(crate) fn made(participants: u32, dirt: f64) -> (World, Written) {
    let world = World::empty();
    let cohort = Cohort::new(participants, 7)
        .unwrap()
        .with_dirt(dirt)
        .unwrap();
    let written = write_all(&cohort, &mut Folder(world.path("raw")), &mut |_| {}).unwrap();
    (world, written)
}

#[test]
fn a_clean_cohort_is_taken_whole() {
    let (world, written) = made(1_500, 0.0);
    let ingested = world.sealed();
    let report = &ingested.report;
    assert_eq!(
        (report.participants, ingested.new_participants.len()),
        (1_500, 1_500)
    );
    assert_eq!(report.files_left_out, Vec::<String>::new());
    assert_eq!(ingested.consents.len(), 1_500);
    assert_eq!(ingested.withdrawals.len(), 1);
    assert_eq!(report.withdrawals_unknown, 0);
    for (name, table) in &report.tables {
        let file = written.file(&format!("{name}.csv")).unwrap();
        assert_eq!(table.rows_in, file.rows, "{name}");
        assert_eq!(
            table.refused_total(),
            0,
            "{name} {:?}",
            table.problems.first()
        );
        let sealed = if name == "identity" { 0 } else { file.rows };
        assert_eq!(table.rows_out + table.repeated, sealed, "{name}");
        assert_eq!(table.absent, Vec::<String>::new(), "{name}");
    }
    assert_eq!(report.tables.len(), 10);
    let k = report.k_anonymity.as_ref().unwrap();
    assert_eq!(k.summary.people, 1_500);
    assert_eq!(k.quasi_identifiers.len(), 5, "{:?}", k.quasi_identifiers);
}

#[test]
fn of_a_dirty_cohort_exactly_the_bad_rows_are_refused() {
    let (world, written) = made(1_500, 0.02);
    // A consent that cannot be read refuses the whole release; here the tables are the matter.
    std::fs::remove_file(world.path("raw/consent.csv")).unwrap();
    let report: Report = world.sealed().report.clone();
    let clean = made(1_500, 0.0).0.sealed().report.clone();
    for (name, table) in &report.tables {
        let injected = written.file(&format!("{name}.csv")).unwrap().injected;
        assert!(injected.total() > 0, "{name}");
        let refused = |reason| table.refused.get(&reason).copied().unwrap_or(0);
        assert_eq!(
            refused(Reason::ColumnCount),
            injected.wrong_column_count,
            "{name}"
        );
        assert_eq!(refused(Reason::NotUtf8), injected.broken_utf8, "{name}");
        assert_eq!(
            refused(Reason::SecondHeader),
            injected.second_header,
            "{name}"
        );
        match name.as_str() {
            // A second row of one id is refused for its id, whatever else is wrong with it. Ids of strangers are new
            // participants here.
            "main" | "identity" => {
                let expected = injected.duplicate_id + injected.unknown_code + injected.bad_date;
                assert_eq!(refused(Reason::DuplicateId), expected, "{name}");
                assert_eq!(
                    table.refused_total(),
                    injected.total() - injected.unknown_id,
                    "{name}"
                );
            }
            _ => {
                assert_eq!(refused(Reason::BadDate), injected.bad_date, "{name}");
                assert_eq!(refused(Reason::UnknownId), injected.unknown_id, "{name}");
                assert_eq!(table.refused_total(), injected.total(), "{name}");
                assert_eq!(table.rows_out, clean.tables[name].rows_out, "{name}");
            }
        }
    }
}
