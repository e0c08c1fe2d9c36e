//! Where requests stand, and how long they take.

use std::path::Path;

use governance::outputs::{
    CheckOutcome, Metrics, Output, OutputReviewRecord, OutputStanding, Used, Verdict,
};
use governance::{Id, Time};
use serde_json::{Value, json};

use super::{Said, private_text, request};
use crate::clock;
use crate::commands::id;
use crate::failure::Failure;
use crate::instance::Instance;

/// A colour in words.
pub(super) const fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Green => "green",
        Verdict::Amber => "amber",
        Verdict::Red => "red",
    }
}

fn standing(output: &Output) -> &'static str {
    match output.standing {
        OutputStanding::Submitted if output.reviews.is_empty() => "waits for two checkers",
        OutputStanding::Submitted => "is being checked",
        OutputStanding::Returned => "given back to its author",
        OutputStanding::Rejected => "rejected",
        OutputStanding::Released if output.automatic => "released by itself, being green",
        OutputStanding::Released => "released",
        OutputStanding::Withdrawn => "taken back by its author",
        OutputStanding::Recalled => "called back after its release",
    }
}

pub(super) fn run(dir: &Path, name: Option<&str>, project: Option<&str>) -> Result<Said, Failure> {
    let instance = Instance::open(dir)?;
    if let Some(name) = name {
        let id = id("--id", name)?;
        let output = request(&instance, &id)?;
        return Ok(Said {
            value: whole(&instance, &id, output)?,
            text: whole_text(&instance, &id, output)?,
        });
    }
    let project = project.map(|p| id("--project", p)).transpose()?;
    let mut own: Vec<(&Id, &Output)> = instance
        .state
        .outputs
        .requests
        .iter()
        .filter(|(_, o)| project.as_ref().is_none_or(|p| o.project == *p))
        .collect();
    own.sort_by_key(|(_, o)| o.entry);
    let used = project
        .as_ref()
        .map(|p| used(&instance, p, clock::now()?))
        .transpose()?;
    let mut text: Vec<String> = own.iter().map(|(id, o)| line(id, o)).collect();
    if text.is_empty() {
        text.push("no request".to_owned());
    }
    if let Some((_, line)) = &used {
        text.push(line.clone());
    }
    let requests: Vec<Value> = own.iter().map(|(id, o)| brief(id, o)).collect();
    Ok(Said {
        value: json!({ "requests": requests, "quota": used.map(|(value, _)| value) }),
        text: text.join("\n"),
    })
}

fn used(instance: &Instance, project: &Id, at: Time) -> Result<(Value, String), Failure> {
    let used = Used::of(&instance.state.outputs, project, at);
    let most = &instance.state.settings.airlock.quota;
    let text = format!(
        "this month: {} of {} requests, {} of {} files, {} of {} bytes",
        used.requests, most.requests, used.files, most.files, used.bytes, most.bytes
    );
    Ok((json!({ "used": used, "most": most }), text))
}

fn line(id: &Id, output: &Output) -> String {
    format!(
        "{id}  {}  version {}  {}  by {}  {}  since {}",
        output.project,
        output.version,
        colour(output.colour),
        output.author,
        standing(output),
        output.closed_at.unwrap_or(output.submitted_at)
    )
}

fn brief(id: &Id, output: &Output) -> Value {
    json!({
        "id": id, "project": output.project, "author": output.author, "version": output.version,
        "colour": output.colour, "flags": output.flags, "standing": output.standing,
        "automatic": output.automatic, "reviews": output.reviews.len(),
        "submitted_at": output.submitted_at, "closed_at": output.closed_at, "entry": output.entry,
    })
}

/// Conclusion and reasons, once they are open. Until then nobody is told, the reviewer's colleagues least of all.
fn review(instance: &Instance, r: &OutputReviewRecord) -> Result<Value, Failure> {
    let reasons = match r.outcome {
        Some(_) => private_text(instance, r.entry, "reasons")?,
        None => None,
    };
    Ok(json!({ "outcome": r.outcome, "reasons": reasons, "entry": r.entry }))
}

fn comments(instance: &Instance, entry: Option<u64>) -> Result<Option<String>, Failure> {
    match entry {
        Some(entry) => private_text(instance, entry, "comments"),
        None => Ok(None),
    }
}

fn whole(instance: &Instance, id: &Id, output: &Output) -> Result<Value, Failure> {
    let mut reviews = Vec::new();
    for r in output.reviews.values() {
        reviews.push(review(instance, r)?);
    }
    let mut history = Vec::new();
    for past in &output.history {
        history.push(json!({
            "version": past.version, "colour": past.colour, "flags": past.flags, "files": past.files,
            "submitted_at": past.submitted_at, "closed_at": past.closed_at, "entry": past.entry,
            "context": private_text(instance, past.entry, "context")?,
            "comments": comments(instance, past.returned_entry)?,
        }));
    }
    let mut value = brief(id, output);
    let more = json!({
        "purpose": output.purpose, "planned": output.planned, "files": output.files,
        "engine": output.engine, "context": private_text(instance, output.entry, "context")?,
        "comments": comments(instance, output.returned_entry)?, "reviews": reviews,
        "released_entry": output.released_entry, "recalled_entry": output.recalled_entry,
        "handed": output.handed, "deleted": output.deleted, "history": history,
    });
    if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
        fields.extend(more);
    }
    Ok(value)
}

fn whole_text(instance: &Instance, id: &Id, output: &Output) -> Result<String, Failure> {
    let mut lines = vec![line(id, output), format!("  purpose: {}", output.purpose)];
    if let Some(planned) = &output.planned {
        lines.push(format!("  planned: {planned}"));
    }
    if let Some(context) = private_text(instance, output.entry, "context")? {
        lines.push(format!("  context: {context}"));
    }
    lines.extend(output.flags.iter().map(|f| format!("  {}", f.words())));
    for (name, file) in &output.files {
        let rules: Vec<&str> = file.rules.iter().map(String::as_str).collect();
        let place = instance.kept_output(&file.sha256);
        lines.push(format!(
            "  {name}: {}; {} bytes; {}; kept as {}",
            colour(file.verdict),
            file.bytes,
            rules.join(", "),
            place.display()
        ));
    }
    for r in output.reviews.values() {
        let outcome = match r.outcome {
            None => "sealed".to_owned(),
            Some(CheckOutcome::Accept) => "accept".to_owned(),
            Some(CheckOutcome::Reject) => "reject".to_owned(),
        };
        let reasons = review(instance, r)?;
        let reasons = reasons.get("reasons").and_then(Value::as_str);
        lines.push(format!(
            "  review: {outcome}{}",
            reasons.map(|r| format!(": {r}")).unwrap_or_default()
        ));
    }
    for past in &output.history {
        lines.push(format!(
            "  version {}: {}, given back: {}",
            past.version,
            colour(past.colour),
            comments(instance, past.returned_entry)?.unwrap_or_default()
        ));
    }
    if let Some(text) = comments(instance, output.returned_entry)? {
        lines.push(format!("  given back: {text}"));
    }
    for (who, handed) in &output.handed {
        let deleted = match output.deleted.get(who) {
            Some(entry) => format!("; deleted, ledger entry {entry}"),
            None => String::new(),
        };
        lines.push(format!(
            "  handed to {who}: {} times, last {}{deleted}",
            handed.times, handed.last_at
        ));
    }
    Ok(lines.join("\n"))
}

/// How many requests there were, and how long they took.
pub(super) fn metrics(dir: &Path, project: Option<&str>) -> Result<Said, Failure> {
    let instance = Instance::open(dir)?;
    let project = project.map(|p| id("--project", p)).transpose()?;
    let metrics = Metrics::of(&instance.state.outputs, project.as_ref(), clock::now()?);
    let mut lines = Vec::new();
    let all = [("all", &metrics.all)].into_iter();
    let by_colour = metrics.by_colour.iter().map(|(c, line)| (colour(*c), line));
    for (name, m) in all.chain(by_colour) {
        lines.push(format!(
            "{name}: {} submitted, {} open, {} released ({} by themselves), {} given back, {} rejected, {} taken back, {} called back; answered within {} (half), {} (nine of ten)",
            m.submitted, m.open, m.released, m.automatic, m.returned, m.rejected, m.withdrawn, m.recalled,
            lasted(m.turnaround.median_seconds), lasted(m.turnaround.ninetieth_seconds)
        ));
    }
    lines.push(format!(
        "longest wait now: {}",
        lasted(metrics.longest_wait_seconds)
    ));
    let value =
        serde_json::to_value(&metrics).map_err(|e| Failure::fault("writing the metrics", e))?;
    Ok(Said {
        value,
        text: lines.join("\n"),
    })
}

/// A stretch of time for people.
fn lasted(seconds: Option<i64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(s) if s < 120 => format!("{s} s"),
        Some(s) if s < 7_200 => format!("{} min", s / 60),
        Some(s) if s < 172_800 => format!("{} h", s / 3_600),
        Some(s) => format!("{} d", s / 86_400),
    }
}
