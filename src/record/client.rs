//! A registered client.

use serde::{Deserialize, Serialize};

use super::client_document::DocumentKept;
use super::client_proof::ClientProof;
use super::metadata::{ApplicationType, ClientMetadata};
use super::redirect_uri::{RedirectUri, RedirectUriFault, VerifiedRedirectUri};
use super::registration::SelfRegistration;
use super::{ClientId, ClientSecretDigest, Resource, ResponseType, Scope};
use crate::env::Timestamp;

/// A client whose metadata was checked when it was made.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Client {
    pub(super) fields: Fields,
    redirect_uris: Vec<RedirectUri>,
    grant_types: Vec<GrantType>,
    response_types: Vec<ResponseType>,
    proof: ClientProof,
}

/// What is kept of a client; the rest follows from it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Fields {
    id: ClientId,
    pub(super) metadata: ClientMetadata,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) secrets: Vec<ClientSecretDigest>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    first_party: bool,
    /// The resources that it serves as a resource server, whose tokens it may look up: the operator's word, never its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource>,
    /// The resources it may ask for; every known one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    may_ask_for: Option<Vec<Resource>>,
    /// Who publishes it, as the operator has verified: never the client's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) publisher: Option<String>,
    /// When the operator registered it, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) registered: Option<Timestamp>,
    /// Absent where the operator registered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) registration: Option<SelfRegistration>,
    /// Present where nothing but the document at its identifier tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) document: Option<DocumentKept>,
}

impl Client {
    /// Starts a public web client that may use the authorization code grant.
    #[must_use]
    pub fn builder(id: &str) -> ClientBuilder {
        ClientBuilder {
            fields: Fields {
                id: ClientId::new(id),
                metadata: ClientMetadata::default(),
                secrets: Vec::new(),
                first_party: false,
                resources: Vec::new(),
                may_ask_for: None,
                publisher: None,
                registered: None,
                registration: None,
                document: None,
            },
        }
    }

    /// The client's identifier.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.fields.id
    }

    /// What it registered.
    #[must_use]
    pub const fn metadata(&self) -> &ClientMetadata {
        &self.fields.metadata
    }

    /// Whether it can keep a secret [RFC 6749 §2.1].
    #[must_use]
    pub const fn is_confidential(&self) -> bool {
        !matches!(self.proof, ClientProof::Nothing)
    }

    /// How it proves to be itself.
    pub(crate) const fn proof(&self) -> &ClientProof {
        &self.proof
    }

    /// Whether the server's own operator runs it, so that people need not consent.
    #[must_use]
    pub const fn is_first_party(&self) -> bool {
        self.fields.first_party
    }

    /// Whether it may use `grant_type`.
    #[must_use]
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        if let GrantType::Extension(name) = grant_type {
            return self.fields.metadata.grant_types.iter().flatten().any(|own| own == name);
        }
        self.grant_types.contains(&grant_type)
    }

    /// Whether it may ask the authorization endpoint for `response_type`.
    #[must_use]
    pub fn may_ask_with(&self, response_type: ResponseType) -> bool {
        self.response_types.contains(&response_type)
    }

    /// The most it may ask for; `None` where only the server's scopes limit it.
    #[must_use]
    pub const fn scope(&self) -> Option<&Scope> {
        self.fields.metadata.scope.as_ref()
    }

    /// The resources it serves.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.fields.resources
    }

    /// Whether it may ask for tokens for `resource`.
    #[must_use]
    pub fn may_ask_for(&self, resource: &Resource) -> bool {
        self.fields.may_ask_for.as_ref().is_none_or(|allowed| allowed.contains(resource))
    }

    /// Whether it may have a token for all of `audience`; one for no resource in particular only if it may ask for every one.
    pub(crate) fn may_have(&self, audience: &[Resource]) -> bool {
        let limited = self.fields.may_ask_for.is_some();
        !(limited && audience.is_empty()) && audience.iter().all(|resource| self.may_ask_for(resource))
    }

    /// Whether it may ask for authorization details of this type [RFC 9396 §10].
    #[must_use]
    pub fn may_ask_for_details(&self, type_name: &str) -> bool {
        let types = self.fields.metadata.authorization_details_types.as_ref();
        types.is_none_or(|types| types.iter().any(|own| own == type_name))
    }

    /// Whether `secret` is one of its secrets and not expired.
    #[must_use]
    pub fn has_secret(&self, secret: &str, now: Timestamp) -> bool {
        // All are compared, so that the time does not tell which one it was.
        self.fields.secrets.iter().filter(|digest| digest.matches(secret, now)).count() > 0
    }

    /// Matches a requested redirect URI against the registered ones.
    ///
    /// # Errors
    ///
    /// None was requested and not exactly one is registered, or none matches [RFC 9700 §4.1.3].
    pub fn verify_redirect_uri(&self, requested: Option<&str>) -> Result<VerifiedRedirectUri, RedirectUriRefused> {
        match (requested, self.redirect_uris.as_slice()) {
            (Some(requested), registered) => registered
                .iter()
                .find(|uri| uri.matches(requested))
                .map(|uri| uri.verified(Some(requested)))
                .ok_or(RedirectUriRefused::Unregistered),
            (None, [only]) => Ok(only.verified(None)),
            (None, _) => Err(RedirectUriRefused::Missing),
        }
    }

    pub(crate) const fn redirect_uri_count(&self) -> usize {
        self.redirect_uris.len()
    }

    /// Whether scripts of `origin` are this client's: those at the redirect URIs of a public one.
    #[must_use]
    pub fn lives_at(&self, origin: &str) -> bool {
        !self.is_confidential() && self.redirect_uris.iter().any(|uri| uri.is_at(origin))
    }

    /// Whether a response sent to `uri` can only reach this client, so that a person need not be asked each time
    /// [RFC 8252 §8.6, RFC 6749 §10.2].
    #[must_use]
    pub fn is_identified_by(&self, uri: &VerifiedRedirectUri) -> bool {
        self.fields.metadata.application_type == ApplicationType::Web && uri.identifies_its_owner()
    }

    pub(super) fn from_fields(fields: Fields) -> Result<Self, ClientFault> {
        let Fields { id, metadata, secrets, .. } = &fields;
        let printable = |text: &str| !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        ensure(printable(id.as_str()), ClientFault::Id)?;

        metadata.check_pages()?;
        metadata.check_keys()?;
        #[cfg(feature = "jose")]
        metadata.check_answers()?;
        let proof = ClientProof::of(metadata)?;
        #[cfg(feature = "jose")]
        metadata.check_request_objects().and_then(|()| metadata.check_signed_responses())?;
        match (&proof, secrets.is_empty()) {
            (ClientProof::Secret, true) => return Err(ClientFault::SecretMissing),
            (ClientProof::Nothing, false) => return Err(ClientFault::SecretOfPublicClient),
            (other, false) if *other != ClientProof::Secret => return Err(ClientFault::SecretWithoutUse),
            (_, _) => {}
        }

        let grant_types = match &metadata.grant_types {
            None => vec![GrantType::AuthorizationCode],
            // Others are a host's own, or of another release: they stay, and are of no use where they are not served.
            Some(names) => names.iter().filter_map(|name| GrantType::parse(name)).collect(),
        };
        ensure(
            proof != ClientProof::Nothing || !grant_types.contains(&GrantType::ClientCredentials),
            ClientFault::PublicClientCredentials,
        )?;

        let implicit = grant_types.contains(&GrantType::Implicit);
        let (to_certificate, to_key) =
            (metadata.tls_client_certificate_bound_access_tokens, metadata.dpop_bound_access_tokens);
        ensure(!(implicit && (to_certificate || to_key)), ClientFault::ImplicitTokensBound)?;
        ensure(!(to_certificate && to_key), ClientFault::BoundTwice)?;

        let response_types = response_types(metadata.response_types.as_deref(), &grant_types)?;
        let with_code = grant_types.contains(&GrantType::AuthorizationCode);
        let redirects = with_code || !response_types.is_empty();
        ensure(!redirects || !metadata.redirect_uris.is_empty(), ClientFault::RedirectUriMissing)?;
        let redirect_uris = metadata
            .redirect_uris
            .iter()
            .map(|uri| {
                RedirectUri::register(uri, metadata.application_type)
                    .map_err(|fault| ClientFault::RedirectUri(uri.clone(), fault))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { proof, redirect_uris, grant_types, response_types, fields })
    }
}

/// The response types of `names`, each with its grant type; `code` where nothing is said [RFC 7591 §2, §2.1].
fn response_types(names: Option<&[String]>, grant_types: &[GrantType]) -> Result<Vec<ResponseType>, ClientFault> {
    let Some(names) = names else {
        let code = grant_types.contains(&GrantType::AuthorizationCode).then_some(ResponseType::Code);
        return Ok(code.into_iter().collect());
    };
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let response_type = ResponseType::parse(name).ok_or_else(|| ClientFault::ResponseType(name.clone()))?;
        let needed = match response_type {
            ResponseType::Code => Some(GrantType::AuthorizationCode),
            ResponseType::Token => Some(GrantType::Implicit),
            ResponseType::None => None,
        };
        if let Some(missing) = needed.filter(|grant_type| !grant_types.contains(grant_type)) {
            return Err(ClientFault::ResponseTypeWithoutGrant(response_type, missing));
        }
        found.push(response_type);
    }
    Ok(found)
}

fn ensure(holds: bool, otherwise: ClientFault) -> Result<(), ClientFault> {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl TryFrom<Fields> for Client {
    type Error = ClientFault;

    fn try_from(fields: Fields) -> Result<Self, ClientFault> {
        Self::from_fields(fields)
    }
}

impl From<Client> for Fields {
    fn from(client: Client) -> Self {
        client.fields
    }
}

/// Collects what a client registers; `build` checks it.
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    pub(super) fields: Fields,
}

impl ClientBuilder {
    /// Takes all metadata at once, as registered [RFC 7591 §2].
    #[must_use]
    pub fn metadata(mut self, metadata: ClientMetadata) -> Self {
        self.fields.metadata = metadata;
        self
    }

    /// Adds a redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.fields.metadata.redirect_uris.push(uri.into());
        self
    }

    /// Adds a secret, which makes the client confidential.
    #[must_use]
    pub fn secret(mut self, secret: ClientSecretDigest) -> Self {
        self.fields.secrets.push(secret);
        self
    }

    /// Says which grant types it may use.
    #[must_use]
    pub fn grant_types(mut self, grant_types: &[GrantType]) -> Self {
        self.fields.metadata.grant_types = Some(grant_types.iter().map(|grant| grant.as_str().to_owned()).collect());
        self
    }

    /// Says which response types it may use; `code` with its grant type if nothing is said.
    #[must_use]
    pub fn response_types(mut self, response_types: &[ResponseType]) -> Self {
        let names = response_types.iter().map(|response_type| response_type.as_str().to_owned());
        self.fields.metadata.response_types = Some(names.collect());
        self
    }

    /// Says what it may ask for at most.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.fields.metadata.scope = Some(scope);
        self
    }

    /// Sets the name shown to people.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.fields.metadata.client_name = Some(name.into());
        self
    }

    /// Makes it a native application, which may register loopback and private-use redirect URIs.
    #[must_use]
    pub const fn native(mut self) -> Self {
        self.fields.metadata.application_type = ApplicationType::Native;
        self
    }

    /// Lets people use it without being asked for consent.
    #[must_use]
    pub const fn first_party(mut self) -> Self {
        self.fields.first_party = true;
        self
    }

    /// Names a resource that it serves, whose tokens it may look up.
    #[must_use]
    pub fn resource(mut self, resource: Resource) -> Self {
        self.fields.resources.push(resource);
        self
    }

    /// Lets it have tokens for these resources only, instead of every known one; it must name one unless the server's
    /// usual ones are among them.
    #[must_use]
    pub fn may_ask_for(mut self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.fields.may_ask_for = Some(resources.into_iter().collect());
        self
    }

    /// Lets it ask for authorization details of these types only, instead of every known one.
    #[must_use]
    pub fn authorization_details_types<I: IntoIterator<Item: Into<String>>>(mut self, types: I) -> Self {
        self.fields.metadata.authorization_details_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Binds its access tokens to the certificate that it asks for them with [RFC 8705 §3.4].
    #[must_use]
    pub const fn certificate_bound_access_tokens(mut self) -> Self {
        self.fields.metadata.tls_client_certificate_bound_access_tokens = true;
        self
    }

    /// Requires a proof with each of its requests for tokens, which are then bound to its key [RFC 9449 §5.2].
    #[must_use]
    pub const fn dpop_bound_access_tokens(mut self) -> Self {
        self.fields.metadata.dpop_bound_access_tokens = true;
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// The metadata contradicts itself or names something dangerous or unknown.
    pub fn build(mut self) -> Result<Client, ClientFault> {
        let metadata = &mut self.fields.metadata;
        let known = |name: &str| GrantType::parse(name).is_some() || url::Url::parse(name).is_ok();
        if let Some(mistyped) = metadata.grant_types.iter().flatten().find(|name| !known(name)) {
            return Err(ClientFault::GrantType(mistyped.clone()));
        }
        if metadata.token_endpoint_auth_method.is_none() && self.fields.secrets.is_empty() {
            metadata.token_endpoint_auth_method = Some("none".to_owned());
        }
        Client::from_fields(self.fields)
    }
}

/// A way to get tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GrantType {
    /// `authorization_code` [RFC 6749 §4.1].
    AuthorizationCode,
    /// `refresh_token` [RFC 6749 §6].
    RefreshToken,
    /// `client_credentials` [RFC 6749 §4.4].
    ClientCredentials,
    /// `urn:ietf:params:oauth:grant-type:device_code` [RFC 8628 §3.4].
    DeviceCode,
    /// `urn:ietf:params:oauth:grant-type:token-exchange` [RFC 8693 §2.1].
    TokenExchange,
    /// A grant type of the host, by the URI that names it [RFC 6749 §4.5].
    Extension(&'static str),
    /// `implicit`: at the authorization endpoint alone [RFC 6749 §4.2].
    Implicit,
    /// `password` [RFC 6749 §4.3].
    Password,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer` [RFC 7523 §2.1].
    JwtBearer,
    /// `urn:ietf:params:oauth:grant-type:saml2-bearer` [RFC 7522 §2.1].
    Saml2Bearer,
}

impl GrantType {
    /// Every grant type that this crate itself serves.
    pub const ALL: &'static [Self] = &[
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::Implicit,
        Self::Password,
        Self::JwtBearer,
        Self::Saml2Bearer,
    ];

    /// The grant type of this name, if this crate itself serves it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|grant| grant.as_str() == name)
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::Extension(name) => name,
            Self::Implicit => "implicit",
            Self::Password => "password",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::Saml2Bearer => "urn:ietf:params:oauth:grant-type:saml2-bearer",
        }
    }
}

/// Why a requested redirect URI is not one of the client's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriRefused {
    /// None was requested, and the client has not exactly one.
    #[error("redirect_uri is missing")]
    Missing,
    /// None of the registered ones is the requested one.
    #[error("redirect_uri is not registered")]
    Unregistered,
}

/// Why a client cannot be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientFault {
    /// The identifier is empty or not printable ASCII [RFC 6749 §A.1].
    #[error("client_id must be printable ASCII and not empty")]
    Id,
    /// A page or picture with a scheme that could run in a page of the server [RFC 7591 §5].
    #[error("{0:?} is not the http or https URL of a page or a picture")]
    Page(String),
    /// Both kinds of keys, keys that are none, or keys that are secret [RFC 7591 §2].
    #[error("keys are either a jwks of public keys or a jwks_uri, which is https")]
    Keys,
    /// A method of client authentication that is not served.
    #[error("token_endpoint_auth_method {0:?} is not supported")]
    AuthenticationMethod(String),
    /// The method needs a secret, and there is none.
    #[error(
        "a client that authenticates with a secret needs one; a public client states token_endpoint_auth_method \"none\""
    )]
    SecretMissing,
    /// A public client cannot keep a secret.
    #[error("a public client (token_endpoint_auth_method \"none\") has no secret")]
    SecretOfPublicClient,
    /// The method of client authentication needs no secret.
    #[error("a client that authenticates otherwise has no secret")]
    SecretWithoutUse,
    /// `tls_client_auth` without the name of the certificate, or with several [RFC 8705 §2.1.2].
    #[error(
        "tls_client_auth needs exactly one of tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip and tls_client_auth_san_email"
    )]
    CertificateNames,
    /// A name of that member that no certificate can have.
    #[error("{0} is not well formed")]
    CertificateName(&'static str),
    /// `self_signed_tls_client_auth` without certificates [RFC 8705 §2.2.2].
    #[error(
        "self_signed_tls_client_auth needs a jwks with an x5c, each for the key that it stands with, or a jwks_uri"
    )]
    CertificatesMissing,
    /// `private_key_jwt` without a key that it could sign with [RFC 7591 §2].
    #[error("private_key_jwt needs a jwks with a key for its algorithm, or a jwks_uri")]
    KeysMissing,
    /// An algorithm that no assertion can have: `none`, a symmetric one, or one that is unknown.
    #[error("token_endpoint_auth_signing_alg {0:?} is not supported")]
    SigningAlgorithm(String),
    /// An algorithm that no signed request can have: `none`, a symmetric one, or one that is unknown; or a way to encrypt
    /// the content without one for its key.
    #[error("the request object algorithm {0:?} is not supported, or lacks its other half")]
    RequestObjectAlgorithm(String),
    /// Requests that are signed without a key that the client could sign with.
    #[error("a client that signs its requests needs a jwks with a key for its algorithm, or a jwks_uri")]
    RequestKeysMissing,
    /// An algorithm that answers to it cannot have, or one without the other [RFC 9701 §6, JARM §3].
    #[error("{0} is not supported, or stands without its other half")]
    AnswerAlgorithm(&'static str),
    /// Answers are to be encrypted, and there is no key for that.
    #[error("encrypted answers need a jwks with a key for their algorithm, or a jwks_uri")]
    EncryptionKeyMissing,
    /// A grant type that neither this crate serves nor, without a URI for a name, a host could.
    #[error("grant type {0:?} is not supported")]
    GrantType(String),
    /// Only confidential clients act on their own behalf [RFC 6749 §4.4].
    #[error("a public client cannot use the grant type client_credentials")]
    PublicClientCredentials,
    /// What the authorization endpoint issues is bound to nothing [RFC 8705 §6.4].
    #[error("tokens of the grant type implicit cannot be bound to a certificate or a key")]
    ImplicitTokensBound,
    /// A token is bound to one thing.
    #[error("tokens are bound either to a certificate or to a DPoP key")]
    BoundTwice,
    /// A response type that is not served.
    #[error("response type {0:?} is not supported")]
    ResponseType(String),
    /// A response type without its grant type [RFC 7591 §2.1].
    #[error("response type {:?} needs the grant type {:?}", .0.as_str(), .1.as_str())]
    ResponseTypeWithoutGrant(ResponseType, GrantType),
    /// A client with a redirecting grant type registers where to [RFC 7591 §2].
    #[error("the grant type authorization_code, and every response type, needs a redirect URI")]
    RedirectUriMissing,
    /// A redirect URI that is dangerous or could never match.
    #[error("redirect URI {0:?} {1}")]
    RedirectUri(String, RedirectUriFault),
}
