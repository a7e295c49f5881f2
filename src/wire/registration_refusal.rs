//! Why a registration is refused, and how each reason looks on the wire [RFC 7591 §3.2.2].

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use super::challenge::Challenge;
use super::form::Malformed;
use super::object::ObjectFault;
use super::token::ErrorResponse;
use super::unkept::json;
use crate::record::ClientFault;

/// Why a request to register or manage a client was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationRefusal {
    /// Registration is not served.
    #[error("registration is not served")]
    NotServed,
    /// The query could not be read.
    #[error("{0}")]
    Malformed(Malformed),
    /// The body is of another type [RFC 7591 §3.1].
    #[error("only application/json content-type bodies are supported")]
    ContentType,
    /// The body is no object that is read.
    #[error("{0}")]
    Object(ObjectFault),
    /// A member is of the wrong type.
    #[error("{0}")]
    MemberUnreadable(String),
    /// `redirect_uris` is no list of texts.
    #[error("redirect_uris is not a list of URIs")]
    RedirectUris,
    /// The metadata is dangerous, unknown or contradicts itself.
    #[error("{0}")]
    Client(ClientFault),
    /// A grant type that a client cannot register for.
    #[error("grant type {0:?} cannot be registered")]
    GrantTypeNotOffered(String),
    /// A response type that is not served.
    #[error("response type {0:?} is not supported")]
    ResponseTypeNotOffered(String),
    /// The grant type `authorization_code` without its response type [RFC 7591 §2.1].
    #[error("the grant type authorization_code needs the response type code")]
    GrantWithoutResponseType,
    /// Tokens that are bound to certificates, where none are.
    #[error("tokens cannot be bound to certificates here")]
    CertificateBindingNotOffered,
    /// Tokens are not bound to keys here.
    #[error("dpop_bound_access_tokens is not supported")]
    KeyBindingNotOffered,
    /// Requests are not signed here.
    #[error("require_signed_request_object is not supported")]
    SignedRequestsNotOffered,
    /// An algorithm of signed requests or responses that is not served.
    #[error("the algorithm {0:?} is not supported for requests or responses")]
    AlgorithmNotOffered(String),
    /// None of the scope can be registered.
    #[error("nothing of the scope can be registered")]
    ScopeNotOffered,
    /// A software statement of someone who is not trusted, or for another server [RFC 7591 §3.2.2].
    #[error("the software statement is not accepted here")]
    SoftwareStatement,
    /// A software statement that is malformed, not signed by its issuer, or out of its time [RFC 7591 §3.2.2].
    #[error("the software statement is invalid or has expired")]
    SoftwareStatementInvalid,
    /// Nobody registers without one.
    #[error("a software statement is needed")]
    SoftwareStatementMissing,
    /// The host does not allow it.
    #[error("the registration is not allowed here")]
    Denied,
    /// There is no token.
    #[error("an initial access token or a registration access token is needed")]
    TokenMissing,
    /// There is more than one token, or the header cannot be read.
    #[error("the request must have exactly one access token")]
    TokenMalformed,
    /// The token is none of those that are accepted here.
    #[error("the access token is void or another client's")]
    TokenInvalid,
    /// The client was registered by the server's operator [RFC 7592 §2.1].
    #[error("the client does not have permission to manage its own registration")]
    NotManageable,
    /// It is not said which client is managed.
    #[error("client_id is missing")]
    ClientIdMissing,
    /// A member of an update that only the server sets [RFC 7592 §2.2].
    #[error("an update must not have {0}")]
    MemberOfServer(&'static str),
    /// An update is for another client [RFC 7592 §2.2].
    #[error("client_id must be that of the client")]
    ClientIdDiffers,
    /// An update has another secret [RFC 7592 §2.2].
    #[error("client_secret must be that of the client")]
    ClientSecretDiffers,
}

impl RegistrationRefusal {
    /// The status and the error code.
    #[must_use]
    pub const fn wording(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::NotServed => (S::NOT_FOUND, "not_found"),
            Self::Malformed(malformed) => (malformed.wording().0, "invalid_request"),
            Self::ContentType => (S::UNSUPPORTED_MEDIA_TYPE, "invalid_request"),
            Self::Object(ObjectFault::TooLarge) => (S::PAYLOAD_TOO_LARGE, "invalid_request"),
            Self::RedirectUris | Self::Client(ClientFault::RedirectUri(..) | ClientFault::RedirectUriMissing) => {
                (S::BAD_REQUEST, "invalid_redirect_uri")
            }
            Self::Object(_)
            | Self::MemberUnreadable(_)
            | Self::Client(_)
            | Self::GrantTypeNotOffered(_)
            | Self::ResponseTypeNotOffered(_)
            | Self::GrantWithoutResponseType
            | Self::CertificateBindingNotOffered
            | Self::KeyBindingNotOffered
            | Self::SignedRequestsNotOffered
            | Self::AlgorithmNotOffered(_)
            | Self::ScopeNotOffered
            | Self::Denied => (S::BAD_REQUEST, "invalid_client_metadata"),
            Self::SoftwareStatement => (S::BAD_REQUEST, "unapproved_software_statement"),
            Self::SoftwareStatementInvalid | Self::SoftwareStatementMissing => {
                (S::BAD_REQUEST, "invalid_software_statement")
            }
            Self::TokenMissing | Self::TokenInvalid => (S::UNAUTHORIZED, "invalid_token"),
            Self::NotManageable => (S::FORBIDDEN, "invalid_request"),
            Self::TokenMalformed
            | Self::ClientIdMissing
            | Self::MemberOfServer(_)
            | Self::ClientIdDiffers
            | Self::ClientSecretDiffers => (S::BAD_REQUEST, "invalid_request"),
        }
    }

    /// Writes the refusal.
    #[must_use]
    pub fn print(&self, realm: &str) -> Response<Vec<u8>> {
        let (status, error) = self.wording();
        let description = described(&self.to_string());
        let mut response = json(status, &ErrorResponse::new(error, &description));
        // [RFC 6750 §3.1]: no error code where there was no token.
        let said = Some(()).filter(|()| !matches!(self, Self::TokenMissing));
        let challenge = Challenge {
            realm: Some(realm.to_owned()),
            error: said.map(|()| error.to_owned()),
            error_description: said.map(|()| description),
            ..Challenge::default()
        };
        if matches!(self, Self::TokenMissing | Self::TokenMalformed | Self::TokenInvalid)
            && let Ok(challenge) = HeaderValue::from_str(&challenge.print())
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// What a refusal repeats of a request, in the characters of a description [RFC 6749 §5.2].
fn described(text: &str) -> String {
    const LONGEST: usize = 300;
    let plain = |letter: char| match letter {
        '"' => '\'',
        ' '..='!' | '#'..='[' | ']'..='~' => letter,
        _ => '?',
    };
    text.chars().take(LONGEST).map(plain).collect()
}
