//! Disguises that people tried who knew the rules: in answers with lineage, in names of files, in the spelling of ids, and under
//! the names of results.

use crate::{expect, expect_rule};
use airlock::{Colour, Context, File, Level, Lineage, Participants, Rules, Verdict, check};

/// In the form of this project's pseudonyms: 26 characters of Crockford's base32.
const ID: &str = "0041xnmxqn4e7tbz93kd5v2hwr";
const RAW: [&str; 4] = ["1234567", "2345678", "3456789", "1928374"];

struct Four;

impl Participants for Four {
    fn is_pseudonym(&self, token: &str) -> bool {
        token == ID
    }
    fn is_raw_id(&self, token: &str) -> bool {
        RAW.contains(&token)
    }
    fn count(&self) -> u64 {
        500_000
    }
}

/// Takes every file for the answer of ledger number 7, or none.
struct Logged(bool);

impl Lineage for Logged {
    fn aggregate_answer(&self, _: &str) -> Option<u64> {
        self.0.then_some(7)
    }
}

fn verdict(logged: bool, name: &str, text: &str) -> Verdict {
    let context = Context {
        participants: &Four,
        lineage: &Logged(logged),
        rules: Rules::default(),
    };
    let bytes = text.as_bytes();
    check(&[File { name, bytes }], &context).remove(0)
}

fn answer(text: &str) -> Verdict {
    verdict(true, "answer.csv", text)
}

fn is(colour: Colour, rule: &str, level: Level, verdict: &Verdict) {
    assert_eq!(verdict.verdict, colour, "{verdict:#?}");
    expect_rule(verdict, rule, level);
}

#[test]
fn lineage_replaces_the_rules_on_counts_alone() {
    // Small, equal to the margin, with extremes and without a heading that says so.
    for text in [
        "row,n\nA,3\nB,30\n",
        "row,max,x\nA,120,4.5\n",
        "sex,age_group,n\nMale,40-49,9\nFemale,All,0\n",
    ] {
        let verdict = answer(text);
        is(Colour::Green, "lineage", Level::Info, &verdict);
        assert!(verdict.confidence >= 1.0, "{verdict:#?}");
    }
}

#[test]
fn literals_in_an_answer() {
    let row = format!("row,n\n{ID};0;1947;22.7692,120\n");
    is(Colour::Red, "participant-id", Level::Red, &answer(&row));
    let quoted = format!("row,n\n\"{ID},0,1947\",120\n");
    is(Colour::Red, "participant-id", Level::Red, &answer(&quoted));
    let heading = format!("\"{ID}\",n\nA,120\n");
    is(Colour::Red, "participant-id", Level::Red, &answer(&heading));
    for text in [
        "row,n\n9434765919,120\n",
        "row,n\na.person@example.org,120\n",
    ] {
        is(Colour::Red, "direct-identifier", Level::Red, &answer(text));
    }
    is(
        Colour::Amber,
        "hidden-content",
        Level::Amber,
        &answer("row,n\nA\u{200b},120\n"),
    );
    for text in [
        "row,n\n17;0;1947;22.7692,120\n",
        "row,n\n17|0|1947,120\n",
        "row,n\n17\t0\t1947,120\n",
        "row,n\n\"17,0,1947\",120\n",
        "row,n\nborn in 1947 and twenty-two point seven six,120\n",
        "\"17;0;1947;22.7692\",n\nA,120\n",
        "row,n\n7zk2m9q4w1x8,120\n",
    ] {
        is(Colour::Amber, "lineage-text", Level::Amber, &answer(text));
    }
    let named = verdict(true, &format!("{ID}.csv"), "row,n\nA,120\n");
    is(Colour::Red, "file-name", Level::Red, &named);
}

#[test]
fn names_of_files() {
    let safe = b"group,n\nA,120\nB,230\n";
    let long = "a".repeat(101);
    for name in [
        "a\nb.csv",
        "a\u{202e}vsc.exe",
        "a\x1b[2J.csv",
        ".profile",
        "-rf.csv",
        "a/b.csv",
        "a\\b.csv",
        "",
        " a.csv",
        &long,
    ] {
        let verdict = expect(Colour::Red, name, safe);
        expect_rule(&verdict, "file-name", Level::Red);
        let json = serde_json::to_string(&verdict.reasons).unwrap();
        assert!(name.len() < 3 || !json.contains(name), "{json}");
        let hidden = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!verdict.file.contains(hidden), "{:?}", verdict.file);
    }
    assert_eq!(
        expect(Colour::Red, "a\u{202e}b\nc", safe).file,
        "a\\u{202e}b\\u{a}c"
    );
    for name in ["Table 1 - by_sex.v2.csv", "7.txt", &"a".repeat(100)] {
        expect(Colour::Green, name, safe);
    }
}

#[test]
fn ids_in_other_spellings() {
    let (a, b) = ID.split_at(13);
    let turned: String = ID.chars().rev().collect();
    let hex: String = ID.bytes().map(|b| format!("{b:02x}")).collect();
    for form in [
        turned,
        ID.to_uppercase(),
        ID.replace('0', "O").replace('1', "I"),
        format!("{a} {b}"),
        format!("{a}.{b}"),
        format!("{a}-{b}"),
        format!("{a}_{b}"),
        format!("{a},{b}"),
        format!("{a}\n{b}"),
        format!("x{ID}x"),
        hex,
        // coreutils' basenc --base64 of the id.
        "MDA0MXhubXhxbjRlN3Riejkza2Q1djJod3I=".to_owned(),
        "7654321".to_owned(),
        "id7654321".to_owned(),
    ] {
        for text in [
            format!("group,n\nA,120\nB,230\n{form}\n"),
            format!("The model converged.\nNote {form}\n"),
        ] {
            let verdict = verdict(false, "x.txt", &text);
            is(Colour::Red, "participant-id", Level::Red, &verdict);
        }
    }
}

#[test]
fn ids_behind_the_decimal_point() {
    let rows = |ids: &[&str]| -> String { ids.iter().map(|id| format!("g,0.{id}\n")).collect() };
    let red = format!("group,mean\n{}", rows(&RAW));
    let verdict_of = |text: &str| verdict(false, "x.csv", text);
    is(Colour::Red, "participant-id", Level::Red, &verdict_of(&red));
    // One of three is looked at; one of ten is chance.
    let others = [
        "5551112", "5551113", "5551114", "5551115", "5551116", "5551117", "5551118", "5551119",
        "5551120",
    ];
    let one_of_three = format!("group,mean\n{}{}", rows(&RAW[..1]), rows(&others[..2]));
    let looked_at = verdict_of(&one_of_three);
    is(Colour::Amber, "participant-id", Level::Amber, &looked_at);
    let one_of_ten = format!("group,mean\n{}{}", rows(&RAW[..1]), rows(&others));
    let chance = verdict_of(&one_of_ten);
    assert!(!chance.reasons.iter().any(|r| r.rule == "participant-id"));
}

#[test]
fn files_of_codes_are_not_understood() {
    let codes = |n: u64| {
        format!(
            "{:x}q{:x}z",
            n * 7_654_321_987 + 99_999_999,
            n * 12_345_677 + 1
        )
    };
    let column: String = (0..12)
        .map(|n| format!("{},{}\n", codes(n), 100 + n))
        .collect();
    let many: String = (0..12)
        .map(|n| format!("{},{},{},3.1,2.2,1.5\n", codes(n), 100 + n, 200 + n))
        .collect();
    let lines: String = (0..12)
        .map(|n| format!("a note of {}\n", codes(n)))
        .collect();
    for text in [
        format!("group,n\n{column}"),
        format!("group,n,people,mean,sd,se\n{many}"),
        lines,
    ] {
        let verdict = verdict(false, "x.txt", &text);
        is(Colour::Amber, "not-understood", Level::Amber, &verdict);
    }
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let text = format!("The model converged and was saved.\nIts digest is {digest}\n");
    let verdict = verdict(false, "x.txt", &text);
    is(Colour::Amber, "hidden-content", Level::Amber, &verdict);
}

#[test]
fn codes_of_known_forms_are_words() {
    for text in [
        "code,n\n0407010H0AAAMAM,120\n0212000B0AAABAB,230\n0601022B0AAASAS,340\n",
        "gene,n\nENSG00000139618,120\nENSG00000141510,230\nENSG00000012048,340\n",
        "The run 20200131T101112 converged.\n",
    ] {
        let verdict = verdict(false, "x.txt", text);
        assert_eq!(verdict.verdict, Colour::Green, "{verdict:#?}");
    }
}

fn table(heading: &str, row: impl Fn(u32) -> String) -> String {
    let rows: String = (0..12).map(|n| row(n) + "\n").collect();
    format!("{heading}\n{rows}")
}

#[test]
fn rows_of_people_under_the_names_of_results() {
    for text in [
        table("group,n,mean_sbp,mean_bmi", |n| {
            format!("g{n},10,{}.{},2{}.769{n}", 110 + n * 3, 101 + n * 7, n % 9)
        }),
        table("group,mean_sbp,sd_sbp", |n| {
            format!("g{n},{}.{},2{}.769", 110 + n * 3, 101 + n * 7, n % 9)
        }),
        table("term,estimate,se,z", |n| {
            format!("g{n},{}.{},2{}.769,{n}.1", 110 + n * 3, 101 + n * 7, n % 9)
        }),
    ] {
        let verdict = verdict(false, "x.csv", &text);
        is(Colour::Amber, "rows-of-people", Level::Amber, &verdict);
    }
}

#[test]
fn results_without_numbers_of_people_stay_green() {
    for text in [
        table("group,n,mean_sbp", |n| format!("g{n},{},1{n}.101", 100 + n)),
        table("term,estimate,std.error,statistic,p.value", |n| {
            format!("v{n},0.{},0.1,1.{n:02},0.04", 100 + n)
        }),
        table("CHROM,GENPOS,ID,N,BETA,SE,CHISQ,LOG10P", |n| {
            let z = f64::from(n) / 10.0;
            format!(
                "1,{},rs1{n},2301,{:.4},0.1000,{:.4},0.{n}12",
                900 + n,
                z / 10.0,
                z * z
            )
        }),
        table("variable\tHR\tlower 95\tupper 95\tp", |n| {
            format!("v{n}\t1.{}\t1.021\t1.999\t0.001", 100 + n)
        }),
        table("epoch,loss,auc", |n| {
            format!("{},0.{},0.7{}1", n + 1, 693 - n, n % 10)
        }),
    ] {
        let verdict = verdict(false, "x.csv", &text);
        assert_eq!(verdict.verdict, Colour::Green, "{verdict:#?}");
    }
    let cell = |a: u32, b: u32| {
        if a == b {
            "1.000".to_owned()
        } else {
            format!("0.{}", 100 + a * b)
        }
    };
    let names: Vec<String> = (0..12).map(|n| format!("v{n}")).collect();
    let matrix = table(&format!(",{}", names.join(",")), |a| {
        let cells: Vec<String> = (0..12).map(|b| cell(a, b)).collect();
        format!("v{a},{}", cells.join(","))
    });
    let verdict = verdict(false, "x.csv", &matrix);
    assert_eq!(verdict.verdict, Colour::Green, "{verdict:#?}");
}
