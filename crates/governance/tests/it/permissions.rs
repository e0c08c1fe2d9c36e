//! Who may give which command: a golden file, so that a change of permission is a visible line in a review.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use governance::{COMMANDS, Who};

const GOLDEN: &str = include_str!("../golden/permissions.txt");

#[test]
fn who_may_give_which_command() {
    let mut text = String::new();
    for command in COMMANDS {
        let who = match command.who {
            Who::Program => "the program itself".to_owned(),
            Who::Member => "a researcher".to_owned(),
            Who::Staff(roles) => {
                let words: Vec<String> = roles
                    .iter()
                    .map(|r| {
                        serde_json::to_value(r)
                            .unwrap()
                            .as_str()
                            .unwrap()
                            .to_owned()
                    })
                    .collect();
                words.join(", ")
            }
        };
        writeln!(text, "{:<22} {who}", command.name).unwrap();
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/permissions.txt"),
            &text,
        )
        .unwrap();
    }
    assert_eq!(
        text, GOLDEN,
        "if this change is meant: UPDATE_GOLDEN=1 cargo test -p governance"
    );
}

#[test]
fn each_command_has_one_name_a_schema_and_a_sentence() {
    let names: BTreeSet<_> = COMMANDS.iter().map(|c| c.name).collect();
    assert_eq!(names.len(), COMMANDS.len());
    for command in COMMANDS {
        let schema = (command.schema)();
        assert_eq!(
            schema.get("additionalProperties"),
            Some(&false.into()),
            "{}",
            command.name
        );
        assert!(
            command.summary().len() > 10,
            "{}: {}",
            command.name,
            command.summary()
        );
    }
}
