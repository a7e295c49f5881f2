//! Collecting what a client is.

use super::client::Fields;
use super::metadata::{ApplicationType, ClientMetadata};
use super::{Client, ClientFault, ClientSecretDigest, GrantType, Resource, ResponseType, Scope};

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
