//! SAML 2.0 assertions, as far as they are taken [RFC 7522].

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::record::Scope;

/// SAML 2.0 assertions as authorization grants, where they are taken. The host reads them, as
/// [`Question::Saml2Assertion`](crate::Question::Saml2Assertion). Each is good for one use.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Saml2Bearer {
    /// The entity IDs of those whose assertions are taken.
    pub issuers: Vec<String>,
    /// What they call this server [RFC 7522 §3, §5]; the issuer identifier and the URL of the token endpoint if empty.
    pub audience: Vec<String>,
    /// The most that an assertion gives; what the client may have if absent.
    pub scope: Option<Scope>,
    /// How large an assertion may be once decoded; 6 KiB by default, as much as fits into a parameter.
    pub max_bytes: usize,
    /// How far from now it may expire; 5 min by default, a day at most.
    pub longest_life: Duration,
    /// By how much the clocks of issuers may differ from ours, in whole seconds; 10 s by default, 60 s at most.
    pub clock_tolerance: Duration,
    /// By how much an access token may outlive its assertion [RFC 7521 §4.1]; 5 min by default.
    pub outliving: Duration,
    /// DANGER: takes assertions from clients that prove nothing of themselves, so that whoever gets hold of one can use it
    /// [RFC 7521 §8.2].
    pub danger_accept_public_clients: bool,
    /// DANGER: gives clients that may refresh a refresh token as well, so that what they were given outlives the issuer's word
    /// [RFC 7521 §4.1].
    pub danger_issue_refresh_tokens: bool,
}

impl Default for Saml2Bearer {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            audience: Vec::new(),
            scope: None,
            max_bytes: 6 * 1024,
            longest_life: Duration::from_secs(300),
            clock_tolerance: Duration::from_secs(10),
            outliving: Duration::from_secs(300),
            danger_accept_public_clients: false,
            danger_issue_refresh_tokens: false,
        }
    }
}

impl Saml2Bearer {
    pub(super) fn check(&self, config: &Config) -> Result<(), ConfigFault> {
        let named = !self.issuers.is_empty() && self.issuers.iter().chain(&self.audience).all(|name| !name.is_empty());
        let fits = self.max_bytes > 0 && self.max_bytes.div_ceil(3).saturating_mul(4) <= config.limits.value;
        let short = (1..=24 * 60 * 60).contains(&self.longest_life.as_secs()) && self.clock_tolerance.as_secs() <= 60;
        let scope = self.scope.as_ref().is_none_or(|scope| config.scopes.covers(scope));
        ensure(named && fits && short && scope, || ConfigFault::Saml2Bearer)
    }
}
