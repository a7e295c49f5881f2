//! The pushed authorization request endpoint [RFC 9126].
//!
//! ```text
//! (client authenticates, request verified) ──▶ Pushed ─┬─ brought in time ─▶ (login, consent) ── answered ──▶ gone
//!                                                      └─ not brought in time: forgotten
//! ```

use std::sync::Arc;

use crate::client_auth::authenticate;
use crate::config::Config;
use crate::grant::ensure;
use crate::record::{ClientId, Digest, PushedRequest};
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
use crate::wire::{PushRequest, PushResponse, TokenRefusal};

use super::token::unauthenticated;
use super::verify::verify_pushed;

/// A pushed authorization request, ready to be decided.
#[derive(Clone, Debug)]
pub struct Push {
    config: Arc<Config>,
    request: Box<PushRequest>,
}

impl Push {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, request: PushRequest) -> Self {
        Self { config, request: Box::new(request) }
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.request.credentials.client()
    }
}

impl Endpoint for Push {
    type Reply = PushResponse;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        vec![Key::Client(self.request.credentials.client().clone())]
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let PushRequest { credentials, certificate, request } = &*self.request;
        let client = match authenticate(&self.config, (credentials, certificate.as_ref()), seen) {
            Ok(client) => client,
            Err(halt) => return unauthenticated(credentials, halt),
        };
        ensure(request.request_uri.is_none(), TokenRefusal::PushedRequestUri)?;
        verify_pushed(&self.config, request, client.value())?;

        let secret = env.derive("pushed request");
        let lifetimes = self.config.lifetimes();
        let pushed = PushedRequest {
            id: Digest::of(&secret),
            client: client.value().id().clone(),
            query: request.print(),
            expires: env.now.plus(lifetimes.pushed_request),
        };
        let forgotten = pushed.expires.plus(lifetimes.interaction);
        let response = PushResponse::new(&secret, lifetimes.pushed_request.as_secs());
        Ok(Plan::grant(vec![client.still(), Change::new_pushed(pushed, forgotten)], response))
    }
}
