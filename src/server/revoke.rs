//! The revocation endpoint [RFC 7009].

use std::sync::Arc;

use http::Request;

use crate::client_auth::Authenticated;
use crate::config::Config;
use crate::env::Timestamp;
use crate::event::{Event, RevocationCause};
use crate::grant::refresh::Presented;
use crate::grant::{FoundAccess, revoked};
use crate::record::{AccessToken, Chain, ClientId, Grant, GrantState};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{TokenQuery, TokenRefusal};

use super::inquiry::{Inquiry, PresentedToken};
use super::token::unauthenticated;

/// A request to revoke a token, ready to be decided. Either kind of token ends its whole grant.
#[derive(Clone, Debug)]
pub struct Revoke {
    pub(super) config: Arc<Config>,
    inquiry: Inquiry,
}

/// A token that was presented, and the grant that it is of.
struct Held<'s> {
    grant: Seen<'s, Grant>,
    /// Its record, if it is an access token.
    token: Option<Seen<'s, AccessToken>>,
}

impl Revoke {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, query: TokenQuery) -> Self {
        Self { inquiry: Inquiry::new(&config, query), config }
    }

    /// Reads a request to the server of `config`.
    pub(super) fn read<B: AsRef<[u8]>>(config: Arc<Config>, request: &Request<B>) -> Result<Self, TokenRefusal> {
        Ok(Self { inquiry: Inquiry::read(&config, request)?, config })
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.inquiry.credentials.client()
    }

    /// What the presenter proved to hold, if its grant is live; a spent refresh token proves it as well.
    fn find<'s>(
        &self,
        token: &PresentedToken,
        seen: &'s Snapshot,
        now: Timestamp,
    ) -> Result<Option<Held<'s>>, Halt<TokenRefusal>> {
        Ok(match token {
            PresentedToken::Access(access) => {
                let found = access.find(&self.config, seen)?;
                let found = found.filter(|found| found.grant.value().is_live() && now < found.token.value().expires);
                found.map(|FoundAccess { grant, token }| Held { grant, token: Some(token) })
            }
            PresentedToken::Refresh(handle) => {
                let known = |chain: &Chain| {
                    !matches!(chain.recognise(handle, now, &self.config.lifetimes()), Presented::Unknown)
                };
                let live = |grant: &Seen<'_, Grant>| match &grant.value().state {
                    GrantState::Live(live) => live.chain().is_some_and(known),
                    GrantState::CodeIssued(_) | GrantState::Device(_) | GrantState::Revoked => false,
                };
                seen.grant(handle.grant())?.filter(live).map(|grant| Held { grant, token: None })
            }
        })
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
            Ok(Authenticated { client, used, .. }) => (client.value().id(), used),
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
        let Some(Held { grant, token }) = self.find(token, seen, now)? else { return Ok(nothing()) };
        // An access token may be of another client than its grant.
        let own = token.is_none_or(|token| token.value().terms.client == *client);
        if own && grant.value().client() == client {
            let id = grant.value().id;
            let event = Event::GrantRevoked { grant: id, client: client.clone(), cause: RevocationCause::Request };
            return Ok(Plan::grant(vec![revoked(&grant, &self.config, now)], ()).reporting(event));
        }
        // A token that was exchanged lives in another client's grant, which goes on without it.
        let exchanged = token.filter(|_| own);
        Ok(Plan::grant(exchanged.iter().map(Seen::<AccessToken>::remove).collect(), ()))
    }
}
