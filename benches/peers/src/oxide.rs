//! `oxide-auth`: its `Generic` endpoint built per request over borrowed
//! `ClientMap`, `AuthMap` and `TokenMap`, as its own examples do, with the `Pkce`
//! addon. It has no introspection endpoint: only `ResourceFlow`, which guards a
//! resource in the same process.

use std::borrow::Cow;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use http::{HeaderValue, Method, StatusCode, header};
use oxide_auth::endpoint::{
    AccessTokenFlow, AuthorizationFlow, ClientCredentialsFlow, Endpoint, OwnerConsent, OwnerSolicitor, QueryParameter,
    RefreshFlow, Solicitation, WebRequest, WebResponse,
};
use oxide_auth::frontends::simple::endpoint::{Error, Generic, Vacant};
use oxide_auth::frontends::simple::extensions::{AddonList, Extended, Pkce};
use oxide_auth::primitives::grant::{Extensions, Grant};
use oxide_auth::primitives::prelude::*;
use oxide_auth::primitives::registrar::{Argon2, ExactUrl, PasswordPolicy, RegisteredUrl, RegistrarError};
use sha2::{Digest, Sha256};
use url::Url;

use crate::host::{self, Ring};
use crate::wire::{self, ACCESS_TOKEN, APP, REFRESH_TOKEN, SVC, Sent};
use crate::{Peer, Row, stopwatch};

pub struct Oxide {
    registrar: ClientMap,
    authorizer: AuthMap<RandomGenerator>,
    issuer: TokenMap<RandomGenerator>,
    addons: AddonList,
    refreshable: Ring,
}

impl Peer for Oxide {
    const NAME: &'static str = "oxide-auth";
    const ROWS: &'static [Row] = &[Row::CodePkce, Row::ClientCredentials, Row::Refresh];

    fn new(population: usize) -> Self {
        let mut registrar = ClientMap::new();
        registrar.set_password_policy(Sha256Policy);
        for client in [&APP, &SVC] {
            registrar.register_client(registration(client));
        }
        let mut issuer = TokenMap::new(RandomGenerator::new(16));
        issuer.valid_for(chrono::Duration::hours(1));
        let mut addons = AddonList::new();
        addons.push_code(Pkce::required());

        let half = host::half(population);
        let mut refreshable = Ring::of(half, 24);
        for number in 0..half {
            let user = host::user(number);
            let issued = issuer.issue(grant(&APP, &user)).expect("issued");
            refreshable.offer(&issued.refresh.expect("refresh"));
            issuer.issue(grant(&SVC, &user)).expect("issued");
        }
        refreshable.shuffle();
        Oxide { registrar, authorizer: AuthMap::new(RandomGenerator::new(16)), issuer, addons, refreshable }
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
}

impl Oxide {
    fn handle(&mut self, request: Sent) -> http::Response<Vec<u8>> {
        stopwatch::run(|| self.answer(request))
    }

    fn answer(&mut self, request: Sent) -> http::Response<Vec<u8>> {
        let request = Web::read(request);
        let endpoint = self.endpoint();
        let reply = match (request.sent.method(), request.sent.uri().path()) {
            (&Method::GET, "/authorize") => {
                AuthorizationFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request))
            }
            (&Method::POST, "/token") => match request.grant_type() {
                Some("authorization_code") => {
                    AccessTokenFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request))
                }
                Some("client_credentials") => {
                    ClientCredentialsFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request))
                }
                Some("refresh_token") => RefreshFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request)),
                _ => unreachable!("no such grant here"),
            },
            _ => unreachable!("no such endpoint here"),
        };
        reply.expect("answered").0
    }

    fn endpoint(&mut self) -> impl Endpoint<Web, Error = Error<Web>> {
        let generic = Generic {
            registrar: &self.registrar,
            authorizer: &mut self.authorizer,
            issuer: &mut self.issuer,
            solicitor: Solicitor,
            scopes: Vacant,
            response: Vacant,
        };
        Extended::extend_with(generic, &mut self.addons)
    }
}

struct Solicitor;

impl OwnerSolicitor<Web> for Solicitor {
    fn check_consent(&mut self, request: &mut Web, asked: Solicitation) -> OwnerConsent<Reply> {
        let client = &asked.pre_grant().client_id;
        if request.sent.method() == Method::POST {
            return OwnerConsent::Authorized(client.clone());
        }
        match host::signed_in(request.sent.headers()) {
            Some(user) if host::agreed(client) => OwnerConsent::Authorized(user.to_owned()),
            _ => OwnerConsent::Denied,
        }
    }
}

/// An `http::Request` whose query or form has been split into pairs.
#[derive(Debug)]
struct Web {
    sent: Sent,
    pairs: Vec<(String, String)>,
}

impl Web {
    fn read(sent: Sent) -> Web {
        let encoded = match *sent.method() {
            Method::GET => sent.uri().query().unwrap_or_default().as_bytes(),
            _ => sent.body(),
        };
        let pairs = url::form_urlencoded::parse(encoded).into_owned().collect();
        Web { sent, pairs }
    }

    fn grant_type(&self) -> Option<&str> {
        let mut pairs = self.pairs.iter();
        pairs.find_map(|(name, value)| (name == "grant_type").then_some(value.as_str()))
    }
}

impl WebRequest for Web {
    type Error = Infallible;
    type Response = Reply;

    fn query(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, Infallible> {
        Ok(Cow::Borrowed(&self.pairs))
    }

    fn urlbody(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, Infallible> {
        Ok(Cow::Borrowed(&self.pairs))
    }

    fn authheader(&mut self) -> Result<Option<Cow<'_, str>>, Infallible> {
        let value = self.sent.headers().get(header::AUTHORIZATION);
        Ok(value.and_then(|value| value.to_str().ok()).map(Cow::Borrowed))
    }
}

#[derive(Default)]
struct Reply(http::Response<Vec<u8>>);

impl Reply {
    fn set(&mut self, name: header::HeaderName, value: &str) {
        let value = HeaderValue::from_str(value).expect("header");
        self.0.headers_mut().insert(name, value);
    }

    fn body(&mut self, content_type: &'static str, text: &str) {
        let value = HeaderValue::from_static(content_type);
        self.0.headers_mut().insert(header::CONTENT_TYPE, value);
        *self.0.body_mut() = text.as_bytes().to_vec();
    }
}

impl WebResponse for Reply {
    type Error = Infallible;

    fn ok(&mut self) -> Result<(), Infallible> {
        *self.0.status_mut() = StatusCode::OK;
        Ok(())
    }

    fn redirect(&mut self, url: Url) -> Result<(), Infallible> {
        *self.0.status_mut() = StatusCode::FOUND;
        self.set(header::LOCATION, url.as_str());
        Ok(())
    }

    fn client_error(&mut self) -> Result<(), Infallible> {
        *self.0.status_mut() = StatusCode::BAD_REQUEST;
        Ok(())
    }

    fn unauthorized(&mut self, challenge: &str) -> Result<(), Infallible> {
        *self.0.status_mut() = StatusCode::UNAUTHORIZED;
        self.set(header::WWW_AUTHENTICATE, challenge);
        Ok(())
    }

    fn body_text(&mut self, text: &str) -> Result<(), Infallible> {
        self.body("text/plain", text);
        Ok(())
    }

    fn body_json(&mut self, data: &str) -> Result<(), Infallible> {
        self.body("application/json", data);
        Ok(())
    }
}

/// The shipped policy is Argon2, which would be nearly all of the client
/// credentials row; a random 256-bit secret needs no more than one SHA-256.
struct Sha256Policy;

impl PasswordPolicy for Sha256Policy {
    fn store(&self, _: &str, passphrase: &[u8]) -> Vec<u8> {
        Sha256::digest(passphrase).to_vec()
    }

    fn check(&self, _: &str, passphrase: &[u8], stored: &[u8]) -> Result<(), RegistrarError> {
        let digest = Sha256::digest(passphrase);
        let differs = digest.iter().zip(stored).fold(0, |bits, (a, b)| bits | (a ^ b));
        match differs == 0 && stored.len() == digest.len() {
            true => Ok(()),
            false => Err(RegistrarError::Unspecified),
        }
    }
}

/// The time of one check under the policy oxide-auth ships with.
pub fn shipped_policy() -> Duration {
    let policy = Argon2::default();
    let secret = SVC.secret.expect("secret").as_bytes();
    let stored = policy.store(SVC.id, secret);
    let start = Instant::now();
    policy.check(SVC.id, secret, &stored).expect("checked");
    start.elapsed()
}

fn registration(client: &wire::Client) -> Client {
    let uri = ExactUrl::new(wire::REDIRECT_URI.to_owned()).expect("uri");
    let uri = RegisteredUrl::Exact(uri);
    let scope = wire::SCOPE.parse().expect("scope");
    match client.secret {
        None => Client::public(client.id, uri, scope),
        Some(secret) => Client::confidential(client.id, uri, scope, secret.as_bytes()),
    }
}

fn grant(client: &wire::Client, user: &str) -> Grant {
    Grant {
        owner_id: user.to_owned(),
        client_id: client.id.to_owned(),
        scope: wire::SCOPE.parse().expect("scope"),
        redirect_uri: wire::REDIRECT_URI.parse().expect("uri"),
        until: chrono::Utc::now(),
        extensions: Extensions::new(),
    }
}
