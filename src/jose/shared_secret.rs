//! Secrets that sign and verify alike.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::algorithm::Algorithms;
use super::jwk::{Jwk, KeyFault, Use};
use super::jws::JwsFault;

/// A secret for HS256, of 32 bytes at least [RFC 7518 §3.2]; only `client_secret_jwt` has a use for it.
#[derive(Clone)]
pub struct SharedSecret(Hmac<Sha256>);

impl SharedSecret {
    /// Takes the bytes of a secret, such as the UTF-8 of a client secret [OpenID Connect Core §10.1].
    ///
    /// # Errors
    ///
    /// It is too short.
    pub fn new(secret: &[u8]) -> Result<Self, KeyFault> {
        if secret.len() < 32 {
            return Err(KeyFault::Unsound);
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| KeyFault::Unsound)
    }

    /// Reads a JWK of type `oct`.
    ///
    /// # Errors
    ///
    /// It is malformed, too short, or meant for something else.
    pub fn from_jwk(text: impl AsRef<[u8]>) -> Result<Self, KeyFault> {
        let members = Jwk::object(text.as_ref())?;
        let jwk = Jwk::new(&members);
        jwk.algorithms(Algorithms::MAC, Use::Verify)?;
        Self::new(&jwk.secret()?)
    }

    /// The authentication code of a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Whether `tag` is the authentication code of `message`, in constant time.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), JwsFault> {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.verify_slice(tag).map_err(|_| JwsFault::SignatureWrong)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}
