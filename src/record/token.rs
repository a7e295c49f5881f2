//! A reference access token.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Actor, AuthorizationDetails, ClientId, Confirmation, Digest, GrantId, Handle, Resource, Scope};
use crate::env::Timestamp;

/// The name of a reference token in the store: its grant, and the digest of its secret.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenId {
    /// The grant it belongs to.
    pub grant: GrantId,
    /// The digest of its secret.
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

/// What an access token allows, for as long as its grant lives.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AccessToken {
    pub(crate) id: TokenId,
    pub(crate) client: ClientId,
    /// Whether the client registered itself: then the token is dead once the client is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) client_may_vanish: bool,
    pub(crate) scope: Scope,
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub(crate) details: AuthorizationDetails,
    pub(crate) audience: Arc<[Resource]>,
    /// Who acts for the subject, and who did before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Arc<Actor>>,
    /// What its sender must hold; absent from a token that whoever has it can use. Seldom there, and so out of line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Box<Confirmation>>,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
}
