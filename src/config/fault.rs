//! Why a configuration is refused.

use super::policy::{Practice, Stance};

/// Why a configuration is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// The issuer.
    #[error(
        "issuer {0:?}: use an https URL in lower case without a query, a fragment or a slash at its end; http only on a loopback address"
    )]
    Issuer(String),
    /// A scope.
    #[error(
        "scopes: {0:?} is no scope; give each as one word of printable ASCII without quotation marks and backslashes"
    )]
    Scope(String),
    /// The default scope.
    #[error("default_scope: {0:?} is not among scopes; list it there as well")]
    DefaultScope(String),
    /// A scope that is said to be sensitive.
    #[error("sensitive_scopes: {0:?} is not among scopes; list it there as well")]
    SensitiveScope(String),
    /// A resource.
    #[error("audience {0:?}: use an absolute URI without a fragment")]
    Audience(String),
    /// A resource that may be asked for.
    #[error("resource {0:?}: use an absolute URI without a fragment, and only scopes that are listed in scopes")]
    Resource(String),
    /// Every request must name a resource, and there is none.
    #[error("require_resource: no resource is known that a request could name; add one by resource or audience")]
    ResourceMissing,
    /// The profile forbids it.
    #[error(
        "{option}: {practice} is {stance} in the profile {profile} [{section}]; leave the option out, or choose a profile that permits it"
    )]
    #[non_exhaustive]
    Profile {
        /// Which option.
        option: &'static str,
        /// The profile.
        profile: &'static str,
        /// What it is about.
        practice: Practice,
        /// What the profile says.
        stance: Stance,
        /// Where that is written.
        section: &'static str,
    },
    /// Something that FAPI 2.0 asks of an option.
    #[error("{option}: {advice} [FAPI 2.0 Security Profile §5.3.2.1, §5.4.1]")]
    #[non_exhaustive]
    Fapi {
        /// Which option.
        option: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A lifetime.
    #[error("lifetimes: {option}: {advice}")]
    #[non_exhaustive]
    Lifetime {
        /// Which one.
        option: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Limits below what any request needs.
    #[error("limits: allow at least a body of 1024 bytes, 16 parameters and values of 256 bytes")]
    Limits,
    /// The device flow.
    #[error(
        "device_flow: use an interval of 1 to 60 s, and user codes of at most 12 characters with 2^26 codes or more"
    )]
    DeviceFlow,
    /// A type of authorization details.
    #[error("authorization_details: {0:?}: use a name of printable ASCII without spaces, and each name once")]
    DetailType(String),
    /// Mutual TLS.
    #[error("mutual_tls: endpoint_aliases {0:?}: use an https URL without a query, a fragment or a slash at its end")]
    MutualTls(String),
    /// DPoP.
    #[cfg(feature = "jose")]
    #[error(
        "dpop: use algorithms with a public key, a window of 1 s to 10 min, and nonces that change every 1 s to 10 min"
    )]
    Dpop,
    /// Client assertions.
    #[cfg(feature = "jose")]
    #[error(
        "client_assertions: use algorithms with a public key, a longest life of 1 s to 1 h, and a clock tolerance of at most 60 s"
    )]
    ClientAssertions,
    /// Client attestations.
    #[cfg(feature = "jose")]
    #[error(
        "client_attestations: use algorithms with a public key, a window of 1 s to 10 min, and a clock tolerance of at most 60 s"
    )]
    ClientAttestations,
    /// Signed introspection responses.
    #[cfg(feature = "jose")]
    #[error("signed_introspection: give keys, one of them at least of its algorithms")]
    SignedIntrospection,
    /// JWT access tokens.
    #[cfg(feature = "jose")]
    #[error("jwt_access_tokens: {advice}")]
    #[non_exhaustive]
    JwtAccessTokens {
        /// What to do.
        advice: &'static str,
    },
    /// Signed requests.
    #[cfg(feature = "jose")]
    #[error(
        "request_objects: use algorithms with a public key, a longest life of 1 s to 1 h, and a clock tolerance of at most 60 s"
    )]
    RequestObjects,
    /// Signed responses.
    #[cfg(feature = "jose")]
    #[error(
        "signed_responses: give keys, one of them at least of its algorithms, a lifetime of 1 s to 10 min, and a retention of the keys that is not shorter"
    )]
    SignedResponses,
    /// Someone whose assertions are taken.
    #[cfg(feature = "jose")]
    #[error(
        "trust_issuer {0:?}: use each issuer once per profile and never this server itself, algorithms with a public key and keys for one of them, an https URL, a longest life of 1 s to 24 h, a clock tolerance of at most 60 s, only scopes that are listed in scopes, and no audience for identity assertions, which name the issuer"
    )]
    TrustedIssuer(String),
    /// Identity assertions.
    #[cfg(feature = "jose")]
    #[error(
        "issue_id_jags: give keys, one of them at least of its algorithms, that are retained as long as an assertion lives, which is 1 s to 1 h"
    )]
    IdJags,
    /// SAML 2.0 assertions.
    #[error(
        "saml2_bearer: use at least one issuer, no empty names, a max_bytes that fits into limits.value once encoded, a longest life of 1 s to 24 h, a clock tolerance of at most 60 s, and only scopes that are listed in scopes"
    )]
    Saml2Bearer,
    /// Registration.
    #[error(
        "registration: use scopes that are listed in scopes, give a default_scope or by_default within at_most, at least one initial access token unless it is open, and each issuer of software statements once, with keys, one at least if they are required"
    )]
    Registration,
    /// Client ID metadata documents.
    #[error(
        "client_id_metadata_documents: use max_bytes from 256 up to limits.body, a timeout of 1 to 60 s, at_least <= usually <= at_most, and only scopes that are listed in scopes"
    )]
    ClientDocuments,
    /// A grant type of the host.
    #[error("extension_grant: {0:?}: use an absolute URI that names no other grant type, and each once")]
    ExtensionGrant(String),
    /// The server's keys.
    #[error(
        "keys: give at least one key, and a retention that is not shorter than the lifetime of access tokens; decryption keys of different names"
    )]
    Keys,
    /// The brand.
    #[error("brand {0:?}: use at most 32 letters, digits, '-' and '_'")]
    Brand(String),
    /// The realm.
    #[error("realm {0:?}: use printable ASCII without quotation marks and backslashes")]
    Realm(String),
    /// An Authentication Context Class Reference.
    #[error("acr_values: {0:?} is no word of printable ASCII without quotation marks and backslashes")]
    AcrValue(String),
    /// A page about the server.
    #[error("about: page {0:?}: use an https URL")]
    Page(String),
    /// A language.
    #[error("about: ui_locales: {0:?} is no language tag such as en or pt-BR")]
    Locale(String),
    /// An origin.
    #[error(
        "cors: origin {0:?}: write it as browsers do, such as https://app.example, without a path; http is for the same machine"
    )]
    Origin(String),
    /// A path.
    #[error("paths: {0:?}: use a path that begins with '/', of letters, digits and '-._~'")]
    Path(String),
    /// A path that is used twice.
    #[error("paths: {0:?} is given to two endpoints; give each its own")]
    PathTwice(String),
}

/// `Ok` if `holds`.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> ConfigFault) -> Result<(), ConfigFault> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
