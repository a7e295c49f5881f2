//! Ways to get tokens, by their names.

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
