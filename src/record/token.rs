//! An access token, as it is kept.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[cfg(feature = "jose")]
use crate::base64;
use serde::{Deserialize, Serialize};

use super::mandate::{Allowed, Terms};
#[cfg(feature = "jose")]
use super::secret;
use super::{Actor, AuthorizationDetails, ClientId, Confirmation, Digest, GrantId, Handle, Resource, Scope};
use crate::env::Timestamp;

/// The name of an access token in the store: its grant, and the digest of what tells it from the others of that grant, the
/// secret of a reference token, or the name in the `jti` of a JWT.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenId {
    /// The grant it belongs to.
    pub grant: GrantId,
    /// The digest of its secret, or of its name.
    pub digest: Digest,
}

/// The digest alone names the token.
impl Hash for TokenId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl TokenId {
    pub(crate) fn of(handle: &Handle) -> Self {
        Self { grant: handle.grant(), digest: handle.digest() }
    }
}

/// The `jti` of a JWT access token: where its record is. It is no secret, and of another length than one, so that it is of
/// no use as a reference token.
#[cfg(feature = "jose")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct JwtId {
    grant: GrantId,
    name: [u8; 16],
}

#[cfg(feature = "jose")]
impl JwtId {
    /// The name of the JWT that is issued in place of `handle`.
    pub(crate) fn of(handle: &Handle) -> Self {
        Self { grant: handle.grant(), name: secret::head(handle.secret()) }
    }

    /// Reads what [`Self::print`] wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut raw = [0; 32];
        if !base64::URL.fill(text, &mut raw) {
            return None;
        }
        let (grant, name) = raw.split_first_chunk()?;
        Some(Self { grant: GrantId::new(*grant), name: name.try_into().ok()? })
    }

    pub(crate) fn print(&self) -> String {
        let mut raw = [0; 32];
        let (grant, name) = raw.split_at_mut(16);
        grant.copy_from_slice(self.grant.as_bytes());
        name.copy_from_slice(&self.name);
        base64::URL.encode(raw)
    }

    /// Where its record is.
    pub(crate) fn token(&self) -> TokenId {
        TokenId { grant: self.grant, digest: Digest::of(&self.name) }
    }
}

/// What an access token allows, for as long as its grant lives.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct AccessToken {
    pub(crate) id: TokenId,
    pub(crate) terms: Allowed,
    /// Who acts for the subject, and who did before.
    pub(crate) act: Option<Arc<Actor>>,
    /// What its sender must hold; absent from a token that whoever has it can use. Seldom there, and so out of line.
    pub(crate) cnf: Option<Box<Confirmation>>,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
}

impl AccessToken {
    /// Its name, which says of which grant it is.
    #[must_use]
    pub const fn id(&self) -> TokenId {
        self.id
    }

    /// The client it was issued to.
    #[must_use]
    pub fn client(&self) -> &ClientId {
        &self.terms.client
    }

    /// What it allows.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.terms.scope
    }

    /// What it allows beside the scope [RFC 9396].
    #[must_use]
    pub fn details(&self) -> &AuthorizationDetails {
        &self.terms.details
    }

    /// Where it can be used.
    #[must_use]
    pub fn audience(&self) -> &[Resource] {
        &self.terms.audience
    }

    /// Who acts for the subject, and who did before [RFC 8693 §4.1].
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.act.as_deref()
    }

    /// What its sender must hold, if it is bound [RFC 7800].
    #[must_use]
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.cnf.as_deref()
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// When it expires.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// An access token as it is written.
#[derive(Deserialize, Serialize)]
struct Kept {
    id: TokenId,
    client: ClientId,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    client_may_vanish: bool,
    scope: Scope,
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    details: AuthorizationDetails,
    audience: Arc<[Resource]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Arc<Actor>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<Box<Confirmation>>,
    issued: Timestamp,
    expires: Timestamp,
}

impl From<Kept> for AccessToken {
    fn from(kept: Kept) -> Self {
        let Kept { id, client, client_may_vanish, scope, details, audience, act, cnf, issued, expires } = kept;
        let terms = Terms { client, client_may_vanish, scope, details, audience };
        Self { id, terms: Allowed::Part(Arc::new(terms)), act, cnf, issued, expires }
    }
}

impl From<AccessToken> for Kept {
    fn from(token: AccessToken) -> Self {
        let AccessToken { id, terms, act, cnf, issued, expires } = token;
        let Terms { client, client_may_vanish, scope, details, audience } = Terms::clone(&terms);
        Self { id, client, client_may_vanish, scope, details, audience, act, cnf, issued, expires }
    }
}
