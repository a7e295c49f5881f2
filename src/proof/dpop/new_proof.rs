//! A proof as its client makes it [RFC 9449 §4.2].

use serde_json::json;

use super::proof::hash;
use crate::env::Timestamp;
use crate::jose::{KeyFault, PrivateKey, Purpose};
use crate::wire::DpopHeader;

/// A proof to be made, for one request.
///
/// ```
/// use grantor::dpop::NewProof;
/// use grantor::jose::{Algorithm, PrivateKey};
/// use grantor::{Clock, SystemClock};
///
/// let key = PrivateKey::generate(Algorithm::Es256)?;
/// let proof = NewProof::new("POST", "https://as.example/token", "a random text, 96 bits of it", SystemClock.now());
/// let header = proof.nonce("from the header DPoP-Nonce of an earlier answer").sign(&key)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NewProof<'a> {
    method: &'a str,
    uri: &'a str,
    id: &'a str,
    now: Timestamp,
    nonce: Option<&'a str>,
    token: Option<&'a str>,
}

impl<'a> NewProof<'a> {
    /// Proves something for one request to `uri`, whose query and fragment are left out; `id` is random, and never used again.
    pub fn new(method: &'a str, uri: &'a str, id: &'a str, now: Timestamp) -> Self {
        let uri = uri.split(['?', '#']).next().unwrap_or_default();
        Self { method, uri, id, now, nonce: None, token: None }
    }

    /// Has the nonce that the server gave last.
    pub const fn nonce(mut self, nonce: &'a str) -> Self {
        self.nonce = Some(nonce);
        self
    }

    /// Goes with this access token, to a resource.
    pub const fn access_token(mut self, token: &'a str) -> Self {
        self.token = Some(token);
        self
    }

    /// Makes it.
    ///
    /// # Errors
    ///
    /// The key cannot sign.
    pub fn sign(&self, key: &PrivateKey) -> Result<DpopHeader, KeyFault> {
        let Self { method, uri, id, now, nonce, token } = *self;
        let mut claims = json!({"jti": id, "htm": method, "htu": uri, "iat": now.as_unix()});
        if let Some(claims) = claims.as_object_mut() {
            claims.extend(nonce.map(|nonce| ("nonce".to_owned(), json!(nonce))));
            claims.extend(token.map(|token| ("ath".to_owned(), json!(hash(token)))));
        }
        key.token(&Purpose::DPOP_PROOF, &claims).map(DpopHeader::new)
    }
}
