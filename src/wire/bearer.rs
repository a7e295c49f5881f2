//! Bearer tokens in requests to resources [RFC 6750 §2].

use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Request};

use super::form::{Form, Limits};
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

/// Why a request has no bearer token to look at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BearerFault {
    /// There is none.
    Missing,
    /// There is more than one, or the header cannot be read.
    Malformed,
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
) -> Result<Exposed, BearerFault> {
    let mut header = request.headers().get_all(AUTHORIZATION).iter();
    let in_header = match (header.next(), header.next()) {
        (None, _) => None,
        (Some(value), None) => parse_header(value)?,
        (Some(_), Some(_)) => return Err(BearerFault::Malformed),
    };
    let readable = request.method() != Method::GET && check_content_type(request.headers()).is_ok();
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
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(BearerFault::Missing),
        (Some(_), Some(_)) => Err(BearerFault::Malformed),
    }
}

/// Reads `Bearer b64token` [RFC 6750 §2.1]; another scheme is no bearer token.
fn parse_header(value: &HeaderValue) -> Result<Option<Exposed>, BearerFault> {
    let text = value.to_str().map_err(|_| BearerFault::Malformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Ok(None);
    }
    let token = token.trim_start_matches(' ');
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if token.is_empty() || !token.bytes().all(allowed) {
        return Err(BearerFault::Malformed);
    }
    Ok(Some(Exposed::new(token)))
}
