//! The check of a resource server that does not ask: all that it needs is in the token [RFC 9068 §4].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::HeaderValue;
use serde_json::{Map, Value};

use super::{Demand, ResourceReason, ResourceRefusal};
use crate::config::Dpop;
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::jose::{Algorithms, ClaimFault, Claims, JwkSet, Jws, JwsFault, Purpose, Times};
use crate::proof::Possession;
use crate::proof::dpop::{PresentedProof, Proof};
use crate::record::{AuthorizationDetails, ClientId, Digest, Resource, Scope, Subject, web_url};
use crate::wire::{AccessTokenClaims, BearerFault, ClientCertificate, Limits, TokenScheme, presented_token};

/// A resource that checks the JWT access tokens of one issuer by itself. A token that was revoked is good here until it
/// expires; a resource that cannot wait asks the issuer's introspection endpoint instead.
///
/// ```
/// # use grantor::{Timestamp, jose::JwkSet, record::Scope, resource::{Demand, JwtResource}};
/// let api = JwtResource::builder("https://as.example", "https://api.example/").build()?;
/// let keys = JwkSet::parse(r#"{"keys":[]}"#)?; // what `jwks_uri` says, fetched again now and then
/// let request = http::Request::get("https://api.example/notes").body("")?;
/// let demand = Demand::new(Scope::parse("read")?);
/// match api.check(&request, demand, &keys, Timestamp::from_unix(1_800_000_000)) {
///     Ok(permit) => println!("{:?} may read", permit.claims.sub),
///     Err(refusal) => assert_eq!(refusal.print().status(), 401),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwtResource {
    issuer: Arc<str>,
    resource: Resource,
    purpose: Purpose,
    clock_tolerance: Duration,
    realm: Arc<str>,
    dpop: Option<Dpop>,
    limits: Limits,
}

/// What a token allows the request to do.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct JwtPermit {
    /// What the token says.
    pub claims: AccessTokenClaims,
    /// All that it says, for claims that nobody here knows.
    pub all: Map<String, Value>,
    /// The proof that came with it, and from when on it would be refused: a resource that takes each proof once remembers it
    /// until then [RFC 9449 §11.1].
    pub proof: Option<(Digest, Timestamp)>,
    /// The nonce for the sender's next proof, if they need another one: send it as `DPoP-Nonce` with the answer, which nobody
    /// may keep then [RFC 9449 §8.2].
    pub dpop_nonce: Option<HeaderValue>,
}

/// Of claims that nobody here knows, only the names are shown.
impl fmt::Debug for JwtPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("JwtPermit");
        shown.field("claims", &self.claims).field("all", &self.all.keys().collect::<Vec<_>>());
        shown.field("proof", &self.proof).finish_non_exhaustive()
    }
}

impl JwtResource {
    /// Starts the check of the resource known as `resource`, which takes tokens of the issuer `issuer`.
    #[must_use]
    pub fn builder(issuer: &str, resource: &str) -> JwtResourceBuilder {
        JwtResourceBuilder {
            issuer: issuer.into(),
            resource: resource.to_owned(),
            algorithms: Algorithms::ASYMMETRIC,
            clock_tolerance: Duration::from_secs(10),
            realm: Arc::from("grantor"),
            dpop: None,
            limits: Limits::default(),
        }
    }

    /// Whether `request` may do what takes `demand`, given that these are the issuer's keys.
    ///
    /// The [`ClientCertificate`] of its connection is among the extensions of the request, if there is one.
    ///
    /// # Errors
    ///
    /// It may not; [`ResourceReason::KeyUnknown`] means that the issuer may have a new key.
    pub fn check<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        demand: impl Into<Arc<Demand>>,
        keys: &JwkSet,
        now: Timestamp,
    ) -> Result<JwtPermit, Box<ResourceRefusal>> {
        let demand = demand.into();
        let schemes = [TokenScheme::Bearer, TokenScheme::Dpop];
        let schemes = if self.dpop.is_some() { &schemes[..] } else { &schemes[..1] };
        let shown = presented_token(request, demand.source, schemes, &self.limits);
        let proof = match (&shown, &self.dpop) {
            (Ok((TokenScheme::Dpop, token)), Some(policy)) => {
                PresentedProof::below(&demand.base(self.resource.as_str()), policy, request, token.as_str())
            }
            _ => PresentedProof::none(),
        };
        let dpop_nonce = self.dpop.as_ref().and_then(|policy| proof.nonce_after(policy, now));
        let scheme = shown.as_ref().ok().map(|(scheme, _)| *scheme);
        let token = shown.map_err(|fault| match fault {
            BearerFault::Missing => ResourceReason::TokenMissing,
            BearerFault::Malformed => ResourceReason::Malformed,
        });
        let certificate = ClientCertificate::of(request);
        let permitted = token.and_then(|(_, token)| {
            let proof = self.dpop.as_ref().map_or(Ok(None), |policy| proof.judge(policy, now))?;
            let (claims, all) = self.read(token.as_str(), &demand, keys, now)?;
            let possession = proof.map(|(proof, _)| Possession { key: proof.key() });
            demand.check_binding(claims.cnf.as_ref(), possession, certificate.as_ref())?;
            let reached = demand.is_reached_by(claims.acr.as_deref(), claims.auth_time, now);
            ensure(reached, ResourceReason::AuthenticationInsufficient)?;
            ensure(claims.scope.covers(&demand.scope), ResourceReason::ScopeInsufficient)?;
            let proof = proof.map(|(proof, dies): (&Proof, _)| (proof.name(), dies));
            Ok(JwtPermit { claims, all, proof, dpop_nonce: dpop_nonce.clone() })
        });
        let algs = || self.dpop.as_ref().map(|policy| policy.algorithm_names().collect::<Vec<_>>().join(" "));
        permitted.map_err(|reason| {
            let realm = Arc::clone(&self.realm);
            Box::new(ResourceRefusal { reason, demand: Arc::clone(&demand), realm, scheme, algs: algs(), dpop_nonce })
        })
    }

    /// What a token says that is of this issuer, for this resource and for now.
    fn read(
        &self,
        token: &str,
        demand: &Demand,
        keys: &JwkSet,
        now: Timestamp,
    ) -> Result<(AccessTokenClaims, Map<String, Value>), ResourceReason> {
        let verified = Jws::parse(token, &self.purpose).and_then(|jws| jws.verify_among(keys));
        let verified = verified.map_err(|fault| {
            if fault == JwsFault::KeyUnknown { ResourceReason::KeyUnknown } else { ResourceReason::TokenInvalid }
        })?;
        let expected = demand.resource.as_ref().unwrap_or(&self.resource);
        let times = Times::at(now).tolerance(self.clock_tolerance);
        let judge = |claims: &Claims| {
            claims.require_issuer(&self.issuer)?;
            claims.require_audience(&[expected.as_str()])?;
            claims.require_times(&times)?;
            self.claims(claims)
        };
        let claims = verified.claims().map_err(|_| ResourceReason::TokenInvalid)?;
        let said = judge(&claims).map_err(|_| ResourceReason::TokenInvalid)?;
        Ok((said, claims.into_members()))
    }

    /// [RFC 9068 §2.2]: what is required is there, and what is there is understood.
    fn claims(&self, claims: &Claims) -> Result<AccessTokenClaims, ClaimFault> {
        let audience = claims.audience().ok_or(ClaimFault::Missing("aud"))?;
        Ok(AccessTokenClaims {
            iss: Arc::clone(&self.issuer),
            exp: claims.expires().ok_or(ClaimFault::Missing("exp"))?,
            aud: audience.iter().filter_map(|name| Resource::parse(name).ok()).collect(),
            sub: Subject::new(claims.subject()?),
            client_id: ClientId::new(claims.required_text("client_id")?),
            iat: claims.issued().ok_or(ClaimFault::Missing("iat"))?,
            jti: claims.id()?.to_owned(),
            scope: optional(claims, "scope")?.unwrap_or_else(Scope::empty),
            auth_time: claims.time("auth_time")?,
            acr: claims.text("acr")?.map(Arc::from),
            amr: optional(claims, "amr")?.unwrap_or_default(),
            authorization_details: optional(claims, "authorization_details")?
                .unwrap_or_else(AuthorizationDetails::none),
            act: optional(claims, "act")?,
            cnf: optional(claims, "cnf")?,
        })
    }
}

fn optional<T: serde::de::DeserializeOwned>(claims: &Claims, name: &'static str) -> Result<Option<T>, ClaimFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    serde_json::from_value(value.clone()).map(Some).map_err(|_| ClaimFault::WrongType(name))
}

/// Collects what a resource expects of tokens; `build` checks it.
#[derive(Clone, Debug)]
pub struct JwtResourceBuilder {
    issuer: Arc<str>,
    resource: String,
    algorithms: Algorithms,
    clock_tolerance: Duration,
    realm: Arc<str>,
    dpop: Option<Dpop>,
    limits: Limits,
}

impl JwtResourceBuilder {
    /// The algorithms that tokens may have; all with a public key by default.
    #[must_use]
    pub const fn algorithms(mut self, algorithms: Algorithms) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// By how much the issuer's clock may differ from ours, in whole seconds; 10 s by default, 5 min at most.
    #[must_use]
    pub const fn clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.clock_tolerance = tolerance;
        self
    }

    /// What is protected together, as challenges name it; `grantor` by default.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<Arc<str>>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Takes DPoP proofs [RFC 9449 §7]. Whether each is taken once is for whoever is told of it in [`JwtPermit::proof`];
    /// `single_use_at_resources` means nothing here.
    #[must_use]
    pub fn dpop(mut self, change: impl FnOnce(&mut Dpop)) -> Self {
        change(self.dpop.get_or_insert_default());
        self
    }

    /// What a request may hold.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Makes the check.
    ///
    /// # Errors
    ///
    /// Something is dangerous or could not work; the error names it and says what to do.
    pub fn build(self) -> Result<JwtResource, JwtResourceFault> {
        let Self { issuer, resource, algorithms, clock_tolerance, realm, dpop, limits } = self;
        ensure(web_url(&issuer).is_some(), JwtResourceFault::Issuer(issuer.as_ref().to_owned()))?;
        let resource = Resource::parse(&resource).map_err(|_| JwtResourceFault::Resource(resource))?;
        ensure(algorithms.are_asymmetric(), JwtResourceFault::Algorithms)?;
        ensure(clock_tolerance.as_secs() <= 300, JwtResourceFault::ClockTolerance)?;
        let quotable = |byte: u8| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\');
        let plain = !realm.is_empty() && realm.bytes().all(quotable);
        ensure(plain, JwtResourceFault::Realm(realm.as_ref().to_owned()))?;
        ensure(dpop.as_ref().is_none_or(|policy| policy.check().is_ok()), JwtResourceFault::Dpop)?;
        let purpose = Purpose::ACCESS_TOKEN.with(algorithms);
        Ok(JwtResource { issuer, resource, purpose, clock_tolerance, realm, dpop, limits })
    }
}

/// Why a resource cannot check tokens like this.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtResourceFault {
    /// The issuer.
    #[error("issuer {0:?}: use the issuer identifier, an https URL")]
    Issuer(String),
    /// The resource.
    #[error("resource {0:?}: use an absolute URI without a fragment")]
    Resource(String),
    /// The algorithms.
    #[error("algorithms: use some with a public key, and no others")]
    Algorithms,
    /// The clock tolerance.
    #[error("clock_tolerance: use at most 5 min")]
    ClockTolerance,
    /// The realm.
    #[error("realm {0:?}: use printable ASCII without quotation marks and backslashes")]
    Realm(String),
    /// DPoP.
    #[error(
        "dpop: use algorithms with a public key, a window of 1 s to 10 min, and nonces that change every 1 s to 10 min"
    )]
    Dpop,
}
