//! Client metadata as registered [RFC 7591 §2].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{ClientFault, Scope, web_url};
#[cfg(feature = "jose")]
use super::{ResponseEncryption, Unencryptable};
#[cfg(feature = "jose")]
use crate::jose::{Algorithm, Algorithms};

/// What a client says of itself [RFC 7591 §2]; absent members mean the RFC's defaults.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClientMetadata {
    /// Where authorization responses may go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// How the client authenticates; `client_secret_basic` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The algorithm of its client assertions; any that is served and that it has a key for if absent
    /// [OpenID Connect Registration §2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Grant types it may use; `authorization_code` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// Response types it may use; `code` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    /// The name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// A page about the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// A picture of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// The most it may ask for; everything the server knows if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The types of authorization details it may ask for; every known one if absent [RFC 9396 §10].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details_types: Option<Vec<String>>,
    /// How to reach the people responsible.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// The privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// What someone else says of it, as they signed it; it takes precedence over what the client says [RFC 7591 §2.3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// The software, the same for all its installations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The software's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Whether its authorization requests must be pushed [RFC 9126 §6].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// The algorithm of its signed requests; any that is served and that it has a key for if absent [RFC 9101 §4].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<String>,
    /// How it may encrypt them; others can come all the same [OpenID Connect Registration §2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_alg: Option<String>,
    /// How it may encrypt their content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_enc: Option<String>,
    /// Whether its authorization requests must be signed [RFC 9101 §10.5].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// The algorithm of signed responses to it; RS256 if absent and the server has it [JARM §3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<String>,
    /// How they are encrypted to it; they are not if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_alg: Option<String>,
    /// How their content is encrypted; with A128CBC-HS256 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_enc: Option<String>,
    /// The response modes that it may use; any that is served if absent [FAPI 2.0 Message Signing §5.3.3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_modes: Option<Vec<String>>,
    /// The subject of its certificates, as RFC 4514 writes names [RFC 8705 §2.1.2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A host name of its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI of its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An IP address of its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// A mailbox of its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// Whether its access tokens must be bound to the certificate that it asks for them with [RFC 8705 §3.4].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Whether it shows a proof with every request for tokens [RFC 9449 §5.2].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    /// How introspection responses to it are signed [RFC 9701 §6].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<String>,
    /// How the key comes to it by which they are encrypted; they are not if absent [RFC 9701 §6].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<String>,
    /// How they are encrypted; `A128CBC-HS256` if absent [RFC 9701 §6].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<String>,
    /// Web or native, which decides the redirect URIs it may register.
    pub application_type: ApplicationType,
    /// Whatever else was registered, such as `client_name#ja`.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl ClientMetadata {
    /// Whether the client authenticates with a secret.
    pub(crate) fn needs_secret(&self) -> bool {
        let method = self.token_endpoint_auth_method.as_deref();
        matches!(method, None | Some("client_secret_basic" | "client_secret_post"))
    }

    /// Whether `name` is one of the members that may be given in several languages [RFC 7591 §2.2].
    pub(crate) fn is_localized(name: &str) -> bool {
        let plain = |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let translated = |base| base == "client_name" || PAGES.contains(&base);
        name.split_once('#').is_some_and(|(base, tag)| translated(base) && plain(tag))
    }

    /// Requires that every page, in every language, can be linked to [RFC 7591 §5].
    pub(super) fn check_pages(&self) -> Result<(), ClientFault> {
        let pages = [&self.client_uri, &self.logo_uri, &self.tos_uri, &self.policy_uri].into_iter().flatten();
        let is_page_name = |name: &str| name.split_once('#').is_some_and(|(base, _)| PAGES.contains(&base));
        let localized = self.other.iter().filter(|(name, _)| is_page_name(name));
        let localized = localized.map(|(_, value)| value.as_str().unwrap_or_default());
        match pages.map(String::as_str).chain(localized).find(|page| !is_page(page)) {
            Some(page) => Err(ClientFault::Page(page.to_owned())),
            None => Ok(()),
        }
    }

    /// How introspection responses to it are encrypted, if they are.
    #[cfg(feature = "jose")]
    pub(crate) fn introspection_encryption(&self) -> Result<Option<ResponseEncryption>, Unencryptable> {
        let alg = self.introspection_encrypted_response_alg.as_deref();
        ResponseEncryption::parse(alg, self.introspection_encrypted_response_enc.as_deref())
    }

    /// Requires that answers can be signed and encrypted as is registered [RFC 9701 §6].
    #[cfg(feature = "jose")]
    pub(super) fn check_answers(&self) -> Result<(), ClientFault> {
        let asymmetric = |name| Algorithm::parse(name).is_some_and(|own| Algorithms::ASYMMETRIC.contain(own));
        if !self.introspection_signed_response_alg.as_deref().is_none_or(asymmetric) {
            return Err(ClientFault::AnswerAlgorithm("introspection_signed_response_alg"));
        }
        let encryption = self.introspection_encryption();
        let encryption =
            encryption.map_err(|_| ClientFault::AnswerAlgorithm("introspection_encrypted_response_alg"))?;
        let fits = |encryption: ResponseEncryption| self.jwks_uri.is_some() || encryption.here(self).is_some();
        if encryption.is_none_or(fits) { Ok(()) } else { Err(ClientFault::EncryptionKeyMissing) }
    }

    /// Requires keys of one kind, and that none of them is secret.
    pub(super) fn check_keys(&self) -> Result<(), ClientFault> {
        // Not even on this machine: who registers must not choose what is called here [RFC 7591 §5].
        let secure = |uri: &String| web_url(uri).is_some_and(|url| url.scheme() == "https");
        let sound = self.jwks_uri.as_ref().is_none_or(secure) && self.jwks.as_ref().is_none_or(is_public);
        if sound && (self.jwks.is_none() || self.jwks_uri.is_none()) { Ok(()) } else { Err(ClientFault::Keys) }
    }
}

/// The members that are pages and pictures.
const PAGES: [&str; 4] = ["client_uri", "logo_uri", "tos_uri", "policy_uri"];

/// The members that only secret keys have [RFC 7518 §6.2.2, §6.3.2, §6.4.1].
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether `text` can be put into a link or a picture on a page of the server [RFC 7591 §5].
fn is_page(text: &str) -> bool {
    let plain = text.bytes().all(|byte| matches!(byte, 0x21..=0x7e));
    plain && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

/// Whether `jwks` is a set of public keys [RFC 7517 §5].
fn is_public(jwks: &Value) -> bool {
    let public = |key: &Value| key.as_object().is_some_and(|key| !SECRET.iter().any(|name| key.contains_key(*name)));
    jwks.get("keys").and_then(Value::as_array).is_some_and(|keys| keys.iter().all(public))
}

/// What kind of application a client is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ApplicationType {
    /// Runs on a server or in a browser; its redirect URIs are `https`.
    #[default]
    Web,
    /// Runs on a person's device; loopback and private-use redirect URIs are allowed [RFC 8252].
    Native,
}
