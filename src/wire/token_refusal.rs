//! Why the token endpoint and its neighbours refuse, and how each reason looks on the wire.

use http::StatusCode;

use super::assertion_fault::AssertionFault;
use super::authorize_refusal::AuthorizeReason;
use super::client_document::ClientDocumentFault;
use super::credentials::CredentialsFault;
use super::dpop::ProofFault;
use super::extension_refusal::ExtensionRefusal;
use super::form::Malformed;
use crate::record::{DetailsFault, Scope};

/// Why a request that a client authenticates for was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// The request could not be read.
    Malformed(Malformed),
    /// The request does not identify its client.
    Credentials(CredentialsFault),
    /// The client is unknown, or did not prove to be it.
    ClientNotAuthenticated {
        /// Whether it used the Authorization header.
        by_header: bool,
    },
    /// The attestation of the client has expired [Attestation-Based Client Authentication §7.4].
    AttestationStale,
    /// Only who authenticates is told anything of a token [RFC 9701 §5].
    ClientUnproven,
    /// The answer cannot be signed or encrypted as the client registered.
    AnswerUnprotected,
    /// The client is known by no document that could be used.
    ClientDocument(ClientDocumentFault),
    /// A required parameter is missing.
    ParameterMissing(&'static str),
    /// The code verifier is not 43 to 128 unreserved characters [RFC 7636 §4.1].
    VerifierMalformed,
    /// The grant type is not served.
    GrantTypeUnsupported,
    /// The client may not use the grant type.
    GrantTypeNotAllowed,
    /// There is no such code.
    CodeUnknown,
    /// The code was issued to another client.
    CodeOfAnotherClient,
    /// The code is too old.
    CodeExpired,
    /// The code was redeemed before; its grant is now revoked.
    CodeReplayed,
    /// The device code is too old [RFC 8628 §3.5].
    DeviceCodeExpired,
    /// The person has not answered yet.
    DevicePending,
    /// The person has not answered yet, and the device asks too often: it must wait 5 s longer from now on.
    DeviceSlowDown,
    /// The person denied.
    DeviceDenied,
    /// The subject token is unknown, expired or revoked [RFC 8693 §2.2.2].
    SubjectTokenInvalid,
    /// The actor token is unknown, expired or revoked, or comes without its type [RFC 8693 §2.1].
    ActorTokenInvalid,
    /// Tokens of this type are not exchanged, or not for what is requested.
    TokenTypeUnsupported,
    /// The grant of the subject token names who may act, and it is not the actor.
    ActorNotAllowed,
    /// The actor acts already, or too many do.
    ActorsLoop,
    /// The host does not allow this exchange.
    ExchangeDenied,
    /// The host does not know a person of this name and password [RFC 6749 §5.2].
    PasswordWrong,
    /// The assertion gives nothing [RFC 7523 §3.1].
    Assertion(AssertionFault),
    /// The assertion shall be used in a way that is not served.
    TokenUseUnsupported,
    /// The redirect URI is not the one the code was issued for.
    RedirectUriDiffers,
    /// The code is bound to a challenge, and the request has no verifier.
    VerifierMissing,
    /// The verifier does not fit the challenge.
    VerifierDiffers,
    /// The code is bound to no challenge, and the request has a verifier [RFC 9700 §2.1.1].
    VerifierUnexpected,
    /// There is no such refresh token.
    RefreshTokenUnknown,
    /// The refresh token was issued to another client.
    RefreshTokenOfAnotherClient,
    /// The refresh token was not used for too long, or its grant has come to its end.
    RefreshTokenExpired,
    /// The refresh token was spent; its grant is now revoked.
    RefreshTokenReused,
    /// The client, or its refresh token, is bound to a certificate, and the connection has none.
    CertificateMissing,
    /// The refresh token is bound to another certificate.
    CertificateDiffers,
    /// The request needs a proof that its sender holds a key, or has one that is not taken [RFC 9449 §4.3, §5].
    Proof(ProofFault),
    /// The code or the refresh token is bound to another key, or the request proves none [RFC 9449 §5, §10].
    KeyDiffers,
    /// A pushed request names one key and proves another [RFC 9449 §10.1].
    PushedKeyDiffers,
    /// The host says that the person is not there any more.
    SubjectInactive,
    /// The grant was revoked.
    GrantRevoked,
    /// The scope is not well formed.
    ScopeMalformed,
    /// No scope was requested, and there is no default.
    ScopeMissing,
    /// Words that the grant does not have.
    ScopeExceedsGrant(Scope),
    /// Words that the client may not ask for.
    ScopeNotAllowed(Scope),
    /// Nothing that was asked for is known.
    ScopeUnknown,
    /// A pushed request has a `request_uri` itself [RFC 9126 §2.1].
    PushedRequestUri,
    /// A pushed request does not name one of the client's redirect URIs.
    PushedRedirectUri,
    /// A pushed request would be refused at the authorization endpoint.
    PushedRequest(AuthorizeReason),
    /// A resource must be named, and none is [RFC 8707 §2].
    TargetMissing,
    /// The resource is no URI, unknown, or not for this client or grant; or not exactly one is named [RFC 8707 §2].
    TargetInvalid,
    /// The authorization details are not such as the server knows, or exceed the grant [RFC 9396 §5, §6].
    DetailsInvalid(DetailsFault),
    /// A grant type of the host refuses.
    Extension(ExtensionRefusal),
}

/// How a refusal looks on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Wording {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

const fn says(status: StatusCode, error: &'static str, description: &'static str) -> Wording {
    Wording { status, error, description }
}

impl TokenRefusal {
    /// The error code on the wire [RFC 6749 §5.2].
    #[must_use]
    pub fn error(&self) -> &'static str {
        self.wording().error
    }

    /// The status, code and description: what helps the client's developer and tells an attacker nothing.
    pub(crate) fn wording(&self) -> Wording {
        use StatusCode as S;
        let request = |description| says(S::BAD_REQUEST, "invalid_request", description);
        let grant = |description| says(S::BAD_REQUEST, "invalid_grant", description);
        let scope = |description| says(S::BAD_REQUEST, "invalid_scope", description);
        let client = |description| says(S::UNAUTHORIZED, "invalid_client", description);
        match self {
            Self::Malformed(malformed) => {
                let (status, description) = malformed.wording();
                says(status, "invalid_request", description)
            }
            Self::Credentials(CredentialsFault::Missing) => client("the request does not identify its client"),
            Self::Credentials(CredentialsFault::UnsupportedScheme | CredentialsFault::UnsupportedMethod) => {
                client("the client authentication method is not supported")
            }
            Self::Credentials(CredentialsFault::Several) => {
                request("the client must use exactly one authentication method")
            }
            Self::Credentials(CredentialsFault::Mismatch) => request("client_id mismatch"),
            Self::Credentials(CredentialsFault::AssertionType) => {
                request("client_assertion needs the client_assertion_type of a JWT")
            }
            Self::Credentials(CredentialsFault::Header) => request("the Authorization header is malformed"),
            Self::AttestationStale => {
                says(S::BAD_REQUEST, "use_fresh_attestation", "the client attestation has expired")
            }
            Self::Credentials(CredentialsFault::Assertion | CredentialsFault::Attestation)
            | Self::ClientNotAuthenticated { .. } => client("client authentication failed"),
            Self::ClientUnproven => says(S::BAD_REQUEST, "invalid_client", "this endpoint needs client authentication"),
            Self::AnswerUnprotected => says(
                S::BAD_REQUEST,
                "invalid_client",
                "the answer cannot be signed or encrypted as the client registered",
            ),
            // Whoever would take it for unknown would forget what it was given.
            Self::ClientDocument(fault) if fault.may_pass() => {
                says(S::BAD_REQUEST, "temporarily_unavailable", fault.description())
            }
            Self::ClientDocument(fault) => client(fault.description()),
            Self::ParameterMissing(name) => request(missing(name)),
            Self::VerifierMalformed => request("code_verifier must be 43 to 128 unreserved characters"),
            Self::GrantTypeUnsupported => {
                says(S::BAD_REQUEST, "unsupported_grant_type", "the grant type is not supported")
            }
            Self::GrantTypeNotAllowed => {
                says(S::BAD_REQUEST, "unauthorized_client", "the client may not use this grant type")
            }
            // One wording for all: which part was right is nobody's business.
            Self::CodeUnknown | Self::CodeOfAnotherClient | Self::CodeExpired | Self::CodeReplayed => {
                grant("the authorization code is invalid, expired, used, or another client's")
            }
            Self::DeviceCodeExpired => says(S::BAD_REQUEST, "expired_token", "the device code has expired"),
            Self::DevicePending => says(S::BAD_REQUEST, "authorization_pending", "the person has not answered yet"),
            Self::DeviceSlowDown => {
                says(S::BAD_REQUEST, "slow_down", "poll less often: wait 5 seconds longer each time")
            }
            Self::DeviceDenied => says(S::BAD_REQUEST, "access_denied", "the person denied the request"),
            Self::SubjectTokenInvalid => request("subject_token is invalid or expired"),
            Self::ActorTokenInvalid => request("actor_token is invalid or expired, or comes without actor_token_type"),
            Self::TokenTypeUnsupported => request("tokens of these types are not exchanged"),
            Self::ActorNotAllowed => request("the subject token does not allow this actor"),
            Self::ActorsLoop => request("the actor acts already, or too many actors do"),
            Self::ExchangeDenied => {
                says(S::BAD_REQUEST, "unauthorized_client", "the client may not make this exchange")
            }
            Self::PasswordWrong => grant("the user name or the password is wrong"),
            Self::Assertion(fault) => says(S::BAD_REQUEST, fault.error(), fault.description()),
            Self::TokenUseUnsupported => request("the requested_token_use is not supported"),
            Self::RedirectUriDiffers => grant("redirect_uri is not that of the authorization request"),
            Self::VerifierMissing | Self::VerifierDiffers => grant("code_verifier does not match the code_challenge"),
            Self::VerifierUnexpected => grant("code_verifier was sent for a code without code_challenge"),
            Self::RefreshTokenUnknown
            | Self::RefreshTokenOfAnotherClient
            | Self::RefreshTokenExpired
            | Self::RefreshTokenReused => grant("the refresh token is invalid, expired, used, or another client's"),
            Self::CertificateMissing => grant("mutual TLS client certificate not provided"),
            Self::CertificateDiffers => grant("the refresh token is bound to another client certificate"),
            Self::Proof(fault) => says(S::BAD_REQUEST, fault.error(), fault.description()),
            Self::KeyDiffers => grant("the grant is bound to a key, of which the request has no proof"),
            Self::PushedKeyDiffers => request("dpop_jkt is not the key of the DPoP proof"),
            Self::SubjectInactive => grant("the person's account is not active"),
            Self::GrantRevoked => grant("the grant was revoked"),
            Self::ScopeMalformed => scope("scope is malformed"),
            Self::ScopeMissing => scope("scope is missing and the client has no default"),
            Self::ScopeExceedsGrant(_) => scope("the requested scope exceeds what was granted"),
            Self::ScopeNotAllowed(_) => scope("the client may not request this scope"),
            Self::ScopeUnknown => scope("none of the requested scopes is known"),
            Self::PushedRequestUri => {
                says(S::BAD_REQUEST, "request_uri_not_supported", "a pushed request cannot name another")
            }
            Self::PushedRedirectUri => request("redirect_uri is missing or not registered for this client"),
            Self::PushedRequest(reason) => {
                let (error, description) = reason.wording();
                says(S::BAD_REQUEST, error, description)
            }
            Self::Extension(refusal) => says(S::BAD_REQUEST, refusal.error(), refusal.description()),
            Self::DetailsInvalid(fault) => says(S::BAD_REQUEST, "invalid_authorization_details", fault.wording()),
            Self::TargetMissing => says(S::BAD_REQUEST, "invalid_target", "resource is missing"),
            Self::TargetInvalid => says(
                S::BAD_REQUEST,
                "invalid_target",
                "resource must name one resource that the grant and the client allow",
            ),
        }
    }

    /// The words of scope that are the fault, where they are.
    pub(crate) const fn scope(&self) -> Option<&Scope> {
        if let Self::ScopeExceedsGrant(scope) | Self::ScopeNotAllowed(scope) = self {
            return Some(scope);
        }
        if let Self::PushedRequest(reason) = self { reason.scope() } else { None }
    }

    /// Whether the answer must ask for HTTP Basic: whenever the Authorization header was used [RFC 6749 §5.2].
    pub(crate) const fn challenges(&self) -> bool {
        matches!(
            self,
            Self::ClientNotAuthenticated { by_header: true }
                | Self::Credentials(
                    CredentialsFault::Header | CredentialsFault::Mismatch | CredentialsFault::UnsupportedScheme
                )
        )
    }
}

impl From<ClientDocumentFault> for TokenRefusal {
    fn from(fault: ClientDocumentFault) -> Self {
        Self::ClientDocument(fault)
    }
}

impl From<ProofFault> for TokenRefusal {
    fn from(fault: ProofFault) -> Self {
        Self::Proof(fault)
    }
}

impl Malformed {
    pub(crate) const fn wording(self) -> (StatusCode, &'static str) {
        match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the request is too large"),
            Self::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "only application/x-www-form-urlencoded content-type bodies are supported",
            ),
            Self::TooManyParameters => (StatusCode::BAD_REQUEST, "the request has too many parameters"),
            Self::ValueTooLong => (StatusCode::BAD_REQUEST, "a parameter is too long"),
            Self::Encoding => (StatusCode::BAD_REQUEST, "a parameter is not correctly percent-encoded UTF-8"),
            Self::ControlCharacter => (StatusCode::BAD_REQUEST, "a parameter has a control character"),
            Self::Repeated => (StatusCode::BAD_REQUEST, "a parameter is given more than once"),
        }
    }
}

fn missing(name: &str) -> &'static str {
    match name {
        "grant_type" => "grant_type is missing",
        "code" => "code is missing",
        "redirect_uri" => "redirect_uri is missing",
        "refresh_token" => "refresh_token is missing",
        "token" => "token is missing",
        "device_code" => "device_code is missing",
        "assertion" => "assertion is missing",
        "username" => "username is missing",
        "password" => "password is missing",
        "subject_token" => "subject_token is missing",
        "subject_token_type" => "subject_token_type is missing",
        _ => "a required parameter is missing",
    }
}
