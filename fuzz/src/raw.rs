//! Requests of any bytes.

use arbitrary::Arbitrary;
use http::{HeaderValue, Method, Request};

/// Any method, headers and body; by default those of a form.
#[derive(Arbitrary, Debug)]
pub struct RawRequest<'a> {
    method: u8,
    authorization: Vec<&'a [u8]>,
    content_type: Option<&'a [u8]>,
    uri: Option<&'a str>,
    body: &'a [u8],
}

impl<'a> RawRequest<'a> {
    /// The body.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The request, without those of its parts that no HTTP server would let through.
    #[must_use]
    pub fn request(&self) -> Request<&'a [u8]> {
        let mut request = Request::new(self.body);
        *request.method_mut() = match self.method {
            0 => Method::GET,
            1 => Method::HEAD,
            2 => Method::PUT,
            _ => Method::POST,
        };
        if let Some(uri) = self.uri.and_then(|uri| uri.parse().ok()) {
            *request.uri_mut() = uri;
        }
        let content_type = self.content_type.unwrap_or(b"application/x-www-form-urlencoded");
        let authorization = self.authorization.iter().map(|value| ("authorization", *value));
        for (name, value) in authorization.chain([("content-type", content_type)]) {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request.headers_mut().append(name, value);
            }
        }
        request
    }
}
