//! What a person agreed to, so that they need not be asked again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AuthorizationDetails, Client, ClientId, Resource, Scope, Subject, VerifiedRedirectUri};
use crate::env::Timestamp;

/// Everything that one person granted one client so far, in as many steps as it took.
///
/// It outlives the grants that were made of it, until it runs out or is forgotten with one of them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RememberedConsent {
    pub(crate) subject: Subject,
    pub(crate) client: ClientId,
    /// Each resource once.
    pub(crate) granted: Vec<GrantedAt>,
    /// Authorization details whose types stay granted, the latest first.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub(crate) details: AuthorizationDetails,
    /// The clients that may act for the subject, as they last said; all that the host allows if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) may_act: Option<Arc<[ClientId]>>,
    /// Where they were told that the answer goes, of a client that could change that by itself; the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<Arc<str>>,
    /// When the person first agreed to anything.
    pub(crate) first: Timestamp,
    /// When the person last agreed.
    pub(crate) given: Timestamp,
}

/// What may be done where: the same word means something else at another resource.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct GrantedAt {
    /// Absent where tokens are for no resource in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Resource>,
    scope: Scope,
}

/// The places that tokens for `audience` are for.
fn places(audience: &[Resource]) -> impl Iterator<Item = Option<&Resource>> {
    let nowhere = audience.is_empty().then_some(None);
    audience.iter().map(Some).chain(nowhere)
}

impl RememberedConsent {
    /// To how many hosts an answer may have gone that counts.
    const MOST_HOSTS: usize = 16;

    /// Who agreed.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// To whom they gave it.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        &self.client
    }

    /// What they gave, wherever it may be used.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.granted.iter().fold(Scope::empty(), |all, granted| all.with(&granted.scope))
    }

    /// What they gave, and at which resource; at none in particular if there is none.
    pub fn granted(&self) -> impl Iterator<Item = (Option<&Resource>, &Scope)> {
        self.granted.iter().map(|granted| (granted.at.as_ref(), &granted.scope))
    }

    /// Whether they gave this word of a scope for every resource of `audience`.
    pub(crate) fn grants(&self, word: &str, audience: &[Resource]) -> bool {
        places(audience).all(|place| self.granted().any(|(at, scope)| at == place && scope.contains(word)))
    }

    /// The same with `scope` at every resource of `audience` as well.
    pub(crate) fn with(mut self, audience: &[Resource], scope: &Scope) -> Self {
        for place in places(audience) {
            match self.granted.iter_mut().find(|granted| granted.at.as_ref() == place) {
                Some(granted) => granted.scope = granted.scope.with(scope),
                None if scope.is_empty() => {}
                None => self.granted.push(GrantedAt { at: place.cloned(), scope: scope.clone() }),
            }
        }
        self
    }

    /// Whether it counts for an answer to `to`. A client that anyone could have made can change where its answers go, and
    /// whoever gets hold of it would reap what others agreed to: so there it counts where people were told that they go
    /// [Client ID Metadata Document §6.3].
    pub(crate) fn counts_at(&self, to: &VerifiedRedirectUri, client: &Client) -> bool {
        !client.is_stranger() || self.hosts.iter().any(|host| **host == *to.host())
    }

    /// The same, given with an answer to `to`.
    pub(crate) fn told(mut self, to: &VerifiedRedirectUri, client: &Client) -> Self {
        if client.is_stranger() {
            self.hosts.retain(|host| **host != *to.host());
            self.hosts.insert(0, to.host().into());
            self.hosts.truncate(Self::MOST_HOSTS);
        }
        self
    }

    /// The authorization details that they gave and that stay granted [RFC 9396].
    #[must_use]
    pub const fn details(&self) -> &AuthorizationDetails {
        &self.details
    }

    /// When they first agreed to anything.
    #[must_use]
    pub const fn first(&self) -> Timestamp {
        self.first
    }

    /// When they last agreed.
    #[must_use]
    pub const fn given(&self) -> Timestamp {
        self.given
    }
}
