//! Decisions about applications and projects.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AmendProject, Project, ProjectEvent, ResumeProject, ReviewApplication, ReviewOutcome,
    ReviewTrack, SignAgreement, Standing, SubmitApplication, Want,
};
use crate::command::Command;
use crate::data::known_class;
use crate::decide::{Draft, list_within, reasons_given, taken, text_within, unknown, window_open};
use crate::ids::Id;
use crate::limits::{FIELDS_NAMED, LIST_ITEMS, TEXT_CHARS, TITLE_CHARS};
use crate::mode::Mode;
use crate::people::{Role, known_institution, known_researcher};
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
        Command::SubmitApplication(c) => return submit(state, by, c),
        Command::ReviewApplication(c) => {
            review(state, by, c)?;
            ProjectEvent::ApplicationReviewed((**c).clone())
        }
        Command::DecideApplication(c) => {
            reasons_given(&c.reasons)?;
            ready_to_decide(
                standing_in(state, &c.application, &[Standing::Applied])?,
                c.approved,
            )?;
            ProjectEvent::ApplicationDecided((**c).clone())
        }
        Command::SignAgreement(c) => return sign(state, c),
        Command::RecordFee(c) => {
            let project = standing_in(state, &c.application, &[Standing::Approved])?;
            text_within("reference", &c.reference, TITLE_CHARS)?;
            let event = ProjectEvent::FeeRecorded((**c).clone());
            let agreed = project.agreements.keys().collect();
            let started = is_complete(state, project, agreed, true);
            return Ok(with_start(event, &c.application, started));
        }
        Command::AmendProject(c) => {
            amend(state, by, c)?;
            ProjectEvent::ProjectAmended((**c).clone())
        }
        Command::SuspendProject(c) => {
            standing_in(state, &c.project, &[Standing::Active])?;
            reasons_given(&c.reasons)?;
            ProjectEvent::ProjectSuspended((**c).clone())
        }
        Command::ResumeProject(c) => {
            resume(state, by, c)?;
            ProjectEvent::ProjectResumed((**c).clone())
        }
        Command::ExpireProject(c) => {
            let project = standing_in(state, &c.project, &[Standing::Active, Standing::Suspended])?;
            time_is_over(project, at)?;
            ProjectEvent::ProjectExpired((**c).clone())
        }
        Command::CloseProject(c) => {
            let open = [
                Standing::Approved,
                Standing::Active,
                Standing::Suspended,
                Standing::Expired,
            ];
            standing_in(state, &c.project, &open)?;
            reasons_given(&c.reasons)?;
            ProjectEvent::ProjectClosed((**c).clone())
        }
        Command::RecordAccess(c) => {
            find(state, &c.project)?;
            ProjectEvent::AccessRecorded((**c).clone())
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Draft::public(event)])
}

fn submit(state: &State, by: &Id, c: &SubmitApplication) -> Result<Vec<Draft>, Refusal> {
    if state.projects.all.contains_key(&c.id) {
        return Err(taken("project-taken", "project", &c.id));
    }
    if *by != c.lead {
        return Err(Refusal::new(
            "not-the-lead",
            "lead-applies",
            "an application is submitted by its lead researcher",
            "submit it as the lead (`--as`)",
        ));
    }
    known_institution(state, &c.institution)?;
    if known_researcher(state, &c.lead)?.institution != c.institution {
        return Err(Refusal::new(
            "lead-elsewhere",
            "lead-belongs-to-institution",
            "the lead researcher is registered at another institution than the application names",
            "name the lead's own institution",
        ));
    }
    list_within("collaborators", c.collaborators.len(), LIST_ITEMS)?;
    for person in &c.collaborators {
        known_researcher(state, person)?;
    }
    text_within("title", &c.title, TITLE_CHARS)?;
    for (name, text) in [
        ("goals", &c.goals),
        ("methods", &c.methods),
        ("lay_summary", &c.lay_summary),
        ("output_plan", &c.output_plan),
    ] {
        text_within(name, text, TEXT_CHARS)?;
    }
    list_within("places", c.places.len(), LIST_ITEMS)?;
    if c.places.is_empty() {
        return Err(Refusal::new(
            "places-missing",
            "places-are-named",
            "an application says from which territories people will work",
            "list at least one ISO 3166 code in `places`",
        ));
    }
    wants_fit(&c.wants)?;
    Ok(vec![Draft::public(ProjectEvent::ApplicationSubmitted(
        Box::new(c.clone()),
    ))])
}

fn wants_fit(wants: &BTreeMap<Id, Want>) -> Result<(), Refusal> {
    if wants.is_empty() {
        return Err(Refusal::new(
            "wants-nothing",
            "data-are-named",
            "an application names at least one class of data",
            "list the classes, modes and fields in `wants`",
        ));
    }
    for (class, want) in wants {
        known_class(class)?;
        list_within("fields", want.fields.len(), FIELDS_NAMED)?;
        let known_form = |f: &String| {
            f == "*"
                || f.split_once('.')
                    .is_some_and(|(t, c)| !t.is_empty() && !c.is_empty())
        };
        if want.mode == Mode::Deny || want.fields.is_empty() || !want.fields.iter().all(known_form)
        {
            return Err(Refusal::new(
                "want-form",
                "data-are-named",
                format!(
                    "the wish for class `{class}` needs a mode above `deny` and fields written as table.column, table.* or *"
                ),
                "correct `wants`",
            ));
        }
    }
    Ok(())
}

fn review(state: &State, by: &Id, c: &ReviewApplication) -> Result<(), Refusal> {
    let project = standing_in(state, &c.application, &[Standing::Applied])?;
    reasons_given(&c.reasons)?;
    let needed = match c.track {
        ReviewTrack::Scientific => Role::ScientificReviewer,
        ReviewTrack::Ethical => Role::EthicsReviewer,
    };
    if !state.people.has_role(by, needed) {
        return Err(Refusal::new(
            "wrong-track",
            "review-by-its-own-track",
            "this reviewer has no role on this track",
            "review on your own track, or have the role appointed",
        ));
    }
    let other_track = project
        .reviews
        .iter()
        .any(|(t, r)| *t != c.track && r.reviewer == *by);
    if other_track {
        return Err(Refusal::new(
            "reviewed-both",
            "reviews-are-independent",
            "one person cannot review an application on both tracks",
            "leave this track to another reviewer",
        ));
    }
    let institutions = institutions(state, project);
    let own = state
        .people
        .staff
        .get(by)
        .and_then(|s| s.institution.as_ref());
    if own.is_some_and(|i| institutions.contains(i)) {
        return Err(Refusal::new(
            "conflict-of-interest",
            "no-review-of-own-institution",
            "the reviewer belongs to an institution of the application",
            "leave it to another reviewer",
        ));
    }
    Ok(())
}

fn ready_to_decide(project: &Project, approve: bool) -> Result<(), Refusal> {
    let favourable = |track| {
        project
            .reviews
            .get(&track)
            .is_some_and(|r| r.outcome == ReviewOutcome::Approve)
    };
    let both = [ReviewTrack::Scientific, ReviewTrack::Ethical];
    if !both.iter().all(|t| project.reviews.contains_key(t)) {
        return Err(Refusal::new(
            "reviews-missing",
            "decision-after-reviews",
            "an application is decided after its scientific and its ethical review",
            "have the missing review recorded first",
        ));
    }
    if approve && !both.into_iter().all(favourable) {
        return Err(Refusal::new(
            "review-not-favourable",
            "approval-needs-both-reviews",
            "an application with a review that is not in favour cannot be approved",
            "reject it, or have it reviewed again",
        ));
    }
    Ok(())
}

fn sign(state: &State, c: &SignAgreement) -> Result<Vec<Draft>, Refusal> {
    let open = [Standing::Approved, Standing::Active];
    let project = standing_in(state, &c.application, &open)?;
    if !institutions(state, project).contains(&c.institution) {
        return Err(Refusal::new(
            "not-a-party",
            "parties-sign",
            "this institution is not part of the application",
            "name the institution of the lead or of a collaborator",
        ));
    }
    text_within("version", &c.version, TITLE_CHARS)?;
    text_within("signatory", &c.signatory, TITLE_CHARS)?;
    window_open(&c.window)?;
    let event = ProjectEvent::AgreementSigned {
        application: c.application.clone(),
        institution: c.institution.clone(),
        version: c.version.clone(),
        window: c.window,
    };
    let agreed: BTreeSet<&Id> = project.agreements.keys().chain([&c.institution]).collect();
    let complete = project.standing == Standing::Approved
        && is_complete(state, project, agreed, project.fee_entry.is_some());
    let mut drafts = with_start(event, &c.application, complete);
    if let Some(first) = drafts.first_mut() {
        first
            .private
            .insert("signatory", c.signatory.as_str().into());
    }
    Ok(drafts)
}

/// Every institution of the lead and the collaborators.
pub(crate) fn institutions<'a>(state: &'a State, project: &'a Project) -> BTreeSet<&'a Id> {
    project
        .researchers()
        .into_iter()
        .filter_map(|r| state.people.researchers.get(r))
        .map(|r| &r.institution)
        .chain([&project.application.institution])
        .collect()
}

fn is_complete(state: &State, project: &Project, agreed: BTreeSet<&Id>, paid: bool) -> bool {
    paid && institutions(state, project).is_subset(&agreed)
}

fn with_start(event: ProjectEvent, project: &Id, started: bool) -> Vec<Draft> {
    let start = started.then(|| {
        Draft::public(ProjectEvent::ProjectStarted {
            project: project.clone(),
        })
    });
    [Draft::public(event)].into_iter().chain(start).collect()
}

fn amend(state: &State, by: &Id, c: &AmendProject) -> Result<(), Refusal> {
    standing_in(state, &c.project, &[Standing::Active, Standing::Suspended])?;
    wants_fit(&c.wants)?;
    reasons_given(&c.reasons)?;
    let reviewers = [Role::ScientificReviewer, Role::EthicsReviewer];
    let agrees = state.people.second(by, &c.agreed_by, &reviewers);
    second_person(agrees, "a scientific or ethics reviewer")
}

fn resume(state: &State, by: &Id, c: &ResumeProject) -> Result<(), Refusal> {
    standing_in(state, &c.project, &[Standing::Suspended])?;
    reasons_given(&c.reasons)?;
    let staff = [Role::Custodian, Role::SecurityOfficer];
    let agrees = state.people.second(by, &c.agreed_by, &staff);
    second_person(agrees, "a custodian or security officer")
}

fn second_person(agrees: bool, who: &str) -> Result<(), Refusal> {
    if agrees {
        return Ok(());
    }
    Err(Refusal::new(
        "second-person-missing",
        "two-people-open",
        format!("this needs a second person, {who}, who is not the one giving the command"),
        "name another person in `agreed_by`",
    ))
}

fn time_is_over(project: &Project, at: Time) -> Result<(), Refusal> {
    if project
        .agreed_window()
        .and_then(|w| w.until)
        .is_some_and(|end| end <= at)
    {
        return Ok(());
    }
    Err(Refusal::new(
        "time-not-over",
        "expiry-by-agreement",
        "no agreement of this project has ended",
        "suspend or close the project instead, with reasons",
    ))
}

pub(crate) fn find<'a>(state: &'a State, id: &Id) -> Result<&'a Project, Refusal> {
    state
        .projects
        .all
        .get(id)
        .ok_or_else(|| unknown("project-unknown", "project", id))
}

fn standing_in<'a>(
    state: &'a State,
    id: &Id,
    expected: &[Standing],
) -> Result<&'a Project, Refusal> {
    let project = find(state, id)?;
    if expected.contains(&project.standing) {
        return Ok(project);
    }
    let words: Vec<String> = expected.iter().map(|s| s.to_string()).collect();
    Err(Refusal::new(
        "wrong-standing",
        "steps-in-order",
        format!(
            "`{id}` is {}, this step expects it to be {}",
            project.standing,
            words.join(" or ")
        ),
        "take the steps in order: apply, review, decide, agree, pay",
    ))
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Applied => "applied for",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Closed => "closed",
        })
    }
}
