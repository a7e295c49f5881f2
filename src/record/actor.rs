//! Who acts on someone's behalf [RFC 8693 §4.1].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ClientId, Subject};

/// The party that acts now, and whoever acted before it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Actor {
    /// Who acts: a person, or the client itself.
    pub sub: Subject,
    /// Through which client.
    pub client_id: ClientId,
    /// Who acted before; for the record alone, never for a decision [RFC 8693 §4.1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Arc<Self>>,
}

impl Actor {
    /// How many actors a chain may have.
    pub(crate) const MOST: usize = 8;

    /// The chain with its newest first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |actor| actor.act.as_deref())
    }
}
