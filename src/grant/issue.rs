//! What every grant type does in the end: issue tokens.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::env::{Env, Label};
use crate::event::Event;
use crate::proof::Possession;
use crate::record::{
    AccessToken, Actor, Allowed, AuthorizationDetails, Chain, Client, Confirmation, Digest, Exposed, Grant, GrantId,
    GrantState, GrantType, Handle, HandleKind, Live, Mandate, Resource, Scope, Terms, TokenId, Wanted,
};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::step::Plan;
use crate::store::Change;
use crate::wire::{ACCESS_TOKEN_TYPE, ClientCertificate, ProofFault, TokenRefusal, TokenResponse};

use super::ensure;
use super::jwt::NewJwt;

/// A decision of a grant type.
pub(crate) type Decided = Result<Plan<Box<TokenResponse>, TokenRefusal>, Halt<TokenRefusal>>;

/// What an access token allows, and where.
#[derive(Debug)]
pub(crate) struct Allowance {
    pub(crate) scope: Scope,
    pub(crate) details: AuthorizationDetails,
    pub(crate) audience: Arc<[Resource]>,
    /// What the token is bound to.
    pub(crate) cnf: Option<Box<Confirmation>>,
}

/// Tokens to be issued.
#[derive(Debug)]
pub(crate) struct Issue<'a> {
    pub(crate) grant_type: GrantType,
    /// The grant that they belong to.
    pub(crate) grant: &'a Grant,
    /// What becomes of that grant, and what else must still hold.
    pub(crate) changes: Vec<Change>,
    pub(crate) allowance: Allowance,
    /// How long the access token lives.
    pub(crate) lifetime: Duration,
    /// Who acts for the subject.
    pub(crate) act: Option<Arc<Actor>>,
    pub(crate) refresh: Option<&'a Handle>,
}

/// A grant that begins with its tokens.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) grant: Grant,
    /// What writes it.
    pub(crate) kept: Change,
    pub(crate) refresh: Option<Handle>,
}

/// The authenticated client that asks for tokens, and the circumstances.
#[derive(Debug)]
pub(crate) struct Requester<'a> {
    pub(crate) config: &'a Config,
    pub(crate) client: Seen<'a, Client>,
    /// The certificate of its connection.
    pub(crate) certificate: Option<&'a ClientCertificate>,
    /// The key of the instance of the client, where that was attested.
    pub(crate) instance: Option<Digest>,
    /// What the request proves to hold.
    pub(crate) possession: Option<Possession>,
    /// Where the token shall be used, if that was said.
    pub(crate) resource: &'a [String],
    /// What the token shall allow beside the scope, if that was said.
    pub(crate) details: Option<&'a Exposed>,
    pub(crate) seen: &'a Snapshot,
    pub(crate) env: &'a Env,
}

impl Requester<'_> {
    /// Requires that the client may use `grant_type`.
    pub(crate) fn may_use(&self, grant_type: GrantType) -> Result<(), TokenRefusal> {
        ensure(self.client.value().may_use(grant_type), TokenRefusal::GrantTypeNotAllowed)
    }

    /// What the client asks for, if it may have it.
    pub(crate) fn wanted(&self, scope: Option<&str>) -> Result<Wanted, TokenRefusal> {
        Ok(self.config.resolve(self.client.value(), scope, self.details, self.resource)?)
    }

    /// What an access token with `scope` of a grant for `granted` and `details` allows: everything granted if the request
    /// names no resource, and otherwise the one that it names [RFC 8707 §2.2]; the details that it names, or all.
    pub(crate) fn allowance(
        &self,
        granted: &Arc<[Resource]>,
        scope: &Scope,
        details: &AuthorizationDetails,
    ) -> Result<Allowance, TokenRefusal> {
        let details = self.config.narrow_details(self.client.value(), details, self.details);
        self.allowance_of(granted, scope, details.map_err(TokenRefusal::DetailsInvalid)?)
    }

    /// The same with all of `details`.
    pub(crate) fn allowance_of(
        &self,
        granted: &Arc<[Resource]>,
        scope: &Scope,
        details: AuthorizationDetails,
    ) -> Result<Allowance, TokenRefusal> {
        let audience = match self.resource {
            [] if granted.len() <= 1 || granted == self.config.audience() => Arc::clone(granted),
            [one] => match granted.iter().find(|resource| resource.as_str() == one) {
                Some(resource) => Arc::from([resource.clone()]),
                None => return Err(TokenRefusal::TargetInvalid),
            },
            // A token for several resources could be used by each of them at the others [RFC 8707 §3].
            _ => return Err(TokenRefusal::TargetInvalid),
        };
        ensure(!self.config.is_torn(&audience), TokenRefusal::TargetInvalid)?;
        // What the client may not have any more is not given, whenever it was granted.
        ensure(self.client.value().may_have(&audience), TokenRefusal::TargetInvalid)?;
        let held = self.config.still(scope, self.client.value());
        let scope = self.config.scope_at(&audience, &held).into_owned();
        ensure(!(scope.is_empty() && details.is_empty()), TokenRefusal::ScopeUnknown)?;
        Ok(Allowance { scope, details, audience, cnf: self.binding()? })
    }

    /// What the client's tokens are bound to; without it, one that asked for that gets none [RFC 8705 §3.4, RFC 9449 §5.2].
    fn binding(&self) -> Result<Option<Box<Confirmation>>, TokenRefusal> {
        let asked = self.client.value().metadata().tls_client_certificate_bound_access_tokens;
        if let Some(possession) = self.possession.filter(|_| !asked) {
            return Ok(Some(Box::new(possession.confirmation())));
        }
        let required = self.config.requires_binding();
        if !(asked || required) {
            return Ok(None);
        }
        let bound = self.certificate.filter(|_| asked || self.config.binds_to_certificates());
        let missing = || {
            if asked || !self.config.serves_dpop() {
                TokenRefusal::CertificateMissing
            } else {
                ProofFault::Missing.into()
            }
        };
        Ok(Some(Box::new(bound.ok_or_else(missing)?.confirmation())))
    }

    /// Whether the request shows what something is bound to: a DPoP proof of its key [RFC 9449 §5, §10], or its certificate.
    pub(crate) fn meets(&self, cnf: &Confirmation) -> bool {
        self.possession.is_some_and(|possession| cnf.is_key(&possession.key)) || cnf.is_met_by(self.certificate)
    }

    /// The same of a refresh token, which may be bound to the key of an instance as well: see [`Self::chain_binding`].
    pub(crate) fn meets_chain(&self, cnf: &Confirmation) -> bool {
        self.meets(cnf) || self.instance.is_some_and(|key| cnf.is_key(&key))
    }

    /// Plans tokens, as long as the client is still what it was.
    ///
    /// # Errors
    ///
    /// The access token is a JWT that was not signed yet.
    pub(crate) fn issue<F>(&self, issue: Issue<'_>) -> Result<Plan<Box<TokenResponse>, F>, Halt<F>> {
        let Self { config, client, env, .. } = self;
        let Issue { grant_type, grant, mut changes, allowance, lifetime, act, refresh } = issue;
        let access = Handle::mint(grant.id, env, const { Label::new("access token") });
        let jwt = NewJwt::of(&access, &allowance.audience, config, env);
        let terms = self.terms(&grant.mandate, &allowance);
        let Allowance { scope, details, cnf, .. } = allowance;
        let token_type = Confirmation::token_type(cnf.as_deref());
        let token = Arc::new(AccessToken {
            id: jwt.as_ref().map_or_else(|| TokenId::of(&access), NewJwt::id),
            terms,
            act,
            cnf,
            issued: env.now,
            expires: env.now.plus(lifetime),
        });
        let access = match jwt {
            Some(jwt) => jwt.sign(grant, &token, config, self.seen)?,
            None => access.expose(config.brand(), HandleKind::AccessToken),
        };
        let mut response =
            TokenResponse::bearer(access, lifetime.as_secs(), scope, refresh.map(|handle| self.expose_refresh(handle)));
        response.token_type = Cow::Borrowed(token_type);
        response.authorization_details = details;
        if grant_type == GrantType::TokenExchange {
            response.issued_token_type = Some(ACCESS_TOKEN_TYPE.to_owned());
        }
        let event = Event::TokenIssued { grant_type, subject: grant.subject().cloned(), token: Arc::clone(&token) };
        changes.extend([client.still(), Change::new_token(token)]);
        Ok(Plan::grant(changes, Box::new(response)).reporting(event))
    }

    /// The terms of a token: those of its grant, unless it allows less or is another client's.
    fn terms(&self, mandate: &Arc<Mandate>, allowance: &Allowance) -> Allowed {
        let Allowance { scope, details, audience, .. } = allowance;
        let (granted, client) = (&mandate.terms, self.client.value());
        let own = granted.client == *client.id() && granted.client_may_vanish == client.is_self_registered();
        let here = Arc::ptr_eq(&granted.audience, audience) || granted.audience == *audience;
        if own && here && granted.scope.is_written_as(scope) && granted.details == *details {
            return Allowed::All(Arc::clone(mandate));
        }
        let (scope, details, audience) = (scope.clone(), details.clone(), Arc::clone(audience));
        Allowed::Part(Arc::new(Terms::new(client, Wanted { scope, details, audience })))
    }

    /// The tokens of a grant that is its client's own, and whose own change is `kept`.
    ///
    /// # Errors
    ///
    /// The access token is a JWT that was not signed yet.
    pub(crate) fn tokens<'i, F>(
        &self,
        grant_type: GrantType,
        grant: &'i Grant,
        kept: Change,
        allowance: Allowance,
        refresh: Option<&'i Handle>,
    ) -> Result<Plan<Box<TokenResponse>, F>, Halt<F>> {
        let lifetime = self.config.lifetimes().access_token;
        let mut changes = Vec::with_capacity(3);
        changes.push(kept);
        self.issue(Issue { grant_type, grant, changes, allowance, lifetime, act: None, refresh })
    }

    /// Begins a grant, with a refresh chain if it is `refreshable` and the client is to have one.
    pub(crate) fn begin(&self, mandate: Mandate, allowance: &Allowance, refreshable: bool) -> Begun {
        let id = GrantId::mint(self.env);
        let chain = if refreshable { self.begin_chain(id, &mandate.terms.scope, allowance) } else { None };
        let (refresh, chain) = chain.unzip();
        let state = GrantState::Live(Live::new(None, chain));
        let grant = Grant { id, mandate: Arc::new(mandate), state };
        let expires = grant.forgettable(self.env.now, self.keeps());
        Begun { kept: Change::new_grant(grant.clone(), expires), grant, refresh }
    }

    /// Redeems the `code` of a grant, which gives all that was granted.
    pub(crate) fn redeem(&self, grant_type: GrantType, grant: &Seen<'_, Grant>, code: Digest) -> Decided {
        let granted = grant.value();
        let allowance = self.allowance(&granted.mandate.terms.audience, granted.scope(), granted.details())?;
        let (refresh, chain) = self.begin_chain(granted.id, granted.scope(), &allowance).unzip();
        let next = granted.becoming(GrantState::Live(Live::new(Some(code), chain)));
        let expires = next.forgettable(self.env.now, self.keeps());
        self.tokens(grant_type, granted, grant.replace(next, expires), allowance, refresh.as_ref())
    }

    fn expose_refresh(&self, handle: &Handle) -> Exposed {
        handle.expose(self.config.brand(), HandleKind::RefreshToken)
    }

    /// How long a record of `grant` must be kept if a token is issued now.
    pub(crate) fn keeps(&self) -> Duration {
        self.config.lifetimes().access_token
    }

    /// Starts a refresh chain, if this client and scope are to have one.
    ///
    /// A client that registered the grant type gets one, but with `openid` only for `offline_access`
    /// [OpenID Connect Core §11].
    pub(crate) fn begin_chain(&self, grant: GrantId, scope: &Scope, allowance: &Allowance) -> Option<(Handle, Chain)> {
        let wanted = scope.contains("offline_access") || !scope.contains("openid");
        let allowed = self.client.value().may_use(GrantType::RefreshToken);
        let begin = || Chain::begin(grant, self.chain_binding(allowance), &self.config.lifetimes(), self.env);
        (wanted && allowed).then(begin)
    }

    /// What a refresh token is bound to: to the instance of its client that was attested
    /// [Attestation-Based Client Authentication §9.3]; otherwise as the access token, unless it is bound to its client already, by the client's
    /// authentication, so that such a client can renew its certificate or its key [RFC 8705 §4, §6.3, §7.1, RFC 9449 §5].
    pub(crate) fn chain_binding(&self, allowance: &Allowance) -> Option<Box<Confirmation>> {
        let instance = self.instance.map(|key| Box::new(Confirmation::Key(key)));
        instance.or_else(|| allowance.cnf.clone().filter(|_| !self.client.value().is_confidential()))
    }
}
