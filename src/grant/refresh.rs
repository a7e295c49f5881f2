//! Refreshing [RFC 6749 §6, RFC 9700 §4.14]: a ratchet, with a window in which a lost answer can be asked for again.
//!
//! ```text
//! Live{n} ── n presented ──▶ Live{n+1} ─┬─ n again, in time, n+1 unused ──▶ the same n+1
//!                                       ├─ n late, or n+1 used ───────────▶ Revoked
//!                                       └─ idle or absolute end ──────────▶ dead
//! ```
//!
//! The successor is `SHA-256(secret(n) ‖ the first 23 bytes of salt)`: whoever holds `n` can be given `n + 1` again, and a copy of the database
//! alone gives nothing, since the secret has 256 random bits that nobody keeps. Whoever has an old token alone lacks the
//! salt, which has 184 of them and is new each time. A copy together with the latest spent `n` gives `n + 1`, so spent
//! tokens are secrets.
//!
//! No key is needed as in HMAC: secret and salt have one length each, so no two pairs are one message, and together they
//! are one block of SHA-256. What continues a hash is longer than that, so neither a successor nor the digest of a secret,
//! which is a hash of 32 bytes, can be continued to another successor.
//!
//! At most [`REMEMBERED`] spent generations are recognised; an older one is unknown, and revokes nothing.

use std::borrow::Cow;

use crate::config::{Config, Lifetimes};
use crate::env::{Env, Label, Timestamp};
use crate::event::{Event, RevocationCause};
use crate::record::{
    Chain, Confirmation, Exposed, Grant, GrantId, GrantState, GrantType, Handle, HandleKind, Live, Scope,
};
use crate::sha256;
use crate::snapshot::{Halt, Question, Seen, Snapshot, Verdict};
use crate::step::Plan;
use crate::store::Change;
use crate::wire::TokenRefusal;

use super::issue::{Decided, Requester};
use super::{ensure, revoked};

/// How many spent generations are recognised as reuse.
const REMEMBERED: usize = 32;

/// A refresh token as presented.
#[derive(Clone, Debug)]
pub(crate) struct Refreshing {
    /// The token, if it has the form of one of ours.
    handle: Option<Handle>,
    token_given: bool,
    scope: Option<String>,
}

impl Refreshing {
    pub(crate) fn new(brand: &str, token: Option<&Exposed>, scope: Option<String>) -> Self {
        let handle = token.and_then(|token| Handle::parse(brand, HandleKind::RefreshToken, token.as_str()));
        Self { handle, token_given: token.is_some(), scope }
    }

    pub(crate) const fn handle(&self) -> Option<&Handle> {
        self.handle.as_ref()
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let Requester { config, client, env, .. } = requester;
        requester.may_use(GrantType::RefreshToken)?;
        ensure(self.token_given, TokenRefusal::ParameterMissing("refresh_token"))?;
        let scope = self.scope.as_deref().map(Scope::parse).transpose().map_err(|_| TokenRefusal::ScopeMalformed)?;

        let handle = self.handle.as_ref().ok_or(TokenRefusal::RefreshTokenUnknown)?;
        let grant = seen.grant(handle.grant())?.ok_or(TokenRefusal::RefreshTokenUnknown)?;
        ensure(grant.value().client() == client.value().id(), TokenRefusal::RefreshTokenOfAnotherClient)?;
        let (live, chain) = match &grant.value().state {
            GrantState::Live(live) => (live, live.chain().ok_or(TokenRefusal::RefreshTokenUnknown)?),
            GrantState::Revoked => return Err(TokenRefusal::GrantRevoked.into()),
            GrantState::CodeIssued(_) | GrantState::Device(_) => {
                return Err(TokenRefusal::RefreshTokenUnknown.into());
            }
        };
        check_binding(chain, requester)?;
        let lifetimes = config.lifetimes();
        let presented = chain.recognise(handle, env.now, &lifetimes);
        match presented {
            Presented::Unknown => return Err(TokenRefusal::RefreshTokenUnknown.into()),
            Presented::Reused => return Ok(reused(&grant, config, env.now)),
            Presented::Current | Presented::Retry(_) => {}
        }
        ensure(env.now < chain.dies(), TokenRefusal::RefreshTokenExpired)?;
        let scope = narrowed(requester, grant.value(), scope)?;
        let allowance = requester.allowance(&grant.value().mandate.terms.audience, &scope, grant.value().details())?;

        check_subject(requester, grant.value(), seen)?;
        let id = grant.value().id;
        if let Presented::Retry(successor) = presented {
            let again = Event::RefreshRetried { grant: id, client: grant.value().client().clone() };
            let kept = keep(&grant, chain, requester);
            let plan = requester.tokens(GrantType::RefreshToken, grant.value(), kept, allowance, Some(&successor))?;
            return Ok(plan.reporting(again));
        }
        if !config.rotates() {
            let kept = replace(&grant, live, chain.prolonged(&lifetimes, env.now), requester);
            return requester.tokens(GrantType::RefreshToken, grant.value(), kept, allowance, None);
        }
        let (successor, chain) = chain.advance(handle, requester.chain_binding(&allowance), &lifetimes, env);
        let kept = replace(&grant, live, chain, requester);
        requester.tokens(GrantType::RefreshToken, grant.value(), kept, allowance, Some(&successor))
    }
}

/// Refuses a spent refresh token, and revokes what it was of: someone else has one [RFC 9700 §4.14.2].
pub(super) fn reused<R>(grant: &Seen<'_, Grant>, config: &Config, now: Timestamp) -> Plan<R, TokenRefusal> {
    let (id, client) = (grant.value().id, grant.value().client().clone());
    Plan::refuse(vec![revoked(grant, config, now)], TokenRefusal::RefreshTokenReused)
        .reporting(Event::RefreshReused { grant: id, client: client.clone() })
        .reporting(Event::GrantRevoked { grant: id, client, cause: RevocationCause::RefreshReused })
}

/// What a token is that was shown to say for whom, and not to be used.
#[cfg(feature = "jose")]
pub(super) enum Shown<'s, T> {
    /// It is good.
    Live(T),
    /// A refresh token that was spent, and the grant that it was of.
    Reused(Seen<'s, Grant>),
    /// Nothing that is good, or the client's.
    Nothing,
}

#[cfg(feature = "jose")]
impl<'s, T> Shown<'s, T> {
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Shown<'s, U> {
        match self {
            Self::Live(live) => Shown::Live(change(live)),
            Self::Reused(grant) => Shown::Reused(grant),
            Self::Nothing => Shown::Nothing,
        }
    }
}

/// The grant of a refresh token that would give tokens now, and until when; the token stays as it is.
#[cfg(feature = "jose")]
pub(super) fn shown<'s>(
    handle: &Handle,
    requester: &Requester<'_>,
    seen: &'s Snapshot,
) -> Result<Shown<'s, (Seen<'s, Grant>, Timestamp)>, Halt<TokenRefusal>> {
    let own = |grant: &Seen<'_, Grant>| grant.value().client() == requester.client.value().id();
    let Some(grant) = seen.grant(handle.grant())?.filter(own) else { return Ok(Shown::Nothing) };
    let GrantState::Live(live) = &grant.value().state else { return Ok(Shown::Nothing) };
    let Some(chain) = live.chain() else { return Ok(Shown::Nothing) };
    check_binding(chain, requester)?;
    let now = requester.env.now;
    match chain.recognise(handle, now, &requester.config.lifetimes()) {
        Presented::Reused => Ok(Shown::Reused(grant)),
        Presented::Current | Presented::Retry(_) if now < chain.dies() => {
            check_subject(requester, grant.value(), seen)?;
            Ok(Shown::Live((grant, chain.dies())))
        }
        Presented::Current | Presented::Retry(_) | Presented::Unknown => Ok(Shown::Nothing),
    }
}

/// Requires what the chain is bound to, before whoever has only the token learns or changes anything [RFC 8705 §4, RFC 9449 §5].
fn check_binding(chain: &Chain, requester: &Requester<'_>) -> Result<(), TokenRefusal> {
    let Some(cnf) = chain.cnf.as_deref().filter(|cnf| !requester.meets_chain(cnf)) else { return Ok(()) };
    Err(match cnf {
        Confirmation::Key(_) => TokenRefusal::KeyDiffers,
        Confirmation::Certificate(_) if requester.certificate.is_none() => TokenRefusal::CertificateMissing,
        Confirmation::Certificate(_) => TokenRefusal::CertificateDiffers,
    })
}

/// Leaves the grant alone, unless the access token issued now would outlive its record.
fn keep(grant: &Seen<'_, Grant>, chain: &Chain, requester: &Requester<'_>) -> Change {
    let until = |issued| grant.value().forgettable(issued, requester.keeps());
    let expires = until(requester.env.now);
    if expires > until(chain.rotated) { grant.replace(grant.value().clone(), expires) } else { grant.still() }
}

fn replace(grant: &Seen<'_, Grant>, live: &Live, chain: Chain, requester: &Requester<'_>) -> Change {
    let next = grant.value().becoming(GrantState::Live(Live::new(live.code().copied(), Some(chain))));
    let expires = next.forgettable(requester.env.now, requester.keeps());
    grant.replace(next, expires)
}

/// Asks the host whether the person is still there, if it wants to be asked.
fn check_subject(requester: &Requester<'_>, grant: &Grant, seen: &Snapshot) -> Result<(), Halt<TokenRefusal>> {
    let Some(subject) = grant.subject().filter(|_| requester.config.asks_for_subjects()) else { return Ok(()) };
    let subject = subject.clone();
    let verdict = seen.verdict(Question::SubjectActive { subject, client: grant.client().clone() })?;
    Ok(ensure(verdict == Verdict::Allowed, TokenRefusal::SubjectInactive)?)
}

/// The scope of the next access token; the grant keeps its own, so that the next refresh can have it all again
/// [RFC 6749 §6].
///
/// What the server knows no more, or the client may not have any more, is left out of it.
fn narrowed<'g>(
    requester: &Requester<'_>,
    grant: &'g Grant,
    requested: Option<Scope>,
) -> Result<Cow<'g, Scope>, TokenRefusal> {
    let held = requester.config.still(grant.scope(), requester.client.value());
    let Some(requested) = requested.filter(|scope| !scope.is_empty()) else {
        return Ok(held);
    };
    let excess = requested.without(&held);
    ensure(excess.is_empty(), TokenRefusal::ScopeExceedsGrant(excess))?;
    Ok(Cow::Owned(requested))
}

/// What a presented refresh token is to its chain.
#[derive(Debug)]
pub(crate) enum Presented {
    Current,
    /// The one before, in time: its successor, recomputed and proven to be the current one.
    Retry(Handle),
    Reused,
    Unknown,
}

impl Chain {
    pub(crate) fn begin(
        grant: GrantId,
        cnf: Option<Box<Confirmation>>,
        lifetimes: &Lifetimes,
        env: &Env,
    ) -> (Handle, Self) {
        let first = Handle::mint(grant, env, const { Label::new("refresh token") });
        let chain = Self {
            current: first.digest(),
            // The first secret has none before it.
            salt: [0; 32],
            rotated: env.now,
            idle_until: env.now.plus(lifetimes.refresh_idle),
            ends: env.now.plus(lifetimes.refresh_absolute),
            spent: Vec::new(),
            cnf,
        };
        (first, chain)
    }

    pub(crate) fn recognise(&self, token: &Handle, now: Timestamp, lifetimes: &Lifetimes) -> Presented {
        let digest = token.digest();
        if self.current.same_as(&digest) {
            return Presented::Current;
        }
        if !self.spent.contains(&digest.fingerprint()) {
            return Presented::Unknown;
        }
        let successor = successor(token, &self.salt);
        // A request that began before the rotation is as late as one that began with it.
        let in_time = self.rotated.until(now) < lifetimes.refresh_retry;
        if in_time && self.current.matches(successor.secret()) {
            return Presented::Retry(successor);
        }
        Presented::Reused
    }

    /// The same token, good for longer: where a thief could not use it, a new one would only be lost on the way
    /// [FAPI 2.0 Security Profile §5.3.2.1].
    fn prolonged(&self, lifetimes: &Lifetimes, now: Timestamp) -> Self {
        Self { idle_until: now.plus(lifetimes.refresh_idle), ..self.clone() }
    }

    /// A chain that was bound stays so; one that was not is, from now on, bound to `cnf`.
    fn advance(
        &self,
        presented: &Handle,
        cnf: Option<Box<Confirmation>>,
        lifetimes: &Lifetimes,
        env: &Env,
    ) -> (Handle, Self) {
        let salt = env.derive(const { Label::new("refresh salt") });
        let successor = successor(presented, &salt);
        let forgotten = (self.spent.len() + 1).saturating_sub(REMEMBERED);
        let spent = self.spent.iter().skip(forgotten).copied().chain([self.current.fingerprint()]).collect();
        let next = Self {
            current: successor.digest(),
            salt,
            rotated: env.now,
            idle_until: env.now.plus(lifetimes.refresh_idle),
            ends: self.ends,
            spent,
            cnf: self.cnf.clone().or(cnf),
        };
        (successor, next)
    }
}

fn successor(presented: &Handle, salt: &[u8; 32]) -> Handle {
    // As much of the salt as leaves one block.
    let (salt, _) = salt.split_at(23);
    Handle::new(presented.grant(), sha256::digest(presented.secret(), salt))
}
