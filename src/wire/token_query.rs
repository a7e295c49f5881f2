//! Requests about a token: introspection [RFC 7662 §2.1] and revocation [RFC 7009 §2.1] have the same form.

use http::Request;
use http::header::{ACCEPT, HeaderValue};

use super::certificate::ClientCertificate;
use super::credentials::Credentials;
use super::form::{self, Limits, Parameters};
use super::introspection_claims;
use super::request_headers::RequestHeaders;
use super::token::{print_form, read_form};
use super::token_refusal::TokenRefusal;
use crate::record::Exposed;

/// A client's request about a token.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TokenQuery {
    /// Who asks.
    pub credentials: Credentials,
    /// The certificate of the connection that it came on, if there was one.
    pub certificate: Option<ClientCertificate>,
    /// The token in question.
    pub token: Option<Exposed>,
    /// What the client thinks the token is; only a hint.
    pub token_type_hint: Option<String>,
    /// Whether the answer shall be signed, if it says something of the token [RFC 9701 §4].
    pub signed: bool,
    /// Parameters that nobody here knows.
    pub other: Parameters,
}

impl TokenQuery {
    /// Asks about `token`.
    #[must_use]
    pub const fn new(credentials: Credentials, token: Exposed) -> Self {
        Self {
            credentials,
            certificate: None,
            token: Some(token),
            token_type_hint: None,
            signed: false,
            other: Parameters::new(),
        }
    }

    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is no form, is too large, repeats a parameter, or does not identify its client by one method.
    pub fn parse<B: AsRef<[u8]>>(request: &Request<B>, limits: &Limits) -> Result<Self, TokenRefusal> {
        let (query, token) = Self::read(request, limits, |token| Exposed::new(token))?;
        Ok(Self { token, ..query })
    }

    /// Writes the request for the endpoint at `uri`.
    #[must_use]
    pub fn print(&self, uri: &http::Uri) -> Request<Vec<u8>> {
        let mut body = String::new();
        if let Some(token) = &self.token {
            form::append(&mut body, "token", token.as_str());
        }
        if let Some(hint) = &self.token_type_hint {
            form::append(&mut body, "token_type_hint", hint);
        }
        for (name, value) in self.other.iter() {
            form::append(&mut body, name, value);
        }
        let mut request = print_form(uri, &self.credentials, body);
        if self.signed {
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static(introspection_claims::MEDIA_TYPE));
        }
        request
    }

    /// Reads a request, and beside it what its token is, whose text is lent for as long.
    pub(crate) fn read<B: AsRef<[u8]>, T>(
        request: &Request<B>,
        limits: &Limits,
        token: impl FnOnce(&str) -> T,
    ) -> Result<(Self, Option<T>), TokenRefusal> {
        let headers = RequestHeaders::of(request.headers());
        let mut form = read_form(&headers, request, limits)?;
        let credentials = Credentials::take(&headers, &mut form).map_err(TokenRefusal::Credentials)?;
        let token = form.take_secret("token", token);
        let query = Self {
            credentials,
            certificate: ClientCertificate::of(request),
            token: None,
            token_type_hint: form.take_owned("token_type_hint"),
            signed: headers.accept.is_there() && introspection_claims::is_accepted(request.headers()),
            other: form.rest(),
        };
        Ok((query, token))
    }
}
