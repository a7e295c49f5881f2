//! The revocation endpoint [RFC 7009].

use std::sync::Arc;

use crate::config::Config;
use crate::env::Timestamp;
use crate::event::{Event, RevocationCause};
use crate::grant::refresh::Presented;
use crate::grant::revoked;
use crate::record::{AccessToken, ClientId, Grant, GrantState, Live};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{TokenQuery, TokenRefusal};

use super::inquiry::{Inquiry, PresentedToken};
use super::token::unauthenticated;

/// A request to revoke a token, ready to be decided. Either kind of token ends its whole grant.
#[derive(Clone, Debug)]
pub struct Revoke {
    config: Arc<Config>,
    inquiry: Inquiry,
}

impl Revoke {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, query: TokenQuery) -> Self {
        Self { inquiry: Inquiry::new(config.brand(), query), config }
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.inquiry.credentials.client()
    }

    /// The live grant of the token, if the presenter proved to hold the token; a spent refresh token proves it as well.
    fn find<'s>(
        &self,
        token: &PresentedToken,
        seen: &'s Snapshot,
        now: Timestamp,
    ) -> Result<Option<Seen<'s, Grant>>, Halt<TokenRefusal>> {
        let (handle, known) = match token {
            PresentedToken::Access(handle, id) => {
                (handle, seen.token(*id)?.is_some_and(|token| now < token.value().expires))
            }
            PresentedToken::Refresh(handle) => (handle, false),
        };
        let is_known = |live: &Live| match token {
            PresentedToken::Access(..) => known,
            PresentedToken::Refresh(_) => live.chain.as_ref().is_some_and(|chain| {
                !matches!(chain.recognise(handle, now, &self.config.lifetimes()), Presented::Unknown)
            }),
        };
        let found = seen.grant(handle.grant())?;
        Ok(found.filter(|grant| matches!(&grant.value().state, GrantState::Live(live) if is_known(live))))
    }
}

impl Endpoint for Revoke {
    type Reply = ();
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        self.inquiry.keys()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let (client, used) = match self.inquiry.authenticate(&self.config, seen) {
            Ok((client, used)) => (client.value().id(), used),
            Err(halt) => return unauthenticated(&self.inquiry.credentials, halt),
        };
        Ok(self.plan(client, seen)?.granting(used))
    }
}

impl Revoke {
    fn plan(&self, client: &ClientId, seen: &Snapshot) -> Decision<Self> {
        let now = seen.now();
        let nothing = || Plan::grant(Vec::new(), ());
        let Some(token) = self.inquiry.token()? else { return Ok(nothing()) };
        // [RFC 7009 §2.2]: an invalid token is as good as revoked.
        let Some(grant) = self.find(token, seen, now)? else { return Ok(nothing()) };
        if grant.value().client == *client && self.inquiry.own(token, client, seen)? {
            let id = grant.value().id;
            let event = Event::GrantRevoked { grant: id, client: client.clone(), cause: RevocationCause::Request };
            return Ok(Plan::grant(vec![revoked(&grant, &self.config, now)], ()).reporting(event));
        }
        // A token that was exchanged lives in another client's grant, which goes on without it.
        let PresentedToken::Access(_, id) = token else { return Ok(nothing()) };
        let exchanged = seen.token(*id)?.filter(|token| token.value().client == *client);
        Ok(Plan::grant(exchanged.iter().map(Seen::<AccessToken>::remove).collect(), ()))
    }
}
