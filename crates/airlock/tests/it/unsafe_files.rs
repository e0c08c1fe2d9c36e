//! Files that disclose, in the disguises that leaks had: none may be green.

use crate::{People, expect, expect_rule, one};
use airlock::{Colour, Level, Verdict};

fn red(name: &str, text: &str, rule: &str) -> Verdict {
    let verdict = expect(Colour::Red, name, text.as_bytes());
    expect_rule(&verdict, rule, Level::Red);
    verdict
}

fn amber(name: &str, text: &str, rule: &str) -> Verdict {
    let verdict = expect(Colour::Amber, name, text.as_bytes());
    expect_rule(&verdict, rule, Level::Amber);
    verdict
}

fn people(rows: u64, row: impl Fn(u64) -> String) -> String {
    (0..rows).map(|n| row(n) + "\n").collect()
}

#[test]
fn lists_of_ids() {
    red(
        "ids.csv",
        &(String::from("eid\n") + &people(20, People::raw_id)),
        "participant-id",
    );
    red("ids.txt", &people(20, People::pseudonym), "participant-id");
    red("plot.png", &people(20, People::raw_id), "participant-id");
    red(
        "ids.csv",
        &people(20, |n| format!("{},{}", n, People::pseudonym(n))),
        "participant-id",
    );
    red(
        "upper.csv",
        &people(20, |n| {
            format!("{n};{}", People::pseudonym(n).to_lowercase())
        }),
        "participant-id",
    );
    red(
        "floats.csv",
        &(String::from("a,b\n") + &people(20, |n| format!("x,{}.0", People::raw_id(n)))),
        "participant-id",
    );
    red(
        "joined.csv",
        &(String::from("a,b\n") + &people(20, |n| format!("x,id{}", People::raw_id(n)))),
        "participant-id",
    );
    // Ids of another system: no participant is known by them, but the heading says what they are.
    red(
        "other.csv",
        "patient_id,n\n17,30\n18,40\n",
        "participant-id",
    );
}

#[test]
fn one_id_anywhere() {
    let (raw, pseudonym) = (People::raw_id(7), People::pseudonym(7));
    red(
        "fit.log",
        &format!("INFO fitted 2301 observations\nWARN dropped {pseudonym}: no age\n"),
        "participant-id",
    );
    red(
        "note.csv",
        &format!("group,n\nA,120\nB,230\n# without {raw}\n"),
        "participant-id",
    );
    red(
        "heading.csv",
        &format!(
            "group,{pseudonym}
A,120
B,230
"
        ),
        "participant-id",
    );
    red(
        "heading.csv",
        &format!(
            "group,{raw}
A,120
B,230
"
        ),
        "participant-id",
    );
    red(
        "nb.ipynb",
        &format!("{{\"nbformat\": 4, \"cells\": [\"{raw}\"]}}"),
        "participant-id",
    );
    let mut binary = b"\x80\x04\x95\x00\x00".to_vec();
    binary.extend(raw.as_bytes());
    binary.push(0);
    let verdict = expect(Colour::Red, "model.pkl", &binary);
    expect_rule(&verdict, "participant-id", Level::Red);
    red(
        &format!("plot_{raw}.csv"),
        "group,n\nA,120\nB,230\n",
        "file-name",
    );
    let utf16: Vec<u8> = format!("group,id\nA,{raw}\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(one("x.csv", &utf16).verdict, Colour::Red);
}

#[test]
fn no_reason_repeats_an_id() {
    let raw = People::raw_id(7);
    let text = format!("{raw},n\n{raw},3\nB,30\nseen 9434765919,4\n");
    for verdict in [
        one("a.csv", text.as_bytes()),
        one("a.txt", format!("{raw} and 9434765919\n").as_bytes()),
    ] {
        let reasons = serde_json::to_string(&verdict.reasons).unwrap();
        assert!(
            !reasons.contains(&raw) && !reasons.contains("9434765919"),
            "{reasons}"
        );
    }
}

#[test]
fn rows_of_people_without_ids() {
    let header = String::from("sex,age,bmi,smoker\n");
    let row = |n: u64| {
        format!(
            "{},{},{}.{},{}",
            n % 2,
            40 + n % 30,
            20 + n % 13,
            n % 10,
            n % 3
        )
    };
    red(
        "rows.csv",
        &(header.clone() + &people(200, row)),
        "rows-of-people",
    );
    red(
        "renamed.csv",
        &(String::from("a,b,c,d\n") + &people(200, row)),
        "rows-of-people",
    );
    red("no_header.csv", &people(200, row), "rows-of-people");
    amber(
        "few.csv",
        "sex,age,bmi\nF,61,24.5\nM,55,31.2\nF,48,22.9\n",
        "rows-of-people",
    );
    red(
        "all.csv",
        &(String::from("term,mean\n") + &people(People::COUNT, |n| format!("v{n},{n}.5"))),
        "rows-of-people",
    );
    red(
        "events.csv",
        &(String::from("code,date\n")
            + &people(60, |n| {
                format!("I2{},2019-0{}-1{}", n % 9, 1 + n % 7, n % 9)
            })),
        "rows-of-people",
    );
    red(
        "predicted.csv",
        &(String::from("predicted\n") + &people(200, |n| format!("0.{}", 1000 + n))),
        "rows-of-people",
    );
    red(
        "keys.csv",
        &(String::from("key,x\n") + &people(40, |n| format!("{},{}.5", 88_000_001 + n * 13, n))),
        "rows-of-people",
    );
    assert_ne!(
        one(
            "printed.log",
            ("   sex  age   bmi\n".to_owned()
                + &people(40, |n| format!(
                    "{n}  F  {}  2{}.{}",
                    40 + n % 30,
                    n % 9,
                    n % 7
                )))
                .as_bytes()
        )
        .verdict,
        Colour::Green
    );
}

#[test]
fn a_transposed_table() {
    let ids: Vec<String> = (0..30).map(People::raw_id).collect();
    red(
        "transposed.csv",
        &format!(
            "variable,{}\nage,{}\n",
            ids.join(","),
            vec!["61"; 30].join(",")
        ),
        "participant-id",
    );
    let wide = |f: &dyn Fn(u64) -> String| (0..200).map(f).collect::<Vec<_>>().join(",");
    let text = format!(
        "bmi,{}\nsbp,{}\n",
        wide(&|n| format!("2{}.{}", n % 9, n % 7)),
        wide(&|n| format!("1{}.5", 10 + n % 70))
    );
    assert_ne!(one("wide.csv", text.as_bytes()).verdict, Colour::Green);
    // A transposed table of results: counts stand in a row.
    red(
        "results.csv",
        "statistic,A,B\nn,120,4\nmean,3.1,2.2\n",
        "small-count",
    );
    assert_eq!(
        one("results.csv", b"statistic,A,B\nn,120,40\nmean,3.1,2.2\n").verdict,
        Colour::Green
    );
}

#[test]
fn direct_identifiers() {
    // NHS Data Dictionary's worked example, in two forms.
    red(
        "nhs.csv",
        "group,who\nA,943 476 5919\nB,none\n",
        "direct-identifier",
    );
    red("nhs.txt", "Referred as 9434765919.\n", "direct-identifier");
    red(
        "mail.txt",
        "Contact a.person@example.org for details.\n",
        "direct-identifier",
    );
    red(
        "post.csv",
        "home,n\nEC1A 1BB,120\nM1 1AA,130\n",
        "direct-identifier",
    );
    red(
        "phone.txt",
        "Called on 020 7946 0018.\n",
        "direct-identifier",
    );
    red(
        "dob.csv",
        "date_of_birth,n\n1950-01-02,120\n1951-01-02,130\n",
        "direct-identifier",
    );
    red(
        "names.csv",
        "surname,n\nsmith,120\njones,130\n",
        "direct-identifier",
    );
}

#[test]
fn small_counts() {
    let verdict = red("small.csv", "group,n\nA,120\nB,9\nC,3\n", "small-count");
    let reason = verdict
        .reasons
        .iter()
        .find(|r| r.rule == "small-count")
        .unwrap();
    assert!(
        reason.place.contains("lines 3, 4") && reason.what.contains("2 counts"),
        "{reason:?}"
    );
    assert!(
        reason
            .fix
            .contains("withhold the 2 cells below 10 in column 2 (`n`)"),
        "{reason:?}"
    );
    red("tsv_named.csv", "group\tn\nA\t120\nB\t3\n", "small-count");
    red("semicolon.csv", "group;n\nA;120\nB;3\n", "small-count");
    red("latin1.csv", "group,n\nA,120\nB,3\n", "small-count");
    red(
        "crosstab.csv",
        "smoking,Female,Male\nnever,120,340\never,8,90\n",
        "small-count",
    );
    for (a, b) in [
        ("F", "M"),
        ("low", "high"),
        ("day", "night"),
        ("hospital", "practice"),
        ("read", "t"),
        ("r", "p"),
    ] {
        red(
            "groups.csv",
            &format!("group,{a},{b}\nA,120,30\nB,3,40\n"),
            "small-count",
        );
        red(
            "groups.csv",
            &format!("group,{a},{b}\nA,120,30\nB,30,4\n"),
            "small-count",
        );
    }
    red(
        "years.csv",
        "region,2019,2020,2021\nNorth,120,340,330\nSouth,8,90,99\n",
        "small-count",
    );
    red(
        "with_share.csv",
        "group,women\nA,120 (40.0%)\nB,3 (1.0%)\n",
        "small-count",
    );
    red(
        "quoted.csv",
        "group,n\n\"a\nb\",120\n\"c, \"\"d\"\"\",3\n",
        "small-count",
    );
    red("floats.csv", "group,count\nA,120.0\nB,3.0\n", "small-count");
    red(
        "markdown.md",
        "# T\n\n| group | n |\n|---|---|\n| A | 120 |\n| B | 4 |\n",
        "small-count",
    );
    red(
        "value_counts.txt",
        "sex\nfemale    230\nmale      120\nother       4\nName: count, dtype: int64\n",
        "small-count",
    );
    red(
        "crosstab.txt",
        "sex       F    M\nsmoking\nnever   120  340\never      8   90\nformer   30   40\n",
        "small-count",
    );
    red(
        "sentence.md",
        "We found 3 patients with the outcome.\n",
        "small-count",
    );
    red(
        "second.csv",
        "group,n\nA,120\nB,130\n\nregion,people\nNorth,20\nSouth,3\n",
        "small-count",
    );
    let utf16: Vec<u8> = "\u{FEFF}group,n\nA,120\nB,30\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(one("utf16.csv", &utf16).verdict, Colour::Amber);
    let unknown = one("unknown.csv", b"a,b\n1.5,3\n2.5,7\n");
    assert_eq!(unknown.verdict, Colour::Amber);
}

#[test]
fn zero_and_full_cells() {
    amber("zero.csv", "group,n\nA,120\nB,0\n", "class-disclosure");
    amber(
        "full.csv",
        "group,cases,total,percent\nA,120,120,100\nB,30,60,50\n",
        "class-disclosure",
    );
}

/// By hand: 460 - 340 - 20 = 100 for one, and 7 for the other.
#[test]
fn hidden_cells_that_follow_from_totals() {
    amber(
        "margin.csv",
        "group,n\nA,340\nB,*\nC,20\nTotal,460\n",
        "hidden-cell",
    );
    red(
        "margin.csv",
        "group,n\nA,340\nB,*\nC,20\nTotal,367\n",
        "hidden-cell",
    );
    red(
        "across.csv",
        "group,Female,Male,All\nA,120,*,127\nB,80,90,170\nC,30,40,70\n",
        "hidden-cell",
    );
    // Two hidden cells that sum to 2 are both 1; the ACRO reading (each at least 1) makes them exact.
    red(
        "both.csv",
        "group,n\nA,340\nB,*\nC,*\nTotal,342\n",
        "hidden-cell",
    );
    // Two hidden cells that sum to 11 stay open.
    assert_eq!(
        one("open.csv", b"group,n\nA,340\nB,*\nC,*\nTotal,351\n").verdict,
        Colour::Green
    );
}

/// 123 + 200 = 323: a group of four was left out.
#[test]
fn a_total_tells_of_a_group_left_out() {
    amber(
        "left_out.csv",
        "group,n\nA,123\nB,200\nTotal,327\n",
        "hidden-cell",
    );
}

/// What programs print, as R, pandas, Stata, PostgreSQL and LaTeX do.
#[test]
fn printed_tables() {
    red(
        "r.txt",
        "           No  Yes\n  Female 1200  130\n  Male      4  170\n",
        "small-count",
    );
    red(
        "stata.txt",
        "        sex |      Freq.     Percent        Cum.\n------------+-----------------------------------\n     Female |        230       98.29       98.29\n       Male |          4        1.71      100.00\n------------+-----------------------------------\n      Total |        234      100.00\n",
        "small-count",
    );
    red(
        "psql.txt",
        " sex | n\n-----+-----\n F   | 120\n M   |   4\n(2 rows)\n",
        "small-count",
    );
    red(
        "t.tex",
        "\\begin{tabular}{lr}\nGroup & N \\\\\nMen & 600 \\\\\nWomen & 4 \\\\\n\\end{tabular}\n",
        "small-count",
    );
    amber(
        "names.txt",
        "Female: 120\nMale: 4\nUnknown: 30\n",
        "small-count",
    );
    amber(
        "counter.log",
        "INFO counts: Counter({'F': 120, 'M': 4})\n",
        "small-count",
    );
    red(
        "born.txt",
        "Participant born 12/03/1951, admitted with I21.\n",
        "direct-identifier",
    );
    let rows = people(40, |n| {
        format!("DEBUG row {n}: age={} bmi=2{}.{}", 40 + n, n % 9, n % 7)
    });
    assert_ne!(one("rows.log", rows.as_bytes()).verdict, Colour::Green);
}

/// By hand: 2.5 % of 120 is 3; 97.5 % of 120 leaves 3.
#[test]
fn shares_that_give_counts_away() {
    red(
        "share.csv",
        "group,n,percent\nA,120,2.5\nB,200,41.0\n",
        "share-of-base",
    );
    red(
        "rest.csv",
        "group,n,percent\nA,120,97.5\nB,200,41.0\n",
        "share-of-base",
    );
    red(
        "beside.csv",
        "group,n,percent\nA,*,2.5\nB,200,41.0\nC,280,56.5\n",
        "share-of-base",
    );
    // 0.001 of 3,000 participants is 3.
    red(
        "tiny.csv",
        "group,percent\nA,0.1\nB,41.0\n",
        "share-of-base",
    );
}

#[test]
fn extremes_are_for_people_to_judge() {
    amber(
        "describe.csv",
        ",age\ncount,1200\nmean,56.1\nstd,8.2\nmin,40.5\n25%,50.5\n50%,57.5\n75%,63.5\nmax,69.5\n",
        "extreme-value",
    );
    amber(
        "minmax.csv",
        "group,n,mean,min,max\nA,120,5.5,1.5,9.5\nB,120,5.5,1.5,9.5\n",
        "extreme-value",
    );
}

#[test]
fn what_cannot_be_read_is_never_green() {
    for (bytes, word) in [
        (&b"PK\x03\x04rest"[..], "zip"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PAR1....PAR1", "Parquet"),
        (b"\x80\x04\x95abc", "pickle"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"group,n\nA,120\0\nB,130\n", "NUL"),
        (b"{\"n\": x}", "JSON"),
        // A header that promises a gigabyte and holds nothing.
        (b"PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x40", "zip"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (134217728,), }", "NumPy"),
    ] {
        let verdict = expect(Colour::Amber, "x.csv", bytes);
        assert!(verdict.kind.contains(word) && verdict.confidence < 0.01, "{verdict:#?}");
        expect_rule(&verdict, "unreadable", Level::Amber);
    }
}

#[test]
fn hidden_content_and_irregular_files() {
    amber("empty.csv", "", "size");
    amber(
        "zero_width.csv",
        "group,n\nA\u{200b},120\nB,130\n",
        "hidden-content",
    );
    amber("arabic.txt", "١٢٣٤٥٦٧ was left out\n", "hidden-content");
    amber(
        "payload.txt",
        &format!("result {}\n", "QUJDREVGR0g".repeat(40)),
        "hidden-content",
    );
    amber(
        "ragged.csv",
        "group,n\nA,120\nB,130,x,y,z\nC,1,2,3\nD,130\n",
        "not-understood",
    );
    amber(
        "rows.csv",
        &(String::from("group,n\n") + &people(5_001, |n| format!("g{n},{}", 100 + n))),
        "size",
    );
    amber(
        "unknown.csv",
        "foo,bar\n1.5,2.5\n3.5,4.5\n",
        "not-understood",
    );
    amber(
        "free_text.csv",
        &format!(
            "id_of_row,comment\n1,{}\n2,{}\n",
            "word ".repeat(40),
            "word ".repeat(50)
        ),
        "not-understood",
    );
}
