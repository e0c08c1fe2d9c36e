//! Medians, ratios of neighbours, geometric means, and the aims that they are held against.

use serde::Serialize;

use super::questions::SUMMARY;
use super::rounds::{Column, Outcome};

/// The middle of some seconds.
pub fn median(seconds: &[f64]) -> Option<f64> {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    let lower = sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(*lower, *upper))
}

/// How long one took for each second of the other: the median over rounds, each round's two having run close together.
pub fn ratio(outcome: &Outcome, this: Column, other: Column) -> Option<f64> {
    let seconds = |c: Column| {
        let timing = outcome.timings.get(&c)?;
        (timing.error.is_none() && !timing.seconds.is_empty()).then_some(&timing.seconds)
    };
    let pairs = seconds(this)?.iter().zip(seconds(other)?);
    median(&pairs.map(|(a, b)| a / b.max(1e-9)).collect::<Vec<_>>())
}

/// The geometric mean of the questions' ratios; none if there is no ratio.
pub fn mean<'a>(
    outcomes: impl IntoIterator<Item = &'a Outcome>,
    this: Column,
    other: Column,
) -> Option<f64> {
    let logs: Vec<f64> = outcomes
        .into_iter()
        .filter_map(|o| ratio(o, this, other))
        .map(f64::ln)
        .collect();
    let count = u32::try_from(logs.len()).ok().filter(|n| *n > 0)?;
    Some((logs.iter().sum::<f64>() / f64::from(count)).exp())
}

/// The question with the largest ratio.
fn worst(outcomes: &[Outcome], this: Column, other: Column) -> Option<(&'static str, f64)> {
    outcomes
        .iter()
        .filter_map(|o| Some((o.name, ratio(o, this, other)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// One aim and what was found.
#[derive(Debug, Serialize)]
pub struct Aim {
    /// What is aimed at.
    pub aim: String,
    /// What was found.
    pub found: String,
    /// Whether it is met; none if it was not measured.
    pub met: Option<bool>,
}

/// Gigabytes of memory that no question may exceed.
const MEMORY_GB: f64 = 4.0;
/// Seconds of the summary of hundred fields.
const SUMMARY_SECONDS: f64 = 2.0;

/// The aims of the project, each with what was found.
pub fn aims(outcomes: &[Outcome]) -> Vec<Aim> {
    let sealed = outcomes
        .iter()
        .any(|o| o.timings.contains_key(&Column::Sealed));
    let ours = if sealed {
        Column::Sealed
    } else {
        Column::Governed
    };
    let called = if sealed {
        "governed and sealed"
    } else {
        "governed, not sealed,"
    };
    let mut aims = vec![
        at_most(
            outcomes,
            ours,
            Column::Plain,
            0.5,
            &format!("{called} against DuckDB on plain files"),
        ),
        at_most(
            outcomes,
            ours,
            Column::Layout,
            1.0,
            &format!("{called} against DuckDB on our layout"),
        ),
    ];
    for theirs in [Column::Plain, Column::Layout] {
        let found = worst(outcomes, ours, theirs);
        aims.push(Aim {
            aim: format!("no question takes more than 1.5 of {theirs}"),
            found: found.map_or_else(not_measured, |(name, r)| format!("{r:.2} ({name})")),
            met: found.map(|(_, r)| r <= 1.5),
        });
    }
    let same = outcomes.iter().filter(|o| o.same_text);
    let found = mean(same, Column::Governed, Column::Bare);
    aims.push(Aim {
        found: found.map_or_else(not_measured, |m| format!("{m:.2}")),
        met: found.map(|m| m <= 1.05),
        aim: "governance: governed against bare: at most 1.05 (geometric mean of the questions whose text is the same)".to_owned(),
    });
    aims.push(at_most(
        outcomes,
        Column::Sealed,
        Column::Governed,
        1.15,
        "encryption: sealed against unsealed",
    ));
    let summary = outcomes
        .iter()
        .find(|o| o.name == SUMMARY)
        .and_then(|o| median(&o.timings.get(&ours)?.seconds));
    aims.push(Aim {
        aim: format!("summary of 100 fields of everybody below {SUMMARY_SECONDS} s"),
        found: summary.map_or_else(not_measured, |s| format!("{s:.2} s")),
        met: summary.map(|s| s < SUMMARY_SECONDS),
    });
    let peak = outcomes
        .iter()
        .filter_map(|o| Some((o.timings.get(&ours)?.peak_kb, o.name)))
        .max();
    aims.push(Aim {
        aim: format!("memory below {MEMORY_GB} GB"),
        found: peak.map_or_else(not_measured, |(kb, name)| {
            format!("{:.2} GB ({name})", gigabytes(kb))
        }),
        met: peak.map(|(kb, _)| gigabytes(kb) < MEMORY_GB),
    });
    let unequal = outcomes.iter().filter(|o| !o.unequal.is_empty()).count();
    aims.push(Aim {
        aim: "answers are equal".to_owned(),
        found: format!("{} of {}", outcomes.len() - unequal, outcomes.len()),
        met: Some(unequal == 0),
    });
    aims
}

fn at_most(outcomes: &[Outcome], this: Column, other: Column, bound: f64, what: &str) -> Aim {
    let found = mean(outcomes, this, other);
    Aim {
        aim: format!("{what}: at most {bound} (geometric mean)"),
        found: found.map_or_else(not_measured, |m| format!("{m:.2}")),
        met: found.map(|m| m <= bound),
    }
}

fn not_measured() -> String {
    "not measured".to_owned()
}

/// Gigabytes (10^9 bytes) of kilobytes as the kernel counts them.
pub fn gigabytes(kb: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "memory sizes are far below 2^53 bytes"
    )]
    let bytes = (kb * 1024) as f64;
    bytes / 1e9
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::rounds::Timing;

    fn outcome(this: &[f64], other: &[f64]) -> Outcome {
        let timing = |seconds: &[f64]| Timing {
            seconds: seconds.to_vec(),
            ..Timing::default()
        };
        Outcome {
            name: "q",
            about: "",
            sql: String::new(),
            rows: 1,
            unequal: Vec::new(),
            same_text: true,
            timings: BTreeMap::from([
                (Column::Governed, timing(this)),
                (Column::Plain, timing(other)),
            ]),
        }
    }

    #[test]
    fn ratios_are_of_neighbours_and_means_are_geometric() {
        // a slow second round slows both: the ratio stays a half
        let steady = outcome(&[1.0, 10.0, 1.0], &[2.0, 20.0, 2.0]);
        assert_eq!(ratio(&steady, Column::Governed, Column::Plain), Some(0.5));
        let other = outcome(&[4.0], &[2.0]);
        let both = mean([&steady, &other], Column::Governed, Column::Plain).unwrap();
        assert!((both - 1.0).abs() < 1e-12, "{both}");
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let only = outcome(&[1.0], &[4.0]);
        let aims = aims(&[only]);
        let sealed = aims.iter().find(|a| a.aim.contains("encryption")).unwrap();
        assert_eq!(sealed.met, None);
        assert_eq!(aims.first().and_then(|a| a.met), Some(true));
    }
}
