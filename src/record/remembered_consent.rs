//! What a person agreed to, so that they need not be asked again.

use serde::{Deserialize, Serialize};

use super::{ClientId, Scope, Subject};
use crate::env::Timestamp;

/// Everything that one person granted one client so far, in as many steps as it took.
///
/// It outlives the grants that were made of it, until it runs out or is forgotten with one of them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RememberedConsent {
    pub(crate) subject: Subject,
    pub(crate) client: ClientId,
    pub(crate) scope: Scope,
    /// When the person first agreed to anything.
    pub(crate) first: Timestamp,
    /// When the person last agreed.
    pub(crate) given: Timestamp,
}

impl RememberedConsent {
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

    /// What they gave.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
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
