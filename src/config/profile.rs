//! Named policies: what a specification asks of a server, as a whole.

use std::fmt;
use std::time::Duration;

use super::policy::{Policy, Practice, Rule, Stance};
use Practice as P;
use Stance::{Allowed, Refused, Required};

/// A named policy: where every practice stands, and which of them no option may change. `Display` prints it as a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Profile {
    name: &'static str,
    rules: &'static [Rule],
    /// In place of those of the same practices.
    but: &'static [Rule],
    longest_access_token: Option<Duration>,
    fapi: bool,
}

impl Profile {
    /// OAuth 2.1 and RFC 9700: the default. There is no implicit grant and no password grant.
    #[must_use]
    pub const fn oauth21() -> Self {
        Self { name: "oauth21", rules: OAUTH_21, but: &[], longest_access_token: None, fapi: false }
    }

    /// DANGER: OAuth 2.0 as it was before RFC 9700, for clients that are yet to move: `plain` code challenges, confidential
    /// clients without PKCE, and, each by an option of its own, the implicit grant and the password grant.
    #[must_use]
    pub const fn danger_oauth20_legacy() -> Self {
        Self { name: "oauth20_legacy", rules: OAUTH_20, but: &[], longest_access_token: None, fapi: false }
    }

    /// What the Model Context Protocol asks of an authorization server, in its revisions of 2025-11-25 and 2026-07-28:
    /// OAuth 2.1 with S256 for everyone, tokens for the resource that was named, clients that are known by the document that
    /// their identifier leads to, and access tokens that live an hour at most. Its host fetches those documents, as
    /// [`fetch`](crate::fetch) says, or says [`refuse_client_id_metadata_documents`].
    ///
    /// [`refuse_client_id_metadata_documents`]: crate::ConfigBuilder::refuse_client_id_metadata_documents
    #[must_use]
    pub const fn mcp() -> Self {
        Self { name: "mcp", rules: MCP, but: &[], longest_access_token: Some(Duration::from_secs(3600)), fapi: false }
    }

    /// The FAPI 2.0 Security Profile: pushed requests, clients that authenticate by keys, tokens that are bound to a key or a
    /// certificate, and algorithms that it permits. What it needs and nothing was said of is turned on: `private_key_jwt`, and
    /// DPoP. Refresh tokens are not rotated. What carries the server must use TLS as the profile says [§5.2].
    #[must_use]
    pub const fn fapi2() -> Self {
        Self { name: "fapi2", rules: FAPI_2, but: &[], longest_access_token: None, fapi: true }
    }

    /// FAPI 2.0 Message Signing: the Security Profile with authorization requests that clients sign and responses that the
    /// server signs; introspection answers in a signed form to who asks for that. It needs `keys`. A device has no
    /// authorization request that it could sign: who wants nothing unsigned leaves the device flow out.
    #[must_use]
    pub const fn fapi2_message_signing() -> Self {
        Self { name: "fapi2_message_signing", but: FAPI_2_MESSAGE_SIGNING, ..Self::fapi2() }
    }

    /// The profile of this name, as a switch on a command line may give it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let plain = [Self::oauth21(), Self::danger_oauth20_legacy(), Self::mcp()];
        let mut all = plain.into_iter().chain([Self::fapi2(), Self::fapi2_message_signing()]);
        all.find(|profile| profile.name == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The policy that it is, before any option.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let Self { name, rules, but, longest_access_token, fapi } = *self;
        let rule = |rule: &Rule| *but.iter().find(|other| other.practice == rule.practice).unwrap_or(rule);
        Policy { profile: name, rules: rules.iter().map(rule).collect(), longest_access_token, fapi }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::oauth21()
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy().fmt(f)
    }
}

const fn firm(practice: Practice, stance: Stance, section: &'static str) -> Rule {
    Rule { practice, stance, firm: true, section }
}

const fn free(practice: Practice, stance: Stance, section: &'static str) -> Rule {
    Rule { practice, stance, firm: false, section }
}

const OAUTH_21: &[Rule] = &[
    firm(P::ImplicitGrant, Refused, "OAuth 2.1 §10.1"),
    firm(P::PasswordGrant, Refused, "OAuth 2.1 §10"),
    free(P::ResponseTypeNone, Refused, "OAuth 2.0 Multiple Response Types §4"),
    free(P::TokenExchange, Refused, "RFC 8693"),
    firm(P::PkceOfPublicClients, Required, "OAuth 2.1 §7.5.1"),
    free(P::PkceOfConfidentialClients, Required, "OAuth 2.1 §7.5.1"),
    free(P::PlainCodeChallenge, Refused, "RFC 9700 §2.1.1"),
    free(P::PushedAuthorizationRequests, Allowed, "RFC 9126 §5"),
    free(P::SignedRequests, Refused, "RFC 9101 §10.5"),
    free(P::SignedResponses, Refused, "JARM §2"),
    free(P::ResourceIndicator, Allowed, "RFC 8707 §2"),
    free(P::RedirectUriInRequests, Allowed, "RFC 6749 §3.1.2.3"),
    free(P::RedirectUriAtTokenEndpoint, Required, "RFC 6749 §4.1.3"),
    free(P::ClientIdMetadataDocuments, Refused, "Client ID Metadata Document §5"),
    free(P::NameInClientDocuments, Allowed, "RFC 7591 §2"),
    free(P::ClientAuthenticationByKey, Allowed, "RFC 6749 §2.3"),
    free(P::SenderConstrainedTokens, Allowed, "RFC 9700 §2.2.1"),
    firm(P::ExactRedirectUri, Required, "RFC 9700 §4.1.3"),
    firm(P::IssuerInResponses, Required, "RFC 9207 §2"),
    firm(P::RefreshTokenRotation, Required, "OAuth 2.1 §4.3.1"),
    firm(P::Https, Required, "OAuth 2.1 §1.5"),
];

const OAUTH_20: &[Rule] = &[
    free(P::ImplicitGrant, Refused, "RFC 6749 §4.2"),
    free(P::PasswordGrant, Refused, "RFC 6749 §4.3"),
    free(P::ResponseTypeNone, Refused, "OAuth 2.0 Multiple Response Types §4"),
    free(P::TokenExchange, Refused, "RFC 8693"),
    firm(P::PkceOfPublicClients, Required, "RFC 9700 §2.1.1"),
    free(P::PkceOfConfidentialClients, Allowed, "RFC 9700 §2.1.1"),
    free(P::PlainCodeChallenge, Allowed, "RFC 7636 §4.2"),
    free(P::PushedAuthorizationRequests, Allowed, "RFC 9126 §5"),
    free(P::SignedRequests, Refused, "RFC 9101 §10.5"),
    free(P::SignedResponses, Refused, "JARM §2"),
    free(P::ResourceIndicator, Allowed, "RFC 8707 §2"),
    free(P::RedirectUriInRequests, Allowed, "RFC 6749 §3.1.2.3"),
    free(P::RedirectUriAtTokenEndpoint, Required, "RFC 6749 §4.1.3"),
    free(P::ClientIdMetadataDocuments, Refused, "Client ID Metadata Document §5"),
    free(P::NameInClientDocuments, Allowed, "RFC 7591 §2"),
    free(P::ClientAuthenticationByKey, Allowed, "RFC 6749 §2.3"),
    free(P::SenderConstrainedTokens, Allowed, "RFC 9700 §2.2.1"),
    firm(P::ExactRedirectUri, Required, "RFC 9700 §4.1.3"),
    firm(P::IssuerInResponses, Required, "RFC 9207 §2"),
    firm(P::RefreshTokenRotation, Required, "RFC 9700 §4.14.2"),
    firm(P::Https, Required, "RFC 6749 §3.1.2.1"),
];

const MCP: &[Rule] = &[
    firm(P::ImplicitGrant, Refused, "MCP Authorization, Overview 1; OAuth 2.1 §10.1"),
    firm(P::PasswordGrant, Refused, "MCP Authorization, Overview 1; OAuth 2.1 §10"),
    firm(P::ResponseTypeNone, Refused, "MCP Authorization, Standards Compliance"),
    free(P::TokenExchange, Refused, "RFC 8693"),
    firm(P::PkceOfPublicClients, Required, "MCP Authorization, Authorization Code Protection"),
    firm(P::PkceOfConfidentialClients, Required, "MCP Authorization, Authorization Code Protection"),
    firm(P::PlainCodeChallenge, Refused, "MCP Authorization, Authorization Code Protection"),
    free(P::PushedAuthorizationRequests, Allowed, "RFC 9126 §5"),
    free(P::SignedRequests, Refused, "RFC 9101 §10.5"),
    free(P::SignedResponses, Refused, "JARM §2"),
    firm(P::ResourceIndicator, Required, "MCP Authorization, Resource Parameter Implementation"),
    free(P::RedirectUriInRequests, Allowed, "RFC 6749 §3.1.2.3"),
    free(P::RedirectUriAtTokenEndpoint, Allowed, "OAuth 2.1 §10.2"),
    free(P::ClientIdMetadataDocuments, Allowed, "MCP Client Registration, Client ID Metadata Documents"),
    firm(P::NameInClientDocuments, Required, "MCP Client Registration, Implementation Requirements"),
    free(P::ClientAuthenticationByKey, Allowed, "RFC 6749 §2.3"),
    free(P::SenderConstrainedTokens, Allowed, "RFC 9700 §2.2.1"),
    firm(P::ExactRedirectUri, Required, "MCP Authorization, Open Redirection"),
    firm(P::IssuerInResponses, Required, "MCP Authorization, Authorization Response Validation"),
    firm(P::RefreshTokenRotation, Required, "MCP Authorization, Token Theft"),
    firm(P::Https, Required, "MCP Authorization, Communication Security"),
];

const FAPI_2: &[Rule] = &[
    firm(P::ImplicitGrant, Refused, "FAPI 2.0 §5.3.2.2"),
    firm(P::PasswordGrant, Refused, "FAPI 2.0 §5.3.2.1"),
    firm(P::ResponseTypeNone, Refused, "FAPI 2.0 §5.3.2.2"),
    free(P::TokenExchange, Refused, "RFC 8693"),
    firm(P::PkceOfPublicClients, Required, "FAPI 2.0 §5.3.2.2"),
    firm(P::PkceOfConfidentialClients, Required, "FAPI 2.0 §5.3.2.2"),
    firm(P::PlainCodeChallenge, Refused, "FAPI 2.0 §5.3.2.2"),
    firm(P::PushedAuthorizationRequests, Required, "FAPI 2.0 §5.3.2.2"),
    free(P::SignedRequests, Refused, "RFC 9101 §10.5"),
    free(P::SignedResponses, Refused, "JARM §2"),
    free(P::ResourceIndicator, Allowed, "RFC 8707 §2"),
    firm(P::RedirectUriInRequests, Required, "FAPI 2.0 §5.3.2.2"),
    free(P::RedirectUriAtTokenEndpoint, Required, "RFC 6749 §4.1.3"),
    free(P::ClientIdMetadataDocuments, Refused, "Client ID Metadata Document §5"),
    free(P::NameInClientDocuments, Allowed, "RFC 7591 §2"),
    firm(P::ClientAuthenticationByKey, Required, "FAPI 2.0 §5.3.2.1"),
    firm(P::SenderConstrainedTokens, Required, "FAPI 2.0 §5.3.2.1"),
    firm(P::ExactRedirectUri, Required, "FAPI 2.0 §5.3.2.2; RFC 9700 §4.1.3"),
    firm(P::IssuerInResponses, Required, "FAPI 2.0 §5.3.2.2"),
    firm(P::RefreshTokenRotation, Refused, "FAPI 2.0 §5.3.2.1"),
    firm(P::Https, Required, "FAPI 2.0 §5.2.1"),
];

const FAPI_2_MESSAGE_SIGNING: &[Rule] = &[
    firm(P::SignedRequests, Required, "FAPI 2.0 Message Signing §5.3.1"),
    firm(P::SignedResponses, Required, "FAPI 2.0 Message Signing §5.4.1"),
];
