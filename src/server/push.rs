//! The pushed authorization request endpoint [RFC 9126].
//!
//! ```text
//! (client authenticates, request verified) ──▶ Pushed ─┬─ brought in time ─▶ (login, consent) ── answered ──▶ gone
//!                                                      └─ not brought in time: forgotten
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::client_auth::{self, Authenticated, Shown, authenticate};
use crate::config::Config;
use crate::ensure::ensure;
use crate::proof::dpop::PresentedProof;
use crate::record::{ClientId, Digest, PushedRequest};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
use crate::wire::{AuthorizationRequest, AuthorizeReason, PushRequest, PushResponse, TokenRefusal};

use super::request_object::{self, Unopened};
use super::token::{unauthenticated, unproven};
use super::verify::verify_pushed;

/// A pushed authorization request, ready to be decided.
#[derive(Clone, Debug)]
pub struct Push {
    pub(super) config: Arc<Config>,
    request: Box<PushRequest>,
    proof: PresentedProof,
}

impl Push {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, request: PushRequest) -> Self {
        let path = &config.paths().pushed_authorization_request;
        let proof = PresentedProof::at_endpoint(&config, path, request.dpop.as_ref());
        Self { config, request: Box::new(request), proof }
    }

    pub(super) const fn proof(&self) -> &PresentedProof {
        &self.proof
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.request.credentials.client()
    }
}

impl Endpoint for Push {
    type Reply = PushResponse;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        let object = request_object::key(&self.config, &self.request.request);
        client_auth::keys(&self.request.credentials).chain(self.proof.record()).chain(object).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let PushRequest { credentials, certificate, request, .. } = &*self.request;
        let shown = Shown { credentials, certificate: certificate.as_ref(), proof: Some(&self.proof) };
        let (client, assertion) = match authenticate(&self.config, &shown, seen) {
            Ok(Authenticated { client, used, .. }) => (client, used),
            Err(halt) => return unauthenticated(credentials, halt),
        };
        let (possession, used) = match self.proof.accept(&self.config, seen) {
            Ok(found) => found.unzip(),
            Err(halt) => return unproven(client.value(), halt),
        };
        ensure(request.request_uri.is_none(), TokenRefusal::PushedRequestUri)?;
        let opened = request_object::of(&self.config, request)
            .map(|object| request_object::open(&self.config, object, client.value(), env.now, seen))
            .transpose()
            .map_err(unopened)?;
        let request = opened.as_ref().map_or(request, |opened| &*opened.request);
        verify_pushed(&self.config, request, (client.value(), opened.is_some()), seen)?;
        // [RFC 9449 §10.1]: a proof is as good as naming its key.
        let proven = possession.map(|possession| possession.key.to_base64url());
        let same = |named: &String| proven.as_ref().is_none_or(|proven| proven == named);
        ensure(request.dpop_jkt.as_ref().is_none_or(same), TokenRefusal::PushedKeyDiffers)?;
        let query = match proven {
            Some(key) => AuthorizationRequest { dpop_jkt: Some(key), ..request.clone() }.print(),
            None => request.print(),
        };

        let secret = env.derive("pushed request");
        let lifetimes = self.config.lifetimes();
        let expires = env.now.plus(lifetimes.pushed_request);
        // What it stands for does not become good for longer; whoever was let in by a difference of clocks has a moment left.
        let ends = opened.as_ref().and_then(|opened| opened.expires);
        let expires = ends.map_or(expires, |ends| expires.min(ends.max(env.now.plus(Duration::from_secs(1)))));
        let pushed = PushedRequest {
            id: Digest::of(&secret),
            client: client.value().id().clone(),
            query,
            expires,
            signed: opened.is_some(),
        };
        let forgotten = pushed.expires.plus(lifetimes.interaction);
        let response = PushResponse::new(&secret, env.now.until(expires).as_secs());
        let changes = vec![client.still(), Change::new_pushed(pushed, forgotten)];
        let object = opened.and_then(|opened| opened.used).map(|used| *used);
        Ok(Plan::grant(changes, response).granting(assertion.into_iter().chain(used).chain(object)))
    }
}

fn unopened(halt: Halt<Unopened>) -> Halt<TokenRefusal> {
    match halt {
        Halt::Missing(need) => Halt::Missing(need),
        Halt::Refused(Unopened { fault, .. }) => {
            Halt::Refused(TokenRefusal::PushedRequest(AuthorizeReason::RequestObject(fault)))
        }
    }
}
