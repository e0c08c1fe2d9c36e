//! Noise of counts, where a policy's obligation asks for it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::ok;
use crate::room::Room;

/// Groups of four kinds, by columns of everybody.
const COLUMNS: [&str; 4] = ["p31", "p54_i0", "p1558_i0", "p20116_i0"];

/// The counts of an answer by the text of their group.
fn counts(answer: &Value) -> Vec<(String, i64)> {
    let rows = answer["rows"].as_array();
    let rows = rows.unwrap_or_else(|| panic!("{answer}")).iter();
    rows.filter_map(|row| Some((row[0].to_string(), row[1].as_i64()?)))
        .collect()
}

fn noisy() -> Room {
    let room = Room::new();
    let path = room.dir.join("policies/modes.cedar");
    let policies = std::fs::read_to_string(&path).unwrap();
    let words = "at least ten distinct people in each cell; no row is shown";
    let changed = policies.replace(words, &format!("{words}; counts carry cell-key noise"));
    assert_ne!(changed, policies);
    std::fs::write(&path, changed).unwrap();
    let dir = crate::program::text(&room.dir);
    let adopt = ["policy", "adopt", "--as", "head", "--agreed-by", "second"];
    ok(&[&adopt[..], &["--dir", dir]].concat());
    room
}

/// The obligation is one of aggregate mode, and the project may do more: it holds all the same.
#[test]
fn the_same_people_carry_the_same_noise_and_others_another() {
    let noisy = noisy();
    let mut noise = BTreeSet::new();
    let mut groups = 0;
    for column in COLUMNS {
        // nothing was shown before in either, so that neither answer has to agree with another
        let (room, other) = (noisy.twin(), noisy.twin());
        let sql = format!("SELECT {column} AS g, count(*) AS n FROM main GROUP BY 1 ORDER BY 1");
        let truth = counts(&room.ask("enclave", &sql));
        let shown = room.ask("aggregate", &sql);
        // the same people by another question
        let again = format!(
            "SELECT {column} AS g, count(DISTINCT eid) AS n FROM main WHERE p34 > 1900 GROUP BY 1 ORDER BY 1"
        );
        assert_eq!(
            counts(&shown),
            counts(&other.ask("aggregate", &again)),
            "{column}"
        );
        for (group, n) in counts(&shown) {
            let (_, true_n) = truth.iter().find(|(g, _)| *g == group).unwrap();
            noise.insert(n - true_n);
            groups += 1;
        }
    }
    assert!(groups >= 8, "{groups}");
    assert!(noise.iter().all(|d| d.abs() <= 5), "{noise:?}");
    assert!(noise.len() >= 4, "{noise:?}");
}

/// Without the obligation counts are rounded to five, and carry none.
#[test]
fn without_the_obligation_counts_are_rounded() {
    let room = Room::new();
    let sql = "SELECT p31 AS g, count(*) AS n FROM main GROUP BY 1 ORDER BY 1";
    for (_, n) in counts(&room.ask("aggregate", sql)) {
        assert_eq!(n % 5, 0);
    }
}
