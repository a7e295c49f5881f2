//! A signed token as it travels [RFC 7515 §7.1].

use std::fmt;

use crate::base64;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::algorithm::Algorithm;
use super::claims::{ClaimFault, Claims};
use super::jwk_set::JwkSet;
use super::public_key::PublicKey;
use super::purpose::Purpose;
use super::shared_secret::SharedSecret;
use crate::json;

/// How long a token may be, in bytes.
const LONGEST: usize = 64 * 1024;

/// How long its header may be, encoded.
const LONGEST_HEADER: usize = 8 * 1024;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsFault {
    /// More bytes than are read.
    #[error("the token is too large")]
    TooLarge,
    /// Not three parts of base64url in its one canonical form.
    #[error("the token is not in compact serialization")]
    NotCompact,
    /// The header is no object whose members come once and have the right types.
    #[error("the header of the token is malformed")]
    Header,
    /// `alg` is missing, unknown, `none`, or not one that this purpose takes [RFC 8725 §3.1].
    #[error("the algorithm of the token is not accepted")]
    Algorithm,
    /// `typ` is another, or missing where it must be there [RFC 8725 §3.11].
    #[error("the type of the token is not the expected one")]
    Type,
    /// Extensions that must be understood, and are not [RFC 7515 §4.1.11].
    #[error("the token needs an extension that is not supported")]
    Critical,
    /// The header names a key or brings one, where the protocol does not say so [RFC 8725 §3.10].
    #[error("the token brings its own key")]
    KeyBrought,
    /// The header lacks the key that this purpose wants in it, or has one that is unsound.
    #[error("the key in the token is missing or unsound")]
    KeyInHeader,
    /// No key of the set fits.
    #[error("no key fits the token")]
    KeyUnknown,
    /// Several keys fit, and the token names none.
    #[error("several keys fit the token")]
    KeyAmbiguous,
    /// The key is not for this algorithm.
    #[error("the key is not for the algorithm of the token")]
    KeyUnfit,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    SignatureWrong,
}

/// A token whose signature was not looked at yet: its header alone can be seen.
#[derive(Clone)]
pub struct Jws<'a> {
    header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

/// What a header says.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Header {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The name of the key.
    pub kid: Option<String>,
    /// The type.
    pub typ: Option<String>,
    /// The key itself, where the purpose wants it there; for the algorithm alone.
    pub key: Option<PublicKey>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart, and checks all that needs no key.
    ///
    /// # Errors
    ///
    /// It is malformed, or not for this purpose.
    pub fn parse(text: &'a str, purpose: &Purpose) -> Result<Self, JwsFault> {
        if text.len() > LONGEST {
            return Err(JwsFault::TooLarge);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsFault::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsFault::NotCompact)?;
        if payload.contains('.') {
            return Err(JwsFault::NotCompact);
        }
        if header.len() > LONGEST_HEADER {
            return Err(JwsFault::TooLarge);
        }
        let header = Header::read(&json::object(&decode(header)?).ok_or(JwsFault::Header)?, purpose)?;
        Ok(Self { header, signed, payload, signature: decode(signature)? })
    }

    /// What the header says.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What the token says of its issuer before anything of it is proven: only to find the key that proves it.
    ///
    /// # Errors
    ///
    /// The payload is malformed, or has no issuer.
    pub fn unverified_issuer(&self) -> Result<String, ClaimFault> {
        let payload = decode(self.payload).map_err(|_| ClaimFault::NotAnObject)?;
        Claims::parse(&payload)?.issuer().map(str::to_owned)
    }

    /// Verifies it with a key.
    ///
    /// # Errors
    ///
    /// The key is not for this algorithm, or the signature is wrong.
    pub fn verify(self, key: &PublicKey) -> Result<Verified, JwsFault> {
        key.verify(self.header.algorithm, self.signed.as_bytes(), &self.signature)?;
        self.verified()
    }

    /// Verifies it with the one key of `keys` that fits its `kid` and its algorithm.
    ///
    /// # Errors
    ///
    /// None fits or several do, or the signature is wrong.
    pub fn verify_among(self, keys: &JwkSet) -> Result<Verified, JwsFault> {
        let key = keys.select(&self.header)?;
        self.verify(key)
    }

    /// Verifies it with the key that it brings, which proves that its sender holds that key and nothing else.
    ///
    /// # Errors
    ///
    /// The signature is wrong, or the purpose wants no key in the header.
    pub fn verify_embedded(self) -> Result<Verified, JwsFault> {
        let key = self.header.key.clone().ok_or(JwsFault::KeyInHeader)?;
        self.verify(&key)
    }

    /// Verifies it with a shared secret.
    ///
    /// # Errors
    ///
    /// The algorithm is another, or the signature is wrong.
    pub fn verify_secret(self, secret: &SharedSecret) -> Result<Verified, JwsFault> {
        if self.header.algorithm != Algorithm::Hs256 {
            return Err(JwsFault::KeyUnfit);
        }
        secret.verify(self.signed.as_bytes(), &self.signature)?;
        self.verified()
    }

    /// Verifies it with the authentication code that it must have, made where the secret is; in constant time.
    ///
    /// # Errors
    ///
    /// The algorithm is another, or the signature is wrong.
    pub(crate) fn verify_mac(self, mac: &[u8]) -> Result<Verified, JwsFault> {
        if self.header.algorithm != Algorithm::Hs256 {
            return Err(JwsFault::KeyUnfit);
        }
        if mac.len() != 32 || !bool::from(mac.ct_eq(&self.signature)) {
            return Err(JwsFault::SignatureWrong);
        }
        self.verified()
    }

    /// What was signed.
    pub(crate) const fn signed(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    pub(super) const fn signed_text(&self) -> &str {
        self.signed
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn verified(self) -> Result<Verified, JwsFault> {
        Ok(Verified { payload: decode(self.payload)?, header: self.header })
    }
}

/// A token is a secret to those who can use it.
impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Without padding, without bits that mean nothing, in one alphabet [RFC 7515 §2].
fn decode(text: &str) -> Result<Vec<u8>, JwsFault> {
    base64::URL.decode(text).ok_or(JwsFault::NotCompact)
}

impl Header {
    /// Checks what a header may say, cheapest first; what is unknown is ignored [RFC 7515 §4].
    fn read(members: &Map<String, Value>, purpose: &Purpose) -> Result<Self, JwsFault> {
        let text = |name| members.get(name).map(|value: &Value| value.as_str().ok_or(JwsFault::Header)).transpose();
        let has = |name: &&str| members.contains_key(*name);
        let (alg, kid, typ) = (text("alg")?, text("kid")?, text("typ")?);
        text("cty")?;
        let algorithm = alg.and_then(Algorithm::parse_alg).filter(|algorithm| purpose.takes(*algorithm));
        let algorithm = algorithm.ok_or(JwsFault::Algorithm)?;
        if !purpose.takes_type(typ) {
            return Err(JwsFault::Type);
        }
        // `b64` and `zip` change what the payload means even where nobody calls them critical [RFC 7797 §6].
        if ["crit", "b64", "zip"].iter().any(&has) {
            return Err(JwsFault::Critical);
        }
        if ["jku", "x5u", "x5c"].iter().any(&has) || (has(&"jwk") && !purpose.embeds_key()) {
            return Err(JwsFault::KeyBrought);
        }
        let key = purpose.embeds_key().then(|| {
            let Some(Value::Object(jwk)) = members.get("jwk") else { return Err(JwsFault::KeyInHeader) };
            let key = PublicKey::from_members(jwk).map_err(|_| JwsFault::KeyInHeader)?;
            key.with_algorithm(algorithm).map_err(|_| JwsFault::KeyUnfit)
        });
        Ok(Self { algorithm, kid: kid.map(str::to_owned), typ: typ.map(str::to_owned), key: key.transpose()? })
    }
}

/// A token whose signature is right; what it says is still to be judged.
#[derive(Clone)]
pub struct Verified {
    header: Header,
    payload: Vec<u8>,
}

impl Verified {
    /// What the header says.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What was signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What it claims.
    ///
    /// # Errors
    ///
    /// The payload is no JSON object whose members come once, or a registered claim is of another type.
    pub fn claims(&self) -> Result<Claims, ClaimFault> {
        Claims::parse(&self.payload)
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).finish_non_exhaustive()
    }
}
