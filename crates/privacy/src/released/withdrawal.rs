//! Withdrawal without disclosure; see docs/adr/0012-withdrawal-without-disclosure.md.

use crate::prf;

/// Keeps this use of a secret apart from every other.
const DOMAIN: &[u8] = b"readingroom/stand-ins/v1\0";

/// Chooses stand-ins: keyed, so that nobody outside can tell who they are, and without chance, so that a repeated question
/// chooses the same.
#[derive(Clone)]
pub struct Chooser {
    secret: [u8; 32],
}

impl std::fmt::Debug for Chooser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chooser(hidden)")
    }
}

impl Drop for Chooser {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secret);
    }
}

impl Chooser {
    /// Derives it from a secret of the instance.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> Self {
        Self {
            secret: prf::subkey(secret, DOMAIN, &[]),
        }
    }
}
