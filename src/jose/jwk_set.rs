//! The keys of someone else [RFC 7517 §5].

use serde_json::{Map, Value};

use super::jwe::{EncryptionKey, KeyManagement};
use super::jwk::KeyFault;
use super::jws::{Header, JwsFault};
use super::public_key::PublicKey;
use crate::json;

/// How large a set may be, in bytes.
const LONGEST: usize = 256 * 1024;

/// How many keys it may have.
const MOST: usize = 64;

/// The public keys of someone else.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct JwkSet {
    keys: Vec<PublicKey>,
    encryption: Vec<EncryptionKey>,
}

impl JwkSet {
    /// Reads a JWK Set. Keys that are not supported or unsound are left out [RFC 7517 §5].
    ///
    /// # Errors
    ///
    /// It is malformed or too large, or has a private key in it.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, KeyFault> {
        let text = text.as_ref();
        if text.len() > LONGEST {
            return Err(KeyFault::TooLarge);
        }
        Self::from_members(&json::object(text).ok_or(KeyFault::NotAJwk)?)
    }

    /// Reads one from a document of which each member came once, such as client metadata.
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, KeyFault> {
        let Some(Value::Array(keys)) = members.get("keys") else { return Err(KeyFault::NotAJwk) };
        if keys.len() > MOST {
            return Err(KeyFault::TooLarge);
        }
        let mut set = Self::default();
        for key in keys {
            let Value::Object(key) = key else { return Err(KeyFault::NotAJwk) };
            let (verifies, encrypts) = (PublicKey::from_members(key), EncryptionKey::from_members(key));
            // Nobody else should have it, so nothing that it signed is proven.
            if verifies == Err(KeyFault::Private) {
                return Err(KeyFault::Private);
            }
            set.keys.extend(verifies);
            set.encryption.extend(encrypts);
        }
        Ok(set)
    }

    /// Those that verify.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The first key to encrypt to in this way.
    #[must_use]
    pub fn encryption_key(&self, management: KeyManagement) -> Option<&EncryptionKey> {
        self.encryption.iter().find(|key| key.managements().contains(&management))
    }

    /// The one key for a header: of its name, if it names one, and for its algorithm. Keys of one name are told apart by
    /// what they are for [FAPI 2.0 §5.6.2].
    ///
    /// # Errors
    ///
    /// None fits, or several do.
    pub fn select(&self, header: &Header) -> Result<&PublicKey, JwsFault> {
        let fits = |key: &&PublicKey| {
            let named = header.kid.as_deref().is_none_or(|kid| key.kid() == Some(kid));
            named && key.algorithms().contain(header.algorithm)
        };
        let mut fitting = self.keys.iter().filter(fits);
        let key = fitting.next().ok_or(JwsFault::KeyUnknown)?;
        if fitting.next().is_some() { Err(JwsFault::KeyAmbiguous) } else { Ok(key) }
    }
}

impl FromIterator<PublicKey> for JwkSet {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Self { keys: keys.into_iter().collect(), encryption: Vec::new() }
    }
}
