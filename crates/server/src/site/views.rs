//! What a page shows of a project, in the order in which it shows it.

use governance::projects::{ReviewOutcome, Standing};
use governance::{Id, Mode, Territory, Time};
use serde::Serialize;

use crate::register::{ClassLine, Line, ProjectRecord, Register, Step, What};
use crate::words;

/// A project's line in the table of projects.
#[derive(Serialize)]
pub(super) struct ProjectRow<'a> {
    id: &'a Id,
    title: &'a str,
    institution: &'a str,
    territory: &'a Territory,
    partners: Vec<&'a Territory>,
    standing: &'static str,
    standing_words: String,
    /// Modes open now, highest first, each with its classes; nothing when the project is not live.
    open: Vec<(Mode, Vec<&'a Id>)>,
    questions: u64,
    released: u64,
    pub(super) entry: u64,
}

impl<'a> ProjectRow<'a> {
    pub(super) fn of(project: &'a ProjectRecord) -> Self {
        Self {
            id: &project.id,
            title: &project.title,
            institution: &project.lead.name,
            territory: &project.lead.territory,
            partners: project.partners.iter().map(|p| &p.territory).collect(),
            standing: words::standing_key(project.standing),
            standing_words: standing(project),
            open: if project.live {
                open(project)
            } else {
                Vec::new()
            },
            questions: project.questions.total(),
            released: released(project),
            entry: project.entry,
        }
    }
}

fn open(project: &ProjectRecord) -> Vec<(Mode, Vec<&Id>)> {
    let in_mode = |mode: Mode| {
        let has = |line: &ClassLine| line.access.as_ref().is_some_and(|a| a.mode == mode);
        let classes = project
            .classes
            .iter()
            .filter(|(_, line)| has(line))
            .map(|(class, _)| class);
        (mode, classes.collect::<Vec<_>>())
    };
    Mode::OPEN
        .into_iter()
        .rev()
        .map(in_mode)
        .filter(|(_, classes)| !classes.is_empty())
        .collect()
}

fn released(project: &ProjectRecord) -> u64 {
    project
        .outputs
        .iter()
        .filter(|o| o.released_entry.is_some())
        .count() as u64
}

/// Standing in words; an active project whose agreement is not in force is not called active alone.
fn standing(project: &ProjectRecord) -> String {
    match (project.standing, project.live) {
        (Standing::Active, false) => "active, no agreement in force".to_owned(),
        (standing, _) => standing.to_string(),
    }
}

/// A step of a project's authorisation or change, in words.
#[derive(Serialize)]
struct StepView<'a> {
    entry: u64,
    at: Time,
    by: &'a Id,
    role: &'a str,
    title: &'static str,
    detail: String,
    /// A statement of reasons that was written for the register.
    reasons: Option<&'a str>,
}

/// A project's page, beside the record itself.
#[derive(Serialize)]
pub(super) struct ProjectView<'a> {
    standing: &'static str,
    standing_words: String,
    /// One sentence on what this means for the data.
    meaning: &'static str,
    steps: Vec<StepView<'a>>,
    changes: Vec<StepView<'a>>,
    history: Vec<&'a Line>,
    questions: u64,
    newest_questions: Vec<&'a crate::register::Question>,
    released: u64,
    not_released: u64,
    refusals: u64,
}

impl<'a> ProjectView<'a> {
    pub(super) fn of(register: &'a Register, project: &'a ProjectRecord) -> Self {
        let line = |entry: &u64| {
            usize::try_from(*entry)
                .ok()
                .and_then(|e| register.lines.get(e))
        };
        let step = |s: &'a Step| StepView {
            entry: s.entry,
            at: s.at,
            by: &s.by,
            role: line(&s.entry).map_or("", |l| &l.role),
            title: title(&s.what),
            detail: detail(&s.what),
            reasons: match &s.what {
                What::Decision { reasons, .. } => Some(reasons),
                _ => None,
            },
        };
        let released = released(project);
        Self {
            standing: words::standing_key(project.standing),
            standing_words: standing(project),
            meaning: meaning(project),
            steps: project.authorised.iter().map(step).collect(),
            changes: project.changes.iter().map(step).collect(),
            history: project.history.iter().filter_map(line).collect(),
            questions: project.questions.total(),
            newest_questions: project.questions.newest.iter().rev().collect(),
            released,
            not_released: project.outputs.len() as u64 - released,
            refusals: project.refusals.values().sum(),
        }
    }
}

fn meaning(project: &ProjectRecord) -> &'static str {
    match project.standing {
        Standing::Applied => {
            "It has asked. It may use nothing until it is decided, agreed and paid."
        }
        Standing::Approved => {
            "It was approved. It may use nothing until every agreement is signed and the fee is paid."
        }
        Standing::Rejected => "It was rejected. It never had access to any data.",
        Standing::Active if project.live && nothing_open(project) => {
            "It is running, but no class of data is open to it now. The table says which requirements are not met."
        }
        Standing::Active if project.live => "It may use the data below, and nothing else.",
        Standing::Active => "It may use nothing now, because no agreement is in force.",
        Standing::Suspended => "It may use nothing while it is suspended.",
        Standing::Expired => "Its time is over. It may use nothing.",
        Standing::Closed => "It is closed for good. It may use nothing.",
    }
}

fn nothing_open(project: &ProjectRecord) -> bool {
    let open = |class: &ClassLine| class.access.as_ref().is_some_and(|a| a.mode > Mode::Deny);
    !project.classes.values().any(open)
}

const fn title(what: &What) -> &'static str {
    match what {
        What::Application => "Application submitted",
        What::ScientificReview { .. } => "Scientific review",
        What::EthicalReview { .. } => "Ethical review",
        What::Decision { approved: true, .. } => "Decision: approved",
        What::Decision {
            approved: false, ..
        } => "Decision: rejected",
        What::Agreement { .. } => "Agreement signed",
        What::Fee => "Fee paid",
        What::Start => "Project started",
        What::Amendment { .. } => "Amended",
        What::Suspension => "Suspended",
        What::Resumption { .. } => "Resumed",
        What::Expiry => "Expired",
        What::Closing => "Closed",
    }
}

fn detail(what: &What) -> String {
    match what {
        What::ScientificReview { outcome } | What::EthicalReview { outcome } => review(*outcome),
        What::Agreement {
            institution,
            version,
            window,
        } => {
            let from = day(window.from);
            let until = window
                .until
                .map_or("without an end".to_owned(), |t| format!("until {}", day(t)));
            format!("By {institution}, version {version}, from {from} {until}.")
        }
        What::Amendment { asks, agreed_by } => {
            let asks: Vec<String> = asks.iter().map(|(c, m)| format!("{c} up to {m}")).collect();
            format!("Asks for {}. Agreed by {agreed_by}.", asks.join(", "))
        }
        What::Resumption { agreed_by } => format!("Agreed by {agreed_by}."),
        What::Application
        | What::Decision { .. }
        | What::Fee
        | What::Start
        | What::Suspension
        | What::Expiry
        | What::Closing => String::new(),
    }
}

fn review(outcome: ReviewOutcome) -> String {
    let words = words::outcome(outcome);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

fn day(time: Time) -> String {
    let iso = time.to_string();
    words::date(&iso).unwrap_or(iso)
}
