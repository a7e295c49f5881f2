//! The person's answer to a prompt: a second endpoint that verifies everything again.

use std::sync::Arc;

use crate::config::Config;
use crate::event::Event;
use crate::record::{AuthorizationDetails, ClientId, Scope};
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint};
use crate::store::Key;
use crate::wire::{AuthorizationResponse, AuthorizeReason, AuthorizeRefusal};

use super::authorize::{interrupted, refused, unverified};
use super::consent::Consent;
use super::prompt::{Asking, Prompt};
use super::recall::{self, recall};
use super::verify::{keys, verify};
use super::visitor::Session;

/// A person said yes to a consent; any other prompt is not approved but resumed.
#[derive(Clone, Debug)]
pub struct Approval {
    config: Arc<Config>,
    prompt: Prompt,
    session: Session,
    scope: Option<Scope>,
    details: Option<AuthorizationDetails>,
    may_act: Option<Arc<[ClientId]>>,
}

impl Approval {
    /// The person of `session` grants all that `prompt` asks for.
    #[must_use]
    pub const fn new(config: Arc<Config>, prompt: Prompt, session: Session) -> Self {
        Self { config, prompt, session, scope: None, details: None, may_act: None }
    }

    /// Lets only these clients act for the person, as themselves or as the person [RFC 8693 §4.4].
    #[must_use]
    pub fn may_act(mut self, clients: impl IntoIterator<Item = ClientId>) -> Self {
        self.may_act = Some(clients.into_iter().collect());
        self
    }

    /// Grants only this part of its scope.
    #[must_use]
    pub fn only(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Grants only these details, each of which must be within one that was asked for [RFC 9396 §3]; the person may have
    /// completed them, where their type lets them.
    #[must_use]
    pub fn only_details(mut self, details: AuthorizationDetails) -> Self {
        self.details = Some(details);
        self
    }
}

impl Endpoint for Approval {
    type Reply = AuthorizationResponse;
    type Refusal = AuthorizeRefusal;

    fn keys(&self) -> Vec<Key> {
        let consent = recall::key(&self.config, &self.prompt.request, Some(&self.session));
        keys(&self.config, &self.prompt.request).chain(consent).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let Self { config, prompt, session, .. } = self;
        let verified = match verify(config, &prompt.request, seen, Some(prompt.asked)) {
            Ok(verified) => verified,
            Err(halt) => return unverified(&prompt.request, halt),
        };
        let refuse = |reason| Err(verified.to.refuse(&reason, seen));
        // What counts is what the person was shown, and who was shown it; a login shows nothing to consent to.
        let Asking::Consent(shown) = &prompt.asking else {
            return refuse(AuthorizeReason::ApprovalExceedsRequest);
        };
        if shown.subject != session.subject || verified.is_stale(session.authenticated, Some(prompt.asked), env.now) {
            return refuse(AuthorizeReason::LoginRequired);
        }
        if let Err(reason) = verified.reached(session, Some(prompt.asked)) {
            return refuse(reason);
        }
        let scope = self.scope.as_ref().unwrap_or(&shown.scope);
        let details = self.details.as_ref().unwrap_or(&shown.details);
        let asked = [(&verified.scope, &verified.details), (&shown.scope, &shown.details)];
        let elsewhere = verified.audience.iter().any(|resource| !shown.audience.contains(resource))
            || verified.to.uri.as_str() != prompt.client.redirect_uri
            || !prompt.standing.still_vouches_for(verified.client.value());
        if elsewhere || !asked.iter().all(|asked| asked.0.covers(scope) && config.covers_details(asked.1, details)) {
            return refuse(AuthorizeReason::ApprovalExceedsRequest);
        }
        if config.scope_at(&verified.audience, scope).is_empty() && details.is_empty() {
            return refuse(AuthorizeReason::AccessDenied);
        }
        let client = verified.client.value();
        let to = Some(verified.to.uri.as_str());
        if let Some(question) = shown.forbidden(config, client, to, (scope, details), seen)? {
            let event = Event::ConsentForbidden { client: question.client, subject: question.consent.subject };
            let refusal = verified.to.refuse(&AuthorizeReason::ConsentForbidden, seen);
            return Ok(refused(Vec::new(), refusal)?.reporting(event));
        }
        let may_act = self.may_act.clone();
        let consent = Consent { session, scope: scope.clone(), details: details.clone(), may_act };
        let recalled = recall(config, Some(session), client.id(), seen)?;
        let remembered = recalled.adding(&consent, &verified, config, env.now);
        Ok(verified.approve(config, consent, seen, |response| response)?.writing(remembered))
    }

    fn interrupted(&self, seen: &Snapshot) -> Option<AuthorizeRefusal> {
        interrupted(&self.config, &self.prompt.request, seen, Some(self.prompt.asked))
    }
}

/// A person said no.
#[derive(Clone, Debug)]
pub struct Denial {
    config: Arc<Config>,
    prompt: Prompt,
}

impl Denial {
    /// Refuses what `prompt` asks for.
    #[must_use]
    pub const fn new(config: Arc<Config>, prompt: Prompt) -> Self {
        Self { config, prompt }
    }
}

impl Endpoint for Denial {
    type Reply = AuthorizationResponse;
    type Refusal = AuthorizeRefusal;

    fn keys(&self) -> Vec<Key> {
        keys(&self.config, &self.prompt.request).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let verified = match verify(&self.config, &self.prompt.request, seen, Some(self.prompt.asked)) {
            Ok(verified) => verified,
            Err(halt) => return unverified(&self.prompt.request, halt),
        };
        let event = Event::AuthorizationDenied { client: verified.client.value().id().clone() };
        let refusal = verified.to.refuse(&AuthorizeReason::AccessDenied, seen);
        Ok(refused(verified.consumed().into_iter().collect(), refusal)?.reporting(event))
    }

    fn interrupted(&self, seen: &Snapshot) -> Option<AuthorizeRefusal> {
        interrupted(&self.config, &self.prompt.request, seen, Some(self.prompt.asked))
    }
}
