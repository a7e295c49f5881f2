//! Identity assertions as the identity provider's server gives them [ID-JAG §4.3]: a client exchanges a token of its own for
//! the server's word on a person, with which another server gives it a token of that server.
//!
//! ```text
//! access or refresh token of the client (live) ── host: there, as whom, for what? ─┬─ no ──▶ nothing
//!                                                                                  └─ yes ─▶ signed for that server
//! ```
//!
//! Nothing is kept: the assertion lives for minutes and is of use to its client at that server alone. What it allows there is
//! in the terms of that server, so the host says it; the signature says that the person's grant was live.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::base64;
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::env::Timestamp;
use crate::event::Event;
use crate::jose::Purpose;
use crate::record::{
    Actor, AuthorizationDetails, ClientId, Exposed, Grant, GrantType, Handle, HandleKind, Resource, Scope, Subject,
};
use crate::snapshot::{Halt, Question, Snapshot, Verdict};
use crate::step::Plan;
use crate::store::{Change, Key};
use crate::wire::{
    ACCESS_TOKEN_TYPE, ExchangeParameters, ID_JAG_TYPE, REFRESH_TOKEN_TYPE, TokenRefusal, TokenResponse,
};

use super::issue::{Decided, Requester};
use super::refresh::{self, Shown};
use super::token_exchange::LiveAccess;
use super::{PresentedAccess, ensure};

/// What the server itself says in every assertion, whatever the host adds.
const OWN: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "client_id",
    "jti",
    "iat",
    "exp",
    "nbf",
    "cnf",
    "act",
    "scope",
    "resource",
    "authorization_details",
    "auth_time",
    "acr",
    "amr",
];

/// A token as presented for an identity assertion.
#[derive(Clone, Debug)]
pub(crate) struct Introducing {
    parameters: Box<ExchangeParameters>,
    subject: Option<PresentedSubject>,
    scope: Option<String>,
}

/// The token that shows whom the client acts for.
#[derive(Clone, Debug)]
enum PresentedSubject {
    Access(PresentedAccess),
    Refresh(Handle),
}

/// A grant of the client that is live, and until when what was shown of it is.
struct LiveSubject<'s> {
    grant: &'s Grant,
    scope: &'s Scope,
    act: Option<&'s Arc<Actor>>,
    until: Timestamp,
    relied: Vec<Change>,
}

/// What the host is asked before the server speaks for a person elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct IdJagQuestion {
    /// The client that would get the assertion.
    pub client: ClientId,
    /// Whom it would be about.
    pub subject: Subject,
    /// The server that it would be for: its issuer identifier, or a name that was agreed for it.
    pub audience: String,
    /// Where the client wants to act there.
    pub resource: Vec<Resource>,
    /// What it wants there, in the terms of that server; what is usual there if absent.
    pub scope: Option<Scope>,
    /// What it wants beside the scope.
    pub details: AuthorizationDetails,
    /// What its token allows here.
    pub granted: Scope,
    /// Who acts for the person already.
    pub act: Option<Arc<Actor>>,
    /// When the person last proved who they are, if they did.
    pub authenticated: Option<Timestamp>,
    /// How surely.
    pub acr: Option<Arc<str>>,
}

/// What the server says of a person to another server, as the host allows it.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct IdJagGranted {
    /// The issuer identifier of the other server [ID-JAG §4.3].
    pub audience: String,
    /// What the client is called there [ID-JAG §5].
    pub client_id: ClientId,
    /// What the person is called there, the same as when they log in there by this server [ID-JAG §3.1].
    pub subject: String,
    /// What the client may ask for there; no more than it asked for, if it did.
    pub scope: Option<Scope>,
    /// Where; no more than it asked for, if it did.
    pub resource: Vec<Resource>,
    /// What it may ask for beside the scope.
    pub details: AuthorizationDetails,
    /// What else helps to know the person there, such as `email`, `aud_sub` or `tenant`.
    pub claims: Map<String, Value>,
}

/// Claims are about a person, so only their names are shown.
impl fmt::Debug for IdJagGranted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { audience, client_id, subject: _, scope, resource, details, claims } = self;
        let mut shown = f.debug_struct("IdJagGranted");
        shown.field("audience", audience).field("client_id", client_id).field("scope", scope);
        shown.field("resource", resource).field("details", details);
        shown.field("claims", &claims.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl IdJagGranted {
    /// Allows the client everything that it asked for, at the server of this name, where it and the person are called so.
    #[must_use]
    pub fn to(question: &IdJagQuestion, audience: &str, client_id: ClientId, subject: &str) -> Self {
        Self {
            audience: audience.to_owned(),
            client_id,
            subject: subject.to_owned(),
            scope: question.scope.clone(),
            resource: question.resource.clone(),
            details: question.details.clone(),
            claims: Map::new(),
        }
    }
}

impl Introducing {
    pub(crate) fn new(config: &Config, parameters: Box<ExchangeParameters>, scope: Option<String>) -> Self {
        let text = parameters.subject_token.as_ref().map(Exposed::as_str);
        let subject = match (text, parameters.subject_token_type.as_deref()) {
            (Some(text), Some(ACCESS_TOKEN_TYPE)) => PresentedAccess::parse(config, text).map(PresentedSubject::Access),
            (Some(text), Some(REFRESH_TOKEN_TYPE)) => {
                Handle::parse(config.brand(), HandleKind::RefreshToken, text).map(PresentedSubject::Refresh)
            }
            (_, _) => None,
        };
        Self { parameters, subject, scope }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        match &self.subject {
            Some(PresentedSubject::Access(access)) => access.keys().to_vec(),
            Some(PresentedSubject::Refresh(handle)) => vec![Key::Grant(handle.grant())],
            None => Vec::new(),
        }
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let (config, client) = (requester.config, requester.client.value());
        requester.may_use(GrantType::TokenExchange)?;
        // [ID-JAG §8.1]
        ensure(client.is_confidential(), TokenRefusal::GrantTypeNotAllowed)?;
        let audience = self.check_parameters()?;
        let asked = self.scope.as_deref().map(Scope::parse).transpose().map_err(|_| TokenRefusal::ScopeMalformed)?;
        let asked = asked.filter(|scope| !scope.is_empty());
        let resource = requester.resource.iter().map(|name| Resource::parse(name)).collect::<Result<Vec<_>, _>>();
        let resource = resource.map_err(|_| TokenRefusal::TargetInvalid)?;
        let details = requester.details.map(|details| AuthorizationDetails::parse(details.as_str())).transpose();
        let details = details.map_err(TokenRefusal::DetailsInvalid)?.unwrap_or_default();
        let live = match self.find(requester, seen)? {
            Shown::Live(live) => live,
            Shown::Reused(grant) => return Ok(refresh::reused(&grant, config, requester.env.now)),
            Shown::Nothing => return Err(TokenRefusal::SubjectTokenInvalid.into()),
        };
        let subject = live.grant.subject().cloned().ok_or(TokenRefusal::SubjectTokenInvalid)?;

        let question = IdJagQuestion {
            client: client.id().clone(),
            subject,
            audience: audience.to_owned(),
            resource: resource.clone(),
            scope: asked.clone(),
            details,
            granted: live.scope.clone(),
            act: live.act.cloned(),
            authenticated: live.grant.mandate.authenticated,
            acr: live.grant.mandate.acr().cloned(),
        };
        let verdict = seen.verdict(Question::IdJag(Box::new(question)))?;
        let Verdict::IdJag(mut granted) = verdict else { return Err(TokenRefusal::ExchangeDenied.into()) };
        // [ID-JAG §8.3]: it is for another domain; here it would be a way around what was granted.
        let elsewhere = !granted.audience.is_empty() && granted.audience != config.issuer();
        ensure(elsewhere, TokenRefusal::TargetInvalid)?;
        if let Some(asked) = &asked {
            granted.scope = granted.scope.map(|scope| scope.filtered(|word| asked.contains(word)));
        }
        granted.resource.retain(|one| resource.is_empty() || resource.contains(one));
        introduce(*granted, live, requester, seen)
    }

    /// Requires what the draft says of parameters [ID-JAG §4.3]; gives the one server that it shall be for.
    fn check_parameters(&self) -> Result<&str, TokenRefusal> {
        let ExchangeParameters { subject_token, subject_token_type, actor_token, actor_token_type, .. } =
            &*self.parameters;
        ensure(subject_token.is_some(), TokenRefusal::ParameterMissing("subject_token"))?;
        let name = subject_token_type.as_deref().ok_or(TokenRefusal::ParameterMissing("subject_token_type"))?;
        ensure(matches!(name, ACCESS_TOKEN_TYPE | REFRESH_TOKEN_TYPE), TokenRefusal::TokenTypeUnsupported)?;
        // What an actor means there is not defined [ID-JAG §8.5], and to leave it out would hide it.
        ensure(actor_token.is_none() && actor_token_type.is_none(), TokenRefusal::TokenTypeUnsupported)?;
        match self.parameters.audience.as_slice() {
            [one] => Ok(one),
            [] => Err(TokenRefusal::TargetMissing),
            _ => Err(TokenRefusal::TargetInvalid),
        }
    }

    /// What was presented, if it is live and the client's own [ID-JAG §4.3.3].
    fn find<'s>(
        &self,
        requester: &Requester<'_>,
        seen: &'s Snapshot,
    ) -> Result<Shown<'s, LiveSubject<'s>>, Halt<TokenRefusal>> {
        match &self.subject {
            Some(PresentedSubject::Access(access)) => {
                let client = requester.client.value();
                let own = |live: &LiveAccess<'_>| {
                    live.token().terms.client == *client.id() && live.may_be_shown_by(requester)
                };
                let Some(live) = LiveAccess::find(Some(access), requester, seen)?.filter(own) else {
                    return Ok(Shown::Nothing);
                };
                live.check_may_act(client, None)?;
                let (grant, token) = (live.grant(), live.token());
                let relied = live.relied(requester, None);
                let (scope, act) = (&token.terms.scope, token.act.as_ref());
                Ok(Shown::Live(LiveSubject { grant, scope, act, until: token.expires, relied }))
            }
            Some(PresentedSubject::Refresh(handle)) => {
                requester.may_use(GrantType::RefreshToken)?;
                let found = refresh::shown(handle, requester, seen)?;
                Ok(found.map(|(grant, until)| LiveSubject {
                    grant: grant.value(),
                    scope: grant.value().scope(),
                    act: None,
                    until,
                    relied: vec![grant.still()],
                }))
            }
            None => Ok(Shown::Nothing),
        }
    }
}

/// Signs what was granted, as long as the person's grant is still what it was.
fn introduce(granted: IdJagGranted, live: LiveSubject<'_>, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
    let Requester { config, client, env, .. } = requester;
    let (key, lifetime) = config.id_jag_key(env.now).ok_or(TokenRefusal::TokenTypeUnsupported)?;
    let lifetime = lifetime.min(env.now.until(live.until));
    let IdJagGranted { audience, client_id, subject, scope, resource, details, claims } = granted;
    let scope = scope.filter(|scope| !scope.is_empty());
    let mut payload = claims;
    payload.retain(|name, _| !OWN.contains(&name.as_str()));
    let mut say = |name: &str, value: Option<Value>| payload.extend(value.map(|value| (name.to_owned(), value)));
    say("iss", Some(config.issuer().into()));
    say("sub", Some(subject.into()));
    say("aud", Some(audience.clone().into()));
    say("client_id", Some(client_id.as_str().into()));
    say("jti", Some(base64::URL.encode(env.derive("identity assertion")).into()));
    say("iat", Some(env.now.as_unix().into()));
    say("exp", Some(env.now.plus(lifetime).as_unix().into()));
    say("scope", scope.as_ref().map(|scope| scope.as_str().into()));
    say(
        "resource",
        match &*resource {
            [] => None,
            [one] => Some(one.as_str().into()),
            several => Some(json!(several)),
        },
    );
    say("authorization_details", (!details.is_empty()).then(|| json!(details)));
    say("auth_time", live.grant.mandate.authenticated.map(|at| at.as_unix().into()));
    say("acr", live.grant.mandate.acr().map(|acr| Value::from(&**acr)));
    let amr = live.grant.mandate.amr();
    say("amr", (!amr.is_empty()).then(|| json!(amr)));
    say("act", live.act.map(|act| json!(act)));
    // [ID-JAG §8.6.1.1]
    say("cnf", requester.possession.map(|possession| json!(possession.confirmation())));
    let assertion = key.print(&Purpose::ID_JAG, Value::Object(payload).to_string().as_bytes()).signed_in(seen)?;

    let event = Event::IdentityAssertionIssued {
        grant: live.grant.id,
        client: client.value().id().clone(),
        subject: live.grant.subject().cloned(),
        audience,
        scope: scope.clone().unwrap_or_else(Scope::empty),
    };
    let scope = scope.unwrap_or_else(Scope::empty);
    let mut response = TokenResponse::bearer(Exposed::new(assertion), lifetime.as_secs(), scope, None);
    response.token_type = Cow::Borrowed("N_A");
    response.issued_token_type = Some(ID_JAG_TYPE.to_owned());
    response.authorization_details = details;
    let mut changes = live.relied;
    changes.push(client.still());
    Ok(Plan::grant(changes, Box::new(response)).reporting(event))
}
