//! The introspection endpoint [RFC 7662].

use std::borrow::Cow;
use std::sync::Arc;

use crate::client_auth::Authenticated;
use crate::config::Config;
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::grant::FoundAccess;
use crate::grant::holders::holders;
use crate::grant::refresh::Presented;
use crate::record::{AccessToken, Client, ClientId, Confirmation, Grant, GrantState, Handle, Scope};
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{Introspection, MayAct, TokenQuery, TokenRefusal};

use super::inquiry::{Inquiry, PresentedToken};
#[cfg(feature = "jose")]
use super::introspection_response::IntrospectionJwt;
use super::introspection_response::IntrospectionResponse;
use super::token::unauthenticated;

/// A request to look up a token, ready to be decided.
#[derive(Clone, Debug)]
pub struct Introspect {
    config: Arc<Config>,
    inquiry: Inquiry,
    /// Whether the answer shall be a JWT.
    #[cfg(feature = "jose")]
    signed: bool,
}

impl Introspect {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, query: TokenQuery) -> Self {
        Self {
            #[cfg(feature = "jose")]
            signed: query.signed && config.signs_introspection(),
            inquiry: Inquiry::new(&config, query),
            config,
        }
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.inquiry.credentials.client()
    }

    fn describe_access(&self, grant: &Grant, token: &AccessToken, asker: &Client, now: Timestamp) -> Introspection {
        // [RFC 7662 §4]: the client itself, or a resource server that the token is for.
        let served =
            asker.is_confidential() && token.terms.audience.iter().any(|resource| asker.resources().contains(resource));
        if !(token.terms.client == *asker.id() || served) || !grant.is_live() || now >= token.expires {
            return Introspection::inactive();
        }
        // The client has them from the token response; a resource server sees what concerns it [RFC 9396 §13].
        let (scope, details) = if token.terms.client == *asker.id() {
            (token.terms.scope.clone(), token.terms.details.clone())
        } else {
            (self.scope_for(asker, token), self.config.details_at(&token.terms.details, asker.resources()))
        };
        Introspection {
            active: true,
            scope: Some(scope).filter(|scope| !scope.is_empty()),
            authorization_details: details,
            client_id: Some(token.terms.client.clone()),
            token_type: Some(Cow::Borrowed(Confirmation::token_type(token.cnf.as_deref()))),
            exp: Some(token.expires),
            iat: Some(token.issued),
            sub: grant.subject().cloned(),
            aud: token.terms.audience.to_vec(),
            auth_time: grant.mandate.authenticated,
            acr: grant.mandate.acr.as_deref().map(str::to_owned),
            amr: grant.mandate.amr.to_vec(),
            act: token.act.as_deref().cloned(),
            may_act: grant.mandate.may_act.as_ref().map(|may| MayAct { client_id: may.to_vec() }),
            cnf: token.cnf.as_deref().copied(),
            iss: Some(self.config.shared_issuer()),
        }
    }

    /// What of the scope means something at the resources of `asker` [RFC 9701 §5].
    fn scope_for(&self, asker: &Client, token: &AccessToken) -> Scope {
        if token.terms.audience.len() <= 1 {
            return token.terms.scope.clone();
        }
        let own: Vec<_> = token.terms.audience.iter().filter(|one| asker.resources().contains(one)).cloned().collect();
        self.config.scope_at(&own, &token.terms.scope).into_owned()
    }

    fn describe_refresh(&self, grant: &Grant, handle: &Handle, asker: &Client, now: Timestamp) -> Introspection {
        // [RFC 7662 §2.1, RFC 9700 §4.14.2]: a thief of a public client's token could watch for its rotation, and ask for
        // the successor within the retry window, never to be noticed.
        if !asker.is_confidential() {
            return Introspection::inactive();
        }
        let GrantState::Live(live) = &grant.state else { return Introspection::inactive() };
        let Some(chain) = live.chain.as_ref().filter(|_| grant.client() == asker.id()) else {
            return Introspection::inactive();
        };
        let current = matches!(chain.recognise(handle, now, &self.config.lifetimes()), Presented::Current);
        if !current || now >= chain.dies() {
            return Introspection::inactive();
        }
        Introspection {
            active: true,
            scope: Some(grant.scope().clone()).filter(|scope| !scope.is_empty()),
            authorization_details: grant.details().clone(),
            client_id: Some(grant.client().clone()),
            exp: Some(chain.dies()),
            iat: Some(chain.rotated),
            sub: grant.subject().cloned(),
            iss: Some(self.config.shared_issuer()),
            ..Introspection::inactive()
        }
    }
}

impl Endpoint for Introspect {
    type Reply = IntrospectionResponse;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        self.inquiry.keys()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let now = seen.now();
        let (asker, used) = match self.inquiry.authenticate(&self.config, seen) {
            Ok(Authenticated { client, used, .. }) => (client.value(), used),
            Err(halt) => return unauthenticated(&self.inquiry.credentials, halt),
        };
        // [RFC 9701 §5]
        let proven = asker.is_confidential() || !self.config.signs_introspection();
        ensure(proven, TokenRefusal::ClientUnproven)?;
        let found = match self.inquiry.token()? {
            None => None,
            Some(PresentedToken::Access(access)) => match access.find(&self.config, seen)? {
                Some(FoundAccess { grant, token }) if holders(grant.value(), token.value(), seen)?.is_some() => {
                    Some(self.describe_access(grant.value(), token.value(), asker, now))
                }
                Some(_) | None => None,
            },
            Some(PresentedToken::Refresh(handle)) => {
                seen.grant(handle.grant())?.map(|grant| self.describe_refresh(grant.value(), handle, asker, now))
            }
        };
        let found = found.unwrap_or_else(Introspection::inactive);
        #[cfg(feature = "jose")]
        if self.signed {
            let jwt = IntrospectionJwt::of(found, asker, &self.config, seen)?;
            return Ok(Plan::grant(Vec::new(), IntrospectionResponse::Jwt(jwt)).granting(used));
        }
        Ok(Plan::grant(Vec::new(), IntrospectionResponse::Json(found)).granting(used))
    }
}
