//! The introspection endpoint [RFC 7662].

use std::sync::Arc;

use crate::client_auth::authenticate;
use crate::config::Config;
use crate::env::Env;
use crate::grant::refresh::Presented;
use crate::record::{AccessToken, Client, Grant, GrantState, Handle, HandleKind, TokenId};
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{Credentials, Introspection, TokenQuery, TokenRefusal};

use super::token::unauthenticated;

/// A request to look up a token, ready to be decided.
#[derive(Clone, Debug)]
pub struct Introspect {
    config: Arc<Config>,
    credentials: Credentials,
    token: Option<PresentedToken>,
    token_given: bool,
}

/// A token as presented, of the kind that its text says; a hint could add nothing.
#[derive(Clone, Debug)]
pub(super) enum PresentedToken {
    Access(Handle, TokenId),
    Refresh(Handle),
}

impl PresentedToken {
    pub(super) fn parse(brand: &str, text: &str) -> Option<Self> {
        let read = |kind| Handle::parse(brand, kind, text);
        let access = read(HandleKind::AccessToken).map(|handle| {
            let id = TokenId::of(&handle);
            Self::Access(handle, id)
        });
        access.or_else(|| read(HandleKind::RefreshToken).map(Self::Refresh))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        let (grant, token) = match self {
            Self::Access(handle, id) => (handle.grant(), Some(*id)),
            Self::Refresh(handle) => (handle.grant(), None),
        };
        [Key::Grant(grant)].into_iter().chain(token.map(Key::Token))
    }
}

impl Introspect {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, request: TokenQuery) -> Self {
        let token = request.token.as_ref().and_then(|token| PresentedToken::parse(config.brand(), token.as_str()));
        Self { token, token_given: request.token.is_some(), credentials: request.credentials, config }
    }

    fn describe_access(&self, grant: &Grant, token: &AccessToken, asker: &Client, env: &Env) -> Introspection {
        // [RFC 7662 §4]: the client itself, or a resource server that the token is for.
        let served =
            asker.is_confidential() && token.audience.iter().any(|resource| asker.resources().contains(resource));
        if !(token.client == *asker.id() || served) || !grant.is_live() || env.now >= token.expires {
            return Introspection::inactive();
        }
        Introspection {
            active: true,
            scope: Some(token.scope.clone()),
            client_id: Some(token.client.clone()),
            token_type: Some("Bearer".to_owned()),
            exp: Some(token.expires),
            iat: Some(token.issued),
            sub: grant.subject.clone(),
            aud: token.audience.to_vec(),
            iss: Some(self.config.issuer().to_owned()),
        }
    }

    fn describe_refresh(&self, grant: &Grant, handle: &Handle, asker: &Client, env: &Env) -> Introspection {
        let GrantState::Live(live) = &grant.state else { return Introspection::inactive() };
        let Some(chain) = live.chain.as_ref().filter(|_| grant.client == *asker.id()) else {
            return Introspection::inactive();
        };
        let current = matches!(chain.recognise(handle, env.now, &self.config.lifetimes()), Presented::Current);
        if !current || env.now >= chain.dies() {
            return Introspection::inactive();
        }
        Introspection {
            active: true,
            scope: Some(grant.scope.clone()),
            client_id: Some(grant.client.clone()),
            exp: Some(chain.dies()),
            iat: Some(chain.rotated),
            sub: grant.subject.clone(),
            iss: Some(self.config.issuer().to_owned()),
            ..Introspection::inactive()
        }
    }
}

impl Endpoint for Introspect {
    type Reply = Introspection;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        let client = Key::Client(self.credentials.client().clone());
        [client].into_iter().chain(self.token.iter().flat_map(PresentedToken::keys)).collect()
    }

    fn decide(&self, seen: &Snapshot, env: &Env) -> Decision<Self> {
        let asker = match authenticate(&self.credentials, seen, env) {
            Ok(client) => client.value(),
            Err(halt) => return unauthenticated(&self.credentials, halt),
        };
        let found = match &self.token {
            None if self.token_given => None,
            None => return Err(TokenRefusal::ParameterMissing("token").into()),
            Some(PresentedToken::Access(handle, id)) => {
                let (grant, token) = (seen.grant(handle.grant())?, seen.token(*id)?);
                grant.zip(token).map(|(grant, token)| self.describe_access(grant.value(), token.value(), asker, env))
            }
            Some(PresentedToken::Refresh(handle)) => {
                seen.grant(handle.grant())?.map(|grant| self.describe_refresh(grant.value(), handle, asker, env))
            }
        };
        Ok(Plan::grant(Vec::new(), found.unwrap_or_else(Introspection::inactive)))
    }
}
