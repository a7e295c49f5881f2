//! A server with live grants in memory, and the requests that are measured against it.
#![allow(dead_code, unreachable_pub, reason = "a toolbox for several binaries")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::exhaustive_enums,
    reason = "a measurement that meets the unexpected must stop"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use grantor::drive::Host;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Client, ClientSecretDigest, GrantType, Resource, Scope, Subject};
use grantor::server::{DeviceApproval, Place, Session, Verification, Visitor};
use grantor::store::Memory;
use grantor::{
    AuthorizationServer, Clock, Config, Progress, Question, Registration, SigningInput, SystemClock, Verdict,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Method, Request, Response, StatusCode};

/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https%3A%2F%2Fapp.example%2Fcb";
const API: &str = "https://api.example";
/// `service:a secret of 128 random bits`, form-encoded.
const BASIC: &str = "Basic c2VydmljZTphK3NlY3JldCtvZisxMjgrcmFuZG9tK2JpdHM=";

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// A public client with PKCE: the request, its approval, the redemption.
    Code,
    /// HTTP Basic.
    ClientCredentials,
    /// The newest refresh token of some grant.
    Refresh,
    /// Of a live access token, HTTP Basic.
    Introspection,
    /// The first poll of a device that waits for its person.
    DevicePoll,
    /// The poll of a device whose person said yes.
    DeviceRedemption,
    /// Of a live access token, HTTP Basic; the host is asked and allows it.
    Exchange,
    /// A public client pushes its request; the browser brings the name, and the person consented before.
    Push,
    /// Of a confidential client, without an initial access token.
    Registration,
}

impl Row {
    pub const ALL: [Self; 9] = [
        Self::Code,
        Self::ClientCredentials,
        Self::Refresh,
        Self::Introspection,
        Self::DevicePoll,
        Self::DeviceRedemption,
        Self::Exchange,
        Self::Push,
        Self::Registration,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::ClientCredentials => "client_credentials",
            Self::Refresh => "refresh",
            Self::Introspection => "introspection",
            Self::DevicePoll => "device_poll",
            Self::DeviceRedemption => "device_redemption",
            Self::Exchange => "exchange",
            Self::Push => "push",
            Self::Registration => "registration",
        }
    }
}

pub struct World<C = SystemClock> {
    server: AuthorizationServer<Memory, Willing, (), C>,
    session: Session,
    consent: Scope,
    /// Of each grant its newest refresh token and its first access token, in no order.
    pub tokens: Vec<Tokens>,
    next: usize,
}

pub struct Tokens {
    refresh: String,
    access: String,
}

impl Tokens {
    /// What it takes of the heap.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.refresh.capacity() + self.access.capacity()
    }
}

impl World {
    pub fn new(grants: usize) -> Self {
        Self::with_clock(grants, SystemClock)
    }
}

impl<C: Clock + Clone> World<C> {
    /// A server with so many live grants, made through its own endpoints.
    pub fn with_clock(grants: usize, clock: C) -> Self {
        let config = Config::builder("https://as.example")
            .scopes(["read", "write"])
            .audience(API)
            .device_flow(|_| ())
            .token_exchange()
            .registration(Registration::open().at_most("read write").by_default("read"))
            // No token runs out while millions are made.
            .lifetimes(|lifetimes| lifetimes.access_token = std::time::Duration::from_secs(3600))
            .build()
            .unwrap();
        let server = AuthorizationServer::new(config, Memory::new()).with_host(Willing).with_clock(clock.clone());
        clients().into_iter().for_each(|client| server.store().put_client(client));
        let session = Session::new(Subject::new("alice"), clock.now());
        let consent = Scope::parse("read write").unwrap();
        let mut world = Self { server, session, consent, tokens: Vec::with_capacity(grants), next: 0 };
        for _ in 0..grants {
            let response = world.grant();
            let tokens =
                Tokens { refresh: member(&response, "refresh_token"), access: member(&response, "access_token") };
            world.tokens.push(tokens);
        }
        shuffle(&mut world.tokens);
        world
    }

    /// All requests of one row, built and answered.
    pub fn perform(&mut self, row: Row) {
        self.observe(row, |answer| answer());
    }

    /// The same, where `observe` runs the server's part of each request and the client's part is outside of it.
    pub fn observe(&mut self, row: Row, mut observe: impl FnMut(&mut dyn FnMut())) {
        let mut answered = |answer: &dyn Fn() -> Response<Vec<u8>>| {
            let mut response = None;
            observe(&mut || response = Some(black_box(answer())));
            response.unwrap()
        };
        match row {
            Row::Code => {
                let request = authorization();
                let redirect = answered(&|| self.authorize(&request));
                let request = redemption(code(&redirect));
                answered(&|| self.token(&request));
            }
            Row::ClientCredentials => {
                let request = client_credentials();
                answered(&|| self.token(&request));
            }
            Row::Refresh => {
                let request = refresh(&self.tokens[self.next].refresh);
                let response = answered(&|| self.token(&request));
                self.tokens[self.next].refresh = member(&response, "refresh_token");
                self.advance();
            }
            Row::Introspection => {
                let request = introspection(&self.tokens[self.next].access);
                answered(&|| self.introspect(&request));
                self.advance();
            }
            Row::DevicePoll => {
                let request = poll(&self.begin(false));
                let response = answered(&|| self.server.answer(Place::Token, &request));
                assert!(response.body().starts_with(br#"{"error":"authorization_pending""#));
            }
            Row::DeviceRedemption => {
                let request = poll(&self.begin(true));
                answered(&|| self.token(&request));
            }
            Row::Exchange => {
                let request = exchange(&self.tokens[self.next].access);
                answered(&|| self.token(&request));
                self.advance();
            }
            Row::Push => {
                let request = push();
                let pushed = answered(&|| self.created(Place::PushedAuthorizationRequest, &request));
                let request = bring(&member(&pushed, "request_uri"));
                code(&answered(&|| self.authorize(&request)));
            }
            Row::Registration => {
                let request = registration();
                answered(&|| self.created(Place::Registration, &request));
            }
        }
    }

    fn advance(&mut self) {
        self.next = (self.next + 1) % self.tokens.len();
    }

    fn grant(&self) -> Response<Vec<u8>> {
        let redirect = self.authorize(&authorization());
        self.token(&redemption(code(&redirect)))
    }

    fn authorize(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let asked = self.server.read_authorization(request).unwrap();
        let visitor = Visitor::logged_in(self.session.clone(), Some(self.consent.clone()));
        match self.server.authorize(asked, visitor) {
            Progress::Respond(response) => response,
            other => panic!("{other:?}"),
        }
    }

    /// The code of a device that has begun, and for which the person may have said yes.
    fn begin(&self, approved: bool) -> String {
        let request = post("client_id=app&scope=read%20write".to_owned());
        let codes = granted(self.server.answer(Place::DeviceAuthorization, &request));
        if approved {
            let typed = member(&codes, "user_code");
            let verification = Verification::new(self.server.config(), &typed, Some(self.session.clone()), "");
            let prompt = self.server.run(verification).unwrap().unwrap();
            let approval = DeviceApproval::new(Arc::clone(self.server.config()), *prompt, self.session.clone());
            self.server.run(approval).unwrap().unwrap();
        }
        member(&codes, "device_code")
    }

    fn created(&self, place: Place, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let response = self.server.answer(place, request);
        assert_eq!(response.status(), StatusCode::CREATED, "{}", String::from_utf8_lossy(response.body()));
        response
    }

    fn token(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        granted(self.server.answer(Place::Token, request))
    }

    fn introspect(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let response = granted(self.server.answer(Place::Introspection, request));
        assert!(response.body().starts_with(br#"{"active":true"#));
        response
    }
}

/// Allows every exchange.
#[derive(Clone, Copy, Debug)]
pub struct Willing;

impl Host for Willing {
    type Error = Infallible;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Infallible> {
        Ok(Err(Unfetched::NotServed))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, Infallible> {
        Ok(Verdict::Allowed)
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, Infallible> {
        panic!("nothing is signed")
    }
}

fn parameters() -> String {
    format!(
        "response_type=code&client_id=app&redirect_uri={REDIRECT_URI}&scope=read%20write\
         &state=af0ifjsldkj&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
}

fn authorization() -> Request<Vec<u8>> {
    Request::builder().uri(format!("/authorize?{}", parameters())).body(Vec::new()).unwrap()
}

fn push() -> Request<Vec<u8>> {
    post(parameters())
}

fn bring(name: &str) -> Request<Vec<u8>> {
    let name = name.replace(':', "%3A");
    Request::builder().uri(format!("/authorize?client_id=app&request_uri={name}")).body(Vec::new()).unwrap()
}

fn poll(device_code: &str) -> Request<Vec<u8>> {
    post(format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=app&device_code={device_code}"
    ))
}

fn exchange(subject: &str) -> Request<Vec<u8>> {
    with_basic(post(format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={subject}\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
    )))
}

fn registration() -> Request<Vec<u8>> {
    let body = r#"{"redirect_uris":["https://new.example/cb"],"client_name":"A new client","scope":"read write"}"#;
    let mut request = post(body.to_owned());
    request.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    request
}

/// `code` as it stands in the `Location`.
fn redemption(code: &str) -> Request<Vec<u8>> {
    post(format!(
        "grant_type=authorization_code&client_id=app&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={VERIFIER}"
    ))
}

fn client_credentials() -> Request<Vec<u8>> {
    with_basic(post("grant_type=client_credentials&scope=read%20write".to_owned()))
}

fn refresh(token: &str) -> Request<Vec<u8>> {
    post(format!("grant_type=refresh_token&client_id=app&refresh_token={token}"))
}

fn introspection(token: &str) -> Request<Vec<u8>> {
    with_basic(post(format!("token={token}")))
}

fn code(response: &Response<Vec<u8>>) -> &str {
    let location = response.headers()[LOCATION].to_str().unwrap();
    let query = location.split_once('?').unwrap().1;
    query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap()
}

fn member(response: &Response<Vec<u8>>, name: &str) -> String {
    let body = str::from_utf8(response.body()).unwrap();
    let start = body.find(name).unwrap() + name.len() + "\":\"".len();
    let rest = &body[start..];
    rest[..rest.find('"').unwrap()].to_owned()
}

fn post(body: String) -> Request<Vec<u8>> {
    Request::builder()
        .method(Method::POST)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .unwrap()
}

fn with_basic(mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    request.headers_mut().insert(AUTHORIZATION, http::HeaderValue::from_static(BASIC));
    request
}

fn granted(response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    assert_eq!(response.status(), StatusCode::OK, "{}", String::from_utf8_lossy(response.body()));
    response
}

/// `app` is public; `service` authenticates, is the resource server of all access tokens, and exchanges them.
fn clients() -> [Client; 2] {
    let app = Client::builder("app")
        .redirect_uri("https://app.example/cb")
        .grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode])
        .scope(Scope::parse("read write").unwrap());
    let service = Client::builder("service")
        .secret(ClientSecretDigest::new("a secret of 128 random bits", [7; 16], None))
        .grant_types(&[GrantType::ClientCredentials, GrantType::TokenExchange])
        .resource(Resource::parse(API).unwrap())
        .scope(Scope::parse("read write").unwrap());
    [app.build().unwrap(), service.build().unwrap()]
}

/// So that successive requests touch unrelated grants; the same every time.
fn shuffle<T>(all: &mut [T]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..all.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % (last as u64 + 1)).unwrap();
        all.swap(last, other);
    }
}
