//! The server's own keys, if it signs; never without the feature `jose`.

#[cfg(feature = "jose")]
use super::{Config, ConfigBuilder};
use super::{ConfigFault, Lifetimes};
use crate::env::Timestamp;
#[cfg(feature = "jose")]
use crate::jose::{Algorithm, Algorithms, DecryptionKey, Jwe, KeyManagement, KeySet, SigningKey};

#[derive(Clone, Debug, Default)]
pub(super) struct OwnKeys {
    #[cfg(feature = "jose")]
    set: Option<KeySet>,
    /// What others encrypt to.
    #[cfg(feature = "jose")]
    decryption: Vec<DecryptionKey>,
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

    /// Opens what clients encrypt to these keys, such as their requests, and publishes their public halves at `paths.jwks`;
    /// give new ones beside the old until no client has those any more.
    #[must_use]
    pub fn decryption_keys(mut self, keys: impl IntoIterator<Item = DecryptionKey>) -> Self {
        self.config.keys.decryption.extend(keys);
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

    /// Of the keys of the algorithms that are `served`, the one that signs an answer at `now`: with the algorithm that its
    /// receiver has `registered`; with RS256 if that is none and the server has it, or else with what the server has.
    pub(super) fn answering_key(
        &self,
        served: Algorithms,
        registered: Option<&str>,
        now: Timestamp,
    ) -> Option<&SigningKey> {
        let keys = self.keys()?;
        let usual = keys.algorithms().within(served).within(Algorithms::NONE.and(Algorithm::Rs256));
        let wanted = match registered {
            Some(name) => Algorithms::NONE.and(Algorithm::parse(name)?).within(served),
            None if usual != Algorithms::NONE => usual,
            None => served,
        };
        keys.signer(wanted, now)
    }

    /// How clients can encrypt to the server.
    pub(crate) fn key_managements(&self) -> Vec<KeyManagement> {
        let able =
            |one: &KeyManagement| self.keys.decryption.iter().any(|key| key.public().managements().contains(one));
        KeyManagement::ALL.into_iter().filter(able).collect()
    }

    /// What is in a message that was encrypted to the server, if that is a signed token.
    pub(crate) fn decrypted(&self, message: &Jwe<'_>) -> Option<String> {
        self.keys.decryption.iter().find_map(|key| message.decrypt_token(key).ok())
    }
}

#[cfg(feature = "jose")]
impl OwnKeys {
    pub(super) fn check(&self, lifetimes: &Lifetimes) -> Result<(), ConfigFault> {
        let sound = |keys: &KeySet| keys.can_sign() && keys.retention() >= lifetimes.access_token;
        let name = |key: &DecryptionKey| key.public().kid().map(str::to_owned);
        let twice = |(place, key)| self.decryption.iter().take(place).any(|earlier| name(earlier) == name(key));
        let once = !self.decryption.iter().enumerate().any(twice);
        super::fault::ensure(once && self.set.as_ref().is_none_or(sound), || ConfigFault::Keys)
    }

    pub(super) const fn are_there(&self) -> bool {
        self.set.is_some() || !self.decryption.is_empty()
    }

    /// The JWK Set to publish at `now`.
    pub(super) fn jwks(&self, now: Timestamp) -> Option<Vec<u8>> {
        if !self.are_there() {
            return None;
        }
        let signing = self.set.iter().flat_map(|keys| keys.published(now)).map(|key| key.public().to_jwk());
        let keys: Vec<_> = signing.chain(self.decryption.iter().map(|key| key.public().to_jwk())).collect();
        serde_json::to_vec(&serde_json::json!({ "keys": keys })).ok()
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
