//! How long requests take, from the log alone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Output, OutputStanding, Outputs, Verdict};
use crate::ids::Id;
use crate::time::Time;

/// Numbers about requests, as they stand at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metrics {
    /// All of them.
    pub all: ColourLine,
    /// By colour of the version.
    pub by_colour: BTreeMap<Verdict, ColourLine>,
    /// Seconds since the request that waits longest was submitted.
    pub longest_wait_seconds: Option<i64>,
}

/// Numbers about versions of requests of one colour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ColourLine {
    /// Versions that were submitted.
    pub submitted: u64,
    /// Wait for a checker, or for their release.
    pub open: u64,
    /// Left, those that were recalled too.
    pub released: u64,
    /// Of those: by themselves.
    pub automatic: u64,
    /// Given back to the author.
    pub returned: u64,
    /// Two said no.
    pub rejected: u64,
    /// Taken back by the author.
    pub withdrawn: u64,
    /// Called back after they left.
    pub recalled: u64,
    /// From submission to release, return or rejection.
    pub turnaround: Turnaround,
}

/// Times from submission to an answer, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Turnaround {
    /// How many had an answer.
    pub answered: u64,
    /// Median: the time within which half of them had theirs (nearest rank).
    pub median_seconds: Option<i64>,
    /// 90th percentile (nearest rank).
    pub ninetieth_seconds: Option<i64>,
}

impl Metrics {
    /// Of one project, or of all.
    pub fn of(outputs: &Outputs, project: Option<&Id>, at: Time) -> Self {
        let mut tally = Tally::default();
        let own = |o: &&Output| project.is_none_or(|p| o.project == *p);
        let mut longest = None;
        for output in outputs.requests.values().filter(own) {
            for past in &output.history {
                tally.count(
                    past.colour,
                    OutputStanding::Returned,
                    false,
                    past.submitted_at,
                    past.closed_at,
                );
            }
            tally.count(
                output.colour,
                output.standing,
                output.automatic,
                output.submitted_at,
                output.closed_at,
            );
            if output.standing == OutputStanding::Submitted {
                longest = longest.max(Some(seconds(output.submitted_at, at)));
            }
        }
        tally.finish(longest)
    }
}

#[derive(Default)]
struct Tally {
    all: (ColourLine, Vec<i64>),
    by_colour: BTreeMap<Verdict, (ColourLine, Vec<i64>)>,
}

impl Tally {
    fn count(
        &mut self,
        colour: Verdict,
        standing: OutputStanding,
        automatic: bool,
        from: Time,
        to: Option<Time>,
    ) {
        let answered = match standing {
            OutputStanding::Submitted | OutputStanding::Withdrawn => None,
            _ => to.map(|to| seconds(from, to)),
        };
        for (line, times) in [&mut self.all, self.by_colour.entry(colour).or_default()] {
            line.submitted += 1;
            match standing {
                OutputStanding::Submitted => line.open += 1,
                OutputStanding::Returned => line.returned += 1,
                OutputStanding::Rejected => line.rejected += 1,
                OutputStanding::Withdrawn => line.withdrawn += 1,
                OutputStanding::Released => line.released += 1,
                OutputStanding::Recalled => {
                    line.released += 1;
                    line.recalled += 1;
                }
            }
            line.automatic += u64::from(automatic);
            times.extend(answered);
        }
    }

    fn finish(self, longest_wait_seconds: Option<i64>) -> Metrics {
        let line = |(mut line, times): (ColourLine, Vec<i64>)| {
            line.turnaround = Turnaround::of(times);
            line
        };
        Metrics {
            all: line(self.all),
            by_colour: self
                .by_colour
                .into_iter()
                .map(|(colour, of)| (colour, line(of)))
                .collect(),
            longest_wait_seconds,
        }
    }
}

impl Turnaround {
    fn of(mut times: Vec<i64>) -> Self {
        times.sort_unstable();
        // Nearest rank: the smallest time that at least this share of all do not exceed.
        let rank = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(place).copied()
        };
        Self {
            answered: times.len() as u64,
            median_seconds: rank(50),
            ninetieth_seconds: rank(90),
        }
    }
}

fn seconds(from: Time, to: Time) -> i64 {
    to.unix().saturating_sub(from.unix()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rank_of_ten_and_of_none() {
        let ten = Turnaround::of((1..=10).rev().collect());
        assert_eq!(
            (ten.median_seconds, ten.ninetieth_seconds),
            (Some(5), Some(9))
        );
        let one = Turnaround::of(vec![7]);
        assert_eq!(
            (one.median_seconds, one.ninetieth_seconds),
            (Some(7), Some(7))
        );
        assert_eq!(Turnaround::of(Vec::new()), Turnaround::default());
    }
}
