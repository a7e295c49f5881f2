//! The media type of a message.

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};

/// The media type of a message, without its parameters, if it has exactly one.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    essence(value)
}

/// The same of the header's value.
pub(crate) fn essence(value: &HeaderValue) -> Option<&str> {
    Some(value.to_str().ok()?.split(';').next()?.trim())
}
