//! Who may register clients, and for what.

#[cfg(feature = "jose")]
use crate::jose::JwkSet;
use crate::record::{Digest, GrantType, Scope};

use super::Config;
use super::fault::{ConfigFault, ensure};

/// Dynamic client registration, where it is served [RFC 7591].
///
/// A client that registers itself is never first-party, serves no resource, and gets no grant type in which no person
/// takes part unless that is said here: otherwise anyone could give themselves tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registration {
    access: Access,
    grant_types: Vec<GrantType>,
    most: Option<String>,
    default: Option<String>,
    ask_host: bool,
    statement_required: bool,
    /// Whose statements are taken, and their keys.
    #[cfg(feature = "jose")]
    statements: Vec<(String, JwkSet)>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Access {
    Open,
    InitialAccessToken(Vec<Digest>),
}

impl Registration {
    const fn with(access: Access) -> Self {
        Self {
            access,
            grant_types: Vec::new(),
            most: None,
            default: None,
            ask_host: false,
            statement_required: false,
            #[cfg(feature = "jose")]
            statements: Vec::new(),
        }
    }

    /// Anyone may register [RFC 7591 §5]: limit rates in front, and remove clients that nobody uses.
    #[must_use]
    pub const fn open() -> Self {
        Self::with(Access::Open)
    }

    /// Who has one of the initial access tokens may register; these are their digests.
    #[must_use]
    pub fn initial_access_token(digests: impl IntoIterator<Item = Digest>) -> Self {
        Self::with(Access::InitialAccessToken(digests.into_iter().collect()))
    }

    /// Adds grant types to `authorization_code`, `refresh_token` and, where it is served, the device grant.
    #[must_use]
    pub fn grant_types(mut self, grant_types: &[GrantType]) -> Self {
        self.grant_types.extend_from_slice(grant_types);
        self
    }

    /// The scope that can be registered, space-delimited; all that is known if it is not said.
    #[must_use]
    pub fn at_most(mut self, scope: impl Into<String>) -> Self {
        self.most = Some(scope.into());
        self
    }

    /// What a client is registered for that says no scope, space-delimited; the server's default scope if it is not said.
    #[must_use]
    pub fn by_default(mut self, scope: impl Into<String>) -> Self {
        self.default = Some(scope.into());
        self
    }

    /// Asks the host about each registration and update, as [`Question::Registration`](crate::Question::Registration).
    #[must_use]
    pub const fn ask_host(mut self) -> Self {
        self.ask_host = true;
        self
    }
}

/// Software statements [RFC 7591 §2.3].
#[cfg(feature = "jose")]
impl Registration {
    /// Takes statements of `issuer` about clients, which it signs with one of `keys`; what it says counts in place of what a
    /// client says of itself. A statement is for many clients, and whoever has it can show it.
    #[must_use]
    pub fn software_statements(mut self, issuer: impl Into<String>, keys: JwkSet) -> Self {
        self.statements.push((issuer.into(), keys));
        self
    }

    /// Registers nobody without such a statement.
    #[must_use]
    pub const fn require_software_statement(mut self) -> Self {
        self.statement_required = true;
        self
    }
}

/// The same, checked against the rest of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct RegistrationPolicy {
    access: Access,
    grant_types: Vec<GrantType>,
    pub(crate) most: Scope,
    pub(crate) default: Scope,
    pub(crate) ask_host: bool,
    pub(crate) statement_required: bool,
    #[cfg(feature = "jose")]
    statements: Vec<(String, JwkSet)>,
}

impl RegistrationPolicy {
    pub(super) fn new(registration: Registration, config: &Config) -> Result<Self, ConfigFault> {
        #[cfg(feature = "jose")]
        check_statements(&registration)?;
        let Registration { access, mut grant_types, most, default, ask_host, statement_required, .. } = registration;
        let scope = |text: Option<String>, otherwise: &Scope| {
            text.map_or_else(
                || Ok(otherwise.clone()),
                |text| Scope::parse(&text).map_err(|_| ConfigFault::Registration),
            )
        };
        let most = scope(most, &config.scopes)?;
        let default = scope(default, &config.default_scope)?;
        let given = !matches!(&access, Access::InitialAccessToken(digests) if digests.is_empty());
        let scopes = config.scopes.covers(&most) && most.covers(&default) && !default.is_empty();
        ensure(given && scopes, || ConfigFault::Registration)?;
        grant_types.extend([GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode]);
        Ok(Self {
            access,
            grant_types,
            most,
            default,
            ask_host,
            statement_required,
            #[cfg(feature = "jose")]
            statements: registration.statements,
        })
    }

    #[cfg(feature = "jose")]
    pub(crate) const fn takes_statements(&self) -> bool {
        !self.statements.is_empty()
    }

    /// The keys of `issuer`, if its statements are taken.
    #[cfg(feature = "jose")]
    pub(crate) fn statement_keys(&self, issuer: &str) -> Option<&JwkSet> {
        self.statements.iter().find_map(|(own, keys)| (own == issuer).then_some(keys))
    }

    /// Whether registration needs a token.
    pub(crate) const fn needs_token(&self) -> bool {
        matches!(self.access, Access::InitialAccessToken(_))
    }

    /// Whether `token` is an initial access token.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        match &self.access {
            Access::Open => true,
            // All are compared, so that the time does not tell which one it was.
            Access::InitialAccessToken(digests) => {
                digests.iter().filter(|digest| digest.matches(token.as_bytes())).count() > 0
            }
        }
    }

    /// Whether a client may register for `grant_type`.
    pub(crate) fn grants(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }
}

/// Each issuer once and with a key, and someone to make what is required.
#[cfg(feature = "jose")]
fn check_statements(registration: &Registration) -> Result<(), ConfigFault> {
    let statements = &registration.statements;
    let once = |(place, (issuer, keys)): (usize, &(String, JwkSet))| {
        let known = statements.iter().take(place).any(|(earlier, _)| earlier == issuer);
        !issuer.is_empty() && !known && !keys.keys().is_empty()
    };
    let possible = !registration.statement_required || !statements.is_empty();
    ensure(possible && statements.iter().enumerate().all(once), || ConfigFault::Registration)
}
