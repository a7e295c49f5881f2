//! What a protected resource says of itself [RFC 9728 §2].

use std::collections::BTreeMap;

use http::Response;
use serde::{Deserialize, Serialize};

use super::metadata::document;

/// Protected resource metadata. Signed metadata is not read: what is signed is kept among `other`, unused.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ResourceMetadata {
    /// The resource identifier.
    pub resource: String,
    /// The issuers whose tokens are accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// The scopes that mean something here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Where a request may carry its bearer token: `header`, `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer_methods_supported: Option<Vec<String>>,
    /// Whether access tokens may be bound to the certificates of clients.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// The algorithms that DPoP proofs may have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether every access token must be bound to a DPoP key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens_required: bool,
    /// The name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// A page for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
    /// How clients may use the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy_uri: Option<String>,
    /// The terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_tos_uri: Option<String>,
    /// Whatever else is said, such as `resource_name#it` [RFC 9728 §2.1].
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

impl ResourceMetadata {
    /// Writes the document.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        document(self)
    }

    /// Reads the document of `resource`, or nothing if it cannot be read or is another's [RFC 9728 §3.3].
    ///
    /// `resource` is the identifier that the document was looked up for; or, if a challenge told where the document is,
    /// the URL of the request that was challenged.
    #[must_use]
    pub fn parse(document: &[u8], resource: &str) -> Option<Self> {
        serde_json::from_slice(document).ok().filter(|metadata: &Self| metadata.resource == resource)
    }

    /// Where the document of `resource` is: the well-known part goes between its host and its path
    /// [RFC 9728 §3.1].
    ///
    /// Nothing if the identifier is no URL with a host, or has a fragment [RFC 9728 §1.2].
    #[must_use]
    pub fn url(resource: &str) -> Option<String> {
        let (scheme, rest) = resource.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let known = !scheme.is_empty() && !host.is_empty() && !resource.contains('#');
        // Of a slash that only ends the host nothing is left.
        let path = if path == "/" || path.starts_with("/?") { path.strip_prefix('/')? } else { path };
        known.then(|| format!("{scheme}://{host}/.well-known/oauth-protected-resource{path}"))
    }
}
