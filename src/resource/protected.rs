//! A protected resource as clients find it [RFC 9728].

use std::sync::Arc;

use http::header::{ALLOW, HeaderValue};
use http::{Method, Request, Response, StatusCode};

use crate::record::{Resource, Scope, web_url};
use crate::wire::{READ, Reader, ResourceMetadata, SENT, preflight, readable};

/// A resource that says which servers' tokens it takes, and for what.
///
/// Mount [`answer`](Self::answer) at [`path`](Self::path) of the resource's host, and make demands `of` it, so that their
/// challenges tell where this is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProtectedResource {
    identifier: Resource,
    metadata: ResourceMetadata,
    url: Arc<str>,
}

impl ProtectedResource {
    /// Starts the description of the resource known as `identifier`: an `https` URL without a fragment.
    #[must_use]
    pub fn builder(identifier: impl Into<String>) -> ProtectedResourceBuilder {
        let metadata = ResourceMetadata {
            resource: identifier.into(),
            bearer_methods_supported: Some(vec!["header".to_owned()]),
            ..ResourceMetadata::default()
        };
        ProtectedResourceBuilder { metadata }
    }

    /// Its identifier.
    #[must_use]
    pub const fn identifier(&self) -> &Resource {
        &self.identifier
    }

    /// What it says of itself.
    #[must_use]
    pub const fn metadata(&self) -> &ResourceMetadata {
        &self.metadata
    }

    /// Where its metadata is [RFC 9728 §3].
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.url
    }

    /// The path of that on the resource's host; resources whose identifiers differ in their queries alone share it.
    #[must_use]
    pub fn path(&self) -> &str {
        let from = self.url.find("/.well-known/").unwrap_or_default();
        let path = self.url.get(from..).unwrap_or_default();
        path.split('?').next().unwrap_or_default()
    }

    /// Whether a request may carry its token in a form.
    #[must_use]
    pub fn accepts_form(&self) -> bool {
        self.metadata.bearer_methods_supported.iter().flatten().any(|method| method == "body")
    }

    /// Answers a request for the metadata, which scripts of every origin may read [RFC 9728 §3.1].
    #[must_use]
    pub fn answer<B>(&self, request: &Request<B>) -> Response<Vec<u8>> {
        const READING: [Method; 2] = [Method::GET, Method::HEAD];
        let mut response = self.metadata.print();
        match *request.method() {
            Method::GET => {}
            Method::HEAD => response.body_mut().clear(),
            Method::OPTIONS => return preflight(Reader::Anyone, &READING, SENT),
            _ => {
                response = Response::new(Vec::new());
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            }
        }
        readable(response.headers_mut(), Reader::Anyone, READ);
        response
    }
}

/// Collects what a resource says of itself; `build` checks it.
#[derive(Clone, Debug)]
pub struct ProtectedResourceBuilder {
    metadata: ResourceMetadata,
}

impl ProtectedResourceBuilder {
    /// Names an issuer whose tokens are accepted.
    #[must_use]
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.metadata.authorization_servers.push(issuer.into());
        self
    }

    /// Names the scopes that clients should know; not necessarily all [RFC 9728 §7.2].
    #[must_use]
    pub fn scopes(mut self, scopes: &Scope) -> Self {
        self.metadata.scopes_supported = scopes.words().map(str::to_owned).collect();
        self
    }

    /// Also takes tokens from forms [RFC 6750 §2.2].
    #[must_use]
    pub fn accepts_form(mut self) -> Self {
        self.metadata.bearer_methods_supported = Some(vec!["header".to_owned(), "body".to_owned()]);
        self
    }

    /// Says that access tokens may be bound to the certificates of clients; they are always checked [RFC 8705 §3].
    #[must_use]
    pub const fn certificate_bound_access_tokens(mut self) -> Self {
        self.metadata.tls_client_certificate_bound_access_tokens = true;
        self
    }

    /// Takes only tokens that are bound to a key, of which a request has a proof [RFC 9449 §7].
    #[cfg(feature = "jose")]
    #[must_use]
    pub const fn dpop_bound(mut self) -> Self {
        self.metadata.dpop_bound_access_tokens_required = true;
        self
    }

    /// Names the algorithms that DPoP proofs may have.
    #[cfg(feature = "jose")]
    #[must_use]
    pub fn dpop_algorithms(mut self, algorithms: crate::jose::Algorithms) -> Self {
        let names = algorithms.iter().map(|algorithm| algorithm.as_str().to_owned());
        self.metadata.dpop_signing_alg_values_supported = names.collect();
        self
    }

    /// Sets the name shown to people.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.metadata.resource_name = Some(name.into());
        self
    }

    /// Names a page for developers.
    #[must_use]
    pub fn documentation(mut self, page: impl Into<String>) -> Self {
        self.metadata.resource_documentation = Some(page.into());
        self
    }

    /// Names a page on how clients may use the data.
    #[must_use]
    pub fn policy_uri(mut self, page: impl Into<String>) -> Self {
        self.metadata.resource_policy_uri = Some(page.into());
        self
    }

    /// Names a page with the terms of service.
    #[must_use]
    pub fn tos_uri(mut self, page: impl Into<String>) -> Self {
        self.metadata.resource_tos_uri = Some(page.into());
        self
    }

    /// Makes the description.
    ///
    /// # Errors
    ///
    /// The identifier, an issuer or a page is no `https` URL in the one spelling that clients compare, or the identifier
    /// has a fragment [RFC 9728 §1.2]; `http` is for the same machine only.
    pub fn build(self) -> Result<ProtectedResource, ProtectedResourceFault> {
        let Self { metadata } = self;
        let identifier = Resource::parse(&metadata.resource).ok().filter(|known| web_url(known.as_str()).is_some());
        let url = ResourceMetadata::url(&metadata.resource);
        let (Some(identifier), Some(url)) = (identifier, url) else {
            return Err(ProtectedResourceFault::Identifier(metadata.resource));
        };
        if let Some(issuer) = metadata.authorization_servers.iter().find(|issuer| web_url(issuer).is_none()) {
            return Err(ProtectedResourceFault::AuthorizationServer(issuer.clone()));
        }
        let pages = [&metadata.resource_documentation, &metadata.resource_policy_uri, &metadata.resource_tos_uri];
        if let Some(page) = pages.into_iter().flatten().find(|page| web_url(page).is_none()) {
            return Err(ProtectedResourceFault::Page(page.clone()));
        }
        Ok(ProtectedResource { identifier, metadata, url: url.into() })
    }
}

/// Why a resource cannot be described.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectedResourceFault {
    /// Its identifier.
    #[error("resource {0:?}: use an https URL without a fragment, spelled as a browser would")]
    Identifier(String),
    /// An issuer.
    #[error("authorization server {0:?}: use its issuer identifier, an https URL")]
    AuthorizationServer(String),
    /// A page.
    #[error("page {0:?}: use an https URL")]
    Page(String),
}
