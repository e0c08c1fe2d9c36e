//! Who takes part: staff, four institutions, three projects, and the facts that policy needs.

use governance::{Command, Id, Time};

use super::Stage;
use crate::access;
use crate::clock;
use crate::commands;
use crate::failure::Failure;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Plays institutions, researchers, applications, reviews, decisions, agreements and fees.
pub fn play(stage: &mut Stage) -> Result<(), Failure> {
    stage
        .tell
        .step("Institutions and researchers apply, are reviewed, decided, agreed and paid");
    let now = clock::now()?;
    let day = |n: i64| -> Result<String, Failure> {
        Time::from_unix(now.unix() + n * DAY)
            .map(Time::date)
            .map_err(|e| Failure::fault("reckoning a date", e))
    };
    let (past, soon, end) = (day(-30)?, day(30)?, day(365)?);
    staff(stage)?;
    institutions(stage, &past)?;
    rules(stage, &past, &soon)?;
    applications(stage, &past, &end)?;
    stage.tell.say("p-heart: University of Northbridge (GB), heart disease after diabetes\np-partner: Oranje University (NL), the same question from abroad\np-markers: Northbridge Diagnostics (GB), owned by a group that an entity list names");
    explain(stage, &soon)
}

/// Gives one command; a refusal here would be a fault of the demonstration.
fn give(stage: &mut Stage, who: &str, name: &str, body: serde_json::Value) -> Result<(), Failure> {
    let command = Command::read(name, &body.to_string())
        .map_err(|e| Failure::Fault(format!("demonstration: {name}: {e}")))?;
    let who = commands::id("who", who)?;
    stage.instance.give(&who, &command)?;
    Ok(())
}

fn staff(stage: &mut Stage) -> Result<(), Failure> {
    for (person, roles) in [
        ("dr-science", "scientific-reviewer"),
        ("dr-ethics", "ethics-reviewer"),
        ("checker-1", "output-checker"),
        ("checker-2", "output-checker"),
    ] {
        let body = serde_json::json!({ "person": person, "roles": [roles] });
        give(stage, "custodian", "staff.appoint", body)?;
    }
    Ok(())
}

fn institutions(stage: &mut Stage, past: &str) -> Result<(), Failure> {
    for (id, name, territory, kind) in [
        (
            "northbridge",
            "University of Northbridge",
            "GB",
            "university",
        ),
        ("oranje", "Oranje University", "NL", "university"),
        (
            "diagnostics",
            "Northbridge Diagnostics Ltd",
            "GB",
            "company",
        ),
        ("meridian", "Meridian Sequencing Group", "XA", "company"),
    ] {
        let body =
            serde_json::json!({ "id": id, "name": name, "territory": territory, "kind": kind });
        give(stage, "custodian", "institution.register", body)?;
    }
    let ownership = serde_json::json!({
        "owner": "meridian", "owned": "diagnostics", "percent": 60,
        "window": { "from": past }, "source": "company register",
    });
    give(stage, "custodian", "ownership.record", ownership)?;
    let listing = serde_json::json!({
        "list": "example-entity-list", "entry": "E-17", "institution": "meridian",
        "window": { "from": past }, "source": "official journal",
    });
    give(stage, "custodian", "listing.record", listing)?;
    for (id, institution) in [
        ("r-001", "northbridge"),
        ("r-002", "oranje"),
        ("r-003", "diagnostics"),
    ] {
        let researcher = serde_json::json!({
            "id": id, "institution": institution, "affiliation": { "from": past },
            "name": format!("Researcher {id}"), "email": format!("{id}@example.org"),
        });
        give(stage, "custodian", "researcher.register", researcher)?;
        let training = serde_json::json!({
            "researcher": id, "training": "safe researcher training", "window": { "from": past },
        });
        give(stage, "custodian", "researcher.accredit", training)?;
    }
    Ok(())
}

/// Directions per class (that for deaths begins only later), and territories approved per class and mode.
fn rules(stage: &mut Stage, past: &str, soon: &str) -> Result<(), Failure> {
    for (class, from) in [("hospital", past), ("primary-care", past), ("death", soon)] {
        let body = serde_json::json!({
            "id": format!("direction-{class}"), "class": class,
            "instrument": format!("Example direction on {class} data"), "window": { "from": from },
        });
        give(stage, "custodian", "direction.issue", body)?;
    }
    for class in ["baseline", "hospital", "primary-care", "death"] {
        for (territory, mode) in [
            ("GB", "enclave"),
            (
                "NL",
                if class == "primary-care" {
                    "aggregate"
                } else {
                    "enclave"
                },
            ),
        ] {
            let body = serde_json::json!({
                "class": class, "territory": territory, "mode": mode,
                "window": { "from": past }, "source": "decision of the access committee",
            });
            give(stage, "custodian", "territory.approve", body)?;
        }
    }
    Ok(())
}

fn applications(stage: &mut Stage, past: &str, end: &str) -> Result<(), Failure> {
    let want = |mode: &str| serde_json::json!({ "mode": mode, "fields": ["*"] });
    let everything = serde_json::json!({
        "baseline": want("enclave"), "hospital": want("enclave"),
        "primary-care": want("enclave"), "death": want("enclave"),
    });
    let some = serde_json::json!({ "baseline": want("enclave"), "primary-care": want("enclave") });
    let heart =
        "We want to learn who among people with diabetes needs help for their heart, and when.";
    let markers = "We want to develop a commercial blood test that finds diabetes early.";
    for (id, institution, lead, place, title, lay, wants) in [
        (
            "p-heart",
            "northbridge",
            "r-001",
            "GB",
            "Heart disease after a diagnosis of type 2 diabetes",
            heart,
            &everything,
        ),
        (
            "p-partner",
            "oranje",
            "r-002",
            "NL",
            "Heart disease after diabetes, seen from another health system",
            heart,
            &some,
        ),
        (
            "p-markers",
            "diagnostics",
            "r-003",
            "GB",
            "Blood markers for a commercial test",
            markers,
            &some,
        ),
    ] {
        let application = serde_json::json!({
            "id": id, "title": title, "institution": institution, "lead": lead, "places": [place],
            "goals": "How often and how soon people with type 2 diabetes develop heart disease.",
            "methods": "Counts, rates and regression by age, sex and deprivation.",
            "lay_summary": lay,
            "wants": wants, "output_plan": "Tables of counts and rates for a paper.",
        });
        give(stage, lead, "application.submit", application)?;
        for (who, track) in [("dr-science", "scientific"), ("dr-ethics", "ethical")] {
            let review = serde_json::json!({
                "application": id, "track": track, "outcome": "approve", "reasons": "Sound and in the public interest.",
            });
            give(stage, who, "application.review", review)?;
        }
        let decision = serde_json::json!({
            "application": id, "approved": true, "reasons": "Both reviews are in favour.",
        });
        give(stage, "custodian", "application.decide", decision)?;
        let agreement = serde_json::json!({
            "application": id, "institution": institution, "version": "3.1",
            "window": { "from": past, "until": end }, "signatory": format!("Signatory of {institution}"),
        });
        give(stage, "custodian", "agreement.sign", agreement)?;
        let fee = serde_json::json!({ "application": id, "amount_pence": 300_000, "reference": format!("invoice {id}") });
        give(stage, "custodian", "fee.record", fee)?;
    }
    Ok(())
}

/// What policy lets each of them use, and why not more.
fn explain(stage: &mut Stage, soon: &str) -> Result<(), Failure> {
    stage
        .tell
        .step("Policy answers, class by class: deny < aggregate < enclave < transfer");
    let bundle = stage.instance.bundle()?;
    for project in ["p-heart", "p-partner", "p-markers"] {
        let id = Id::new(project).map_err(|e| Failure::fault("demonstration", e))?;
        let answers = access::of_project(&stage.instance, &bundle, &id)?;
        let custodian = stage.custodian.clone();
        access::record(&mut stage.instance, &custodian, &answers)?;
        for answer in answers.values() {
            stage.tell.say(answer.plain().trim_end());
            stage
                .tell
                .figure(&format!("{project} {}", answer.class), answer.mode.word());
        }
    }
    stage.tell.say(&format!(
        "Every answer is a ledger entry with its policy version. The direction for deaths begins on {soon}:\nfrom then on the answer changes by itself."
    ));
    Ok(())
}
