//! An access token that someone presents, of either form.

use super::jwt::PresentedJwt;
use crate::config::Config;
use crate::record::{AccessToken, Grant, Handle, HandleKind, TokenId};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::store::Key;

/// An access token as presented: a reference, or a JWT.
#[derive(Clone, Debug)]
pub(crate) struct PresentedAccess {
    id: TokenId,
    jwt: Option<Box<PresentedJwt>>,
}

/// The records of a token that was presented and is ours; whether it is of any use is still to be judged.
pub(crate) struct FoundAccess<'s> {
    pub(crate) grant: Seen<'s, Grant>,
    pub(crate) token: Seen<'s, AccessToken>,
}

impl PresentedAccess {
    /// Reads a token that has the form of one of ours.
    pub(crate) fn parse(config: &Config, text: &str) -> Option<Self> {
        if let Some(handle) = Handle::parse(config.brand(), HandleKind::AccessToken, text) {
            return Some(Self { id: TokenId::of(&handle), jwt: None });
        }
        let (id, jwt) = PresentedJwt::parse(config, text)?;
        Some(Self { id, jwt: Some(Box::new(jwt)) })
    }

    /// The names of its records.
    pub(crate) const fn keys(&self) -> [Key; 2] {
        [Key::Grant(self.id.grant), Key::Token(self.id)]
    }

    /// The records, if there are both, and the token is proven to be ours.
    pub(crate) fn find<'s, F>(&self, config: &Config, seen: &'s Snapshot) -> Result<Option<FoundAccess<'s>>, Halt<F>> {
        // The `jti` of a JWT is no secret: its signature is the proof.
        if self.jwt.as_ref().is_some_and(|jwt| !jwt.is_ours(config, seen.now())) {
            return Ok(None);
        }
        let found = seen.grant(self.id.grant)?.zip(seen.token(self.id)?);
        Ok(found.map(|(grant, token)| FoundAccess { grant, token }))
    }
}
