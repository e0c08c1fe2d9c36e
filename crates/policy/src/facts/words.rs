//! What stands in the way, said for people: names of institutions, dates, lists, shares. Researchers are
//! named by their short names, which are in the log; nothing private is known here.

use governance::projects::{ReviewOutcome, ReviewTrack, Standing};
use governance::{Id, Territory, Time};

use super::attributes::Because;
use super::{Approved, Facts, Hit, Path, Phase, TerritoryFacts};

/// The word for a standing, as in policies and events.
pub(super) const fn standing(standing: Standing) -> &'static str {
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

/// A date when the instant is the first of its day, otherwise the instant.
pub(crate) fn day(time: Time) -> String {
    if time.unix().rem_euclid(86_400) == 0 {
        time.date()
    } else {
        time.to_string()
    }
}

fn named(facts: &Facts, id: &Id) -> String {
    facts
        .institutions
        .get(id)
        .map_or_else(|| format!("`{id}`"), |i| i.name.clone())
}

pub(super) fn why_not_live(facts: &Facts, because: &mut Because) {
    if facts.standing.value != Standing::Active {
        let line = format!("project `{}` is {}", facts.project, facts.standing.value);
        because.say(line, facts.standing.entries.iter().copied());
    }
}

pub(super) fn why_not_reviewed(facts: &Facts, because: &mut Because) {
    for (track, word) in [
        (ReviewTrack::Scientific, "scientific"),
        (ReviewTrack::Ethical, "ethical"),
    ] {
        match facts.reviews.get(&track) {
            None => because.say(format!("the {word} review is missing"), []),
            Some(review) if review.value != ReviewOutcome::Approve => because.say(
                format!("the newest {word} review is not in favour"),
                review.entries.iter().copied(),
            ),
            Some(_) => {}
        }
    }
}

pub(super) fn why_not_approved(facts: &Facts, because: &mut Because) {
    match &facts.decision {
        None => because.say("the application has not been decided".to_owned(), []),
        Some(decision) if !decision.value => because.say(
            "the application was rejected".to_owned(),
            decision.entries.iter().copied(),
        ),
        Some(_) => {}
    }
}

pub(super) fn why_not_agreed(facts: &Facts, because: &mut Because) {
    for institution in facts.institutions.values() {
        let name = &institution.name;
        let Some(agreement) = &institution.agreement else {
            because.say(format!("{name} has not signed the agreement"), []);
            continue;
        };
        let window = agreement.value.window;
        let line = match agreement.value.phase {
            Phase::InForce => continue,
            Phase::NotBegun => format!("the agreement of {name} begins on {}", day(window.from)),
            Phase::Over => format!("the agreement of {name} ended{}", ended(window.until)),
        };
        because.say(line, agreement.entries.iter().copied());
    }
}

fn ended(until: Option<Time>) -> String {
    until.map_or_else(String::new, |end| format!(" on {}", day(end)))
}

pub(super) fn why_not_paid(facts: &Facts, because: &mut Because) {
    if !facts.fee.as_ref().is_some_and(|f| f.value) {
        because.say("no payment of the access fee is recorded".to_owned(), []);
    }
}

pub(super) fn why_not_known(facts: &Facts, because: &mut Because) {
    for (id, researcher) in &facts.researchers {
        if researcher.institution.is_none() {
            because.say(format!("no researcher is registered as `{id}`"), []);
        }
    }
    for (id, institution) in &facts.institutions {
        if institution.territory.is_none() {
            because.say(format!("no institution is registered as `{id}`"), []);
        }
    }
}

pub(super) fn why_not_trained(facts: &Facts, because: &mut Because) {
    for (id, researcher) in &facts.researchers {
        let Some(training) = &researcher.training else {
            because.say(format!("no training of researcher `{id}` is recorded"), []);
            continue;
        };
        if training.value.iter().any(super::Held::holds) {
            continue;
        }
        let later = training.value.iter().filter(|t| t.phase == Phase::NotBegun);
        let line = match later.map(|t| t.window.from).min() {
            Some(from) => format!("the training of researcher `{id}` begins on {}", day(from)),
            None => {
                let last = training.value.iter().filter_map(|t| t.window.until).max();
                format!("the training of researcher `{id}` ended{}", ended(last))
            }
        };
        because.say(line, training.entries.iter().copied());
    }
}

pub(super) fn why_not_affiliated(facts: &Facts, because: &mut Because) {
    for (id, researcher) in &facts.researchers {
        let (Some(affiliation), Some(at)) = (&researcher.affiliation, &researcher.institution)
        else {
            because.say(format!("no researcher is registered as `{id}`"), []);
            continue;
        };
        let (window, place) = (affiliation.value.window, named(facts, &at.value));
        let line = match affiliation.value.phase {
            Phase::InForce => continue,
            Phase::NotBegun => {
                format!(
                    "researcher `{id}` belongs to {place} from {}",
                    day(window.from)
                )
            }
            Phase::Over => format!("researcher `{id}` left {place}{}", ended(window.until)),
        };
        because.say(line, affiliation.entries.iter().copied());
    }
}

pub(super) fn why_listed(facts: &Facts, because: &mut Because) {
    for institution in facts.institutions.values() {
        for hit in &institution.backing.listed {
            because.say(format!("{} {}", institution.name, listed(hit)), [hit.entry]);
        }
    }
}

fn listed(hit: &Hit) -> String {
    format!(
        "is on the list `{}` as \"{}\" since {}",
        hit.list,
        hit.listed_as,
        day(hit.since)
    )
}

pub(super) fn why_owned(facts: &Facts, because: &mut Because) {
    for institution in facts.institutions.values() {
        if let Some(path) = &institution.backing.owned {
            let line = format!(
                "{} is owned by listed owners: {}",
                institution.name,
                chain(path)
            );
            because.say(line, path_entries(path));
        }
    }
}

pub(super) fn why_unknown(facts: &Facts, because: &mut Because) {
    for institution in facts.institutions.values() {
        let name = &institution.name;
        if let Some(path) = &institution.backing.unknown {
            let line = format!(
                "whether listed owners hold half of {name} is not known: {}",
                chain(path)
            );
            because.say(line, path_entries(path));
        }
        if institution.backing.unfinished {
            because.say(
                format!("the owners of {name} could not be followed to the end"),
                [],
            );
        }
    }
}

fn chain(path: &Path) -> String {
    let shares = path.shares.iter().map(|share| {
        let percent = share.percent.map_or_else(
            || "a share that is not known".to_owned(),
            |p| format!("{p} %"),
        );
        format!(
            "{} holds {percent} of {}",
            share.owner_name, share.owned_name
        )
    });
    let ends = path
        .listings
        .iter()
        .map(|hit| format!("{} {}", hit.name, listed(hit)));
    shares.chain(ends).collect::<Vec<_>>().join(", ")
}

fn path_entries(path: &Path) -> impl Iterator<Item = u64> {
    path.shares
        .iter()
        .map(|s| s.entry)
        .chain(path.listings.iter().map(|h| h.entry))
}

pub(super) fn where_from(facts: &Facts, because: &mut Because) {
    for (code, territory) in &facts.territories {
        because.say(whose(facts, code, territory), entries_of(facts, territory));
    }
}

/// `DE (Example University; place of work)`.
fn whose(facts: &Facts, code: &Territory, territory: &TerritoryFacts) -> String {
    let names = territory.institutions.iter().map(|id| named(facts, id));
    let place = territory.place_of_work.then(|| "place of work".to_owned());
    format!(
        "{code} ({})",
        names.chain(place).collect::<Vec<_>>().join("; ")
    )
}

fn entries_of(facts: &Facts, territory: &TerritoryFacts) -> Vec<u64> {
    let institutions = territory
        .institutions
        .iter()
        .filter_map(|id| facts.institutions.get(id));
    institutions
        .filter_map(|i| i.territory.as_ref())
        .flat_map(|t| t.entries.clone())
        .collect()
}

pub(super) fn why_not_asked(facts: &Facts, because: &mut Because) {
    match &facts.asked {
        None => because.say(
            format!("the project does not ask for class `{}`", facts.class),
            [],
        ),
        Some(asked) => because.say(
            format!(
                "the project asks for class `{}` up to {}",
                facts.class, asked.value
            ),
            asked.entries.iter().copied(),
        ),
    }
}

pub(super) fn why_no_direction(facts: &Facts, because: &mut Because) {
    if facts.directions.is_empty() {
        because.say(
            format!("no direction for class `{}` is recorded", facts.class),
            [],
        );
    }
    for (id, direction) in &facts.directions {
        let window = direction.value.held.window;
        let what = format!("direction `{id}` ({})", direction.value.instrument);
        let line = match direction.value.held.phase {
            Phase::InForce => continue,
            Phase::NotBegun => format!("{what} begins on {}", day(window.from)),
            Phase::Over => format!("{what} ended{}", ended(window.until)),
        };
        because.say(line, direction.entries.iter().copied());
    }
}

pub(super) fn why_no_approval(facts: &Facts, because: &mut Because) {
    for (id, institution) in facts
        .institutions
        .iter()
        .filter(|(_, i)| i.territory.is_none())
    {
        because.say(
            format!(
                "the territory of {} (`{id}`) is not known",
                institution.name
            ),
            [],
        );
    }
    let lowest = facts.approved_mode();
    for (code, territory) in &facts.territories {
        let whose = whose(facts, code, territory);
        let class = &facts.class;
        let mut entries = entries_of(facts, territory);
        let line = match (&territory.approved, &territory.next) {
            (Some(approved), next) => {
                // Nothing is open without all approvals, so while one is missing only that is said; and
                // territories approved for more than the lowest do not stand in the way.
                if lowest != Some(approved.value.mode) {
                    continue;
                }
                entries.extend(&approved.entries);
                let until = approved.value.window.until;
                let end = until.map_or_else(String::new, |u| format!(" until {}", day(u)));
                let then = next.as_ref().map_or_else(String::new, |n| then(&n.value));
                format!(
                    "{whose} is approved for class `{class}` up to {}{end}{then}",
                    approved.value.mode
                )
            }
            (None, Some(next)) => {
                entries.extend(&next.entries);
                format!(
                    "{whose} is not approved for class `{class}` yet{}",
                    then(&next.value)
                )
            }
            (None, None) => format!("{whose} is not approved for class `{class}`"),
        };
        because.say(line, entries);
    }
}

fn then(next: &Approved) -> String {
    format!(", from {} up to {}", day(next.window.from), next.mode)
}

pub(super) fn why_no_release(facts: &Facts, because: &mut Because) {
    if facts.release.is_none() {
        because.say("no release is in use".to_owned(), []);
    }
}
