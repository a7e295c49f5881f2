//! Why the authorization endpoint refuses, and whether the client may be told by a redirect.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use super::authorization_response::AuthorizationResponse;
use super::client_document::ClientDocumentFault;
use super::form::Malformed;
use super::request_object::RequestObjectFault;
use super::unkept::no_store;
use crate::record::{DetailsFault, Scope};

/// Why an authorization request was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a host must treat both, and there is no third")]
pub enum AuthorizeRefusal {
    /// Shown to the person by the server itself: it is not known where the client is [RFC 6749 §4.1.2.1].
    Page(PageReason),
    /// Sent to the client.
    Redirect(Box<AuthorizationResponse>),
}

/// Why a request is answered by a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PageReason {
    /// The request could not be read.
    Malformed(Malformed),
    /// `client_id` is missing or given twice.
    ClientIdMissing,
    /// There is no such client.
    ClientUnknown,
    /// The client is known by no document that could be used [Client ID Metadata Document §4.3].
    ClientDocument(ClientDocumentFault),
    /// `redirect_uri` is given twice.
    RedirectUriRepeated,
    /// `redirect_uri` is missing, and the client has not exactly one.
    RedirectUriMissing,
    /// `redirect_uri` is not one of the client's.
    RedirectUriUnregistered,
    /// `request_uri` is unknown, expired, answered, or another client's [RFC 9126 §4].
    RequestUriInvalid,
    /// The request object is not taken, and nothing else says where the client is [RFC 9101 §6].
    RequestObject(RequestObjectFault),
    /// The response must be encrypted, and no key of the client's to encrypt it to can be had [JARM §2.2].
    ResponseKeyMissing,
    /// The host resumed something that is not there any more.
    SessionNotFound,
}

impl PageReason {
    /// The error code that the page shows.
    #[must_use]
    pub const fn error(self) -> &'static str {
        match self {
            Self::Malformed(_)
            | Self::ClientIdMissing
            | Self::RedirectUriRepeated
            | Self::RedirectUriMissing
            | Self::SessionNotFound => "invalid_request",
            Self::ClientUnknown | Self::ClientDocument(_) | Self::ResponseKeyMissing => "invalid_client",
            Self::RedirectUriUnregistered => "invalid_redirect_uri",
            Self::RequestUriInvalid => "invalid_request_uri",
            Self::RequestObject(_) => "invalid_request_object",
        }
    }

    /// What the page says.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.wording().1,
            Self::ClientIdMissing => "client_id is missing or given more than once",
            Self::ClientUnknown => "the client is not registered here",
            Self::ClientDocument(fault) => fault.description(),
            Self::RedirectUriRepeated => "redirect_uri is given more than once",
            Self::RedirectUriMissing => "redirect_uri is missing",
            Self::RedirectUriUnregistered => "redirect_uri is not registered for this client",
            Self::RequestObject(fault) => fault.description(),
            Self::ResponseKeyMissing => {
                "the client's key to encrypt the response to cannot be had; please try again later"
            }
            Self::RequestUriInvalid => "request_uri is unknown or has ended; please start again",
            Self::SessionNotFound => "the authorization request is unknown or has ended; please start again",
        }
    }

    /// The status of the page.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Malformed(malformed) => malformed.wording().0,
            Self::ClientIdMissing
            | Self::ClientUnknown
            | Self::ClientDocument(_)
            | Self::RedirectUriRepeated
            | Self::RedirectUriMissing
            | Self::RedirectUriUnregistered
            | Self::RequestUriInvalid
            | Self::RequestObject(_)
            | Self::ResponseKeyMissing
            | Self::SessionNotFound => StatusCode::BAD_REQUEST,
        }
    }

    /// A plain page, for hosts that have none of their own.
    #[must_use]
    pub fn print(self) -> Response<Vec<u8>> {
        let (error, description) = (self.error(), self.description());
        let page = format!(
            "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>Request refused</title><h1>Request refused</h1><p>{description}.</p><p><code>{error}</code></p></html>"
        );
        html(self.status(), page, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
    }
}

/// A page that nobody may keep, frame or learn the address of.
pub(super) fn html(status: StatusCode, page: String, policy: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(page.into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    no_store(headers);
    headers.insert(http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(http::header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(http::header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Why a client is told that its request was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AuthorizeReason {
    /// A parameter is given more than once.
    Repeated,
    /// `request` is not served.
    RequestNotSupported,
    /// The request object is not taken [RFC 9101 §6].
    RequestObject(RequestObjectFault),
    /// The request must be signed [RFC 9101 §10.5].
    NotSigned,
    /// `request_uri` is no name of a pushed request.
    RequestUriNotSupported,
    /// `request` and `request_uri` together [RFC 9101 §5].
    RequestTwice,
    /// The request must be pushed [RFC 9126 §5, §6].
    NotPushed,
    /// `response_type` is missing.
    ResponseTypeMissing,
    /// `response_type` is not served.
    ResponseTypeUnsupported,
    /// The client may not use this response type.
    ResponseTypeNotAllowed,
    /// `response_mode` is not served.
    ResponseModeUnsupported,
    /// The client did not register this response mode [FAPI 2.0 Message Signing §5.3.3].
    ResponseModeNotAllowed,
    /// The response must be signed [FAPI 2.0 Message Signing §5.4.1].
    ResponseModeUnsigned,
    /// An access token may not travel in a query [OAuth 2.0 Multiple Response Types §5].
    ResponseModeUnsafe,
    /// PKCE is required [RFC 9700 §2.1.1].
    ChallengeMissing,
    /// `code_challenge` without `code_challenge_method`: there is no silent `plain`.
    ChallengeMethodMissing,
    /// `code_challenge_method` is not `S256`.
    ChallengeMethodUnsupported,
    /// `code_challenge` is not of the form that its method makes.
    ChallengeMalformed,
    /// `dpop_jkt` is no thumbprint.
    KeyMalformed,
    /// `code_challenge_method` without `code_challenge`.
    ChallengeMethodAlone,
    /// `scope` is not well formed.
    ScopeMalformed,
    /// No scope was requested, and there is no default.
    ScopeMissing,
    /// Words that the client may not ask for.
    ScopeNotAllowed(Scope),
    /// Nothing that was asked for is known.
    ScopeUnknown,
    /// A resource must be named, and none is [RFC 8707 §2].
    TargetMissing,
    /// A resource is no URI, unknown, or not for this client [RFC 8707 §2].
    TargetInvalid,
    /// The authorization details are not such as the server knows [RFC 9396 §5].
    DetailsInvalid(DetailsFault),
    /// `prompt` has an unknown value, or `none` and others.
    PromptInvalid,
    /// `max_age` is not a number of seconds.
    MaxAgeInvalid,
    /// The person must log in, which `prompt=none` forbids.
    LoginRequired,
    /// No login reaches one of `acr_values`, or the one that was asked for did not [RFC 9470 §5].
    AuthenticationUnmet,
    /// The person must consent, which `prompt=none` forbids.
    ConsentRequired,
    /// The person must choose an account, which `prompt=none` forbids.
    AccountSelectionRequired,
    /// The person, or a policy on their behalf, said no, or granted nothing.
    AccessDenied,
    /// The host does not let the client be granted this.
    ConsentForbidden,
    /// What was approved is more than what was asked for.
    ApprovalExceedsRequest,
    /// Storage or the host failed, or there was no end to conflicts.
    ServerError,
}

impl AuthorizeReason {
    /// The error code and its description on the wire [RFC 6749 §4.1.2.1].
    pub(crate) const fn wording(&self) -> (&'static str, &'static str) {
        match self {
            Self::Repeated => ("invalid_request", "a parameter is given more than once"),
            Self::RequestNotSupported => ("request_not_supported", "request objects are not supported"),
            Self::RequestObject(fault) => ("invalid_request_object", fault.description()),
            Self::NotSigned => ("invalid_request", "the request must be signed: send a request object"),
            Self::RequestUriNotSupported => {
                ("request_uri_not_supported", "only names of pushed requests are supported")
            }
            Self::RequestTwice => ("invalid_request", "request and request_uri exclude each other"),
            Self::NotPushed => ("invalid_request", "the request must be pushed"),
            Self::ResponseTypeMissing => ("invalid_request", "response_type is missing"),
            Self::ResponseTypeUnsupported => ("unsupported_response_type", "the response type is not supported"),
            Self::ResponseTypeNotAllowed => ("unauthorized_client", "the client may not use this response type"),
            Self::ResponseModeUnsupported => ("unsupported_response_mode", "the response mode is not supported"),
            Self::ResponseModeNotAllowed => ("unauthorized_client", "the client may not use this response mode"),
            Self::ResponseModeUnsigned => ("invalid_request", "the response must be signed: ask for response_mode jwt"),
            Self::ResponseModeUnsafe => ("invalid_request", "this response type may not travel in a query"),
            Self::ChallengeMissing => ("invalid_request", "code_challenge is missing: PKCE with S256 is required"),
            Self::ChallengeMethodMissing => ("invalid_request", "code_challenge_method is missing: use S256"),
            Self::ChallengeMethodUnsupported => ("invalid_request", "code_challenge_method is not supported: use S256"),
            Self::KeyMalformed => ("invalid_request", "dpop_jkt is not a SHA-256 thumbprint in base64url"),
            Self::ChallengeMalformed => ("invalid_request", "code_challenge is malformed"),
            Self::ChallengeMethodAlone => ("invalid_request", "code_challenge_method is given without code_challenge"),
            Self::ScopeMalformed => ("invalid_scope", "scope is malformed"),
            Self::ScopeMissing => ("invalid_scope", "scope is missing and the client has no default"),
            Self::ScopeNotAllowed(_) => ("invalid_scope", "the client may not request this scope"),
            Self::ScopeUnknown => ("invalid_scope", "none of the requested scopes is known"),
            Self::TargetMissing => ("invalid_target", "resource is missing"),
            Self::TargetInvalid => ("invalid_target", "a resource is unknown, or not for this client"),
            Self::DetailsInvalid(fault) => ("invalid_authorization_details", fault.wording()),
            Self::PromptInvalid => ("invalid_request", "prompt is not supported, or combines none with other values"),
            Self::MaxAgeInvalid => ("invalid_request", "max_age is not a number of seconds"),
            Self::LoginRequired => ("login_required", "the person must log in"),
            Self::AuthenticationUnmet => {
                ("unmet_authentication_requirements", "none of acr_values was reached, or can be")
            }
            Self::ConsentRequired => ("consent_required", "the person must consent"),
            Self::AccountSelectionRequired => ("account_selection_required", "the person must choose an account"),
            Self::ConsentForbidden => ("access_denied", "the server does not let this client be granted this"),
            Self::AccessDenied => ("access_denied", "the request was denied"),
            Self::ApprovalExceedsRequest => ("server_error", "the approval does not fit the request"),
            Self::ServerError => ("server_error", "the request could not be completed; please try again"),
        }
    }

    pub(crate) const fn scope(&self) -> Option<&Scope> {
        if let Self::ScopeNotAllowed(scope) = self { Some(scope) } else { None }
    }
}

impl From<ClientDocumentFault> for AuthorizeRefusal {
    fn from(fault: ClientDocumentFault) -> Self {
        Self::Page(PageReason::ClientDocument(fault))
    }
}

impl AuthorizeRefusal {
    /// Writes the refusal: a redirect, or the plain page.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        match self {
            Self::Page(reason) => reason.print(),
            Self::Redirect(response) => response.print(),
        }
    }
}
