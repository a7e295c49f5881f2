//! What keeps people from consenting to what they did not mean.

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::env::Timestamp;
use crate::record::{AuthorizationDetail, AuthorizationDetails, Client, Scope, Standing};

/// What people are warned of before they consent, and what is refused before they are asked: a client that looks
/// harmless, or like another one, may ask for anything [RFC 6819 §4.4.1.4].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Caution {
    /// For how long after its registration a client is new; 30 days by default.
    pub new_client: Duration,
    /// Whether only clients that the operator vouches for, by [`publisher`](crate::record::ClientBuilder::publisher) or
    /// as first-party, can have what is sensitive, by whatever grant type. What others ask for of it is refused; what
    /// they have by default is less, and so is what they were granted while someone vouched for them.
    pub only_verified_clients: bool,
    /// Whether the host is asked about each consent, as [`Question::Consent`](crate::Question::Consent), also where
    /// nobody else is.
    pub ask_host: bool,
}

impl Default for Caution {
    fn default() -> Self {
        Self { new_client: Duration::from_secs(30 * 24 * 60 * 60), only_verified_clients: false, ask_host: false }
    }
}

impl Config {
    /// What people are warned of.
    #[must_use]
    pub const fn caution(&self) -> &Caution {
        &self.caution
    }

    /// The scopes with which much harm could be done.
    #[must_use]
    pub const fn sensitive_scopes(&self) -> &Scope {
        &self.sensitive
    }

    pub(crate) fn standing(&self, client: &Client, now: Timestamp) -> Standing {
        Standing::of(client, self.caution.new_client, now)
    }

    /// What of `scope` is sensitive.
    pub(crate) fn sensitive_scope(&self, scope: &Scope) -> Scope {
        scope.filtered(|word| self.sensitive.contains(word))
    }

    /// What of `details` is sensitive.
    pub(crate) fn sensitive_details(&self, details: &AuthorizationDetails) -> AuthorizationDetails {
        details.filtered(|detail| self.is_sensitive(detail))
    }

    pub(super) fn is_sensitive(&self, detail: &AuthorizationDetail) -> bool {
        self.type_of(detail).is_none_or(|known| known.is_sensitive(detail))
    }

    /// Whether `client` can have nothing that is sensitive.
    pub(super) const fn withholds_from(&self, client: &Client) -> bool {
        self.caution.only_verified_clients && !client.is_verified()
    }

    /// Whether `client` can have this, however it came to ask for it.
    pub(crate) fn entrusts(&self, client: &Client, scope: &Scope, details: &AuthorizationDetails) -> bool {
        let harmless = || self.sensitive_scope(scope).is_empty() && self.sensitive_details(details).is_empty();
        !self.withholds_from(client) || harmless()
    }

    pub(super) fn check_sensitive_scopes(&self) -> Result<(), ConfigFault> {
        let unknown = self.sensitive.without(&self.scopes);
        ensure(unknown.is_empty(), || ConfigFault::SensitiveScope(unknown.as_str().to_owned()))
    }
}
