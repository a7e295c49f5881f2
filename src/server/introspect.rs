//! The introspection endpoint [RFC 7662].

use std::borrow::Cow;
use std::sync::Arc;

use http::Request;

use crate::client_auth::Authenticated;
use crate::config::Config;
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::grant::FoundAccess;
use crate::grant::holders::holders;
use crate::grant::refresh::Presented;
use crate::record::{AccessToken, Client, ClientId, Confirmation, Grant, GrantState, Handle, Scope};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{Description, TokenQuery, TokenRefusal};

use super::inquiry::{Inquiry, PresentedToken};
#[cfg(feature = "jose")]
use super::introspection_response::IntrospectionJwt;
use super::introspection_response::{IntrospectionResponse, Told};
use super::token::unauthenticated;

/// A request to look up a token, ready to be decided.
#[derive(Clone, Debug)]
pub struct Introspect {
    pub(super) config: Arc<Config>,
    inquiry: Inquiry,
}

impl Introspect {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, query: TokenQuery) -> Self {
        Self { inquiry: Inquiry::new(&config, query), config }
    }

    /// Reads a request to the server of `config`.
    pub(super) fn read<B: AsRef<[u8]>>(config: Arc<Config>, request: &Request<B>) -> Result<Self, TokenRefusal> {
        Ok(Self { inquiry: Inquiry::read(&config, request)?, config })
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.inquiry.credentials.client()
    }

    fn describe_access<'s>(
        &'s self,
        grant: &'s Grant,
        token: &'s AccessToken,
        asker: &Client,
        now: Timestamp,
    ) -> Description<'s> {
        // [RFC 7662 §4]: the client itself, or a resource server that the token is for.
        let own = token.terms.client == *asker.id();
        let served = || {
            asker.is_confidential() && token.terms.audience.iter().any(|resource| asker.resources().contains(resource))
        };
        if !(own || served()) || !grant.is_live() || now >= token.expires {
            return Description::default();
        }
        // The client has them from the token response; a resource server sees what concerns it [RFC 9396 §13].
        let (scope, details) = if own {
            (Cow::Borrowed(&token.terms.scope), Cow::Borrowed(&token.terms.details))
        } else {
            let details = self.config.details_at(&token.terms.details, asker.resources());
            (self.scope_for(asker, token), Cow::Owned(details))
        };
        Description {
            active: true,
            scope: Some(scope).filter(|scope| !scope.is_empty()),
            details: Some(details),
            client_id: Some(&token.terms.client),
            token_type: Some(Confirmation::token_type(token.cnf.as_deref())),
            exp: Some(token.expires),
            iat: Some(token.issued),
            sub: grant.subject(),
            aud: &token.terms.audience,
            auth_time: grant.mandate.authenticated,
            acr: grant.mandate.acr().map(|acr| &**acr),
            amr: grant.mandate.amr(),
            act: token.act.as_deref(),
            may_act: grant.mandate.may_act().map(|may| &**may),
            cnf: token.cnf.as_deref(),
            iss: Some(self.config.shared_issuer()),
        }
    }

    /// What of the scope means something at the resources of `asker` [RFC 9701 §5].
    fn scope_for<'s>(&self, asker: &Client, token: &'s AccessToken) -> Cow<'s, Scope> {
        if token.terms.audience.len() <= 1 {
            return Cow::Borrowed(&token.terms.scope);
        }
        let own: Vec<_> = token.terms.audience.iter().filter(|one| asker.resources().contains(one)).cloned().collect();
        self.config.scope_at(&own, &token.terms.scope)
    }

    fn describe_refresh<'s>(
        &'s self,
        grant: &'s Grant,
        handle: &Handle,
        asker: &Client,
        now: Timestamp,
    ) -> Description<'s> {
        // [RFC 7662 §2.1, RFC 9700 §4.14.2]: a thief of a public client's token could watch for its rotation, and ask for
        // the successor within the retry window, never to be noticed.
        if !asker.is_confidential() {
            return Description::default();
        }
        let GrantState::Live(live) = &grant.state else { return Description::default() };
        let Some(chain) = live.chain().filter(|_| grant.client() == asker.id()) else {
            return Description::default();
        };
        let current = matches!(chain.recognise(handle, now, &self.config.lifetimes()), Presented::Current);
        if !current || now >= chain.dies() {
            return Description::default();
        }
        Description {
            active: true,
            scope: Some(grant.scope()).filter(|scope| !scope.is_empty()).map(Cow::Borrowed),
            details: Some(Cow::Borrowed(grant.details())),
            client_id: Some(grant.client()),
            exp: Some(chain.dies()),
            iat: Some(chain.rotated),
            sub: grant.subject(),
            iss: Some(self.config.shared_issuer()),
            ..Description::default()
        }
    }

    /// Decides, and hands what is told to `answer` as long as it is lent.
    pub(super) fn tell<A>(
        &self,
        seen: &Snapshot,
        answer: impl FnOnce(Told<'_>) -> A,
    ) -> Result<Plan<A, TokenRefusal>, Halt<TokenRefusal>> {
        let now = seen.now();
        let (asker, used) = match self.inquiry.authenticate(&self.config, seen) {
            Ok(Authenticated { client, used, .. }) => (client.value(), used),
            Err(halt) => return unauthenticated(&self.inquiry.credentials, halt),
        };
        // [RFC 9701 §5]
        let proven = asker.is_confidential() || !self.config.signs_introspection();
        ensure(proven, TokenRefusal::ClientUnproven)?;
        let found = match self.inquiry.token()? {
            None => Description::default(),
            Some(PresentedToken::Access(access)) => match access.find(&self.config, seen)? {
                Some(FoundAccess { grant, token }) if holders(grant.value(), token.value(), seen)?.is_some() => {
                    self.describe_access(grant.value(), token.value(), asker, now)
                }
                Some(_) | None => Description::default(),
            },
            Some(PresentedToken::Refresh(handle)) => match seen.grant(handle.grant())? {
                Some(grant) => self.describe_refresh(grant.value(), handle, asker, now),
                None => Description::default(),
            },
        };
        #[cfg(feature = "jose")]
        if self.inquiry.signed && self.config.signs_introspection() {
            let jwt = IntrospectionJwt::of(found.to_owned(), asker, &self.config, seen)?;
            return Ok(Plan::grant(Vec::new(), answer(Told::Jwt(jwt))).granting(used));
        }
        Ok(Plan::grant(Vec::new(), answer(Told::Json(&found))).granting(used))
    }
}

impl Endpoint for Introspect {
    type Reply = IntrospectionResponse;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        self.inquiry.keys()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        self.tell(seen, |told| told.into_owned())
    }
}
