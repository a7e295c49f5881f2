//! The authorization response [RFC 6749 §4.1.2 and §4.2.2, RFC 9207, OAuth 2.0 Form Post Response Mode].

use std::borrow::Cow;
use std::iter;

use crate::base64;
use http::header::{HeaderValue, LOCATION, REFERRER_POLICY};
use http::{Response, StatusCode};
use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use super::authorize_refusal::{AuthorizeReason, html};
use super::form::{self, Form, Limits, Malformed};
use super::unkept::no_store;
#[cfg(feature = "jose")]
use crate::record::Sealing;
use crate::record::{Exposed, Scope, VerifiedRedirectUri};

/// What goes back to the client through the person's browser; it can only be made for a verified redirect URI.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthorizationResponse {
    to: VerifiedRedirectUri,
    mode: ResponseMode,
    message: AuthorizationMessage,
    /// What travels in its place, exactly if the mode says so.
    token: Option<ResponseToken>,
}

/// A response as a token [JARM §2.1].
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ResponseToken {
    pub(crate) signed: Exposed,
    /// To whom it is encrypted when it is printed.
    #[cfg(feature = "jose")]
    pub(crate) sealing: Option<Sealing>,
}

impl ResponseToken {
    /// The token as it travels; nothing if it must be encrypted and cannot be.
    fn print(&self) -> Option<Cow<'_, str>> {
        #[cfg(feature = "jose")]
        if let Some(sealing) = &self.sealing {
            return sealing.seal(self.signed.as_str()).map(Cow::Owned);
        }
        Some(Cow::Borrowed(self.signed.as_str()))
    }
}

/// How an authorization response travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In the fragment of the redirect URI, which the browser keeps from servers.
    Fragment,
    /// In a form that the browser posts to the redirect URI.
    FormPost,
    /// As a signed token in the query [JARM §2.3.1].
    QueryJwt,
    /// As a signed token in the fragment [JARM §2.3.2].
    FragmentJwt,
    /// As a signed token in a form [JARM §2.3.3].
    FormPostJwt,
}

impl ResponseMode {
    /// Every response mode that this crate serves.
    pub const ALL: &'static [Self] =
        &[Self::Query, Self::Fragment, Self::FormPost, Self::QueryJwt, Self::FragmentJwt, Self::FormPostJwt];

    /// The response mode of this name, whatever the response type; `jwt` is none, as it stands for different ones.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mode| mode.as_str() == name)
    }

    /// How the response to `response_type` travels if the request does not say, whether it is served or not
    /// [OAuth 2.0 Multiple Response Types §2.1, §5].
    #[must_use]
    pub fn default_of(response_type: Option<&str>) -> Self {
        let mut words = response_type.unwrap_or_default().split(' ');
        if words.any(|word| matches!(word, "token" | "id_token")) { Self::Fragment } else { Self::Query }
    }

    /// What a request asks for by `name`; nothing if it is unknown. `jwt` is the usual one of the response type, signed
    /// [JARM §2.3.4].
    #[must_use]
    pub fn requested(name: &str, response_type: Option<&str>) -> Option<Self> {
        if name == "jwt" { Some(Self::default_of(response_type).signed()) } else { Self::parse(name) }
    }

    /// The same place, for a signed token.
    #[must_use]
    pub const fn signed(self) -> Self {
        match self {
            Self::Query | Self::QueryJwt => Self::QueryJwt,
            Self::Fragment | Self::FragmentJwt => Self::FragmentJwt,
            Self::FormPost | Self::FormPostJwt => Self::FormPostJwt,
        }
    }

    /// Whether it is a signed token that travels.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt)
    }

    /// Whether servers, histories and referrers may come to see it.
    pub(crate) const fn is_in_query(self) -> bool {
        matches!(self, Self::Query | Self::QueryJwt)
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

/// The parameters of an authorization response.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AuthorizationMessage {
    /// What was granted, or why nothing was.
    pub outcome: AuthorizationOutcome,
    /// What the client gave to be given back.
    pub state: Option<String>,
    /// Who answers [RFC 9207 §2].
    pub iss: Option<String>,
}

/// What became of an authorization request.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AuthorizationOutcome {
    /// A code [RFC 6749 §4.1.2].
    Code(Exposed),
    /// An access token [RFC 6749 §4.2.2].
    #[non_exhaustive]
    Token {
        /// The access token.
        access_token: Exposed,
        /// How to use it: `Bearer`.
        token_type: String,
        /// Seconds until it expires.
        expires_in: Option<u64>,
        /// What it allows.
        scope: Option<Scope>,
    },
    /// Granted, and nothing issued [OAuth 2.0 Multiple Response Types §4].
    Nothing,
    /// Refused.
    #[non_exhaustive]
    Error {
        /// The code.
        error: String,
        /// For the client's developer.
        description: Option<String>,
        /// The words of scope that are the fault.
        scope: Option<String>,
    },
}

impl AuthorizationMessage {
    /// The parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        const ABSENT: (&str, Option<Cow<'_, str>>) = ("", None);
        let text = |text| Some(Cow::Borrowed(text));
        let outcome = match &self.outcome {
            AuthorizationOutcome::Code(code) => [("code", text(code.as_str())), ABSENT, ABSENT, ABSENT],
            AuthorizationOutcome::Token { access_token, token_type, expires_in, scope } => [
                ("access_token", text(access_token.as_str())),
                ("token_type", text(token_type)),
                ("expires_in", expires_in.map(|seconds| Cow::Owned(seconds.to_string()))),
                ("scope", scope.as_ref().and_then(|scope| text(scope.as_str()))),
            ],
            AuthorizationOutcome::Nothing => [ABSENT; 4],
            AuthorizationOutcome::Error { error, description, scope } => [
                ("error", text(error)),
                ("error_description", description.as_deref().and_then(text)),
                ("scope", scope.as_deref().and_then(text)),
                ABSENT,
            ],
        };
        let rest = [("state", self.state.as_deref().and_then(text)), ("iss", self.iss.as_deref().and_then(text))];
        outcome.into_iter().chain(rest).filter_map(|(name, value)| Some((name, value?)))
    }

    /// Reads the parameters that a browser brought to the client: a query, a fragment, or the body of a form. Nothing
    /// comes of parameters that are no response, or that mix several.
    ///
    /// # Errors
    ///
    /// They are not well formed, or repeat a parameter.
    pub fn parse(parameters: &[u8], limits: &Limits) -> Result<Option<Self>, Malformed> {
        let mut form = Form::parse_unrepeated(parameters, limits)?;
        let (state, iss) = (form.take_owned("state"), form.take_owned("iss"));
        let bare = state.is_none() && iss.is_none();
        let outcome = match (form.take_owned("code"), form.take_owned("access_token"), form.take_owned("error")) {
            (Some(code), None, None) => Some(AuthorizationOutcome::Code(Exposed::new(code))),
            (None, Some(token), None) => AuthorizationOutcome::take_token(Exposed::new(token), &mut form),
            (None, None, Some(error)) => Some(AuthorizationOutcome::Error {
                error,
                description: form.take_owned("error_description"),
                scope: form.take_owned("scope"),
            }),
            (None, None, None) if !bare => Some(AuthorizationOutcome::Nothing),
            _ => None,
        };
        Ok(outcome.map(|outcome| Self { outcome, state, iss }))
    }
}

impl AuthorizationOutcome {
    pub(crate) fn refused(reason: &AuthorizeReason) -> Self {
        let (error, description) = reason.wording();
        Self::Error {
            error: error.to_owned(),
            description: Some(description.to_owned()),
            scope: reason.scope().map(|scope| scope.as_str().to_owned()),
        }
    }

    fn take_token(access_token: Exposed, form: &mut Form<'_>) -> Option<Self> {
        let token_type = form.take_owned("token_type")?;
        let expires_in = form.take("expires_in").map(|seconds| seconds.parse()).transpose().ok()?;
        let scope = form.take("scope").map(|scope| Scope::parse(&scope)).transpose().ok()?;
        Some(Self::Token { access_token, token_type, expires_in, scope: scope.filter(|scope| !scope.is_empty()) })
    }

    const fn is_secret(&self) -> bool {
        matches!(self, Self::Code(_) | Self::Token { .. })
    }
}

impl AuthorizationResponse {
    /// `token` stands for `message` where `mode` is one of tokens, and is not there otherwise.
    pub(crate) const fn new(
        to: VerifiedRedirectUri,
        mode: ResponseMode,
        message: AuthorizationMessage,
        token: Option<ResponseToken>,
    ) -> Self {
        Self { to, mode, message, token }
    }

    /// Where it goes.
    #[must_use]
    pub const fn to(&self) -> &VerifiedRedirectUri {
        &self.to
    }

    /// What it says.
    #[must_use]
    pub const fn message(&self) -> &AuthorizationMessage {
        &self.message
    }

    /// Writes the redirect, or the page that posts itself; an answer that must be encrypted and cannot be is 500.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        let travels = match &self.token {
            Some(token) => token.print().map(|token| self.print_of(iter::once(("response", token)))),
            // Nothing that was to be signed leaves unsigned.
            None if self.mode.is_signed() => None,
            None => Some(self.print_of(self.message.parameters())),
        };
        travels.unwrap_or_else(|| html(StatusCode::INTERNAL_SERVER_ERROR, String::new(), "default-src 'none'"))
    }

    /// Writes what travels: all of the message, or the one token that stands for it [JARM §2.3].
    fn print_of<'a>(&self, parameters: impl Iterator<Item = (&'static str, Cow<'a, str>)>) -> Response<Vec<u8>> {
        match self.mode {
            ResponseMode::Query | ResponseMode::QueryJwt => {
                self.print_redirect(if self.to.as_str().contains('?') { '&' } else { '?' }, parameters)
            }
            // A URI with a fragment cannot be registered.
            ResponseMode::Fragment | ResponseMode::FragmentJwt => self.print_redirect('#', parameters),
            ResponseMode::FormPost | ResponseMode::FormPostJwt => self.print_form(parameters),
        }
    }

    /// 303, so that a POST to the authorization endpoint is never repeated to the client [RFC 9700 §4.12].
    fn print_redirect<'a>(
        &self,
        separator: char,
        parameters: impl Iterator<Item = (&'static str, Cow<'a, str>)>,
    ) -> Response<Vec<u8>> {
        let mut location = String::with_capacity(256);
        location.push_str(self.to.as_str());
        location.push(separator);
        for (name, value) in parameters {
            form::append(&mut location, name, &value);
        }
        let mut response = Response::new(Vec::new());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        // A registered URI is visible ASCII, and what was appended is percent-encoded.
        if let Ok(mut location) = HeaderValue::try_from(location) {
            location.set_sensitive(self.message.outcome.is_secret());
            headers.insert(LOCATION, location);
        }
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        no_store(headers);
        response
    }

    fn print_form<'a>(&self, parameters: impl Iterator<Item = (&'static str, Cow<'a, str>)>) -> Response<Vec<u8>> {
        let escape = html_escape::encode_quoted_attribute::<str>;
        let mut page = format!(
            "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>Continue</title><form method=\"post\" action=\"{}\">",
            escape(self.to.as_str())
        );
        for (name, value) in parameters {
            page.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(&value)));
        }
        page.push_str("<noscript><button>Continue</button></noscript></form>");
        page.push_str(&format!("<script>{SUBMIT}</script></html>"));
        let script = base64::STANDARD.encode(Sha256::digest(SUBMIT));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{script}'; form-action {}; frame-ancestors 'none'; base-uri 'none'",
            policy_source(self.to.as_str())
        );
        html(StatusCode::OK, page, &policy)
    }
}

const SUBMIT: &str = "document.forms[0].submit()";

/// The narrowest source of a content security policy that covers a redirect URI and where its owner goes on from there.
fn policy_source(uri: &str) -> String {
    let Ok(uri) = Url::parse(uri) else { return "'none'".to_owned() };
    match uri.host() {
        // The grammar of policies has no IPv6 literals.
        Some(Host::Domain(_) | Host::Ipv4(_)) if uri.origin().is_tuple() => uri.origin().ascii_serialization(),
        Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) | None => format!("{}:", uri.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_origin_or_the_scheme() {
        for (uri, source) in [
            ("https://client.example/cb?x=1", "https://client.example"),
            ("https://client.example:8443/cb", "https://client.example:8443"),
            ("http://127.0.0.1:9000/cb", "http://127.0.0.1:9000"),
            ("http://[::1]:9000/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            assert_eq!(policy_source(uri), source, "{uri}");
        }
    }
}
