//! Collecting a configuration.

use std::sync::Arc;

use super::lifetimes::Lifetimes;
use super::paths::Paths;
use super::policy::{Practice, Stance};
use super::profile::Profile;
use super::registration::Registration;
use super::{About, Caution, ClientDocuments, Config, Cors, DetailType, DeviceFlow, MutualTls};
use crate::extension::ExtensionGrant;
use crate::wire::Limits;

/// Collects a configuration; `build` checks it.
#[derive(Clone, Debug)]
pub struct ConfigBuilder {
    pub(super) config: Config,
    pub(super) scopes: Vec<String>,
    pub(super) sensitive: Vec<String>,
    pub(super) default_scope: String,
    pub(super) audience: Vec<String>,
    pub(super) resources: Vec<(String, Option<String>)>,
    pub(super) profile: Profile,
    /// What single options chose.
    pub(super) choices: Vec<(Practice, Stance)>,
    pub(super) registration: Option<Registration>,
    #[cfg(feature = "jose")]
    pub(super) jwt_access_tokens: Option<super::JwtAccessTokens>,
}

impl ConfigBuilder {
    /// Starts from this profile instead of [`Profile::oauth21`]; single options change what it leaves free, in whatever
    /// order they are given.
    #[must_use]
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    fn choosing(mut self, practice: Practice, stance: Stance) -> Self {
        self.choices.push((practice, stance));
        self
    }

    /// The scopes that may be asked for; anything else is ignored.
    #[must_use]
    pub fn scopes<I: IntoIterator<Item: Into<String>>>(mut self, scopes: I) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Which of the scopes are sensitive: prompts say so, and [`Caution`] can keep them from some clients.
    #[must_use]
    pub fn sensitive_scopes<I: IntoIterator<Item: Into<String>>>(mut self, scopes: I) -> Self {
        self.sensitive = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// What people are warned of, and what is refused before they are asked.
    #[must_use]
    pub fn caution(mut self, change: impl FnOnce(&mut Caution)) -> Self {
        change(&mut self.config.caution);
        self
    }

    /// What a client gets that asks for no scope and registered none, space-delimited; such a request is refused
    /// without it.
    #[must_use]
    pub fn default_scope(mut self, scope: impl Into<String>) -> Self {
        self.default_scope = scope.into();
        self
    }

    /// Adds a resource that access tokens are for whose client names none.
    #[must_use]
    pub fn audience(mut self, resource: impl Into<String>) -> Self {
        self.audience.push(resource.into());
        self
    }

    /// Adds a resource that clients may ask for [RFC 8707].
    #[must_use]
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resources.push((resource.into(), None));
        self
    }

    /// Adds a resource that clients may ask for, at which only these scopes mean something, space-delimited; a token for
    /// it has no others.
    #[must_use]
    pub fn resource_with_scopes(mut self, resource: impl Into<String>, scopes: impl Into<String>) -> Self {
        self.resources.push((resource.into(), Some(scopes.into())));
        self
    }

    /// How long things live.
    #[must_use]
    pub fn lifetimes(mut self, change: impl FnOnce(&mut Lifetimes)) -> Self {
        change(&mut self.config.lifetimes);
        self
    }

    /// What a request may hold.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.config.limits);
        self
    }

    /// Where the endpoints are, below the issuer.
    #[must_use]
    pub fn paths(mut self, change: impl FnOnce(&mut Paths)) -> Self {
        change(&mut self.config.paths);
        self
    }

    /// What every code and token begins with, for secret scanners; `gr_` by default.
    #[must_use]
    pub fn brand(mut self, brand: impl Into<String>) -> Self {
        self.config.brand = brand.into();
        self
    }

    /// What is protected together, as challenges name it; `grantor` by default.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<Arc<str>>) -> Self {
        self.config.realm = realm.into();
        self
    }

    /// What people may want to know of the server.
    #[must_use]
    pub fn about(mut self, change: impl FnOnce(&mut About)) -> Self {
        change(&mut self.config.about);
        self
    }

    /// How surely people can prove who they are at the host's login page, as Authentication Context Class References. Who
    /// asks for one of them gets it or is refused [RFC 9470 §5]; without any, `acr_values` is ignored.
    #[must_use]
    pub fn acr_values<I: IntoIterator<Item: Into<String>>>(mut self, values: I) -> Self {
        self.config.acr_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Which scripts may call from a browser.
    #[must_use]
    pub fn cors(mut self, change: impl FnOnce(&mut Cors)) -> Self {
        change(&mut self.config.cors);
        self
    }

    /// Lets a client with several redirect URIs leave out `redirect_uri` at the token endpoint, as a client that knows
    /// only OAuth 2.1 does [OAuth 2.1 §10.2]. The code verifier still binds the code to the client that asked.
    #[must_use]
    pub fn redirect_uri_optional_at_token_endpoint(self) -> Self {
        self.choosing(Practice::RedirectUriAtTokenEndpoint, Stance::Allowed)
    }

    /// Remembers what people agree to, for each client, and asks only for what is new; for as long as
    /// [`Lifetimes::consent`]. A client that a redirect URI does not identify is asked about every time
    /// [RFC 8252 §8.6].
    #[must_use]
    pub const fn remember_consent(mut self) -> Self {
        self.config.remembers_consent = true;
        self
    }

    /// Asks the host at every refresh whether the person is still there, as [`Question::SubjectActive`]. A denial refuses
    /// the request and changes nothing, so that an account that was only suspended can go on; the grants of one that is
    /// gone are ended by `end_all`.
    ///
    /// [`Question::SubjectActive`]: crate::Question::SubjectActive
    #[must_use]
    pub const fn ask_whether_subjects_are_active(mut self) -> Self {
        self.config.asks_for_subjects = true;
        self
    }

    /// Serves the device authorization grant; the host has a page at `paths.verification` where people type user codes.
    #[must_use]
    pub fn device_flow(mut self, change: impl FnOnce(&mut DeviceFlow)) -> Self {
        change(self.config.device_flow.get_or_insert_default());
        self
    }

    /// Serves mutual TLS [RFC 8705]; the host hands on the certificates of clients.
    #[must_use]
    pub fn mutual_tls(mut self, change: impl FnOnce(&mut MutualTls)) -> Self {
        change(self.config.mutual_tls.get_or_insert_default());
        self
    }

    /// Serves DPoP [RFC 9449]: clients that show proofs get tokens that are bound to their keys.
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn dpop(mut self, change: impl FnOnce(&mut super::Dpop)) -> Self {
        change(self.config.dpop.get_or_insert_default());
        self
    }

    /// Lets clients authenticate by assertions that they sign: `private_key_jwt` [RFC 7523 §2.2, OpenID Connect Core §9].
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn client_assertions(mut self, change: impl FnOnce(&mut super::ClientAssertions)) -> Self {
        change(self.config.client_assertions.get_or_insert_default());
        self
    }

    /// Issues tokens only to who shows a DPoP proof, or comes by a connection with a certificate, and binds them to it
    /// [RFC 9700 §2.2.1].
    #[must_use]
    pub fn require_sender_constrained_tokens(self) -> Self {
        self.choosing(Practice::SenderConstrainedTokens, Stance::Required)
    }

    /// Lets instances of clients authenticate by attestations of someone who vouches for them
    /// [Attestation-Based Client Authentication].
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn client_attestations(mut self, change: impl FnOnce(&mut super::ClientAttestations)) -> Self {
        change(self.config.client_attestations.get_or_insert_default());
        self
    }

    /// Issues access tokens as JWTs [RFC 9068], signed by `keys`, instead of references that only this server understands.
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn jwt_access_tokens(mut self, change: impl FnOnce(&mut super::JwtAccessTokens)) -> Self {
        change(self.jwt_access_tokens.get_or_insert_default());
        self
    }

    /// Signs authorization responses for clients that ask for that [JARM §1]; it needs `keys`.
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn signed_responses(mut self, change: impl FnOnce(&mut super::SignedResponses)) -> Self {
        change(&mut self.config.signed_responses);
        let stance = if self.config.signed_responses.required { Stance::Required } else { Stance::Allowed };
        self.choosing(Practice::SignedResponses, stance)
    }

    /// Takes authorization requests that clients sign [RFC 9101], by value and where requests are pushed.
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn request_objects(mut self, change: impl FnOnce(&mut super::RequestObjects)) -> Self {
        change(&mut self.config.request_objects);
        let stance = if self.config.request_objects.required { Stance::Required } else { Stance::Allowed };
        self.choosing(Practice::SignedRequests, stance)
    }

    /// Takes JWTs of `issuer` as authorization grants [RFC 7523 §2.1]; the host says whom each is about, as
    /// [`Question::Assertion`]. An issuer that makes several kinds of them is trusted with each.
    ///
    /// [`Question::Assertion`]: crate::Question::Assertion
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn trust_issuer(
        mut self,
        issuer: &str,
        keys: impl Into<super::IssuerKeys>,
        change: impl FnOnce(&mut super::TrustedIssuer),
    ) -> Self {
        let mut trusted = super::TrustedIssuer::new(issuer, keys.into());
        change(&mut trusted);
        self.config.trusted_issuers.push(trusted);
        self
    }

    /// Serves token exchange, and issues identity assertions by it [ID-JAG §4.3], signed by `keys`; the host decides over each
    /// one, as [`Question::IdJag`](crate::Question::IdJag).
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn issue_id_jags(mut self, change: impl FnOnce(&mut super::IdJags)) -> Self {
        change(self.config.id_jags.get_or_insert_default());
        self.choosing(Practice::TokenExchange, Stance::Allowed)
    }

    /// Lets an API that was shown a person's access token get one for the next API, in the form of the JWT bearer grant with
    /// `requested_token_use=on_behalf_of`. The token must be for a resource that its client serves; the host decides over
    /// each one, as [`Question::TokenExchange`](crate::Question::TokenExchange) with the client as actor.
    #[must_use]
    pub const fn on_behalf_of(mut self) -> Self {
        self.config.on_behalf_of = true;
        self
    }

    /// Takes SAML 2.0 assertions as authorization grants [RFC 7522 §2.1]; the host reads them, as
    /// [`Question::Saml2Assertion`](crate::Question::Saml2Assertion).
    #[must_use]
    pub fn saml2_bearer(mut self, change: impl FnOnce(&mut super::Saml2Bearer)) -> Self {
        change(self.config.saml2_bearer.get_or_insert_default());
        self
    }

    /// Signs introspection responses for callers who ask for that [RFC 9701], by `keys`. The endpoint then answers nobody who
    /// does not authenticate, and so no public client.
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn signed_introspection(mut self, change: impl FnOnce(&mut super::SignedIntrospection)) -> Self {
        change(self.config.signed_introspection.get_or_insert_default());
        self
    }

    /// Serves token exchange [RFC 8693]; the host decides over each one, as [`Question::TokenExchange`].
    ///
    /// [`Question::TokenExchange`]: crate::Question::TokenExchange
    #[must_use]
    pub fn token_exchange(self) -> Self {
        self.choosing(Practice::TokenExchange, Stance::Allowed)
    }

    /// Answers `response_type=none` too: a person consents, the host remembers it, and nothing is issued
    /// [OAuth 2.0 Multiple Response Types §4]. With `prompt=none` a client learns whether the person is logged in and
    /// has consented.
    #[must_use]
    pub fn serve_response_type_none(self) -> Self {
        self.choosing(Practice::ResponseTypeNone, Stance::Allowed)
    }

    /// Serves authorization details of a type that the host defines [RFC 9396]; without any, they are ignored.
    #[must_use]
    pub fn authorization_details(mut self, known: impl DetailType + 'static) -> Self {
        self.config.detail_types.push(Arc::new(known));
        self
    }

    /// Lets clients register themselves [RFC 7591] and manage that [RFC 7592].
    #[must_use]
    pub fn registration(mut self, registration: Registration) -> Self {
        self.registration = Some(registration);
        self
    }

    /// Knows clients by the documents that their identifiers lead to [Client ID Metadata Document]; the host fetches them as
    /// [`fetch`](crate::fetch) says.
    #[must_use]
    pub fn client_id_metadata_documents(mut self, change: impl FnOnce(&mut ClientDocuments)) -> Self {
        change(&mut self.config.client_documents);
        self.choosing(Practice::ClientIdMetadataDocuments, Stance::Allowed)
    }

    /// Knows no client by its document, where the profile would: for a host that fetches nothing.
    #[must_use]
    pub fn refuse_client_id_metadata_documents(self) -> Self {
        self.choosing(Practice::ClientIdMetadataDocuments, Stance::Refused)
    }

    /// Serves a grant type of the host's own [RFC 6749 §4.5].
    #[must_use]
    pub fn extension_grant(mut self, extension: impl ExtensionGrant + 'static) -> Self {
        self.config.extensions.push(Arc::new(extension));
        self
    }

    /// Accepts only authorization requests that were pushed [RFC 9126 §5].
    #[must_use]
    pub fn require_pushed_authorization_requests(self) -> Self {
        self.choosing(Practice::PushedAuthorizationRequests, Stance::Required)
    }

    /// Refuses requests that do not name the resource that their tokens are for [RFC 8707 §2].
    #[must_use]
    pub fn require_resource(self) -> Self {
        self.choosing(Practice::ResourceIndicator, Stance::Required)
    }

    /// DANGER: accepts `code_challenge_method=plain`, with which whoever sees an authorization request can redeem its
    /// code [RFC 9700 §2.1.1].
    #[must_use]
    pub fn danger_accept_plain_code_challenge(self) -> Self {
        self.choosing(Practice::PlainCodeChallenge, Stance::Allowed)
    }

    /// DANGER: lets confidential clients leave out PKCE, so that their own `state` or `nonce` check is all that keeps
    /// an attacker from injecting a stolen code [RFC 9700 §4.5].
    #[must_use]
    pub fn danger_let_confidential_clients_omit_pkce(self) -> Self {
        self.choosing(Practice::PkceOfConfidentialClients, Stance::Allowed)
    }

    /// DANGER: serves the implicit grant, whose access tokens travel through the browser's address bar, are bound to
    /// nothing, and can be injected into another client [RFC 9700 §2.1.2]. Move its clients to the authorization code
    /// grant with PKCE, which browsers can use as well [RFC 9700 §2.1.1]. Only [`Profile::danger_oauth20_legacy`] permits it.
    #[must_use]
    pub fn danger_serve_implicit_grant(self) -> Self {
        self.choosing(Practice::ImplicitGrant, Stance::Allowed)
    }

    /// DANGER: serves the resource owner password credentials grant: people give their passwords to clients, and nothing
    /// but a password can be asked for, no second factor and no consent [RFC 9700 §2.4]. The host decides over each
    /// one, as [`Question::Password`], and must limit how often one may be tried [RFC 6749 §4.3.2]. Move its clients to
    /// the authorization code grant, those without a browser to the device grant [RFC 8628], and those that act for
    /// themselves to client credentials. Only [`Profile::danger_oauth20_legacy`] permits it.
    ///
    /// [`Question::Password`]: crate::Question::Password
    #[must_use]
    pub fn danger_serve_password_grant(self) -> Self {
        self.choosing(Practice::PasswordGrant, Stance::Allowed)
    }
}
