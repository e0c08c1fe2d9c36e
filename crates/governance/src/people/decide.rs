//! Decisions about people and institutions.

use super::{PeopleEvent, RecordListing, RecordOwnership, RegisterResearcher};
use crate::command::Command;
use crate::decide::{Draft, only_earlier, taken, text_within, unknown, window_open};
use crate::ids::Id;
use crate::limits::TITLE_CHARS;
use crate::people::{AppointStaff, Role};
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn decide(state: &State, by: &Id, command: &Command) -> Result<Vec<Draft>, Refusal> {
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
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Draft::public(event)])
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
