//! The resource server role: may this request do this? [`Access`] asks in the process of the authorization server,
//! `JwtResource`, behind the feature `jose`, asks nobody.

mod cross_origin;
#[cfg(feature = "jose")]
mod introspection_reader;
#[cfg(feature = "jose")]
mod jwt;
mod protected;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::HeaderValue;

pub use cross_origin::CrossOrigin;
#[cfg(feature = "jose")]
pub use introspection_reader::{IntrospectionFault, IntrospectionReader};
#[cfg(feature = "jose")]
pub use jwt::{JwtPermit, JwtResource, JwtResourceBuilder, JwtResourceFault};
pub use protected::{ProtectedResource, ProtectedResourceBuilder, ProtectedResourceFault};
pub use refusal::{ResourceReason, ResourceRefusal};

use url::{Origin, Url};

use crate::config::Config;
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::grant::PresentedAccess;
use crate::grant::holders::holders;
use crate::proof::Possession;
use crate::proof::dpop::PresentedProof;
use crate::record::{Actor, AuthorizationDetails, ClientId, Confirmation, GrantId, Resource, Scope, Subject};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
use crate::wire::{BearerFault, BearerSource, ClientCertificate, TokenScheme, presented_token};

/// What a request to a resource must show.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Demand {
    /// The scope that its token must have.
    pub scope: Scope,
    /// The resource that its token must be for; the server's usual audience if absent.
    pub resource: Option<Resource>,
    /// Where the token may be.
    pub source: BearerSource,
    /// Where the resource's metadata is, to be told with every refusal [RFC 9728 §5.1].
    pub resource_metadata: Option<Arc<str>>,
    /// How surely the person must have proved who they are: one of these, the best first; anything will do if empty.
    pub acr_values: Vec<String>,
    /// How long ago they may have proved it, in whole seconds.
    pub max_age: Option<Duration>,
    /// Whether its token must be bound to a key, of which the request has a proof [RFC 9449 §7].
    pub dpop_bound: bool,
    /// Where clients send requests, without the path of this one: `https://api.example`. What a request itself says of its
    /// host is never believed. If absent, it is where the resource's identifier is, or else the issuer.
    pub reached_at: Option<Arc<str>>,
}

impl Demand {
    /// Requires a token in the header that has `scope`.
    #[must_use]
    pub const fn new(scope: Scope) -> Self {
        Self {
            scope,
            resource: None,
            source: BearerSource::Header,
            resource_metadata: None,
            acr_values: Vec::new(),
            max_age: None,
            dpop_bound: false,
            reached_at: None,
        }
    }

    /// Requires that the token is for `resource`.
    #[must_use]
    pub fn at(mut self, resource: Resource) -> Self {
        self.resource = Some(resource);
        self
    }

    /// Requires that the token is for `resource`, takes it where that says, and tells with every refusal where its metadata
    /// is.
    #[must_use]
    pub fn of(mut self, resource: &ProtectedResource) -> Self {
        self.resource_metadata = Some(resource.metadata_url().into());
        self.dpop_bound = resource.metadata().dpop_bound_access_tokens_required;
        let demand = self.at(resource.identifier().clone());
        if resource.accepts_form() { demand.or_in_form() } else { demand }
    }

    /// Requires a token that is bound to a key, and a proof of that key [RFC 9449 §7].
    #[must_use]
    pub const fn dpop_bound(mut self) -> Self {
        self.dpop_bound = true;
        self
    }

    /// Says where clients send requests, as far as it does not follow from the path of the request: an origin, and the part of
    /// the path that a proxy or a router took away. Proofs are made for that [RFC 9449 §4.3].
    #[must_use]
    pub fn reached_at(mut self, base: impl Into<Arc<str>>) -> Self {
        self.reached_at = Some(base.into());
        self
    }

    /// The place that proofs are made for, without the path of the request; `usual` if nothing else says where it is.
    fn base(&self, usual: &str) -> String {
        if let Some(base) = &self.reached_at {
            return base.as_ref().to_owned();
        }
        let origin = |text: &str| Some(Url::parse(text).ok()?.origin()).filter(Origin::is_tuple);
        let named = self.resource.as_ref().and_then(|resource| origin(resource.as_str()));
        named.or_else(|| origin(usual)).map(|origin| origin.ascii_serialization()).unwrap_or_default()
    }

    /// Requires that the person proved who they are as surely as one of these, the best first [RFC 9470 §3].
    #[must_use]
    pub fn with_acr<I: IntoIterator<Item: Into<String>>>(mut self, values: I) -> Self {
        self.acr_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Requires that the person proved who they are at most so long ago [RFC 9470 §3].
    #[must_use]
    pub const fn authenticated_within(mut self, limit: Duration) -> Self {
        self.max_age = Some(limit);
        self
    }

    /// Whether the person proved who they are as surely and as lately as this needs; no person did not.
    fn is_reached_by(&self, acr: Option<&str>, authenticated: Option<Timestamp>, now: Timestamp) -> bool {
        let sure = self.acr_values.is_empty() || self.acr_values.iter().any(|value| Some(value.as_str()) == acr);
        let late = |limit: Duration| authenticated.is_some_and(|at| at.until(now).as_secs() <= limit.as_secs());
        sure && self.max_age.is_none_or(late)
    }

    /// A token that is bound to a key comes beside a proof of it, and no other token does [RFC 9449 §7.1, §7.2]; one that is
    /// bound to a certificate comes over a connection that has it [RFC 8705 §3].
    fn check_binding(
        &self,
        cnf: Option<&Confirmation>,
        possession: Option<Possession>,
        certificate: Option<&ClientCertificate>,
    ) -> Result<(), ResourceReason> {
        let proven = match (cnf, possession) {
            (Some(cnf @ Confirmation::Key(_)), Some(possession)) => cnf.is_key(&possession.key),
            (Some(Confirmation::Key(_)), None) | (Some(Confirmation::Certificate(_)) | None, Some(_)) => false,
            (None, None) => !self.dpop_bound,
            (Some(cnf), None) => {
                ensure(cnf.is_met_by(certificate), ResourceReason::CertificateDiffers)?;
                !self.dpop_bound
            }
        };
        ensure(proven, ResourceReason::KeyDiffers)
    }

    /// Also reads the token from a form [RFC 6750 §2.2].
    #[must_use]
    pub const fn or_in_form(mut self) -> Self {
        self.source = BearerSource::HeaderOrForm;
        self
    }
}

/// A request to a resource, ready to be decided.
#[derive(Clone, Debug)]
pub struct Access {
    config: Arc<Config>,
    token: Result<Option<PresentedAccess>, ResourceReason>,
    scheme: Option<TokenScheme>,
    proof: PresentedProof,
    certificate: Option<ClientCertificate>,
    demand: Arc<Demand>,
}

impl Access {
    /// Takes a request to a resource of the server of `config`, with the [`ClientCertificate`] among its extensions, if
    /// its connection has one.
    #[must_use]
    pub fn new<B: AsRef<[u8]>>(config: &Arc<Config>, request: &Request<B>, demand: Demand) -> Self {
        let schemes: &[_] =
            if config.serves_dpop() { &[TokenScheme::Bearer, TokenScheme::Dpop] } else { &[TokenScheme::Bearer] };
        let shown = presented_token(request, demand.source, schemes, config.limits());
        let scheme = shown.as_ref().ok().map(|(scheme, _)| *scheme);
        let proof = match &shown {
            Ok((TokenScheme::Dpop, token)) => {
                PresentedProof::at_resource(config, request, &demand.base(config.issuer()), token.as_str())
            }
            Ok((TokenScheme::Bearer, _)) | Err(_) => PresentedProof::none(),
        };
        let token = shown.map(|(_, token)| PresentedAccess::parse(config, token.as_str()));
        let token = token.map_err(|fault| match fault {
            BearerFault::Missing => ResourceReason::TokenMissing,
            BearerFault::Malformed => ResourceReason::Malformed,
        });
        let certificate = ClientCertificate::of(request);
        Self { config: Arc::clone(config), token, scheme, proof, certificate, demand: Arc::new(demand) }
    }

    /// What the request proves to hold, and, if proofs are for one use here, what makes this one used.
    fn possession(&self, seen: &Snapshot) -> Result<(Option<Possession>, Option<Change>), Halt<ResourceReason>> {
        if self.config.uses_proofs_up() {
            return self.proof.accept(&self.config, seen).map(Option::unzip);
        }
        let possession = self.proof.accept_again(&self.config, seen.now()).map_err(ResourceReason::Proof)?;
        Ok((possession, None))
    }

    fn permit(&self, seen: &Snapshot, now: Timestamp) -> Result<Plan<Permit, ResourceRefusal>, Halt<ResourceReason>> {
        let (possession, used) = self.possession(seen)?;
        let token = self.token.as_ref().map_err(|reason| *reason)?.as_ref().ok_or(ResourceReason::TokenInvalid)?;
        let found = token.find(&self.config, seen)?.ok_or(ResourceReason::TokenInvalid)?;
        let (grant, token) = (found.grant.value(), found.token.value());
        ensure(grant.is_live() && now < token.expires, ResourceReason::TokenInvalid)?;
        let held = holders(grant, token, seen)?.is_some();
        ensure(held, ResourceReason::TokenInvalid)?;
        // A token that was asked for by a resource's name is no use at any other [RFC 8707 §3].
        let meant = match &self.demand.resource {
            Some(resource) => token.terms.audience.contains(resource),
            None => token.terms.audience == *self.config.audience(),
        };
        ensure(meant, ResourceReason::TokenInvalid)?;
        // Whoever stole a bound token learns no more of it.
        self.demand.check_binding(token.cnf.as_deref(), possession, self.certificate.as_ref())?;
        // Before the scope, which its challenge names as well [RFC 9470 §3].
        ensure(
            self.demand.is_reached_by(grant.mandate.acr().map(|acr| &**acr), grant.mandate.authenticated, now),
            ResourceReason::AuthenticationInsufficient,
        )?;
        ensure(token.terms.scope.covers(&self.demand.scope), ResourceReason::ScopeInsufficient)?;
        let permit = Permit {
            grant: grant.id,
            client: token.terms.client.clone(),
            subject: grant.subject().cloned(),
            actor: token.act.clone(),
            scope: token.terms.scope.clone(),
            details: token.terms.details.clone(),
            auth_time: grant.mandate.authenticated,
            acr: grant.mandate.acr().cloned(),
            amr: grant.mandate.shared_amr(),
            cnf: token.cnf.as_deref().copied(),
            expires: token.expires,
            dpop_nonce: self.proof.next_nonce(&self.config, now),
        };
        Ok(Plan::grant(used.into_iter().collect(), permit))
    }

    fn refuse(&self, reason: ResourceReason, now: Timestamp) -> ResourceRefusal {
        ResourceRefusal {
            reason,
            demand: Arc::clone(&self.demand),
            realm: self.config.realm(),
            scheme: self.scheme,
            algs: Some(self.config.proof_algorithms().join(" ")).filter(|algs| !algs.is_empty()),
            dpop_nonce: self.proof.next_nonce(&self.config, now),
        }
    }
}

/// What a token allows the request to do.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Permit {
    /// The grant behind it.
    pub grant: GrantId,
    /// Who calls.
    pub client: ClientId,
    /// For whom; absent where the client acts for itself.
    pub subject: Option<Subject>,
    /// Who acts for the subject, if not the client alone [RFC 8693 §4.1].
    pub actor: Option<Arc<Actor>>,
    /// All that the token allows.
    pub scope: Scope,
    /// What it allows beside the scope [RFC 9396 §9].
    pub details: AuthorizationDetails,
    /// When the subject last proved who they are; refreshing changes nothing of it [RFC 9470 §6.1].
    pub auth_time: Option<Timestamp>,
    /// How surely they proved it.
    pub acr: Option<Arc<str>>,
    /// By which methods they proved it.
    pub amr: Arc<[String]>,
    /// What its sender has proved to hold; absent if the token is bound to nothing.
    pub cnf: Option<Confirmation>,
    /// When it expires.
    pub expires: Timestamp,
    /// The nonce for the sender's next proof, if they need another one: send it as `DPoP-Nonce` with the answer, which nobody
    /// may keep then [RFC 9449 §8.2].
    pub dpop_nonce: Option<HeaderValue>,
}

impl Endpoint for Access {
    type Reply = Permit;
    type Refusal = ResourceRefusal;

    fn keys(&self) -> Vec<Key> {
        let found = self.token.iter().flatten();
        let used = || self.proof.record().filter(|_| self.config.uses_proofs_up());
        found.flat_map(PresentedAccess::keys).chain(used()).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let now = seen.now();
        match self.permit(seen, now) {
            Ok(plan) => Ok(plan),
            Err(Halt::Missing(need)) => Err(Halt::Missing(need)),
            Err(Halt::Refused(reason)) => Err(self.refuse(reason, now).into()),
        }
    }
}
