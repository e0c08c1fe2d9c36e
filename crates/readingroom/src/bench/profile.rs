//! Where the time of our questions goes, as far as the engine measures it: `--profile`.

use std::fmt::Write as _;
use std::time::Duration;

use governance::Mode;
use vault::query::QueryError;
use vault::query::bench::{self, Profile};

use super::contestant::{Open, project_key};
use super::prepare::Data;
use super::questions::{PERSON, Question};
use crate::failure::Failure;

/// Longest line of measurements that is printed.
const LINE: usize = 220;

/// The profile of one question, governed and bare, after one run that warms the caches.
pub fn of(data: &Data, question: &Question) -> Result<String, Failure> {
    let open = Open::new(&data.release, None, &data.withdrawn)?;
    let pseudonym = format!("'{}'", project_key().pseudonym(data.person.0));
    let sql = question.sql.replace(PERSON, &pseudonym);
    let mut text = format!("== {}: {}\n", question.name, question.about);
    let governed = || bench::profile(&open.question(&sql, Mode::Enclave));
    show(&mut text, "governed", governed().and_then(|_| governed()));
    let own = question.ungoverned.as_ref().unwrap_or(&question.sql);
    let own = own.replace(PERSON, &pseudonym);
    let key = project_key();
    let bare = || bench::bare(&own, &open.files(&key), &open.withdrawn).map(|(_, found)| found);
    show(&mut text, "bare", bare().and_then(|_| bare()));
    Ok(text)
}

fn show(text: &mut String, side: &str, profile: Result<Profile, QueryError>) {
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    match profile {
        Err(error) => {
            let _written = writeln!(text, "{side}: {error}");
        }
        Ok(profile) => {
            let _written = writeln!(
                text,
                "{side}: planning {:.1} ms, running {:.1} ms; own time of operators over both threads:",
                ms(profile.planning),
                ms(profile.running)
            );
            for operator in profile.operators {
                let line = format!(
                    "  {:>9.1} ms {:>12} rows  {}{}{}",
                    ms(operator.compute),
                    operator.rows,
                    "  ".repeat(operator.depth),
                    operator.name,
                    operator.other
                );
                let line: String = line.chars().take(LINE).collect();
                let _written = writeln!(text, "{line}");
            }
        }
    }
}
