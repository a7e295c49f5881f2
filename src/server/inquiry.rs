//! What introspection and revocation have in common: a client, and a token that it asks about.

use crate::client_auth::{self, Authenticated, Shown, authenticate};
use crate::config::Config;
use crate::grant::PresentedAccess;
use crate::record::{Handle, HandleKind};
use crate::snapshot::{Halt, Snapshot};
use crate::store::Key;
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
    Access(PresentedAccess),
    Refresh(Handle),
}

impl Inquiry {
    pub(super) fn new(config: &Config, query: TokenQuery) -> Self {
        let token = query.token.as_ref().and_then(|token| PresentedToken::parse(config, token.as_str()));
        let token_given = query.token.is_some();
        let TokenQuery { credentials, certificate, .. } = query;
        Self { credentials, certificate, token, token_given }
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::with_capacity(3);
        keys.extend(client_auth::keys(&self.credentials));
        match &self.token {
            Some(PresentedToken::Access(access)) => keys.extend(access.keys()),
            Some(PresentedToken::Refresh(handle)) => keys.push(Key::Grant(handle.grant())),
            None => {}
        }
        keys
    }

    pub(super) fn authenticate<'s>(
        &self,
        config: &Config,
        seen: &'s Snapshot,
    ) -> Result<Authenticated<'s>, Halt<TokenRefusal>> {
        let (credentials, certificate) = (&self.credentials, self.certificate.as_ref());
        authenticate(config, &Shown { credentials, certificate, proof: None }, seen)
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
    fn parse(config: &Config, text: &str) -> Option<Self> {
        let refresh = || Handle::parse(config.brand(), HandleKind::RefreshToken, text).map(Self::Refresh);
        PresentedAccess::parse(config, text).map(Self::Access).or_else(refresh)
    }
}
