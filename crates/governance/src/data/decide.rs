//! Decisions about data.

use super::{DataEvent, EraseKeys, RecordConsent, RecordWithdrawal, SealRelease, is_class};
use crate::command::Command;
use crate::decide::{
    Draft, list_within, only_earlier, reasons_given, taken, text_within, unknown, window_open,
};
use crate::ids::Id;
use crate::limits::{PARTICIPANTS_PER_BATCH, TITLE_CHARS};
use crate::people::Role;
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn decide(state: &State, by: &Id, command: &Command) -> Result<Vec<Draft>, Refusal> {
    let event = match command {
        Command::IssueDirection(c) => {
            if state.data.directions.contains_key(&c.id) {
                return Err(taken("direction-taken", "direction", &c.id));
            }
            known_class(&c.class)?;
            text_within("instrument", &c.instrument, TITLE_CHARS)?;
            window_open(&c.window)?;
            DataEvent::DirectionIssued((**c).clone())
        }
        Command::EndDirection(c) => {
            let Some(direction) = state.data.directions.get(&c.direction) else {
                return Err(unknown("direction-unknown", "direction", &c.direction));
            };
            only_earlier(direction.window.until, c.until)?;
            DataEvent::DirectionEnded((**c).clone())
        }
        Command::ApproveTerritory(c) => {
            known_class(&c.class)?;
            text_within("source", &c.source, TITLE_CHARS)?;
            window_open(&c.window)?;
            DataEvent::TerritoryApproved((**c).clone())
        }
        Command::RecordConsent(c) => return consent(c),
        Command::RecordWithdrawal(c) => return withdrawal(c),
        Command::SealRelease(c) => {
            if state.data.releases.contains_key(&c.release) {
                return Err(taken("release-taken", "release", &c.release));
            }
            let index = c.index_sha256.as_ref().map(|d| d.as_str().to_owned());
            let public = SealRelease {
                index_sha256: None,
                ..(**c).clone()
            };
            let draft = Draft::public(DataEvent::ReleaseSealed(public));
            return Ok(vec![match index {
                Some(index) => draft.with("index_sha256", index),
                None => draft,
            }]);
        }
        Command::RetireRelease(c) => {
            if !state.data.releases.contains_key(&c.release) {
                return Err(unknown("release-unknown", "release", &c.release));
            }
            reasons_given(&c.reasons)?;
            DataEvent::ReleaseRetired((**c).clone())
        }
        Command::EraseKeys(c) => {
            erasure(state, by, c)?;
            DataEvent::KeysErased((**c).clone())
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Draft::public(event)])
}

/// What cannot be undone needs two people.
fn erasure(state: &State, by: &Id, c: &EraseKeys) -> Result<(), Refusal> {
    let may = [Role::Custodian, Role::DataManager];
    if !may.iter().any(|role| state.people.has_role(by, *role)) {
        return Err(Refusal::new(
            "not-permitted",
            "who-may-do-what",
            format!(
                "keys may not be erased by `{by}`: it needs the role custodian or data-manager"
            ),
            "do it as somebody who has it (`--as`)",
        ));
    }
    if !state.people.second(by, &c.agreed_by, &may) {
        return Err(Refusal::new(
            "second-person-missing",
            "erasure-needs-two",
            "to erase keys needs a second person who is custodian or data manager, and none agreed",
            "name them in `agreed_by`",
        ));
    }
    if !state.data.releases.contains_key(&c.release) {
        return Err(unknown("release-unknown", "release", &c.release));
    }
    reasons_given(&c.reasons)
}

fn consent(c: &RecordConsent) -> Result<Vec<Draft>, Refusal> {
    list_within("consents", c.consents.len(), PARTICIPANTS_PER_BATCH)?;
    let list: serde_json::Value = c
        .consents
        .iter()
        .map(|consent| {
            let scopes = serde_json::to_value(&consent.scopes).unwrap_or_default();
            serde_json::json!([consent.eid, scopes])
        })
        .collect();
    Ok(vec![
        Draft::public(DataEvent::ConsentRecorded {}).with("consents", list),
    ])
}

fn withdrawal(c: &RecordWithdrawal) -> Result<Vec<Draft>, Refusal> {
    list_within("participants", c.participants.len(), PARTICIPANTS_PER_BATCH)?;
    if c.participants.is_empty() {
        return Err(Refusal::new(
            "nobody-named",
            "withdrawal-names-people",
            "the withdrawal names no participant",
            "list the participants' ids in `participants`",
        ));
    }
    let list: serde_json::Value = c.participants.iter().map(String::as_str).collect();
    Ok(vec![
        Draft::public(DataEvent::WithdrawalRecorded { level: c.level }).with("participants", list),
    ])
}

pub(crate) fn known_class(class: &Id) -> Result<(), Refusal> {
    if is_class(class) {
        return Ok(());
    }
    let known: Vec<&str> = super::CLASSES.iter().map(|(name, _)| *name).collect();
    Err(Refusal::new(
        "class-unknown",
        "names-what-exists",
        format!("no class of data is called `{class}`"),
        format!("use one of {}", known.join(", ")),
    ))
}
