//! The person's answer to a prompt: a second endpoint that verifies everything again.

use std::sync::Arc;

use crate::config::Config;
use crate::env::Env;
use crate::event::Event;
use crate::record::Scope;
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{AuthorizationRequest, AuthorizationResponse, AuthorizeReason, AuthorizeRefusal};

use super::authorize::{Asking, Prompt, Session, interrupted, unverified};
use super::verify::{client_id, verify};

/// A person said yes to a consent; any other prompt is not approved but resumed.
#[derive(Clone, Debug)]
pub struct Approval {
    config: Arc<Config>,
    prompt: Prompt,
    session: Session,
    scope: Option<Scope>,
}

impl Approval {
    /// The person of `session` grants all that `prompt` asks for.
    #[must_use]
    pub const fn new(config: Arc<Config>, prompt: Prompt, session: Session) -> Self {
        Self { config, prompt, session, scope: None }
    }

    /// Grants only this part of it.
    #[must_use]
    pub fn only(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }
}

impl Endpoint for Approval {
    type Reply = AuthorizationResponse;
    type Refusal = AuthorizeRefusal;

    fn keys(&self) -> Vec<Key> {
        client_id(&self.prompt.request).map(Key::Client).into_iter().collect()
    }

    fn decide(&self, seen: &Snapshot, env: &Env) -> Decision<Self> {
        let Self { config, prompt, session, .. } = self;
        let verified = match verify(config, &prompt.request, seen) {
            Ok(verified) => verified,
            Err(halt) => return unverified(&prompt.request, halt),
        };
        let refuse = |reason| Err(verified.to.refuse(&reason).into());
        // What counts is what the person was shown, and who was shown it; a login shows nothing to consent to.
        let Asking::Consent { subject: shown_to, scope: shown, .. } = &prompt.asking else {
            return refuse(AuthorizeReason::ApprovalExceedsRequest);
        };
        if *shown_to != session.subject || verified.is_stale(session.authenticated, Some(prompt.asked), env) {
            return refuse(AuthorizeReason::LoginRequired);
        }
        let scope = self.scope.as_ref().unwrap_or(shown);
        if !(verified.scope.covers(scope) && shown.covers(scope)) {
            return refuse(AuthorizeReason::ApprovalExceedsRequest);
        }
        if scope.is_empty() {
            return refuse(AuthorizeReason::AccessDenied);
        }
        Ok(verified.approve(config, &session.subject, session.authenticated, scope.clone(), env, |response| response))
    }

    fn interrupted(&self, seen: &Snapshot) -> Option<AuthorizeRefusal> {
        interrupted(&self.config, &self.prompt.request, seen)
    }
}

/// A person said no.
#[derive(Clone, Debug)]
pub struct Denial {
    config: Arc<Config>,
    request: AuthorizationRequest,
}

impl Denial {
    /// Refuses what `prompt` asks for.
    #[must_use]
    pub fn new(config: Arc<Config>, prompt: Prompt) -> Self {
        Self { config, request: prompt.request }
    }
}

impl Endpoint for Denial {
    type Reply = AuthorizationResponse;
    type Refusal = AuthorizeRefusal;

    fn keys(&self) -> Vec<Key> {
        client_id(&self.request).map(Key::Client).into_iter().collect()
    }

    fn decide(&self, seen: &Snapshot, _: &Env) -> Decision<Self> {
        let verified = match verify(&self.config, &self.request, seen) {
            Ok(verified) => verified,
            Err(halt) => return unverified(&self.request, halt),
        };
        let event = Event::AuthorizationDenied { client: verified.client.value().id().clone() };
        Ok(Plan::refuse(Vec::new(), verified.to.refuse(&AuthorizeReason::AccessDenied)).reporting(event))
    }

    fn interrupted(&self, seen: &Snapshot) -> Option<AuthorizeRefusal> {
        interrupted(&self.config, &self.request, seen)
    }
}
