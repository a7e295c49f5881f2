//! The resource server role, in the process of the authorization server: may this request do this?

mod cross_origin;
mod protected;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use http::Request;

pub use cross_origin::CrossOrigin;
pub use protected::{ProtectedResource, ProtectedResourceBuilder, ProtectedResourceFault};
pub use refusal::{ResourceReason, ResourceRefusal};

use crate::config::Config;
use crate::env::Timestamp;
use crate::grant::ensure;
use crate::grant::holders::holders;
use crate::record::{
    Actor, AuthorizationDetails, ClientId, Confirmation, Grant, GrantId, Handle, HandleKind, Resource, Scope, Subject,
    TokenId,
};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{BearerFault, BearerSource, ClientCertificate, bearer_token};

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
        let demand = self.at(resource.identifier().clone());
        if resource.accepts_form() { demand.or_in_form() } else { demand }
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

    /// Whether the person behind `grant` proved who they are as surely and as lately as this needs; no person did not.
    fn is_reached_by(&self, grant: &Grant, now: Timestamp) -> bool {
        let acr = grant.acr.as_deref();
        let sure = self.acr_values.is_empty() || self.acr_values.iter().any(|value| Some(value.as_str()) == acr);
        let late = |limit: Duration| grant.authenticated.is_some_and(|at| at.until(now).as_secs() <= limit.as_secs());
        sure && self.max_age.is_none_or(late)
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
    token: Result<Option<(Handle, TokenId)>, ResourceReason>,
    certificate: Option<ClientCertificate>,
    demand: Arc<Demand>,
    realm: Arc<str>,
    usual: Arc<[Resource]>,
}

impl Access {
    /// Takes a request to a resource of the server of `config`, with the [`ClientCertificate`] among its extensions, if
    /// its connection has one.
    #[must_use]
    pub fn new<B: AsRef<[u8]>>(config: &Arc<Config>, request: &Request<B>, demand: Demand) -> Self {
        let token = bearer_token(request, demand.source, config.limits()).map(|token| {
            let handle = Handle::parse(config.brand(), HandleKind::AccessToken, token.as_str())?;
            let id = TokenId::of(&handle);
            Some((handle, id))
        });
        let token = token.map_err(|fault| match fault {
            BearerFault::Missing => ResourceReason::TokenMissing,
            BearerFault::Malformed => ResourceReason::Malformed,
        });
        let certificate = ClientCertificate::of(request);
        Self { token, certificate, demand: Arc::new(demand), realm: config.realm(), usual: config.audience() }
    }

    fn permit(&self, seen: &Snapshot, now: Timestamp) -> Result<Permit, Halt<ResourceReason>> {
        let (handle, id) =
            self.token.as_ref().map_err(|reason| *reason)?.as_ref().ok_or(ResourceReason::TokenInvalid)?;
        let grant = seen.grant(handle.grant())?.ok_or(ResourceReason::TokenInvalid)?.value();
        let token = seen.token(*id)?.ok_or(ResourceReason::TokenInvalid)?.value();
        ensure(grant.is_live() && now < token.expires, ResourceReason::TokenInvalid)?;
        let held = holders(grant, token, seen)?.is_some();
        ensure(held, ResourceReason::TokenInvalid)?;
        // A token that was asked for by a resource's name is no use at any other [RFC 8707 §3].
        let meant = match &self.demand.resource {
            Some(resource) => token.audience.contains(resource),
            None => token.audience == self.usual,
        };
        ensure(meant, ResourceReason::TokenInvalid)?;
        // Whoever stole a bound token learns no more of it.
        let bound = token.cnf.as_ref().is_none_or(|cnf| cnf.is_met_by(self.certificate.as_ref()));
        ensure(bound, ResourceReason::CertificateDiffers)?;
        // Before the scope, which its challenge names as well [RFC 9470 §3].
        ensure(self.demand.is_reached_by(grant, now), ResourceReason::AuthenticationInsufficient)?;
        ensure(token.scope.covers(&self.demand.scope), ResourceReason::ScopeInsufficient)?;
        Ok(Permit {
            grant: grant.id,
            client: token.client.clone(),
            subject: grant.subject.clone(),
            actor: token.act.clone(),
            scope: token.scope.clone(),
            details: token.details.clone(),
            auth_time: grant.authenticated,
            acr: grant.acr.clone(),
            amr: Arc::clone(&grant.amr),
            cnf: token.cnf.as_deref().copied(),
            expires: token.expires,
        })
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
}

impl Endpoint for Access {
    type Reply = Permit;
    type Refusal = ResourceRefusal;

    fn keys(&self) -> Vec<Key> {
        let found = self.token.iter().flatten();
        found.flat_map(|(handle, id)| [Key::Grant(handle.grant()), Key::Token(*id)]).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let now = seen.now();
        match self.permit(seen, now) {
            Ok(permit) => Ok(Plan::grant(Vec::new(), permit)),
            Err(Halt::Missing(need)) => Err(Halt::Missing(need)),
            Err(Halt::Refused(reason)) => {
                let (demand, realm) = (Arc::clone(&self.demand), Arc::clone(&self.realm));
                Err(ResourceRefusal { reason, demand, realm }.into())
            }
        }
    }
}
