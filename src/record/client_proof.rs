//! How a client proves to be itself, as it follows from what it registered.

use super::{ClientFault, ClientMetadata};
#[cfg(feature = "mtls")]
use super::{Digest, certificate_name::CertificateName, own_certificates::own_certificates, web_url};

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
}

impl ClientProof {
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
            Some(other) => Err(ClientFault::AuthenticationMethod(other.to_owned())),
        }
    }
}
