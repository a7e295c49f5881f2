//! An authorization request that its client pushed [RFC 9126].

use serde::{Deserialize, Serialize};

use super::{ClientId, Digest};
use crate::env::Timestamp;

/// A request that waits for the person's browser to bring its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PushedRequest {
    pub(crate) id: Digest,
    pub(crate) client: ClientId,
    /// The request, as a query.
    pub(crate) query: String,
    /// After this it cannot be begun; one that was begun in time can still be answered.
    pub(crate) expires: Timestamp,
    /// Whether its client had signed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) signed: bool,
}
