//! Which scripts of other origins may call a resource of the host's own.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName};
use http::{Method, Request, Response};

use crate::wire::{READ, Reader, SENT, asking_origin, preflight, readable};

/// Which scripts may call a resource, what they may send and what they may read.
///
/// A token is the only authority here, and a browser never adds it by itself, so any origin may call unless the host says
/// otherwise. It is for resources that read no cookies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CrossOrigin {
    methods: Vec<Method>,
    /// Everyone's if absent.
    origins: Option<Vec<String>>,
    sent: String,
    read: String,
}

impl CrossOrigin {
    /// Lets the scripts of every origin use `methods`, and send and read the headers of OAuth.
    #[must_use]
    pub fn any(methods: &[Method]) -> Self {
        Self { methods: methods.to_vec(), origins: None, sent: SENT.to_owned(), read: READ.to_owned() }
    }

    /// Lets only scripts of these origins, as browsers write them: `https://app.example`.
    #[must_use]
    pub fn only<I: IntoIterator<Item: Into<String>>>(mut self, origins: I) -> Self {
        self.origins = Some(origins.into_iter().map(Into::into).collect());
        self
    }

    /// Lets scripts send one more header.
    #[must_use]
    pub fn send(mut self, header: &HeaderName) -> Self {
        self.sent = format!("{}, {header}", self.sent);
        self
    }

    /// Lets scripts read one more header.
    #[must_use]
    pub fn read(mut self, header: &HeaderName) -> Self {
        self.read = format!("{}, {header}", self.read);
        self
    }

    /// Answers a preflight; nothing if the request is none.
    #[must_use]
    pub fn preflight<B>(&self, request: &Request<B>) -> Option<Response<Vec<u8>>> {
        let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        asks.then(|| preflight(self.reader(request.headers()), &self.methods, &self.sent))
    }

    /// Lets the script that made `request` read `response`, if it may; refusals too, or it could not learn what to do.
    pub fn mark<B, C>(&self, request: &Request<B>, response: &mut Response<C>) {
        readable(response.headers_mut(), self.reader(request.headers()), &self.read);
    }

    fn reader(&self, headers: &HeaderMap) -> Reader {
        let Some(origins) = &self.origins else { return Reader::Anyone };
        let listed = asking_origin(headers).filter(|origin| origins.iter().any(|listed| *origin == listed.as_str()));
        listed.map_or(Reader::SameOrigin, |origin| Reader::Origin(origin.clone()))
    }
}
