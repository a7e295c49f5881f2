//! What the host says of who is in front of the browser.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::env::Timestamp;
use crate::record::{AuthorizationDetails, ClientId, Mandate, Particulars, Resource, Scope, Subject, Terms};

/// What the host knows of the person in front of the browser.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Visitor {
    /// The session, if they are logged in.
    pub session: Option<Session>,
    /// What they granted this client before at the server's usual resources and at `resources`, if the host remembers.
    pub consent: Option<Scope>,
    /// Where else that was granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Which clients may act for them, if they limited that before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Vec<ClientId>>,
    /// Which details they granted this client before; only those count whose type stays granted.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub details: AuthorizationDetails,
}

impl Visitor {
    /// Someone who is not logged in.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self {
            session: None,
            consent: None,
            resources: Vec::new(),
            may_act: None,
            details: AuthorizationDetails::none(),
        }
    }

    /// Someone who is logged in, and what they granted this client before at the server's usual resources.
    #[must_use]
    pub const fn logged_in(session: Session, consent: Option<Scope>) -> Self {
        Self {
            session: Some(session),
            consent,
            resources: Vec::new(),
            may_act: None,
            details: AuthorizationDetails::none(),
        }
    }

    /// Who granted it at these resources as well [RFC 8707].
    #[must_use]
    pub fn having_granted_at(mut self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.resources = resources.into_iter().collect();
        self
    }

    /// Who lets only these clients act for them [RFC 8693 §4.4].
    #[must_use]
    pub fn letting_act(mut self, clients: impl IntoIterator<Item = ClientId>) -> Self {
        self.may_act = Some(clients.into_iter().collect());
        self
    }

    /// What the host says was granted for every resource of `audience`.
    pub(super) fn granted_at(&self, audience: &[Resource], config: &Config) -> Option<&Scope> {
        let usual = config.audience();
        let there = audience.iter().all(|resource| usual.contains(resource) || self.resources.contains(resource));
        self.consent.as_ref().filter(|_| there)
    }

    /// Who granted this client these details before [RFC 9396].
    #[must_use]
    pub fn having_granted(mut self, details: AuthorizationDetails) -> Self {
        self.details = details;
        self
    }
}

/// A person who is logged in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Who they are.
    pub subject: Subject,
    /// When they last proved it.
    pub authenticated: Timestamp,
    /// When they last chose this account among theirs, if they were asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<Timestamp>,
    /// How surely they proved it, as an Authentication Context Class Reference [OpenID Connect Core §2].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods they proved it [RFC 8176].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

impl Session {
    /// A person who proved who they are at `authenticated`.
    #[must_use]
    pub const fn new(subject: Subject, authenticated: Timestamp) -> Self {
        Self { subject, authenticated, selected: None, acr: None, amr: Vec::new() }
    }

    /// Says how surely they proved who they are.
    #[must_use]
    pub fn with_acr(mut self, acr: impl Into<String>) -> Self {
        self.acr = Some(acr.into());
        self
    }

    /// Says by which methods they proved who they are.
    #[must_use]
    pub fn with_amr<I: IntoIterator<Item: Into<String>>>(mut self, methods: I) -> Self {
        self.amr = methods.into_iter().map(Into::into).collect();
        self
    }

    /// What this person gives at `now`.
    pub(super) fn mandate(&self, terms: Terms, may_act: Option<Arc<[ClientId]>>, now: Timestamp) -> Mandate {
        let acr = self.acr.as_deref().map(Arc::from);
        let amr = if self.amr.is_empty() { Arc::default() } else { self.amr.as_slice().into() };
        let (subject, authenticated) = (Some(self.subject.clone()), Some(self.authenticated));
        let mandate = Mandate { terms, subject, created: now, authenticated, particulars: None };
        mandate.with(Particulars { acr, amr, may_act })
    }
}
