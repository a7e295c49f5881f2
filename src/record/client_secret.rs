//! What is kept of a client's secret.

use std::fmt;
use std::hint::black_box;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::secret::{Digest, Exposed, bytes, head};
use crate::env::{Env, Timestamp};
use crate::sha256::Midstate;

/// What is kept of a client secret: a salted SHA-256, since hosts may import secrets of their own making.
///
/// The digest is `SHA-256(salt ‖ 48 zero bytes ‖ secret)`. So the salt fills a block, which is hashed once and for all, and a
/// secret of up to 55 bytes takes one more whenever it is shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClientSecretDigest {
    salt: Salt,
    digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
}

impl ClientSecretDigest {
    /// The digest of `secret` under a random salt; from `expires` on the secret is refused.
    #[must_use]
    pub fn new(secret: &str, salt: [u8; 16], expires: Option<Timestamp>) -> Self {
        let salt = Salt::new(salt);
        Self { digest: salt.digest(secret), salt, expires }
    }

    /// The digest of a secret that was made for this request.
    pub(crate) fn salted(secret: &Exposed, env: &Env) -> Self {
        Self::new(secret.as_str(), head(&env.derive("client secret salt")), None)
    }

    /// Makes it expire at `end` unless it does before, and says when.
    pub(crate) fn expire_by(&mut self, end: Timestamp) -> Timestamp {
        let expires = self.expires.map_or(end, |own| own.min(end));
        self.expires = Some(expires);
        expires
    }

    /// Whether `secret` is the one and has not expired.
    #[must_use]
    pub fn matches(&self, secret: &str, now: Timestamp) -> bool {
        let same = self.digest.same_as(&self.salt.digest(secret));
        same && self.expires.is_none_or(|expires| now < expires)
    }

    /// Does what [`Self::matches`] does, for a client that has no secret: it takes as long.
    pub(crate) fn match_in_vain(secret: &str, now: Timestamp) {
        const NONE: ClientSecretDigest = ClientSecretDigest {
            salt: Salt { bytes: [0; 16], hashed: Midstate::ZEROS },
            digest: Digest::from_bytes([0; 32]),
            expires: None,
        };
        black_box(black_box(&NONE).matches(secret, now));
    }
}

/// A salt, and what follows from it.
#[derive(Clone, Eq, PartialEq)]
struct Salt {
    bytes: [u8; 16],
    /// The block of the salt and zeros.
    hashed: Midstate,
}

impl Salt {
    fn new(bytes: [u8; 16]) -> Self {
        let mut block = [0; 64];
        block.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Self { bytes, hashed: Midstate::after(&block) }
    }

    fn digest(&self, secret: &str) -> Digest {
        Digest::from_bytes(self.hashed.digest(secret.as_bytes()))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(f)
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        bytes::serialize(&self.bytes, to)
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bytes::deserialize(from).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn it_is_the_digest_that_is_documented() {
        let now = Timestamp::from_unix(1);
        for length in [0, 1, 43, 55, 56, 64, 200] {
            let secret = "s".repeat(length);
            let kept = ClientSecretDigest::new(&secret, [9; 16], None);
            let message = [&[9; 16], &[0; 48][..], secret.as_bytes()].concat();
            assert_eq!(kept.digest.as_bytes()[..], Sha256::digest(message)[..], "{length}");
            assert!(kept.matches(&secret, now) && !kept.matches(&format!("{secret}s"), now), "{length}");
        }
    }
}
