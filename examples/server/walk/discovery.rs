//! What an assistant finds out about a resource and its server, one step after the other, knowing nothing but the resource.

use grantor::record::ClientId;
use grantor::wire::{ClientInformation, ResourceMetadata, ServerMetadata};
use http::Response;
use http::header::WWW_AUTHENTICATE;
use url::Url;

use super::action::Action;
use crate::clients::DEMO_ASSISTANT;

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// Where the resource says that its metadata is.
    pub(super) description: Option<String>,
    /// Which server's tokens the resource takes.
    pub(super) issuer: Option<String>,
    pub(super) server: Option<ServerMetadata>,
    /// Who the assistant is there.
    pub(super) client: Option<ClientId>,
}

impl Discovery {
    /// Takes what an answer tells about `resource`, as far as a client may believe it.
    pub(super) fn learn(&mut self, action: Action, response: &Response<Vec<u8>>, resource: &str) {
        let body = response.body();
        if action == Action::Knock {
            self.description = challenged(response, "resource_metadata");
        } else if action == Action::Describe {
            // Another resource's would be no answer [RFC 9728 §3.3].
            let told = ResourceMetadata::parse(body, resource);
            self.issuer = told.and_then(|told| told.authorization_servers.into_iter().next());
        } else if action == Action::Metadata {
            // Nor another issuer's [RFC 8414 §3.3].
            self.server = self.issuer.as_ref().and_then(|issuer| ServerMetadata::parse(body, issuer));
        } else if action == Action::Publish {
            self.client = Some(ClientId::new(DEMO_ASSISTANT));
        } else if action == Action::Register {
            self.client = ClientInformation::parse(body).map(|own| own.client_id);
        }
    }

    /// Where the server's metadata is: the well-known part goes between host and path [RFC 8414 §3.1].
    pub(super) fn server_metadata(&self) -> Option<String> {
        let url = Url::parse(self.issuer.as_deref()?).ok()?;
        let (origin, path) = (url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
        Some(format!("{origin}/.well-known/oauth-authorization-server{path}"))
    }

    /// Whether the assistant may be known by its document.
    pub(super) fn may_publish(&self) -> bool {
        let server = self.server.as_ref().filter(|_| self.client.is_none());
        server.is_some_and(|server| server.client_id_metadata_document_supported)
    }

    /// Where it may register instead.
    pub(super) fn registration(&self) -> Option<&str> {
        self.server.as_ref().filter(|_| self.client.is_none())?.registration_endpoint.as_deref()
    }
}

/// How surely and how lately a person must have logged in for a resource [RFC 9470 §3].
#[derive(Clone, Debug)]
pub(super) struct Strength {
    pub(super) acr_values: String,
    /// In seconds.
    pub(super) max_age: Option<String>,
}

impl Strength {
    /// What a refusal asks for, if it asks for a better login.
    pub(super) fn demanded(response: &Response<Vec<u8>>) -> Option<Self> {
        Some(Self { acr_values: challenged(response, "acr_values")?, max_age: challenged(response, "max_age") })
    }
}

/// A parameter of the challenge in a refusal.
fn challenged(response: &Response<Vec<u8>>, name: &str) -> Option<String> {
    let challenge = response.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?;
    let (_, rest) = challenge.split_once(&format!(" {name}=\""))?;
    Some(rest.split('"').next()?.to_owned())
}
