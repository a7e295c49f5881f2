//! Clients that are known by the document that their identifier leads to.

use std::time::Duration;

use url::Url;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::fetch::{FetchRequest, Purpose};
use crate::record::{GrantType, Scope};

/// Client ID metadata documents, where they are served [Client ID Metadata Document].
///
/// A client that is known by its document is public, is never first-party, serves no resource, and gets no grant type in
/// which no person takes part unless that is said here. What the operator registered under a URL goes first, and is
/// not fetched.
///
/// A document is kept as a client in the store, for as long as it says, within bounds; so anyone can fill the store with
/// what this allows, as with pushed requests: limit rates in front, or in the host's answer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientDocuments {
    /// How large a document may be; 5 KiB by default [Client ID Metadata Document §6.6], and never more than a body.
    pub max_bytes: usize,
    /// How long it may take to come; 5 s by default.
    pub timeout: Duration,
    /// For how long it is kept that does not say; 10 min by default.
    pub usually: Duration,
    /// For how long it is kept at least; 1 min by default, so that one sign-in is one fetch. Zero fetches again whatever
    /// must not be kept.
    pub at_least: Duration,
    /// For how long it is kept at most; a day by default.
    pub at_most: Duration,
    /// Whether the host is asked, before a document is fetched and before it is believed, as
    /// [`Question::ClientDocument`](crate::Question::ClientDocument).
    pub ask_host: bool,
    /// The most that such a client may ask for; everything that is known if absent.
    pub scope: Option<Scope>,
    /// What such a client may use beside `authorization_code`, `refresh_token` and, where it is served, the device grant.
    pub grant_types: Vec<GrantType>,
}

impl Default for ClientDocuments {
    fn default() -> Self {
        Self {
            max_bytes: 5 * 1024,
            timeout: Duration::from_secs(5),
            usually: Duration::from_secs(600),
            at_least: Duration::from_secs(60),
            at_most: Duration::from_secs(24 * 60 * 60),
            ask_host: false,
            scope: None,
            grant_types: Vec::new(),
        }
    }
}

impl ClientDocuments {
    pub(super) fn check(&self, config: &Config) -> Result<(), ConfigFault> {
        let size = (256..=config.limits.body).contains(&self.max_bytes);
        let time = (1..=60).contains(&self.timeout.as_secs());
        let kept = self.at_least <= self.usually && self.usually <= self.at_most;
        let scope = self.scope.as_ref().is_none_or(|scope| !scope.is_empty() && config.scopes.covers(scope));
        ensure(size && time && kept && scope, || ConfigFault::ClientDocuments)
    }

    /// What to ask for the document at `url`.
    pub(crate) const fn request(&self, url: Url) -> FetchRequest {
        let mut request = FetchRequest::new(url, Purpose::ClientDocument);
        (request.max_bytes, request.timeout) = (self.max_bytes, self.timeout);
        request
    }

    /// For how long a document is kept that is fresh for so long, if it says so [Client ID Metadata Document §4.4].
    pub(crate) fn kept_for(&self, fresh_for: Option<Duration>) -> Duration {
        fresh_for.unwrap_or(self.usually).clamp(self.at_least, self.at_most)
    }

    /// Whether such a client may use `grant_type`.
    pub(crate) fn grants(&self, grant_type: GrantType) -> bool {
        use GrantType::{AuthorizationCode, DeviceCode, RefreshToken};
        matches!(grant_type, AuthorizationCode | RefreshToken | DeviceCode) || self.grant_types.contains(&grant_type)
    }
}
