//! The keys of a client, and what it does with them beside authenticating.

use std::borrow::Cow;

use super::client_proof::{ClientProof, algorithms};
use super::{Client, ClientFault, ClientMetadata, web_url};
use crate::jose::{Algorithms, ContentEncryption, JwkSet, KeyManagement};

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
        if let Some(jwks) = &metadata.jwks {
            let keys = JwkSet::from_members(jwks.as_object()?).ok()?;
            let fits = keys.keys().iter().any(|key| key.algorithms().within(algorithms) != Algorithms::NONE);
            return fits.then_some(Self::Here(keys));
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
        ClientKeys::of(self.metadata(), Algorithms::ASYMMETRIC).map(Cow::Owned)
    }
}

impl ClientMetadata {
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
