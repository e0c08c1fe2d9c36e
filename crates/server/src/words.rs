//! The log's words in plain English: one line for each kind of event, names of territories, times.
//!
//! Pages only: nothing in `register.json` depends on these sentences. They must never hold free text of an
//! event, so that no statement of reasons reaches a page by accident.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use governance::data::{DataEvent, WithdrawalLevel};
use governance::outputs::{CheckOutcome, OutputEvent, Verdict};
use governance::people::{PeopleEvent, Role};
use governance::projects::{ProjectEvent, ReviewOutcome, ReviewTrack, Standing};
use governance::settings::SettingsEvent;
use governance::{Event, Mode};

/// ISO 3166-1 codes with the English names in common use (the form `CODE,Name`, sorted by code).
const TERRITORIES: &str = include_str!("../data/territories.csv");

/// A territory by name and code: `Canada (CA)`; of a part of a country the country's name and the part's code.
pub(crate) fn territory(code: &str) -> String {
    let country = code.get(..2).unwrap_or(code);
    let named = TERRITORIES
        .lines()
        .filter_map(|l| l.split_once(','))
        .find(|(c, _)| *c == country);
    match named {
        Some((_, name)) => format!("{name} ({code})"),
        None => code.to_owned(),
    }
}

/// The standing as it is written in JSON.
pub(crate) const fn standing_key(standing: Standing) -> &'static str {
    match standing {
        Standing::Applied => "applied",
        Standing::Approved => "approved",
        Standing::Rejected => "rejected",
        Standing::Active => "active",
        Standing::Suspended => "suspended",
        Standing::Expired => "expired",
        Standing::Closed => "closed",
    }
}

/// A time such as `2026-12-01T09:30:00Z` for people: `1 December 2026, 09:30 UTC`. Anything else as it is.
pub(crate) fn time(iso: &str) -> String {
    match (date(iso), iso.get(11..16)) {
        (Some(date), Some(clock)) => format!("{date}, {clock} UTC"),
        _ => iso.to_owned(),
    }
}

/// The day of a time such as `2026-12-01T09:30:00Z`: `1 December 2026`.
pub(crate) fn date(iso: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let year = iso.get(..4)?;
    let month: usize = iso.get(5..7)?.parse().ok()?;
    let day: u8 = iso.get(8..10)?.parse().ok()?;
    Some(format!(
        "{day} {} {year}",
        MONTHS.get(month.checked_sub(1)?)?
    ))
}

/// A whole number with thousands set apart: `20,000`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Roles in words, the custodian's first.
pub(crate) fn roles(roles: &BTreeSet<Role>) -> String {
    let words: Vec<&str> = roles
        .iter()
        .map(|role| match role {
            Role::Custodian => "custodian",
            Role::DataManager => "data manager",
            Role::ScientificReviewer => "scientific reviewer",
            Role::EthicsReviewer => "ethics reviewer",
            Role::OutputChecker => "output checker",
            Role::SecurityOfficer => "security officer",
        })
        .collect();
    words.join(", ")
}

/// What happened, in one line.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Settings(e) => settings(e),
        Event::People(e) => people(e),
        Event::Data(e) => data(e),
        Event::Project(e) => project(e),
        Event::Output(e) => output(e),
    }
}

fn settings(event: &SettingsEvent) -> String {
    match event {
        SettingsEvent::InstanceFounded(e) => format!("Register founded for {}", e.custodian),
        SettingsEvent::PoliciesAdopted(e) => {
            format!(
                "Policies put in force: {}",
                counted(e.files.len() as u64, "file", "files")
            )
        }
        SettingsEvent::AirlockSet(e) => format!(
            "Airlock set: green files {}",
            if e.green_leaves_by_itself {
                "leave by themselves"
            } else {
                "are looked at by people"
            }
        ),
    }
}

fn people(event: &PeopleEvent) -> String {
    match event {
        PeopleEvent::StaffAppointed(e) if e.roles.is_empty() => {
            format!("Appointment of {} ended", e.person)
        }
        PeopleEvent::StaffAppointed(e) => format!("{} appointed: {}", e.person, roles(&e.roles)),
        PeopleEvent::InstitutionRegistered(e) => {
            format!(
                "Institution registered: {}, {}",
                e.name,
                territory(e.territory.as_str())
            )
        }
        PeopleEvent::OwnershipRecorded(e) => match e.percent {
            Some(percent) => {
                format!(
                    "Ownership recorded: {} owns {percent} % of {}",
                    e.owner, e.owned
                )
            }
            None => format!(
                "Ownership recorded: {} owns a share of {}",
                e.owner, e.owned
            ),
        },
        PeopleEvent::ListingRecorded(e) => {
            format!("Listing recorded: {} is on {}", e.institution, e.list)
        }
        PeopleEvent::ResearcherRegistered {
            id, institution, ..
        } => {
            format!("Researcher {id} registered at {institution}")
        }
        PeopleEvent::ResearcherAccredited(e) => format!("Researcher {} accredited", e.researcher),
        PeopleEvent::AffiliationEnded(e) => {
            format!("Affiliation of researcher {} ended", e.researcher)
        }
        PeopleEvent::ResearcherErased(e) => {
            format!("Private details of researcher {} erased", e.researcher)
        }
        PeopleEvent::TokenIssued(e) => format!(
            "Token {} issued to researcher {} for project {}",
            e.id, e.researcher, e.project
        ),
        PeopleEvent::TokenEnded(e) => format!("Token {} ended", e.id),
    }
}

fn data(event: &DataEvent) -> String {
    match event {
        DataEvent::DirectionIssued(e) => format!("Direction {} issued for {}", e.id, e.class),
        DataEvent::KeysErased(e) => match &e.class {
            Some(class) => format!("Keys of {class} in release {} destroyed", e.release),
            None => format!("Keys of release {} destroyed", e.release),
        },
        DataEvent::DirectionEnded(e) => format!("Direction {} ended", e.direction),
        DataEvent::TerritoryApproved(e) => format!(
            "{} approved for {}, up to {}",
            territory(e.territory.as_str()),
            e.class,
            e.mode
        ),
        DataEvent::ConsentRecorded {} => "Consent of participants recorded".to_owned(),
        DataEvent::WithdrawalRecorded { level } => {
            format!(
                "Withdrawal of participants recorded: {}",
                withdrawal(*level)
            )
        }
        DataEvent::ReleaseSealed(e) => format!(
            "Data release {} sealed: {}",
            e.release,
            counted(u64::from(e.participants), "participant", "participants")
        ),
        DataEvent::ReleaseRetired(e) => format!("Data release {} taken out of use", e.release),
    }
}

/// A level of withdrawal in words.
pub(crate) const fn withdrawal(level: WithdrawalLevel) -> &'static str {
    match level {
        WithdrawalLevel::NoFurtherContact => "no further contact",
        WithdrawalLevel::NoFurtherAccess => "no further access",
        WithdrawalLevel::NoFurtherUse => "no further use",
    }
}

/// A review's outcome in words.
pub(crate) const fn outcome(outcome: ReviewOutcome) -> &'static str {
    match outcome {
        ReviewOutcome::Approve => "in favour",
        ReviewOutcome::Reject => "against",
        ReviewOutcome::Return => "returned with questions",
    }
}

fn project(event: &ProjectEvent) -> String {
    match event {
        ProjectEvent::ApplicationSubmitted(_) => "Application submitted".to_owned(),
        ProjectEvent::ApplicationReviewed(e) => {
            let track = match e.track {
                ReviewTrack::Scientific => "Scientific",
                ReviewTrack::Ethical => "Ethical",
            };
            format!("{track} review: {}", outcome(e.outcome))
        }
        ProjectEvent::ApplicationDecided(e) if e.approved => "Application approved".to_owned(),
        ProjectEvent::ApplicationDecided(_) => "Application rejected".to_owned(),
        ProjectEvent::AgreementSigned { institution, .. } => {
            format!("Agreement signed by {institution}")
        }
        ProjectEvent::FeeRecorded(_) => "Fee paid".to_owned(),
        ProjectEvent::ProjectStarted { .. } => "Project started".to_owned(),
        ProjectEvent::ProjectAmended(_) => "Project amended".to_owned(),
        ProjectEvent::ProjectSuspended(_) => "Project suspended".to_owned(),
        ProjectEvent::ProjectResumed(_) => "Project resumed".to_owned(),
        ProjectEvent::ProjectExpired(_) => "Project expired".to_owned(),
        ProjectEvent::ProjectClosed(_) => "Project closed".to_owned(),
        ProjectEvent::AccessRecorded(e) => {
            let mut line = format!("Access to {}: {}", e.class, opened(e.mode));
            if !e.gates.is_empty() {
                let gates = e.gates.len() as u64;
                let _ = write!(
                    line,
                    " ({} not met)",
                    counted(gates, "requirement", "requirements")
                );
            }
            line
        }
    }
}

fn output(event: &OutputEvent) -> String {
    match event {
        OutputEvent::QueryAnswered { mode, rows, .. } => {
            let rows = rows.map(|n| format!(": {}", counted(n, "row", "rows")));
            format!(
                "Question answered in mode {mode}{}",
                rows.unwrap_or_default()
            )
        }
        OutputEvent::QuestionsReviewed(_) => "Refused questions looked at by a person".to_owned(),
        OutputEvent::CommandRefused(e) => format!("Refused: {} ({})", e.command, e.code),
        OutputEvent::OutputSubmitted(e) => format!(
            "Output {}{} asks to leave: {}, {}",
            e.id,
            if e.version > 1 {
                format!(" (version {})", e.version)
            } else {
                String::new()
            },
            counted(e.files.len() as u64, "file", "files"),
            match e.colour {
                Verdict::Green => "green",
                Verdict::Amber => "amber",
                Verdict::Red => "red",
            }
        ),
        OutputEvent::OutputReviewed { output, .. } => {
            format!("Output {output} checked; the conclusion is sealed until two are there")
        }
        OutputEvent::OutputOpened {
            output, outcomes, ..
        } => {
            let conclusion = |o: &CheckOutcome| match o {
                CheckOutcome::Accept => "may leave",
                CheckOutcome::Reject => "must not leave",
            };
            let each: Vec<String> = outcomes
                .iter()
                .map(|(who, outcome)| format!("{who}: {}", conclusion(outcome)))
                .collect();
            format!("Output {output}, conclusions opened: {}", each.join(", "))
        }
        OutputEvent::OutputReturned { output, .. } => {
            format!("Output {output} given back with comments")
        }
        OutputEvent::OutputReleased {
            output,
            files,
            automatic,
            ..
        } => format!(
            "Output {output} released{}: {}",
            if *automatic {
                " by itself, being green"
            } else {
                ""
            },
            counted(files.len() as u64, "file", "files")
        ),
        OutputEvent::OutputDownloaded { output, .. } => format!("Output {output} handed over"),
        OutputEvent::OutputWithdrawn(e) => format!("Output {} taken back", e.output),
        OutputEvent::OutputRecalled { output, had_it } => format!(
            "Output {output} called back; {} had it",
            counted(had_it.len() as u64, "person", "people")
        ),
        OutputEvent::OutputDeleted(e) => format!("Output {}: deletion confirmed", e.output),
    }
}

const fn opened(mode: Mode) -> &'static str {
    match mode {
        Mode::Deny => "denied",
        Mode::Aggregate => "open up to aggregate",
        Mode::Enclave => "open up to enclave",
        Mode::Transfer => "open up to transfer",
    }
}

/// A count with its noun.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_are_written_for_people_in_utc() {
        assert_eq!(time("2026-12-01T09:30:00Z"), "1 December 2026, 09:30 UTC");
        assert_eq!(date("2026-02-28T00:00:00Z").unwrap(), "28 February 2026");
        assert_eq!(time("soon"), "soon");
    }

    #[test]
    fn numbers_have_thousands_set_apart() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (118_000_000, "118,000,000"),
        ] {
            assert_eq!(number(n), text);
        }
    }

    #[test]
    fn territories_have_names_and_the_list_is_complete() {
        assert_eq!(territory("GB"), "United Kingdom (GB)");
        assert_eq!(territory("GB-SCT"), "United Kingdom (GB-SCT)");
        assert_eq!(territory("ZZ"), "ZZ");
        // ISO 3166-1 has 249 officially assigned alpha-2 codes.
        let codes: Vec<&str> = TERRITORIES.lines().filter_map(|l| l.get(..2)).collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted());
    }
}
