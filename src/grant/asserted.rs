//! What grants by assertion have in common [RFC 7521 §4.1]: someone else says who a person is, the host says who that is
//! here, and tokens are issued that live little longer than that word.

use std::sync::Arc;

use crate::env::Timestamp;
use crate::event::Event;
use crate::record::{AuthorizationDetails, Confirmation, GrantType, Mandate, Particulars, Scope, Subject, Wanted};
use crate::snapshot::Halt;
use crate::step::Plan;
use crate::store::Change;
use crate::wire::{AssertionFault, TokenRefusal};

use super::ensure;
use super::issue::{Begun, Decided, Issue, Requester};

/// Whom an assertion is about, as the host knows them, and what else the host says of it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Asserted {
    /// The person here.
    pub subject: Subject,
    /// When they last proved who they are, if that is known.
    pub authenticated: Option<Timestamp>,
    /// How surely, in the terms of this server.
    pub acr: Option<String>,
    /// By which methods [RFC 8176].
    pub amr: Vec<String>,
    /// The most that the client gets; nothing else limits it if absent.
    pub scope: Option<Scope>,
}

impl Asserted {
    /// This person.
    #[must_use]
    pub const fn new(subject: Subject) -> Self {
        Self { subject, authenticated: None, acr: None, amr: Vec::new(), scope: None }
    }
}

/// An assertion that was found good.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) grant_type: GrantType,
    /// The last moment of a token for it.
    pub(super) ends: Timestamp,
    /// What uses it.
    pub(super) used: Option<Change>,
    /// What it is bound to: so is what it gives, if that is not bound otherwise.
    pub(super) bound: Option<Confirmation>,
    pub(super) refreshable: bool,
}

/// Issues tokens for the person whom an assertion is about.
pub(super) fn issue(requester: &Requester<'_>, wanted: Wanted, asserted: Asserted, accepted: Accepted) -> Decided {
    let Requester { config, client, env, .. } = requester;
    let Wanted { scope, details, audience } = wanted;
    let Asserted { subject, authenticated, acr, amr, scope: most } = asserted;
    let Accepted { grant_type, ends, used, bound, refreshable } = accepted;
    // Clocks may differ, but not so far that there is nothing left to give.
    ensure(env.now < ends, AssertionFault::Expired)?;
    let scope = most.map_or_else(|| scope.clone(), |most| scope.filtered(|word| most.contains(word)));
    let details = config.enrich_details(&details, client.value(), Some(&subject));
    let mut allowance = requester.allowance_of(&audience, &scope, details.clone())?;
    allowance.cnf = allowance.cnf.or_else(|| bound.map(Box::new));
    let wanted = Wanted { scope, details, audience };
    let mandate = Mandate { subject: Some(subject), authenticated, ..Mandate::new(client.value(), wanted, env.now) };
    let particulars = Particulars { acr: acr.map(Arc::from), amr: amr.into(), may_act: None };
    let mandate = mandate.with(particulars);
    let Begun { grant, kept, refresh } = requester.begin(mandate, &allowance, refreshable);
    let mut changes: Vec<Change> = used.into_iter().collect();
    changes.push(kept);
    let lifetime = config.lifetimes().access_token.min(env.now.until(ends));
    requester.issue(Issue {
        grant_type,
        grant: &grant,
        changes,
        allowance,
        lifetime,
        act: None,
        refresh: refresh.as_ref(),
    })
}

impl Requester<'_> {
    /// What of `scope` is within the most that there is; nothing else may have been `requested`.
    pub(super) fn capped(
        &self,
        scope: Scope,
        most: Option<&Scope>,
        requested: Option<&str>,
    ) -> Result<Scope, TokenRefusal> {
        let Some(most) = most.filter(|most| !most.covers(&scope)) else { return Ok(scope) };
        let asked = requested.is_some_and(|scope| !scope.trim_matches(' ').is_empty());
        ensure(!asked, TokenRefusal::ScopeExceedsGrant(scope.without(most)))?;
        Ok(scope.filtered(|word| most.contains(word)))
    }

    /// The scope of tokens for what someone granted: what is asked for, if it is within that and what the client may have,
    /// and otherwise all of both [RFC 7521 §4.1]; the client's own where nobody said what was granted.
    pub(super) fn scope_within(
        &self,
        granted: Option<&Scope>,
        details: &AuthorizationDetails,
        requested: Option<&str>,
    ) -> Result<Scope, TokenRefusal> {
        let (config, client) = (self.config, self.client.value());
        let Some(granted) = granted else {
            return config.resolve_scope_beside(details, client, requested).map_err(TokenRefusal::from);
        };
        if requested.is_none_or(|scope| scope.trim_matches(' ').is_empty()) {
            return Ok(config.still(granted, client).into_owned());
        }
        let scope = config.resolve_scope(client, requested)?;
        let excess = scope.without(granted);
        ensure(excess.is_empty(), TokenRefusal::ScopeExceedsGrant(excess))?;
        Ok(scope)
    }

    /// Reports that an assertion was refused, together with its refusal.
    pub(super) fn reporting(&self, decided: Decided) -> Decided {
        let Err(Halt::Refused(TokenRefusal::Assertion(fault))) = decided else { return decided };
        let event = Event::AssertionRefused { client: self.client.value().id().clone(), fault };
        Ok(Plan::refuse(Vec::new(), TokenRefusal::Assertion(fault)).reporting(event))
    }
}

impl From<AssertionFault> for Halt<TokenRefusal> {
    fn from(fault: AssertionFault) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<AssertionFault> for TokenRefusal {
    fn from(fault: AssertionFault) -> Self {
        Self::Assertion(fault)
    }
}
