//! Proofs that bind a request to one made before, or to a key.

#[cfg(feature = "jose")]
pub(crate) mod dpop;
#[cfg(not(feature = "jose"))]
#[path = "no_dpop.rs"]
pub(crate) mod dpop;
pub(crate) mod pkce;

use crate::record::{Confirmation, Digest};

/// What the sender of a request has proved to hold by a proof in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Possession {
    /// The thumbprint of a key.
    pub(crate) key: Digest,
}

impl Possession {
    pub(crate) const fn confirmation(self) -> Confirmation {
        Confirmation::Key(self.key)
    }
}
