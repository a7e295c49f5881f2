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
    /// A key that signs proofs: its SHA-256 thumbprint [RFC 9449 §6.1].
    #[serde(rename = "jkt")]
    Key(Digest),
}

impl Confirmation {
    /// Whether it is the key of this thumbprint.
    #[must_use]
    pub fn is_key(&self, thumbprint: &Digest) -> bool {
        *self == Self::Key(*thumbprint)
    }

    /// How a token is used that is bound to this, or to nothing [RFC 9449 §7.1].
    pub(crate) const fn token_type(bound: Option<&Self>) -> &'static str {
        match bound {
            Some(Self::Key(_)) => "DPoP",
            Some(Self::Certificate(_)) | None => "Bearer",
        }
    }
}
