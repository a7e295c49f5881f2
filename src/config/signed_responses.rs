//! Signed authorization responses, as far as they are served [JARM §1].

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use super::policy::Practice;
use crate::env::Timestamp;
use crate::jose::{Algorithms, KeySet, SigningKey};
use crate::record::Client;

/// Authorization responses as tokens that the server signs, where they are served: `response_mode` `jwt`, `query.jwt`,
/// `fragment.jwt` and `form_post.jwt`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignedResponses {
    /// Whether every response must be asked for in this way; not by default [FAPI 2.0 Message Signing §5.4.1].
    pub required: bool,
    /// The algorithms of the server's keys that sign them; all of those that it has by default.
    pub algorithms: Algorithms,
    /// How long one is good; 5 min by default, 10 min at most [JARM §2.1].
    pub lifetime: Duration,
}

impl Default for SignedResponses {
    fn default() -> Self {
        Self { required: false, algorithms: Algorithms::ASYMMETRIC, lifetime: Duration::from_secs(300) }
    }
}

impl SignedResponses {
    pub(super) fn check(&self, config: &Config) -> Result<(), ConfigFault> {
        let signs = |keys: &&KeySet| keys.algorithms().within(self.algorithms) != Algorithms::NONE;
        let keys = config.keys().filter(signs);
        let lasting = keys.is_some_and(|keys| keys.retention() >= self.lifetime);
        ensure(lasting && (1..=600).contains(&self.lifetime.as_secs()), || ConfigFault::SignedResponses)
    }
}

impl Config {
    /// Signed authorization responses, where they are served.
    #[must_use]
    pub fn signed_responses(&self) -> Option<&SignedResponses> {
        self.policy.allows(Practice::SignedResponses).then_some(&self.signed_responses)
    }

    /// The key that signs responses to `client` at `now` [JARM §2.2, §3].
    pub(crate) fn response_key(&self, client: &Client, now: Timestamp) -> Option<&SigningKey> {
        let registered = client.metadata().authorization_signed_response_alg.as_deref();
        self.answering_key(self.signed_responses()?.algorithms, registered, now)
    }
}
