//! What introspection and revocation have in common: a client, and a token that it asks about.

use http::Request;

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
    /// Whether one was given, and what it is if it can be one of ours.
    token: Option<Option<PresentedToken>>,
    /// Whether the answer shall be signed, if it can be.
    #[cfg(feature = "jose")]
    pub(super) signed: bool,
}

/// A token as presented, of the kind that its text says; a hint could add nothing.
#[derive(Clone, Debug)]
pub(super) enum PresentedToken {
    Access(PresentedAccess),
    Refresh(Handle),
}

impl Inquiry {
    pub(super) fn new(config: &Config, query: TokenQuery) -> Self {
        let token = query.token.as_ref().map(|token| PresentedToken::parse(config, token.as_str()));
        Self::of(query, token)
    }

    pub(super) fn read<B: AsRef<[u8]>>(config: &Config, request: &Request<B>) -> Result<Self, TokenRefusal> {
        let parse = |token: &str| PresentedToken::parse(config, token);
        let (query, token) = TokenQuery::read(request, config.limits(), parse)?;
        Ok(Self::of(query, token))
    }

    fn of(query: TokenQuery, token: Option<Option<PresentedToken>>) -> Self {
        Self {
            credentials: query.credentials,
            certificate: query.certificate,
            token,
            #[cfg(feature = "jose")]
            signed: query.signed,
        }
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::with_capacity(3);
        keys.extend(client_auth::keys(&self.credentials));
        match &self.token {
            Some(Some(PresentedToken::Access(access))) => keys.extend(access.keys()),
            Some(Some(PresentedToken::Refresh(handle))) => keys.push(Key::Grant(handle.grant())),
            Some(None) | None => {}
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
        self.token.as_ref().map(Option::as_ref).ok_or(TokenRefusal::ParameterMissing("token"))
    }
}

impl PresentedToken {
    fn parse(config: &Config, text: &str) -> Option<Self> {
        let refresh = || Handle::parse(config.brand(), HandleKind::RefreshToken, text).map(Self::Refresh);
        PresentedAccess::parse(config, text).map(Self::Access).or_else(refresh)
    }
}
