//! The token endpoint's request and response [RFC 6749 §4.1.3, §4.3.2, §4.4.2, §5, §6].

use std::borrow::Cow;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::certificate::ClientCertificate;
use super::credentials::Credentials;
use super::dpop::DpopHeader;
use super::exchange::ExchangeParameters;
use super::form::{self, Form, Limits, Malformed, Parameters};
use super::members::{Members, name};
use super::request_headers::{Header, RequestHeaders};
use super::token_refusal::TokenRefusal;
use super::unkept::{json, json_text};
use crate::media_type::essence;
use crate::record::{AuthorizationDetails, Exposed, GrantType, Scope};

/// The type of a body that is read [RFC 6749 §B].
const FORM: &str = "application/x-www-form-urlencoded";

const DEVICE_CODE: &str = GrantType::DeviceCode.as_str();
const TOKEN_EXCHANGE: &str = GrantType::TokenExchange.as_str();
const JWT_BEARER: &str = GrantType::JwtBearer.as_str();
const SAML2_BEARER: &str = GrantType::Saml2Bearer.as_str();

/// A request for tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// Who asks.
    pub credentials: Credentials,
    /// The certificate of the connection that it came on, if there was one.
    pub certificate: Option<ClientCertificate>,
    /// The proof that came with it, if there was one.
    pub dpop: Option<DpopHeader>,
    /// What for; checked only after the client.
    pub grant: TokenGrant,
    /// What the access token should allow, if it was said.
    pub scope: Option<String>,
    /// Where the access token shall be used, if it was said [RFC 8707 §2.2].
    pub resource: Vec<String>,
    /// What the access token should allow beside the scope, as JSON, if it was said [RFC 9396 §6].
    pub authorization_details: Option<Exposed>,
    /// Parameters that nobody here knows.
    pub other: Parameters,
}

/// The grant that a token request presents.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenGrant {
    /// `authorization_code` [RFC 6749 §4.1.3].
    AuthorizationCode {
        /// The code.
        code: Option<Exposed>,
        /// Where the code was sent.
        redirect_uri: Option<String>,
        /// What the code challenge was made from [RFC 7636 §4.5].
        code_verifier: Option<Exposed>,
    },
    /// `refresh_token` [RFC 6749 §6].
    RefreshToken {
        /// The refresh token.
        refresh_token: Option<Exposed>,
    },
    /// `client_credentials` [RFC 6749 §4.4.2].
    ClientCredentials,
    /// `urn:ietf:params:oauth:grant-type:device_code` [RFC 8628 §3.4].
    DeviceCode {
        /// The device code.
        device_code: Option<Exposed>,
    },
    /// `urn:ietf:params:oauth:grant-type:token-exchange` [RFC 8693 §2.1].
    TokenExchange(Box<ExchangeParameters>),
    /// `password` [RFC 6749 §4.3.2].
    Password {
        /// Who the person says they are; kept as a secret, since people mistake one field for the other.
        username: Option<Exposed>,
        /// What they prove it with.
        password: Option<Exposed>,
    },
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer` [RFC 7523 §2.1].
    JwtBearer {
        /// What someone else says of a person.
        assertion: Option<Exposed>,
        /// What the assertion is used for beyond the RFC.
        requested_token_use: Option<String>,
    },
    /// `urn:ietf:params:oauth:grant-type:saml2-bearer` [RFC 7522 §2.1].
    Saml2Bearer {
        /// What someone else says of a person, as base64url.
        assertion: Option<Exposed>,
    },
    /// A grant type of a host, or one that is not served; its parameters are among the others.
    Unknown {
        /// Its name.
        grant_type: String,
    },
    /// No grant type at all.
    Missing,
}

impl TokenRequest {
    /// Asks for tokens.
    #[must_use]
    pub const fn new(credentials: Credentials, grant: TokenGrant) -> Self {
        Self {
            credentials,
            certificate: None,
            dpop: None,
            grant,
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
        let grant = match form.take("grant_type").as_deref() {
            Some("authorization_code") => TokenGrant::AuthorizationCode {
                code: form.take_owned("code").map(Exposed::new),
                redirect_uri: form.take_owned("redirect_uri"),
                code_verifier: form.take_owned("code_verifier").map(Exposed::new),
            },
            Some("refresh_token") => {
                TokenGrant::RefreshToken { refresh_token: form.take_owned("refresh_token").map(Exposed::new) }
            }
            Some("client_credentials") => TokenGrant::ClientCredentials,
            Some(TOKEN_EXCHANGE) => TokenGrant::TokenExchange(Box::new(ExchangeParameters::take(&mut form))),
            Some(DEVICE_CODE) => {
                TokenGrant::DeviceCode { device_code: form.take_owned("device_code").map(Exposed::new) }
            }
            Some("password") => TokenGrant::Password {
                username: form.take_owned("username").map(Exposed::new),
                password: form.take_owned("password").map(Exposed::new),
            },
            Some(JWT_BEARER) => TokenGrant::JwtBearer {
                assertion: form.take_owned("assertion").map(Exposed::new),
                requested_token_use: form.take_owned("requested_token_use"),
            },
            Some(SAML2_BEARER) => TokenGrant::Saml2Bearer { assertion: form.take_owned("assertion").map(Exposed::new) },
            Some(other) => TokenGrant::Unknown { grant_type: other.to_owned() },
            None => TokenGrant::Missing,
        };
        let (scope, resource) = (form.take_owned("scope"), form.take_all("resource"));
        let authorization_details = form.take_owned("authorization_details").map(Exposed::new);
        let (certificate, dpop) = (ClientCertificate::of(request), DpopHeader::read(headers.dpop));
        Ok(Self { credentials, certificate, dpop, grant, scope, resource, authorization_details, other: form.rest() })
    }

    /// Writes the request for the token endpoint at `uri`.
    #[must_use]
    pub fn print(&self, uri: &http::Uri) -> Request<Vec<u8>> {
        let mut body = String::new();
        let mut optional = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                form::append(&mut body, name, value);
            }
        };
        match &self.grant {
            TokenGrant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                optional("grant_type", Some("authorization_code"));
                optional("code", code.as_ref().map(Exposed::as_str));
                optional("redirect_uri", redirect_uri.as_deref());
                optional("code_verifier", code_verifier.as_ref().map(Exposed::as_str));
            }
            TokenGrant::RefreshToken { refresh_token } => {
                optional("grant_type", Some("refresh_token"));
                optional("refresh_token", refresh_token.as_ref().map(Exposed::as_str));
            }
            TokenGrant::ClientCredentials => optional("grant_type", Some("client_credentials")),
            TokenGrant::DeviceCode { device_code } => {
                optional("grant_type", Some(DEVICE_CODE));
                optional("device_code", device_code.as_ref().map(Exposed::as_str));
            }
            TokenGrant::Password { username, password } => {
                optional("grant_type", Some("password"));
                optional("username", username.as_ref().map(Exposed::as_str));
                optional("password", password.as_ref().map(Exposed::as_str));
            }
            TokenGrant::JwtBearer { assertion, requested_token_use } => {
                optional("grant_type", Some(JWT_BEARER));
                optional("assertion", assertion.as_ref().map(Exposed::as_str));
                optional("requested_token_use", requested_token_use.as_deref());
            }
            TokenGrant::Saml2Bearer { assertion } => {
                optional("grant_type", Some(SAML2_BEARER));
                optional("assertion", assertion.as_ref().map(Exposed::as_str));
            }
            TokenGrant::Unknown { grant_type } => optional("grant_type", Some(grant_type)),
            TokenGrant::TokenExchange(_) | TokenGrant::Missing => {}
        }
        if let TokenGrant::TokenExchange(parameters) = &self.grant {
            form::append(&mut body, "grant_type", TOKEN_EXCHANGE);
            parameters.print(&mut body);
        }
        let mut optional = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                form::append(&mut body, name, value);
            }
        };
        optional("scope", self.scope.as_deref());
        self.resource.iter().for_each(|resource| optional("resource", Some(resource)));
        optional("authorization_details", self.authorization_details.as_ref().map(Exposed::as_str));
        for (name, value) in self.other.iter() {
            form::append(&mut body, name, value);
        }
        let mut request = print_form(uri, &self.credentials, body);
        self.dpop.iter().for_each(|proof| proof.print(request.headers_mut()));
        request
    }
}

/// Tokens, as the token endpoint gives them [RFC 6749 §5.1].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token.
    pub access_token: Exposed,
    /// What it is, in the answer to an exchange [RFC 8693 §2.2.1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<String>,
    /// How to use it: `Bearer` or `DPoP`.
    pub token_type: Cow<'static, str>,
    /// Seconds until the access token expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// The refresh token, if one was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Exposed>,
    /// What the access token allows; absent if that is not said in scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// What the access token allows beside the scope [RFC 9396 §7].
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
}

impl TokenResponse {
    /// A bearer token that lives for `expires_in` seconds.
    #[must_use]
    pub fn bearer(access_token: Exposed, expires_in: u64, scope: Scope, refresh_token: Option<Exposed>) -> Self {
        Self {
            access_token,
            issued_token_type: None,
            token_type: Cow::Borrowed("Bearer"),
            expires_in: Some(expires_in),
            refresh_token,
            scope: Some(scope).filter(|scope| !scope.is_empty()),
            authorization_details: AuthorizationDetails::none(),
        }
    }

    /// Writes the response.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        json_text(StatusCode::OK, self.json())
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        // Every field is named here, so that none is forgotten.
        let Self {
            access_token,
            issued_token_type,
            token_type,
            expires_in,
            refresh_token,
            scope,
            authorization_details,
        } = self;
        let details = Some(authorization_details).filter(|details| !details.is_empty());
        let mut members = Members::new();
        members.text(name!("access_token"), Some(access_token.as_str()));
        members.text(name!("issued_token_type"), issued_token_type.as_deref());
        members.text(name!("token_type"), Some(token_type));
        members.value(name!("expires_in"), expires_in.as_ref());
        members.text(name!("refresh_token"), refresh_token.as_ref().map(Exposed::as_str));
        members.plain(name!("scope"), scope.as_ref().map(Scope::as_str));
        members.value(name!("authorization_details"), details);
        members.end()
    }

    /// Reads a response to the client.
    ///
    /// # Errors
    ///
    /// What the server refused, or that the response is not one.
    pub fn parse<B: AsRef<[u8]>>(response: &Response<B>) -> Result<Self, ErrorResponse> {
        if response.status() == StatusCode::OK {
            return serde_json::from_slice(response.body().as_ref()).map_err(|_| ErrorResponse::unreadable());
        }
        Err(ErrorResponse::parse(response))
    }
}

/// An error, as endpoints that answer in JSON give it [RFC 6749 §5.2].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The code.
    pub error: String,
    /// For the client's developer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// The words of scope that are the fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

impl ErrorResponse {
    pub(crate) fn new(error: &str, description: &str) -> Self {
        Self { error: error.to_owned(), error_description: Some(description.to_owned()), scope: None }
    }

    fn unreadable() -> Self {
        Self::new("invalid_response", "the response cannot be read")
    }

    /// Reads an error; one that cannot be read is an error of its own, `invalid_response`.
    #[must_use]
    pub fn parse<B: AsRef<[u8]>>(response: &Response<B>) -> Self {
        serde_json::from_slice(response.body().as_ref()).unwrap_or_else(|_| Self::unreadable())
    }
}

impl TokenRefusal {
    /// Writes the refusal, with a challenge for `realm` where the client used the Authorization header.
    #[must_use]
    pub fn print(&self, realm: &str) -> Response<Vec<u8>> {
        let wording = self.wording();
        let mut body = ErrorResponse::new(wording.error, wording.description);
        body.scope = self.scope().cloned();
        let mut response = json(wording.status, &body);
        if self.challenges()
            && let Ok(challenge) = HeaderValue::from_str(&format!("Basic realm=\"{realm}\""))
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Reads the body of a request as parameters that come once.
pub(super) fn read_form<'a, B: AsRef<[u8]>>(
    headers: &RequestHeaders<'_>,
    request: &'a Request<B>,
    limits: &Limits,
) -> Result<Form<'a>, TokenRefusal> {
    check_content_type(headers.content_type).map_err(TokenRefusal::Malformed)?;
    Form::parse_unrepeated(request.body().as_ref(), limits).map_err(TokenRefusal::Malformed)
}

/// Requires a form [RFC 6749 §3.2, §B]; parameters of the type, such as a charset, are of no consequence.
pub(super) fn check_content_type(header: Header<'_>) -> Result<(), Malformed> {
    let Header::Once(value) = header else { return Err(Malformed::ContentType) };
    // As almost everyone writes it, nothing is to be taken apart.
    let form = value == FORM || essence(value).is_some_and(|essence| essence.eq_ignore_ascii_case(FORM));
    if form { Ok(()) } else { Err(Malformed::ContentType) }
}

/// Writes a form that a client authenticates for.
pub(super) fn print_form(uri: &http::Uri, credentials: &Credentials, mut body: String) -> Request<Vec<u8>> {
    let mut headers = HeaderMap::new();
    credentials.print(&mut headers, &mut body);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    let mut request = Request::new(body.into_bytes());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = headers;
    request
}
