//! What follows from a consent: a code, a token, or nothing but the consent itself.

use std::sync::Arc;

use crate::config::Config;
use crate::env::Env;
use crate::event::Event;
use crate::grant::{Allowance, Requester, implicit};
use crate::record::{
    AuthorizationDetails, ClientId, Grant, GrantId, GrantState, Handle, HandleKind, IssuedCode, Live, Mandate,
    ResponseType, Scope, Subject, Wanted,
};
use crate::snapshot::{Halt, Snapshot};
use crate::step::Plan;
use crate::store::Change;
use crate::wire::{AuthorizationOutcome, AuthorizationResponse, AuthorizeRefusal, TokenResponse};

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

impl Verified<'_, '_> {
    /// Plans what was asked for, as long as the client is still what it was; a pushed request ends with it.
    ///
    /// # Errors
    ///
    /// There is no seed yet, or a token or the response was not signed yet.
    pub(super) fn approve<R>(
        &self,
        config: &Config,
        consent: Consent<'_>,
        seen: &Snapshot,
        reply: impl FnOnce(AuthorizationResponse) -> R,
    ) -> Result<Plan<R, AuthorizeRefusal>, Halt<AuthorizeRefusal>> {
        let outcome = match self.response_type {
            ResponseType::Code => self.issue_code(config, consent, seen.env()?),
            ResponseType::Token => self.issue_token(config, consent, seen)?,
            ResponseType::None => self.note(consent),
        };
        outcome.writing(self.consumed()).try_replying(|outcome| self.to.respond(outcome, seen).map(reply))
    }

    /// [RFC 6749 §4.1.2]
    fn issue_code(&self, config: &Config, consent: Consent<'_>, env: &Env) -> Outcome {
        let id = GrantId::mint(env);
        let code = Handle::mint(id, env, "authorization code");
        let expires = env.now.plus(config.lifetimes().code);
        let state = GrantState::CodeIssued(IssuedCode {
            digest: code.digest(),
            expires,
            redirect_uri: self.to.uri.shared(),
            redirect_uri_named: self.request.redirect_uri.is_some(),
            challenge: self.challenge,
            dpop_jkt: self.dpop_jkt,
        });
        let subject = consent.session.subject.clone();
        let grant = self.grant(config, id, consent, state, env);
        let event = granted(&grant, subject);
        let code = AuthorizationOutcome::Code(code.expose(config.brand(), HandleKind::Code));
        Plan::grant(vec![self.client.still(), Change::new_grant(grant, expires)], code).reporting(event)
    }

    /// [RFC 6749 §4.2.2]
    fn issue_token(
        &self,
        config: &Config,
        consent: Consent<'_>,
        seen: &Snapshot,
    ) -> Result<Outcome, Halt<AuthorizeRefusal>> {
        let env = seen.env()?;
        let state = GrantState::Live(Live { code: None, chain: None });
        let subject = consent.session.subject.clone();
        let grant = self.grant(config, GrantId::mint(env), consent, state, env);
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
            client: self.client,
            certificate: None,
            possession: None,
            resource: &[],
            details: None,
            seen,
            env,
        };
        let token = |TokenResponse { access_token, token_type, expires_in, scope, .. }| AuthorizationOutcome::Token {
            access_token,
            token_type: token_type.into_owned(),
            expires_in,
            scope,
        };
        let issued = implicit::issue(&requester, &grant, allowance)?;
        Ok(issued.replying(token).reporting(granted(&grant, subject)))
    }

    /// [OAuth 2.0 Multiple Response Types §4]: whether and where the consent is kept is the host's to say.
    fn note(&self, Consent { session, scope, details, .. }: Consent<'_>) -> Outcome {
        let (client, subject) = (self.client.value().id().clone(), session.subject.clone());
        Plan::grant(vec![self.client.still()], AuthorizationOutcome::Nothing).reporting(Event::ConsentGiven {
            client,
            subject,
            scope,
            details,
        })
    }

    fn grant(&self, config: &Config, id: GrantId, consent: Consent<'_>, state: GrantState, env: &Env) -> Grant {
        let Consent { session, scope, details, may_act } = consent;
        let details = config.enrich_details(&details, self.client.value(), Some(&session.subject));
        let wanted = Wanted { scope, details, audience: Arc::clone(&self.audience) };
        let mandate = Mandate {
            subject: Some(session.subject.clone()),
            authenticated: Some(session.authenticated),
            acr: session.acr(),
            amr: session.amr(),
            may_act,
            ..Mandate::new(self.client.value(), wanted, env.now)
        };
        Grant { id, mandate: Arc::new(mandate), state }
    }
}

fn granted(grant: &Grant, subject: Subject) -> Event {
    Event::AuthorizationGranted {
        grant: grant.id,
        client: grant.client().clone(),
        subject,
        scope: grant.scope().clone(),
        details: grant.details().clone(),
    }
}
