//! `oauth-as`: its own `http` service over its own `MemoryStorage`, opaque tokens,
//! defaults everywhere. The futures never wait, so each is polled once.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ::oauth_as as lib;
use lib::par::ParConfig;
use lib::registration::{RegistrationAttempt, RegistrationConfig, RegistrationDecision, RegistrationPolicy};
use lib::{
    ApprovalDecision, AuthorizationServer, AuthorizationService, Body, ClientAuth, ClientId, GrantType, MemoryStorage,
    ScopeSet, SecretHash, ServerConfig, ServiceBuilder, Storage, SystemClock,
};

use crate::host::{self, Ring};
use crate::wire::{
    self, ACCESS_TOKEN, APP, CLIENT_SECRET, DEVICE_CODE, REFRESH_TOKEN, REQUEST_URI, SVC, Sent, USER_CODE,
};
use crate::{Peer, Row, stopwatch};

pub struct OauthAs {
    server: Arc<AuthorizationServer<MemoryStorage>>,
    service: AuthorizationService<MemoryStorage, SystemClock>,
    refreshable: Ring,
    live: Ring,
}

impl Peer for OauthAs {
    const NAME: &'static str = "oauth-as";
    const ROWS: &'static [Row] = &Row::ALL;

    fn new(population: usize) -> Self {
        let mut config = ServerConfig::new(wire::ISSUER, "https://as.example/device");
        config.par = Some(Box::new(ParConfig::new()));
        let mut registration_config = RegistrationConfig::new();
        registration_config.allowed_scopes = ScopeSet::parse(wire::SCOPE).expect("scope");
        config.registration = Some(Box::new(registration_config));
        let server = AuthorizationServer::new(config, MemoryStorage::new());
        let server = Arc::new(server.with_registration_policy(Box::new(Open)));
        for client in [&APP, &SVC] {
            ready(server.register_client(registration(client))).expect("registered");
        }
        let service = ServiceBuilder::new(Arc::clone(&server))
            .with_subject_resolver(|headers| host::signed_in(headers).map(str::to_owned))
            .with_approval_resolver(|request| match host::agreed(request.client_id.as_str()) {
                true => ApprovalDecision::Approve,
                false => ApprovalDecision::Deny,
            })
            .build()
            .expect("service");

        let half = host::half(population);
        let mut peer = OauthAs { server, service, refreshable: Ring::of(half, 64), live: Ring::of(half, 64) };
        for number in 0..half {
            let user = host::user(number);
            let granted = peer.grant(&APP, &user);
            peer.refreshable.offer(wire::member(&granted, REFRESH_TOKEN));
            let granted = peer.grant(&SVC, &user);
            peer.live.offer(wire::member(&granted, ACCESS_TOKEN));
        }
        peer.refreshable.shuffle();
        peer.live.shuffle();
        peer
    }

    fn code_pkce(&mut self) {
        let redirect = self.handle(wire::authorize(&APP, "user-1"));
        let granted = self.handle(wire::redeem(&APP, wire::code(&redirect)));
        wire::member(&granted, ACCESS_TOKEN);
    }

    fn client_credentials(&mut self) {
        let granted = self.handle(wire::client_credentials());
        wire::member(&granted, ACCESS_TOKEN);
    }

    fn refresh(&mut self) {
        let granted = self.handle(wire::refresh(self.refreshable.token()));
        self.refreshable.rotate(wire::member(&granted, REFRESH_TOKEN));
    }

    fn introspect(&mut self) {
        let state = self.handle(wire::introspect(self.live.token()));
        wire::assert_active(&state);
        self.live.advance();
    }

    fn device_poll(&mut self) {
        let codes = self.prepare(wire::begin_device());
        wire::assert_pending(&self.handle(wire::poll(wire::member(&codes, DEVICE_CODE))));
    }

    fn device_redemption(&mut self) {
        let codes = self.prepare(wire::begin_device());
        ready(self.server.approve_device(wire::member(&codes, USER_CODE), "user-1")).expect("approved");
        let granted = self.handle(wire::poll(wire::member(&codes, DEVICE_CODE)));
        wire::member(&granted, ACCESS_TOKEN);
    }

    fn exchange(&mut self) {
        let granted = self.handle(wire::exchange(self.live.token()));
        wire::member(&granted, ACCESS_TOKEN);
        self.live.advance();
    }

    fn push(&mut self) {
        let pushed = self.handle(wire::push());
        let redirect = self.handle(wire::bring(wire::member(&pushed, REQUEST_URI), "user-1"));
        wire::code(&redirect);
    }

    fn register(&mut self) {
        let registered = self.handle(wire::register());
        wire::member(&registered, CLIENT_SECRET);
    }
}

impl OauthAs {
    /// What is not measured.
    fn prepare(&self, request: Sent) -> http::Response<impl AsRef<[u8]> + use<>> {
        ready(self.service.handle(request.map(Body::from))).map(Body::into_bytes)
    }

    fn handle(&self, request: Sent) -> http::Response<impl AsRef<[u8]> + use<>> {
        let request = request.map(Body::from);
        let response = stopwatch::run(|| ready(self.service.handle(request)));
        response.map(Body::into_bytes)
    }

    /// One grant of the population. Its spent code is taken out at once, as the
    /// host's sweep would do a minute later.
    fn grant(&self, client: &wire::Client, user: &str) -> http::Response<impl AsRef<[u8]> + use<>> {
        let redirect = self.handle(wire::authorize(client, user));
        let code = wire::code(&redirect);
        let granted = self.handle(wire::redeem(client, code));
        let spent = ready(self.server.store().take_authorization_code(code));
        assert!(spent.expect("store").is_some());
        granted
    }
}

/// Anyone may register.
struct Open;

impl RegistrationPolicy for Open {
    fn authorize(&self, _: &RegistrationAttempt<'_>) -> RegistrationDecision {
        RegistrationDecision::Allow
    }
}

fn registration(client: &wire::Client) -> lib::Client {
    let scopes = ScopeSet::parse(wire::SCOPE).expect("scope");
    lib::Client {
        client_id: ClientId::new(client.id),
        auth: match client.secret {
            None => ClientAuth::Public,
            Some(secret) => ClientAuth::ConfidentialSecretHash { hash: SecretHash::sha256(secret) },
        },
        grant_types: vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::DeviceCode,
            GrantType::TokenExchange,
        ],
        redirect_uris: vec![wire::REDIRECT_URI.to_owned()],
        allowed_scopes: scopes.clone(),
        default_scopes: scopes,
        name: None,
        registration: None,
    }
}

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the store is in memory"),
    }
}
