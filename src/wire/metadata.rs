//! What a server says of itself [RFC 8414 §2].

use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};

/// Authorization server metadata.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ServerMetadata {
    /// The issuer identifier.
    pub issuer: String,
    /// Where people are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Where tokens are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Where the server's public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The scopes that may be asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// The types of authorization details that may be asked for [RFC 9396 §10].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// What authorization responses may carry.
    pub response_types_supported: Vec<String>,
    /// How authorization responses may travel.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    /// The grant types that are served.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// The kinds of assertions that are taken beside plain ones [ID-JAG §7.2].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_grant_profiles_supported: Vec<String>,
    /// What tokens can be exchanged for that other servers take [ID-JAG §7.1].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identity_chaining_requested_token_types_supported: Vec<String>,
    /// How clients authenticate for tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// The algorithms of the assertions by which they do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Where tokens are revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// How clients authenticate to revoke.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// The algorithms of the assertions by which they do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Where tokens are looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// How clients authenticate to look up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// The algorithms of the assertions by which they do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// How introspection responses can be signed [RFC 9701 §7].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_signing_alg_values_supported: Vec<String>,
    /// How their keys can come to whoever decrypts them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_encryption_alg_values_supported: Vec<String>,
    /// How they can be encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_encryption_enc_values_supported: Vec<String>,
    /// Where clients register themselves [RFC 7591 §3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// Whether clients are known by the documents that their identifiers lead to [Client ID Metadata Document §5].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_id_metadata_document_supported: bool,
    /// Where devices get their codes [RFC 8628 §4].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    /// Where authorization requests are pushed [RFC 9126 §5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Whether all of them must be pushed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// The algorithms that responses may be signed with [JARM §4].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_signing_alg_values_supported: Vec<String>,
    /// How they may be encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_encryption_alg_values_supported: Vec<String>,
    /// How their content may be encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_encryption_enc_values_supported: Vec<String>,
    /// Whether requests may come as signed objects [RFC 9101 §4].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub request_parameter_supported: bool,
    /// Whether they may also be fetched, which is meant where nothing is said [OpenID Connect Discovery §3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_uri_parameter_supported: Option<bool>,
    /// Whether all of them must be signed [RFC 9101 §10.5].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// The algorithms that they may be signed with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_object_signing_alg_values_supported: Vec<String>,
    /// How they may be encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_object_encryption_alg_values_supported: Vec<String>,
    /// How their content may be encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_object_encryption_enc_values_supported: Vec<String>,
    /// Whether access tokens can be bound to the certificates of clients [RFC 8705 §3.3].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// The algorithms that client attestations may have [Attestation-Based Client Authentication §8].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client_attestation_signing_alg_values_supported: Vec<String>,
    /// The algorithms that the proofs of client attestations may have [Attestation-Based Client Authentication §8].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client_attestation_pop_signing_alg_values_supported: Vec<String>,
    /// The algorithms that DPoP proofs may have [RFC 9449 §5.1].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Where clients with certificates find the same endpoints [RFC 8705 §5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls_endpoint_aliases: Option<EndpointAliases>,
    /// How code challenges may be made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// How surely people can prove who they are [RFC 9470 §7].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    /// A page for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
    /// The languages of the pages that people see.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ui_locales_supported: Vec<String>,
    /// How clients may use the data: for whoever registers one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_policy_uri: Option<String>,
    /// The terms of service: for whoever registers a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_tos_uri: Option<String>,
    /// The resources that tokens can be for, where they may be known [RFC 9728 §4].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected_resources: Vec<String>,
    /// Whether authorization responses say who answers [RFC 9207 §3].
    pub authorization_response_iss_parameter_supported: bool,
}

/// The endpoints that clients with certificates prefer to those of the same name [RFC 8705 §5].
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EndpointAliases {
    /// Where tokens are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Where tokens are revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Where tokens are looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// Where devices get their codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    /// Where authorization requests are pushed [RFC 9126 §5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
}

impl ServerMetadata {
    /// Writes the document.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        document(self)
    }

    /// Reads the document of `issuer`, or nothing if it cannot be read or is another's [RFC 8414 §3.3].
    #[must_use]
    pub fn parse(document: &[u8], issuer: &str) -> Option<Self> {
        serde_json::from_slice(document).ok().filter(|metadata: &Self| metadata.issuer == issuer)
    }
}

/// A document that anyone may read and keep.
pub(super) fn document<T: Serialize>(metadata: &T) -> Response<Vec<u8>> {
    // A struct of texts, which JSON can always express.
    let mut response = Response::new(serde_json::to_vec(metadata).unwrap_or_default());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
