//! The table of rates: one line for each attack and each way of treating counts.

use std::sync::Mutex;

use super::machine::Guard;

/// What an attack got out of one machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rate {
    pub(crate) hits: u32,
    pub(crate) tries: u32,
}

impl Rate {
    pub(crate) fn count(&mut self, hit: bool) {
        self.tries += 1;
        self.hits += u32::from(hit);
    }

    pub(crate) fn share(self) -> f64 {
        f64::from(self.hits) / f64::from(self.tries.max(1))
    }

    /// One standard error of the share (binomial).
    pub(crate) fn error(self) -> f64 {
        let p = self.share();
        (p * (1.0 - p) / f64::from(self.tries.max(1))).sqrt()
    }
}

/// How good an attack may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    /// Not once.
    Never,
    /// At most this share. A rate is drawn at random, so it fails if it is more than two standard errors (of a rate
    /// that equals the bar) above.
    Share(f64),
}

impl Bar {
    fn holds(self, rate: Rate) -> bool {
        match self {
            Self::Never => rate.hits == 0,
            Self::Share(p) => {
                rate.share() <= p + 2.0 * (p * (1.0 - p) / f64::from(rate.tries.max(1))).sqrt()
            }
        }
    }

    fn text(self) -> String {
        match self {
            Self::Never => "0".to_owned(),
            Self::Share(p) => format!("{:.1} %", p * 100.0),
        }
    }
}

/// How good an attack must be against a machine that knows only the threshold: a test that cannot fail is worthless.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Works(pub(crate) f64);

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How many tries: `n`, or as many times that as the environment asks for, for a closer look at a rate.
pub(crate) fn tries(n: u64) -> u64 {
    let times = std::env::var("ATTACKS_TIMES").ok();
    n * times.and_then(|t| t.parse().ok()).unwrap_or(1)
}

/// A measurement beside the table.
pub(crate) fn note(text: &str) {
    println!("measured | {text}");
}

/// Runs an attack against the threshold alone, then against the defence in both treatments; prints the rates, and
/// fails if one is over its bar, or if the attack does not work where it should.
pub(crate) fn run(
    name: &str,
    works: Works,
    bar: impl Fn(Guard) -> Bar,
    attack: impl Fn(Guard) -> Rate,
) {
    let open = attack(Guard::Threshold);
    let mut failures = Vec::new();
    if open.share() < works.0 {
        failures.push(format!(
            "{name}: only {} of {} against the threshold alone, so the attack itself is broken",
            open.hits, open.tries
        ));
    }
    for guard in [Guard::Round, Guard::CellKey] {
        let rate = attack(guard);
        let bar = bar(guard);
        let held = bar.holds(rate);
        let line = format!(
            "{name:<44} | {:<9} | {:>6} | {:>7.1} % | {:>7.1} % ± {:>4.1} | {:>7} | {}",
            format!("{guard:?}"),
            rate.tries,
            open.share() * 100.0,
            rate.share() * 100.0,
            rate.error() * 100.0,
            bar.text(),
            if held { "held" } else { "OVER" }
        );
        println!("attack | {line}");
        LINES.lock().unwrap().push(line);
        if !held {
            failures.push(format!(
                "{name} ({guard:?}): {} of {}, the bar is {}",
                rate.hits,
                rate.tries,
                bar.text()
            ));
        }
    }
    table(name);
    assert!(failures.is_empty(), "{}", failures.join("; "));
}

/// The last attack to end prints the table of all (where all run in one process).
fn table(_name: &str) {
    let lines = LINES.lock().unwrap();
    if lines.len() < super::ATTACKS * 2 {
        return;
    }
    let mut lines = lines.clone();
    lines.sort();
    println!(
        "\n{:<44} | {:<9} | {:>6} | {:>9} | {:>16} | {:>7} |",
        "attack", "counts", "tries", "threshold", "defended", "bar"
    );
    for line in &lines {
        println!("{line}");
    }
}
