//! `grantor`: the blocking facade over its own `Memory`, the system's clock and
//! randomness. The host remembers the consent, so an authorization is one request.

use ::grantor as lib;
use http::Response;
use lib::record::{Client, ClientSecretDigest, GrantType, Scope, Subject};
use lib::server::{Place, Session, Visitor};
use lib::store::Memory;
use lib::{AuthorizationServer, Clock, Config, Progress, SystemClock, Timestamp};

use crate::host::{self, Ring};
use crate::wire::{self, ACCESS_TOKEN, APP, REFRESH_TOKEN, SVC, Sent};
use crate::{Peer, Row, stopwatch};

pub struct Grantor {
    server: AuthorizationServer<Memory>,
    /// When the user of the session signed in.
    signed_in: Timestamp,
    consent: Scope,
    refreshable: Ring,
    live: Ring,
}

impl Peer for Grantor {
    const NAME: &'static str = "grantor";
    const ROWS: &'static [Row] = &Row::ALL;

    fn new(population: usize) -> Self {
        let config = Config::builder(wire::ISSUER)
            .scopes(wire::SCOPE.split(' '))
            // As long as the peers' tokens, so that none runs out while a million are made and measured.
            .lifetimes(|lifetimes| lifetimes.access_token = std::time::Duration::from_secs(3600))
            .build()
            .expect("configuration");
        let server = AuthorizationServer::new(config, Memory::new());
        for client in [&APP, &SVC] {
            server.store().put_client(registration(client));
        }

        let half = host::half(population);
        let mut peer = Grantor {
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
}

impl Grantor {
    fn handle(&self, request: Sent) -> Response<Vec<u8>> {
        // The request is dropped in here, as it is by the others.
        stopwatch::run(move || match request.uri().path() {
            "/authorize" => self.authorize(&request),
            "/token" => self.server.answer(Place::Token, &request),
            "/introspect" => self.server.answer(Place::Introspection, &request),
            _ => unreachable!("no such endpoint here"),
        })
    }

    fn authorize(&self, request: &Sent) -> Response<Vec<u8>> {
        let asked = self.server.read_authorization(request).expect("authorization request");
        let agreed = asked.client_id.as_deref().is_some_and(host::agreed);
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
    let people = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    let builder = match client.secret {
        None => builder.grant_types(&people),
        Some(secret) => builder
            .grant_types(&[people[0], people[1], GrantType::ClientCredentials])
            .secret(ClientSecretDigest::new(secret, [7; 16], None)),
    };
    builder.build().expect("client")
}
