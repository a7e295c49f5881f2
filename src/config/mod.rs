//! What a server is, checked once when it is built.

mod about;
mod builder;
mod caution;
mod check;
#[cfg(feature = "jose")]
mod client_assertions;
#[cfg(feature = "jose")]
mod client_attestations;
mod client_documents;
mod common_details;
mod cors;
mod detail_type;
mod device_flow;
#[cfg(feature = "jose")]
mod dpop;
mod fapi;
mod fault;
#[cfg(feature = "jose")]
mod id_jags;
#[cfg(feature = "jose")]
mod jwt_access_tokens;
mod keys;
mod lifetimes;
mod mutual_tls;
#[cfg(not(feature = "jose"))]
mod no_jose;
mod paths;
mod policy;
mod profile;
mod registration;
#[cfg(feature = "jose")]
mod request_objects;
mod saml2_bearer;
#[cfg(feature = "jose")]
mod signed_introspection;
#[cfg(feature = "jose")]
mod signed_responses;
#[cfg(feature = "jose")]
mod trusted_issuer;
mod wanted;

use std::sync::Arc;

pub use about::About;
pub use builder::ConfigBuilder;
pub use caution::Caution;
#[cfg(feature = "jose")]
pub use client_assertions::ClientAssertions;
#[cfg(feature = "jose")]
pub use client_attestations::ClientAttestations;
pub use client_documents::ClientDocuments;
pub use common_details::CommonDetails;
pub use cors::Cors;
pub use detail_type::DetailType;
pub use device_flow::DeviceFlow;
#[cfg(feature = "jose")]
pub use dpop::Dpop;
pub use fault::ConfigFault;
#[cfg(feature = "jose")]
pub use id_jags::IdJags;
#[cfg(feature = "jose")]
pub use jwt_access_tokens::JwtAccessTokens;
pub use lifetimes::Lifetimes;
pub use mutual_tls::MutualTls;
pub use paths::Paths;
pub use policy::{Policy, Practice, Rule, Stance};
pub use profile::Profile;
pub use registration::Registration;
pub(crate) use registration::RegistrationPolicy;
#[cfg(feature = "jose")]
pub use request_objects::RequestObjects;
pub use saml2_bearer::Saml2Bearer;
#[cfg(feature = "jose")]
pub use signed_introspection::SignedIntrospection;
#[cfg(feature = "jose")]
pub use signed_responses::SignedResponses;
#[cfg(feature = "jose")]
pub use trusted_issuer::{AssertionProfile, IssuerKeys, TrustedIssuer};

use crate::env::Timestamp;
use crate::extension::ExtensionGrant;
use crate::proof::pkce::ChallengeMethod;
use crate::record::{Client, GrantType, Resource, ResponseType, Scope};
use crate::wire::Limits;
use keys::OwnKeys;
use wanted::KnownResource;

/// The configuration of an authorization server: OAuth 2.1 and RFC 9700 unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Config {
    issuer: Arc<str>,
    /// The issuer's path, without a slash at its end.
    issuer_path: String,
    scopes: Scope,
    sensitive: Scope,
    caution: Caution,
    default_scope: Scope,
    audience: Arc<[Resource]>,
    resources: Vec<KnownResource>,
    lifetimes: Lifetimes,
    limits: Limits,
    brand: String,
    realm: Arc<str>,
    about: About,
    cors: Cors,
    acr_values: Vec<String>,
    paths: Paths,
    policy: Policy,
    device_flow: Option<DeviceFlow>,
    detail_types: Vec<Arc<dyn DetailType>>,
    registration: Option<RegistrationPolicy>,
    /// Looked at only where the policy allows them.
    client_documents: ClientDocuments,
    extensions: Vec<Arc<dyn ExtensionGrant>>,
    remembers_consent: bool,
    asks_for_subjects: bool,
    mutual_tls: Option<MutualTls>,
    saml2_bearer: Option<Saml2Bearer>,
    on_behalf_of: bool,
    keys: OwnKeys,
    #[cfg(feature = "jose")]
    dpop: Option<Dpop>,
    #[cfg(feature = "jose")]
    client_assertions: Option<ClientAssertions>,
    #[cfg(feature = "jose")]
    client_attestations: Option<ClientAttestations>,
    #[cfg(feature = "jose")]
    jwt: Option<jwt_access_tokens::JwtIssue>,
    /// Looked at only where the policy allows them.
    #[cfg(feature = "jose")]
    request_objects: RequestObjects,
    /// Looked at only where the policy allows them.
    #[cfg(feature = "jose")]
    signed_responses: SignedResponses,
    #[cfg(feature = "jose")]
    trusted_issuers: Vec<TrustedIssuer>,
    #[cfg(feature = "jose")]
    signed_introspection: Option<SignedIntrospection>,
    #[cfg(feature = "jose")]
    id_jags: Option<IdJags>,
}

impl Config {
    /// Starts the configuration of the server that is known as `issuer`: an `https` URL without query and fragment.
    #[must_use]
    pub fn builder(issuer: &str) -> ConfigBuilder {
        ConfigBuilder {
            scopes: Vec::new(),
            sensitive: Vec::new(),
            default_scope: String::new(),
            audience: Vec::new(),
            resources: Vec::new(),
            profile: Profile::oauth21(),
            choices: Vec::new(),
            registration: None,
            #[cfg(feature = "jose")]
            jwt_access_tokens: None,
            config: Self {
                issuer: issuer.into(),
                issuer_path: String::new(),
                scopes: Scope::empty(),
                sensitive: Scope::empty(),
                caution: Caution::default(),
                default_scope: Scope::empty(),
                audience: Arc::from([]),
                resources: Vec::new(),
                lifetimes: Lifetimes::default(),
                limits: Limits::default(),
                brand: "gr_".to_owned(),
                realm: Arc::from("grantor"),
                about: About::default(),
                cors: Cors::default(),
                acr_values: Vec::new(),
                paths: Paths::default(),
                policy: Profile::oauth21().policy(),
                device_flow: None,
                detail_types: Vec::new(),
                registration: None,
                client_documents: ClientDocuments::default(),
                extensions: Vec::new(),
                remembers_consent: false,
                asks_for_subjects: false,
                mutual_tls: None,
                saml2_bearer: None,
                on_behalf_of: false,
                keys: OwnKeys::default(),
                #[cfg(feature = "jose")]
                dpop: None,
                #[cfg(feature = "jose")]
                client_assertions: None,
                #[cfg(feature = "jose")]
                client_attestations: None,
                #[cfg(feature = "jose")]
                jwt: None,
                #[cfg(feature = "jose")]
                request_objects: RequestObjects::default(),
                #[cfg(feature = "jose")]
                trusted_issuers: Vec::new(),
                #[cfg(feature = "jose")]
                signed_introspection: None,
                #[cfg(feature = "jose")]
                id_jags: None,
                #[cfg(feature = "jose")]
                signed_responses: SignedResponses::default(),
            },
        }
    }

    /// The issuer identifier [RFC 8414 §2].
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) const fn shared_issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The path of the issuer, empty for most.
    #[must_use]
    pub fn issuer_path(&self) -> &str {
        &self.issuer_path
    }

    /// The scopes that are known.
    #[must_use]
    pub const fn scopes(&self) -> &Scope {
        &self.scopes
    }

    /// How long things live.
    #[must_use]
    pub const fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// What a request may hold.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the endpoints are.
    #[must_use]
    pub const fn paths(&self) -> &Paths {
        &self.paths
    }

    /// What every code and token begins with.
    #[must_use]
    pub fn brand(&self) -> &str {
        &self.brand
    }

    /// What is protected together, as challenges name it.
    #[must_use]
    pub fn realm(&self) -> Arc<str> {
        Arc::clone(&self.realm)
    }

    /// What people may want to know of the server.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// How surely people can prove who they are here, as far as that is told.
    #[must_use]
    pub fn acr_values(&self) -> &[String] {
        &self.acr_values
    }

    /// Which scripts may call from a browser.
    #[must_use]
    pub const fn cors(&self) -> &Cors {
        &self.cors
    }

    /// The resources that access tokens are for.
    #[must_use]
    pub const fn audience(&self) -> &Arc<[Resource]> {
        &self.audience
    }

    /// What clients may and must do: print it to see where the server stands.
    #[must_use]
    pub const fn posture(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn redirect_uri_optional_at_token(&self) -> bool {
        !self.policy.requires(Practice::RedirectUriAtTokenEndpoint)
    }

    /// Whether a client that does not authenticate by a key is refused.
    pub(crate) fn requires_key_of_client(&self) -> bool {
        self.policy.requires(Practice::ClientAuthenticationByKey)
    }

    /// Whether a token that is bound to nothing is refused.
    pub(crate) fn requires_binding(&self) -> bool {
        self.policy.requires(Practice::SenderConstrainedTokens)
    }

    /// Whether a refresh token is used once.
    pub(crate) fn rotates(&self) -> bool {
        self.policy.requires(Practice::RefreshTokenRotation)
    }

    /// Whether an assertion must name its audience as FAPI 2.0 has it: one, as a text.
    #[cfg(feature = "jose")]
    pub(crate) const fn is_fapi(&self) -> bool {
        self.policy.fapi
    }

    pub(crate) fn requires_redirect_uri(&self) -> bool {
        self.policy.requires(Practice::RedirectUriInRequests)
    }

    pub(crate) fn requires_pkce(&self, client: &Client) -> bool {
        self.policy.requires(if client.is_confidential() {
            Practice::PkceOfConfidentialClients
        } else {
            Practice::PkceOfPublicClients
        })
    }

    /// Mutual TLS, where it is served.
    #[must_use]
    pub const fn mutual_tls(&self) -> Option<&MutualTls> {
        self.mutual_tls.as_ref()
    }

    /// Whether an API can get a token on behalf of whose token it was shown.
    pub(crate) const fn serves_on_behalf_of(&self) -> bool {
        self.on_behalf_of
    }

    /// SAML 2.0 assertions, where they are taken.
    #[must_use]
    pub const fn saml2_bearer(&self) -> Option<&Saml2Bearer> {
        self.saml2_bearer.as_ref()
    }

    pub(crate) fn signs_responses(&self) -> bool {
        self.policy.allows(Practice::SignedResponses)
    }

    pub(crate) fn requires_signed_responses(&self) -> bool {
        self.policy.requires(Practice::SignedResponses)
    }

    pub(crate) fn requires_signed_requests(&self) -> bool {
        self.policy.requires(Practice::SignedRequests)
    }

    /// Whether clients may register for tokens that are bound to their certificates.
    pub(crate) fn binds_to_certificates(&self) -> bool {
        self.mutual_tls.as_ref().is_some_and(|mutual| mutual.certificate_bound_access_tokens)
    }

    /// Whether what people agree to is remembered.
    #[must_use]
    pub const fn remembers_consent(&self) -> bool {
        self.remembers_consent
    }

    pub(crate) const fn asks_for_subjects(&self) -> bool {
        self.asks_for_subjects
    }

    /// The JWK Set to publish at `now`, if the server signs.
    pub(crate) fn jwks(&self, now: Timestamp) -> Option<Vec<u8>> {
        self.keys.jwks(now)
    }

    /// Whether others can verify what the server signs.
    pub(crate) const fn publishes_keys(&self) -> bool {
        self.keys.are_there()
    }

    /// Whether a grant type is served.
    #[must_use]
    pub fn serves(&self, grant_type: GrantType) -> bool {
        match grant_type {
            GrantType::AuthorizationCode | GrantType::RefreshToken | GrantType::ClientCredentials => true,
            GrantType::DeviceCode => self.device_flow.is_some(),
            GrantType::TokenExchange => self.policy.allows(Practice::TokenExchange),
            GrantType::Implicit => self.policy.allows(Practice::ImplicitGrant),
            GrantType::Extension(name) => self.extension(name).is_some(),
            GrantType::Password => self.policy.allows(Practice::PasswordGrant),
            GrantType::JwtBearer => self.on_behalf_of || self.trusts_anyone(),
            GrantType::Saml2Bearer => self.saml2_bearer.is_some(),
        }
    }

    /// The grant type of this name, if it is served.
    #[must_use]
    pub fn grant_type(&self, name: &str) -> Option<GrantType> {
        let own = GrantType::parse(name).filter(|grant_type| self.serves(*grant_type));
        own.or_else(|| self.extension(name).map(|extension| GrantType::Extension(extension.grant_type())))
    }

    /// Every grant type that is served.
    pub fn grant_types(&self) -> impl Iterator<Item = GrantType> {
        let own = GrantType::ALL.iter().copied().filter(|grant_type| self.serves(*grant_type));
        own.chain(self.extensions.iter().map(|extension| GrantType::Extension(extension.grant_type())))
    }

    pub(crate) fn extension(&self, name: &str) -> Option<&Arc<dyn ExtensionGrant>> {
        self.extensions.iter().find(|extension| extension.grant_type() == name)
    }

    /// Whether a response type is served.
    #[must_use]
    pub fn answers_with(&self, response_type: ResponseType) -> bool {
        match response_type {
            ResponseType::Code => true,
            ResponseType::Token => self.policy.allows(Practice::ImplicitGrant),
            ResponseType::None => self.policy.allows(Practice::ResponseTypeNone),
        }
    }

    /// The types of authorization details that are known.
    pub fn detail_types(&self) -> impl Iterator<Item = &str> {
        self.detail_types.iter().map(|known| known.name())
    }

    pub(crate) fn requires_push(&self) -> bool {
        self.policy.requires(Practice::PushedAuthorizationRequests)
    }

    /// Who may register clients, where that is served.
    pub(crate) const fn registration(&self) -> Option<&RegistrationPolicy> {
        self.registration.as_ref()
    }

    /// Client ID metadata documents, where they are served.
    #[must_use]
    pub fn client_documents(&self) -> Option<&ClientDocuments> {
        self.policy.allows(Practice::ClientIdMetadataDocuments).then_some(&self.client_documents)
    }

    pub(crate) fn requires_client_names(&self) -> bool {
        self.policy.requires(Practice::NameInClientDocuments)
    }

    pub(crate) fn accepts(&self, method: ChallengeMethod) -> bool {
        method == ChallengeMethod::S256 || self.policy.allows(Practice::PlainCodeChallenge)
    }
}
