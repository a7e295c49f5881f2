//! `grantor`: the blocking facade over its own `Memory` and the system's clock, with either source of
//! randomness. The host remembers the consent, so an authorization is one request.

use ::grantor as lib;
use http::Response;
use lib::drive::Host;
use lib::fetch::{FetchRequest, Fetched, Unfetched};
use lib::record::{Client, ClientSecretDigest, GrantType, Scope, Subject};
use lib::server::{DeviceApproval, Place, Session, Verification, Visitor};
use lib::store::Memory;
use lib::{
    AuthorizationServer, Clock, Config, Progress, Question, Randomness, Registration, SigningInput, SystemClock,
    SystemRandomness, Timestamp, Verdict,
};

use rand::rngs::ThreadRng;

use crate::host::{self, Ring};
use crate::wire::{
    self, ACCESS_TOKEN, APP, CLIENT_SECRET, DEVICE_CODE, REFRESH_TOKEN, REQUEST_URI, SVC, Sent, USER_CODE,
};
use crate::{Peer, Row, stopwatch};

/// Seeds come from the generator of the thread, a choice that a host has to make.
pub type Grantor = Served<Threads>;

/// Seeds come from the system, one call for each request that makes a secret: the default.
pub type GrantorAsIs = Served<SystemRandomness>;

pub struct Served<R> {
    server: AuthorizationServer<Memory, Willing, (), SystemClock, R>,
    /// When the user of the session signed in.
    signed_in: Timestamp,
    consent: Scope,
    refreshable: Ring,
    live: Ring,
}

/// Where seeds come from.
pub trait Source: Randomness + 'static {
    const NAME: &'static str;

    fn new() -> Self;
}

pub type Threads = fn() -> ThreadRng;

impl Source for Threads {
    const NAME: &'static str = "grantor";

    fn new() -> Self {
        rand::rng
    }
}

impl Source for SystemRandomness {
    const NAME: &'static str = "grantor, as is";

    fn new() -> Self {
        SystemRandomness
    }
}

impl<R: Source> Peer for Served<R> {
    const NAME: &'static str = R::NAME;
    const ROWS: &'static [Row] = &Row::ALL;

    fn new(population: usize) -> Self {
        let config = Config::builder(wire::ISSUER)
            .scopes(wire::SCOPE.split(' '))
            .default_scope(wire::SCOPE)
            .device_flow(|_| ())
            .token_exchange()
            .registration(Registration::open())
            // As long as the peers' tokens, so that none runs out while a million are made and measured.
            .lifetimes(|lifetimes| lifetimes.access_token = std::time::Duration::from_secs(3600))
            .build()
            .expect("configuration");
        let server = AuthorizationServer::new(config, Memory::new()).with_host(Willing).with_randomness(R::new());
        for client in [&APP, &SVC] {
            server.store().put_client(registration(client));
        }

        let half = host::half(population);
        let mut peer = Served {
            server,
            signed_in: SystemClock.now(),
            consent: Scope::parse(wire::SCOPE).expect("scope"),
            refreshable: Ring::of(half, 70),
            live: Ring::of(half, 70),
        };
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
        let granted = self.grant(&APP, "user-1");
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
        let codes = self.prepare(&wire::begin_device());
        wire::assert_pending(&self.handle(wire::poll(wire::member(&codes, DEVICE_CODE))));
    }

    fn device_redemption(&mut self) {
        let codes = self.prepare(&wire::begin_device());
        let session = Session::new(Subject::new("user-1"), self.signed_in);
        let verification =
            Verification::new(self.server.config(), wire::member(&codes, USER_CODE), Some(session.clone()), "");
        let prompt = self.server.run(verification).expect("store").expect("waiting");
        let approval = DeviceApproval::new(self.server.config().clone(), *prompt, session);
        self.server.run(approval).expect("store").expect("approved");
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

impl<R: Source> Served<R> {
    fn handle(&self, request: Sent) -> Response<Vec<u8>> {
        // The request is dropped in here, as it is by the others.
        stopwatch::run(move || {
            let response = self.prepare(&request);
            drop(request);
            response
        })
    }

    /// What is not measured.
    fn prepare(&self, request: &Sent) -> Response<Vec<u8>> {
        match request.uri().path() {
            "/authorize" => self.authorize(request),
            "/token" => self.server.answer(Place::Token, request),
            "/introspect" => self.server.answer(Place::Introspection, request),
            "/device_authorization" => self.server.answer(Place::DeviceAuthorization, request),
            "/par" => self.server.answer(Place::PushedAuthorizationRequest, request),
            "/register" => self.server.answer(Place::Registration, request),
            _ => unreachable!("no such endpoint here"),
        }
    }

    fn authorize(&self, request: &Sent) -> Response<Vec<u8>> {
        let asked = self.server.read_authorization(request).expect("authorization request");
        let agreed = asked.client_id.as_ref().is_some_and(|client| host::agreed(client.as_str()));
        let visitor = match host::signed_in(request.headers()) {
            Some(user) => {
                let session = Session::new(Subject::new(user), self.signed_in);
                Visitor::logged_in(session, agreed.then(|| self.consent.clone()))
            }
            None => Visitor::anonymous(),
        };
        match self.server.authorize(asked, visitor) {
            Progress::Respond(response) => response,
            Progress::Ask(_) | Progress::Refuse(_) => unreachable!("signed in and agreed"),
        }
    }

    fn grant(&self, client: &wire::Client, user: &str) -> Response<Vec<u8>> {
        let redirect = self.handle(wire::authorize(client, user));
        self.handle(wire::redeem(client, wire::code(&redirect)))
    }
}

fn registration(client: &wire::Client) -> Client {
    let builder =
        Client::builder(client.id).redirect_uri(wire::REDIRECT_URI).scope(Scope::parse(wire::SCOPE).expect("scope"));
    let people = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode];
    let builder = match client.secret {
        None => builder.grant_types(&people),
        Some(secret) => builder
            .grant_types(&[people[0], people[1], GrantType::ClientCredentials, GrantType::TokenExchange])
            .secret(ClientSecretDigest::new(secret, [7; 16], None)),
    };
    builder.build().expect("client")
}

/// The host's policy of exchanges: yes.
#[derive(Clone, Copy)]
struct Willing;

impl Host for Willing {
    type Error = std::convert::Infallible;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Self::Error> {
        Ok(Err(Unfetched::NotServed))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, Self::Error> {
        Ok(Verdict::Allowed)
    }

    fn sign(&self, _: &SigningInput) -> Result<std::sync::Arc<[u8]>, Self::Error> {
        unreachable!("nothing is signed")
    }
}
