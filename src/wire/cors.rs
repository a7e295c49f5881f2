//! What browsers let scripts of other origins read [Fetch §3.2]. Never with cookies: nothing here reads any.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use http::{Method, Response, StatusCode};
use url::Url;

/// Whose scripts may read an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Reader {
    /// Everyone's.
    Anyone,
    /// Those of the origin that asks.
    Origin(HeaderValue),
    /// No other origin's.
    SameOrigin,
}

/// What a script may send.
pub(crate) const SENT: &str = "authorization, content-type, dpop";

/// What a script may read besides the body.
pub(crate) const READ: &str = "WWW-Authenticate, DPoP-Nonce, Retry-After";

/// For how many seconds a browser remembers a preflight; browsers allow no more than two hours.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");

/// Answers a preflight: whether a script of `reader` may use `methods` and send the headers `sent`.
pub(crate) fn preflight(reader: Reader, methods: &[Method], sent: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if allow(headers, reader) {
        let methods = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let texts = [(ACCESS_CONTROL_ALLOW_METHODS, &*methods), (ACCESS_CONTROL_ALLOW_HEADERS, sent)];
        for (name, text) in texts {
            headers.extend(HeaderValue::from_str(text).ok().map(|value| (name, value)));
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    }
    response
}

/// Lets the scripts of `reader` read an answer, and its headers `read`.
pub(crate) fn readable(headers: &mut HeaderMap, reader: Reader, read: &str) {
    if allow(headers, reader)
        && let Ok(read) = HeaderValue::from_str(read)
    {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, read);
    }
}

fn allow(headers: &mut HeaderMap, reader: Reader) -> bool {
    let origin = match reader {
        Reader::Anyone => HeaderValue::from_static("*"),
        Reader::Origin(origin) => {
            headers.append(VARY, HeaderValue::from_static("Origin"));
            origin
        }
        // A cache must not give this answer to an origin that may read it.
        Reader::SameOrigin => {
            headers.append(VARY, HeaderValue::from_static("Origin"));
            return false;
        }
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    true
}

/// The origin of the script that asks, if it has one that can be told apart: `null` is everyone's.
pub(crate) fn asking_origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = origins.next().filter(|_| origins.next().is_none())?;
    origin.to_str().is_ok_and(|text| text.contains("://")).then_some(origin)
}

/// Whether a text is an origin as browsers write it: what an administrator lists is compared as a string.
pub(crate) fn is_origin(text: &str) -> bool {
    // Patterns are not matched.
    let Some(url) = Url::parse(text).ok().filter(|_| !text.contains('*')) else { return false };
    let (scheme, host) = text.split_once("://").unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
    match url.scheme() {
        "http" | "https" => crate::record::web_url(text).is_some() && url.origin().ascii_serialization() == text,
        // Of an extension or an application.
        _ => !scheme.is_empty() && !host.is_empty() && host.bytes().all(plain),
    }
}
