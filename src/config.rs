//! What a server is, checked once when it is built.

use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

use crate::proof::pkce::ChallengeMethod;
use crate::record::{Client, Resource, Scope};
use crate::wire::Limits;

/// The configuration of an authorization server: OAuth 2.1 and RFC 9700 unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Config {
    issuer: Arc<str>,
    /// The issuer's path, without a slash at its end.
    issuer_path: String,
    scopes: Scope,
    default_scope: Scope,
    audience: Arc<[Resource]>,
    lifetimes: Lifetimes,
    limits: Limits,
    brand: String,
    paths: Paths,
    plain_challenge: bool,
    confidential_without_pkce: bool,
    redirect_uri_optional_at_token: bool,
}

/// How long things live, in whole seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Of an authorization code; 60 s by default, 10 min at most [RFC 6749 §4.1.2].
    pub code: Duration,
    /// Of an access token; 10 min by default.
    pub access_token: Duration,
    /// Of a refresh token that is not used; 30 days by default.
    pub refresh_idle: Duration,
    /// Of a refresh token however often it is used; 365 days by default.
    pub refresh_absolute: Duration,
    /// For how long a spent refresh token may ask again for its successor; 30 s by default, 5 min at most.
    ///
    /// Zero makes every second use a reuse, lost answers and parallel requests included.
    pub refresh_retry: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            code: Duration::from_secs(60),
            access_token: Duration::from_secs(600),
            refresh_idle: Duration::from_secs(30 * DAY),
            refresh_absolute: Duration::from_secs(365 * DAY),
            refresh_retry: Duration::from_secs(30),
        }
    }
}

/// Where the endpoints are, below the issuer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Paths {
    /// `/authorize`
    pub authorization: String,
    /// `/token`
    pub token: String,
    /// `/revoke`
    pub revocation: String,
    /// `/introspect`
    pub introspection: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            authorization: "/authorize".to_owned(),
            token: "/token".to_owned(),
            revocation: "/revoke".to_owned(),
            introspection: "/introspect".to_owned(),
        }
    }
}

impl Config {
    /// Starts the configuration of the server that is known as `issuer`: an `https` URL without query and fragment.
    #[must_use]
    pub fn builder(issuer: &str) -> ConfigBuilder {
        ConfigBuilder {
            scopes: Vec::new(),
            default_scope: String::new(),
            audience: Vec::new(),
            config: Self {
                issuer: issuer.into(),
                issuer_path: String::new(),
                scopes: Scope::empty(),
                default_scope: Scope::empty(),
                audience: Arc::from([]),
                lifetimes: Lifetimes::default(),
                limits: Limits::default(),
                brand: "gr_".to_owned(),
                paths: Paths::default(),
                plain_challenge: false,
                confidential_without_pkce: false,
                redirect_uri_optional_at_token: false,
            },
        }
    }

    /// The issuer identifier [RFC 8414 §2].
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn shared_issuer(&self) -> Arc<str> {
        Arc::clone(&self.issuer)
    }

    /// The path of the issuer, empty for most.
    #[must_use]
    pub fn issuer_path(&self) -> &str {
        &self.issuer_path
    }

    /// The scopes that are known.
    #[must_use]
    pub const fn scopes(&self) -> &Scope {
        &self.scopes
    }

    /// How long things live.
    #[must_use]
    pub const fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// What a request may hold.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the endpoints are.
    #[must_use]
    pub const fn paths(&self) -> &Paths {
        &self.paths
    }

    /// What every code and token begins with.
    #[must_use]
    pub fn brand(&self) -> &str {
        &self.brand
    }

    /// The resources that access tokens are for.
    #[must_use]
    pub fn audience(&self) -> Arc<[Resource]> {
        Arc::clone(&self.audience)
    }

    pub(crate) const fn redirect_uri_optional_at_token(&self) -> bool {
        self.redirect_uri_optional_at_token
    }

    pub(crate) const fn requires_pkce(&self, client: &Client) -> bool {
        !(self.confidential_without_pkce && client.is_confidential())
    }

    pub(crate) fn accepts(&self, method: ChallengeMethod) -> bool {
        method == ChallengeMethod::S256 || self.plain_challenge
    }

    /// What `client` may have of what it asks for: unknown words are ignored, words that it may not have are refused,
    /// and without a request it gets what it registered, or else the server's default [RFC 6749 §3.3].
    pub(crate) fn resolve_scope(&self, client: &Client, requested: Option<&str>) -> Result<Scope, ScopeFault> {
        let registered = client.scope();
        // Most ask for what they registered; then all of their grants share one text.
        let read = |text| match registered.filter(|scope| scope.as_str() == text) {
            Some(scope) => Ok(scope.clone()),
            None => Scope::parse(text).map_err(|_| ScopeFault::Malformed),
        };
        let Some(requested) = requested.map(read).transpose()?.filter(|scope| !scope.is_empty()) else {
            let default = registered.unwrap_or(&self.default_scope).filtered(|word| self.scopes.contains(word));
            return if default.is_empty() { Err(ScopeFault::Missing) } else { Ok(default) };
        };
        let known = if self.scopes.covers(&requested) {
            requested
        } else {
            requested.filtered(|word| self.scopes.contains(word))
        };
        if known.is_empty() {
            return Err(ScopeFault::Unknown);
        }
        match registered.filter(|allowed| !allowed.covers(&known)) {
            Some(allowed) => Err(ScopeFault::NotAllowed(known.without(allowed))),
            None => Ok(known),
        }
    }
}

/// Why a client cannot have a scope.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ScopeFault {
    Malformed,
    Missing,
    Unknown,
    NotAllowed(Scope),
}

/// Collects a configuration; `build` checks it.
#[derive(Clone, Debug)]
pub struct ConfigBuilder {
    config: Config,
    scopes: Vec<String>,
    default_scope: String,
    audience: Vec<String>,
}

impl ConfigBuilder {
    /// The scopes that may be asked for; anything else is ignored.
    #[must_use]
    pub fn scopes<I: IntoIterator<Item: Into<String>>>(mut self, scopes: I) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// What a client gets that asks for no scope and registered none, space-delimited; such a request is refused
    /// without it.
    #[must_use]
    pub fn default_scope(mut self, scope: impl Into<String>) -> Self {
        self.default_scope = scope.into();
        self
    }

    /// Adds a resource that access tokens are for.
    #[must_use]
    pub fn audience(mut self, resource: impl Into<String>) -> Self {
        self.audience.push(resource.into());
        self
    }

    /// How long things live.
    #[must_use]
    pub fn lifetimes(mut self, change: impl FnOnce(&mut Lifetimes)) -> Self {
        change(&mut self.config.lifetimes);
        self
    }

    /// What a request may hold.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.config.limits);
        self
    }

    /// Where the endpoints are, below the issuer.
    #[must_use]
    pub fn paths(mut self, change: impl FnOnce(&mut Paths)) -> Self {
        change(&mut self.config.paths);
        self
    }

    /// What every code and token begins with, for secret scanners; `gr_` by default.
    #[must_use]
    pub fn brand(mut self, brand: impl Into<String>) -> Self {
        self.config.brand = brand.into();
        self
    }

    /// Lets a client with several redirect URIs leave out `redirect_uri` at the token endpoint, as a client that knows
    /// only OAuth 2.1 does [OAuth 2.1 §10.2]. The code verifier still binds the code to the client that asked.
    #[must_use]
    pub const fn redirect_uri_optional_at_token_endpoint(mut self) -> Self {
        self.config.redirect_uri_optional_at_token = true;
        self
    }

    /// DANGER: accepts `code_challenge_method=plain`, with which whoever sees an authorization request can redeem its
    /// code [RFC 9700 §2.1.1].
    #[must_use]
    pub const fn danger_accept_plain_code_challenge(mut self) -> Self {
        self.config.plain_challenge = true;
        self
    }

    /// DANGER: lets confidential clients leave out PKCE, so that their own `state` or `nonce` check is all that keeps
    /// an attacker from injecting a stolen code [RFC 9700 §4.5].
    #[must_use]
    pub const fn danger_let_confidential_clients_omit_pkce(mut self) -> Self {
        self.config.confidential_without_pkce = true;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// An option is dangerous, contradicts another, or could not work; the error names it and says what to do.
    pub fn build(self) -> Result<Arc<Config>, ConfigFault> {
        let Self { mut config, scopes, default_scope, audience } = self;
        config.issuer_path = issuer_path(&config.issuer)?;
        if let Some(bad) =
            scopes.iter().find(|word| word.contains(' ') || Scope::parse(word).is_ok_and(|one| one.is_empty()))
        {
            return Err(ConfigFault::Scope(bad.clone()));
        }
        config.scopes = Scope::parse(&scopes.join(" ")).map_err(|_| ConfigFault::Scope(scopes.join(" ")))?;
        config.default_scope = Scope::parse(&default_scope).map_err(|_| ConfigFault::DefaultScope(default_scope))?;
        let unknown = config.default_scope.without(&config.scopes);
        ensure(unknown.is_empty(), || ConfigFault::DefaultScope(unknown.as_str().to_owned()))?;
        config.audience = audience
            .iter()
            .map(|text| Resource::parse(text).map_err(|_| ConfigFault::Audience(text.clone())))
            .collect::<Result<_, _>>()?;
        check_lifetimes(&config.lifetimes)?;
        let limits = &config.limits;
        // Any request needs this much: a code with its verifier, and a redirect URI.
        ensure(limits.body >= 1024 && limits.parameters >= 16 && limits.value >= 256, || ConfigFault::Limits)?;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let brand = &config.brand;
        ensure(brand.len() <= 32 && brand.bytes().all(word), || ConfigFault::Brand(brand.clone()))?;
        check_paths(&config.paths)?;
        Ok(Arc::new(config))
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> ConfigFault) -> Result<(), ConfigFault> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// [RFC 8414 §2]: `https`, no query, no fragment; `http` only where the network is the machine itself.
fn issuer_path(issuer: &str) -> Result<String, ConfigFault> {
    let fault = || ConfigFault::Issuer(issuer.to_owned());
    let url = Url::parse(issuer).map_err(|_| fault())?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    // Clients compare issuers as strings, so there is one spelling only.
    let canonical = format!("{}{path}", url.origin().ascii_serialization()) == issuer;
    ensure(safe && bare && canonical && !path.contains("//"), fault)?;
    Ok(path.to_owned())
}

fn check_lifetimes(lifetimes: &Lifetimes) -> Result<(), ConfigFault> {
    let second = Duration::from_secs(1);
    let fault = |option, advice| Err(ConfigFault::Lifetime { option, advice });
    if lifetimes.code < second || lifetimes.code > Duration::from_secs(600) {
        return fault("code", "set it between 1 s and 10 min; a minute is plenty");
    }
    if lifetimes.access_token < second {
        return fault("access_token", "set it to at least 1 s; some minutes are usual");
    }
    if lifetimes.refresh_idle < second || lifetimes.refresh_idle > lifetimes.refresh_absolute {
        return fault("refresh_idle", "set it between 1 s and refresh_absolute");
    }
    if lifetimes.refresh_retry > Duration::from_secs(300) {
        return fault("refresh_retry", "set it to 5 min at most; it only covers answers that were lost");
    }
    Ok(())
}

fn check_paths(paths: &Paths) -> Result<(), ConfigFault> {
    let all = [&paths.authorization, &paths.token, &paths.revocation, &paths.introspection];
    for (place, path) in all.iter().enumerate() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~');
        let good = path.len() > 1 && path.starts_with('/') && path.bytes().all(plain);
        ensure(good && !path.contains("/."), || ConfigFault::Path((*path).clone()))?;
        ensure(!all.iter().take(place).any(|other| other == path), || ConfigFault::PathTwice((*path).clone()))?;
    }
    Ok(())
}

/// Why a configuration is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// The issuer.
    #[error(
        "issuer {0:?}: use an https URL in lower case without a query, a fragment or a slash at its end; http only on a loopback address"
    )]
    Issuer(String),
    /// A scope.
    #[error(
        "scopes: {0:?} is no scope; give each as one word of printable ASCII without quotation marks and backslashes"
    )]
    Scope(String),
    /// The default scope.
    #[error("default_scope: {0:?} is not among scopes; list it there as well")]
    DefaultScope(String),
    /// A resource.
    #[error("audience {0:?}: use an absolute URI without a fragment")]
    Audience(String),
    /// A lifetime.
    #[error("lifetimes: {option}: {advice}")]
    #[non_exhaustive]
    Lifetime {
        /// Which one.
        option: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Limits below what any request needs.
    #[error("limits: allow at least a body of 1024 bytes, 16 parameters and values of 256 bytes")]
    Limits,
    /// The brand.
    #[error("brand {0:?}: use at most 32 letters, digits, '-' and '_'")]
    Brand(String),
    /// A path.
    #[error("paths: {0:?}: use a path that begins with '/', of letters, digits and '-._~'")]
    Path(String),
    /// A path that is used twice.
    #[error("paths: {0:?} is given to two endpoints; give each its own")]
    PathTwice(String),
}
