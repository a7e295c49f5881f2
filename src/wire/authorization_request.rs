//! The authorization request [RFC 6749 §4.1.1, RFC 7636 §4.3].

use std::fmt;

use http::{Method, Request};
use serde::{Deserialize, Serialize};

use super::form::{self, Form, Limits, Malformed, Parameters};
use super::request_headers::RequestHeaders;
use super::token::check_content_type;
use crate::record::{ClientId, Exposed};

/// An authorization request as it was asked, every parameter at most once; nothing in it is verified.
///
/// It is a plain value that a host may keep while a person logs in; every use of it verifies it again.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// Which client asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Where the response shall go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// What the response shall carry: `code`, `token` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_type: Option<String>,
    /// How the response shall travel: `query`, `fragment` or `form_post`, or as a token, `jwt` or `….jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<String>,
    /// What the client would like to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Which resources the client would like to use [RFC 8707 §2.1].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// What the client would like to do beside the scope, as JSON [RFC 9396 §3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Exposed>,
    /// Given back with the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the code verifier will be checked against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// How the challenge was made from the verifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge_method: Option<String>,
    /// The thumbprint of the key that the tokens shall be bound to [RFC 9449 §10].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// Which pages the person must or must not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How many seconds ago the person may have proved who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<String>,
    /// How surely the person must prove who they are: one of these, the best first [RFC 9470 §4].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// Whom the client thinks the person to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// In which languages the person would like to be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// The request as a signed object, which then counts alone [RFC 9101 §5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Exposed>,
    /// The name of the request that stands for this one [RFC 9126 §4].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_uri: Option<Exposed>,
    /// Names that were given more than once; refused once it is known where to say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<String>,
    /// Parameters that nobody here knows.
    #[serde(skip_serializing_if = "Parameters::is_empty")]
    pub other: Parameters,
}

impl AuthorizationRequest {
    /// Reads the query of a GET or the body of a POST [RFC 6749 §3.1].
    ///
    /// # Errors
    ///
    /// It cannot be read as parameters; there is nowhere to redirect such an error to.
    pub fn parse<B: AsRef<[u8]>>(request: &Request<B>, limits: &Limits) -> Result<Self, Malformed> {
        if request.method() == Method::POST {
            check_content_type(RequestHeaders::of(request.headers()).content_type)?;
            return Self::parse_form(request.body().as_ref(), limits);
        }
        Self::parse_form(request.uri().query().unwrap_or_default().as_bytes(), limits)
    }

    /// Reads a query.
    ///
    /// # Errors
    ///
    /// It cannot be read as parameters.
    pub fn parse_form(query: &[u8], limits: &Limits) -> Result<Self, Malformed> {
        Form::parse(query, limits).map(Self::from_form)
    }

    pub(super) fn from_form(mut form: Form<'_>) -> Self {
        Self {
            client_id: form.take("client_id").map(|id| ClientId::new(&id)),
            redirect_uri: form.take_owned("redirect_uri"),
            response_type: form.take_owned("response_type"),
            response_mode: form.take_owned("response_mode"),
            scope: form.take_owned("scope"),
            resource: form.take_all("resource"),
            authorization_details: form.take_owned("authorization_details").map(Exposed::new),
            state: form.take_owned("state"),
            code_challenge: form.take_owned("code_challenge"),
            code_challenge_method: form.take_owned("code_challenge_method"),
            dpop_jkt: form.take_owned("dpop_jkt"),
            prompt: form.take_owned("prompt"),
            max_age: form.take_owned("max_age"),
            acr_values: form.take_owned("acr_values"),
            login_hint: form.take_owned("login_hint"),
            ui_locales: form.take_owned("ui_locales"),
            request: form.take_owned("request").map(Exposed::new),
            request_uri: form.take_owned("request_uri").map(Exposed::new),
            repeated: form.repeated(),
            other: form.rest(),
        }
    }

    /// Writes the request as a query. Repetitions are not written: a known parameter is once, an unknown one not at all.
    #[must_use]
    pub fn print(&self) -> String {
        let mut query = String::new();
        if let Some(client) = &self.client_id {
            form::append(&mut query, "client_id", client.as_str());
        }
        for (name, value) in [
            ("redirect_uri", &self.redirect_uri),
            ("response_type", &self.response_type),
            ("response_mode", &self.response_mode),
            ("scope", &self.scope),
            ("state", &self.state),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
            ("dpop_jkt", &self.dpop_jkt),
            ("prompt", &self.prompt),
            ("max_age", &self.max_age),
            ("acr_values", &self.acr_values),
            ("login_hint", &self.login_hint),
            ("ui_locales", &self.ui_locales),
        ] {
            if let Some(value) = value {
                form::append(&mut query, name, value);
            }
        }
        for (name, value) in [
            ("authorization_details", &self.authorization_details),
            ("request", &self.request),
            ("request_uri", &self.request_uri),
        ] {
            if let Some(value) = value {
                form::append(&mut query, name, value.as_str());
            }
        }
        for resource in &self.resource {
            form::append(&mut query, "resource", resource);
        }
        for (name, value) in self.other.iter().filter(|(name, _)| !self.repeats(name)) {
            form::append(&mut query, name, value);
        }
        query
    }

    pub(crate) fn repeats(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| repeated == name)
    }
}

/// A `plain` challenge is the verifier itself, so no challenge is shown; details can be personal.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("response_type", &self.response_type)
            .field("response_mode", &self.response_mode)
            .field("scope", &self.scope)
            .field("state", &self.state)
            .field("code_challenge_method", &self.code_challenge_method)
            .field("dpop_jkt", &self.dpop_jkt)
            .field("prompt", &self.prompt)
            .field("max_age", &self.max_age)
            .field("acr_values", &self.acr_values)
            .field("login_hint", &self.login_hint)
            .field("ui_locales", &self.ui_locales)
            .field("repeated", &self.repeated)
            .field("other", &self.other)
            .finish_non_exhaustive()
    }
}
