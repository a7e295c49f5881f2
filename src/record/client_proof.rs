//! How a client proves to be itself, as it follows from what it registered.

#[cfg(feature = "jose")]
use super::client_keys::ClientKeys;
#[cfg(feature = "mtls")]
use super::web_url;
use super::{ClientFault, ClientMetadata};
#[cfg(feature = "mtls")]
use super::{Digest, certificate_name::CertificateName, own_certificates::own_certificates};
#[cfg(feature = "jose")]
use crate::jose::{Algorithm, Algorithms};

/// How a client authenticates [RFC 7591 §2].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClientProof {
    /// `none`: a public client.
    Nothing,
    /// `client_secret_basic` or `client_secret_post`
    Secret,
    /// `tls_client_auth`: a certificate of this name, from a CA that is trusted.
    #[cfg(feature = "mtls")]
    CertificateNamed(Box<CertificateName>),
    /// `self_signed_tls_client_auth`: one of these certificates.
    #[cfg(feature = "mtls")]
    OwnCertificate(Vec<Digest>),
    /// The same, with the certificates behind a URL.
    #[cfg(feature = "mtls")]
    OwnCertificateBehind(Box<url::Url>),
    /// `private_key_jwt`: an assertion that one of its keys has signed.
    #[cfg(feature = "jose")]
    PrivateKey {
        /// Its keys.
        keys: Box<ClientKeys>,
        /// What it may sign with.
        algorithms: Algorithms,
    },
    /// `attest_jwt_client_auth` and `attest_jwt_client_auth_dpop`: a key that its attester names.
    #[cfg(feature = "jose")]
    Attested(Attester),
    /// `client_secret_jwt`: an assertion under a secret that the host has.
    #[cfg(feature = "jose")]
    SecretMac,
}

/// Who vouches for the instances of a client.
#[cfg(feature = "jose")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attester {
    /// Its keys; those of the server's own choice if the client registered none.
    pub(crate) keys: Option<Box<ClientKeys>>,
    /// Whether a DPoP proof may prove that the instance holds its key.
    pub(crate) by_dpop: bool,
}

impl ClientProof {
    /// Whether the client holds a private key that the server does not know.
    pub(crate) const fn is_key(&self) -> bool {
        match self {
            Self::Nothing | Self::Secret => false,
            #[cfg(feature = "mtls")]
            Self::CertificateNamed(_) | Self::OwnCertificate(_) | Self::OwnCertificateBehind(_) => true,
            #[cfg(feature = "jose")]
            Self::PrivateKey { .. } => true,
            // An attester vouches for it; FAPI 2.0 does not know them.
            #[cfg(feature = "jose")]
            Self::Attested(_) | Self::SecretMac => false,
        }
    }

    pub(super) fn of(metadata: &ClientMetadata) -> Result<Self, ClientFault> {
        match metadata.token_endpoint_auth_method.as_deref() {
            Some("none") => Ok(Self::Nothing),
            None | Some("client_secret_basic" | "client_secret_post") => Ok(Self::Secret),
            #[cfg(feature = "mtls")]
            Some("tls_client_auth") => CertificateName::of(metadata).map(|name| Self::CertificateNamed(Box::new(name))),
            #[cfg(feature = "mtls")]
            Some("self_signed_tls_client_auth") => {
                let kept = metadata.jwks.as_ref().and_then(own_certificates).map(Self::OwnCertificate);
                let behind =
                    || web_url(metadata.jwks_uri.as_ref()?).map(|url| Self::OwnCertificateBehind(Box::new(url)));
                kept.or_else(behind).ok_or(ClientFault::CertificatesMissing)
            }
            #[cfg(feature = "jose")]
            Some("private_key_jwt") => {
                let named = metadata.token_endpoint_auth_signing_alg.as_deref();
                let algorithms = algorithms(named).map_err(|name| ClientFault::SigningAlgorithm(name.to_owned()))?;
                let keys = ClientKeys::of(metadata, algorithms).ok_or(ClientFault::KeysMissing)?;
                Ok(Self::PrivateKey { keys: Box::new(keys), algorithms })
            }
            #[cfg(feature = "jose")]
            Some(method @ ("attest_jwt_client_auth" | "attest_jwt_client_auth_dpop")) => {
                let none = metadata.jwks.is_none() && metadata.jwks_uri.is_none();
                let own = || ClientKeys::of(metadata, Algorithms::ASYMMETRIC).ok_or(ClientFault::KeysMissing);
                let keys = if none { None } else { Some(Box::new(own()?)) };
                Ok(Self::Attested(Attester { keys, by_dpop: method == "attest_jwt_client_auth_dpop" }))
            }
            #[cfg(feature = "jose")]
            Some("client_secret_jwt") => match metadata.token_endpoint_auth_signing_alg.as_deref() {
                None | Some("HS256") => Ok(Self::SecretMac),
                Some(other) => Err(ClientFault::SigningAlgorithm(other.to_owned())),
            },
            Some(other) => Err(ClientFault::AuthenticationMethod(other.to_owned())),
        }
    }
}

/// Those that a client may sign with where `named` is registered; `Err` is a name of none.
#[cfg(feature = "jose")]
pub(super) fn algorithms(named: Option<&str>) -> Result<Algorithms, &str> {
    let Some(name) = named else { return Ok(Algorithms::ASYMMETRIC) };
    let own = Algorithm::parse(name).filter(|own| Algorithms::ASYMMETRIC.contain(*own));
    own.map(|own| Algorithms::NONE.and(own)).ok_or(name)
}
