//! The custodian's thresholds, as a file of named numbers, each with the guidance that it was read from.
//!
//! Pure data: what a threshold means is written in the rule that uses it. The presets are the files in `presets/`; a custodian's
//! own file has the same form. What a file leaves out is taken from the strictest, so leaving out never makes anything laxer.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Thresholds of one custodian. The default is the strictest of all the published ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Name of the preset or of the custodian's own set.
    pub name: String,
    /// The guidance that the numbers were read from.
    pub source: String,
    /// Smallest count of people that may be shown.
    pub minimum_count: u64,
    /// Whether a count of 0 needs a person's look.
    pub zero_counted: bool,
    /// Values that a hidden count must still be able to take, for all that follows from what is shown.
    pub hidden_values: u64,
    /// What counts are rounded to after suppression.
    pub rounding_base: u64,
    /// Fewest people behind a mean, a median or a standard deviation.
    pub minimum_mean: u64,
    /// Largest share of a total that one contributor may have, in per cent.
    pub dominance_one: f64,
    /// Largest share of a total that two contributors may have together, in per cent.
    pub dominance_two: f64,
    /// What is left without the two largest must be at least this part of the largest, in per cent.
    pub p_ratio: f64,
    /// Whether smallest and largest values may leave without a look.
    pub extremes_shown: bool,
    /// Fewest people beyond a percentile.
    pub percentile_people: u64,
    /// Fewest people by whom a survival table or curve may step.
    pub survival_step: u64,
    /// Fewest residual degrees of freedom of a model.
    pub residual_degrees: u64,
    /// Most parameters of a model for each observation.
    pub parameters_share: f64,
    /// Largest leverage of one person.
    pub maximum_leverage: f64,
    /// Fewest copies of an allele.
    pub minimum_allele_count: u64,
    /// People there must be for each independent variant of which a frequency or an effect is told.
    pub people_per_variant: u64,
    /// Rows of all the tables of a file.
    pub maximum_rows: u64,
    /// Bytes of a file.
    pub maximum_bytes: u64,
    /// From this many rows a table that tells of attributes without counting people is taken for rows of people.
    pub person_rows: u64,
    /// From this many files of a request with few rows each, they are looked at as one.
    pub many_files: u64,
    /// Least share of a file that must have been understood by exact means for green.
    pub minimum_confidence: f64,
    /// Where each number was read, by its name.
    pub sources: BTreeMap<String, String>,
}

/// A number of a file, and where it was read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cited<T> {
    value: T,
    source: String,
}

/// The form of a file of rules, and how it is laid over other rules: one list of names for both.
macro_rules! file_form {
    ($($key:ident: $kind:ty),* $(,)?) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct FileForm {
            name: String,
            source: String,
            $($key: Option<Cited<$kind>>,)*
        }

        impl FileForm {
            fn over(self, mut rules: Rules) -> Rules {
                rules.name = self.name;
                rules.source = self.source;
                $(if let Some(cited) = self.$key {
                    rules.$key = cited.value;
                    rules.sources.insert(stringify!($key).to_owned(), cited.source);
                })*
                rules
            }
        }
    };
}

file_form! {
    minimum_count: u64,
    zero_counted: bool,
    hidden_values: u64,
    rounding_base: u64,
    minimum_mean: u64,
    dominance_one: f64,
    dominance_two: f64,
    p_ratio: f64,
    extremes_shown: bool,
    percentile_people: u64,
    survival_step: u64,
    residual_degrees: u64,
    parameters_share: f64,
    maximum_leverage: f64,
    minimum_allele_count: u64,
    people_per_variant: u64,
    maximum_rows: u64,
    maximum_bytes: u64,
    person_rows: u64,
    many_files: u64,
    minimum_confidence: f64,
}

const STRICTEST: &str = include_str!("../presets/strictest.toml");

/// The presets by name.
const FILES: [(&str, &str); 9] = [
    ("strictest", STRICTEST),
    ("uk-biobank", include_str!("../presets/uk-biobank.toml")),
    ("opensafely", include_str!("../presets/opensafely.toml")),
    ("nhs-england", include_str!("../presets/nhs-england.toml")),
    ("ons-srs", include_str!("../presets/ons-srs.toml")),
    ("uk-llc", include_str!("../presets/uk-llc.toml")),
    (
        "genomics-england",
        include_str!("../presets/genomics-england.toml"),
    ),
    ("acro", include_str!("../presets/acro.toml")),
    ("datashield", include_str!("../presets/datashield.toml")),
];

/// Which number a rule's reasons go by.
const CITED: [(&str, &str); 13] = [
    ("small-count", "minimum_count"),
    ("class-disclosure", "zero_counted"),
    ("hidden-cell", "hidden_values"),
    ("statistic-of-few", "minimum_mean"),
    ("dominance", "dominance_one"),
    ("extreme-value", "percentile_people"),
    ("survival-step", "survival_step"),
    ("regression", "residual_degrees"),
    ("rare-allele", "minimum_allele_count"),
    ("many-variants", "people_per_variant"),
    ("share-of-base", "minimum_count"),
    ("rate-of-base", "minimum_count"),
    ("size", "maximum_rows"),
];

impl Default for Rules {
    fn default() -> Self {
        Self::laid_over(STRICTEST, Self::floor()).unwrap_or_else(|_| Self::floor())
    }
}

impl Rules {
    /// The names that [`Rules::preset`] knows.
    pub const PRESETS: [&'static str; 9] = [
        "strictest",
        "uk-biobank",
        "opensafely",
        "nhs-england",
        "ons-srs",
        "uk-llc",
        "genomics-england",
        "acro",
        "datashield",
    ];

    /// A preset by its name, or nothing when there is none of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let (_, text) = FILES.iter().find(|(known, _)| *known == name)?;
        Self::of_file(text).ok()
    }

    /// Reads a custodian's own file: TOML of the form of the presets.
    ///
    /// # Errors
    /// What is wrong with the file, and where, for the person who wrote it.
    pub fn of_file(text: &str) -> Result<Self, String> {
        let rules = Self::laid_over(text, Self::default())?;
        let share = |n: f64, most: f64| n.is_finite() && (0.0..=most).contains(&n);
        let sound = rules.minimum_count >= 1
            && rules.minimum_mean >= 1
            && share(rules.dominance_one, 100.0)
            && share(rules.dominance_two, 100.0)
            && share(rules.p_ratio, 100.0)
            && share(rules.parameters_share, 1.0)
            && share(rules.maximum_leverage, 1.0)
            && share(rules.minimum_confidence, 1.0);
        if sound {
            Ok(rules)
        } else {
            Err(format!(
                "rules `{}`: a minimum is 0, or a share is not between nothing and all",
                rules.name
            ))
        }
    }

    fn laid_over(text: &str, base: Self) -> Result<Self, String> {
        let form: FileForm = toml::from_str(text).map_err(|error| error.to_string())?;
        Ok(form.over(base))
    }

    /// Where the number was read that a rule goes by.
    pub(crate) fn cited(&self, rule: &str) -> Option<&str> {
        let (_, key) = CITED.iter().find(|(known, _)| *known == rule)?;
        self.sources.get(*key).map(String::as_str)
    }

    /// The numbers of `strictest.toml`, for the case that the program's own file cannot be read; a test holds them equal.
    fn floor() -> Self {
        Self {
            name: "strictest".into(),
            source: String::new(),
            minimum_count: 10,
            zero_counted: true,
            hidden_values: 5,
            rounding_base: 5,
            minimum_mean: 10,
            dominance_one: 43.75,
            dominance_two: 67.0,
            p_ratio: 10.0,
            extremes_shown: false,
            percentile_people: 10,
            survival_step: 10,
            residual_degrees: 10,
            parameters_share: 0.33,
            maximum_leverage: 0.9,
            minimum_allele_count: 10,
            people_per_variant: 50,
            maximum_rows: 5_000,
            maximum_bytes: 16 << 20,
            person_rows: 20,
            many_files: 20,
            minimum_confidence: 0.8,
            sources: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{CITED, FILES, Rules};

    #[test]
    fn every_named_preset_exists_and_the_default_is_the_strictest() {
        let strictest = Rules::default();
        assert_eq!(FILES.map(|(name, _)| name), Rules::PRESETS);
        for name in Rules::PRESETS {
            let rules = Rules::preset(name).unwrap();
            assert_eq!(rules.name, name);
            assert!(
                rules.minimum_count <= strictest.minimum_count
                    && rules.zero_counted <= strictest.zero_counted
                    && rules.minimum_mean <= strictest.minimum_mean
                    && rules.dominance_one >= strictest.dominance_one
                    && rules.dominance_two >= strictest.dominance_two
                    && rules.minimum_allele_count <= strictest.minimum_allele_count
                    && rules.residual_degrees <= strictest.residual_degrees,
                "{name}"
            );
        }
        assert_eq!(Rules::preset("lenient"), None);
    }

    /// Each number of each file has a source, and the program's own numbers are those of its file.
    #[test]
    fn every_number_is_cited() {
        let strictest = Rules::default();
        let floor = Rules {
            source: strictest.source.clone(),
            sources: strictest.sources.clone(),
            ..Rules::floor()
        };
        assert_eq!(strictest, floor);
        assert_eq!(strictest.sources.len(), 21);
        assert!(strictest.sources.values().all(|source| source.len() > 20));
        for (rule, _) in CITED {
            assert!(strictest.cited(rule).is_some(), "{rule}");
        }
    }

    /// The published rules for each small count, section by section: what is withheld.
    #[test]
    fn small_counts_as_published() {
        for (name, smallest_shown) in [
            ("uk-biobank", 5),
            ("opensafely", 8),
            ("nhs-england", 8),
            ("ons-srs", 10),
            ("uk-llc", 10),
            ("genomics-england", 5),
            ("acro", 10),
            ("datashield", 3),
        ] {
            assert_eq!(
                Rules::preset(name).unwrap().minimum_count,
                smallest_shown,
                "{name}"
            );
        }
    }

    #[test]
    fn a_file_of_ones_own() {
        let own = "name = \"ours\"\nsource = \"our board\"\n[minimum_count]\nvalue = 7\nsource = \"minute 12\"\n";
        let rules = Rules::of_file(own).unwrap();
        assert_eq!((rules.minimum_count, rules.minimum_mean), (7, 10));
        assert_eq!(rules.cited("small-count"), Some("minute 12"));
        for wrong in [
            "name = \"x\"\nsource = \"y\"\n[minimum_cuont]\nvalue = 7\nsource = \"z\"\n",
            "name = \"x\"\nsource = \"y\"\n[minimum_count]\nvalue = 7\n",
            "name = \"x\"\nsource = \"y\"\n[minimum_count]\nvalue = 0\nsource = \"z\"\n",
            "name = \"x\"\nsource = \"y\"\n[minimum_confidence]\nvalue = 7.0\nsource = \"z\"\n",
            "",
        ] {
            assert!(Rules::of_file(wrong).is_err(), "{wrong}");
        }
    }
}
