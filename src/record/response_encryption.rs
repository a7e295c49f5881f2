//! How answers to a client are encrypted, as it registered.

use super::ClientMetadata;
use crate::jose::{ContentEncryption, EncryptionKey, JwkSet, KeyManagement};

/// The algorithms that a client registered for answers of one kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ResponseEncryption {
    management: KeyManagement,
    encryption: ContentEncryption,
}

impl ResponseEncryption {
    /// What `alg` and `enc` say, or that nothing is encrypted; `A128CBC-HS256` is usual [RFC 9701 §6, JARM §3].
    ///
    /// # Errors
    ///
    /// One is unknown, or there is an `enc` without an `alg`.
    pub(crate) fn parse(alg: Option<&str>, enc: Option<&str>) -> Result<Option<Self>, Unencryptable> {
        let encryption = enc.map_or(Some(ContentEncryption::A128CbcHs256), ContentEncryption::parse);
        let encryption = encryption.ok_or(Unencryptable)?;
        let Some(alg) = alg else { return if enc.is_none() { Ok(None) } else { Err(Unencryptable) } };
        let management = KeyManagement::parse(alg).ok_or(Unencryptable)?;
        Ok(Some(Self { management, encryption }))
    }

    /// To one of the keys of this set, if one of them is for that.
    pub(crate) fn to(self, keys: &JwkSet) -> Option<Sealing> {
        keys.encryption_key(self.management).cloned().map(|key| Sealing { key, algorithms: self })
    }

    /// To one of the keys that a client registered by value.
    pub(crate) fn here(self, metadata: &ClientMetadata) -> Option<Sealing> {
        self.to(&JwkSet::from_members(metadata.jwks.as_ref()?.as_object()?).ok()?)
    }
}

/// Nothing can be encrypted like that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unencryptable;

/// To whom an answer is encrypted, and how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Sealing {
    key: EncryptionKey,
    algorithms: ResponseEncryption,
}

impl Sealing {
    /// A signed token, encrypted [RFC 7519 §5.2]; nothing if there is no randomness.
    pub(crate) fn seal(&self, signed: &str) -> Option<String> {
        let ResponseEncryption { management, encryption } = self.algorithms;
        self.key.encrypt(management, encryption, Some("JWT"), signed.as_bytes()).ok()
    }
}
