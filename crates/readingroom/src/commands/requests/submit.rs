//! Asking: files are judged, kept under their digest with their verdicts, and the request is submitted.

use std::collections::BTreeMap;
use std::path::Path;

use governance::outputs::{Engine, OutputFile, OutputStanding, SubmitOutput, Verdict};
use governance::{Command, Digest, Id};
use serde_json::json;

use super::{Said, request};
use crate::cli::Request;
use crate::commands::airlock::{judge, read, researcher, rules, word};
use crate::commands::id;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;

/// What is asked, without the files.
pub struct Asking<'a> {
    pub project: &'a Id,
    pub author: &'a Id,
    pub id: &'a Id,
    pub purpose: &'a str,
    pub context: Option<&'a str>,
    pub planned: Option<&'a str>,
}

/// A request that was submitted.
pub struct Submitted {
    /// Its ledger number.
    pub entry: u64,
    /// Verdict of each file.
    pub verdicts: Vec<airlock::Verdict>,
}

pub(super) fn run(dir: &Path, command: &Request) -> Result<Said, Failure> {
    let Request::Submit {
        project,
        id: name,
        purpose,
        context,
        planned,
        actor,
        files,
        ..
    } = command
    else {
        return Err(Failure::Fault("another command than submit".to_owned()));
    };
    let files = read(files)?;
    let mut instance = Instance::open(dir)?;
    let project = id("--project", project)?;
    let author = researcher(&instance, &project, actor.as_deref())?;
    let name = id("--id", name)?;
    let asking = Asking {
        project: &project,
        author: &author,
        id: &name,
        purpose,
        context: context.as_deref(),
        planned: planned.as_deref(),
    };
    let submitted = submit(&mut instance, &asking, files)?;
    tell(&instance, &name, &submitted)
}

fn tell(instance: &Instance, id: &Id, submitted: &Submitted) -> Result<Said, Failure> {
    let request = request(instance, id)?;
    let mut text = format!(
        "submitted: {id}, version {}; ledger entry {}; {}",
        request.version,
        submitted.entry,
        super::status::colour(request.colour)
    );
    for flag in &request.flags {
        text.push_str(&format!("\n  {}", flag.words()));
    }
    text.push_str(match request.standing {
        OutputStanding::Released => {
            "\nreleased by itself, being green; fetch it with `readingroom airlock download`"
        }
        _ => "\ntwo checkers must accept it",
    });
    for verdict in &submitted.verdicts {
        text.push_str(&format!("\n  {}: {}", verdict.file, word(verdict.verdict)));
    }
    Ok(Said {
        value: json!({
            "submitted": id, "entry": submitted.entry, "version": request.version,
            "colour": request.colour, "flags": request.flags, "standing": request.standing,
            "automatic": request.automatic, "released_entry": request.released_entry,
            "verdicts": submitted.verdicts,
        }),
        text,
    })
}

/// Judges files, keeps their bytes and verdicts under their digests, and submits the request.
pub fn submit(
    instance: &mut Instance,
    asking: &Asking<'_>,
    request: Vec<(String, Vec<u8>)>,
) -> Result<Submitted, Failure> {
    let verdicts = judge(instance, asking.project, &request)?;
    let told = serde_json::to_vec(&json!({ "rules": rules(), "verdicts": verdicts }))
        .map_err(|e| Failure::fault("writing the verdicts", e))?;
    let verdicts_sha256 = Digest::of(&told);
    let (mut files, mut kept) = (BTreeMap::new(), vec![(verdicts_sha256.clone(), &told)]);
    for ((name, bytes), verdict) in request.iter().zip(&verdicts) {
        let file = describe(bytes, verdict);
        kept.push((file.sha256.clone(), bytes));
        files.insert(name.clone(), file);
    }
    let command = Command::from(SubmitOutput {
        id: asking.id.clone(),
        project: asking.project.clone(),
        purpose: asking.purpose.to_owned(),
        context: asking.context.map(str::to_owned),
        planned: asking.planned.map(str::to_owned),
        files,
        engine: Some(Engine {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            rules: rules().name,
            source: rules().source,
            verdicts_sha256,
        }),
    });
    // The bytes are kept before the event that names their digest, and only if there will be such an event.
    if instance.would_take(asking.author, &command)? {
        for (sha256, bytes) in &kept {
            files::write_durably(&instance.kept_output(sha256), bytes)?;
        }
    }
    let given = instance.give_program(asking.author, &command)?;
    Ok(Submitted {
        entry: given.first,
        verdicts,
    })
}

fn describe(bytes: &[u8], verdict: &airlock::Verdict) -> OutputFile {
    let extent = &verdict.extent;
    let tables = (extent.rows > 0).then_some(extent);
    OutputFile {
        sha256: Digest::of(bytes),
        bytes: bytes.len() as u64,
        verdict: match verdict.verdict {
            airlock::Colour::Green => Verdict::Green,
            airlock::Colour::Amber => Verdict::Amber,
            airlock::Colour::Red => Verdict::Red,
        },
        rules: verdict.reasons.iter().map(|r| r.rule.clone()).collect(),
        rows: tables.map(|e| e.rows),
        cells: tables.map(|e| e.cells),
        shape_sha256: tables
            .and_then(|e| e.shape_sha256.clone())
            .and_then(|hex| Digest::try_from(hex).ok()),
    }
}
