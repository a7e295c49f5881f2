//! What an authorization request must be before anyone is asked anything [RFC 6749 §4.1.1, RFC 9700 §4.1].

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::client_auth::find;
use crate::config::Config;
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::proof::pkce::ChallengeMethod;
use crate::record::{
    AuthorizationDetails, Challenge, Client, ClientId, Digest, GrantType, PushedRequest, Resource, ResponseType, Scope,
    Wanted,
};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::store::{Change, Key};
use crate::wire::{
    AuthorizationRequest, AuthorizeReason, AuthorizeRefusal, Limits, PageReason, RequestObjectFault, TokenRefusal,
    pushed_id,
};

use super::recipient::{Recipient, check_mode, recipient};
use super::request_object::{self, Opened, Unopened};
use super::visitor::Session;

/// A request whose every part was checked against its client.
#[derive(Debug)]
pub(super) struct Verified<'a, 'r> {
    pub(super) request: Counting<'r>,
    pub(super) client: Seen<'a, Client>,
    /// The record that the request was pushed to, until it is answered.
    pushed: Option<Seen<'a, PushedRequest>>,
    /// What uses up the object that it came in, if that is good for one answer.
    used: Option<Box<Change>>,
    pub(super) to: Recipient<'a>,
    pub(super) scope: Scope,
    pub(super) details: AuthorizationDetails,
    pub(super) audience: Arc<[Resource]>,
    pub(super) prompt: PromptValues,
    pub(super) max_age: Option<Duration>,
    /// One of these must be reached, if there are any; the best first.
    pub(super) acr_values: Vec<String>,
    pub(super) challenge: Option<Challenge>,
    /// The thumbprint of the key that the code is bound to.
    pub(super) dpop_jkt: Option<Digest>,
    pub(super) response_type: ResponseType,
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

/// Whether the request says that nobody may be asked anything.
pub(super) fn is_silent(request: &AuthorizationRequest) -> bool {
    let values = request.prompt.as_deref().filter(|_| !request.repeats("prompt")).and_then(PromptValues::parse);
    values.is_some_and(|values| values.none)
}

/// The client that the request names, if it names one.
pub(super) fn client_id(request: &AuthorizationRequest) -> Option<&ClientId> {
    request.client_id.as_ref().filter(|_| !request.repeats("client_id"))
}

/// Checks the whole request, in the order that leaks least.
pub(super) fn verify<'a, 'r>(
    config: &'a Config,
    request: &'r AuthorizationRequest,
    seen: &'a Snapshot,
    begun: Option<Timestamp>,
) -> Result<Verified<'a, 'r>, Halt<AuthorizeRefusal>> {
    let now = seen.now();
    // What the person was asked too long ago is not theirs to answer any more.
    let lasting = begun.is_none_or(|begun| now < begun.plus(config.lifetimes().interaction));
    ensure(lasting, page(PageReason::SessionNotFound))?;
    let Resolved { client, request, pushed, signed, used, fault } = resolve(config, request, seen, begun)?;
    let to = recipient(config, &request, client.value(), seen)
        .map_err(|reason| page(fault.map_or(reason, PageReason::RequestObject)))?;
    if let Some(fault) = fault {
        return Err(to.refuse(&AuthorizeReason::RequestObject(fault), seen));
    }
    // One that was begun in time can be answered later.
    let in_time = pushed.as_ref().is_none_or(|pushed| begun.unwrap_or(now) < pushed.value().expires);
    ensure(in_time, page(PageReason::RequestUriInvalid))?;
    let came = Came { pushed: pushed.is_some(), signed };
    let checked = match form(config, &request, client.value(), came) {
        Ok(()) => check(config, &request, client.value(), seen),
        Err(reason) => Err(reason),
    };
    let Checked { response_type, scope, details, audience, prompt, max_age, acr_values, challenge, dpop_jkt } =
        checked.map_err(|reason| to.refuse(&reason, seen))?;
    Ok(Verified {
        request,
        client,
        pushed,
        used,
        to,
        scope,
        details,
        audience,
        prompt,
        max_age,
        acr_values,
        challenge,
        dpop_jkt,
        response_type,
    })
}

/// Checks a request that is being pushed as it will be checked when it is brought [RFC 9126 §2.1].
pub(super) fn verify_pushed(
    config: &Config,
    request: &AuthorizationRequest,
    (client, signed): (&Client, bool),
    seen: &Snapshot,
) -> Result<(), TokenRefusal> {
    recipient(config, request, client, seen).map_err(|_| TokenRefusal::PushedRedirectUri)?;
    form(config, request, client, Came { pushed: true, signed })
        .and_then(|()| check(config, request, client, seen).map(|_| ()))
        .map_err(TokenRefusal::PushedRequest)
}

/// The request that counts, and whose it is.
pub(super) struct Resolved<'a, 'r> {
    pub(super) client: Seen<'a, Client>,
    pub(super) request: Counting<'r>,
    pub(super) pushed: Option<Seen<'a, PushedRequest>>,
    signed: bool,
    used: Option<Box<Change>>,
    /// Why the object is not taken. Then the request says only where to tell that: it is the object's if its signature is
    /// right, and otherwise what stands beside it.
    fault: Option<RequestObjectFault>,
}

/// The request that counts: what came, or what it stands for.
#[derive(Debug)]
pub(super) enum Counting<'r> {
    Itself(&'r AuthorizationRequest),
    Other(Box<AuthorizationRequest>),
}

impl Deref for Counting<'_> {
    type Target = AuthorizationRequest;

    fn deref(&self) -> &AuthorizationRequest {
        match self {
            Self::Itself(request) => request,
            Self::Other(request) => request,
        }
    }
}

/// Finds the client, and the pushed or signed request that replaces this one altogether [RFC 9126 §4, RFC 9101 §6.3].
pub(super) fn resolve<'a, 'r>(
    config: &Config,
    request: &'r AuthorizationRequest,
    seen: &'a Snapshot,
    begun: Option<Timestamp>,
) -> Result<Resolved<'a, 'r>, Halt<AuthorizeRefusal>> {
    let id = client_id(request).ok_or_else(|| page(PageReason::ClientIdMissing))?;
    let client = find(config, id, seen)?.ok_or_else(|| page(PageReason::ClientUnknown))?;
    if let Some(object) = request_object::of(config, request) {
        return match request_object::open(config, object, client.value(), begun.unwrap_or(seen.now()), seen) {
            Ok(Opened { request, used, .. }) => Ok(Resolved {
                client,
                request: Counting::Other(request),
                pushed: None,
                signed: true,
                used,
                fault: None,
            }),
            Err(Halt::Missing(need)) => Err(Halt::Missing(need)),
            Err(Halt::Refused(Unopened { fault, request: held })) => {
                let request = held.map_or(Counting::Itself(request), Counting::Other);
                let (pushed, used, fault) = (None, None, Some(fault));
                Ok(Resolved { client, request, pushed, signed: false, used, fault })
            }
        };
    }
    let Some(name) = pushed_name(request) else {
        let request = Counting::Itself(request);
        return Ok(Resolved { client, request, pushed: None, signed: false, used: None, fault: None });
    };
    let pushed = seen.pushed(name)?.filter(|pushed| pushed.value().client == *id);
    let pushed = pushed.ok_or_else(|| page(PageReason::RequestUriInvalid))?;
    // It was within the limits as it was pushed; what is kept is encoded, and so longer.
    let limits = Limits { body: usize::MAX, ..*config.limits() };
    let query = AuthorizationRequest::parse_form(pushed.value().query.as_bytes(), &limits);
    let request = query.map_err(|_| page(PageReason::RequestUriInvalid))?;
    let signed = pushed.value().signed;
    let request = Counting::Other(Box::new(request));
    Ok(Resolved { client, request, pushed: Some(pushed), signed, used: None, fault: None })
}

/// The records that the request names.
pub(super) fn keys(config: &Config, request: &AuthorizationRequest) -> impl Iterator<Item = Key> {
    let client = client_id(request).cloned().map(Key::Client);
    let named = pushed_name(request).map(Key::Pushed).or_else(|| request_object::key(config, request));
    client.into_iter().chain(named)
}

fn pushed_name(request: &AuthorizationRequest) -> Option<Digest> {
    let alone = request.request.is_none() && !request.repeats("request_uri");
    request.request_uri.as_ref().filter(|_| alone).and_then(pushed_id)
}

pub(super) fn page(reason: PageReason) -> AuthorizeRefusal {
    AuthorizeRefusal::Page(reason)
}

/// How a request came.
#[derive(Clone, Copy, Debug)]
struct Came {
    pushed: bool,
    signed: bool,
}

/// Checks that the request came in a form that is served.
fn form(config: &Config, request: &AuthorizationRequest, client: &Client, came: Came) -> Result<(), AuthorizeReason> {
    ensure(request.repeated.is_empty(), AuthorizeReason::Repeated)?;
    match (&request.request, &request.request_uri) {
        (Some(_), Some(_)) => return Err(AuthorizeReason::RequestTwice),
        (Some(_), None) => return Err(AuthorizeReason::RequestNotSupported),
        (None, Some(_)) => return Err(AuthorizeReason::RequestUriNotSupported),
        (None, None) => {}
    }
    let required = config.requires_push() || client.metadata().require_pushed_authorization_requests;
    ensure(came.pushed || !required, AuthorizeReason::NotPushed)?;
    // [RFC 9101 §10.5]
    let required = config.requires_signed_requests() || client.metadata().require_signed_request_object;
    ensure(came.signed || !required, AuthorizeReason::NotSigned)
}

/// What the parameters of a request come to.
struct Checked {
    response_type: ResponseType,
    scope: Scope,
    details: AuthorizationDetails,
    audience: Arc<[Resource]>,
    prompt: PromptValues,
    max_age: Option<Duration>,
    acr_values: Vec<String>,
    challenge: Option<Challenge>,
    dpop_jkt: Option<Digest>,
}

fn check(
    config: &Config,
    request: &AuthorizationRequest,
    client: &Client,
    seen: &Snapshot,
) -> Result<Checked, AuthorizeReason> {
    let response_type = response_type(config, request, client)?;
    check_mode(config, request, (client, response_type), seen)?;
    let challenge = match response_type {
        ResponseType::Code => challenge(config, request, client)?,
        // There is no code to bind.
        ResponseType::Token | ResponseType::None => None,
    };
    // [RFC 9449 §10]; who serves no proofs does not know the parameter.
    let dpop_jkt = request.dpop_jkt.as_deref().filter(|_| config.serves_dpop());
    let dpop_jkt = dpop_jkt.map(|text| Digest::parse(text).ok_or(AuthorizeReason::KeyMalformed)).transpose()?;
    let (details, resource) = (request.authorization_details.as_ref(), &request.resource);
    let Wanted { scope, details, audience } = config.resolve(client, request.scope.as_deref(), details, resource)?;
    // The token is for all of them at once, and no second request chooses one [RFC 8707 §3].
    let one = audience.len() <= 1 || (audience == *config.audience() && !config.is_torn(&audience));
    ensure(one || response_type != ResponseType::Token, AuthorizeReason::TargetInvalid)?;
    let prompt =
        PromptValues::parse(request.prompt.as_deref().unwrap_or_default()).ok_or(AuthorizeReason::PromptInvalid)?;
    let max_age = request.max_age.as_deref().map(seconds).transpose()?;
    let acr_values = acr_values(config, request)?;
    // [OpenID Connect Core §11]: offline access only for who asked the person for it.
    let code = response_type == ResponseType::Code;
    let offline = code && prompt.consent && client.may_use(GrantType::RefreshToken);
    let kept = offline || !scope.contains("offline_access");
    let scope = if kept { scope } else { scope.filtered(|word| word != "offline_access") };
    let useful = !(details.is_empty() && config.scope_at(&audience, &scope).is_empty());
    ensure(useful, AuthorizeReason::ScopeUnknown)?;
    Ok(Checked { response_type, scope, details, audience, prompt, max_age, acr_values, challenge, dpop_jkt })
}

/// [RFC 6749 §3.1.1; OAuth 2.0 Multiple Response Types §2.1]
fn response_type(
    config: &Config,
    request: &AuthorizationRequest,
    client: &Client,
) -> Result<ResponseType, AuthorizeReason> {
    let name = request.response_type.as_deref().ok_or(AuthorizeReason::ResponseTypeMissing)?;
    let served = ResponseType::parse(name).filter(|response_type| config.answers_with(*response_type));
    let response_type = served.ok_or(AuthorizeReason::ResponseTypeUnsupported)?;
    ensure(client.may_ask_with(response_type), AuthorizeReason::ResponseTypeNotAllowed)?;
    Ok(response_type)
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

/// Those that the server knows, the best first; none if it promises to honour none [RFC 9470 §7]. If it knows none of
/// those that are asked for, no login could reach one [RFC 9470 §5].
fn acr_values(config: &Config, request: &AuthorizationRequest) -> Result<Vec<String>, AuthorizeReason> {
    let asked = request.acr_values.as_deref().unwrap_or_default().split(' ').filter(|value| !value.is_empty());
    let asked: Vec<_> = asked.filter(|_| !config.acr_values().is_empty()).collect();
    let known = asked.iter().filter(|value| config.acr_values().iter().any(|own| own == *value));
    let known: Vec<_> = known.map(|value| (*value).to_owned()).collect();
    ensure(asked.is_empty() || !known.is_empty(), AuthorizeReason::AuthenticationUnmet)?;
    Ok(known)
}

/// A number of seconds, at most 2^53 - 1, which every JSON reader can hold.
fn seconds(text: &str) -> Result<Duration, AuthorizeReason> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|seconds| digits && *seconds < 1 << 53);
    number.map(Duration::from_secs).ok_or(AuthorizeReason::MaxAgeInvalid)
}

impl Verified<'_, '_> {
    /// The end of the pushed request, or of the object, which only an answer brings, so that a page can be loaded again.
    pub(super) fn consumed(&self) -> Option<Change> {
        self.pushed.as_ref().map(|pushed| pushed.consume()).or_else(|| self.used.as_deref().cloned())
    }

    /// Requires that the session is as sure as was asked for. The reason is that a login is required, or, if there was one
    /// since the person was first asked, that it did not help [RFC 9470 §5].
    pub(super) fn reached(&self, session: &Session, asked: Option<Timestamp>) -> Result<(), AuthorizeReason> {
        let reached = session.acr.as_ref().is_some_and(|acr| self.acr_values.contains(acr));
        let tried = asked.is_some_and(|asked| session.authenticated >= asked);
        let reason = if tried { AuthorizeReason::AuthenticationUnmet } else { AuthorizeReason::LoginRequired };
        ensure(self.acr_values.is_empty() || reached, reason)
    }

    /// Whether a person who last proved who they are at `authenticated` must do so again, given when they were first
    /// asked.
    pub(super) fn is_stale(&self, authenticated: Timestamp, asked: Option<Timestamp>, now: Timestamp) -> bool {
        if asked.is_some_and(|asked| authenticated >= asked) {
            return false;
        }
        let too_old = |limit: Duration| limit.is_zero() || authenticated.until(now) > limit;
        self.prompt.login || self.max_age.is_some_and(too_old)
    }
}
