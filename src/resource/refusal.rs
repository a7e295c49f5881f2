//! Why a request to a resource is refused, and what it would need.

use std::sync::Arc;

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use super::Demand;
use crate::wire::{Challenge, DPOP_NONCE, ProofFault, TokenScheme, no_store};

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
    /// How the request showed its token, where that is known.
    pub scheme: Option<TokenScheme>,
    /// The algorithms that proofs may have, where they are served.
    pub algs: Option<String>,
    /// The nonce for the sender's next proof, if they need another one [RFC 9449 §9].
    pub dpop_nonce: Option<HeaderValue>,
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
    /// The token names a key that its issuer is not known to have: fetch its keys again, not too often, and check once more.
    #[cfg(feature = "jose")]
    KeyUnknown,
    /// The token is bound to a certificate that is not that of the connection [RFC 8705 §3].
    CertificateDiffers,
    /// The token is bound to a key, and came as a bearer token or beside a proof of another; or it is bound to none, and
    /// came beside a proof [RFC 9449 §7.1, §7.2].
    KeyDiffers,
    /// The proof is not taken, or missing [RFC 9449 §4.3].
    Proof(ProofFault),
    /// The person behind the token did not prove who they are as surely or as lately as this needs [RFC 9470 §3].
    AuthenticationInsufficient,
    /// The token does not allow this.
    ScopeInsufficient,
}

const INVALID: (&str, &str) = ("invalid_token", "the access token is expired, revoked or invalid");

impl From<ProofFault> for ResourceReason {
    fn from(fault: ProofFault) -> Self {
        Self::Proof(fault)
    }
}

impl ResourceReason {
    /// The status [RFC 6750 §3.1].
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TokenMissing
            | Self::TokenInvalid
            | Self::CertificateDiffers
            | Self::KeyDiffers
            | Self::Proof(_)
            | Self::AuthenticationInsufficient => StatusCode::UNAUTHORIZED,
            #[cfg(feature = "jose")]
            Self::KeyUnknown => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::ScopeInsufficient => StatusCode::FORBIDDEN,
        }
    }

    /// The error code and its description: none where there was no token [RFC 6750 §3.1].
    fn wording(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::TokenMissing => None,
            Self::Malformed => Some(("invalid_request", "the request must have exactly one access token")),
            Self::TokenInvalid => Some(INVALID),
            #[cfg(feature = "jose")]
            Self::KeyUnknown => Some(INVALID),
            Self::CertificateDiffers => {
                Some(("invalid_token", "the access token is bound to another client certificate"))
            }
            Self::KeyDiffers => Some(("invalid_token", "the access token is not bound to the key of the request")),
            Self::Proof(fault) => Some((fault.error(), fault.description())),
            Self::AuthenticationInsufficient => {
                Some(("insufficient_user_authentication", "a stronger or more recent login is required"))
            }
            Self::ScopeInsufficient => Some(("insufficient_scope", "the access token does not allow this")),
        }
    }
}

impl ResourceRefusal {
    /// What is asked of the client, the scheme that it used first.
    #[must_use]
    pub fn challenges(&self) -> Vec<Challenge> {
        let bearer = Some(TokenScheme::Bearer).filter(|_| !self.demand.dpop_bound || self.algs.is_none());
        let dpop = self.algs.as_ref().map(|_| TokenScheme::Dpop);
        let mut offered: Vec<_> = [bearer, dpop].into_iter().flatten().collect();
        offered.sort_by_key(|scheme| self.scheme.is_some_and(|used| used != *scheme));
        // [RFC 9449 §7.2]: the error goes with the scheme that was used, if that is known.
        let told = |scheme| self.scheme.is_none_or(|used| used == scheme) || offered.len() == 1;
        offered.iter().map(|scheme| self.challenge_of(*scheme, told(*scheme))).collect()
    }

    /// The first of them, which says what was wrong.
    #[must_use]
    pub fn challenge(&self) -> Challenge {
        self.challenges().into_iter().next().unwrap_or_default()
    }

    /// All that the request needs, so that one more round is enough; what was wrong, if it is `told` here.
    fn challenge_of(&self, scheme: TokenScheme, told: bool) -> Challenge {
        let (error, error_description) = self.reason.wording().filter(|_| told).unzip();
        // [RFC 9470 §9]: what is required tells something of the person, so only the holder of a good token learns it.
        let known = self.reason == ResourceReason::AuthenticationInsufficient;
        let strength = Some(&self.demand).filter(|_| known);
        Challenge {
            scheme,
            algs: self.algs.clone().filter(|_| scheme == TokenScheme::Dpop),
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
        let headers = response.headers_mut();
        for challenge in self.challenges() {
            if let Ok(challenge) = HeaderValue::from_str(&challenge.print()) {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        headers.extend(self.dpop_nonce.clone().map(|nonce| (DPOP_NONCE, nonce)));
        no_store(headers);
        response
    }
}
