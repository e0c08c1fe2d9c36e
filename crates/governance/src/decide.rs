//! Whether a command may happen now, and what happens if so. Pure: the state, the time and the actor come in.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::command::{Command, CommandInfo, Who};
use crate::event::Event;
use crate::ids::Id;
use crate::limits::{TEXT_CHARS, TITLE_CHARS};
use crate::people::Role;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Time;
use crate::{data, outputs, people, projects, settings};

/// An event that is about to be written, with its private values in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What happens.
    pub event: Event,
    /// Private values by name. They go into the log as salted digests only.
    pub private: BTreeMap<&'static str, Value>,
}

impl Draft {
    /// An event without private values.
    pub(crate) fn public(event: impl Into<Event>) -> Self {
        Self {
            event: event.into(),
            private: BTreeMap::new(),
        }
    }

    /// Adds a private value.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.private.insert(name, value.into());
        self
    }
}

/// Who gives a command, and by what way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A member of staff or a researcher.
    Person(Id),
    /// The program itself, on behalf of a person whom it checked.
    Program(Id),
}

impl Actor {
    /// On whose account it goes.
    pub const fn id(&self) -> &Id {
        match self {
            Self::Person(id) | Self::Program(id) => id,
        }
    }
}

/// Decides a command: the events that follow from it, or a refusal.
///
/// # Errors
/// A [`Refusal`] that names its rule and what to do.
pub fn decide(
    state: &State,
    actor: &Actor,
    at: Time,
    command: &Command,
) -> Result<Vec<Draft>, Refusal> {
    may_give(state, actor, command)?;
    let by = actor.id();
    match command {
        Command::FoundInstance(c) => settings::found(state, c),
        Command::AdoptPolicies(c) => settings::adopt(state, by, c),
        Command::SetAirlock(c) => settings::set(state, by, c),
        Command::AppointStaff(_)
        | Command::RegisterInstitution(_)
        | Command::RecordOwnership(_)
        | Command::RecordListing(_)
        | Command::RegisterResearcher(_)
        | Command::AccreditResearcher(_)
        | Command::EndAffiliation(_)
        | Command::EraseResearcher(_)
        | Command::IssueToken(_)
        | Command::EndToken(_) => people::decide(state, by, at, command),
        Command::IssueDirection(_)
        | Command::EndDirection(_)
        | Command::ApproveTerritory(_)
        | Command::RecordConsent(_)
        | Command::RecordWithdrawal(_)
        | Command::SealRelease(_)
        | Command::EraseKeys(_)
        | Command::RetireRelease(_) => data::decide(state, by, command),
        Command::SubmitApplication(_)
        | Command::ReviewApplication(_)
        | Command::DecideApplication(_)
        | Command::SignAgreement(_)
        | Command::RecordFee(_)
        | Command::AmendProject(_)
        | Command::SuspendProject(_)
        | Command::ResumeProject(_)
        | Command::ExpireProject(_)
        | Command::CloseProject(_)
        | Command::RecordAccess(_) => projects::decide(state, by, at, command),
        Command::RecordQuery(_)
        | Command::ReviewQuestions(_)
        | Command::RecordRefusal(_)
        | Command::SubmitOutput(_)
        | Command::ReviewOutput(_)
        | Command::OpenReviews(_)
        | Command::ReturnOutput(_)
        | Command::ReleaseOutput(_)
        | Command::DownloadOutput(_)
        | Command::WithdrawOutput(_)
        | Command::RecallOutput(_)
        | Command::ConfirmDeletion(_) => outputs::decide(state, by, at, command),
    }
}

/// The one place that says who may give which command.
fn may_give(state: &State, actor: &Actor, command: &Command) -> Result<(), Refusal> {
    let who = CommandInfo::find(command.name()).map_or(Who::Program, |info| info.who);
    let allowed = match (who, actor) {
        (Who::Program, Actor::Program(_)) => true,
        (Who::Program, Actor::Person(_)) => false,
        (Who::Staff(roles), _) => roles.iter().any(|r| state.people.has_role(actor.id(), *r)),
        (Who::Member, _) => state.people.researchers.contains_key(actor.id()),
    };
    if allowed {
        return Ok(());
    }
    let needed = match who {
        Who::Program => "it is given by the program itself and cannot be given by hand".to_owned(),
        Who::Staff(roles) => format!("it needs one of the roles {}", role_words(roles)),
        Who::Member => "it needs a registered researcher".to_owned(),
    };
    Err(Refusal::new(
        "not-permitted",
        "who-may-do-what",
        format!(
            "`{}` may not be given by `{}`: {needed}",
            command.name(),
            actor.id()
        ),
        "give it as somebody who may (`--as`), or have the role appointed with `staff.appoint`",
    ))
}

fn role_words(roles: &[Role]) -> String {
    let words: Vec<String> = roles
        .iter()
        .filter_map(|r| serde_json::to_value(r).ok())
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect();
    words.join(", ")
}

/// Refuses a text that is empty or too long.
pub(crate) fn text_within(name: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > most {
        return Err(Refusal::new(
            "text-length",
            "text-within-limits",
            format!("`{name}` is expected to have 1 to {most} characters, it has {length}"),
            "write a shorter or a fuller text",
        ));
    }
    // Control characters and marks that turn the direction of writing could forge lines where the text is shown.
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.chars().any(hidden) || (most <= TITLE_CHARS && text.contains('\n')) {
        return Err(Refusal::new(
            "text-hidden",
            "texts-are-plain",
            format!(
                "`{name}` holds a control character, a line end in a title, or a mark that hides or turns text"
            ),
            "write plain text",
        ));
    }
    Ok(())
}

/// Refuses a statement of reasons that is empty or too long.
pub(crate) fn reasons_given(text: &str) -> Result<(), Refusal> {
    text_within("reasons", text, TEXT_CHARS)
}

/// Refuses a list that is too long.
pub(crate) fn list_within(name: &str, length: usize, most: usize) -> Result<(), Refusal> {
    if length > most {
        return Err(Refusal::new(
            "list-length",
            "lists-within-limits",
            format!("`{name}` may hold at most {most} items, it holds {length}"),
            "send fewer items, or split the command",
        ));
    }
    Ok(())
}

/// The refusal for something that is not there.
pub(crate) fn unknown(code: &'static str, what: &str, id: &Id) -> Refusal {
    Refusal::new(
        code,
        "names-what-exists",
        format!("no {what} is called `{id}`"),
        format!("make the {what} known first (`readingroom do --list`), or correct the name"),
    )
}

/// The refusal for a name that is taken.
pub(crate) fn taken(code: &'static str, what: &str, id: &Id) -> Refusal {
    Refusal::new(
        code,
        "names-are-used-once",
        format!("a {what} called `{id}` exists already"),
        "choose another name",
    )
}

/// Refuses a window in which no instant lies.
pub(crate) fn window_open(window: &crate::time::Window) -> Result<(), Refusal> {
    if window.is_empty() {
        return Err(Refusal::new(
            "window-empty",
            "windows-hold-time",
            "the end of the window is not after its start",
            "correct `from` and `until`",
        ));
    }
    Ok(())
}

/// Refuses an end that is later than the end there is: ending something never prolongs it.
pub(crate) fn only_earlier(end: Option<Time>, wanted: Time) -> Result<(), Refusal> {
    if end.is_some_and(|end| end <= wanted) {
        return Err(Refusal::new(
            "ended-already",
            "ending-never-prolongs",
            "it ends earlier than that already",
            "record a new one if it is meant to last longer",
        ));
    }
    Ok(())
}
