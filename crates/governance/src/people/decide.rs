//! Decisions about people and institutions.

use super::{IssueToken, PeopleEvent, RecordListing, RecordOwnership, RegisterResearcher, Token};
use crate::command::Command;
use crate::decide::{Draft, only_earlier, taken, text_within, unknown, window_open};
use crate::ids::Id;
use crate::limits::{TITLE_CHARS, TOKEN_SECONDS, TOKENS_EACH};
use crate::outputs::working_member;
use crate::people::{AppointStaff, Role};
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Time;

pub(crate) fn decide(
    state: &State,
    by: &Id,
    at: Time,
    command: &Command,
) -> Result<Vec<Draft>, Refusal> {
    let event = match command {
        Command::AppointStaff(c) => {
            appointment(state, by, c)?;
            PeopleEvent::StaffAppointed((**c).clone())
        }
        Command::RegisterInstitution(c) => {
            if state.people.institutions.contains_key(&c.id) {
                return Err(taken("institution-taken", "institution", &c.id));
            }
            text_within("name", &c.name, TITLE_CHARS)?;
            PeopleEvent::InstitutionRegistered((**c).clone())
        }
        Command::RecordOwnership(c) => {
            ownership(state, c)?;
            PeopleEvent::OwnershipRecorded((**c).clone())
        }
        Command::RecordListing(c) => {
            listing(state, c)?;
            PeopleEvent::ListingRecorded((**c).clone())
        }
        Command::RegisterResearcher(c) => return researcher(state, c),
        Command::AccreditResearcher(c) => {
            known_researcher(state, &c.researcher)?;
            text_within("training", &c.training, TITLE_CHARS)?;
            window_open(&c.window)?;
            PeopleEvent::ResearcherAccredited((**c).clone())
        }
        Command::EndAffiliation(c) => {
            let end = known_researcher(state, &c.researcher)?.affiliation.until;
            only_earlier(end, c.until)?;
            PeopleEvent::AffiliationEnded((**c).clone())
        }
        Command::EraseResearcher(c) => {
            known_researcher(state, &c.researcher)?;
            PeopleEvent::ResearcherErased((**c).clone())
        }
        Command::IssueToken(c) => {
            token(state, by, at, c)?;
            PeopleEvent::TokenIssued((**c).clone())
        }
        Command::EndToken(c) => {
            let Some(token) = state.people.tokens.get(&c.id) else {
                return Err(unknown("token-unknown", "token", &c.id));
            };
            let officer = [Role::Custodian, Role::SecurityOfficer]
                .iter()
                .any(|role| state.people.has_role(by, *role));
            if token.researcher != *by && !officer {
                return Err(Refusal::new(
                    "not-your-token",
                    "tokens-are-personal",
                    format!("token `{}` belongs to somebody else", c.id),
                    "ask its researcher, a custodian or a security officer",
                ));
            }
            PeopleEvent::TokenEnded((**c).clone())
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Draft::public(event)])
}

/// A token is for oneself, for a project one works in, and not for ever.
fn token(state: &State, by: &Id, at: Time, c: &IssueToken) -> Result<(), Refusal> {
    if *by != c.researcher {
        return Err(Refusal::new(
            "not-your-token",
            "tokens-are-personal",
            "a token is issued to the person who asks for it",
            "ask as the researcher (`--as`)",
        ));
    }
    working_member(state, &c.project, by, at)?;
    if state.people.tokens.contains_key(&c.id) {
        return Err(taken("token-taken", "token", &c.id));
    }
    if c.until <= at || c.until.unix() - at.unix() > TOKEN_SECONDS {
        return Err(Refusal::new(
            "token-life",
            "tokens-end-soon",
            format!(
                "a token is expected to end after now and within {} days",
                TOKEN_SECONDS / 86_400
            ),
            "choose an earlier end, and issue a new one in time",
        ));
    }
    let live = |t: &&Token| t.researcher == c.researcher && t.is_live(at);
    if state.people.tokens.values().filter(live).count() >= TOKENS_EACH {
        return Err(Refusal::new(
            "tokens-many",
            "tokens-within-limits",
            format!("a researcher may hold {TOKENS_EACH} tokens at a time"),
            "end one that is no longer used (`readingroom token end`)",
        ));
    }
    Ok(())
}

fn appointment(state: &State, by: &Id, c: &AppointStaff) -> Result<(), Refusal> {
    if let Some(institution) = &c.institution {
        known_institution(state, institution)?;
    }
    if state.people.researchers.contains_key(&c.person) {
        return Err(taken("person-taken", "researcher", &c.person));
    }
    if *by == c.person && !c.roles.contains(&Role::Custodian) {
        return Err(Refusal::new(
            "last-key",
            "custodian-keeps-role",
            "nobody may take the role custodian from themselves, or nobody could give it back",
            "have another custodian do it",
        ));
    }
    two_custodians(state, by, c)
}

/// The rules about two people rest on who is custodian and who is checker: one person alone cannot make a second.
fn two_custodians(state: &State, by: &Id, c: &AppointStaff) -> Result<(), Refusal> {
    let custodians = state
        .people
        .staff
        .values()
        .filter(|s| s.roles.contains(&Role::Custodian))
        .count();
    let had = |role| state.people.has_role(&c.person, role);
    let changed = |role: Role| had(role) != c.roles.contains(&role);
    let second = c
        .agreed_by
        .as_ref()
        .is_some_and(|p| *p != c.person && state.people.second(by, p, &[Role::Custodian]));
    if custodians < 2 || second || !(changed(Role::Custodian) || changed(Role::OutputChecker)) {
        return Ok(());
    }
    Err(Refusal::new(
        "second-person-missing",
        "appointments-need-two",
        "to give or take the role custodian or output-checker needs a second custodian, and none agreed",
        "name another custodian in `agreed_by`",
    ))
}

fn ownership(state: &State, c: &RecordOwnership) -> Result<(), Refusal> {
    known_institution(state, &c.owner)?;
    known_institution(state, &c.owned)?;
    window_open(&c.window)?;
    text_within("source", &c.source, TITLE_CHARS)?;
    if c.owner == c.owned {
        return Err(Refusal::new(
            "owns-itself",
            "ownership-between-two",
            "an institution cannot own itself",
            "correct `owner` or `owned`",
        ));
    }
    if c.percent.is_some_and(|p| !(1..=100).contains(&p)) {
        return Err(Refusal::new(
            "percent-range",
            "ownership-in-percent",
            "a share is expected between 1 and 100 percent",
            "correct `percent`, or leave it out if it is not known",
        ));
    }
    Ok(())
}

fn listing(state: &State, c: &RecordListing) -> Result<(), Refusal> {
    known_institution(state, &c.institution)?;
    window_open(&c.window)?;
    text_within("entry", &c.entry, TITLE_CHARS)?;
    text_within("source", &c.source, TITLE_CHARS)
}

fn researcher(state: &State, c: &RegisterResearcher) -> Result<Vec<Draft>, Refusal> {
    known_institution(state, &c.institution)?;
    if state.people.researchers.contains_key(&c.id) || state.people.staff.contains_key(&c.id) {
        return Err(taken("person-taken", "person", &c.id));
    }
    text_within("name", &c.name, TITLE_CHARS)?;
    text_within("email", &c.email, TITLE_CHARS)?;
    window_open(&c.affiliation)?;
    let event = PeopleEvent::ResearcherRegistered {
        id: c.id.clone(),
        institution: c.institution.clone(),
        affiliation: c.affiliation,
    };
    Ok(vec![
        Draft::public(event)
            .with("name", c.name.as_str())
            .with("email", c.email.as_str()),
    ])
}

pub(crate) fn known_institution(state: &State, id: &Id) -> Result<(), Refusal> {
    match state.people.institutions.get(id) {
        Some(_) => Ok(()),
        None => Err(unknown("institution-unknown", "institution", id)),
    }
}

pub(crate) fn known_researcher<'a>(
    state: &'a State,
    id: &Id,
) -> Result<&'a super::Researcher, Refusal> {
    state
        .people
        .researchers
        .get(id)
        .ok_or_else(|| unknown("researcher-unknown", "researcher", id))
}
