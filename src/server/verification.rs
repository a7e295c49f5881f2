//! The page on which a person types a user code, as endpoints of its own [RFC 8628 §3.3].
//!
//! ```text
//! typed code ─▶ Verification ─▶ DevicePrompt ─▶ (host: login, "is this your device?") ─▶ DeviceApproval / DeviceDenial
//! ```

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::client_auth::find;
use crate::config::Config;
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::event::Event;
use crate::grant::consent_question::{Acquaintance, ConsentQuestion, Judged, ProposedConsent};
use crate::record::{
    AuthorizationDetails, DeviceCode, DeviceStage, Digest, Grant, GrantId, GrantState, Scope, Standing, Subject, Terms,
    TypedCode, UserCode,
};
use crate::snapshot::{Halt, Question, Seen, Snapshot, Verdict};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::ClientDocumentFault;

use super::prompt::{Asking, PromptClient};
use super::visitor::Session;

/// A code that a person typed, ready to be decided. The device notices nothing.
#[derive(Clone, Debug)]
pub struct Verification {
    config: Arc<Config>,
    code: Option<TypedCode>,
    session: Option<Session>,
    /// Who types, where the host wants to limit that.
    typist: Option<String>,
}

impl Verification {
    /// Takes what was typed, by a person who may be logged in. `typist` is what the host counts attempts by, such as an
    /// address; with `DeviceFlow::ask_host` it is asked about that first [RFC 8628 §5.1].
    #[must_use]
    pub fn new(config: &Arc<Config>, typed: &str, session: Option<Session>, typist: &str) -> Self {
        let flow = config.device_flow();
        let typist = flow.filter(|flow| flow.ask_host).map(|_| typist.to_owned());
        let code = flow.and_then(|flow| flow.user_codes.read(typed));
        Self { config: Arc::clone(config), code, session, typist }
    }
}

/// What to show the person who typed a code; a plain value that the host keeps until it is answered.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DevicePrompt {
    /// Which device waits.
    pub grant: GrantId,
    pub(super) user_code: Digest,
    /// When the person was asked.
    pub asked: Timestamp,
    /// What to ask: to log in first, and then always to consent, since whoever sent the person here may be an attacker
    /// [RFC 8628 §5.4].
    pub asking: Asking,
    /// Whose device it says it is: to be shown.
    pub client: PromptClient,
    /// What the server itself knows of that client: to be warned by.
    pub standing: Standing,
    /// What it would get.
    pub scope: Scope,
    /// What it would get beside the scope.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub details: AuthorizationDetails,
}

/// Why a typed code leads nowhere: the form is shown again, with status 200.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VerificationRefusal {
    /// The code is malformed, unknown, expired or used: one answer for all.
    #[error("the code is wrong or has expired")]
    CodeUnknown,
    /// The host allows no more attempts for now.
    #[error("too many attempts; please wait")]
    TooManyAttempts,
    /// The client is known by no document that could be used.
    #[error("{}", .0.description())]
    ClientDocument(ClientDocumentFault),
    /// The session is older than the prompt, or another person's.
    #[error("the person must log in")]
    LoginRequired,
    /// The server does not let the client be granted this.
    #[error("this is not allowed here")]
    NotAllowed,
    /// Nothing was granted, or more than was asked for.
    #[error("the approval does not fit the request")]
    ApprovalExceedsRequest,
}

impl From<ClientDocumentFault> for VerificationRefusal {
    fn from(fault: ClientDocumentFault) -> Self {
        Self::ClientDocument(fault)
    }
}

impl Endpoint for Verification {
    type Reply = Box<DevicePrompt>;
    type Refusal = VerificationRefusal;

    fn keys(&self) -> Vec<Key> {
        self.code.iter().map(|code| Key::UserCode(code.digest())).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let guessed = || Plan::refuse(Vec::new(), VerificationRefusal::CodeUnknown).reporting(Event::UserCodeUnknown);
        if let Some(typist) = &self.typist {
            let question = Question::UserCodeAttempt { typist: typist.clone() };
            ensure(seen.verdict(question)? == Verdict::Allowed, VerificationRefusal::TooManyAttempts)?;
        }
        let Some(code) = &self.code else { return Ok(guessed()) };
        let Some(index) = seen.user_code(code.digest())? else { return Ok(guessed()) };
        let Some(Waiting { grant, .. }) = waiting(index.value(), seen)? else { return Ok(guessed()) };
        let client = find(&self.config, &index.value().client, seen)?;
        let Some(client) = client else { return Ok(guessed()) };
        let (scope, details) = (grant.value().scope().clone(), grant.value().details().clone());
        ensure(self.config.entrusts(client.value(), &scope, &details), VerificationRefusal::NotAllowed)?;
        let asking = match &self.session {
            None => Asking::Login,
            Some(Session { subject, .. }) => {
                let consent = self.proposed(grant.value(), subject);
                if self.config.caution().ask_host {
                    let question =
                        ConsentQuestion::new(consent.clone(), client.value(), None, &self.config, seen.now());
                    if question.judge(seen)? == Judged::Refused {
                        return Ok(forbidden(question));
                    }
                }
                Asking::Consent(consent)
            }
        };
        let prompt = DevicePrompt {
            grant: grant.value().id,
            user_code: code.digest(),
            asked: seen.now(),
            asking,
            client: PromptClient::of(client.value(), ""),
            standing: self.config.standing(client.value(), seen.now()),
            scope,
            details,
        };
        Ok(Plan::grant(client.kept().into_iter().collect(), Box::new(prompt)))
    }
}

impl Verification {
    /// What the consent is about. A device is always asked about as a whole: nothing proves which one waits, so nothing
    /// that was granted before counts [RFC 8628 §5.4].
    fn proposed(&self, grant: &Grant, subject: &Subject) -> ProposedConsent {
        let Terms { scope, details, audience, .. } = &grant.mandate.terms;
        ProposedConsent {
            subject: subject.clone(),
            scope: scope.clone(),
            details: details.clone(),
            audience: Arc::clone(audience),
            new: scope.clone(),
            new_details: details.clone(),
            sensitive: self.config.sensitive_scope(scope),
            sensitive_details: self.config.sensitive_details(details),
            acquaintance: Acquaintance::Unknown,
        }
    }
}

/// The refusal of the host, which an operator gets to know.
pub(super) fn forbidden<R>(question: ConsentQuestion) -> Plan<R, VerificationRefusal> {
    let event = Event::ConsentForbidden { client: question.client, subject: question.consent.subject };
    Plan::refuse(Vec::new(), VerificationRefusal::NotAllowed).reporting(event)
}

/// A device authorization that a person may still answer.
pub(super) struct Waiting<'s> {
    pub(super) grant: Seen<'s, Grant>,
    pub(super) device: &'s DeviceCode,
}

/// Finds what a user code stands for, if it still waits; its client is read together with it.
pub(super) fn waiting<'s, F>(index: &UserCode, seen: &'s Snapshot) -> Result<Option<Waiting<'s>>, Halt<F>> {
    seen.all([Key::Grant(index.grant), Key::Client(index.client.clone())])?;
    // A client that is known by its document may have to be fetched again, which is not for here.
    let known = seen.client(&index.client)?.is_some() || index.client.document_url().is_some();
    let Some(grant) = seen.grant(index.grant)?.filter(|_| known) else { return Ok(None) };
    let GrantState::Device(device) = &grant.value().state else { return Ok(None) };
    let pending = matches!(device.stage, DeviceStage::Pending { .. }) && seen.now() < device.expires;
    let own = *grant.value().client() == index.client;
    Ok((pending && own).then_some(Waiting { grant, device }))
}
