//! Pushing an authorization request [RFC 9126 §2].

use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::authorization_request::AuthorizationRequest;
use super::certificate::ClientCertificate;
use super::credentials::Credentials;
use super::dpop::DpopHeader;
use super::form::Limits;
use super::request_headers::RequestHeaders;
use super::token::{print_form, read_form};
use super::token_refusal::TokenRefusal;
use super::unkept::json;
use crate::record::{Digest, Exposed, Handle};

/// What every name of a pushed request begins with [RFC 9126 §2.2].
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// An authorization request that comes from the client itself.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PushRequest {
    /// Who pushes.
    pub credentials: Credentials,
    /// The certificate of the connection that it came on, if there was one.
    pub certificate: Option<ClientCertificate>,
    /// The proof that came with it, if there was one [RFC 9449 §10.1].
    pub dpop: Option<DpopHeader>,
    /// What it will ask for.
    pub request: AuthorizationRequest,
}

impl PushRequest {
    /// Pushes `request`.
    #[must_use]
    pub const fn new(credentials: Credentials, request: AuthorizationRequest) -> Self {
        Self { credentials, certificate: None, dpop: None, request }
    }

    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is no form, is too large, repeats a parameter, or does not identify its client by one method.
    pub fn parse<B: AsRef<[u8]>>(request: &Request<B>, limits: &Limits) -> Result<Self, TokenRefusal> {
        let headers = RequestHeaders::of(request.headers());
        let mut form = read_form(&headers, request, limits)?;
        let credentials = Credentials::take(&headers, &mut form).map_err(TokenRefusal::Credentials)?;
        let mut pushed = AuthorizationRequest::from_form(form);
        pushed.client_id = Some(credentials.client().clone());
        let (certificate, dpop) = (ClientCertificate::of(request), DpopHeader::read(headers.dpop));
        Ok(Self { credentials, certificate, dpop, request: pushed })
    }

    /// Writes the request for the endpoint at `uri`.
    #[must_use]
    pub fn print(&self, uri: &http::Uri) -> Request<Vec<u8>> {
        // The credentials name the client already.
        let request = AuthorizationRequest { client_id: None, ..self.request.clone() };
        let mut request = print_form(uri, &self.credentials, request.print());
        self.dpop.iter().for_each(|proof| proof.print(request.headers_mut()));
        request
    }
}

/// The name of a pushed request, to be brought by the person's browser [RFC 9126 §2.2].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PushResponse {
    /// The name.
    pub request_uri: Exposed,
    /// Seconds in which it must be brought.
    pub expires_in: u64,
}

impl PushResponse {
    pub(crate) fn new(secret: &[u8; 32], expires_in: u64) -> Self {
        let mut text = PREFIX.to_owned();
        Handle::append_secret(secret, &mut text);
        Self { request_uri: Exposed::new(text), expires_in }
    }

    /// Writes the response.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        json(StatusCode::CREATED, self)
    }

    /// Reads a response to the client.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

/// The digest that a pushed request is kept under, or nothing if `request_uri` is no name of ours.
pub(crate) fn pushed_id(request_uri: &Exposed) -> Option<Digest> {
    Handle::parse_secret(request_uri.as_str().strip_prefix(PREFIX)?).map(|secret| Digest::of(&secret[..]))
}
