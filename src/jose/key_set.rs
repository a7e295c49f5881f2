//! One's own keys, which change by the clock.

use std::time::Duration;

use serde_json::{Map, Value};

use super::algorithm::Algorithms;
use super::jwk_set::JwkSet;
use super::token::SigningKey;
use crate::env::Timestamp;

/// The keys of a server, each with the moment from which it signs. Until then it is published, so that everyone can know
/// it, which should be a day and must be more than the five minutes that others may keep the set; from the moment at which
/// a later key of its algorithm signs, it is retired, and stays published until the last token that it signed has expired.
/// So every replica changes at the same second, and nobody has to be told. Where none signs yet, the first one does.
///
/// ```text
/// Next ── signs_from ──▶ Current ── signs_from of the next one ──▶ Retired ── retention ──▶ Gone
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeySet {
    /// In the order in which they begin to sign.
    keys: Vec<Scheduled>,
    retention: Duration,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Scheduled {
    key: SigningKey,
    signs_from: Timestamp,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a key is in one of these and nowhere else")]
pub enum KeyState {
    /// Published, and not used yet, unless there is no other.
    Next {
        /// When it will be.
        signs_from: Timestamp,
    },
    /// Signs.
    Current,
    /// Signs no more; what it signed is still verified.
    Retired {
        /// How long.
        until: Timestamp,
    },
    /// Nothing that it signed is left.
    Gone,
}

impl KeySet {
    /// No keys yet, whose tokens live at most so long, clock tolerance of others included.
    #[must_use]
    pub const fn new(retention: Duration) -> Self {
        Self { keys: Vec::new(), retention }
    }

    /// Adds a key that signs from a moment on; a key of the same name is replaced.
    #[must_use]
    pub fn with(mut self, key: SigningKey, signs_from: Timestamp) -> Self {
        self.keys.retain(|known| known.key.kid() != key.kid());
        let place = self.keys.partition_point(|known| known.signs_from <= signs_from);
        self.keys.insert(place, Scheduled { key, signs_from });
        self
    }

    /// How long a retired key stays published.
    #[must_use]
    pub const fn retention(&self) -> Duration {
        self.retention
    }

    /// The key that signs now with one of these algorithms: the one that began last.
    #[must_use]
    pub fn current(&self, algorithms: Algorithms, now: Timestamp) -> Option<&SigningKey> {
        let signing = |known: &&Scheduled| known.signs_from <= now && algorithms.contain(known.key.algorithm());
        self.keys.iter().rev().find(signing).map(|known| &known.key)
    }

    /// The key that signs now with one of these algorithms; until one does, the first that will, which is published already.
    pub(crate) fn signer(&self, algorithms: Algorithms, now: Timestamp) -> Option<&SigningKey> {
        let fits = |key: &&SigningKey| algorithms.contain(key.algorithm());
        self.current(algorithms, now).or_else(|| self.keys.iter().map(|known| &known.key).find(fits))
    }

    /// The key of this name, wherever it stands.
    pub(crate) fn named(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().map(|known| &known.key).find(|key| key.kid() == kid)
    }

    /// Where the key of this name stands.
    #[must_use]
    pub fn state(&self, kid: &str, now: Timestamp) -> KeyState {
        let place = self.keys.iter().position(|known| known.key.kid() == kid);
        place.map_or(KeyState::Gone, |place| self.state_at(place, now))
    }

    fn state_at(&self, place: usize, now: Timestamp) -> KeyState {
        let mut later = self.keys.iter().skip(place);
        let Some(Scheduled { key, signs_from }) = later.next() else { return KeyState::Gone };
        if now < *signs_from {
            return KeyState::Next { signs_from: *signs_from };
        }
        let successor = later.find(|later| later.key.algorithm() == key.algorithm() && later.signs_from <= now);
        let Some(successor) = successor else { return KeyState::Current };
        let until = successor.signs_from.plus(self.retention);
        if now < until { KeyState::Retired { until } } else { KeyState::Gone }
    }

    /// The keys that others have to know now.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        let known = self.keys.iter().enumerate();
        known.filter(move |(place, _)| self.state_at(*place, now) != KeyState::Gone).map(|(_, known)| &known.key)
    }

    /// The same as someone else has them.
    #[must_use]
    pub fn public(&self, now: Timestamp) -> JwkSet {
        self.published(now).map(|key| key.public().clone()).collect()
    }

    /// The JWK Set to publish now [RFC 7517 §5].
    #[must_use]
    pub fn to_jwks(&self, now: Timestamp) -> Map<String, Value> {
        let keys: Vec<_> = self.published(now).map(|key| Value::Object(key.public().to_jwk())).collect();
        Map::from_iter([("keys".to_owned(), keys.into())])
    }

    /// Whether there is any key, now or later.
    #[must_use]
    pub const fn can_sign(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The algorithms that sign at some time.
    #[must_use]
    pub fn algorithms(&self) -> Algorithms {
        self.keys.iter().map(|known| known.key.algorithm()).collect::<Algorithms>()
    }
}
