//! What introspection and revocation have in common: a client, and a token that it asks about.

use crate::client_auth::{self, authenticate};
use crate::config::Config;
use crate::record::{Client, ClientId, Handle, HandleKind, TokenId};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::store::{Change, Key};
use crate::wire::{ClientCertificate, Credentials, TokenQuery, TokenRefusal};

/// A client's request about a token, with the token read.
#[derive(Clone, Debug)]
pub(super) struct Inquiry {
    pub(super) credentials: Credentials,
    certificate: Option<ClientCertificate>,
    token: Option<PresentedToken>,
    token_given: bool,
}

/// A token as presented, of the kind that its text says; a hint could add nothing.
#[derive(Clone, Debug)]
pub(super) enum PresentedToken {
    Access(Handle, TokenId),
    Refresh(Handle),
}

impl Inquiry {
    pub(super) fn new(brand: &str, query: TokenQuery) -> Self {
        let token = query.token.as_ref().and_then(|token| PresentedToken::parse(brand, token.as_str()));
        let token_given = query.token.is_some();
        let TokenQuery { credentials, certificate, .. } = query;
        Self { credentials, certificate, token, token_given }
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        let (grant, token) = match &self.token {
            Some(PresentedToken::Access(handle, id)) => (Some(handle.grant()), Some(*id)),
            Some(PresentedToken::Refresh(handle)) => (Some(handle.grant()), None),
            None => (None, None),
        };
        let asked = grant.map(Key::Grant).into_iter().chain(token.map(Key::Token));
        client_auth::keys(&self.credentials).chain(asked).collect()
    }

    pub(super) fn authenticate<'s>(
        &self,
        config: &Config,
        seen: &'s Snapshot,
    ) -> Result<(Seen<'s, Client>, Option<Change>), Halt<TokenRefusal>> {
        authenticate(config, (&self.credentials, self.certificate.as_ref()), seen)
    }

    /// Whether the token was issued to `client`: an access token may be of another one than its grant.
    pub(super) fn own(
        &self,
        token: &PresentedToken,
        client: &ClientId,
        seen: &Snapshot,
    ) -> Result<bool, Halt<TokenRefusal>> {
        match token {
            PresentedToken::Access(_, id) => Ok(seen.token(*id)?.is_some_and(|token| token.value().client == *client)),
            PresentedToken::Refresh(_) => Ok(true),
        }
    }

    /// The token in question; `None` if it cannot be one of ours.
    pub(super) fn token(&self) -> Result<Option<&PresentedToken>, TokenRefusal> {
        match &self.token {
            None if !self.token_given => Err(TokenRefusal::ParameterMissing("token")),
            token => Ok(token.as_ref()),
        }
    }
}

impl PresentedToken {
    fn parse(brand: &str, text: &str) -> Option<Self> {
        let read = |kind| Handle::parse(brand, kind, text);
        let access = read(HandleKind::AccessToken).map(|handle| {
            let id = TokenId::of(&handle);
            Self::Access(handle, id)
        });
        access.or_else(|| read(HandleKind::RefreshToken).map(Self::Refresh))
    }
}
