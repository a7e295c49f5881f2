//! How a client says who it is.

use crate::base64;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::form::{self, Form};
use super::request_headers::{Header, RequestHeaders};
use crate::ensure::ensure;
use crate::record::{ClientId, Exposed};

/// The client's identification in a request, by exactly one method [RFC 6749 §2.3].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Credentials {
    /// `client_id` alone: a public client.
    None {
        /// Who it says it is.
        client: ClientId,
    },
    /// `client_secret_basic`: the Authorization header.
    Basic {
        /// Who it says it is.
        client: ClientId,
        /// Its proof.
        secret: Exposed,
    },
    /// `client_secret_post`: the body.
    Post {
        /// Who it says it is.
        client: ClientId,
        /// Its proof.
        secret: Exposed,
    },
    /// `private_key_jwt`: a signed assertion in the body [RFC 7523 §2.2].
    Assertion {
        /// Who it says it is.
        client: ClientId,
        /// Its proof.
        assertion: Exposed,
    },
    /// The headers of an attestation, and no other proof [Attestation-Based Client Authentication §4, §5].
    Attested {
        /// Who it says it is.
        client: ClientId,
        /// Who vouches for it.
        attestation: Exposed,
        /// That it holds the key of the attestation, unless a DPoP proof says so.
        pop: Option<Exposed>,
    },
}

const ATTESTATION: HeaderName = HeaderName::from_static("oauth-client-attestation");
const ATTESTATION_POP: HeaderName = HeaderName::from_static("oauth-client-attestation-pop");

/// The one type of assertion that is read [RFC 7523 §2.2].
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why a request does not identify its client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsFault {
    /// Neither a header nor a `client_id`.
    #[error("the request does not say which client it is from")]
    Missing,
    /// More than one method at once [RFC 6749 §2.3].
    #[error("the client is authenticated by more than one method")]
    Several,
    /// The header and the body name different clients.
    #[error("client_id mismatch")]
    Mismatch,
    /// The Authorization header cannot be read.
    #[error("the Authorization header is malformed")]
    Header,
    /// The Authorization header has a scheme that is not served.
    #[error("the scheme of the Authorization header is not supported")]
    UnsupportedScheme,
    /// A method that is not served.
    #[error("the method of client authentication is not supported")]
    UnsupportedMethod,
    /// An assertion without the one type that is read, or the type alone [RFC 7521 §4.2].
    #[error("client_assertion and client_assertion_type do not go together")]
    AssertionType,
    /// An assertion that does not say who it is from, and no `client_id`.
    #[error("the client assertion is malformed")]
    Assertion,
    /// More than one attestation or proof of one, or one that does not say who it is from.
    #[error("the client attestation is malformed")]
    Attestation,
}

impl Credentials {
    /// Who the client says it is.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        match self {
            Self::None { client }
            | Self::Basic { client, .. }
            | Self::Post { client, .. }
            | Self::Assertion { client, .. }
            | Self::Attested { client, .. } => client,
        }
    }

    /// Takes the credentials out of a request.
    pub(super) fn take(headers: &RequestHeaders<'_>, form: &mut Form<'_>) -> Result<Self, CredentialsFault> {
        let named = form.take("client_id");
        let posted = form.take_owned("client_secret").map(Exposed::new);
        let (assertion, assertion_type) = (form.take("client_assertion"), form.take("client_assertion_type"));
        let asserted = assertion.is_some() || assertion_type.is_some();
        let basic = match headers.authorization {
            Header::Absent => None,
            Header::Once(value) => Some(parse_basic(value)?),
            Header::Several => return Err(CredentialsFault::Several),
        };
        if usize::from(basic.is_some()) + usize::from(posted.is_some()) + usize::from(asserted) > 1 {
            return Err(CredentialsFault::Several);
        }
        match (basic, named, posted) {
            (Some((client, _)), Some(named), _) if client.as_str() != named => Err(CredentialsFault::Mismatch),
            (Some((client, secret)), _, _) => Ok(Self::Basic { client, secret }),
            (None, Some(named), Some(secret)) => Ok(Self::Post { client: ClientId::new(&named), secret }),
            (None, named, _) if asserted => {
                let assertion = assertion.filter(|_| assertion_type.as_deref() == Some(JWT_BEARER));
                let assertion = Exposed::new(assertion.ok_or(CredentialsFault::AssertionType)?);
                let client =
                    named.map(|named| ClientId::new(&named)).or_else(|| Hint::read(assertion.as_str())?.client());
                Ok(Self::Assertion { client: client.ok_or(CredentialsFault::Assertion)?, assertion })
            }
            (None, named, None) if headers.attestation.is_there() => Self::attested(headers, named.as_deref()),
            (None, Some(named), None) => Ok(Self::None { client: ClientId::new(&named) }),
            (None, None, _) => Err(CredentialsFault::Missing),
        }
    }

    fn attested(headers: &RequestHeaders<'_>, named: Option<&str>) -> Result<Self, CredentialsFault> {
        let only = |header| match header {
            Header::Absent => Ok(None),
            Header::Once(value) => value.to_str().map(|text| Some(Exposed::new(text))).map_err(|_| ()),
            Header::Several => Err(()),
        };
        let texts = only(headers.attestation).and_then(|attestation| Ok((attestation, only(headers.attestation_pop)?)));
        let Ok((Some(attestation), pop)) = texts else { return Err(CredentialsFault::Attestation) };
        let client = named.map(ClientId::new).or_else(|| Hint::read(attestation.as_str())?.client());
        Ok(Self::Attested { client: client.ok_or(CredentialsFault::Attestation)?, attestation, pop })
    }

    /// Writes the credentials into a request.
    pub(super) fn print(&self, headers: &mut HeaderMap, body: &mut String) {
        match self {
            Self::None { client } => form::append(body, "client_id", client.as_str()),
            Self::Post { client, secret } => {
                form::append(body, "client_id", client.as_str());
                form::append(body, "client_secret", secret.as_str());
            }
            Self::Assertion { client, assertion } => {
                form::append(body, "client_id", client.as_str());
                form::append(body, "client_assertion_type", JWT_BEARER);
                form::append(body, "client_assertion", assertion.as_str());
            }
            Self::Attested { client, attestation, pop } => {
                form::append(body, "client_id", client.as_str());
                for (name, text) in [(ATTESTATION, Some(attestation)), (ATTESTATION_POP, pop.as_ref())] {
                    headers.extend(
                        text.and_then(|text| HeaderValue::from_str(text.as_str()).ok()).map(|text| (name, text)),
                    );
                }
            }
            Self::Basic { client, secret } => {
                // `append` writes `id=secret`, both form-encoded; a form-encoded id has no `=` of its own.
                let mut pair = String::new();
                form::append(&mut pair, client.as_str(), secret.as_str());
                let encoded = base64::STANDARD.encode(pair.replacen('=', ":", 1));
                if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {encoded}")) {
                    value.set_sensitive(true);
                    headers.insert(AUTHORIZATION, value);
                }
            }
        }
    }
}

/// What an assertion says of itself before anything of it is proven: only to find what proves it.
#[derive(Deserialize)]
pub(crate) struct Hint {
    sub: Option<String>,
    /// Who made it.
    #[cfg(feature = "jose")]
    pub(crate) iss: Option<String>,
    /// Its own name.
    #[cfg(feature = "jose")]
    pub(crate) jti: Option<String>,
}

impl Hint {
    pub(crate) fn read(assertion: &str) -> Option<Self> {
        let payload = base64::URL.decode(assertion.split('.').nth(1)?)?;
        serde_json::from_slice(&payload).ok()
    }

    /// [RFC 7523 §3]: the subject of its own assertion.
    fn client(self) -> Option<ClientId> {
        self.sub.filter(|sub| !sub.is_empty()).map(|sub| ClientId::new(&sub))
    }
}

/// Reads `Basic base64(form(id):form(secret))` [RFC 6749 §2.3.1, §B].
fn parse_basic(value: &HeaderValue) -> Result<(ClientId, Exposed), CredentialsFault> {
    let mut encoded = match value.as_bytes().strip_prefix(b"Basic ") {
        Some(encoded) => encoded,
        None => {
            let text = value.to_str().map_err(|_| CredentialsFault::Header)?;
            let (scheme, encoded) = text.split_once(' ').ok_or(CredentialsFault::Header)?;
            ensure(scheme.eq_ignore_ascii_case("Basic"), CredentialsFault::UnsupportedScheme)?;
            encoded.as_bytes()
        }
    };
    while let Some(rest) = encoded.strip_prefix(b" ") {
        encoded = rest;
    }
    let decoded = base64::STANDARD.decode(encoded).ok_or(CredentialsFault::Header)?;
    let pair = Exposed::from_utf8(decoded).ok_or(CredentialsFault::Header)?;
    let (id, secret) = form::split(pair.as_str(), b':').ok_or(CredentialsFault::Header)?;
    // Nothing to decode and nothing to refuse.
    if !id.is_empty() && form::is_plain(pair.as_str()) {
        let (id, length) = (ClientId::new(id), secret.len());
        return Ok((id, pair.into_last(length)));
    }
    let decode = |text| form::decode_component(text).ok_or(CredentialsFault::Header);
    let (id, secret) = (decode(id)?, Exposed::new(decode(secret)?));
    let printable = |text: &str| !form::holds(text.as_bytes(), |byte| !matches!(byte, 0x20..=0x7e));
    if id.is_empty() || !printable(&id) || !printable(secret.as_str()) {
        return Err(CredentialsFault::Header);
    }
    Ok((ClientId::new(&id), secret))
}
