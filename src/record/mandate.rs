//! What one authorization gave: settled once a person agreed, for a device by the yes, so that the later states of a grant
//! and its tokens share it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{AuthorizationDetails, Client, ClientId, Resource, Scope, Subject, Wanted};
use crate::env::Timestamp;

/// To whom, what and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Terms {
    pub(crate) client: ClientId,
    /// Whether the client registered itself: then what it was given is dead once the client is gone.
    pub(crate) client_may_vanish: bool,
    pub(crate) scope: Scope,
    /// What was given beside the scope [RFC 9396].
    pub(crate) details: AuthorizationDetails,
    /// The resources that access tokens are for.
    pub(crate) audience: Arc<[Resource]>,
}

/// The same, and by whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mandate {
    pub(crate) terms: Terms,
    /// Absent where the client acts for itself.
    pub(crate) subject: Option<Subject>,
    pub(crate) created: Timestamp,
    /// When the person last proved who they are.
    pub(crate) authenticated: Option<Timestamp>,
    /// Said of few people, and so out of line.
    pub(crate) particulars: Option<Box<Particulars>>,
}

/// What else may be known of a person and of what they gave.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Particulars {
    /// How surely they proved who they are, as an Authentication Context Class Reference; refreshing changes nothing of it
    /// [RFC 9470 §6.1].
    pub(crate) acr: Option<Arc<str>>,
    /// By which methods they proved it [RFC 8176].
    pub(crate) amr: Arc<[String]>,
    /// The clients that may act for the subject; all that the host allows if absent [RFC 8693 §4.4].
    pub(crate) may_act: Option<Arc<[ClientId]>>,
}

/// The terms of a token: those of its grant for most, which are not kept twice then.
#[derive(Clone)]
pub(crate) enum Allowed {
    All(Arc<Mandate>),
    Part(Arc<Terms>),
}

impl Terms {
    /// What `client` is given.
    pub(crate) fn new(client: &Client, wanted: Wanted) -> Self {
        let Wanted { scope, details, audience } = wanted;
        let client_may_vanish = client.is_self_registered();
        Self { client: client.id().clone(), client_may_vanish, scope, details, audience }
    }
}

impl Mandate {
    /// What `client` is given from `now` on: so far by nobody.
    pub(crate) fn new(client: &Client, wanted: Wanted, now: Timestamp) -> Self {
        Self { terms: Terms::new(client, wanted), subject: None, created: now, authenticated: None, particulars: None }
    }

    /// The same of someone of whom this is known.
    pub(crate) fn with(self, particulars: Particulars) -> Self {
        let Particulars { acr, amr, may_act } = &particulars;
        let any = acr.is_some() || !amr.is_empty() || may_act.is_some();
        Self { particulars: any.then(|| Box::new(particulars)), ..self }
    }

    /// How surely the person proved who they are.
    pub(crate) fn acr(&self) -> Option<&Arc<str>> {
        self.particulars.as_ref()?.acr.as_ref()
    }

    /// By which methods.
    pub(crate) fn amr(&self) -> &[String] {
        self.particulars.as_ref().map(|known| &*known.amr).unwrap_or_default()
    }

    pub(crate) fn shared_amr(&self) -> Arc<[String]> {
        self.particulars.as_ref().map(|known| Arc::clone(&known.amr)).unwrap_or_default()
    }

    /// Which clients may act for them.
    pub(crate) fn may_act(&self) -> Option<&Arc<[ClientId]>> {
        self.particulars.as_ref()?.may_act.as_ref()
    }
}

impl Deref for Allowed {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        match self {
            Self::All(mandate) => &mandate.terms,
            Self::Part(terms) => terms,
        }
    }
}

impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for Allowed {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Allowed {}
