//! Access tokens in requests to resources [RFC 6750 §2, RFC 9449 §7.1].

use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Request};

use super::form::{Form, Limits};
use super::request_headers::RequestHeaders;
use super::token::check_content_type;
use crate::record::Exposed;

/// Where a bearer token may be read from; never from the query [RFC 9700 §4.3.2].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BearerSource {
    /// Only the Authorization header [RFC 6750 §2.1].
    Header,
    /// The header, or the parameter `access_token` of a form [RFC 6750 §2.2].
    HeaderOrForm,
}

/// How a request shows its access token.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenScheme {
    /// Whoever has the token can use it [RFC 6750].
    #[default]
    Bearer,
    /// Beside it there is a proof [RFC 9449 §7.1].
    Dpop,
}

impl TokenScheme {
    /// Its name in headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Why a request has no access token to look at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BearerFault {
    /// There is none.
    Missing,
    /// There is more than one, or the header cannot be read.
    Malformed,
}

/// Takes the access token out of a request; another scheme than `schemes` is none.
///
/// # Errors
///
/// There is none, or more than one [RFC 6750 §2].
pub(crate) fn presented_token<B: AsRef<[u8]>>(
    request: &Request<B>,
    source: BearerSource,
    schemes: &[TokenScheme],
    limits: &Limits,
) -> Result<(TokenScheme, Exposed), BearerFault> {
    let mut header = request.headers().get_all(AUTHORIZATION).iter();
    let in_header = match (header.next(), header.next()) {
        (None, _) => None,
        (Some(value), None) => parse_header(value, schemes)?,
        (Some(_), Some(_)) => return Err(BearerFault::Malformed),
    };
    let readable = request.method() != Method::GET
        && check_content_type(RequestHeaders::of(request.headers()).content_type).is_ok();
    let in_form = match source {
        BearerSource::HeaderOrForm if readable => {
            let mut form = Form::parse(request.body().as_ref(), limits).map_err(|_| BearerFault::Malformed)?;
            if form.repeated().iter().any(|name| name == "access_token") {
                return Err(BearerFault::Malformed);
            }
            form.take_owned("access_token").map(Exposed::new)
        }
        BearerSource::HeaderOrForm | BearerSource::Header => None,
    };
    match (in_header, in_form) {
        (Some(found), None) => Ok(found),
        (None, Some(token)) => Ok((TokenScheme::Bearer, token)),
        (None, None) => Err(BearerFault::Missing),
        (Some(_), Some(_)) => Err(BearerFault::Malformed),
    }
}

/// Reads `Bearer b64token` [RFC 6750 §2.1] or `DPoP token68` [RFC 9449 §7.1].
fn parse_header(value: &HeaderValue, schemes: &[TokenScheme]) -> Result<Option<(TokenScheme, Exposed)>, BearerFault> {
    let text = value.to_str().map_err(|_| BearerFault::Malformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let known = schemes.iter().find(|known| scheme.eq_ignore_ascii_case(known.as_str()));
    let Some(scheme) = known else { return Ok(None) };
    let token = token.trim_start_matches(' ');
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if token.is_empty() || !token.bytes().all(allowed) {
        return Err(BearerFault::Malformed);
    }
    Ok(Some((*scheme, Exposed::new(token))))
}
