//! A bundle with any mistake is refused as a whole, with the place of the mistake.

use std::collections::BTreeMap;

use governance::settings::{AdoptPolicies, SettingsEvent};
use governance::{Digest, Mode};
use policy::{Bundle, BundleError, OnFail, Outcome};

use crate::world::{bundle, gates, id, open_world, t};

fn files() -> BTreeMap<String, String> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Bundle::default_files().iter().map(owned).collect()
}

fn with(extra: &str) -> Result<Bundle, BundleError> {
    let mut files = files();
    files.insert("extra.cedar".to_owned(), extra.to_owned());
    Bundle::load(&files)
}

const NOTES: &str = "@clause(\"c\")\n@source(\"s\")\n@owner(\"o\")\n@on_fail(\"deny\")\n";

#[test]
fn the_default_bundle_loads_and_names_all_its_gates() {
    let bundle = bundle();
    let ids: Vec<&str> = bundle.gates().iter().map(|g| g.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "direction-in-force",
            "territory-approved",
            "release-present",
            "samples-stay",
            "sensitive-not-transferred",
            "genomic-not-transferred",
            "parties-known",
            "training-valid",
            "affiliation-valid",
            "listed-institution",
            "listed-owner",
            "owner-share-unknown",
            "primary-care-not-transferred",
            "project-live",
            "reviews-in-favour",
            "decision-approved",
            "agreement-in-force",
            "fee-paid",
            "class-asked-for",
        ]
    );
    let refers: Vec<&str> = bundle
        .gates()
        .iter()
        .filter(|g| g.on_fail == OnFail::Refer)
        .map(|g| g.id.as_str())
        .collect();
    assert_eq!(refers, ["owner-share-unknown"]);
    assert_eq!(
        bundle.grants().keys().copied().collect::<Vec<_>>(),
        Mode::OPEN
    );
}

#[test]
fn the_digest_covers_every_byte_of_every_file() {
    let before = bundle();
    assert_eq!(before.files().len(), Bundle::default_files().len());
    for name in files().keys() {
        let mut changed = files();
        changed.get_mut(name).unwrap().push('\n');
        let after = Bundle::load(&changed).unwrap();
        assert_ne!(before.sha256(), after.sha256(), "{name}");
        let differ = after
            .files()
            .iter()
            .filter(|(n, d)| before.files()[*n] != **d);
        assert_eq!(differ.map(|(n, _)| n).collect::<Vec<_>>(), [name]);
    }
    let canonical = governance::ledger::canonical_of(before.files()).unwrap();
    assert_eq!(before.sha256(), &Digest::of(&canonical));
}

#[test]
fn mistakes_are_refused_with_file_and_line() {
    let cases = [
        // Syntax: the brace on line 2 is never closed.
        (
            "@id(\"x\")\nforbid (principal, action, resource) unless {\n",
            Some(2),
            "unexpected end",
        ),
        // An attribute that the schema does not have.
        (
            &format!(
                "// one line\n@id(\"x\")\n{NOTES}forbid (principal, action, resource) unless {{ principal.trusted }};"
            ),
            Some(2),
            "trusted",
        ),
        // An attribute that may be absent, used without asking whether it is there.
        (
            &format!(
                "@id(\"x\")\n{NOTES}forbid (principal, action, resource) unless {{ principal.feePaid }};"
            ),
            Some(1),
            "feePaid",
        ),
        // A class that does not exist.
        (
            &format!("@id(\"x\")\n{NOTES}forbid (principal, action, resource == Class::\"gp\");"),
            Some(1),
            "gp",
        ),
        // Annotations missing: the id, another, and a value that is neither of the two.
        (
            &format!("\n{NOTES}forbid (principal, action, resource);"),
            Some(2),
            "`@id(",
        ),
        (
            "@id(\"x\")\n@clause(\"c\")\n@source(\"s\")\n@on_fail(\"deny\")\nforbid (principal, action, resource);",
            Some(1),
            "`@owner(",
        ),
        (
            "@id(\"x\")\n@clause(\"c\")\n@source(\"s\")\n@owner(\"o\")\n@on_fail(\"warn\")\nforbid (principal, action, resource);",
            Some(1),
            "`deny` or `refer`",
        ),
        // Names used twice: across files, and in one file.
        (
            &format!("@id(\"fee-paid\")\n{NOTES}forbid (principal, action, resource);"),
            None,
            "`fee-paid` a second time",
        ),
        (
            &format!(
                "@id(\"x\")\n{NOTES}forbid (principal, action, resource);\n@id(\"x\")\n{NOTES}forbid (principal, action, resource);"
            ),
            Some(7),
            "`x` a second time",
        ),
        // Names that answers use themselves.
        (
            &format!("@id(\"policy-error\")\n{NOTES}forbid (principal, action, resource);"),
            Some(1),
            "policy-error",
        ),
        // A second permit for a mode, and one for all modes.
        (
            "@id(\"x\")\n@clause(\"c\")\n@source(\"s\")\n@owner(\"o\")\n@obligations(\"b\")\npermit (principal, action == Action::\"enclave\", resource);",
            None,
            "one permit for mode `enclave`",
        ),
        (
            "@id(\"x\")\n@clause(\"c\")\n@source(\"s\")\n@owner(\"o\")\n@obligations(\"b\")\npermit (principal, action, resource);",
            Some(1),
            "exactly one action",
        ),
        // A policy that can never apply: the validator only warns, and that is enough.
        (
            &format!("@id(\"x\")\n{NOTES}forbid (principal, action, resource) when {{ false }};"),
            Some(1),
            "impossible",
        ),
    ];
    for (text, line, what) in cases {
        let error = with(text).unwrap_err();
        assert!(error.what.contains(what), "{error}\nfor {text}");
        if let Some(line) = line {
            assert_eq!(
                (error.file.as_str(), error.line),
                ("extra.cedar", Some(line)),
                "{error}"
            );
        }
    }
}

#[test]
fn files_that_do_not_belong_are_refused() {
    let mut without = files();
    without.remove("schema.cedarschema");
    assert!(Bundle::load(&without).unwrap_err().what.contains("schema"));
    let mut odd = files();
    odd.insert("notes.txt".to_owned(), String::new());
    assert_eq!(Bundle::load(&odd).unwrap_err().file, "notes.txt");
    let mut long = files();
    long.insert(
        "long.cedar".to_owned(),
        "//".repeat(policy::limits::FILE_BYTES),
    );
    assert!(Bundle::load(&long).unwrap_err().what.contains("bytes"));
    let mut schema = files();
    schema.insert(
        "schema.cedarschema".to_owned(),
        "entity Project = {\n  oops\n};".to_owned(),
    );
    let error = Bundle::load(&schema).unwrap_err();
    assert_eq!(
        (error.file.as_str(), error.line),
        ("schema.cedarschema", Some(3)),
        "{error}"
    );
}

#[test]
fn what_no_permit_opens_stays_shut_and_says_so() {
    let mut files = files();
    files.insert("modes.cedar".to_owned(), String::new());
    let shut = Bundle::load(&files).unwrap();
    let state = open_world().state();
    let access = policy::assess(&state, &shut, &id("p"), &id("hospital"), t("2026-11-21")).unwrap();
    assert_eq!((access.mode, access.outcome), (Mode::Deny, Outcome::Denied));
    assert_eq!(gates(&access), ["mode-not-permitted"]);
}

#[test]
fn facts_that_do_not_fit_the_schema_and_gates_that_fail_to_evaluate_open_nothing() {
    // A schema that wants more than the kernel knows: the question itself is refused by Cedar.
    let mut more = files();
    let schema = more["schema.cedarschema"]
        .replace("\"partiesKnown\"", "\"blessed\": Bool,\n  \"partiesKnown\"");
    more.insert("schema.cedarschema".to_owned(), schema);
    // A gate that overflows while it is evaluated; the validator cannot see that.
    let overflow = with(&format!(
        "@id(\"x\")\n{NOTES}forbid (principal, action, resource) when {{ context.mode * 9223372036854775807 * 9 == 0 }};"
    ))
    .unwrap();
    let state = open_world().state();
    for bundle in [Bundle::load(&more).unwrap(), overflow] {
        let access =
            policy::assess(&state, &bundle, &id("p"), &id("hospital"), t("2026-11-21")).unwrap();
        assert_eq!(
            (access.mode, gates(&access)),
            (Mode::Deny, vec!["policy-error"])
        );
    }
}

#[test]
fn a_gate_of_ones_own_is_explained_by_the_facts_it_names() {
    let own = with(&format!(
        "@id(\"no-work-from-gb\")\n{NOTES}forbid (principal, action, resource) unless {{ !principal.placesOfWork.contains(\"GB\") }};"
    ))
    .unwrap();
    let state = open_world().state();
    let access = policy::assess(&state, &own, &id("p"), &id("hospital"), t("2026-11-21")).unwrap();
    assert_eq!(gates(&access), ["no-work-from-gb"]);
    assert_eq!(
        access.failed[0].because,
        "GB (The uni institution; place of work)"
    );
    assert_eq!(access.policy_sha256, *own.sha256());
}

#[test]
fn only_the_adopted_bundle_is_in_force() {
    let mut world = open_world();
    let bundle = bundle();
    assert_eq!(
        bundle.check_in_force(&world.state()).unwrap_err().code,
        "policies-not-in-force"
    );
    world.add(SettingsEvent::PoliciesAdopted(AdoptPolicies {
        bundle_sha256: bundle.sha256().clone(),
        files: bundle.files().clone(),
        agreed_by: None,
    }));
    assert_eq!(bundle.check_in_force(&world.state()), Ok(()));
    let mut changed = files();
    changed.get_mut("people.cedar").unwrap().push('\n');
    assert!(
        Bundle::load(&changed)
            .unwrap()
            .check_in_force(&world.state())
            .is_err()
    );
}
