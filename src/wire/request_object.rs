//! The parameters of a signed authorization request [RFC 9101 §4].

#[cfg(feature = "jose")]
use serde_json::{Map, Value};

#[cfg(feature = "jose")]
use super::authorization_request::AuthorizationRequest;
#[cfg(feature = "jose")]
use super::form::{Form, Limits};

/// Why a request object is not taken. What it says is told to no one else than its client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RequestObjectFault {
    /// It was encrypted otherwise than the server can read [RFC 9101 §6.1].
    Undecipherable,
    /// It is no JWT in compact serialization, or its header is not such as is read.
    Malformed,
    /// `alg` is `none`, not served, or not what the client registered [RFC 9101 §6.2].
    Algorithm,
    /// `typ` is another, or missing [RFC 9101 §10.8].
    Type,
    /// No key of the client's fits, or the signature is wrong [RFC 9101 §6.2].
    Signature,
    /// Its claims are no object in which each comes once, or one is of the wrong type.
    Claims,
    /// A parameter is of the wrong type, or has a control character; or there are too many.
    Parameter,
    /// It has a request in itself [RFC 9101 §4].
    Nested,
    /// `client_id` is missing, or not the one that it came with [RFC 9101 §5, §6.3].
    ClientDiffers,
    /// `iss` is not the client [RFC 9101 §4].
    Issuer,
    /// `sub` is the client, so that it could be taken for an assertion of it [RFC 9101 §10.8].
    Subject,
    /// `aud` is not this server [RFC 9101 §4].
    Audience,
    /// `nbf` or `exp` is missing where both are required.
    TimesMissing,
    /// It has expired, or began too long ago.
    Expired,
    /// `nbf` or `iat` is in the future.
    NotYetValid,
    /// `exp` is too late.
    LivesTooLong,
    /// It was answered already.
    Used,
}

impl RequestObjectFault {
    /// What the client's developer is told.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Undecipherable => "the request object cannot be decrypted",
            Self::Malformed => "the request object is not a signed JWT in compact serialization",
            Self::Algorithm => {
                "the algorithm of the request object is not supported, or not what the client registered"
            }
            Self::Type => "the typ of the request object is not oauth-authz-req+jwt",
            Self::Signature => "the request object is not signed with a key of the client",
            Self::Claims => "the claims of the request object are malformed",
            Self::Parameter => "a parameter in the request object is malformed",
            Self::Nested => "a request object has no request and no request_uri",
            Self::ClientDiffers => "client_id is missing in the request object, or another",
            Self::Issuer => "the iss of the request object is not the client_id",
            Self::Subject => "the sub of a request object must not be the client_id",
            Self::Audience => "the aud of the request object is not the issuer of the server",
            Self::TimesMissing => "nbf and exp are required in the request object",
            Self::Expired => "the request object has expired",
            Self::NotYetValid => "the request object is from the future",
            Self::LivesTooLong => "the request object is valid for too long",
            Self::Used => "the request object was used before",
        }
    }
}

/// The claims of the JWT itself [RFC 9101 §9.1].
#[cfg(feature = "jose")]
const OF_THE_TOKEN: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The parameters that are texts, and so come once.
#[cfg(feature = "jose")]
const TEXTS: [&str; 14] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "prompt",
    "max_age",
    "acr_values",
    "login_hint",
    "ui_locales",
];

#[cfg(feature = "jose")]
impl AuthorizationRequest {
    /// Takes the parameters out of claims: texts, numbers as their digits [RFC 9101 §4], and where a parameter is JSON or
    /// may come several times, that as itself. What is null or empty is not there.
    pub(crate) fn from_claims(claims: &Map<String, Value>, limits: &Limits) -> Result<Self, RequestObjectFault> {
        let (mut parameters, mut repeated) = (Vec::with_capacity(claims.len()), Vec::new());
        for (name, value) in claims {
            match (name.as_str(), value) {
                ("request" | "request_uri", _) => return Err(RequestObjectFault::Nested),
                (own, _) if OF_THE_TOKEN.contains(&own) => {}
                (_, Value::Null) => {}
                (_, Value::String(text)) => parameters.push((name.clone(), text.clone())),
                (_, Value::Number(_) | Value::Bool(_)) => parameters.push((name.clone(), value.to_string())),
                ("resource", Value::Array(several)) => {
                    for one in several {
                        let text = one.as_str().ok_or(RequestObjectFault::Parameter)?;
                        parameters.push((name.clone(), text.to_owned()));
                    }
                }
                (own, Value::Array(_)) if TEXTS.contains(&own) => repeated.push(name.clone()),
                (own, Value::Object(_)) if TEXTS.contains(&own) || own == "resource" => {
                    return Err(RequestObjectFault::Parameter);
                }
                (_, Value::Array(_) | Value::Object(_)) => parameters.push((name.clone(), value.to_string())),
            }
        }
        // How long they may be follows from how long the object may be.
        let sound = |(name, value): &(String, String)| {
            let lines: &[char] = if name == "authorization_details" { &['\t', '\n', '\r'] } else { &[] };
            let printable = !value.chars().any(|letter| letter.is_control() && !lines.contains(&letter));
            printable && !name.is_empty() && !name.chars().any(char::is_control)
        };
        if parameters.len() > limits.parameters || !parameters.iter().all(sound) {
            return Err(RequestObjectFault::Parameter);
        }
        Ok(Self::from_form(Form::of(parameters, repeated)))
    }
}
