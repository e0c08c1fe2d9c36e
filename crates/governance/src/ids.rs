//! Names of things: institutions, people, projects, classes of data, territories.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::limits::ID_CHARS;

/// A short name that a person can type: lower-case letters, digits, `.`, `_` and `-`, beginning with a
/// letter or digit, at most [`ID_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

/// Why a text is not an [`Id`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an id of 1 to {ID_CHARS} lower-case letters, digits, '.', '_' or '-', beginning with a letter or digit; found {0} characters that do not fit"
)]
pub struct BadId(usize);

impl Id {
    /// Checks the form of an id.
    ///
    /// # Errors
    /// [`BadId`] when the text is empty, too long or has other characters.
    pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
        let text = text.into();
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = text.len() <= ID_CHARS
            && text.bytes().next().is_some_and(plain)
            && text
                .bytes()
                .all(|c| plain(c) || matches!(c, b'.' | b'_' | b'-'));
        if fits {
            Ok(Self(text))
        } else {
            Err(BadId(text.chars().count()))
        }
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        Self::new(text)
    }
}

impl std::str::FromStr for Id {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::new(text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$" })
    }
}

/// A country by its ISO 3166-1 alpha-2 code, or a part of one by its ISO 3166-2 code (`GB`, `HK`, `GB-SCT`).
/// What rules name. Only the form is checked here; which territories are approved is policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Territory(String);

/// Why a text is not a [`Territory`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a territory as an ISO 3166 code such as GB or GB-SCT, found something else")]
pub struct BadTerritory;

impl Territory {
    /// Checks the form of a territory code.
    ///
    /// # Errors
    /// [`BadTerritory`] when it is neither two capital letters nor those with a subdivision.
    pub fn new(text: impl Into<String>) -> Result<Self, BadTerritory> {
        let text = text.into();
        let mut parts = text.splitn(2, '-');
        let country = parts.next().unwrap_or_default();
        let part = parts.next();
        let fits = country.len() == 2
            && country.bytes().all(|c| c.is_ascii_uppercase())
            && part.is_none_or(|p| {
                (1..=3).contains(&p.len())
                    && p.bytes()
                        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            });
        if fits {
            Ok(Self(text))
        } else {
            Err(BadTerritory)
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Territory {
    type Error = BadTerritory;
    fn try_from(text: String) -> Result<Self, BadTerritory> {
        Self::new(text)
    }
}

impl From<Territory> for String {
    fn from(t: Territory) -> Self {
        t.0
    }
}

impl std::fmt::Display for Territory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Territory {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Territory".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$" })
    }
}

/// A SHA-256 digest as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// Why a text is not a [`Digest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a SHA-256 digest of 64 lower-case hexadecimal digits, found something else")]
pub struct BadDigest;

impl Digest {
    /// Digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).iter().fold(
            String::with_capacity(64),
            |mut text, byte| {
                for nibble in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
                }
                text
            },
        ))
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Digest {
    type Error = BadDigest;
    fn try_from(text: String) -> Result<Self, BadDigest> {
        let fits = text.len() == 64
            && text
                .bytes()
                .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        if fits { Ok(Self(text)) } else { Err(BadDigest) }
    }
}

impl From<Digest> for String {
    fn from(d: Digest) -> Self {
        d.0
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Digest {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_take_what_people_type_and_nothing_that_breaks_a_path_or_a_page() {
        for good in ["a", "r-0001", "ac.uk_oxford", "0"] {
            assert!(Id::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "../a", "A", "a b", "a/b", "é", &"a".repeat(65)] {
            assert!(Id::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn territories_are_iso_3166_codes() {
        for good in ["GB", "HK", "GB-SCT", "CN-11"] {
            assert!(Territory::new(good).is_ok(), "{good}");
        }
        for bad in ["", "gb", "GBR", "GB-", "GB-ABCD", "G1"] {
            assert!(Territory::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn digest_of_the_fips_180_example() {
        // FIPS 180-4 example: SHA-256("abc").
        assert_eq!(
            Digest::of(b"abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
