//! The attributes of `policies/schema.cedarschema`: for each its value for Cedar, and, for people, what
//! about it stands in the way. One line an attribute; a test holds this list against the schema.
//!
//! An explanation is tied to the attributes that a gate names, not to the gate's id, so that a gate which
//! somebody adds or rewrites is explained as well.

use std::collections::BTreeSet;

use cedar_policy::RestrictedExpression as Value;
use governance::Mode;
use governance::projects::{ReviewOutcome, ReviewTrack};

use super::{Facts, words};

/// Where an attribute stands in a request to Cedar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `principal`: the project.
    Project,
    /// `context`: the class of data.
    Context,
}

/// What stands in the way, in sentences, with the log entries it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Because {
    pub(crate) lines: Vec<String>,
    pub(crate) entries: BTreeSet<u64>,
}

impl Because {
    pub(super) fn say(&mut self, line: String, entries: impl IntoIterator<Item = u64>) {
        self.lines.push(line);
        self.entries.extend(entries);
    }
}

/// An attribute.
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    /// Its value; `None` leaves it out.
    pub(crate) value: fn(&Facts) -> Option<Value>,
    /// What about it stands in the way.
    pub(crate) because: fn(&Facts, &mut Because),
}

macro_rules! attributes {
    ($($place:ident $name:literal = $value:expr, $because:expr;)*) => {
        /// Every attribute but `mode`, which belongs to the question and not to the facts.
        pub(crate) const ATTRIBUTES: &[Attribute] = &[$(Attribute {
            name: $name, place: Place::$place, value: $value, because: $because,
        },)*];
    };
}

attributes! {
    Project "standing" = |f| Some(text(words::standing(f.standing.value))), words::why_not_live;
    Project "reviewsInFavour" = |f| Some(yes(f.reviews_in_favour())), words::why_not_reviewed;
    Project "decisionApproved" = |f| f.decision.as_ref().map(|d| yes(d.value)), words::why_not_approved;
    Project "agreementsInForce" = |f| Some(yes(f.agreements_in_force())), words::why_not_agreed;
    Project "feePaid" = |f| f.fee.as_ref().map(|p| yes(p.value)), words::why_not_paid;
    Project "partiesKnown" = |f| Some(yes(f.parties_known())), words::why_not_known;
    Project "trainingValid" = |f| Some(yes(f.training_valid())), words::why_not_trained;
    Project "affiliationsValid" = |f| Some(yes(f.affiliations_valid())), words::why_not_affiliated;
    Project "listed" = |f| Some(institutions(f, |b| !b.listed.is_empty())), words::why_listed;
    Project "ownedByListed" = |f| Some(institutions(f, |b| b.owned.is_some())), words::why_owned;
    Project "ownershipUnknown" =
        |f| Some(institutions(f, |b| b.unknown.is_some() || b.unfinished)), words::why_unknown;
    Project "institutionTerritories" = |f| Some(set(f.territories.iter()
        .filter(|(_, t)| !t.institutions.is_empty()).map(|(id, _)| id.as_str()))), words::where_from;
    Project "placesOfWork" = |f| Some(set(f.territories.iter()
        .filter(|(_, t)| t.place_of_work).map(|(id, _)| id.as_str()))), words::where_from;
    Context "askedMode" = |f| f.asked.as_ref().map(|a| number(a.value)), words::why_not_asked;
    Context "directionInForce" = |f| f.direction_in_force().map(yes), words::why_no_direction;
    Context "approvedMode" = |f| f.approved_mode().map(number), words::why_no_approval;
    Context "release" = |f| f.release.as_ref().map(|r| text(r.value.as_str())), words::why_no_release;
}

fn yes(value: bool) -> Value {
    Value::new_bool(value)
}

fn text(value: &str) -> Value {
    Value::new_string(value.to_owned())
}

fn set<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    Value::new_set(values.map(text))
}

fn number(mode: Mode) -> Value {
    Value::new_long(rank(mode))
}

fn institutions(facts: &Facts, which: fn(&super::Backing) -> bool) -> Value {
    let chosen = facts.institutions.iter().filter(|(_, i)| which(&i.backing));
    set(chosen.map(|(id, _)| id.as_str()))
}

/// The number under which policies know a mode.
pub(crate) const fn rank(mode: Mode) -> i64 {
    match mode {
        Mode::Deny => 0,
        Mode::Aggregate => 1,
        Mode::Enclave => 2,
        Mode::Transfer => 3,
    }
}

impl Facts {
    /// Whether both tracks' newest reviews are in favour.
    pub fn reviews_in_favour(&self) -> bool {
        [ReviewTrack::Scientific, ReviewTrack::Ethical]
            .iter()
            .all(|track| {
                self.reviews
                    .get(track)
                    .is_some_and(|r| r.value == ReviewOutcome::Approve)
            })
    }

    /// Whether every institution has an agreement that is in force.
    pub fn agreements_in_force(&self) -> bool {
        let holds =
            |i: &super::InstitutionFacts| i.agreement.as_ref().is_some_and(|a| a.value.holds());
        !self.institutions.is_empty() && self.institutions.values().all(holds)
    }

    /// Whether every researcher and every institution is registered.
    pub fn parties_known(&self) -> bool {
        !self.researchers.is_empty()
            && self.researchers.values().all(|r| r.institution.is_some())
            && self.institutions.values().all(|i| i.territory.is_some())
    }

    /// Whether every researcher has training that is valid.
    pub fn training_valid(&self) -> bool {
        let valid = |r: &super::ResearcherFacts| {
            r.training
                .as_ref()
                .is_some_and(|t| t.value.iter().any(super::Held::holds))
        };
        !self.researchers.is_empty() && self.researchers.values().all(valid)
    }

    /// Whether every researcher belongs to their institution.
    pub fn affiliations_valid(&self) -> bool {
        let holds =
            |r: &super::ResearcherFacts| r.affiliation.as_ref().is_some_and(|a| a.value.holds());
        !self.researchers.is_empty() && self.researchers.values().all(holds)
    }

    /// Whether a direction of the class is in force; `None` when none was ever issued.
    pub fn direction_in_force(&self) -> Option<bool> {
        let mut all = self.directions.values().peekable();
        all.peek()?;
        Some(all.any(|d| d.value.held.holds()))
    }

    /// The lowest of the modes approved for the territories; `None` when one has no approval, or when an
    /// institution's territory is not known.
    pub fn approved_mode(&self) -> Option<Mode> {
        if self.institutions.values().any(|i| i.territory.is_none()) {
            return None;
        }
        let modes: Option<Vec<Mode>> = self
            .territories
            .values()
            .map(|t| t.approved.as_ref().map(|a| a.value.mode))
            .collect();
        modes?.into_iter().min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_schema_and_this_list_name_the_same_attributes() {
        let (_, schema) = crate::Bundle::default_files()
            .iter()
            .find(|(name, _)| *name == "schema.cedarschema")
            .unwrap();
        // An attribute stands on a line of its own: `"name": Type,` or `"name"?: Type,`.
        let named: BTreeSet<&str> = schema
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.split_once('"'))
            .filter(|(_, rest)| rest.starts_with(':') || rest.starts_with("?:"))
            .map(|(name, _)| name)
            .collect();
        let listed = ATTRIBUTES.iter().map(|a| a.name).chain(["mode"]);
        assert_eq!(named, listed.collect());
    }

    #[test]
    fn the_schema_and_governance_name_the_same_classes() {
        for (class, _) in governance::data::CLASSES {
            let quoted = format!("\"{class}\"");
            let (_, schema) = crate::Bundle::default_files()
                .iter()
                .find(|(name, _)| *name == "schema.cedarschema")
                .unwrap();
            assert!(schema.contains(&quoted), "the schema lacks {class}");
        }
    }
}
