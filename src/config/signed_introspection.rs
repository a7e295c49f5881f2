//! Signed introspection responses, as far as they are given [RFC 9701].

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::env::Timestamp;
use crate::jose::{Algorithms, ContentEncryption, KeyManagement, SigningKey};

/// Introspection responses as JWTs, for callers who ask for them by `Accept`; encrypted as well to those who registered for
/// that.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignedIntrospection {
    /// The algorithms of the server's keys that sign them; all of those that it has by default. Who registered no
    /// `introspection_signed_response_alg` gets RS256 if it is among them [RFC 9701 §6].
    pub algorithms: Algorithms,
}

impl Default for SignedIntrospection {
    fn default() -> Self {
        Self { algorithms: Algorithms::ASYMMETRIC }
    }
}

impl SignedIntrospection {
    pub(super) fn check(&self, config: &Config) -> Result<(), ConfigFault> {
        let signs = config.keys().is_some_and(|keys| keys.algorithms().within(self.algorithms) != Algorithms::NONE);
        ensure(signs, || ConfigFault::SignedIntrospection)
    }
}

impl Config {
    /// Whether introspection responses can be JWTs.
    pub(crate) const fn signs_introspection(&self) -> bool {
        self.signed_introspection.is_some()
    }

    /// Signed introspection responses, where they are given.
    #[must_use]
    pub const fn signed_introspection(&self) -> Option<&SignedIntrospection> {
        self.signed_introspection.as_ref()
    }

    /// The algorithms that they can have; none where they are not given.
    fn introspection_algorithms(&self) -> Algorithms {
        let served = self.signed_introspection.as_ref().zip(self.keys());
        served.map_or(Algorithms::NONE, |(served, keys)| keys.algorithms().within(served.algorithms))
    }

    /// How they can be signed, how the keys come to their receivers by which they are encrypted, and how that is done, by name.
    pub(crate) fn introspection_protections(&self) -> [Vec<String>; 3] {
        if self.signed_introspection.is_none() {
            return [const { Vec::new() }; 3];
        }
        [
            self.introspection_algorithms().iter().map(|one| one.as_str().to_owned()).collect(),
            KeyManagement::ALL.iter().map(|one| one.as_str().to_owned()).collect(),
            ContentEncryption::ALL.iter().map(|one| one.as_str().to_owned()).collect(),
        ]
    }

    /// The key that signs one at `now`: of the algorithm that its receiver has `registered`, if there is one, or the usual one.
    pub(crate) fn introspection_key(&self, registered: Option<&str>, now: Timestamp) -> Option<&SigningKey> {
        self.answering_key(self.introspection_algorithms(), registered, now)
    }
}
