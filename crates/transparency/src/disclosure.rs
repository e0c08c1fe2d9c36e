//! Private fields in a public log: RFC 9901 (SD-JWT) disclosures and their digests.
//!
//! The log holds only `base64url(SHA-256(base64url(JSON [salt, name, value])))`. Whoever keeps the
//! disclosure can show the field; once salt and value are destroyed the digest says nothing, and the
//! log still verifies. This module must never choose a salt: random bytes come in.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::encoding::{base64url_decode, base64url_encode};
use crate::limits::{MAX_DISCLOSURE_BYTES, MIN_SALT_BYTES};

/// Why a disclosure was refused. The value is never part of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// The salt could be guessed.
    #[error("expected a salt of at least {MIN_SALT_BYTES} bytes, found {found}")]
    ShortSalt {
        /// Bytes of salt.
        found: usize,
    },
    /// The disclosure is too large.
    #[error("expected a disclosure of at most {MAX_DISCLOSURE_BYTES} characters, found {found}")]
    TooLong {
        /// Characters found.
        found: usize,
    },
    /// Not unpadded base64url of a JSON array of salt, name and value.
    #[error("expected unpadded base64url of a json array [salt, name, value]")]
    Malformed,
}

/// One private field: salt, name and value, in the encoding that the digest covers.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    encoded: String,
    name: String,
    value: Value,
}

impl Disclosure {
    /// Makes the disclosure of a field. `salt`: at least 16 random bytes, 32 by this project's rule,
    /// used for nothing else.
    pub fn new(salt: &[u8], name: &str, value: &Value) -> Result<Self, DisclosureError> {
        if salt.len() < MIN_SALT_BYTES {
            return Err(DisclosureError::ShortSalt { found: salt.len() });
        }
        let array = serde_json::json!([base64url_encode(salt), name, value]);
        let encoded = base64url_encode(array.to_string().as_bytes());
        if encoded.len() > MAX_DISCLOSURE_BYTES {
            return Err(DisclosureError::TooLong {
                found: encoded.len(),
            });
        }
        Ok(Self {
            encoded,
            name: name.to_owned(),
            value: value.clone(),
        })
    }

    /// Reads a disclosure, whoever made it: any JSON spelling of the array is kept as it came, since
    /// the digest covers the text and not the value (RFC 9901 section 4.2.1).
    pub fn parse(encoded: &str) -> Result<Self, DisclosureError> {
        if encoded.len() > MAX_DISCLOSURE_BYTES {
            return Err(DisclosureError::TooLong {
                found: encoded.len(),
            });
        }
        let json = base64url_decode(encoded).ok_or(DisclosureError::Malformed)?;
        let array: [Value; 3] =
            serde_json::from_slice(&json).map_err(|_| DisclosureError::Malformed)?;
        match array {
            [Value::String(_), Value::String(name), value] => Ok(Self {
                encoded: encoded.to_owned(),
                name,
                value,
            }),
            _ => Err(DisclosureError::Malformed),
        }
    }

    /// The base64url text to keep, and to show to whoever may see the field.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The field's value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What the log holds in place of the field: 43 characters of base64url.
    pub fn digest(&self) -> String {
        digest(&self.encoded)
    }
}

/// Shows neither salt, name nor value: a disclosure may end up in a debug line.
impl std::fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disclosure({} characters)", self.encoded.len())
    }
}

/// The digest of an encoded disclosure: base64url(SHA-256(its ASCII text)).
pub fn digest(encoded: &str) -> String {
    base64url_encode(&Sha256::digest(encoded.as_bytes()))
}

/// Whether `encoded` is a well-formed disclosure with this digest; its field if so.
pub fn check(encoded: &str, expected_digest: &str) -> Result<Option<Disclosure>, DisclosureError> {
    let disclosure = Disclosure::parse(encoded)?;
    Ok((disclosure.digest() == expected_digest).then_some(disclosure))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn known_answer_of_rfc_9901() {
        // RFC 9901 section 4.2.1: the disclosure of family_name "Möbius" and its digest.
        let encoded = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
        let digest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";
        let disclosure = check(encoded, digest).unwrap().unwrap();
        assert_eq!(
            (disclosure.name(), disclosure.value()),
            ("family_name", &json!("Möbius"))
        );
        assert_eq!(
            check(encoded, "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC1"),
            Ok(None)
        );
    }

    #[test]
    fn a_disclosure_made_here_is_read_back() {
        let made = Disclosure::new(
            &[7; 32],
            "participant",
            &json!({"eid": "1000012", "n": [1, null]}),
        )
        .unwrap();
        let read = check(made.encoded(), &made.digest()).unwrap().unwrap();
        assert_eq!(read, made);
        assert_eq!(made.digest().len(), 43);
        let other_salt = Disclosure::new(&[8; 32], "participant", made.value()).unwrap();
        assert_ne!(other_salt.digest(), made.digest());
    }

    #[test]
    fn refuses_what_is_not_a_disclosure() {
        let malformed = Err(DisclosureError::Malformed);
        for text in [
            r#"["salt","name"]"#,
            r#"["s","n",1,2]"#,
            r#"{"a":1}"#,
            r#"[1,"n",2]"#,
            r#"["s",1,2]"#,
            "[",
            "",
        ] {
            assert_eq!(
                Disclosure::parse(&base64url_encode(text.as_bytes())).map(|_| ()),
                malformed,
                "{text}"
            );
        }
        assert_eq!(
            Disclosure::parse("WyJzIiwibiIsMV0=").map(|_| ()),
            malformed,
            "padding"
        );
        assert_eq!(
            Disclosure::new(&[1; 15], "n", &json!(1)),
            Err(DisclosureError::ShortSalt { found: 15 })
        );
        let long = "x".repeat(MAX_DISCLOSURE_BYTES);
        assert!(matches!(
            Disclosure::new(&[1; 32], "n", &json!(long)),
            Err(DisclosureError::TooLong { .. })
        ));
    }
}
