//! The device authorization request and response [RFC 8628 §3.1, §3.2].

use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::certificate::ClientCertificate;
use super::credentials::Credentials;
use super::form::{self, Limits, Parameters};
use super::request_headers::RequestHeaders;
use super::token::{print_form, read_form};
use super::token_refusal::TokenRefusal;
use super::unkept::json;
use crate::record::Exposed;

/// A request of a device for codes.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeviceRequest {
    /// Who asks.
    pub credentials: Credentials,
    /// The certificate of the connection that it came on, if there was one.
    pub certificate: Option<ClientCertificate>,
    /// What the client would like to do.
    pub scope: Option<String>,
    /// Which resources the client would like to use [RFC 8707].
    pub resource: Vec<String>,
    /// What the client would like to do beside the scope, as JSON [RFC 9396 §3].
    pub authorization_details: Option<Exposed>,
    /// Parameters that nobody here knows.
    pub other: Parameters,
}

impl DeviceRequest {
    /// Asks for codes.
    #[must_use]
    pub const fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            certificate: None,
            scope: None,
            resource: Vec::new(),
            authorization_details: None,
            other: Parameters::new(),
        }
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
        let (scope, resource) = (form.take_owned("scope"), form.take_all("resource"));
        let authorization_details = form.take_owned("authorization_details").map(Exposed::new);
        let certificate = ClientCertificate::of(request);
        Ok(Self { credentials, certificate, scope, resource, authorization_details, other: form.rest() })
    }

    /// Writes the request for the endpoint at `uri`.
    #[must_use]
    pub fn print(&self, uri: &http::Uri) -> Request<Vec<u8>> {
        let mut body = String::new();
        if let Some(scope) = &self.scope {
            form::append(&mut body, "scope", scope);
        }
        for resource in &self.resource {
            form::append(&mut body, "resource", resource);
        }
        if let Some(details) = &self.authorization_details {
            form::append(&mut body, "authorization_details", details.as_str());
        }
        for (name, value) in self.other.iter() {
            form::append(&mut body, name, value);
        }
        print_form(uri, &self.credentials, body)
    }
}

/// The codes of a device [RFC 8628 §3.2].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeviceResponse {
    /// What the device polls with.
    pub device_code: Exposed,
    /// What the person types.
    pub user_code: Exposed,
    /// Where the person types it.
    pub verification_uri: String,
    /// The same with the code in it, for a picture to be scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<Exposed>,
    /// Seconds until both expire.
    pub expires_in: u64,
    /// Seconds between two polls at least.
    #[serde(default = "five")]
    pub interval: u64,
}

/// [RFC 8628 §3.2]
const fn five() -> u64 {
    5
}

impl DeviceResponse {
    pub(crate) fn new(
        device_code: Exposed,
        user_code: &str,
        verification_uri: String,
        expires_in: u64,
        interval: u64,
    ) -> Self {
        let mut complete = format!("{verification_uri}?");
        form::append(&mut complete, "user_code", user_code);
        let (user_code, complete) = (Exposed::new(user_code), Some(Exposed::new(complete)));
        Self { device_code, user_code, verification_uri, verification_uri_complete: complete, expires_in, interval }
    }

    /// Writes the response.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        json(StatusCode::OK, self)
    }

    /// Reads a response to the device.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}
