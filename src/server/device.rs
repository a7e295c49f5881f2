//! The device authorization endpoint, where a device gets its codes [RFC 8628 §3.1].

use std::sync::Arc;
use std::time::Duration;

use crate::client_auth::{self, Authenticated, Shown, authenticate};
use crate::config::Config;
use crate::ensure::ensure;
use crate::env::Label;
use crate::record::{
    ClientId, DeviceCode, DeviceStage, Grant, GrantId, GrantState, GrantType, Handle, HandleKind, Mandate, UserCode,
};
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
use crate::wire::{DeviceRequest, DeviceResponse, TokenRefusal};

use super::token::unauthenticated;

/// A request of a device for codes, ready to be decided.
#[derive(Clone, Debug)]
pub struct DeviceAuthorization {
    pub(super) config: Arc<Config>,
    request: Box<DeviceRequest>,
}

/// One label for each round: a code that is taken is met with another one.
const LABELS: [&str; 9] = [
    "user code 0",
    "user code 1",
    "user code 2",
    "user code 3",
    "user code 4",
    "user code 5",
    "user code 6",
    "user code 7",
    "user code 8",
];

impl DeviceAuthorization {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>, request: DeviceRequest) -> Self {
        Self { config, request: Box::new(request) }
    }

    pub(super) const fn client(&self) -> &ClientId {
        self.request.credentials.client()
    }
}

impl Endpoint for DeviceAuthorization {
    type Reply = DeviceResponse;
    type Refusal = TokenRefusal;

    fn keys(&self) -> Vec<Key> {
        client_auth::keys(&self.request.credentials).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let Self { config, request } = self;
        let (credentials, certificate) = (&request.credentials, request.certificate.as_ref());
        let (client, used) = match authenticate(config, &Shown { credentials, certificate, proof: None }, seen) {
            Ok(Authenticated { client, used, .. }) => (client, used),
            Err(halt) => return unauthenticated(&request.credentials, halt),
        };
        let flow = config.device_flow().ok_or(TokenRefusal::GrantTypeUnsupported)?;
        ensure(client.value().may_use(GrantType::DeviceCode), TokenRefusal::GrantTypeNotAllowed)?;
        let (scope, details) = (request.scope.as_deref(), request.authorization_details.as_ref());
        let wanted = config.resolve(client.value(), scope, details, &request.resource).map_err(TokenRefusal::from)?;

        let label = LABELS.get(usize::from(seen.round())).copied().unwrap_or("user code");
        let (id, user_code) = (GrantId::mint(env), flow.user_codes.draw(&env.derive(label)));
        let device_code = Handle::mint(id, env, const { Label::new("device code") });
        let lifetime = config.lifetimes().device_code;
        let index = UserCode { id: user_code.digest(), grant: id, client: client.value().id().clone() };
        let state = GrantState::Device(Arc::new(DeviceCode {
            digest: device_code.digest(),
            expires: env.now.plus(lifetime),
            stage: DeviceStage::Pending { interval: flow.interval.as_secs(), last_poll: None },
        }));
        let mandate = Arc::new(Mandate::new(client.value(), wanted, env.now));
        let grant = Grant { id, mandate, state };
        let forgotten = grant.forgettable(env.now, Duration::ZERO);
        let response = DeviceResponse::new(
            device_code.expose(config.brand(), HandleKind::DeviceCode),
            &flow.user_codes.show(&user_code),
            format!("{}{}", config.issuer(), config.paths().verification),
            lifetime.as_secs(),
            flow.interval.as_secs(),
        );
        let index = Change::new_user_code(index, env.now.plus(lifetime));
        let changes = vec![client.still(), Change::new_grant(grant, forgotten), index];
        Ok(Plan::grant(changes, response).granting(used))
    }
}
