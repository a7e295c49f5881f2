//! On behalf of: an API that was shown a person's token gets one of its own for the next API [RFC 8693 §1.1], asked for in
//! the form of the JWT bearer grant [RFC 7523 §2.1], with `requested_token_use=on_behalf_of`.
//!
//! ```text
//! access token for the client (live) ── and client ──▶ a token for the same person, through the client, elsewhere
//! ```
//!
//! It is an exchange whose actor is the client itself: the new token belongs to the grant of the one that was shown, allows
//! no more, never outlives it, and dies with it; and the host says whether it may be.

use std::sync::Arc;

use crate::config::Config;
use crate::record::{Exposed, GrantType};
use crate::snapshot::Snapshot;
use crate::store::Key;
use crate::wire::{AssertionFault, TokenRefusal};

use super::issue::{Decided, Requester};
use super::token_exchange::LiveAccess;
use super::{PresentedAccess, ensure};

/// An access token as presented by the API that it is for.
#[derive(Clone, Debug)]
pub(crate) struct OnBehalf {
    token: Option<PresentedAccess>,
    token_given: bool,
    scope: Option<String>,
}

impl OnBehalf {
    pub(crate) fn new(config: &Config, assertion: Option<&Exposed>, scope: Option<String>) -> Self {
        let token = assertion.and_then(|token| PresentedAccess::parse(config, token.as_str()));
        Self { token, token_given: assertion.is_some(), scope }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        self.token.iter().flat_map(PresentedAccess::keys)
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        requester.may_use(GrantType::JwtBearer)?;
        ensure(self.token_given, TokenRefusal::ParameterMissing("assertion"))?;
        requester.reporting(self.exchange(requester, seen))
    }

    fn exchange(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let (config, client) = (requester.config, requester.client.value());
        ensure(client.is_confidential(), TokenRefusal::GrantTypeNotAllowed)?;
        let subject = LiveAccess::find(self.token.as_ref(), requester, seen)?.ok_or(AssertionFault::Token)?;
        let served = |resource| client.resources().contains(resource);
        // Who it is not for has stolen it, or was given it by someone who had no right to.
        let good = subject.grant().subject().is_some() && subject.token().terms.audience.iter().any(served);
        ensure(good && subject.may_be_shown_by(requester), AssertionFault::Token)?;
        subject.check_may_act(client, None)?;
        let act = subject.through_client(client)?;
        let scope = subject.scope(requester, self.scope.as_deref())?;
        ensure(!requester.resource.is_empty(), TokenRefusal::TargetMissing)?;
        let audience = config.resolve_resources(client, requester.resource).map_err(TokenRefusal::from)?;
        ensure(audience.len() == 1, TokenRefusal::TargetInvalid)?;
        let allowance = requester.allowance(&audience, &scope, &subject.token().terms.details)?;
        subject.judge(requester, Some(&act), &allowance, seen)?;
        subject.exchanged(requester, GrantType::JwtBearer, None, Some(Arc::new(act)), allowance)
    }
}
