//! Time and randomness, as values.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::sha256::{self, Ending};

/// A point in time, in whole seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point `seconds` after the Unix epoch.
    #[must_use]
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix(self) -> u64 {
        self.0
    }

    /// This point and `later`; parts of a second are dropped, and it stays at the end of time.
    #[must_use]
    pub const fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later.as_secs()))
    }

    /// This point and `earlier`; parts of a second are dropped, and it stays at the beginning of time.
    #[must_use]
    pub const fn minus(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(earlier.as_secs()))
    }

    /// How long until `later`; zero if that has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_secs(later.0.saturating_sub(self.0))
    }
}

/// The 256 random bits that all secrets of one request are derived from.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Takes bytes that must come from a cryptographic generator and be used for one request only.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// What one request knows of the world outside its records: drawn once, so that deciding again decides the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Env {
    /// The time at which the request is judged.
    pub now: Timestamp,
    seed: Seed,
}

impl Env {
    /// The environment of one request.
    #[must_use]
    pub const fn new(now: Timestamp, seed: Seed) -> Self {
        Self { now, seed }
    }

    /// The same time, with a seed of its own.
    pub(crate) fn within(&self, label: impl Into<Label>) -> Self {
        Self { now: self.now, seed: Seed::new(self.derive(label)) }
    }

    /// The 32 random bytes of one use, `SHA-256(seed ‖ label)`; the same label gives the same bytes.
    ///
    /// A seed has one length and labels are printable texts, so none is another one continued behind its padding: what
    /// is derived says nothing of the seed, nor of what else is derived.
    #[must_use]
    pub fn derive(&self, label: impl Into<Label>) -> [u8; 32] {
        let Label { text, ending } = label.into();
        match ending {
            Some(ending) => ending.after(&self.seed.0),
            None => sha256::digest(&self.seed.0, text.as_bytes()),
        }
    }
}

/// What bytes are derived for: a text, which is faster as a constant.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    text: &'static str,
    ending: Option<Ending>,
}

impl Label {
    /// Prepares a label, at best when it is compiled.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self { text, ending: Ending::of(text.as_bytes()) }
    }
}

impl From<&'static str> for Label {
    fn from(text: &'static str) -> Self {
        Self { text, ending: None }
    }
}

/// HMAC-SHA-256 under a 32-byte key.
pub(crate) fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // A key of exactly one block needs no `Result` for its length.
    let mut block = Zeroizing::new([0_u8; 64]);
    for (padded, byte) in block.iter_mut().zip(key) {
        *padded = *byte;
    }
    let mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    mac.chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        // Case 1 has a key of 20 bytes, which HMAC itself fills up with zeros.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let hex: String = hmac_sha256(&key, b"Hi There").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn labels_give_different_bytes_and_the_same_label_the_same() {
        let env = Env::new(Timestamp::from_unix(1), Seed::new([7; 32]));
        assert_eq!(env.derive("a"), env.derive("a"));
        assert_ne!(env.derive("a"), env.derive("b"));
        for label in
            ["a", "of twenty-three letters", "of twenty-three letters.", "longer than what fits into one block"]
        {
            assert_eq!(env.derive(Label::new(label)), env.derive(label));
        }
    }
}
