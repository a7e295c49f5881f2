//! What a server lets its clients do, as one table.

use std::fmt;
use std::time::Duration;

use super::fault::ConfigFault;

/// Something that clients may want to do, or leave out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Practice {
    /// The implicit grant.
    ImplicitGrant,
    /// The resource owner password credentials grant.
    PasswordGrant,
    /// `response_type=none`.
    ResponseTypeNone,
    /// Token exchange.
    TokenExchange,
    /// PKCE by public clients.
    PkceOfPublicClients,
    /// PKCE by confidential clients.
    PkceOfConfidentialClients,
    /// `code_challenge_method=plain`.
    PlainCodeChallenge,
    /// To push authorization requests.
    PushedAuthorizationRequests,
    /// To sign authorization requests.
    SignedRequests,
    /// To ask for signed authorization responses.
    SignedResponses,
    /// To name the resource that tokens are for.
    ResourceIndicator,
    /// `redirect_uri` in authorization requests, by clients with only one.
    RedirectUriInRequests,
    /// `redirect_uri` at the token endpoint, by clients with several.
    RedirectUriAtTokenEndpoint,
    /// To be known by the document that the client's identifier leads to.
    ClientIdMetadataDocuments,
    /// `client_name` in such a document.
    NameInClientDocuments,
    /// To authenticate by a private key: `private_key_jwt`, or a certificate. Public clients do not.
    ClientAuthenticationByKey,
    /// Access tokens that are bound to a key or a certificate of their sender.
    SenderConstrainedTokens,
    /// Redirect URIs that match as exact strings, whose port may vary on the same machine.
    ExactRedirectUri,
    /// The issuer's name in authorization responses.
    IssuerInResponses,
    /// Refresh tokens that are used once.
    RefreshTokenRotation,
    /// `https`, except on the same machine.
    Https,
}

/// How a server stands to a practice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth")]
pub enum Stance {
    /// Who does it is refused.
    Refused,
    /// Clients may choose.
    Allowed,
    /// Who does not do it is refused.
    Required,
}

/// One line of a policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// What it is about.
    pub practice: Practice,
    /// How the server stands to it.
    pub stance: Stance,
    /// Whether the profile lets no option change it.
    pub firm: bool,
    /// Where it is written.
    pub section: &'static str,
}

/// What a server lets its clients do: a profile, and what options made of it. `Display` prints it as a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    pub(super) profile: &'static str,
    pub(super) rules: Vec<Rule>,
    pub(super) longest_access_token: Option<Duration>,
    /// Whether what FAPI 2.0 says beyond the table holds.
    pub(super) fapi: bool,
}

impl Practice {
    /// Every practice, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::ImplicitGrant,
        Self::PasswordGrant,
        Self::ResponseTypeNone,
        Self::TokenExchange,
        Self::PkceOfPublicClients,
        Self::PkceOfConfidentialClients,
        Self::PlainCodeChallenge,
        Self::PushedAuthorizationRequests,
        Self::SignedRequests,
        Self::SignedResponses,
        Self::ResourceIndicator,
        Self::RedirectUriInRequests,
        Self::RedirectUriAtTokenEndpoint,
        Self::ClientIdMetadataDocuments,
        Self::NameInClientDocuments,
        Self::ClientAuthenticationByKey,
        Self::SenderConstrainedTokens,
        Self::ExactRedirectUri,
        Self::IssuerInResponses,
        Self::RefreshTokenRotation,
        Self::Https,
    ];

    /// What the table calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImplicitGrant => "implicit grant",
            Self::PasswordGrant => "password grant",
            Self::ResponseTypeNone => "response_type=none",
            Self::TokenExchange => "token exchange",
            Self::PkceOfPublicClients => "PKCE of public clients",
            Self::PkceOfConfidentialClients => "PKCE of confidential clients",
            Self::PlainCodeChallenge => "code_challenge_method=plain",
            Self::PushedAuthorizationRequests => "pushed authorization requests",
            Self::SignedRequests => "signed authorization requests",
            Self::SignedResponses => "signed authorization responses",
            Self::ResourceIndicator => "resource parameter",
            Self::RedirectUriInRequests => "redirect_uri in requests",
            Self::RedirectUriAtTokenEndpoint => "redirect_uri at the token endpoint",
            Self::ClientIdMetadataDocuments => "client ID metadata documents",
            Self::NameInClientDocuments => "client_name in such documents",
            Self::ClientAuthenticationByKey => "client authentication by key",
            Self::SenderConstrainedTokens => "sender-constrained tokens",
            Self::ExactRedirectUri => "exact redirect URIs",
            Self::IssuerInResponses => "iss in authorization responses",
            Self::RefreshTokenRotation => "rotation of refresh tokens",
            Self::Https => "https, except on the same machine",
        }
    }

    /// Whether its option turns it on, where others let clients leave something out.
    const fn is_served(self) -> bool {
        matches!(self, Self::SignedRequests | Self::SignedResponses)
    }

    /// The option that changes it, where there is one.
    const fn option(self) -> &'static str {
        match self {
            Self::ImplicitGrant => "danger_serve_implicit_grant",
            Self::PasswordGrant => "danger_serve_password_grant",
            Self::ResponseTypeNone => "serve_response_type_none",
            Self::TokenExchange => "token_exchange",
            Self::PkceOfConfidentialClients => "danger_let_confidential_clients_omit_pkce",
            Self::PlainCodeChallenge => "danger_accept_plain_code_challenge",
            Self::PushedAuthorizationRequests => "require_pushed_authorization_requests",
            Self::SignedRequests => "request_objects",
            Self::SignedResponses => "signed_responses",
            Self::ResourceIndicator => "require_resource",
            Self::RedirectUriAtTokenEndpoint => "redirect_uri_optional_at_token_endpoint",
            Self::ClientIdMetadataDocuments => "client_id_metadata_documents",
            Self::SenderConstrainedTokens => "require_sender_constrained_tokens",
            Self::PkceOfPublicClients
            | Self::RedirectUriInRequests
            | Self::ClientAuthenticationByKey
            | Self::NameInClientDocuments
            | Self::ExactRedirectUri
            | Self::IssuerInResponses
            | Self::RefreshTokenRotation
            | Self::Https => "profile",
        }
    }
}

impl Stance {
    /// What the table calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Allowed => "allowed",
            Self::Required => "required",
        }
    }
}

impl Policy {
    /// [FAPI 2.0 Security Profile §5.3.2.1]
    pub(super) const LONGEST_FAPI_CODE: Duration = Duration::from_secs(60);

    /// The name of its profile.
    #[must_use]
    pub const fn profile(&self) -> &'static str {
        self.profile
    }

    /// Its lines, in the order of the table.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The longest that an access token may live, where the profile limits it.
    #[must_use]
    pub const fn longest_access_token(&self) -> Option<Duration> {
        self.longest_access_token
    }

    /// How the server stands to `practice`.
    #[must_use]
    pub fn stance(&self, practice: Practice) -> Stance {
        let is_of = |rule: &&Rule| rule.practice == practice;
        // Both tables have one order.
        let rule = self.rules.get(practice as usize).filter(is_of).or_else(|| self.rules.iter().find(is_of));
        rule.map_or(Stance::Refused, |rule| rule.stance)
    }

    pub(crate) fn allows(&self, practice: Practice) -> bool {
        self.stance(practice) != Stance::Refused
    }

    pub(crate) fn requires(&self, practice: Practice) -> bool {
        self.stance(practice) == Stance::Required
    }

    /// Takes what an option chose, unless the profile is firm there.
    pub(super) fn choose(&mut self, practice: Practice, stance: Stance) -> Result<(), ConfigFault> {
        let profile = self.profile;
        for rule in self.rules.iter_mut().filter(|rule| rule.practice == practice && rule.stance != stance) {
            // What is to be served may well be required.
            if practice.is_served() && (rule.stance, stance) == (Stance::Required, Stance::Allowed) {
                continue;
            }
            if rule.firm {
                let Rule { practice, stance, section, .. } = *rule;
                let option = practice.option();
                return Err(ConfigFault::Profile { option, profile, practice, stance, section });
            }
            rule.stance = stance;
        }
        Ok(())
    }
}

impl fmt::Display for Practice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Stance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "profile {}", self.profile)?;
        for Rule { practice, stance, firm, section } in &self.rules {
            let firm = if *firm { "always" } else { "" };
            writeln!(f, "{:<36}{:<10}{firm:<8}[{section}]", practice.as_str(), stance.as_str())?;
        }
        if let Some(longest) = self.longest_access_token {
            writeln!(f, "{:<36}{} s at most", "lifetime of access tokens", longest.as_secs())?;
        }
        if self.fapi {
            writeln!(f, "{:<36}{} s at most", "lifetime of codes", Self::LONGEST_FAPI_CODE.as_secs())?;
            writeln!(f, "{:<36}PS256, ES256, EdDSA", "algorithms")?;
        }
        Ok(())
    }
}
