//! Token exchange [RFC 8693]: a client turns a token that it was shown into one of its own.
//!
//! ```text
//! subject token (live) ─┬─ alone ────────────▶ impersonation: a token for the subject
//!                       └─ and actor token ──▶ delegation: a token for the subject, through the actor
//! ```
//!
//! The new token belongs to the grant of the subject token: it never outlives it, and dies with it. Whether the client
//! may exchange at all, for whom and where, is the host's to say.

use std::sync::Arc;

use crate::config::Config;
use crate::record::{
    AccessToken, Actor, AuthorizationDetails, Client, ClientId, Confirmation, Exposed, Grant, GrantType, Resource,
    Scope, Subject,
};
use crate::snapshot::{Halt, Question, Seen, Snapshot, Verdict};
use crate::store::{Change, Key};
use crate::wire::{ACCESS_TOKEN_TYPE, ExchangeParameters, TokenRefusal};

use super::holders::{self, holders};
use super::issue::{Allowance, Decided, Issue, Requester};
use super::{FoundAccess, PresentedAccess, ensure};

/// Tokens as presented for an exchange.
#[derive(Clone, Debug)]
pub(crate) struct Exchanging {
    parameters: Box<ExchangeParameters>,
    subject: Option<PresentedAccess>,
    actor: Option<PresentedAccess>,
    scope: Option<String>,
}

/// A live access token and the grant behind it.
pub(super) struct LiveAccess<'s> {
    grant: Seen<'s, Grant>,
    token: Seen<'s, AccessToken>,
    /// The clients that both live by and that may vanish.
    holders: Vec<Seen<'s, Client>>,
}

/// What the host is asked before tokens are exchanged.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ExchangeQuestion {
    /// The client that would get the new token.
    pub client: ClientId,
    /// Whose rights it would have; absent where a client acts for itself.
    pub subject: Option<Subject>,
    /// The client that the subject token was issued to.
    pub subject_client: ClientId,
    /// Where the subject token may be used: whoever it is neither for nor from has no business with it [RFC 8693 §2.3].
    pub subject_audience: Arc<[Resource]>,
    /// What the subject token is bound to, which whoever passed it on has not shown here.
    pub subject_cnf: Option<Confirmation>,
    /// Who would act; absent for an impersonation.
    pub actor: Option<Actor>,
    /// What it would allow.
    pub scope: Scope,
    /// What it would allow beside the scope.
    pub details: AuthorizationDetails,
    /// Where.
    pub audience: Arc<[Resource]>,
}

impl Exchanging {
    pub(crate) fn new(config: &Config, parameters: Box<ExchangeParameters>, scope: Option<String>) -> Self {
        let read = |text: &Option<Exposed>| PresentedAccess::parse(config, text.as_ref()?.as_str());
        let (subject, actor) = (read(&parameters.subject_token), read(&parameters.actor_token));
        Self { parameters, subject, actor, scope }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        self.subject.iter().chain(&self.actor).flat_map(PresentedAccess::keys)
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        requester.may_use(GrantType::TokenExchange)?;
        self.check_types()?;
        seen.all(self.holder_keys(requester.config, seen)?)?;
        let subject =
            LiveAccess::find(self.subject.as_ref(), requester, seen)?.ok_or(TokenRefusal::SubjectTokenInvalid)?;
        ensure(subject.may_be_shown_by(requester), TokenRefusal::SubjectTokenInvalid)?;
        let actor = match &self.parameters.actor_token {
            Some(_) => {
                Some(LiveAccess::find(self.actor.as_ref(), requester, seen)?.ok_or(TokenRefusal::ActorTokenInvalid)?)
            }
            None => None,
        };
        let shown = actor.as_ref().is_none_or(|actor| actor.may_be_shown_by(requester));
        ensure(shown, TokenRefusal::ActorTokenInvalid)?;
        subject.check_may_act(requester.client.value(), actor.as_ref())?;
        let act = match &actor {
            Some(actor) => Some(Arc::new(subject.through(actor)?)),
            None => subject.token.value().act.clone(),
        };
        let scope = subject.scope(requester, self.scope.as_deref())?;
        let audience = self.audience(&subject, requester)?;
        let allowance = requester.allowance(&audience, &scope, &subject.token().terms.details)?;
        subject.judge(requester, act.as_deref().filter(|_| actor.is_some()), &allowance, seen)?;
        subject.exchanged(requester, GrantType::TokenExchange, actor.as_ref(), act, allowance)
    }

    /// The clients whose end would be the end of a presented token, so that they are read together.
    fn holder_keys(&self, config: &Config, seen: &Snapshot) -> Result<Vec<Key>, Halt<TokenRefusal>> {
        let mut found = Vec::new();
        for presented in self.subject.iter().chain(&self.actor) {
            if let Some(FoundAccess { grant, token }) = presented.find(config, seen)? {
                found.extend(holders::keys(grant.value(), token.value()));
            }
        }
        Ok(found)
    }

    /// [RFC 8693 §2.1]
    fn check_types(&self) -> Result<(), TokenRefusal> {
        let ExchangeParameters {
            subject_token,
            subject_token_type,
            actor_token,
            actor_token_type,
            requested_token_type,
            ..
        } = &*self.parameters;
        ensure(subject_token.is_some(), TokenRefusal::ParameterMissing("subject_token"))?;
        ensure(subject_token_type.is_some(), TokenRefusal::ParameterMissing("subject_token_type"))?;
        ensure(actor_token.is_some() == actor_token_type.is_some(), TokenRefusal::ActorTokenInvalid)?;
        let served = |name: &Option<String>| name.as_deref().is_none_or(|name| name == ACCESS_TOKEN_TYPE);
        let all = served(subject_token_type) && served(actor_token_type) && served(requested_token_type);
        ensure(all, TokenRefusal::TokenTypeUnsupported)
    }

    /// Where the new token is for: what is asked for, and otherwise where the subject token is for.
    fn audience(&self, subject: &LiveAccess<'_>, requester: &Requester<'_>) -> Result<Arc<[Resource]>, TokenRefusal> {
        let named: Vec<String> = self.parameters.audience.iter().chain(requester.resource).cloned().collect();
        if named.is_empty() {
            return Ok(Arc::clone(&subject.token.value().terms.audience));
        }
        let found = requester.config.resolve_resources(requester.client.value(), &named);
        let found = found.map_err(TokenRefusal::from)?;
        ensure(found.len() == 1, TokenRefusal::TargetInvalid)?;
        Ok(found)
    }
}

impl<'s> LiveAccess<'s> {
    /// What was presented, if it is live.
    pub(super) fn find(
        presented: Option<&PresentedAccess>,
        requester: &Requester<'_>,
        seen: &'s Snapshot,
    ) -> Result<Option<Self>, Halt<TokenRefusal>> {
        let Some(presented) = presented else { return Ok(None) };
        let Some(FoundAccess { grant, token }) = presented.find(requester.config, seen)? else { return Ok(None) };
        let Some(holders) = holders(grant.value(), token.value(), seen)? else { return Ok(None) };
        let live = grant.value().is_live() && requester.env.now < token.value().expires;
        Ok(live.then_some(Self { grant, token, holders }))
    }

    pub(super) fn grant(&self) -> &'s Grant {
        self.grant.value()
    }

    pub(super) fn token(&self) -> &'s AccessToken {
        self.token.value()
    }

    /// Whether the client shows what its own token is bound to [RFC 8705 §3, RFC 9449 §7]; another's token was passed on to it, and what
    /// that is bound to is for the host to judge.
    pub(super) fn may_be_shown_by(&self, requester: &Requester<'_>) -> bool {
        let token = self.token();
        let own = token.terms.client == *requester.client.value().id();
        !own || token.cnf.as_deref().is_none_or(|cnf| requester.meets(cnf))
    }

    /// Where the person said who may act, this goes for whoever gets the token, as an impersonator too, and for whoever is said
    /// to act [RFC 8693 §4.4]. The client that the person authorized may turn its own token into another of its own.
    pub(super) fn check_may_act(&self, client: &Client, actor: Option<&Self>) -> Result<(), TokenRefusal> {
        let own = self.grant().client();
        let Some(may_act) = self.grant().mandate.may_act() else { return Ok(()) };
        let requester = Some(client.id()).filter(|id| *id != own);
        let acts = actor.map(|actor| &actor.token().terms.client);
        let may = requester.into_iter().chain(acts).all(|id| may_act.contains(id));
        ensure(may, TokenRefusal::ActorNotAllowed)
    }

    /// The actor, whose token this is, with the subject token's actors behind it.
    fn through(&self, actor: &LiveAccess<'_>) -> Result<Actor, TokenRefusal> {
        // A token that was exchanged is not of the client that its grant is of.
        let client = &actor.token().terms.client;
        let sub = actor.grant().subject().cloned().unwrap_or_else(|| Subject::new(client.as_str()));
        self.acting(sub, client)
    }

    /// The same where the client itself acts.
    pub(super) fn through_client(&self, client: &Client) -> Result<Actor, TokenRefusal> {
        self.acting(Subject::new(client.id().as_str()), client.id())
    }

    /// No one may act twice, and a chain has an end.
    fn acting(&self, sub: Subject, client: &ClientId) -> Result<Actor, TokenRefusal> {
        let earlier = &self.token().act;
        let acted = || earlier.iter().flat_map(|earlier| earlier.chain());
        let again = acted().any(|actor| actor.sub == sub && actor.client_id == *client);
        ensure(!again && acted().count() < Actor::MOST, TokenRefusal::ActorsLoop)?;
        Ok(Actor { sub, client_id: client.clone(), act: earlier.clone() })
    }

    /// Never more than the subject token has, nor than the client may ask for.
    pub(super) fn scope(&self, requester: &Requester<'_>, requested: Option<&str>) -> Result<Scope, TokenRefusal> {
        let held = &self.token().terms.scope;
        let (config, client) = (requester.config, requester.client.value());
        let requested = requested.map(Scope::parse).transpose().map_err(|_| TokenRefusal::ScopeMalformed)?;
        let Some(requested) = requested.filter(|scope| !scope.is_empty()) else {
            return Ok(config.still(held, client).into_owned());
        };
        let excess = requested.without(held);
        ensure(excess.is_empty(), TokenRefusal::ScopeExceedsGrant(excess))?;
        let refused = requested.without(&config.still(&requested, client));
        if refused.is_empty() { Ok(requested) } else { Err(TokenRefusal::ScopeNotAllowed(refused)) }
    }

    pub(super) fn judge(
        &self,
        requester: &Requester<'_>,
        actor: Option<&Actor>,
        allowance: &Allowance,
        seen: &Snapshot,
    ) -> Result<(), Halt<TokenRefusal>> {
        let token = self.token();
        let question = ExchangeQuestion {
            client: requester.client.value().id().clone(),
            subject: self.grant().subject().cloned(),
            subject_client: token.terms.client.clone(),
            subject_audience: Arc::clone(&token.terms.audience),
            subject_cnf: token.cnf.as_deref().copied(),
            actor: actor.cloned(),
            scope: allowance.scope.clone(),
            details: allowance.details.clone(),
            audience: Arc::clone(&allowance.audience),
        };
        let verdict = seen.verdict(Question::TokenExchange(Box::new(question)))?;
        Ok(ensure(verdict == Verdict::Allowed, TokenRefusal::ExchangeDenied)?)
    }

    /// A new token for the subject of this one, of the same grant, that does not outlive it.
    pub(super) fn exchanged(
        &self,
        requester: &Requester<'_>,
        grant_type: GrantType,
        actor: Option<&Self>,
        act: Option<Arc<Actor>>,
        allowance: Allowance,
    ) -> Decided {
        let Requester { config, env, .. } = requester;
        let lifetime = config.lifetimes().access_token.min(env.now.until(self.token().expires));
        requester.issue(Issue {
            grant_type,
            grant: self.grant(),
            changes: self.relied(requester, actor),
            allowance,
            lifetime,
            act,
            refresh: None,
        })
    }

    /// Requires that all of it, and of an actor's token, is still what it was. One row has one expectation: a token may act
    /// for itself, and the client is expected anyway.
    pub(super) fn relied(&self, requester: &Requester<'_>, actor: Option<&Self>) -> Vec<Change> {
        let own = Key::Client(requester.client.value().id().clone());
        let mut relied: Vec<Change> = Vec::new();
        for still in [self].into_iter().chain(actor).flat_map(Self::still) {
            if still.key != own && !relied.iter().any(|known| known.key == still.key) {
                relied.push(still);
            }
        }
        relied
    }

    fn still(&self) -> impl Iterator<Item = Change> {
        [self.grant.still(), self.token.still()].into_iter().chain(self.holders.iter().map(Seen::<Client>::still))
    }
}
