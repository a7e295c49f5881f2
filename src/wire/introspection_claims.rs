//! An introspection response as a JWT [RFC 9701 §5].

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use super::introspection::Introspection;
use super::members::{Members, name};
use super::unkept::json_text;
use crate::env::Timestamp;
use crate::record::ClientId;

/// The media type of such a response.
pub(super) const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// The claims of an introspection response. There is no `sub` and no `exp` among them, so that nobody takes it for an access
/// token [RFC 9701 §8.1].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct IntrospectionClaims {
    /// The server that answers.
    pub iss: Arc<str>,
    /// The client that asked.
    pub aud: ClientId,
    /// When it was answered.
    pub iat: Timestamp,
    /// What is said of the token.
    pub token_introspection: Introspection,
}

impl IntrospectionClaims {
    /// Says this of a token to `aud`.
    #[must_use]
    pub const fn new(iss: Arc<str>, aud: ClientId, iat: Timestamp, token_introspection: Introspection) -> Self {
        Self { iss, aud, iat, token_introspection }
    }

    /// Writes them as the payload of a token.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let Self { iss, aud, iat, token_introspection } = self;
        let mut members = Members::new();
        members.text(name!("iss"), Some(iss));
        members.text(name!("aud"), Some(aud.as_str()));
        members.value(name!("iat"), Some(iat));
        members.json(name!("token_introspection"), &token_introspection.json());
        members.end()
    }

    /// Writes the response that carries them as this token.
    #[must_use]
    pub fn response(token: &str) -> Response<Vec<u8>> {
        let mut response = json_text(StatusCode::OK, token.as_bytes().to_vec());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

/// Whether a request asks for such a response, and would not rather have JSON [RFC 9701 §4, RFC 9110 §12.5.1].
pub(super) fn is_accepted(headers: &HeaderMap) -> bool {
    let (mut jwt, mut json) = (0, 0);
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let (essence, parameters) = range.split_once(';').unwrap_or((range, ""));
        let named = |name: &str| essence.trim().eq_ignore_ascii_case(name);
        if named(MEDIA_TYPE) {
            jwt = jwt.max(weight(parameters));
        } else if named("application/json") {
            json = json.max(weight(parameters));
        }
    }
    jwt > 0 && jwt >= json
}

/// In thousandths; what is none counts as zero [RFC 9110 §12.4.2].
fn weight(parameters: &str) -> u16 {
    let named = |part: &str| part.trim().get(..2).is_some_and(|name| name.eq_ignore_ascii_case("q="));
    let Some(part) = parameters.split(';').find(|part| named(part)) else { return 1000 };
    let text = part.trim().get(2..).unwrap_or_default();
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    let digits = parts.len() <= 3 && parts.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if digits && parts.bytes().all(|byte| byte == b'0') => 1000,
        "0" if digits => parts.bytes().zip([100, 10, 1]).map(|(digit, unit)| u16::from(digit - b'0') * unit).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_a_jwt_names_it() {
        for (accept, expected) in [
            (&[][..], false),
            (&["*/*"], false),
            (&["application/*"], false),
            (&["application/json"], false),
            (&["application/token-introspection+jwt"], true),
            (&["Application/Token-Introspection+JWT"], true),
            (&["application/token-introspection+jwt;q=0"], false),
            (&["application/token-introspection+jwt;q=0.000"], false),
            (&["application/token-introspection+jwt ; q=0.001"], true),
            (&["application/json, application/token-introspection+jwt"], true),
            (&["application/json", "application/token-introspection+jwt"], true),
            (&["application/json, application/token-introspection+jwt;q=0.9"], false),
            (&["application/json;q=0.5, application/token-introspection+jwt;q=0.51"], true),
            (&["application/token-introspection+jwt;q=2"], false),
            (&["application/token-introspection+jwt;q=high"], false),
            (&["application/jwt"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(is_accepted(&headers), expected, "{accept:?}");
        }
    }
}
