//! The answer of the introspection endpoint: JSON [RFC 7662], or a JWT [RFC 9701].

use http::Response;
#[cfg(feature = "jose")]
use http::StatusCode;

use crate::wire::{Description, Introspection};
#[cfg(feature = "jose")]
use crate::{
    client_auth::behind,
    config::Config,
    fetch,
    jose::{JwkSet, Purpose},
    record::{Client, ClientMetadata, ResponseEncryption, Sealing, web_url},
    snapshot::{Halt, Snapshot},
    wire::{IntrospectionClaims, TokenRefusal},
};
#[cfg(feature = "jose")]
use std::{fmt, sync::Arc};

/// What introspection answers, in the form that was asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "jose", expect(clippy::large_enum_variant, reason = "most ask for the large one"))]
pub enum IntrospectionResponse {
    /// As JSON.
    Json(Introspection),
    /// As a JWT.
    #[cfg(feature = "jose")]
    Jwt(IntrospectionJwt),
}

impl IntrospectionResponse {
    /// Writes the response; who registered for that gets it encrypted, which draws the system's randomness.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        match self {
            Self::Json(introspection) => introspection.print(),
            #[cfg(feature = "jose")]
            Self::Jwt(jwt) => jwt.print(),
        }
    }
}

/// The same, lent for as long as it takes to print it or to keep it.
pub(super) enum Told<'a> {
    Json(&'a Description<'a>),
    #[cfg(feature = "jose")]
    Jwt(IntrospectionJwt),
}

impl Told<'_> {
    pub(super) fn into_owned(self) -> IntrospectionResponse {
        match self {
            Self::Json(description) => IntrospectionResponse::Json(description.to_owned()),
            #[cfg(feature = "jose")]
            Self::Jwt(jwt) => IntrospectionResponse::Jwt(jwt),
        }
    }
}

/// A signed introspection response, and to whom it is encrypted. What it says is of no use as a token; but it may be personal, so
/// `Debug` does not show it.
#[cfg(feature = "jose")]
#[derive(Clone)]
pub struct IntrospectionJwt {
    signed: String,
    sealing: Option<Sealing>,
}

#[cfg(feature = "jose")]
impl IntrospectionJwt {
    /// Signs what is said to `asker`, as it registered, or as is usual [RFC 9701 §5, §6].
    pub(super) fn of(
        introspection: Introspection,
        asker: &Client,
        config: &Config,
        seen: &Snapshot,
    ) -> Result<Self, Halt<TokenRefusal>> {
        let metadata = asker.metadata();
        let registered = metadata.introspection_signed_response_alg.as_deref();
        let key = config.introspection_key(registered, seen.now()).ok_or(TokenRefusal::AnswerUnprotected)?;
        let encryption = metadata.introspection_encryption().map_err(|_| TokenRefusal::AnswerUnprotected)?;
        let sealing = encryption.map(|encryption| sealing(encryption, metadata, seen)).transpose()?;
        let issuer = Arc::clone(config.shared_issuer());
        let claims = IntrospectionClaims::new(issuer, asker.id().clone(), seen.now(), introspection);
        let signed = key.print(&Purpose::INTROSPECTION_RESPONSE, &claims.print()).signed_in(seen)?;
        Ok(Self { signed, sealing })
    }

    pub(super) fn print(&self) -> Response<Vec<u8>> {
        let sealed = match &self.sealing {
            None => return IntrospectionClaims::response(&self.signed),
            Some(sealing) => sealing.seal(&self.signed),
        };
        match sealed {
            Some(sealed) => IntrospectionClaims::response(&sealed),
            // Without randomness nothing is encrypted, and nothing is told that should be.
            None => {
                let mut response = Response::new(Vec::new());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }
        }
    }
}

/// To whom an answer is encrypted; never does it go out as it is where that was asked for.
#[cfg(feature = "jose")]
fn sealing(
    encryption: ResponseEncryption,
    metadata: &ClientMetadata,
    seen: &Snapshot,
) -> Result<Sealing, Halt<TokenRefusal>> {
    let found = match metadata.jwks_uri.as_deref().and_then(web_url) {
        Some(url) => behind(&url, fetch::Purpose::ClientKeys, seen, |text| encryption.to(&JwkSet::parse(text).ok()?))?,
        None => encryption.here(metadata),
    };
    Ok(found.ok_or(TokenRefusal::AnswerUnprotected)?)
}

#[cfg(feature = "jose")]
impl fmt::Debug for IntrospectionJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionJwt").field("encrypted", &self.sealing.is_some()).finish_non_exhaustive()
    }
}
