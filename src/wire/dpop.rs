//! The header `DPoP`, and what can be wrong with the proof in it [RFC 9449 §4.1, §4.3].

use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::request_headers::{Header, RequestHeaders};
use crate::record::Exposed;

pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The header `DPoP` of a request as it came: nothing of it was looked at yet.
#[derive(Clone, Eq, PartialEq)]
pub struct DpopHeader {
    /// Absent if there were several, or what came is no text.
    proof: Option<Exposed>,
}

impl DpopHeader {
    /// Shows this proof.
    #[must_use]
    pub fn new(proof: impl Into<String>) -> Self {
        Self { proof: Some(Exposed::new(proof)) }
    }

    /// Takes it from a request, if it is there.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Self::read(RequestHeaders::of(headers).dpop)
    }

    pub(super) fn read(header: Header<'_>) -> Option<Self> {
        let proof = match header {
            Header::Absent => return None,
            Header::Once(value) => value.to_str().ok().map(Exposed::new),
            Header::Several => None,
        };
        Some(Self { proof })
    }

    /// Puts it into a request.
    pub fn print(&self, headers: &mut HeaderMap) {
        let text = self.proof.as_ref().and_then(|proof| HeaderValue::from_str(proof.as_str()).ok());
        headers.extend(text.map(|text| (DPOP, text)));
    }

    /// The proof.
    #[cfg(feature = "jose")]
    pub(crate) fn proof(&self) -> Result<&str, ProofFault> {
        self.proof.as_ref().map(Exposed::as_str).ok_or(ProofFault::Several)
    }
}

/// Who has a proof and the token beside it can use both.
impl fmt::Debug for DpopHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DpopHeader(..)")
    }
}

/// Why a proof is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProofFault {
    /// There is none, and it is needed.
    Missing,
    /// More than one header, or one that is no text.
    Several,
    /// It is no signed JWT, or larger than any proof needs to be.
    Malformed,
    /// Its `typ` is another.
    Type,
    /// Its algorithm is not accepted.
    Algorithm,
    /// Its key is missing, unsound, private, or not for its algorithm.
    Key,
    /// The signature is wrong.
    Signature,
    /// A claim is missing, of the wrong type, or too long.
    Claim(&'static str),
    /// It is for another method.
    Method,
    /// It is for another URI.
    Uri,
    /// It is from too long ago, or from the future.
    Time,
    /// It has no nonce of this server, or one that is too old.
    Nonce,
    /// It is for another access token.
    AccessToken,
    /// It was used before.
    Replayed,
}

impl ProofFault {
    /// The error code on the wire [RFC 9449 §5, §7.1, §8].
    #[must_use]
    pub const fn error(self) -> &'static str {
        if matches!(self, Self::Nonce) { "use_dpop_nonce" } else { "invalid_dpop_proof" }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Missing => "the request needs a DPoP proof",
            Self::Several => "the request must have exactly one DPoP header",
            Self::Malformed => "the DPoP proof is not a well-formed JWT",
            Self::Type => "the typ of the DPoP proof must be dpop+jwt",
            Self::Algorithm => "the alg of the DPoP proof is not accepted",
            Self::Key => "the jwk of the DPoP proof must be a sound public key for its alg",
            Self::Signature => "the signature of the DPoP proof is wrong",
            Self::Claim(name) => claim(name),
            Self::Method => "the htm of the DPoP proof is not the method of the request",
            Self::Uri => "the htu of the DPoP proof is not the URI of the request",
            Self::Time => "the iat of the DPoP proof is too far from now",
            Self::Nonce => "the DPoP proof needs the nonce in the header DPoP-Nonce",
            Self::AccessToken => "the ath of the DPoP proof is not the hash of the access token",
            Self::Replayed => "the DPoP proof was used before",
        }
    }
}

impl fmt::Display for ProofFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}

impl std::error::Error for ProofFault {}

fn claim(name: &str) -> &'static str {
    match name {
        "jti" => "the jti of the DPoP proof is missing or malformed",
        "htm" => "the htm of the DPoP proof is missing or malformed",
        "htu" => "the htu of the DPoP proof is missing or malformed",
        "iat" => "the iat of the DPoP proof is missing or malformed",
        "ath" => "the ath of the DPoP proof is missing or malformed",
        "nonce" => "the nonce of the DPoP proof is malformed",
        _ => "a claim of the DPoP proof is missing or malformed",
    }
}
