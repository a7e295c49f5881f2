//! Those whose word about people is taken [RFC 7523 §2.1, §5].

use std::time::Duration;

use url::Url;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::jose::{Algorithms, JwkSet};
use crate::record::{ClientId, Scope};

/// Someone whose JWTs are taken as authorization grants. Whom each is about, and whether that person is one here, is the
/// host's to say, as [`Question::Assertion`](crate::Question::Assertion).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TrustedIssuer {
    pub(crate) issuer: String,
    pub(crate) keys: IssuerKeys,
    /// What its assertions are; plain JWTs by default.
    pub profile: AssertionProfile,
    /// The algorithms that they may have; all with a public key by default.
    pub algorithms: Algorithms,
    /// What it calls this server, such as the URL of its token endpoint [RFC 7523 §3, §5]; the issuer identifier alone if
    /// empty, and always for [`AssertionProfile::IdJag`]. An assertion for someone else as well is refused: they could use it
    /// here.
    pub audience: Vec<String>,
    /// The clients that may show its assertions; every one that has the grant type if absent.
    pub clients: Option<Vec<ClientId>>,
    /// The most that its assertions give; what the client may have if absent.
    pub scope: Option<Scope>,
    /// How far from now an assertion may expire; 5 min by default, a day at most.
    pub longest_life: Duration,
    /// How long ago it may have been issued, which it must say then; that does not matter if absent.
    pub issued_within: Option<Duration>,
    /// By how much its clock may differ from ours, in whole seconds; 10 s by default, 60 s at most.
    pub clock_tolerance: Duration,
    /// Whether an assertion has a name, and is good for one use; so by default. Otherwise whoever has one can use it until it
    /// expires, which [ID-JAG §4.4.3] allows in place of refreshing.
    pub single_use: bool,
    /// By how much an access token may outlive its assertion [RFC 7521 §4.1]; 5 min by default.
    pub outliving: Duration,
    /// DANGER: takes assertions from clients that prove nothing of themselves, so that whoever gets hold of one can use it
    /// [RFC 7521 §8.2, ID-JAG §8.1].
    pub danger_accept_public_clients: bool,
    /// DANGER: gives clients that may refresh a refresh token as well, so that what they were given outlives the issuer's word
    /// [RFC 7521 §4.1, ID-JAG §4.4.3].
    pub danger_issue_refresh_tokens: bool,
}

/// What an assertion is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AssertionProfile {
    /// A JWT of no type in particular [RFC 7523 §3].
    Jwt,
    /// An Identity Assertion JWT Authorization Grant, which an identity provider made for one client of this server.
    IdJag,
}

/// The public keys of an issuer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IssuerKeys {
    /// By value.
    Here(JwkSet),
    /// Behind a URL, which the host fetches.
    Behind(Url),
}

impl From<JwkSet> for IssuerKeys {
    fn from(keys: JwkSet) -> Self {
        Self::Here(keys)
    }
}

impl From<Url> for IssuerKeys {
    fn from(url: Url) -> Self {
        Self::Behind(url)
    }
}

impl TrustedIssuer {
    pub(super) fn new(issuer: &str, keys: IssuerKeys) -> Self {
        Self {
            issuer: issuer.to_owned(),
            keys,
            profile: AssertionProfile::Jwt,
            algorithms: Algorithms::ASYMMETRIC,
            audience: Vec::new(),
            clients: None,
            scope: None,
            longest_life: Duration::from_secs(300),
            issued_within: None,
            clock_tolerance: Duration::from_secs(10),
            single_use: true,
            outliving: Duration::from_secs(300),
            danger_accept_public_clients: false,
            danger_issue_refresh_tokens: false,
        }
    }

    fn check(&self, config: &Config) -> Result<(), ConfigFault> {
        // [ID-JAG §8.3]: its own word about people is no news to a server, and a way around what it gave.
        let named = !self.issuer.is_empty() && self.issuer != config.issuer();
        let (algorithms, sound) = (self.algorithms, self.algorithms.are_asymmetric());
        let verifiable = match &self.keys {
            IssuerKeys::Here(keys) => {
                keys.keys().iter().any(|key| key.algorithms().within(algorithms) != Algorithms::NONE)
            }
            IssuerKeys::Behind(url) => crate::record::web_url(url.as_str()).is_some(),
        };
        let short = (1..=24 * 60 * 60).contains(&self.longest_life.as_secs()) && self.clock_tolerance.as_secs() <= 60;
        let scope = self.scope.as_ref().is_none_or(|scope| config.scopes.covers(scope));
        let audience = self.audience.iter().all(|name| !name.is_empty());
        let fixed = self.profile != AssertionProfile::IdJag || self.audience.is_empty();
        let fault = || ConfigFault::TrustedIssuer(self.issuer.clone());
        ensure(named && sound && verifiable && short && scope && audience && fixed, fault)
    }
}

impl Config {
    pub(super) fn trusts_anyone(&self) -> bool {
        !self.trusted_issuers.is_empty()
    }

    /// Those whose word about people is taken.
    #[must_use]
    pub fn trusted_issuers(&self) -> &[TrustedIssuer] {
        &self.trusted_issuers
    }

    /// The kinds of assertions that are taken, by name; who makes them is nobody's business [ID-JAG §8.4].
    pub(crate) fn grant_profiles(&self) -> Vec<String> {
        let identity = self.trusted_issuers.iter().any(|trusted| trusted.profile == AssertionProfile::IdJag);
        identity.then(|| "urn:ietf:params:oauth:grant-profile:id-jag".to_owned()).into_iter().collect()
    }

    pub(super) fn check_trusted_issuers(&self) -> Result<(), ConfigFault> {
        for (place, trusted) in self.trusted_issuers.iter().enumerate() {
            trusted.check(self)?;
            let mut earlier = self.trusted_issuers.iter().take(place);
            let twice = earlier.any(|other| other.issuer == trusted.issuer && other.profile == trusted.profile);
            ensure(!twice, || ConfigFault::TrustedIssuer(trusted.issuer.clone()))?;
        }
        Ok(())
    }

    /// The one of this name and kind, byte for byte [RFC 7523 §3].
    pub(crate) fn trusted_issuer(&self, issuer: &str, profile: AssertionProfile) -> Option<&TrustedIssuer> {
        self.trusted_issuers.iter().find(|trusted| trusted.issuer == issuer && trusted.profile == profile)
    }
}
