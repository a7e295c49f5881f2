//! A token on its way to its signature.

use std::fmt;
use std::sync::Arc;

use crate::base64;
use serde::Serialize;
use serde_json::Value;

use super::algorithm::Algorithm;
use super::jwk::KeyFault;
use super::public_key::PublicKey;
use super::purpose::Purpose;
use crate::snapshot::{Halt, SigningInput, Snapshot};

/// A key that signs, as its public half: it has a name and one algorithm. Where its private half is, only the
/// [`Signer`](super::Signer) knows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningKey {
    public: PublicKey,
    algorithm: Algorithm,
    kid: Arc<str>,
    /// What a header says after its type.
    header: Arc<str>,
}

impl SigningKey {
    /// A key for one algorithm; without a name it is named by its thumbprint.
    ///
    /// # Errors
    ///
    /// It cannot be used with that.
    pub fn new(public: PublicKey, algorithm: Algorithm) -> Result<Self, KeyFault> {
        let kid: Arc<str> = match public.kid() {
            Some(kid) => Arc::from(kid),
            None => Arc::from(public.thumbprint().to_string()),
        };
        Ok(Self::named(public.with_algorithm(algorithm)?, algorithm, kid))
    }

    fn named(public: PublicKey, algorithm: Algorithm, kid: Arc<str>) -> Self {
        let header = format!(r#","alg":"{algorithm}","kid":{}}}"#, Value::from(&*kid)).into();
        Self { public: public.with_kid(&kid), algorithm, kid, header }
    }

    /// The same key under this name.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        Self::named(self.public, self.algorithm, Arc::from(kid))
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Prints a token up to its signature.
    ///
    /// # Errors
    ///
    /// The purpose refuses the algorithm, or the claims are no object.
    pub fn token(&self, purpose: &Purpose, claims: &impl Serialize) -> Result<Unsigned, KeyFault> {
        if !purpose.takes(self.algorithm) {
            return Err(KeyFault::Misused);
        }
        let mut printed = Vec::with_capacity(512);
        serde_json::to_writer(&mut printed, claims).map_err(|_| KeyFault::Failed)?;
        if printed.first() == Some(&b'{') { Ok(self.print(purpose, &printed)) } else { Err(KeyFault::Failed) }
    }

    /// The same of claims that are printed, for a purpose that takes every key: each of ours is asymmetric.
    pub(crate) fn print(&self, purpose: &Purpose, claims: &[u8]) -> Unsigned {
        let mut header = Vec::with_capacity(128);
        header.extend_from_slice(br#"{"typ":""#);
        header.extend_from_slice(purpose.typ().as_bytes());
        header.push(b'"');
        if purpose.embeds_key() {
            let rest = format!(r#","alg":"{}","jwk":{}}}"#, self.algorithm, Value::from(self.public.bare()));
            header.extend_from_slice(rest.as_bytes());
        } else {
            header.extend_from_slice(self.header.as_bytes());
        }
        let signature = self.public.signature_len();
        let mut text = String::with_capacity((header.len() + claims.len() + signature) * 4 / 3 + 8);
        base64::URL.append(header, &mut text);
        text.push('.');
        base64::URL.append(claims, &mut text);
        Unsigned { key: Arc::clone(&self.kid), algorithm: self.algorithm, text }
    }
}

/// A token that lacks nothing but its signature.
#[derive(Clone)]
#[must_use]
pub struct Unsigned {
    key: Arc<str>,
    algorithm: Algorithm,
    text: String,
}

impl Unsigned {
    /// What is to be signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// What is to be signed, as the machine asks for it.
    #[must_use]
    pub fn input(&self) -> SigningInput {
        SigningInput::new(self.key.as_ref().to_owned(), self.algorithm.as_str(), self.bytes().to_vec())
    }

    /// The token, with a signature in the form of JWS: for EC, `r ‖ s` of fixed length.
    #[must_use]
    pub fn signed(self, signature: &[u8]) -> String {
        let mut text = self.text;
        text.push('.');
        base64::URL.append(signature, &mut text);
        text
    }

    /// The token, signed within a decision.
    ///
    /// # Errors
    ///
    /// The signature was not made yet.
    pub fn signed_in<F>(self, seen: &Snapshot) -> Result<String, Halt<F>> {
        let signature = seen.signature(self.input())?;
        Ok(self.signed(signature))
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsigned").field("key", &self.key).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
