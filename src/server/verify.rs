//! What an authorization request must be before anyone is asked anything [RFC 6749 §4.1.1, RFC 9700 §4.1].

use std::time::Duration;

use crate::config::{Config, ScopeFault};
use crate::env::{Env, Timestamp};
use crate::event::Event;
use crate::grant::ensure;
use crate::proof::pkce::ChallengeMethod;
use crate::record::{
    Challenge, Client, ClientId, Exposed, Grant, GrantId, GrantState, GrantType, Handle, HandleKind, IssuedCode,
    RedirectUriRefused, Scope, Subject, VerifiedRedirectUri,
};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::step::Plan;
use crate::store::Change;
use crate::wire::{
    AuthorizationRequest, AuthorizationResponse, AuthorizeReason, AuthorizeRefusal, PageReason, ResponseMode,
};

/// A request whose every part was checked against its client.
#[derive(Debug)]
pub(super) struct Verified<'a> {
    pub(super) client: Seen<'a, Client>,
    pub(super) to: Recipient<'a>,
    pub(super) scope: Scope,
    pub(super) prompt: PromptValues,
    pub(super) max_age: Option<Duration>,
    challenge: Option<Challenge>,
    redirect_uri_named: bool,
}

/// Where the response goes, from the moment that this is proven.
#[derive(Debug)]
pub(super) struct Recipient<'a> {
    pub(super) uri: VerifiedRedirectUri,
    mode: ResponseMode,
    state: Option<&'a str>,
    issuer: &'a str,
}

impl Recipient<'_> {
    pub(super) fn refuse(&self, reason: &AuthorizeReason) -> AuthorizeRefusal {
        let state = self.state.map(str::to_owned);
        let response = AuthorizationResponse::refused(self.uri.clone(), self.mode, reason, state, self.issuer);
        AuthorizeRefusal::Redirect(Box::new(response))
    }

    fn answer(&self, code: Exposed) -> AuthorizationResponse {
        AuthorizationResponse::code(self.uri.clone(), self.mode, code, self.state.map(str::to_owned), self.issuer)
    }
}

/// The values of `prompt` [OpenID Connect Core §3.1.2.1].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct PromptValues {
    pub(super) none: bool,
    pub(super) login: bool,
    pub(super) consent: bool,
    pub(super) select_account: bool,
}

impl PromptValues {
    fn parse(text: &str) -> Option<Self> {
        let mut values = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => values.none = true,
                "login" => values.login = true,
                "consent" => values.consent = true,
                "select_account" => values.select_account = true,
                _ => return None,
            }
        }
        let alone = !(values.login || values.consent || values.select_account);
        (!values.none || alone).then_some(values)
    }
}

/// Finds the client and where its response may go; until both are proven every refusal is a page.
pub(super) fn recipient<'a>(
    config: &'a Config,
    request: &'a AuthorizationRequest,
    seen: &'a Snapshot,
) -> Result<(Seen<'a, Client>, Recipient<'a>), Halt<AuthorizeRefusal>> {
    let page = |reason| Halt::Refused(AuthorizeRefusal::Page(reason));
    let id = client_id(request).ok_or_else(|| page(PageReason::ClientIdMissing))?;
    let client = seen.client(&id)?.ok_or_else(|| page(PageReason::ClientUnknown))?;
    if request.repeats("redirect_uri") {
        return Err(page(PageReason::RedirectUriRepeated));
    }
    let uri = client.value().verify_redirect_uri(request.redirect_uri.as_deref()).map_err(|refused| {
        page(match refused {
            RedirectUriRefused::Missing => PageReason::RedirectUriMissing,
            RedirectUriRefused::Unregistered => PageReason::RedirectUriUnregistered,
        })
    })?;
    let requested = request.response_mode.as_deref().filter(|_| !request.repeats("response_mode"));
    let mode = requested.and_then(ResponseMode::parse).unwrap_or(ResponseMode::Query);
    let state = request.state.as_deref().filter(|_| !request.repeats("state"));
    Ok((client, Recipient { uri, mode, state, issuer: config.issuer() }))
}

/// The client that the request names, if it names one.
pub(super) fn client_id(request: &AuthorizationRequest) -> Option<ClientId> {
    request.client_id.as_deref().filter(|_| !request.repeats("client_id")).map(ClientId::new)
}

/// Checks the whole request, in the order that leaks least.
pub(super) fn verify<'a>(
    config: &'a Config,
    request: &'a AuthorizationRequest,
    seen: &'a Snapshot,
) -> Result<Verified<'a>, Halt<AuthorizeRefusal>> {
    let (client, to) = recipient(config, request, seen)?;
    match check(config, request, client.value()) {
        Ok((scope, prompt, max_age, challenge)) => {
            let redirect_uri_named = request.redirect_uri.is_some();
            Ok(Verified { client, scope, prompt, max_age, challenge, redirect_uri_named, to })
        }
        Err(reason) => Err(Halt::Refused(to.refuse(&reason))),
    }
}

type Checked = (Scope, PromptValues, Option<Duration>, Option<Challenge>);

fn check(config: &Config, request: &AuthorizationRequest, client: &Client) -> Result<Checked, AuthorizeReason> {
    ensure(request.repeated.is_empty(), AuthorizeReason::Repeated)?;
    match request.response_type.as_deref() {
        None => return Err(AuthorizeReason::ResponseTypeMissing),
        Some("code") => {}
        Some(_) => return Err(AuthorizeReason::ResponseTypeUnsupported),
    }
    ensure(client.may_use(GrantType::AuthorizationCode), AuthorizeReason::ResponseTypeNotAllowed)?;
    let known = request.response_mode.as_deref().is_none_or(|mode| ResponseMode::parse(mode).is_some());
    ensure(known, AuthorizeReason::ResponseModeUnsupported)?;
    let challenge = challenge(config, request, client)?;
    let scope = config.resolve_scope(client, request.scope.as_deref())?;
    let prompt =
        PromptValues::parse(request.prompt.as_deref().unwrap_or_default()).ok_or(AuthorizeReason::PromptInvalid)?;
    let max_age = request.max_age.as_deref().map(seconds).transpose()?;
    // [OpenID Connect Core §11]: offline access only for who asked the person for it.
    let offline = prompt.consent && client.may_use(GrantType::RefreshToken);
    let scope = scope.filtered(|word| word != "offline_access" || offline);
    ensure(!scope.is_empty(), AuthorizeReason::ScopeUnknown)?;
    Ok((scope, prompt, max_age, challenge))
}

/// [RFC 7636 §4.3, §4.4.1; RFC 9700 §2.1.1]
fn challenge(
    config: &Config,
    request: &AuthorizationRequest,
    client: &Client,
) -> Result<Option<Challenge>, AuthorizeReason> {
    match (request.code_challenge.as_deref(), request.code_challenge_method.as_deref()) {
        (None, Some(_)) => Err(AuthorizeReason::ChallengeMethodAlone),
        (None, None) if config.requires_pkce(client) => Err(AuthorizeReason::ChallengeMissing),
        (None, None) => Ok(None),
        (Some(_), None) => Err(AuthorizeReason::ChallengeMethodMissing),
        (Some(challenge), Some(method)) => {
            let method = ChallengeMethod::parse(method)
                .filter(|method| config.accepts(*method))
                .ok_or(AuthorizeReason::ChallengeMethodUnsupported)?;
            Challenge::parse(method, challenge).map(Some).ok_or(AuthorizeReason::ChallengeMalformed)
        }
    }
}

/// A number of seconds, at most 2^53 - 1, which every JSON reader can hold.
fn seconds(text: &str) -> Result<Duration, AuthorizeReason> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|seconds| digits && *seconds < 1 << 53);
    number.map(Duration::from_secs).ok_or(AuthorizeReason::MaxAgeInvalid)
}

impl From<ScopeFault> for AuthorizeReason {
    fn from(fault: ScopeFault) -> Self {
        match fault {
            ScopeFault::Malformed => Self::ScopeMalformed,
            ScopeFault::Missing => Self::ScopeMissing,
            ScopeFault::Unknown => Self::ScopeUnknown,
            ScopeFault::NotAllowed(scope) => Self::ScopeNotAllowed(scope),
        }
    }
}

impl Verified<'_> {
    /// Plans a grant of `scope` by `subject`, and its code.
    pub(super) fn approve<R>(
        &self,
        config: &Config,
        subject: &Subject,
        authenticated: Timestamp,
        scope: Scope,
        env: &Env,
        reply: impl FnOnce(AuthorizationResponse) -> R,
    ) -> Plan<R, AuthorizeRefusal> {
        let id = GrantId::mint(env);
        let code = Handle::mint(id, env, "authorization code");
        let grant = Grant {
            id,
            client: self.client.value().id().clone(),
            subject: Some(subject.clone()),
            scope: scope.clone(),
            audience: config.audience(),
            created: env.now,
            authenticated: Some(authenticated),
            state: GrantState::CodeIssued(IssuedCode {
                digest: code.digest(),
                expires: env.now.plus(config.lifetimes().code),
                redirect_uri: self.to.uri.shared(),
                redirect_uri_named: self.redirect_uri_named,
                challenge: self.challenge,
            }),
        };
        let event =
            Event::AuthorizationGranted { grant: id, client: grant.client.clone(), subject: subject.clone(), scope };
        let expires = env.now.plus(config.lifetimes().code);
        let response = self.to.answer(code.expose(config.brand(), HandleKind::Code));
        Plan::grant(vec![self.client.still(), Change::new_grant(grant, expires)], reply(response)).reporting(event)
    }

    /// Whether a person who last proved who they are at `authenticated` must do so again, given when they were first
    /// asked.
    pub(super) fn is_stale(&self, authenticated: Timestamp, asked: Option<Timestamp>, env: &Env) -> bool {
        if asked.is_some_and(|asked| authenticated >= asked) {
            return false;
        }
        let too_old = |limit: Duration| limit.is_zero() || authenticated.until(env.now) > limit;
        self.prompt.login || self.max_age.is_some_and(too_old)
    }
}
