//! The keys by which others verify what the server signs [RFC 7517 §5].

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use crate::config::Config;
use crate::env::Timestamp;

/// The keys that others have to know at `now`, or that there are none.
pub(super) fn print(config: &Config, now: Timestamp) -> Response<Vec<u8>> {
    let mut response = Response::new(config.jwks(now).unwrap_or_default());
    if response.body().is_empty() {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    // `KeySet` says how long a key must be published before it signs.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
