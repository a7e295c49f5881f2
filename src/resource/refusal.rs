//! Why a request to a resource is refused, and what it would need.

use std::sync::Arc;

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use super::Demand;
use crate::wire::{Challenge, no_store};

/// A refused request to a resource, and what it would have needed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ResourceRefusal {
    /// Why.
    pub reason: ResourceReason,
    /// What it would have needed.
    pub demand: Arc<Demand>,
    /// What is protected together, in the challenge.
    pub realm: Arc<str>,
}

/// Why a request to a resource was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResourceReason {
    /// There is no token.
    TokenMissing,
    /// There is more than one token, or the header cannot be read.
    Malformed,
    /// The token is unknown, expired, revoked, or for another resource.
    TokenInvalid,
    /// The token is bound to a certificate that is not that of the connection [RFC 8705 §3].
    CertificateDiffers,
    /// The person behind the token did not prove who they are as surely or as lately as this needs [RFC 9470 §3].
    AuthenticationInsufficient,
    /// The token does not allow this.
    ScopeInsufficient,
}

impl ResourceReason {
    /// The status [RFC 6750 §3.1].
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TokenMissing | Self::TokenInvalid | Self::CertificateDiffers | Self::AuthenticationInsufficient => {
                StatusCode::UNAUTHORIZED
            }
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::ScopeInsufficient => StatusCode::FORBIDDEN,
        }
    }

    /// The error code and its description: none where there was no token [RFC 6750 §3.1].
    const fn wording(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::TokenMissing => None,
            Self::Malformed => Some(("invalid_request", "the request must have exactly one access token")),
            Self::TokenInvalid => Some(("invalid_token", "the access token is expired, revoked or invalid")),
            Self::CertificateDiffers => {
                Some(("invalid_token", "the access token is bound to another client certificate"))
            }
            Self::AuthenticationInsufficient => {
                Some(("insufficient_user_authentication", "a stronger or more recent login is required"))
            }
            Self::ScopeInsufficient => Some(("insufficient_scope", "the access token does not allow this")),
        }
    }
}

impl ResourceRefusal {
    /// What is asked of the client: always all that the request needs, so that one more round is enough.
    #[must_use]
    pub fn challenge(&self) -> Challenge {
        let (error, error_description) = self.reason.wording().unzip();
        // [RFC 9470 §9]: what is required tells something of the person, so only the holder of a good token learns it.
        let known = self.reason == ResourceReason::AuthenticationInsufficient;
        let strength = Some(&self.demand).filter(|_| known);
        Challenge {
            realm: Some(self.realm.as_ref().to_owned()),
            error: error.map(str::to_owned),
            error_description: error_description.map(str::to_owned),
            scope: Some(self.demand.scope.clone()).filter(|scope| !scope.is_empty()),
            resource_metadata: self.demand.resource_metadata.as_deref().map(str::to_owned),
            acr_values: strength.map(|demand| demand.acr_values.clone()).unwrap_or_default(),
            max_age: strength.and_then(|demand| demand.max_age).map(|limit| limit.as_secs()),
        }
    }

    /// Writes the refusal: a challenge without a body.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        let mut response = Response::new(Vec::new());
        *response.status_mut() = self.reason.status();
        if let Ok(challenge) = HeaderValue::from_str(&self.challenge().print()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        no_store(response.headers_mut());
        response
    }
}
