//! The client certificate of a TLS connection [RFC 8705].

use std::fmt;
use std::sync::Arc;

use crate::base64;
use http::{HeaderMap, Request};

use crate::record::{Confirmation, Digest};

/// The certificate that a client showed in the TLS handshake, having proved to hold its key.
///
/// Whatever terminates TLS puts it into the extensions of each request of that connection. It is never read from a
/// header by itself, which anyone could send.
#[derive(Clone, Eq, PartialEq)]
pub struct ClientCertificate {
    der: Arc<[u8]>,
    trusted: bool,
}

impl ClientCertificate {
    /// The certificate of these DER bytes, the first of the chain, whoever issued it: good for binding tokens, and for
    /// clients that registered it as their own.
    #[must_use]
    pub fn new(der: impl Into<Arc<[u8]>>) -> Self {
        Self { der: der.into(), trusted: false }
    }

    /// States that its chain was validated, up to a CA that the host trusts to name clients [RFC 8705 §7.4].
    #[must_use]
    pub fn trusted(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// DANGER: reads the certificate from the header `Client-Cert` [RFC 9440 §2.1], for servers behind a proxy that
    /// terminates TLS. Anyone can send that header who reaches the server past the proxy, or through one that does not
    /// remove what was sent under its name: then anyone is anyone. Put what this gives into the extensions of the request.
    ///
    /// Nothing if the header is not there exactly once, or is no byte sequence.
    #[must_use]
    pub fn danger_from_header(headers: &HeaderMap) -> Option<Self> {
        let mut found = headers.get_all("client-cert").iter();
        let (Some(only), None) = (found.next(), found.next()) else { return None };
        let text = only.to_str().ok()?.trim_matches(' ');
        let der = base64::STANDARD.decode(text.strip_prefix(':')?.strip_suffix(':')?)?;
        (!der.is_empty()).then(|| Self::new(der))
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether its chain was validated.
    #[must_use]
    pub const fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// What a token is bound to that only its holder can use.
    #[must_use]
    pub fn confirmation(&self) -> Confirmation {
        Confirmation::Certificate(Digest::of(&self.der))
    }

    /// The certificate of the connection that a request came on.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
        request.extensions().get().cloned()
    }
}

/// A certificate names its holder, so only its digest is shown.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thumbprint = Digest::of(&self.der).to_base64url();
        f.debug_struct("ClientCertificate").field("x5t#S256", &thumbprint).field("trusted", &self.trusted).finish()
    }
}

impl Confirmation {
    /// Whether the sender of a request, who showed `certificate` or none, may use what is bound to this.
    #[must_use]
    pub fn is_met_by(&self, certificate: Option<&ClientCertificate>) -> bool {
        match self {
            Self::Certificate(_) => certificate.is_some_and(|shown| shown.confirmation() == *self),
            Self::Key(_) => false,
        }
    }
}
