//! A registered client.

use serde::{Deserialize, Serialize};

use super::client_document::DocumentKept;
use super::client_proof::ClientProof;
use super::metadata::{ApplicationType, ClientMetadata};
use super::redirect_uri::{RedirectUri, VerifiedRedirectUri};
use super::registration::SelfRegistration;
use super::{
    ClientBuilder, ClientFault, ClientId, ClientSecretDigest, GrantType, RedirectUriRefused, Resource, ResponseType,
    Scope,
};
use crate::ensure::ensure;
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
    pub(super) id: ClientId,
    pub(super) metadata: ClientMetadata,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) secrets: Vec<ClientSecretDigest>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) first_party: bool,
    /// The resources that it serves as a resource server, whose tokens it may look up: the operator's word, never its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) resources: Vec<Resource>,
    /// The resources it may ask for; every known one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) may_ask_for: Option<Vec<Resource>>,
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
