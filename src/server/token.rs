//! The token endpoint [RFC 6749 §3.2].

use std::sync::Arc;

use crate::client_auth::{self, Authenticated, Shown, authenticate};
use crate::config::Config;
use crate::ensure::ensure;
use crate::event::Event;
use crate::grant::authorization_code::Redemption;
use crate::grant::device::Poll;
use crate::grant::extension::Extending;
#[cfg(feature = "jose")]
use crate::grant::id_jag::Introducing;
#[cfg(feature = "jose")]
use crate::grant::jwt_bearer::Asserting;
use crate::grant::on_behalf_of::OnBehalf;
use crate::grant::password::Verifying;
use crate::grant::refresh::Refreshing;
use crate::grant::saml2_bearer::AssertingSaml;
use crate::grant::token_exchange::Exchanging;
use crate::grant::{Requester, client_credentials};
use crate::proof::Possession;
use crate::proof::dpop::PresentedProof;
use crate::record::{Client, ClientId, Exposed, GrantType, Handle};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
#[cfg(feature = "jose")]
use crate::wire::ID_JAG_TYPE;
use crate::wire::{ClientCertificate, Credentials, ProofFault, TokenGrant, TokenRefusal, TokenRequest, TokenResponse};

/// A request for tokens, ready to be decided.
#[derive(Clone, Debug)]
pub struct Token {
    pub(super) config: Arc<Config>,
    credentials: Credentials,
    certificate: Option<ClientCertificate>,
    proof: PresentedProof,
    grant: Presented,
    resource: Vec<String>,
    details: Option<Exposed>,
}

/// What the request presents, with its handle read.
#[derive(Clone, Debug)]
enum Presented {
    Code(Redemption),
    Refresh(Refreshing),
    ClientCredentials {
        scope: Option<String>,
    },
    Device(Poll),
    Exchange(Exchanging),
    Password(Verifying),
    #[cfg(feature = "jose")]
    Assertion(Asserting),
    #[cfg(feature = "jose")]
    Introduction(Introducing),
    OnBehalf(OnBehalf),
    Saml(AssertingSaml),
    Extension(Extending),
    Unknown,
    Missing,
}

impl Token {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, request: TokenRequest) -> Self {
        let brand = config.brand();
        let grant = match request.grant {
            TokenGrant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                Presented::Code(Redemption::new(brand, code.as_ref(), redirect_uri, code_verifier))
            }
            TokenGrant::RefreshToken { refresh_token } => {
                Presented::Refresh(Refreshing::new(brand, refresh_token.as_ref(), request.scope))
            }
            TokenGrant::ClientCredentials => Presented::ClientCredentials { scope: request.scope },
            TokenGrant::DeviceCode { device_code } if config.device_flow().is_some() => {
                Presented::Device(Poll::new(brand, device_code.as_ref()))
            }
            #[cfg(feature = "jose")]
            TokenGrant::TokenExchange(parameters)
                if config.issues_id_jags() && parameters.requested_token_type.as_deref() == Some(ID_JAG_TYPE) =>
            {
                Presented::Introduction(Introducing::new(&config, parameters, request.scope))
            }
            TokenGrant::TokenExchange(parameters) if config.serves(GrantType::TokenExchange) => {
                Presented::Exchange(Exchanging::new(&config, parameters, request.scope))
            }
            TokenGrant::Password { username, password } if config.serves(GrantType::Password) => {
                Presented::Password(Verifying::new(username, password, request.scope))
            }
            TokenGrant::JwtBearer { assertion, requested_token_use }
                if config.serves_on_behalf_of() && requested_token_use.as_deref() == Some("on_behalf_of") =>
            {
                Presented::OnBehalf(OnBehalf::new(&config, assertion.as_ref(), request.scope))
            }
            #[cfg(feature = "jose")]
            TokenGrant::JwtBearer { assertion, requested_token_use } if config.serves(GrantType::JwtBearer) => {
                Presented::Assertion(Asserting::new(assertion, requested_token_use, request.scope))
            }
            TokenGrant::Saml2Bearer { assertion } if config.serves(GrantType::Saml2Bearer) => {
                Presented::Saml(AssertingSaml::new(assertion, request.scope))
            }
            TokenGrant::Unknown { grant_type } => match config.extension(&grant_type) {
                Some(extension) => {
                    Presented::Extension(Extending::new(Arc::clone(extension), request.other, request.scope))
                }
                None => Presented::Unknown,
            },
            TokenGrant::DeviceCode { .. }
            | TokenGrant::TokenExchange(_)
            | TokenGrant::Password { .. }
            | TokenGrant::JwtBearer { .. }
            | TokenGrant::Saml2Bearer { .. } => Presented::Unknown,
            TokenGrant::Missing => Presented::Missing,
        };
        let (resource, details) = (request.resource, request.authorization_details);
        let (credentials, certificate) = (request.credentials, request.certificate);
        let proof = PresentedProof::at_endpoint(&config, &config.paths().token, request.dpop.as_ref());
        Self { config, credentials, certificate, proof, grant, resource, details }
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.credentials.client()
    }

    pub(super) const fn proof(&self) -> &PresentedProof {
        &self.proof
    }

    /// Adds the records behind what is presented.
    fn add_presented(&self, keys: &mut Vec<Key>) {
        let grant_of = |handle: Option<&Handle>| handle.map(|handle| Key::Grant(handle.grant()));
        match &self.grant {
            Presented::Code(redemption) => keys.extend(grant_of(redemption.handle())),
            Presented::Refresh(refreshing) => keys.extend(grant_of(refreshing.handle())),
            Presented::Device(poll) => keys.extend(grant_of(poll.handle())),
            Presented::Exchange(exchanging) => keys.extend(exchanging.keys()),
            #[cfg(feature = "jose")]
            Presented::Assertion(asserting) => keys.extend(asserting.record()),
            #[cfg(feature = "jose")]
            Presented::Introduction(introducing) => keys.extend(introducing.keys()),
            Presented::OnBehalf(on_behalf) => keys.extend(on_behalf.keys()),
            Presented::Extension(extending) => keys.extend(extending.keys()),
            Presented::ClientCredentials { .. }
            | Presented::Password(_)
            | Presented::Saml(_)
            | Presented::Unknown
            | Presented::Missing => {}
        }
    }
}

impl Endpoint for Token {
    type Reply = Box<TokenResponse>;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::with_capacity(4);
        keys.extend(client_auth::keys(&self.credentials));
        self.add_presented(&mut keys);
        keys.extend(self.proof.record());
        keys
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let (credentials, certificate) = (&self.credentials, self.certificate.as_ref());
        let shown = Shown { credentials, certificate, proof: Some(&self.proof) };
        let (client, assertion, instance) = match authenticate(&self.config, &shown, seen) {
            Ok(Authenticated { client, used, instance }) => (client, used, instance),
            Err(halt) => return unauthenticated(&self.credentials, halt),
        };
        let (possession, used) = match self.possession(client.value(), seen) {
            Ok(found) => found.unzip(),
            Err(halt) => return unproven(client.value(), halt),
        };
        let details = self.details.as_ref();
        let Self { config, resource, .. } = self;
        let requester = Requester { config, client, certificate, instance, possession, resource, details, seen, env };
        let plan = match &self.grant {
            Presented::Code(redemption) => redemption.decide(&requester, seen),
            Presented::Refresh(refreshing) => refreshing.decide(&requester, seen),
            Presented::ClientCredentials { scope } => client_credentials::decide(&requester, scope.as_deref()),
            Presented::Device(poll) => poll.decide(&requester, seen),
            Presented::Extension(extending) => extending.decide(&requester, seen),
            Presented::Exchange(exchanging) => exchanging.decide(&requester, seen),
            Presented::Password(verifying) => verifying.decide(&requester, seen),
            #[cfg(feature = "jose")]
            Presented::Assertion(asserting) => asserting.decide(&requester, seen),
            #[cfg(feature = "jose")]
            Presented::Introduction(introducing) => introducing.decide(&requester, seen),
            Presented::OnBehalf(on_behalf) => on_behalf.decide(&requester, seen),
            Presented::Saml(asserting) => asserting.decide(&requester, seen),
            Presented::Unknown => Err(TokenRefusal::GrantTypeUnsupported.into()),
            Presented::Missing => Err(TokenRefusal::ParameterMissing("grant_type").into()),
        }?;
        Ok(plan.granting(assertion.into_iter().chain(used)))
    }
}

impl Token {
    /// What the request proves to hold, before anything that it presents is looked at [RFC 9449 §5].
    fn possession(&self, client: &Client, seen: &Snapshot) -> Result<Option<(Possession, Change)>, Halt<TokenRefusal>> {
        let found = self.proof.accept(&self.config, seen)?;
        let missing = client.metadata().dpop_bound_access_tokens && found.is_none();
        ensure(!missing, TokenRefusal::Proof(ProofFault::Missing))?;
        Ok(found)
    }
}

/// Reports the replay of a proof together with its refusal.
pub(super) fn unproven<R>(
    client: &Client,
    halt: Halt<TokenRefusal>,
) -> Result<Plan<R, TokenRefusal>, Halt<TokenRefusal>> {
    if halt != Halt::Refused(TokenRefusal::Proof(ProofFault::Replayed)) {
        return Err(halt);
    }
    let (client, refusal) = (client.id().clone(), TokenRefusal::Proof(ProofFault::Replayed));
    Ok(Plan::refuse(Vec::new(), refusal).reporting(Event::ProofReplayed { client }))
}

/// Reports a failed authentication together with its refusal.
pub(super) fn unauthenticated<R>(
    credentials: &Credentials,
    halt: Halt<TokenRefusal>,
) -> Result<Plan<R, TokenRefusal>, Halt<TokenRefusal>> {
    match halt {
        Halt::Missing(need) => Err(Halt::Missing(need)),
        Halt::Refused(refusal) => {
            let client = credentials.client().clone();
            let event = if let TokenRefusal::ClientDocument(fault) = refusal {
                Event::ClientDocumentRefused { client, fault }
            } else {
                Event::ClientAuthenticationFailed { client }
            };
            Ok(Plan::refuse(Vec::new(), refusal).reporting(event))
        }
    }
}
