//! The token endpoint [RFC 6749 §3.2].

use std::sync::Arc;

use crate::client_auth::authenticate;
use crate::config::{Config, ScopeFault};
use crate::env::Env;
use crate::event::Event;
use crate::grant::authorization_code::Redemption;
use crate::grant::refresh::Refreshing;
use crate::grant::{Requester, client_credentials};
use crate::record::Handle;
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{Credentials, TokenGrant, TokenRefusal, TokenRequest, TokenResponse};

/// A request for tokens, ready to be decided.
#[derive(Clone, Debug)]
pub struct Token {
    config: Arc<Config>,
    credentials: Credentials,
    grant: Presented,
}

/// What the request presents, with its handle read.
#[derive(Clone, Debug)]
enum Presented {
    Code(Redemption),
    Refresh(Refreshing),
    ClientCredentials { scope: Option<String> },
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
            TokenGrant::Unknown { .. } => Presented::Unknown,
            TokenGrant::Missing => Presented::Missing,
        };
        Self { config, credentials: request.credentials, grant }
    }

    fn handle(&self) -> Option<&Handle> {
        match &self.grant {
            Presented::Code(redemption) => redemption.handle(),
            Presented::Refresh(refreshing) => refreshing.handle(),
            Presented::ClientCredentials { .. } | Presented::Unknown | Presented::Missing => None,
        }
    }
}

impl Endpoint for Token {
    type Reply = TokenResponse;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        let client = Key::Client(self.credentials.client().clone());
        match self.handle() {
            Some(handle) => vec![client, Key::Grant(handle.grant())],
            None => vec![client],
        }
    }

    fn decide(&self, seen: &Snapshot, env: &Env) -> Decision<Self> {
        let client = match authenticate(&self.credentials, seen, env) {
            Ok(client) => client,
            Err(halt) => return unauthenticated(&self.credentials, halt),
        };
        let requester = Requester { config: &self.config, client, env };
        match &self.grant {
            Presented::Code(redemption) => redemption.decide(&requester, seen),
            Presented::Refresh(refreshing) => refreshing.decide(&requester, seen),
            Presented::ClientCredentials { scope } => client_credentials::decide(&requester, scope.as_deref()),
            Presented::Unknown => Err(TokenRefusal::GrantTypeUnsupported.into()),
            Presented::Missing => Err(TokenRefusal::ParameterMissing("grant_type").into()),
        }
    }
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
            Ok(Plan::refuse(Vec::new(), refusal).reporting(Event::ClientAuthenticationFailed { client }))
        }
    }
}

impl From<ScopeFault> for TokenRefusal {
    fn from(fault: ScopeFault) -> Self {
        match fault {
            ScopeFault::Malformed => Self::ScopeMalformed,
            ScopeFault::Missing => Self::ScopeMissing,
            ScopeFault::Unknown => Self::ScopeUnknown,
            ScopeFault::NotAllowed(scope) => Self::ScopeNotAllowed(scope),
        }
    }
}
