//! Mutual TLS, as far as it is served [RFC 8705].

use super::fault::{ConfigFault, ensure};
use crate::record::web_url;

/// Mutual TLS, where what terminates TLS asks clients for certificates and hands them on, as a [`ClientCertificate`] among
/// the extensions of each request.
///
/// [`ClientCertificate`]: crate::wire::ClientCertificate
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MutualTls {
    /// Lets clients authenticate by certificates whose chain was validated, and which have the name that the client
    /// registered: `tls_client_auth` [RFC 8705 §2.1].
    #[cfg(feature = "mtls")]
    pub tls_client_auth: bool,
    /// Lets clients authenticate by certificates that they registered, whoever signed them: `self_signed_tls_client_auth`
    /// [RFC 8705 §2.2].
    #[cfg(feature = "mtls")]
    pub self_signed_tls_client_auth: bool,
    /// Binds the tokens of clients that registered for it to their certificates; on by default [RFC 8705 §3].
    pub certificate_bound_access_tokens: bool,
    /// Where clients with certificates find the endpoints, in place of the issuer: `https://mtls.as.example`, without a slash
    /// at its end [RFC 8705 §5]. It keeps browsers from asking people for certificates that they do not have.
    pub endpoint_aliases: Option<String>,
}

impl Default for MutualTls {
    fn default() -> Self {
        Self {
            #[cfg(feature = "mtls")]
            tls_client_auth: false,
            #[cfg(feature = "mtls")]
            self_signed_tls_client_auth: false,
            certificate_bound_access_tokens: true,
            endpoint_aliases: None,
        }
    }
}

impl MutualTls {
    /// Whether clients can authenticate by certificates.
    #[cfg(feature = "mtls")]
    pub(super) const fn authenticates(&self) -> bool {
        self.tls_client_auth || self.self_signed_tls_client_auth
    }

    #[cfg(not(feature = "mtls"))]
    #[expect(clippy::unused_self, reason = "with the feature it is used")]
    pub(super) const fn authenticates(&self) -> bool {
        false
    }

    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let Some(base) = &self.endpoint_aliases else { return Ok(()) };
        let bare = web_url(base).is_some_and(|url| url.query().is_none() && url.fragment().is_none());
        ensure(bare && !base.ends_with('/'), || ConfigFault::MutualTls(base.clone()))
    }
}
