//! Properties over random files.

use crate::{People, one};
use airlock::Colour;
use proptest::prelude::*;

const SAFE: [&str; 6] = [
    "sex,age_group,n\nMale,40-49,120\nMale,50-59,340\nFemale,40-49,150\nFemale,50-59,410\n",
    "smoking\tFemale\tMale\nnever\t120\t340\never\t80\t90\n",
    "term,estimate,std.error,p.value\nIntercept,1.2,0.1,0.001\nbmi,0.03,0.01,0.0027\n",
    "Among 1,204 participants, 340 (28.2%) had diabetes.\nThe odds ratio was 1.31.\n",
    "group;n;mean_sbp\nA;120;131.2\nB;240;135.9\n",
    "statistic,A,B\nn,120,140\nmean,3.1,2.2\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let verdict = one("x", &bytes);
        prop_assert!((0.0..=1.0).contains(&verdict.confidence));
    }

    #[test]
    fn no_table_like_text_panics(text in "[a-c0-9,;\t|\"\n\r .%()*<#:-]{0,400}") {
        let _ = one("x.csv", text.as_bytes());
    }

    #[test]
    fn nul_bytes_are_never_green(text in "[a-z0-9,\n]{0,80}", at in 0_usize..80) {
        let mut bytes = text.into_bytes();
        bytes.insert(at.min(bytes.len()), 0);
        prop_assert_ne!(one("x.csv", &bytes).verdict, Colour::Green);
    }

    /// A pseudonym or a raw id beside, before or behind any word or cell of a safe file.
    #[test]
    fn an_id_in_a_safe_file_is_never_green(which in 0_usize..6, person in 0_u64..3_000, raw: bool, at in 0_usize..40, replace: bool) {
        let safe = SAFE[which];
        let id = if raw { People::raw_id(person) } else { People::pseudonym(person) };
        let edges: Vec<usize> = safe.char_indices().filter(|(_, c)| ",;\t\n ".contains(*c)).map(|(i, _)| i).collect();
        let edge = edges[at % edges.len()];
        let start = if replace { safe[..edge].rfind([',', ';', '\t', '\n', ' ']).map_or(0, |i| i + 1) } else { edge };
        let space = if replace { "" } else { " " };
        let text = format!("{}{space}{id}{}", &safe[..start], &safe[edge..]);
        let verdict = one("x.csv", text.as_bytes());
        prop_assert_ne!(verdict.verdict, Colour::Green, "{} {:?}", text, verdict);
    }

    /// Any count from 1 to 9 in a table, whatever its delimiter, column name, order of columns and way of writing.
    #[test]
    fn a_small_count_is_never_green(
        counts in proptest::collection::vec(10_u32..5_000, 2..12),
        small in 1_u32..10,
        at in 0_usize..12,
        name in prop::sample::select(vec!["n", "count", "freq", "total", "people", "patients", "number", "Female", "cases", "N", "n_missing", "2019"]),
        delimiter in prop::sample::select(vec![",", ";", "\t", "|"]),
        decimal: bool,
        mean: bool,
    ) {
        let mut counts = counts;
        let at = at % counts.len();
        counts[at] = small;
        let mut text = format!("group{delimiter}{name}{}\n", if mean { format!("{delimiter}mean_age") } else { String::new() });
        for (i, n) in counts.iter().enumerate() {
            let zero = if decimal { ".0" } else { "" };
            text += &format!("g{i}{delimiter}{n}{zero}{}\n", if mean { format!("{delimiter}5{}.5", i % 10) } else { String::new() });
        }
        let verdict = one("x.csv", text.as_bytes());
        prop_assert_eq!(verdict.verdict, Colour::Red, "{} {:?}", text, verdict);
    }

    /// The same for counts of at least ten without totals: green.
    #[test]
    fn large_counts_are_green(
        counts in proptest::collection::vec(10_u32..5_000, 2..12),
        name in prop::sample::select(vec!["n", "count", "freq", "people", "patients", "number", "Female", "cases"]),
        delimiter in prop::sample::select(vec![",", ";", "\t"]),
    ) {
        let mut text = format!("group{delimiter}{name}\n");
        for (i, n) in counts.iter().enumerate() {
            text += &format!("g{i}{delimiter}{n}\n");
        }
        let verdict = one("x.csv", text.as_bytes());
        prop_assert_eq!(verdict.verdict, Colour::Green, "{} {:?}", text, verdict);
    }
}
