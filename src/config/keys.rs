//! The server's own keys, if it signs; never without the feature `jose`.

#[cfg(feature = "jose")]
use super::{Config, ConfigBuilder};
use super::{ConfigFault, Lifetimes};
use crate::env::Timestamp;
#[cfg(feature = "jose")]
use crate::jose::KeySet;

#[derive(Clone, Debug, Default)]
pub(super) struct OwnKeys {
    #[cfg(feature = "jose")]
    set: Option<KeySet>,
}

#[cfg(feature = "jose")]
impl ConfigBuilder {
    /// Signs with these keys, and publishes them at `paths.jwks`; their private halves are with a
    /// [`Signer`](crate::jose::Signer).
    #[must_use]
    pub fn keys(mut self, keys: KeySet) -> Self {
        self.config.keys.set = Some(keys);
        self
    }
}

#[cfg(feature = "jose")]
impl Config {
    /// The server's own keys, if it signs.
    #[must_use]
    pub const fn keys(&self) -> Option<&KeySet> {
        self.keys.set.as_ref()
    }
}

#[cfg(feature = "jose")]
impl OwnKeys {
    pub(super) fn check(&self, lifetimes: &Lifetimes) -> Result<(), ConfigFault> {
        let sound = |keys: &KeySet| keys.can_sign() && keys.retention() >= lifetimes.access_token;
        super::fault::ensure(self.set.as_ref().is_none_or(sound), || ConfigFault::Keys)
    }

    pub(super) const fn are_there(&self) -> bool {
        self.set.is_some()
    }

    /// The JWK Set to publish at `now`.
    pub(super) fn jwks(&self, now: Timestamp) -> Option<Vec<u8>> {
        self.set.as_ref().and_then(|keys| serde_json::to_vec(&keys.to_jwks(now)).ok())
    }
}

#[cfg(not(feature = "jose"))]
#[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "there are none, and that is all of it")]
impl OwnKeys {
    pub(super) const fn check(&self, _: &Lifetimes) -> Result<(), ConfigFault> {
        Ok(())
    }

    pub(super) const fn are_there(&self) -> bool {
        false
    }

    pub(super) const fn jwks(&self, _: Timestamp) -> Option<Vec<u8>> {
        None
    }
}
