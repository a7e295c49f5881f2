//! What a host keeps for a grant type of its own.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Digest;
use crate::env::Timestamp;

/// The name of a host's record: what kind it is of, and the digest of the secret that names it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct ExtensionId {
    kind: Arc<str>,
    digest: Digest,
}

impl ExtensionId {
    /// The record of this kind that `secret` names; the secret itself is not kept.
    #[must_use]
    pub fn new(kind: &str, secret: &[u8]) -> Self {
        Self { kind: kind.into(), digest: Digest::of(secret) }
    }

    /// What kind of record it is.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The digest of the secret that names it.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// A record of a host. What it says can be personal, so `Debug` does not show it.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct ExtensionRecord {
    pub(crate) id: ExtensionId,
    value: Value,
    pub(crate) expires: Timestamp,
}

impl ExtensionRecord {
    /// A record that says `value` until `expires`.
    #[must_use]
    pub const fn new(id: ExtensionId, value: Value, expires: Timestamp) -> Self {
        Self { id, value, expires }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &ExtensionId {
        &self.id
    }

    /// What it says, unless it has expired: a store may forget it then, but need not.
    #[must_use]
    pub fn value_at(&self, now: Timestamp) -> Option<&Value> {
        (now < self.expires).then_some(&self.value)
    }

    /// When it expires.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The same record with another value.
    pub(crate) fn saying(&self, value: Value) -> Self {
        Self { id: self.id.clone(), value, expires: self.expires }
    }
}

impl fmt::Debug for ExtensionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtensionRecord").field("id", &self.id).field("expires", &self.expires).finish_non_exhaustive()
    }
}
