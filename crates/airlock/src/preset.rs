//! The custodian's thresholds, as a file of named numbers. Each preset cites the guidance that it was read from.
//!
//! Pure data: what a threshold means is written in the rule that uses it.

use serde::{Deserialize, Serialize};

/// Thresholds of one custodian. The default is the strictest of all the published ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Name of the preset or of the custodian's own set.
    pub name: String,
    /// The guidance that the numbers were read from.
    pub source: String,
    /// Smallest count of people that may be shown. 10: UK LLC guidebook (30 January 2026), ONS Secure Research Service
    /// Output Checking Guidance v1.1, ACRO's default. 8: OpenSAFELY (7 or fewer are redacted). 5: UK Biobank.
    pub minimum_count: u64,
    /// Whether a count of 0 needs a person's look. UK LLC: fewer than ten "including zero, no exceptions"; ACRO: zeros are
    /// disclosive. UK Biobank and NHS England leave zeros.
    pub zero_counted: bool,
    /// Rows of all the tables of a file. 5,000: OpenSAFELY, "requesting file release".
    pub maximum_rows: u64,
    /// Bytes of a file. 16 MiB: OpenSAFELY, "requesting file release" (16 MB).
    pub maximum_bytes: u64,
    /// From this many rows a table that tells of attributes without counting people is taken for rows of people.
    /// 20: this project's choice, twice the minimum count.
    pub person_rows: u64,
    /// From this many files of a request with few rows each, they are looked at as one. 20: this project's choice.
    pub many_files: u64,
    /// Least share of a file that must have been understood by exact means for green. 0.8: this project's choice.
    pub minimum_confidence: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            name: "strictest".into(),
            source: "strictest of the published rules: UK LLC guidebook 2026, ONS SRS guidance v1.1, OpenSAFELY, ACRO 1.0".into(),
            minimum_count: 10,
            zero_counted: true,
            maximum_rows: 5_000,
            maximum_bytes: 16 << 20,
            person_rows: 20,
            many_files: 20,
            minimum_confidence: 0.8,
        }
    }
}

impl Rules {
    /// The names that [`Rules::preset`] knows.
    pub const PRESETS: [&'static str; 5] =
        ["strictest", "uk-llc", "uk-biobank", "opensafely", "acro"];

    /// A preset by its name, or nothing when there is none of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let base = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        let source = str::to_owned;
        match name {
            "strictest" => Some(base),
            "uk-llc" => Some(Self {
                source: source(
                    "guidebook.ukllc.ac.uk, statistical disclosure control, 30 January 2026",
                ),
                ..base
            }),
            "uk-biobank" => Some(Self {
                source: source("community.ukbiobank.ac.uk, reporting small numbers"),
                minimum_count: 5,
                zero_counted: false,
                ..base
            }),
            "opensafely" => Some(Self {
                source: source("docs.opensafely.org, statistical disclosure control"),
                minimum_count: 8,
                zero_counted: false,
                ..base
            }),
            "acro" => Some(Self {
                source: source("ACRO, default.yaml"),
                ..base
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    #[test]
    fn every_named_preset_exists_and_the_default_is_the_strictest() {
        let strictest = Rules::default();
        for name in Rules::PRESETS {
            let rules = Rules::preset(name);
            assert!(rules.as_ref().is_some_and(|r| r.name == name), "{name}");
            assert!(
                rules.is_some_and(|r| r.minimum_count <= strictest.minimum_count
                    && r.zero_counted <= strictest.zero_counted)
            );
        }
        assert_eq!(Rules::preset("lenient"), None);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let mut json = serde_json::to_value(Rules::default()).unwrap_or_default();
        if let Some(map) = json.as_object_mut() {
            map.insert("minimum_cuont".into(), 1.into());
        }
        assert!(serde_json::from_value::<Rules>(json).is_err());
    }
}
