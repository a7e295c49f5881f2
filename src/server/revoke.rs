//! The revocation endpoint [RFC 7009].

use std::sync::Arc;

use crate::client_auth::authenticate;
use crate::config::Config;
use crate::env::Env;
use crate::event::{Event, RevocationCause};
use crate::grant::refresh::Presented;
use crate::grant::revoked;
use crate::record::{ClientId, Grant, GrantState};
use crate::snapshot::{Seen, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{Credentials, TokenQuery, TokenRefusal};

use super::introspect::PresentedToken;
use super::token::unauthenticated;

/// A request to revoke a token, ready to be decided. Either kind of token ends its whole grant.
#[derive(Clone, Debug)]
pub struct Revoke {
    config: Arc<Config>,
    credentials: Credentials,
    token: Option<PresentedToken>,
    token_given: bool,
}

impl Revoke {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, request: TokenQuery) -> Self {
        let token = request.token.as_ref().and_then(|token| PresentedToken::parse(config.brand(), token.as_str()));
        Self { token, token_given: request.token.is_some(), credentials: request.credentials, config }
    }

    /// The grant of the token, if the presenter proved to hold the token and is its client.
    fn find<'s>(
        &self,
        token: &PresentedToken,
        client: &ClientId,
        seen: &'s Snapshot,
        env: &Env,
    ) -> Result<Option<Seen<'s, Grant>>, crate::snapshot::Halt<TokenRefusal>> {
        let (handle, proven) = match token {
            PresentedToken::Access(handle, id) => (handle, seen.token(*id)?.is_some()),
            PresentedToken::Refresh(handle) => (handle, false),
        };
        let grant = seen.grant(handle.grant())?.filter(|grant| grant.value().client == *client);
        Ok(grant.filter(|grant| match &grant.value().state {
            GrantState::Live(live) => {
                let lifetimes = self.config.lifetimes();
                proven
                    || live.chain.as_ref().is_some_and(|chain| {
                        matches!(token, PresentedToken::Refresh(_))
                            && !matches!(chain.recognise(handle, env.now, &lifetimes), Presented::Unknown)
                    })
            }
            GrantState::CodeIssued(_) | GrantState::Revoked => false,
        }))
    }
}

impl Endpoint for Revoke {
    type Reply = ();
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        let client = Key::Client(self.credentials.client().clone());
        [client].into_iter().chain(self.token.iter().flat_map(PresentedToken::keys)).collect()
    }

    fn decide(&self, seen: &Snapshot, env: &Env) -> Decision<Self> {
        let client = match authenticate(&self.credentials, seen, env) {
            Ok(client) => client.value().id(),
            Err(halt) => return unauthenticated(&self.credentials, halt),
        };
        let token = match &self.token {
            Some(token) => token,
            // [RFC 7009 §2.2]: an invalid token is as good as revoked.
            None if self.token_given => return Ok(Plan::grant(Vec::new(), ())),
            None => return Err(TokenRefusal::ParameterMissing("token").into()),
        };
        let Some(grant) = self.find(token, client, seen, env)? else {
            return Ok(Plan::grant(Vec::new(), ()));
        };
        let event =
            Event::GrantRevoked { grant: grant.value().id, client: client.clone(), cause: RevocationCause::Request };
        Ok(Plan::grant(vec![revoked(&grant, &self.config, env)], ()).reporting(event))
    }
}
