//! Bearer tokens in requests to resources, and the challenges that ask for them [RFC 6750].

use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};

use super::form::{Form, Limits};
use super::token::{check_content_type, no_store};
use crate::record::{Exposed, Scope};

/// Where a bearer token may be read from; never from the query [RFC 9700 §4.3.2].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BearerSource {
    /// Only the Authorization header [RFC 6750 §2.1].
    Header,
    /// The header, or the parameter `access_token` of a form [RFC 6750 §2.2].
    HeaderOrForm,
}

/// Why a request to a resource was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResourceRefusal {
    /// There is no token.
    TokenMissing,
    /// There is more than one token, or the header cannot be read.
    Malformed,
    /// The token is unknown, expired, revoked, or for another resource.
    TokenInvalid,
    /// The token does not allow this; it would need this scope.
    ScopeInsufficient(Scope),
}

/// Takes the bearer token out of a request.
///
/// # Errors
///
/// There is none, or more than one [RFC 6750 §2].
pub(crate) fn bearer_token<B: AsRef<[u8]>>(
    request: &Request<B>,
    source: BearerSource,
    limits: &Limits,
) -> Result<Exposed, ResourceRefusal> {
    let mut header = request.headers().get_all(AUTHORIZATION).iter();
    let in_header = match (header.next(), header.next()) {
        (None, _) => None,
        (Some(value), None) => parse_header(value)?,
        (Some(_), Some(_)) => return Err(ResourceRefusal::Malformed),
    };
    let readable = request.method() != Method::GET && check_content_type(request.headers()).is_ok();
    let in_form = match source {
        BearerSource::HeaderOrForm if readable => {
            let mut form = Form::parse(request.body().as_ref(), limits).map_err(|_| ResourceRefusal::Malformed)?;
            if form.repeated().iter().any(|name| name == "access_token") {
                return Err(ResourceRefusal::Malformed);
            }
            form.take_owned("access_token").map(Exposed::new)
        }
        BearerSource::HeaderOrForm | BearerSource::Header => None,
    };
    match (in_header, in_form) {
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(ResourceRefusal::TokenMissing),
        (Some(_), Some(_)) => Err(ResourceRefusal::Malformed),
    }
}

/// Reads `Bearer b64token` [RFC 6750 §2.1]; another scheme is no bearer token.
fn parse_header(value: &HeaderValue) -> Result<Option<Exposed>, ResourceRefusal> {
    let text = value.to_str().map_err(|_| ResourceRefusal::Malformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Ok(None);
    }
    let token = token.trim_start_matches(' ');
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if token.is_empty() || !token.bytes().all(allowed) {
        return Err(ResourceRefusal::Malformed);
    }
    Ok(Some(Exposed::new(token)))
}

impl ResourceRefusal {
    /// The status [RFC 6750 §3.1].
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::TokenMissing | Self::TokenInvalid => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::ScopeInsufficient(_) => StatusCode::FORBIDDEN,
        }
    }

    /// The value of `WWW-Authenticate`: no error code where there was no token [RFC 6750 §3.1].
    #[must_use]
    pub fn challenge(&self) -> String {
        let (error, description) = match self {
            Self::TokenMissing => return "Bearer realm=\"grantor\"".to_owned(),
            Self::Malformed => ("invalid_request", "the request must have exactly one access token"),
            Self::TokenInvalid => ("invalid_token", "the access token is expired, revoked or invalid"),
            Self::ScopeInsufficient(_) => ("insufficient_scope", "the access token does not allow this"),
        };
        let scope = match self {
            // A scope has neither quotation marks nor backslashes.
            Self::ScopeInsufficient(scope) => format!(", scope=\"{scope}\""),
            Self::TokenMissing | Self::Malformed | Self::TokenInvalid => String::new(),
        };
        format!("Bearer realm=\"grantor\", error=\"{error}\", error_description=\"{description}\"{scope}")
    }

    /// Writes the refusal: a challenge without a body.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        let mut response = Response::new(Vec::new());
        *response.status_mut() = self.status();
        if let Ok(challenge) = HeaderValue::from_str(&self.challenge()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        no_store(response.headers_mut());
        response
    }
}
