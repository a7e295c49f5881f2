//! How a client says who it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::form::{self, Form};
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
}

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
}

impl Credentials {
    /// Who the client says it is.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        match self {
            Self::None { client } | Self::Basic { client, .. } | Self::Post { client, .. } => client,
        }
    }

    /// Takes the credentials out of a request.
    pub(super) fn take(headers: &HeaderMap, form: &mut Form<'_>) -> Result<Self, CredentialsFault> {
        let named = form.take("client_id");
        let posted = form.take_owned("client_secret").map(Exposed::new);
        // Methods of later extensions count as methods, so that no request slips through with two.
        let asserted = form.take("client_assertion").is_some() | form.take("client_assertion_type").is_some();
        let mut header = headers.get_all(AUTHORIZATION).iter();
        let basic = match (header.next(), header.next()) {
            (None, _) => None,
            (Some(value), None) => Some(parse_basic(value)?),
            (Some(_), Some(_)) => return Err(CredentialsFault::Several),
        };
        if usize::from(basic.is_some()) + usize::from(posted.is_some()) + usize::from(asserted) > 1 {
            return Err(CredentialsFault::Several);
        }
        match (basic, named, posted) {
            (Some((client, _)), Some(named), _) if client.as_str() != named => Err(CredentialsFault::Mismatch),
            (Some((client, secret)), _, _) => Ok(Self::Basic { client, secret }),
            (None, Some(named), Some(secret)) => Ok(Self::Post { client: ClientId::new(&named), secret }),
            (None, _, _) if asserted => Err(CredentialsFault::UnsupportedMethod),
            (None, Some(named), None) => Ok(Self::None { client: ClientId::new(&named) }),
            (None, None, _) => Err(CredentialsFault::Missing),
        }
    }

    /// Writes the credentials into a request.
    pub(super) fn print(&self, headers: &mut HeaderMap, body: &mut String) {
        match self {
            Self::None { client } => form::append(body, "client_id", client.as_str()),
            Self::Post { client, secret } => {
                form::append(body, "client_id", client.as_str());
                form::append(body, "client_secret", secret.as_str());
            }
            Self::Basic { client, secret } => {
                // `append` writes `id=secret`, both form-encoded; a form-encoded id has no `=` of its own.
                let mut pair = String::new();
                form::append(&mut pair, client.as_str(), secret.as_str());
                let encoded = STANDARD.encode(pair.replacen('=', ":", 1));
                if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {encoded}")) {
                    value.set_sensitive(true);
                    headers.insert(AUTHORIZATION, value);
                }
            }
        }
    }
}

/// Reads `Basic base64(form(id):form(secret))` [RFC 6749 §2.3.1, §B].
fn parse_basic(value: &HeaderValue) -> Result<(ClientId, Exposed), CredentialsFault> {
    let text = value.to_str().map_err(|_| CredentialsFault::Header)?;
    let (scheme, encoded) = text.split_once(' ').ok_or(CredentialsFault::Header)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(CredentialsFault::UnsupportedScheme);
    }
    let decoded = STANDARD.decode(encoded.trim_start_matches(' ')).map_err(|_| CredentialsFault::Header)?;
    let pair = Exposed::from_utf8(decoded).ok_or(CredentialsFault::Header)?;
    let (id, secret) = pair.as_str().split_once(':').ok_or(CredentialsFault::Header)?;
    let decode = |text| form::decode_component(text).ok_or(CredentialsFault::Header);
    let (id, decoded) = (decode(id)?, decode(secret)?);
    let printable = |text: &str| !form::holds(text, |byte| !matches!(byte, 0x20..=0x7e));
    if id.is_empty() || !printable(&id) || !printable(&decoded) {
        return Err(CredentialsFault::Header);
    }
    let id = ClientId::new(&id);
    Ok(match decoded {
        std::borrow::Cow::Owned(secret) => (id, Exposed::new(secret)),
        std::borrow::Cow::Borrowed(secret) => {
            let length = secret.len();
            (id, pair.into_last(length))
        }
    })
}
