//! Documents that a stranger asks the server to fetch: what is asked, what is answered, and where nobody may be sent.
//!
//! A client whose identifier is a URL, or that registers a `jwks_uri`, decides where the server connects to. So whoever
//! fetches for it
//! [Client ID Metadata Document §4, §6.5, §6.6]:
//!
//! - looks up the name itself, connects only to addresses of which [`is_forbidden`] says no, and to none that was looked up
//!   another time: a check before the connection library looks the name up again is worth nothing;
//! - asks the same of an address that stands in the URL itself, which is never looked up;
//! - follows no redirect, goes through no proxy that would look names up again, and sends no credentials;
//! - reads no more than [`FetchRequest::max_bytes`], and gives up after [`FetchRequest::timeout`], all told.
//!
//! The decision checks the rest: status, media type, size again, and what the document says. The example `server` has such
//! a fetcher.

mod address;
mod answer;
mod freshness;

use std::time::Duration;

use url::Url;

pub use address::is_forbidden;
pub use answer::{Fetched, Unfetched};

/// A document to be fetched, by GET and without credentials.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FetchRequest {
    /// Where it is.
    pub url: Url,
    /// What it is for.
    pub purpose: Purpose,
    /// How many bytes of it are read at most.
    pub max_bytes: usize,
    /// How long it may take, from the look-up of the name to the last byte.
    pub timeout: Duration,
    /// Whether what was kept in a cache did not do: something is wanted that was not there then. A cache answers all the same
    /// where it asked a moment ago.
    pub anew: bool,
}

impl FetchRequest {
    /// The document at `url`: at most 5 KiB [Client ID Metadata Document §6.6], within 5 s.
    #[must_use]
    pub const fn new(url: Url, purpose: Purpose) -> Self {
        Self { url, purpose, max_bytes: 5 * 1024, timeout: Duration::from_secs(5), anew: false }
    }
}

/// What a document is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Purpose {
    /// To know a client by the document that its identifier leads to.
    ClientDocument,
    /// To check a proof by a key behind the client's `jwks_uri`, or to encrypt an answer to one [RFC 7591 §2].
    ClientKeys,
    /// To check an assertion by a key of an issuer that the operator trusts [RFC 7523 §3].
    IssuerKeys,
    /// Something of an extension.
    Extension(&'static str),
}
