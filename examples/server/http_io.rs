//! HTTP messages between axum and the library, and forms of this server's own pages.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{self, ConnectInfo};
use axum::response;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode, header};
use maud::Markup;
use url::form_urlencoded;

use crate::tls::Peer;

/// The body is larger than allowed.
#[derive(Debug)]
pub(crate) struct TooLarge;

/// Reads a whole request, its body up to `limit` bytes, with the certificate of its connection where the library looks for
/// it.
pub(crate) async fn read(request: extract::Request, limit: usize) -> Result<Request<Bytes>, TooLarge> {
    let (mut head, body) = request.into_parts();
    let peer = head.extensions.get::<ConnectInfo<Peer>>();
    if let Some(certificate) = peer.and_then(|ConnectInfo(peer)| peer.certificate.clone()) {
        head.extensions.insert(certificate);
    }
    let body = to_bytes(body, limit).await.map_err(|_| TooLarge)?;
    Ok(Request::from_parts(head, body))
}

/// Hands a response of the library to axum.
pub(crate) fn send(response: Response<Vec<u8>>) -> response::Response {
    response.map(Body::from)
}

/// The fields of a form of one of our own pages.
#[derive(Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    pub(crate) fn of_query<B>(request: &Request<B>) -> Self {
        Self::parse(request.uri().query().unwrap_or_default().as_bytes())
    }

    /// The first value of a field; empty if there is none.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.iter().find_map(|(own, value)| (own == name).then_some(value.as_str())).unwrap_or_default()
    }
}

/// A page that nobody may keep, frame or learn the address of, whose forms may lead to `form_action` only.
pub(crate) fn html(status: StatusCode, page: Markup, form_action: &str) -> Response<Vec<u8>> {
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = Response::new(page.into_string().into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(headers, header::CONTENT_SECURITY_POLICY, &policy);
    set(headers, header::CACHE_CONTROL, "no-store");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::X_FRAME_OPTIONS, "DENY");
    response
}

/// Sends the browser on, always with GET.
pub(crate) fn see_other(to: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    set(response.headers_mut(), header::LOCATION, to);
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    set(response.headers_mut(), header::REFERRER_POLICY, "no-referrer");
    response
}

/// Every value that comes here is visible ASCII; one that is not is left out rather than sent broken.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
