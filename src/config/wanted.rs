//! What a client gets of the scope, the resources and the details that it asks for.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Config, Practice};
use crate::record::{AuthorizationDetails, Client, DetailsFault, Exposed, Resource, Scope, Wanted};
use crate::wire::{AuthorizeReason, TokenRefusal};

/// Why a client cannot have what it wants.
#[derive(Clone, Debug)]
pub(crate) enum WantedFault {
    Scope(ScopeFault),
    Details(DetailsFault),
    Target(TargetFault),
}

/// Why a client cannot have a scope.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ScopeFault {
    Malformed,
    Missing,
    Unknown,
    NotAllowed(Scope),
}

/// Why a client cannot have a token for what it names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TargetFault {
    /// None is named where one must be.
    Missing,
    /// One is unknown, or not for this client.
    Unknown,
}

/// A resource that clients may ask for by name [RFC 8707].
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct KnownResource {
    name: Resource,
    /// The scopes that mean something there; all of them if absent.
    scopes: Option<Scope>,
}

impl KnownResource {
    /// Nothing if the name or a scope is wrong.
    pub(super) fn parse(all: &Scope, name: &str, scopes: Option<&str>) -> Option<Self> {
        let name = Resource::parse(name).ok()?;
        let scopes = scopes.map(Scope::parse).transpose().ok()?;
        let known = scopes.as_ref().is_none_or(|scopes| all.covers(scopes));
        known.then_some(Self { name, scopes })
    }
}

impl Config {
    /// Every resource that a token can be for.
    pub(crate) fn known_resources(&self) -> impl Iterator<Item = &Resource> {
        self.audience.iter().chain(self.resources.iter().map(|known| &known.name))
    }

    /// What `client` asks for, if it may have it: the details first, since beside them it need not ask for a scope.
    pub(crate) fn resolve(
        &self,
        client: &Client,
        scope: Option<&str>,
        details: Option<&Exposed>,
        resource: &[String],
    ) -> Result<Wanted, WantedFault> {
        let details = self.resolve_details(client, details).map_err(WantedFault::Details)?;
        let scope = self.resolve_scope_beside(&details, client, scope).map_err(WantedFault::Scope)?;
        let audience = self.resolve_resources(client, resource).map_err(WantedFault::Target)?;
        Ok(Wanted { scope, details, audience })
    }

    /// The resources that `client` asks for, or the usual ones if it names none and need not [RFC 8707 §2].
    pub(crate) fn resolve_resources(
        &self,
        client: &Client,
        requested: &[String],
    ) -> Result<Arc<[Resource]>, TargetFault> {
        if requested.is_empty() {
            // [RFC 8707 §2]: a client that may not have what is usual must say what it wants.
            let enough = client.may_have(&self.audience) && !self.policy.requires(Practice::ResourceIndicator);
            return if enough { Ok(Arc::clone(&self.audience)) } else { Err(TargetFault::Missing) };
        }
        let mut found: Vec<Resource> = Vec::with_capacity(requested.len());
        for text in requested {
            let resource = self.resource(text).filter(|known| client.may_ask_for(known)).ok_or(TargetFault::Unknown)?;
            if !found.contains(resource) {
                found.push(resource.clone());
            }
        }
        Ok(found.into())
    }

    /// What of `scope` means something at the resources of `audience`.
    pub(crate) fn scope_at<'s>(&self, audience: &[Resource], scope: &'s Scope) -> Cow<'s, Scope> {
        if audience.is_empty() || self.resources.is_empty() {
            return Cow::Borrowed(scope);
        }
        let known_at = |resource: &Resource, word: &str| {
            let known = self.resources.iter().find(|known| known.name == *resource);
            known.and_then(|known| known.scopes.as_ref()).is_none_or(|scopes| scopes.contains(word))
        };
        scope.kept(|word| audience.iter().any(|resource| known_at(resource, word)))
    }

    /// What of `scope`, granted before or to another, is known and allowed to `client` to this day.
    pub(crate) fn still<'s>(&self, scope: &'s Scope, client: &Client) -> Cow<'s, Scope> {
        let (allowed, withheld) = (client.scope(), self.withholds_from(client));
        if !withheld && self.scopes.covers(scope) && allowed.is_none_or(|allowed| allowed.covers(scope)) {
            return Cow::Borrowed(scope);
        }
        let allows = |word: &str| allowed.is_none_or(|allowed| allowed.contains(word));
        let barred = |word: &str| withheld && self.sensitive.contains(word);
        scope.kept(|word| self.scopes.contains(word) && allows(word) && !barred(word))
    }

    /// What `client` may have of what it asks for: unknown words are ignored, words that it may not have are refused,
    /// and without a request it gets what it registered, or else the server's default [RFC 6749 §3.3].
    pub(crate) fn resolve_scope(&self, client: &Client, requested: Option<&str>) -> Result<Scope, ScopeFault> {
        let registered = client.scope();
        let withheld = self.withholds_from(client);
        let barred = |word: &str| withheld && self.sensitive.contains(word);
        // Most ask for what they registered; then all of their grants share one text.
        let read = |text| match registered.filter(|scope| scope.as_str() == text) {
            Some(scope) => Ok(scope.clone()),
            None => Scope::parse(text).map_err(|_| ScopeFault::Malformed),
        };
        let Some(requested) = requested.map(read).transpose()?.filter(|scope| !scope.is_empty()) else {
            let default =
                registered.unwrap_or(&self.default_scope).filtered(|word| self.scopes.contains(word) && !barred(word));
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
        if withheld && known.words().any(barred) {
            return Err(ScopeFault::NotAllowed(known.filtered(barred)));
        }
        match registered.filter(|allowed| !allowed.covers(&known)) {
            Some(allowed) => Err(ScopeFault::NotAllowed(known.without(allowed))),
            None => Ok(known),
        }
    }

    /// The same for a request that has details as well: without a scope, it asks for none [RFC 9396 §3.1].
    pub(crate) fn resolve_scope_beside(
        &self,
        details: &AuthorizationDetails,
        client: &Client,
        requested: Option<&str>,
    ) -> Result<Scope, ScopeFault> {
        let silent = requested.is_none_or(|scope| scope.trim_matches(' ').is_empty());
        if silent && !details.is_empty() { Ok(Scope::empty()) } else { self.resolve_scope(client, requested) }
    }

    fn resource(&self, name: &str) -> Option<&Resource> {
        self.known_resources().find(|known| known.as_str() == name)
    }
}

impl From<ScopeFault> for TokenRefusal {
    fn from(fault: ScopeFault) -> Self {
        match fault {
            ScopeFault::Malformed => Self::ScopeMalformed,
            ScopeFault::Missing => Self::ScopeMissing,
            ScopeFault::Unknown => Self::ScopeUnknown,
            ScopeFault::NotAllowed(scope) => Self::ScopeNotAllowed(scope),
        }
    }
}

impl From<TargetFault> for TokenRefusal {
    fn from(fault: TargetFault) -> Self {
        match fault {
            TargetFault::Missing => Self::TargetMissing,
            TargetFault::Unknown => Self::TargetInvalid,
        }
    }
}

impl From<WantedFault> for TokenRefusal {
    fn from(fault: WantedFault) -> Self {
        match fault {
            WantedFault::Scope(fault) => fault.into(),
            WantedFault::Details(fault) => Self::DetailsInvalid(fault),
            WantedFault::Target(fault) => fault.into(),
        }
    }
}

impl From<WantedFault> for AuthorizeReason {
    fn from(fault: WantedFault) -> Self {
        match fault {
            WantedFault::Scope(ScopeFault::Malformed) => Self::ScopeMalformed,
            WantedFault::Scope(ScopeFault::Missing) => Self::ScopeMissing,
            WantedFault::Scope(ScopeFault::Unknown) => Self::ScopeUnknown,
            WantedFault::Scope(ScopeFault::NotAllowed(scope)) => Self::ScopeNotAllowed(scope),
            WantedFault::Details(fault) => Self::DetailsInvalid(fault),
            WantedFault::Target(TargetFault::Missing) => Self::TargetMissing,
            WantedFault::Target(TargetFault::Unknown) => Self::TargetInvalid,
        }
    }
}
