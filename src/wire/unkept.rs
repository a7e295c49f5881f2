//! Answers that nobody may keep [RFC 6749 §5.1].

use std::sync::LazyLock;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, PRAGMA};
use http::{Response, StatusCode};
use serde::Serialize;

use super::cors::{Reader, readable};

/// The headers of most answers, made once: to copy them takes less time than to put them in one by one.
static JSON: LazyLock<HeaderMap> = LazyLock::new(|| json_text(StatusCode::OK, Vec::new()).into_parts().0.headers);

/// The same where scripts of other origins may call, and none does.
static JSON_AT_HOME: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = JSON.clone();
    readable(&mut headers, Reader::SameOrigin, "");
    headers
});

/// A response in JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response<Vec<u8>> {
    // Tokens and what is said of them seldom need more.
    let mut text = Vec::with_capacity(512);
    // Messages are structs of texts and numbers, which JSON can always express.
    let _ = serde_json::to_writer(&mut text, body);
    json_text(status, text)
}

/// The same of a text that is JSON.
pub(crate) fn json_text(status: StatusCode, text: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    no_store(headers);
    response
}

/// The same of a text that answers what no script of another origin asks, whether one might or not.
pub(crate) fn json_at_home(text: Vec<u8>, scripts_may_ask: bool) -> Response<Vec<u8>> {
    let mut response = Response::new(text);
    *response.headers_mut() = HeaderMap::clone(if scripts_may_ask { &JSON_AT_HOME } else { &JSON });
    response
}

pub(crate) fn no_store(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}
