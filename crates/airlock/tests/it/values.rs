//! An answer is recognised by its values, and nothing else is taken for it.

use crate::{People, expect_rule};
use airlock::{Colour, Context, File, Level, Lineage, Rules, Verdict, answer_values, check};
use std::collections::HashSet;

struct Answered(HashSet<String>);

impl Lineage for Answered {
    fn aggregate_answer(&self, _: &str) -> Option<u64> {
        None
    }
    fn answers_with(&self, column: &str) -> Vec<u64> {
        self.0.contains(column).then_some(77).into_iter().collect()
    }
}

const ANSWER: &str = "centre,sex,n,mean_bmi,few\nLeeds,F,120,26.83714,4\nLeeds,M,95,27.10021,7\nBury,F,60,26.5,2\nBury,M,71,27.95,3\n";

fn judged(text: &str) -> Verdict {
    let context = Context {
        participants: &People,
        lineage: &Answered(answer_values(ANSWER.as_bytes()).into_iter().collect()),
        rules: Rules::default(),
    };
    check(
        &[File {
            name: "a.csv",
            bytes: text.as_bytes(),
        }],
        &context,
    )
    .remove(0)
}

/// The column `few` would be red by its content; the answer was judged on the people behind it.
#[test]
fn in_another_order_rounding_and_form() {
    for text in [
        ANSWER,
        "sex,centre,few,n\nM,Bury,3,71\nF,Bury,2,60\nM,Leeds,7,95\nF,Leeds,4,120\n",
        "centre;sex;few;bmi\nLeeds;F;4;26.84\nLeeds;M;7;27.10\nBury;F;2;26.50\nBury;M;3;27.95\n",
        "centre\tsex\tfew\tmean\nLeeds\tF\t4.0\t26.8\nLeeds\tM\t7.0\t27.1\nBury\tF\t2.0\t26.5\nBury\tM\t3.0\t28.0\n",
        "| centre | sex | few |\n|---|---|---|\n| Leeds | F | 4 |\n| Leeds | M | 7 |\n| Bury | F | 2 |\n| Bury | M | 3 |\n",
    ] {
        let verdict = judged(text);
        assert_eq!(verdict.verdict, Colour::Green, "{text}{verdict:#?}");
        expect_rule(&verdict, "lineage", Level::Info);
        assert!(verdict.reasons.iter().any(|r| r.what.contains("77")));
    }
}

#[test]
fn nothing_else_is_taken_for_it() {
    for text in [
        // Another value, a row less, a row more, another label, a column that is not of the answer.
        "centre,sex,few\nLeeds,F,4\nLeeds,M,7\nBury,F,2\nBury,M,5\n",
        "centre,sex,few\nLeeds,F,4\nLeeds,M,7\nBury,F,2\n",
        "centre,sex,few\nLeeds,F,4\nLeeds,M,7\nBury,F,2\nBury,M,3\nYork,M,3\n",
        "centre,sex,few\nLeeds,F,4\nLeeds,M,7\nBury,F,2\nYork,M,3\n",
        "centre,sex,few,own\nLeeds,F,4,1\nLeeds,M,7,3\nBury,F,2,4\nBury,M,3,9\n",
    ] {
        assert_ne!(judged(text).verdict, Colour::Green, "{text}");
    }
    // An id as the name of a column, or beside the table.
    let id = People::raw_id(5);
    assert_eq!(
        judged(&format!(
            "centre,sex,{id}\nLeeds,F,4\nLeeds,M,7\nBury,F,2\nBury,M,3\n"
        ))
        .verdict,
        Colour::Red
    );
}
