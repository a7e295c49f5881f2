//! Signed introspection responses, as a resource server reads them [RFC 9701 §5].

use std::time::Duration;

use crate::env::Timestamp;
use crate::jose::{
    Algorithms, ClaimFault, Claims, ContentEncryption, DecryptionKey, Jwe, JwkSet, Jws, JwsFault, KeyManagement,
    Purpose, Times, Undecipherable,
};
use crate::record::ClientId;
use crate::wire::Introspection;

/// How old an answer may be.
const OLDEST: Duration = Duration::from_secs(300);

/// By how much clocks may differ.
const TOLERANCE: Duration = Duration::from_secs(10);

/// Reads the signed answers of one server to one client, which is what a resource server is to it.
#[derive(Clone, Debug)]
pub struct IntrospectionReader<'k> {
    issuer: &'k str,
    client: &'k ClientId,
    keys: &'k JwkSet,
    purpose: Purpose,
    decryption: Option<&'k DecryptionKey>,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectionFault {
    /// It is not encrypted to this key, or not encrypted at all.
    #[error(transparent)]
    Encryption(#[from] Undecipherable),
    /// It is no introspection response, or nobody's whose keys these are.
    #[error(transparent)]
    Token(#[from] JwsFault),
    /// It is another server's, for another client, or too old, or says nothing.
    #[error(transparent)]
    Claim(#[from] ClaimFault),
}

impl<'k> IntrospectionReader<'k> {
    /// Reads what `issuer`, whose keys these are, answers to `client`.
    #[must_use]
    pub const fn new(issuer: &'k str, client: &'k ClientId, keys: &'k JwkSet) -> Self {
        Self { issuer, client, keys, purpose: Purpose::INTROSPECTION_RESPONSE, decryption: None }
    }

    /// Takes only signatures of these algorithms, such as the `introspection_signed_response_alg` of the client.
    #[must_use]
    pub const fn algorithms(self, algorithms: Algorithms) -> Self {
        Self { purpose: self.purpose.with(algorithms), ..self }
    }

    /// Takes only answers that are encrypted to `key`.
    #[must_use]
    pub const fn decrypting(self, key: &'k DecryptionKey) -> Self {
        Self { decryption: Some(key), ..self }
    }

    /// Reads the body of a response, which is at most 5 min old.
    ///
    /// # Errors
    ///
    /// It is not such an answer.
    pub fn read(&self, body: &str, now: Timestamp) -> Result<Introspection, IntrospectionFault> {
        let Some(key) = self.decryption else { return self.signed(body, now) };
        let sealed = Jwe::parse(body, &KeyManagement::ALL, &ContentEncryption::ALL)?;
        self.signed(&sealed.decrypt_token(key)?, now)
    }

    fn signed(&self, text: &str, now: Timestamp) -> Result<Introspection, IntrospectionFault> {
        let claims: Claims = Jws::parse(text, &self.purpose)?.verify_among(self.keys)?.claims()?;
        claims.require_issuer(self.issuer)?;
        claims.require_audience(&[self.client.as_str()])?;
        claims.require_times(&Times::at(now).tolerance(TOLERANCE).expiry_optional().issued_within(OLDEST))?;
        const SAID: &str = "token_introspection";
        let said = claims.get(SAID).ok_or(ClaimFault::Missing(SAID))?;
        let active = said.get("active").is_some_and(serde_json::Value::is_boolean);
        let read = serde_json::from_value(said.clone()).ok().filter(|_| active);
        Ok(read.ok_or(ClaimFault::WrongType(SAID))?)
    }
}
