//! What a fetcher brings back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Response, StatusCode};

use super::freshness::fresh_for;
use crate::media_type::media_type;

/// The answer to a fetch, whatever its status; made `From` the HTTP response.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Fetched {
    /// The status.
    pub status: StatusCode,
    /// The media type without its parameters, in lower case, if there is exactly one.
    pub media_type: Option<String>,
    /// For how long it may be used again [RFC 9111 §4.2]; absent where the answer does not say.
    pub fresh_for: Option<Duration>,
    /// The body.
    pub bytes: Arc<[u8]>,
    /// Whether a cache had it; it may have changed since.
    pub from_cache: bool,
}

impl<B: AsRef<[u8]>> From<&Response<B>> for Fetched {
    fn from(response: &Response<B>) -> Self {
        Self {
            status: response.status(),
            media_type: media_type(response.headers()).map(str::to_ascii_lowercase),
            fresh_for: fresh_for(response.headers()),
            bytes: response.body().as_ref().into(),
            from_cache: false,
        }
    }
}

impl Fetched {
    /// The body, if this is what `request` asked for.
    #[cfg(any(feature = "jose", feature = "mtls"))]
    pub(crate) fn content(&self, request: &super::FetchRequest) -> Option<&[u8]> {
        (self.status == StatusCode::OK && self.bytes.len() <= request.max_bytes).then_some(&*self.bytes)
    }
}

/// What an extension fetches may hold secrets, so the body is not shown.
impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched")
            .field("status", &self.status)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer; the decision goes on and refuses as its protocol says.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfetched {
    /// The host fetches nothing.
    #[error("the host fetches nothing")]
    NotServed,
    /// The address is one that nobody may be sent to.
    #[error("the address is not allowed")]
    Forbidden,
    /// The body is larger than was asked for.
    #[error("the document is too large")]
    TooLarge,
    /// There was no answer in time.
    #[error("the document took too long")]
    TimedOut,
    /// No connection, or one that failed.
    #[error("the document cannot be reached")]
    Unreachable,
}
