//! Calling a release back: who had it, and a letter to each of them.

use std::path::Path;

use governance::outputs::{Handed, Output, RecallOutput};
use governance::{Command, Id};
use serde_json::json;

use super::{Said, leave, private_text, request};
use crate::commands::id;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;

pub(super) fn run(
    dir: &Path,
    name: &str,
    reasons: &str,
    to: &Path,
    by: &str,
) -> Result<Said, Failure> {
    let mut instance = Instance::open(dir)?;
    let output = id("--id", name)?;
    leave::outside(&instance, to)?;
    let command = Command::from(RecallOutput {
        output: output.clone(),
        reasons: reasons.to_owned(),
    });
    let given = instance.give(&id("--as", by)?, &command)?;
    let letters = letters(&instance, &output, reasons)?;
    files::make_dir(to)?;
    let mut told = Vec::new();
    for (who, letter) in &letters {
        let path = to.join(format!("{output}-{who}.txt"));
        files::write_durably(&path, letter.as_bytes())?;
        told.push(json!({ "to": who, "file": path, "text": letter }));
    }
    let had: Vec<&str> = letters.iter().map(|(who, _)| who.as_str()).collect();
    Ok(Said {
        value: json!({ "recalled": output, "entry": given.first, "letters": told }),
        text: format!(
            "recalled: {output}; ledger entry {}; letters written to {} for: {}",
            given.first,
            to.display(),
            if had.is_empty() {
                "nobody was handed it".to_owned()
            } else {
                had.join(", ")
            }
        ),
    })
}

/// A letter to each person who was handed the release.
fn letters(instance: &Instance, id: &Id, reasons: &str) -> Result<Vec<(Id, String)>, Failure> {
    let output = request(instance, id)?;
    let mut letters = Vec::new();
    for (who, handed) in &output.handed {
        let address = address(instance, who)?;
        letters.push((
            who.clone(),
            letter(instance, (id, output), (who, handed), &address, reasons),
        ));
    }
    Ok(letters)
}

/// Name and address of a researcher as the instance keeps them; the short name of anybody else.
fn address(instance: &Instance, who: &Id) -> Result<String, Failure> {
    let Some(researcher) = instance.state.people.researchers.get(who) else {
        return Ok(who.to_string());
    };
    let name = private_text(instance, researcher.entry, "name")?;
    let email = private_text(instance, researcher.entry, "email")?;
    Ok(match (name, email) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(name), None) => name,
        _ => who.to_string(),
    })
}

fn letter(
    instance: &Instance,
    (id, output): (&Id, &Output),
    (who, handed): (&Id, &Handed),
    address: &str,
    reasons: &str,
) -> String {
    let custodian = instance.state.settings.custodian.as_deref();
    let files: Vec<String> = output
        .files
        .iter()
        .map(|(name, f)| format!("  {name}  SHA-256 {}", f.sha256))
        .collect();
    let handed = if handed.times == 1 {
        format!("on {}", handed.first_at)
    } else {
        format!(
            "{} times, from {} to {}",
            handed.times, handed.first_at, handed.last_at
        )
    };
    format!(
        "To: {address}\nFrom: {}\nAbout: release {id} of project {}, version {}, called back\n\n\
         You were handed these files {handed}:\n\n{}\n\n\
         They are called back. The reason:\n\n  {}\n\n\
         Please, at once:\n\
         1. stop using them, and anything that was made from them and still shows what they show;\n\
         2. delete them wherever they are: computers, shared folders, e-mail, backups, code repositories;\n\
         3. tell us of everybody to whom you passed them on, and of every place where they were published;\n\
         4. confirm the deletion:  readingroom airlock deleted --id {id} --as {who}\n\n\
         The recall stands in the ledger (entry {}), and so will your confirmation. The files can be told from others\n\
         by the digests above; the record that came with them says what they are.\n",
        custodian.unwrap_or("the custodian"),
        output.project,
        output.version,
        files.join("\n"),
        reasons.replace('\n', "\n  "),
        output.recalled_entry.unwrap_or(output.entry),
    )
}
