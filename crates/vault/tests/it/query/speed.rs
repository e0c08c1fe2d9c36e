//! How long questions take on made-up data, for comparing two states of the code: `cargo nextest run -p vault --run-ignored only
//! --no-capture speed`, with `READINGROOM_SPEED` set to the number of participants. Says nothing by itself.

use std::sync::Arc;
use std::time::Instant;

use governance::Mode;
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;
use vault::query::{GrantedTable, QueryLimits, Question, ask};
use vault::release::Manifest;

use super::town::MASTER;
use crate::ingest::cohort::made;

#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let people = std::env::var("READINGROOM_SPEED").map_or(20_000, |n| n.parse().unwrap());
    let (world, _) = made(people, 0.0);
    let start = Instant::now();
    let ingested = world.sealed();
    println!("ingest {:.1} s", start.elapsed().as_secs_f64());
    let dir = ingested.publish(&world.path("releases")).unwrap();
    let (manifest, _) = Manifest::load(&dir).unwrap();
    let masked: RoaringBitmap = (0..people).step_by(500).collect();
    let masked = Arc::new(masked);
    for (name, table) in &manifest.tables {
        println!("{name}: {} rows", table.rows);
    }
    let hundred: Vec<String> = manifest.tables["main"]
        .columns
        .iter()
        .filter(|c| c.name != "p31" && (c.kind == "int64" || c.kind == "float64"))
        .take(100)
        .map(|c| format!("avg({0}) AS a_{0}", c.name))
        .collect();
    let one = ProjectKey::derive(&MASTER, "p1").pseudonym(people / 3);
    let codes =
        "read_3 IN ('X40J4','XaOPm','C10..','X40J5') OR read_2 IN ('C10..','C10F.','G20..')";
    for (name, mode, sql) in [
        ("cohort by code list", Mode::Aggregate, format!("SELECT count(DISTINCT eid) AS n FROM gp_clinical WHERE {codes}")),
        (
            "incidence by year",
            Mode::Aggregate,
            format!("SELECT year(event_dt) AS y, count(DISTINCT eid) AS n FROM gp_clinical WHERE {codes} GROUP BY year(event_dt)"),
        ),
        ("hundred fields", Mode::Aggregate, format!("SELECT p31, {} FROM main GROUP BY p31", hundred.join(", "))),
        ("one participant", Mode::Enclave, format!("SELECT event_dt, read_2, read_3 FROM gp_clinical WHERE eid = '{one}'")),
        ("drug text", Mode::Aggregate, "SELECT count(DISTINCT eid) AS n FROM gp_scripts WHERE lower(drug_name) LIKE '%statin%'".to_owned()),
        ("top codes", Mode::Aggregate, "SELECT read_2, count(DISTINCT eid) AS n FROM gp_clinical GROUP BY read_2 ORDER BY n DESC LIMIT 20".to_owned()),
        ("events by year", Mode::Aggregate, "SELECT year(event_dt) AS y, count(*) AS n FROM gp_clinical GROUP BY year(event_dt)".to_owned()),
    ] {
        let mut times: Vec<f64> = (0..5)
            .map(|_| {
                let tables = manifest.tables.iter().map(|(name, entry)| GrantedTable {
                    name: name.clone(),
                    columns: entry.columns.iter().map(|c| c.name.clone()).collect(),
                    masked: Arc::clone(&masked),
                });
                let tables = tables.collect();
                let start = Instant::now();
                let answer = ask(Question {
                    sql: &sql,
                    mode,
                    tables,
                    manifest: &manifest,
                    release_dir: &dir,
                    keyring: None,
                    spill: None,
                    key: ProjectKey::derive(&MASTER, "p1"),
                    limits: QueryLimits::default(),
                });
                let answer = answer.unwrap();
                assert!(answer.rows > 0, "{name}");
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{name}: {:.0} ms (min), {:.0} ms (median)", times[0], times[2]);
    }
}
