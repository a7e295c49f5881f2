//! What follows from a consent: a code, a token, or nothing but the consent itself.

use std::sync::Arc;

use crate::config::Config;
use crate::env::{Env, Label, Timestamp};
use crate::event::Event;
use crate::grant::{Allowance, Requester, implicit};
use crate::record::{
    AuthorizationDetails, Client, ClientId, Grant, GrantId, GrantState, Handle, HandleKind, IssuedCode, Live, Mandate,
    Resource, ResponseType, Scope, Terms, Wanted,
};
use crate::snapshot::{Halt, Snapshot};
use crate::step::Plan;
use crate::store::Change;
use crate::wire::{AuthorizationOutcome, AuthorizationResponse, AuthorizeRefusal, TokenResponse};

use super::recipient::Recipient;
use super::verify::Verified;
use super::visitor::Session;

/// What a person, or a policy on their behalf, agrees to.
#[derive(Debug)]
pub(super) struct Consent<'c> {
    pub(super) session: &'c Session,
    pub(super) scope: Scope,
    pub(super) details: AuthorizationDetails,
    /// Which clients may act for the person, if not all may.
    pub(super) may_act: Option<Arc<[ClientId]>>,
}

type Outcome = Plan<AuthorizationOutcome, AuthorizeRefusal>;

impl<'a> Verified<'a, '_> {
    /// Plans what was asked for, as long as the client is still what it was; a pushed request ends with it.
    ///
    /// # Errors
    ///
    /// There is no seed yet, or a token or the response was not signed yet.
    pub(super) fn approve<R>(
        self,
        config: &Config,
        consent: Consent<'_>,
        seen: &Snapshot,
        reply: impl FnOnce(AuthorizationResponse) -> R,
    ) -> Result<Plan<R, AuthorizeRefusal>, Halt<AuthorizeRefusal>> {
        let consumed = self.consumed();
        let (to, outcome) = match self.response_type {
            ResponseType::Code => self.issue_code(config, consent, seen.env()?),
            ResponseType::Token => self.issue_token(config, consent, seen)?,
            ResponseType::None => self.note(consent),
        };
        outcome.writing(consumed).try_replying(|outcome| to.respond(outcome, seen).map(reply))
    }

    /// [RFC 6749 §4.1.2]
    fn issue_code(self, config: &Config, consent: Consent<'_>, env: &Env) -> (Recipient<'a>, Outcome) {
        let Self { request, client, to, audience, challenge, dpop_jkt, .. } = self;
        let session = consent.session;
        let expires = env.now.plus(config.lifetimes().code);
        let id = GrantId::mint(env);
        let code = Handle::mint(id, env, const { Label::new("authorization code") });
        let state = GrantState::CodeIssued(Arc::new(IssuedCode {
            digest: code.digest(),
            expires,
            redirect_uri: to.uri.shared(),
            redirect_uri_named: request.redirect_uri.is_some(),
            challenge,
            dpop_jkt,
        }));
        let grant = Grant { id, mandate: consent.mandate(config, client.value(), audience, env.now), state };
        let event = granted(&grant, session);
        let code = AuthorizationOutcome::Code(code.expose(config.brand(), HandleKind::Code));
        (to, Plan::grant(vec![client.still(), Change::new_grant(grant, expires)], code).reporting(event))
    }

    /// [RFC 6749 §4.2.2]
    fn issue_token(
        self,
        config: &Config,
        consent: Consent<'_>,
        seen: &Snapshot,
    ) -> Result<(Recipient<'a>, Outcome), Halt<AuthorizeRefusal>> {
        let Self { client, to, audience, .. } = self;
        let (env, session) = (seen.env()?, consent.session);
        let state = GrantState::Live(Live::Nothing);
        let mandate = consent.mandate(config, client.value(), audience, env.now);
        let grant = Grant { id: GrantId::mint(env), mandate, state };
        let allowance = Allowance {
            scope: config.scope_at(grant.audience(), grant.scope()).into_owned(),
            details: grant.details().clone(),
            audience: Arc::clone(&grant.mandate.terms.audience),
            // A client whose tokens must be bound cannot register for this [RFC 8705 §6.4].
            cnf: None,
        };
        let requester = Requester {
            instance: None,
            config,
            client,
            certificate: None,
            possession: None,
            resource: &[],
            details: None,
            seen,
            env,
        };
        let token = |response: Box<TokenResponse>| {
            let TokenResponse { access_token, token_type, expires_in, scope, .. } = *response;
            AuthorizationOutcome::Token { access_token, token_type: token_type.into_owned(), expires_in, scope }
        };
        let issued = implicit::issue(&requester, &grant, allowance)?;
        Ok((to, issued.replying(token).reporting(granted(&grant, session))))
    }

    /// [OAuth 2.0 Multiple Response Types §4]: whether and where the consent is kept is the host's to say.
    fn note(self, Consent { session, scope, details, .. }: Consent<'_>) -> (Recipient<'a>, Outcome) {
        let (client, subject) = (self.client.value().id().clone(), session.subject.clone());
        let event = Event::ConsentGiven { client, subject, scope, details };
        (self.to, Plan::grant(vec![self.client.still()], AuthorizationOutcome::Nothing).reporting(event))
    }
}

impl Consent<'_> {
    /// What is given by it.
    fn mandate(self, config: &Config, client: &Client, audience: Arc<[Resource]>, now: Timestamp) -> Arc<Mandate> {
        let Self { session, scope, details, may_act } = self;
        let details = config.enrich_details(&details, client, Some(&session.subject));
        Arc::new(session.mandate(Terms::new(client, Wanted { scope, details, audience }), may_act, now))
    }
}

pub(super) fn granted(grant: &Grant, session: &Session) -> Event {
    Event::AuthorizationGranted {
        grant: grant.id,
        client: grant.client().clone(),
        subject: session.subject.clone(),
        scope: grant.scope().clone(),
        details: grant.details().clone(),
    }
}
