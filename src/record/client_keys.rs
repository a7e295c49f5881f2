//! The keys of a client, and what it does with them beside authenticating.

use std::borrow::Cow;

use super::client_proof::{ClientProof, algorithms};
use super::{Client, ClientFault, ClientMetadata, ResponseEncryption, Unencryptable, web_url};
use crate::jose::{Algorithms, ContentEncryption, JwkSet, KeyManagement, PublicKey};

/// The public keys of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClientKeys {
    /// By value.
    Here(JwkSet),
    /// Behind a URL.
    Behind(url::Url),
}

impl ClientKeys {
    /// Those that it registered, of which one at least is for one of `algorithms`.
    pub(super) fn of(metadata: &ClientMetadata, algorithms: Algorithms) -> Option<Self> {
        let keys = Self::registered(metadata)?;
        let fits = |key: &PublicKey| key.algorithms().within(algorithms) != Algorithms::NONE;
        match &keys {
            Self::Here(set) if !set.keys().iter().any(fits) => None,
            Self::Here(_) | Self::Behind(_) => Some(keys),
        }
    }

    /// Those that it registered.
    fn registered(metadata: &ClientMetadata) -> Option<Self> {
        if let Some(jwks) = &metadata.jwks {
            return JwkSet::from_members(jwks.as_object()?).ok().map(Self::Here);
        }
        web_url(metadata.jwks_uri.as_ref()?).map(Self::Behind)
    }
}

impl Client {
    /// The keys that it registered, of which none may fit.
    pub(crate) fn keys(&self) -> Option<Cow<'_, ClientKeys>> {
        if let ClientProof::PrivateKey { keys, .. } = self.proof() {
            return Some(Cow::Borrowed(keys));
        }
        ClientKeys::registered(self.metadata()).map(Cow::Owned)
    }
}

impl Client {
    /// How responses to it are encrypted, if it registered that.
    pub(crate) fn response_encryption(&self) -> Option<ResponseEncryption> {
        self.metadata().response_encryption().ok().flatten()
    }
}

impl ClientMetadata {
    fn response_encryption(&self) -> Result<Option<ResponseEncryption>, Unencryptable> {
        let alg = self.authorization_encrypted_response_alg.as_deref();
        ResponseEncryption::parse(alg, self.authorization_encrypted_response_enc.as_deref())
    }

    /// Requires that responses can be signed as it says, and encrypted to a key of its own [JARM §3].
    pub(super) fn check_signed_responses(&self) -> Result<(), ClientFault> {
        let signing = self.authorization_signed_response_alg.as_deref();
        algorithms(signing).map_err(|_| ClientFault::AnswerAlgorithm("authorization_signed_response_alg"))?;
        let encryption = self
            .response_encryption()
            .map_err(|_| ClientFault::AnswerAlgorithm("authorization_encrypted_response_alg"))?;
        let fits = |encryption: ResponseEncryption| self.jwks_uri.is_some() || encryption.here(self).is_some();
        if encryption.is_none_or(fits) { Ok(()) } else { Err(ClientFault::EncryptionKeyMissing) }
    }

    /// Requires that it can sign its requests as it says, and names algorithms that there are [RFC 9101 §4].
    pub(super) fn check_request_objects(&self) -> Result<(), ClientFault> {
        let signing = self.request_object_signing_alg.as_deref();
        let fault = |name: &str| ClientFault::RequestObjectAlgorithm(name.to_owned());
        let own = algorithms(signing).map_err(fault)?;
        let signs = signing.is_some() || self.require_signed_request_object;
        if signs && ClientKeys::of(self, own).is_none() {
            return Err(ClientFault::RequestKeysMissing);
        }
        let (alg, enc) = (self.request_object_encryption_alg.as_deref(), self.request_object_encryption_enc.as_deref());
        // [OpenID Connect Registration §2]: how the content is encrypted says nothing without how its key is.
        let unknown = alg.filter(|name| KeyManagement::parse(name).is_none());
        let unknown = unknown.or_else(|| enc.filter(|name| alg.is_none() || ContentEncryption::parse(name).is_none()));
        unknown.map_or(Ok(()), |name| Err(fault(name)))
    }
}
