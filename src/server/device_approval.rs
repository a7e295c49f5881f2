//! A person's answer to a device: of several, one wins.

use std::sync::Arc;
use std::time::Duration;

use crate::client_auth::find as known;
use crate::config::Config;
use crate::ensure::ensure;
use crate::event::Event;
use crate::record::{AuthorizationDetails, DeviceStage, Grant, GrantState, Scope, Terms};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};

use super::consent::granted;
use super::prompt::Asking;
use super::verification::{DevicePrompt, VerificationRefusal, Waiting, forbidden, waiting};
use super::visitor::Session;

/// A person said yes to a device.
#[derive(Clone, Debug)]
pub struct DeviceApproval {
    config: Arc<Config>,
    prompt: DevicePrompt,
    session: Session,
    scope: Option<Scope>,
    details: Option<AuthorizationDetails>,
}

impl DeviceApproval {
    /// The person of `session` grants all that `prompt` asks for.
    #[must_use]
    pub const fn new(config: Arc<Config>, prompt: DevicePrompt, session: Session) -> Self {
        Self { config, prompt, session, scope: None, details: None }
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

impl Endpoint for DeviceApproval {
    type Reply = ();
    type Refusal = VerificationRefusal;

    fn keys(&self) -> Vec<Key> {
        keys(&self.prompt)
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let now = seen.now();
        let (waiting, used) = find(&self.prompt, seen)?;
        // The person must have been shown whose device it is [RFC 8628 §5.4].
        let Asking::Consent(shown) = &self.prompt.asking else {
            return Err(VerificationRefusal::LoginRequired.into());
        };
        ensure(shown.subject == self.session.subject, VerificationRefusal::LoginRequired)?;
        let scope = self.scope.as_ref().unwrap_or(&self.prompt.scope);
        let details = self.details.as_ref().unwrap_or(&self.prompt.details);
        let Waiting { grant, device } = &waiting;
        let client = known(&self.config, grant.value().client(), seen)?;
        let client = client.ok_or(VerificationRefusal::CodeUnknown)?;
        let asked = [(grant.value().scope(), grant.value().details()), (&self.prompt.scope, &self.prompt.details)];
        let fits = asked.iter().all(|asked| asked.0.covers(scope) && self.config.covers_details(asked.1, details));
        let useful =
            !(self.config.scope_at(&grant.value().mandate.terms.audience, scope).is_empty() && details.is_empty());
        ensure(fits && useful, VerificationRefusal::ApprovalExceedsRequest)?;

        ensure(self.config.entrusts(client.value(), scope, details), VerificationRefusal::NotAllowed)?;
        let vouched = self.prompt.standing.still_vouches_for(client.value());
        ensure(vouched, VerificationRefusal::ApprovalExceedsRequest)?;
        let agreed = (scope, details);
        if let Some(question) = shown.forbidden(&self.config, client.value(), None, agreed, seen)? {
            return Ok(forbidden(question));
        }

        let state = GrantState::Device(device.at(DeviceStage::Approved));
        let asked = &*grant.value().mandate;
        let terms = Terms {
            scope: scope.clone(),
            details: self.config.enrich_details(details, client.value(), Some(&self.session.subject)),
            ..asked.terms.clone()
        };
        // Until now there was nothing to be given.
        let mandate = self.session.mandate(terms, asked.may_act().cloned(), now);
        let next = Grant { id: grant.value().id, mandate: Arc::new(mandate), state };
        let event = granted(&next, &self.session);
        let forgotten = next.forgettable(now, Duration::ZERO);
        Ok(Plan::grant(vec![client.still(), grant.replace(next, forgotten), used], ()).reporting(event))
    }
}

/// A person said no to a device.
#[derive(Clone, Debug)]
pub struct DeviceDenial {
    prompt: DevicePrompt,
}

impl DeviceDenial {
    /// Refuses what `prompt` asks for.
    #[must_use]
    pub const fn new(prompt: DevicePrompt) -> Self {
        Self { prompt }
    }
}

impl Endpoint for DeviceDenial {
    type Reply = ();
    type Refusal = VerificationRefusal;

    fn keys(&self) -> Vec<Key> {
        keys(&self.prompt)
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let now = seen.now();
        let (Waiting { grant, device, .. }, used) = find(&self.prompt, seen)?;
        let next = grant.value().becoming(GrantState::Device(device.at(DeviceStage::Denied)));
        let event = Event::AuthorizationDenied { client: next.client().clone() };
        let forgotten = next.forgettable(now, Duration::ZERO);
        Ok(Plan::grant(vec![grant.replace(next, forgotten), used], ()).reporting(event))
    }
}

fn keys(prompt: &DevicePrompt) -> Vec<Key> {
    vec![Key::UserCode(prompt.user_code), Key::Grant(prompt.grant), Key::Client(prompt.client.id.clone())]
}

/// What still waits for the answer, and the end of its user code.
fn find<'s>(prompt: &DevicePrompt, seen: &'s Snapshot) -> Result<(Waiting<'s>, Change), Halt<VerificationRefusal>> {
    let index = seen.user_code(prompt.user_code)?.ok_or(VerificationRefusal::CodeUnknown)?;
    let waiting = waiting(index.value(), seen)?.ok_or(VerificationRefusal::CodeUnknown)?;
    ensure(waiting.grant.value().id == prompt.grant, VerificationRefusal::CodeUnknown)?;
    Ok((waiting, index.consume()))
}
