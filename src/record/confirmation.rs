//! What a token is bound to [RFC 7800 §3.1].

use serde::{Deserialize, Serialize};

use super::Digest;

/// What the sender of a token must hold beside it, as the member `cnf` says it.
///
/// A `cnf` of another kind, or of several, cannot be read: nobody takes such a token for one that is bound to less.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Confirmation {
    /// The client certificate of the TLS connection: the SHA-256 of its DER encoding [RFC 8705 §3.1].
    #[serde(rename = "x5t#S256")]
    Certificate(Digest),
}
