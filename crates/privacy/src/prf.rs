//! Keys for one use each, from a secret of the instance.
//!
//! Must never: give two uses the same key.

use aes::cipher::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

/// HMAC-SHA-256 (RFC 2104) of a domain and a context under the secret. A domain that is used with contexts ends in a zero byte.
#[must_use]
pub fn subkey(secret: &[u8; 32], domain: &[u8], context: &[u8]) -> [u8; 32] {
    // HMAC fills a short key with zeros to the hash's block (RFC 2104 §2); doing so here cannot fail.
    let mut block = [0_u8; 64];
    for (to, from) in block.iter_mut().zip(secret) {
        *to = *from;
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    block.zeroize();
    mac.update(domain);
    mac.update(context);
    mac.finalize().into_bytes().into()
}
