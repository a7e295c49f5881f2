//! The authorization endpoint [RFC 6749 §3.1]: from a request to a question for the person, or straight to an answer.
//!
//! ```text
//! request ─▶ Authorize ─┬─▶ Prompt ─▶ (host: login, consent) ─▶ Approval / Denial ─▶ response
//!                       └─▶ response, where session and earlier consent are enough
//! ```

use std::sync::Arc;

use crate::config::Config;
use crate::env::Timestamp;
use crate::event::Event;
use crate::grant::consent_question::{ConsentQuestion, Judged};
use crate::record::{Client, ResponseType};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
use crate::wire::{AuthorizationRequest, AuthorizationResponse, AuthorizeReason, AuthorizeRefusal, PageReason};

use super::consent::Consent;
use super::granted::Granted;
use super::prompt::{Asking, Prompt, PromptClient};
use super::recall::{self, Recalled, recall};
use super::recipient::{Recipient, recipient};
use super::verify::{Resolved, Verified, client_id, is_silent, keys, page, resolve, verify};
use super::visitor::{Session, Visitor};

/// An authorization request and who makes it, ready to be decided.
#[derive(Clone, Debug)]
pub struct Authorize {
    config: Arc<Config>,
    request: AuthorizationRequest,
    visitor: Visitor,
    asked: Option<Timestamp>,
}

/// What the authorization endpoint comes to.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a host must treat both, and there is no third")]
pub enum Authorization {
    /// The person must be asked.
    Ask(Box<Prompt>),
    /// The client is answered.
    Answer(Box<AuthorizationResponse>),
}

/// What must still be asked, if anything helps, and the error where it does not or `prompt=none` forbids to.
#[derive(Debug)]
struct Missing {
    asking: Option<Asking>,
    reason: AuthorizeReason,
}

impl Missing {
    fn new(asking: Asking, reason: AuthorizeReason) -> Box<Self> {
        Box::new(Self { asking: Some(asking), reason })
    }
}

impl Authorize {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub const fn new(config: Arc<Config>, request: AuthorizationRequest, visitor: Visitor) -> Self {
        Self { config, request, visitor, asked: None }
    }

    /// The same for a person who was first asked at `asked`.
    pub(super) const fn again(
        config: Arc<Config>,
        request: AuthorizationRequest,
        visitor: Visitor,
        asked: Timestamp,
    ) -> Self {
        Self { config, request, visitor, asked: Some(asked) }
    }

    fn prompt(
        &self,
        request: &AuthorizationRequest,
        (client, to): (&Client, &Recipient<'_>),
        asking: Asking,
        now: Timestamp,
    ) -> Prompt {
        // What was pushed or signed is there to be shown; its name, or the object, keeps standing for it.
        let (object, request_uri) = (self.request.request.clone(), self.request.request_uri.clone());
        Prompt {
            request: AuthorizationRequest { request: object, request_uri, ..request.clone() },
            asked: self.asked.unwrap_or(now),
            asking,
            acr_values: Vec::new(),
            client: PromptClient::of(client, to.uri.as_str()),
            standing: self.config.standing(client, now),
        }
    }

    /// Whoever may be answered without a question.
    fn answerable(
        &self,
        verified: &Verified<'_, '_>,
        recalled: &Recalled<'_>,
        seen: &Snapshot,
    ) -> Result<&Session, Halt<Box<Missing>>> {
        let session = self
            .visitor
            .session
            .as_ref()
            .filter(|session| !verified.is_stale(session.authenticated, self.asked, seen.now()));
        let session = session.ok_or_else(|| Missing::new(Asking::Login, AuthorizeReason::LoginRequired))?;
        if let Err(reason) = verified.reached(session, self.asked) {
            let asking = (reason == AuthorizeReason::LoginRequired).then_some(Asking::Login);
            return Err(Box::new(Missing { asking, reason }).into());
        }
        let chosen = session.selected.unwrap_or(session.authenticated).max(session.authenticated);
        let selected = self.asked.is_some_and(|asked| chosen >= asked);
        if verified.prompt.select_account && !selected {
            return Err(Missing::new(Asking::SelectAccount, AuthorizeReason::AccountSelectionRequired).into());
        }
        // [RFC 8252 §8.6]: a redirect URI that anyone on the device may hold proves no client.
        let (client, to) = (verified.client.value(), &verified.to.uri);
        let told = recalled.consent().is_none_or(|own| own.counts_at(to, client));
        let identified = told && client.is_identified_by(to);
        // Nothing is issued that the wrong one could receive.
        let known = identified || (verified.prompt.none && verified.response_type == ResponseType::None);
        let granted = Granted { own: recalled.consent().filter(|_| known), visitor: &self.visitor, known };
        let proposed = || granted.proposed(&self.config, verified, session);
        let judged = if self.config.caution().ask_host {
            ConsentQuestion::new(proposed(), client, Some(to.as_str()), &self.config, seen.now()).judge(seen)?
        } else {
            Judged::Usual
        };
        if judged == Judged::Refused {
            return Err(Box::new(Missing { asking: None, reason: AuthorizeReason::ConsentForbidden }).into());
        }
        let enough = verified.client.value().is_first_party() || granted.covers(&self.config, verified);
        if verified.prompt.consent || judged == Judged::Afresh || !(known && enough) {
            return Err(Missing::new(Asking::Consent(proposed()), AuthorizeReason::ConsentRequired).into());
        }
        Ok(session)
    }
}

impl Endpoint for Authorize {
    type Reply = Authorization;
    type Refusal = AuthorizeRefusal;

    fn keys(&self) -> Vec<Key> {
        let consent = recall::key(&self.config, &self.request, self.visitor.session.as_ref());
        keys(&self.config, &self.request).chain(consent).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        // Who is logged in is seldom asked.
        if self.visitor.session.is_some() {
            seen.env()?;
        }
        let verified = match verify(&self.config, &self.request, seen, self.asked) {
            Ok(verified) => verified,
            Err(Halt::Refused(AuthorizeRefusal::Redirect(response))) => return self.send_away(response, seen),
            Err(halt) => return unverified(&self.request, halt),
        };
        let client = verified.client.value().id();
        let recalled = recall(&self.config, self.visitor.session.as_ref(), client, seen)?;
        match self.answerable(&verified, &recalled, seen) {
            Ok(session) => {
                let answer = |response| Authorization::Answer(Box::new(response));
                let (scope, details) = (verified.scope.clone(), verified.details.clone());
                let may_act = self.visitor.may_act.as_deref().map(Arc::from);
                let may_act = may_act.or_else(|| recalled.consent().and_then(|own| own.may_act.clone()));
                let consent = Consent { session, scope, details, may_act };
                Ok(verified.approve(&self.config, consent, seen, answer)?.writing(recalled.still()))
            }
            Err(Halt::Missing(need)) => Err(Halt::Missing(need)),
            Err(Halt::Refused(missing)) if missing.reason == AuthorizeReason::ConsentForbidden => {
                let subject = self.visitor.session.as_ref().map(|session| session.subject.clone());
                let refused = refused(Vec::new(), verified.to.refuse(&missing.reason, seen))?;
                let event = |subject| Event::ConsentForbidden { client: client.clone(), subject };
                Ok(subject.map(event).into_iter().fold(refused, Plan::reporting))
            }
            Err(Halt::Refused(missing)) => match missing.asking.filter(|_| !verified.prompt.none) {
                Some(asking) => {
                    let whose = (verified.client.value(), &verified.to);
                    let kept = verified.client.kept().into_iter().collect();
                    let prompt = self.prompt(&verified.request, whose, asking, seen.now());
                    let prompt = Prompt { acr_values: verified.acr_values.clone(), ..prompt };
                    Ok(Plan::grant(kept, Authorization::Ask(Box::new(prompt))))
                }
                None => Err(verified.to.refuse(&missing.reason, seen)),
            },
        }
    }

    fn interrupted(&self, seen: &Snapshot) -> Option<AuthorizeRefusal> {
        interrupted(&self.config, &self.request, seen, self.asked)
    }
}

impl Authorize {
    /// Sends the person on with an error; to a place of a stranger only once they logged in, so that nobody can use our
    /// name to send people where they like. A silent request has no other answer [RFC 9700 §4.11.2].
    fn send_away(&self, response: Box<AuthorizationResponse>, seen: &Snapshot) -> Decision<Self> {
        let Resolved { client, request, .. } = resolve(&self.config, &self.request, seen, self.asked)?;
        let at_once = self.visitor.session.is_some() || !client.value().is_stranger() || is_silent(&request);
        let to = if at_once { None } else { recipient(&self.config, &request, client.value(), seen).ok() };
        let Some(to) = to else { return Err(AuthorizeRefusal::Redirect(response).into()) };
        let prompt = self.prompt(&request, (client.value(), &to), Asking::Login, seen.now());
        Ok(Plan::grant(client.kept().into_iter().collect(), Authorization::Ask(Box::new(prompt))))
    }
}

/// Refuses with changes, once the refusal itself is signed, if it must be.
pub(super) fn refused<R>(
    changes: Vec<Change>,
    refusal: Halt<AuthorizeRefusal>,
) -> Result<Plan<R, AuthorizeRefusal>, Halt<AuthorizeRefusal>> {
    match refusal {
        Halt::Refused(refusal) => Ok(Plan::refuse(changes, refusal)),
        Halt::Missing(need) => Err(Halt::Missing(need)),
    }
}

/// Reports what an attacker would try together with its refusal.
pub(super) fn unverified<R>(
    request: &AuthorizationRequest,
    halt: Halt<AuthorizeRefusal>,
) -> Result<Plan<R, AuthorizeRefusal>, Halt<AuthorizeRefusal>> {
    let (Halt::Refused(AuthorizeRefusal::Page(reason)), Some(client)) = (&halt, client_id(request)) else {
        return Err(halt);
    };
    let (reason, client) = (*reason, client.clone());
    let event = if reason == PageReason::RedirectUriUnregistered {
        Event::RedirectUriRefused { client }
    } else if let PageReason::ClientDocument(fault) = reason {
        Event::ClientDocumentRefused { client, fault }
    } else {
        return Err(halt);
    };
    Ok(Plan::refuse(Vec::new(), AuthorizeRefusal::Page(reason)).reporting(event))
}

/// The world outside failed: the client is told if it is proven where it is, and a page says so otherwise.
pub(super) fn interrupted(
    config: &Config,
    request: &AuthorizationRequest,
    seen: &Snapshot,
    begun: Option<Timestamp>,
) -> Option<AuthorizeRefusal> {
    match resolve(config, request, seen, begun) {
        Ok(Resolved { client, request, .. }) => match recipient(config, &request, client.value(), seen) {
            Ok(to) => match to.refuse(&AuthorizeReason::ServerError, seen) {
                Halt::Refused(refusal) => Some(refusal),
                // Nothing can be signed any more.
                Halt::Missing(_) => None,
            },
            Err(reason) => Some(page(reason)),
        },
        Err(Halt::Refused(refusal)) => Some(refusal),
        Err(Halt::Missing(_)) => None,
    }
}
