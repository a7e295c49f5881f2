//! The JWT bearer grant [RFC 7521 §4.1, RFC 7523 §2.1]: someone whom the operator trusts says who gave a client its rights.
//!
//! ```text
//! assertion ── read, issuer trusted ──▶ proven by its keys ──▶ for this server, client and time, unused
//!           ──▶ host: who is that? ─┬─ nobody ─▶ nothing, and still unused
//!                                   └─ a person ─▶ used, and Live ── revoked ──▶ Revoked
//! ```
//!
//! An identity assertion [ID-JAG §4.4] is such an assertion, of a type of its own: an identity provider made it for one
//! client of this server. What an assertion says of scope, resources and details limits what it gives.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::client_auth::behind;
use crate::config::{AssertionProfile, IssuerKeys, TrustedIssuer};
use crate::env::Timestamp;
use crate::fetch;
use crate::jose::{ClaimFault, Claims, JwkSet, Jws, JwsFault, LONGEST_ID, Purpose, Times, Verified};
use crate::record::{
    AuthorizationDetails, ClientId, Confirmation, Digest, Exposed, GrantType, Resource, Scope, Wanted,
};
use crate::snapshot::{Halt, Question, Snapshot, Verdict};
use crate::store::{Change, Key};
use crate::wire::{AssertionFault, Hint, TokenRefusal};

use super::asserted::{self, Accepted};
use super::ensure;
use super::issue::{Decided, Requester};

/// What its assertions are, among all that is good for one use.
const KIND: &str = "assertion grant";

/// An assertion as presented.
#[derive(Clone, Debug)]
pub(crate) struct Asserting {
    assertion: Option<Exposed>,
    requested_token_use: Option<String>,
    scope: Option<String>,
}

/// What the host is asked before tokens are issued for an assertion. Its signature, audience, time and client are good.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct AssertionQuestion {
    /// The client that would get the tokens.
    pub client: ClientId,
    /// Who made the assertion.
    pub issuer: String,
    /// What it is.
    pub profile: AssertionProfile,
    /// Whom it is about, as its issuer calls them: unique with the issuer, and with the claim `tenant` where there is one
    /// [ID-JAG §6.3].
    pub subject: String,
    /// All that it claims, such as `email`, `aud_sub`, `auth_time` or `act`.
    pub claims: Map<String, Value>,
    /// What the tokens would allow.
    pub scope: Scope,
    /// What they would allow beside the scope.
    pub details: AuthorizationDetails,
    /// Where.
    pub audience: Arc<[Resource]>,
}

/// Claims are about a person, so only their names are shown.
impl fmt::Debug for AssertionQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, issuer, profile, subject: _, claims, scope, details, audience } = self;
        let mut shown = f.debug_struct("AssertionQuestion");
        shown.field("client", client).field("issuer", issuer).field("profile", profile);
        shown.field("claims", &claims.keys().collect::<Vec<_>>()).field("scope", scope);
        shown.field("details", details).field("audience", audience).finish_non_exhaustive()
    }
}

impl Asserting {
    pub(crate) const fn new(
        assertion: Option<Exposed>,
        requested_token_use: Option<String>,
        scope: Option<String>,
    ) -> Self {
        Self { assertion, requested_token_use, scope }
    }

    /// The record of its use, as it says itself.
    pub(crate) fn record(&self) -> Option<Key> {
        let Hint { iss, jti, .. } = Hint::read(self.assertion.as_ref()?.as_str())?;
        Some(Key::Seen(Digest::of_use(KIND, &iss?, &jti?)))
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        requester.may_use(GrantType::JwtBearer)?;
        ensure(self.requested_token_use.is_none(), TokenRefusal::TokenUseUnsupported)?;
        let assertion = self.assertion.as_ref().ok_or(TokenRefusal::ParameterMissing("assertion"))?;
        requester.reporting(self.accept(assertion.as_str(), requester, seen))
    }

    fn accept(&self, assertion: &str, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let (jws, trusted) = find(assertion, requester)?;
        let claims = proven(jws, trusted, seen)?.claims().map_err(|_| AssertionFault::Claims)?;
        let expires = trusted.require(&claims, requester)?;
        let bound = bound(&claims, requester)?;
        let used = use_of(&claims, trusted, expires, seen)?;
        let wanted = self.wanted(&claims, trusted, requester)?;
        // What could not be issued is not asked about.
        let allowance = requester.allowance_of(&wanted.audience, &wanted.scope, wanted.details.clone())?;

        let question = AssertionQuestion {
            client: requester.client.value().id().clone(),
            issuer: trusted.issuer.clone(),
            profile: trusted.profile,
            subject: claims.subject().map_err(|_| AssertionFault::Claims)?.to_owned(),
            claims: claims.into_members(),
            scope: allowance.scope,
            details: allowance.details,
            audience: allowance.audience,
        };
        let verdict = seen.verdict(Question::Assertion(Box::new(question)))?;
        let Verdict::Asserted(asserted) = verdict else {
            return Err(AssertionFault::Subject.into());
        };
        let accepted = Accepted {
            grant_type: GrantType::JwtBearer,
            ends: expires.plus(trusted.outliving),
            used,
            bound,
            refreshable: trusted.danger_issue_refresh_tokens,
        };
        asserted::issue(requester, wanted, *asserted, accepted)
    }

    /// What is asked for, as far as the client may have it, the issuer may give it, and the assertion does
    /// [RFC 7521 §4.1, ID-JAG §4.4.1].
    fn wanted(
        &self,
        claims: &Claims,
        trusted: &TrustedIssuer,
        requester: &Requester<'_>,
    ) -> Result<Wanted, TokenRefusal> {
        let (config, client) = (requester.config, requester.client.value());
        let details = match claims.get("authorization_details") {
            Some(said) => {
                let most = config.resolve_details(client, Some(&Exposed::new(said.to_string())));
                most.and_then(|most| config.narrow_details(client, &most, requester.details))
            }
            None => config.resolve_details(client, requester.details),
        };
        let details = details.map_err(TokenRefusal::DetailsInvalid)?;
        let said = claims.text("scope").map_err(|_| AssertionFault::Claims)?;
        let said = said.map(Scope::parse).transpose().map_err(|_| AssertionFault::Claims)?;
        let requested = self.scope.as_deref();
        let scope = requester.scope_within(said.as_ref(), &details, requested)?;
        let scope = requester.capped(scope, trusted.scope.as_ref(), requested)?;
        let audience = match claims.get("resource") {
            Some(said) => {
                let named = names(said).ok_or(AssertionFault::Claims)?;
                let known = |name: &&str| config.resolve_resources(client, &[(*name).to_owned()]).is_ok();
                let known: Vec<String> = named.into_iter().filter(known).map(str::to_owned).collect();
                ensure(!known.is_empty(), TokenRefusal::TargetInvalid)?;
                config.resolve_resources(client, &known)
            }
            None => config.resolve_resources(client, requester.resource),
        };
        Ok(Wanted { scope, details, audience: audience? })
    }
}

/// Reads an assertion as far as it can be read without a key, and finds who is said to have made it.
fn find<'a, 'c>(assertion: &'a str, requester: &Requester<'c>) -> Result<(Jws<'a>, &'c TrustedIssuer), TokenRefusal> {
    let (jws, profile) = match Jws::parse(assertion, &Purpose::ID_JAG) {
        Ok(jws) => (Ok(jws), AssertionProfile::IdJag),
        Err(JwsFault::Type) => (Jws::parse(assertion, &Purpose::ASSERTION_GRANT), AssertionProfile::Jwt),
        Err(fault) => (Err(fault), AssertionProfile::Jwt),
    };
    let jws = jws.map_err(|_| AssertionFault::Malformed)?;
    let issuer = jws.unverified_issuer().map_err(|_| AssertionFault::Claims)?;
    let trusted = requester.config.trusted_issuer(&issuer, profile).ok_or(AssertionFault::Issuer)?;
    let client = requester.client.value();
    let may = trusted.clients.as_ref().is_none_or(|clients| clients.contains(client.id()));
    ensure(may, AssertionFault::Issuer)?;
    // [RFC 7523 §3.1, ID-JAG §8.1]
    ensure(client.is_confidential() || trusted.danger_accept_public_clients, TokenRefusal::GrantTypeNotAllowed)?;
    ensure(trusted.algorithms.contain(jws.header().algorithm), AssertionFault::Malformed)?;
    Ok((jws, trusted))
}

/// Requires the signature of the issuer [RFC 7523 §3, step 9].
fn proven(jws: Jws<'_>, trusted: &TrustedIssuer, seen: &Snapshot) -> Result<Verified, Halt<TokenRefusal>> {
    let verified = match &trusted.keys {
        IssuerKeys::Here(keys) => jws.verify_among_once(keys, seen.seals()),
        IssuerKeys::Behind(url) => {
            let readable = Cell::new(false);
            let fitting = |set: &[u8]| {
                let set = JwkSet::parse(set).ok()?;
                readable.set(true);
                Some(set).filter(|set| set.select(jws.header()).is_ok())
            };
            let keys = behind(url, fetch::Purpose::IssuerKeys, seen, fitting)?;
            let missing = if readable.get() { AssertionFault::Signature } else { AssertionFault::KeysUnavailable };
            jws.verify_among_once(&keys.ok_or(missing)?, seen.seals())
        }
    };
    Ok(verified.map_err(|_| AssertionFault::Signature)?)
}

impl TrustedIssuer {
    /// Requires that an assertion is for this server, this client and now; gives its end [RFC 7523 §3, ID-JAG §4.4.1].
    fn require(&self, claims: &Claims, requester: &Requester<'_>) -> Result<Timestamp, AssertionFault> {
        let own = [requester.config.issuer().to_owned()];
        let audience = if self.audience.is_empty() { &own[..] } else { &self.audience };
        claims.audience().ok_or(AssertionFault::Claims)?;
        let sole = |name: &String| claims.require_sole_audience(name).is_ok();
        ensure(audience.iter().any(sole), AssertionFault::Audience)?;
        let times = Times::at(requester.env.now).tolerance(self.clock_tolerance).living_at_most(self.longest_life);
        let times = self.issued_within.map_or(times, |oldest| times.issued_within(oldest));
        claims.require_times(&times).map_err(|fault| match fault {
            ClaimFault::Expired | ClaimFault::TooOld => AssertionFault::Expired,
            ClaimFault::NotYetValid => AssertionFault::NotYetValid,
            ClaimFault::LivesTooLong => AssertionFault::LivesTooLong,
            ClaimFault::NotAnObject
            | ClaimFault::Missing(_)
            | ClaimFault::WrongType(_)
            | ClaimFault::OutOfRange(_)
            | ClaimFault::Issuer
            | ClaimFault::Audience => AssertionFault::Claims,
        })?;
        // [RFC 7521 §6.2]: what someone says of itself is how a client authenticates, and no grant.
        ensure(claims.subject().ok() != Some(&*self.issuer), AssertionFault::Subject)?;
        if self.profile == AssertionProfile::IdJag {
            ensure(claims.issued().is_some() && claims.id().is_ok(), AssertionFault::Claims)?;
            let client = claims.required_text("client_id").map_err(|_| AssertionFault::Claims)?;
            ensure(client == requester.client.value().id().as_str(), AssertionFault::Client)?;
        }
        claims.expires().ok_or(AssertionFault::Claims)
    }
}

/// What an assertion is bound to, which the request must show [ID-JAG §8.6.1.2].
fn bound(claims: &Claims, requester: &Requester<'_>) -> Result<Option<Confirmation>, AssertionFault> {
    let Some(said) = claims.get("cnf") else { return Ok(None) };
    // One that cannot be read is bound to something all the same [RFC 7800 §3.1].
    let cnf = serde_json::from_value(said.clone()).ok().filter(|cnf| requester.meets(cnf));
    cnf.map(Some).ok_or(AssertionFault::Binding)
}

/// What uses an assertion that is good for one use; it must have a name, and not have been used.
fn use_of(
    claims: &Claims,
    trusted: &TrustedIssuer,
    expires: Timestamp,
    seen: &Snapshot,
) -> Result<Option<Change>, Halt<TokenRefusal>> {
    if !trusted.single_use {
        return Ok(None);
    }
    let id = claims.id().ok().filter(|id| id.len() <= LONGEST_ID);
    let name = Digest::of_use(KIND, &trusted.issuer, id.ok_or(AssertionFault::Claims)?);
    ensure(!seen.is_seen(name)?, AssertionFault::Replayed)?;
    Ok(Some(Change::new_seen(name, expires.plus(trusted.clock_tolerance))))
}

/// A claim that is a text, or a list with one at least.
fn names(claim: &Value) -> Option<Vec<&str>> {
    match claim {
        Value::String(one) => Some(vec![one]),
        Value::Array(many) if !many.is_empty() => many.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
