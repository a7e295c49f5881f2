//! Identity assertions, as far as they are issued [ID-JAG §4.3].

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::env::Timestamp;
use crate::jose::{Algorithms, KeySet, SigningKey};
use crate::wire::ID_JAG_TYPE;

/// Identity assertions, where they are issued: the server's word on a person, with which a client gets a token of another
/// server. The host decides over each one, as [`Question::IdJag`](crate::Question::IdJag).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct IdJags {
    /// How long one lives; 5 min by default, 1 h at most. It never outlives the token that it was exchanged for.
    pub lifetime: Duration,
    /// The algorithms of the server's keys that sign them; all of those that it has by default.
    pub algorithms: Algorithms,
}

impl Default for IdJags {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(300), algorithms: Algorithms::ASYMMETRIC }
    }
}

impl Config {
    /// Whether identity assertions are issued.
    pub(crate) const fn issues_id_jags(&self) -> bool {
        self.id_jags.is_some()
    }

    /// What tokens can be exchanged for that other servers take, by name.
    pub(crate) fn chaining_token_types(&self) -> Vec<String> {
        self.id_jags.iter().map(|_| ID_JAG_TYPE.to_owned()).collect()
    }

    pub(super) fn check_id_jags(&self) -> Result<(), ConfigFault> {
        let Some(IdJags { lifetime, algorithms }) = &self.id_jags else { return Ok(()) };
        let signs = |keys: &KeySet| keys.algorithms().within(*algorithms) != Algorithms::NONE;
        let sound = self.keys().is_some_and(|keys| signs(keys) && keys.retention() >= *lifetime);
        ensure(sound && (1..=3600).contains(&lifetime.as_secs()), || ConfigFault::IdJags)
    }

    /// The key that signs one at `now`, and how long it lives.
    pub(crate) fn id_jag_key(&self, now: Timestamp) -> Option<(&SigningKey, Duration)> {
        let IdJags { lifetime, algorithms } = self.id_jags.as_ref()?;
        Some((self.keys()?.signer(*algorithms, now)?, *lifetime))
    }
}
