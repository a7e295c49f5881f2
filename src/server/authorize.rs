//! The authorization endpoint [RFC 6749 §3.1]: from a request to a question for the person, or straight to an answer.
//!
//! ```text
//! request ─▶ Authorize ─┬─▶ Prompt ─▶ (host: login, consent) ─▶ Approval / Denial ─▶ response
//!                       └─▶ response, where session and earlier consent are enough
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::env::Timestamp;
use crate::event::Event;
use crate::grant::consent_question::{ConsentQuestion, Judged, ProposedConsent};
use crate::record::{AuthorizationDetails, Client, ClientId, Resource, ResponseType, Scope, Standing, Subject};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
use crate::wire::{AuthorizationRequest, AuthorizationResponse, AuthorizeReason, AuthorizeRefusal, PageReason};

use super::consent::Consent;
use super::granted::Granted;
use super::recall::{self, Recalled, recall};
use super::recipient::{Recipient, recipient};
use super::verify::{Resolved, Verified, client_id, is_silent, keys, page, resolve, verify};

/// An authorization request and who makes it, ready to be decided.
#[derive(Clone, Debug)]
pub struct Authorize {
    config: Arc<Config>,
    request: AuthorizationRequest,
    visitor: Visitor,
    asked: Option<Timestamp>,
}

/// What the host knows of the person in front of the browser.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Visitor {
    /// The session, if they are logged in.
    pub session: Option<Session>,
    /// What they granted this client before at the server's usual resources and at `resources`, if the host remembers.
    pub consent: Option<Scope>,
    /// Where else that was granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Which clients may act for them, if they limited that before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Vec<ClientId>>,
    /// Which details they granted this client before; only those count whose type stays granted.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub details: AuthorizationDetails,
}

impl Visitor {
    /// Someone who is not logged in.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self {
            session: None,
            consent: None,
            resources: Vec::new(),
            may_act: None,
            details: AuthorizationDetails::none(),
        }
    }

    /// Someone who is logged in, and what they granted this client before at the server's usual resources.
    #[must_use]
    pub const fn logged_in(session: Session, consent: Option<Scope>) -> Self {
        Self {
            session: Some(session),
            consent,
            resources: Vec::new(),
            may_act: None,
            details: AuthorizationDetails::none(),
        }
    }

    /// Who granted it at these resources as well [RFC 8707].
    #[must_use]
    pub fn having_granted_at(mut self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.resources = resources.into_iter().collect();
        self
    }

    /// Who lets only these clients act for them [RFC 8693 §4.4].
    #[must_use]
    pub fn letting_act(mut self, clients: impl IntoIterator<Item = ClientId>) -> Self {
        self.may_act = Some(clients.into_iter().collect());
        self
    }

    /// What the host says was granted for every resource of `audience`.
    pub(super) fn granted_at(&self, audience: &[Resource], config: &Config) -> Option<&Scope> {
        let usual = config.audience();
        let there = audience.iter().all(|resource| usual.contains(resource) || self.resources.contains(resource));
        self.consent.as_ref().filter(|_| there)
    }

    /// Who granted this client these details before [RFC 9396].
    #[must_use]
    pub fn having_granted(mut self, details: AuthorizationDetails) -> Self {
        self.details = details;
        self
    }
}

/// A person who is logged in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Who they are.
    pub subject: Subject,
    /// When they last proved it.
    pub authenticated: Timestamp,
    /// When they last chose this account among theirs, if they were asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<Timestamp>,
    /// How surely they proved it, as an Authentication Context Class Reference [OpenID Connect Core §2].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods they proved it [RFC 8176].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

impl Session {
    /// A person who proved who they are at `authenticated`.
    #[must_use]
    pub const fn new(subject: Subject, authenticated: Timestamp) -> Self {
        Self { subject, authenticated, selected: None, acr: None, amr: Vec::new() }
    }

    /// Says how surely they proved who they are.
    #[must_use]
    pub fn with_acr(mut self, acr: impl Into<String>) -> Self {
        self.acr = Some(acr.into());
        self
    }

    /// Says by which methods they proved who they are.
    #[must_use]
    pub fn with_amr<I: IntoIterator<Item: Into<String>>>(mut self, methods: I) -> Self {
        self.amr = methods.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn acr(&self) -> Option<Arc<str>> {
        self.acr.as_deref().map(Arc::from)
    }

    pub(super) fn amr(&self) -> Arc<[String]> {
        if self.amr.is_empty() { Arc::default() } else { self.amr.as_slice().into() }
    }
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

/// A question for the person: a plain value that the host keeps until it is answered.
///
/// After a login, decide again with [`Prompt::resume`]; after a consent, answer with an `Approval` or a `Denial`. Both
/// verify the request again, but must believe the prompt when and what the person was asked.
///
/// So keep it where the browser cannot change it, under an unguessable name of its own that the form of the consent page
/// sends back, together with the browser's session, and forget it once it is answered: otherwise another site can
/// answer it, or put another prompt in its place while the person looks at this one [RFC 6749 §10.12].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Prompt {
    /// The request that counts.
    pub request: AuthorizationRequest,
    /// When the person was first asked.
    pub asked: Timestamp,
    /// What to ask.
    pub asking: Asking,
    /// How surely the person must prove who they are: one of these, the best first; anything will do if empty. A login that
    /// reaches none of them ends the request [RFC 9470 §5].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// Who wants to know: to be shown.
    pub client: PromptClient,
    /// What the server itself knows of that client: to be warned by.
    pub standing: Standing,
}

/// What a person is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Asking {
    /// To prove who they are; also if they are logged in already.
    Login,
    /// To choose one of their accounts.
    SelectAccount,
    /// To consent.
    Consent(ProposedConsent),
}

/// What to show of a client. All of it is the client's own word.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PromptClient {
    /// Its identifier.
    pub id: ClientId,
    /// Its name; a blank one is none.
    pub name: Option<String>,
    /// A page about it.
    pub uri: Option<String>,
    /// Its picture.
    pub logo_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Its privacy policy.
    pub policy_uri: Option<String>,
    /// Where the answer will go.
    pub redirect_uri: String,
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

    fn prompt(
        &self,
        request: Cow<'_, AuthorizationRequest>,
        (client, to): (&Client, &Recipient<'_>),
        asking: Asking,
        now: Timestamp,
    ) -> Prompt {
        // What was pushed or signed is there to be shown; its name, or the object, keeps standing for it.
        let (object, request_uri) = (self.request.request.clone(), self.request.request_uri.clone());
        Prompt {
            request: AuthorizationRequest { request: object, request_uri, ..request.into_owned() },
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

impl Prompt {
    /// Decides again, now that the host knows more of the person.
    #[must_use]
    pub fn resume(self, config: Arc<Config>, visitor: Visitor) -> Authorize {
        Authorize { config, request: self.request, visitor, asked: Some(self.asked) }
    }
}

impl PromptClient {
    pub(super) fn of(client: &Client, redirect_uri: &str) -> Self {
        let metadata = client.metadata();
        Self {
            id: client.id().clone(),
            name: metadata.client_name.clone().filter(|name| !name.trim().is_empty()),
            uri: metadata.client_uri.clone(),
            logo_uri: metadata.logo_uri.clone(),
            tos_uri: metadata.tos_uri.clone(),
            policy_uri: metadata.policy_uri.clone(),
            redirect_uri: redirect_uri.to_owned(),
        }
    }
}

impl Endpoint for Authorize {
    type Reply = Authorization;
    type Refusal = AuthorizeRefusal;

    fn keys(&self) -> Vec<Key> {
        let consent = recall::key(&self.config, &self.request, self.visitor.session.as_ref());
        keys(&self.config, &self.request).into_iter().chain(consent).collect()
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
                    let prompt = self.prompt(Cow::Borrowed(&verified.request), whose, asking, seen.now());
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
        let prompt = self.prompt(request, (client.value(), &to), Asking::Login, seen.now());
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
    let reason = *reason;
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
