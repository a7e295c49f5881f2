//! JWT access tokens, as far as they are issued [RFC 9068].

use super::Config;
use super::fault::{ConfigFault, ensure};
use super::policy::Practice;
use crate::env::Timestamp;
use crate::jose::{Algorithms, SigningKey};
use crate::record::Resource;

/// JWT access tokens, where they are issued: a resource server checks them by itself. What is revoked is good there until it
/// expires, so let them live shortly.
///
/// Each is for one resource, as a resource indicator in the request says, or else [`ConfigBuilder::audience`].
///
/// [`ConfigBuilder::audience`]: crate::ConfigBuilder::audience
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct JwtAccessTokens {
    /// The resources that they are for, among those that the server knows; all of them by default. Tokens for others are
    /// references.
    pub resources: Option<Vec<String>>,
    /// The algorithms of the server's keys that sign them; all of those that it has by default.
    pub algorithms: Algorithms,
}

impl Default for JwtAccessTokens {
    fn default() -> Self {
        Self { resources: None, algorithms: Algorithms::ASYMMETRIC }
    }
}

/// The same, checked.
#[derive(Clone, Debug)]
pub(crate) struct JwtIssue {
    resources: Vec<Resource>,
    /// Of one of them there is a key.
    algorithms: Algorithms,
}

impl JwtIssue {
    pub(super) fn new(wanted: &JwtAccessTokens, config: &Config) -> Result<Self, ConfigFault> {
        let fault = |advice| move || ConfigFault::JwtAccessTokens { advice };
        let signs = config.keys().is_some_and(|keys| keys.algorithms().within(wanted.algorithms) != Algorithms::NONE);
        ensure(signs, fault("give keys, one of them at least of its algorithms"))?;
        let known = |name: &String| config.known_resources().find(|known| known.as_str() == name).cloned();
        let resources: Option<Vec<_>> = match &wanted.resources {
            Some(names) => names.iter().map(known).collect(),
            None => Some(config.known_resources().cloned().collect()),
        };
        let resources = resources.filter(|resources| !resources.is_empty());
        let resources = resources.ok_or_else(fault("name resources that are given by resource or audience"))?;
        let issue = Self { resources, algorithms: wanted.algorithms };
        // [RFC 9068 §3]: the audience of a JWT is never left open, and never ambiguous.
        let usual = &config.audience;
        let clear = if usual.is_empty() { wanted.resources.is_some() } else { !issue.is_torn(usual) };
        let never_usual = config.policy.requires(Practice::ResourceIndicator);
        ensure(
            clear || never_usual,
            fault(
                "a token without a resource would be for none or for several: give one audience, or require_resource",
            ),
        )?;
        Ok(issue)
    }

    /// Whether a token for `audience` is a JWT.
    fn is_for(&self, audience: &[Resource]) -> bool {
        matches!(audience, [only] if self.resources.contains(only))
    }

    /// Whether it would be one for several resources, each of which could use it at the others.
    fn is_torn(&self, audience: &[Resource]) -> bool {
        audience.len() > 1 && audience.iter().any(|resource| self.resources.contains(resource))
    }
}

impl Config {
    /// The key that signs a token for `audience` at `now`, if that is a JWT.
    pub(crate) fn jwt_key(&self, audience: &[Resource], now: Timestamp) -> Option<&SigningKey> {
        let issue = self.jwt.as_ref().filter(|issue| issue.is_for(audience))?;
        self.keys()?.signer(issue.algorithms, now)
    }

    /// Whether no token can be for all of `audience` at once [RFC 9068 §3].
    pub(crate) fn is_torn(&self, audience: &[Resource]) -> bool {
        self.jwt.as_ref().is_some_and(|issue| issue.is_torn(audience))
    }
}
