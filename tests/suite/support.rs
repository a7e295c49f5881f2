//! A server over memory, its clients, and a browser of a few lines.
#![allow(unreachable_pub, dead_code, reason = "a toolbox for the other files")]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
#[cfg(feature = "jose")]
use grantor::IdJagGranted;
use grantor::drive::{AsyncHost, Host, NoHost, NoKeys};
use grantor::event::{Event, EventSink};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
#[cfg(feature = "jose")]
use grantor::jose::{KeySet, PrivateKey};
#[cfg(feature = "jose")]
use grantor::record::ClientId;
use grantor::record::{Client, ClientSecretDigest, GrantType, Scope, Subject};
use grantor::server::{Asking, Place, Prompt, Session, Visitor};
use grantor::store::{Indexed, Memory, Store};
use grantor::wire::ClientCertificate;
use grantor::{
    Asserted, AuthorizationServer, Clock, Config, ConfigBuilder, Progress, Question, Randomness, RandomnessFailed,
    Saml2Assertion, Seed, SigningInput, Timestamp, Verdict,
};
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub const ISSUER: &str = "https://as.example";
pub const SPA: &str = "https://spa.example/cb";
pub const WEB: &str = "https://web.example/cb";
pub const NATIVE: &str = "http://127.0.0.1/cb";
pub const SECRET: &str = "some secret & non-standard secret";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A clock that tests turn.
#[derive(Clone, Debug, Default)]
pub struct Hands(Arc<AtomicU64>);

impl Hands {
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A clock that shows the same time and is turned on its own.
    pub fn apart(&self) -> Self {
        Self(Arc::new(AtomicU64::new(self.0.load(Ordering::SeqCst))))
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(1_000_000 + self.0.load(Ordering::SeqCst))
    }
}

/// Seeds that count, so that any run can be repeated.
#[derive(Debug, Default)]
pub struct Counting(AtomicU64);

impl Counting {
    /// Seeds that none of the others has.
    pub fn beyond(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }
}

impl Randomness for Counting {
    fn seed(&self) -> Result<Seed, RandomnessFailed> {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Seed::new(Sha256::digest(count.to_be_bytes()).into()))
    }
}

/// Remembers every event.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<Event>>>);

impl Log {
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl EventSink for Log {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// What a host answers that says yes to everything: alice is whoever is asked about, and a SAML assertion is called what
/// its text says.
pub fn willing(question: &Question) -> Verdict {
    let alice = || Subject::new("alice");
    match question {
        Question::Password(_) => Verdict::Subject { subject: alice(), authenticated: Timestamp::from_unix(1_000_000) },
        #[cfg(feature = "jose")]
        Question::Assertion(_) => Verdict::Asserted(Box::new(Asserted::new(alice()))),
        #[cfg(feature = "jose")]
        Question::IdJag(asked) => {
            let client = ClientId::new("there");
            Verdict::IdJag(Box::new(IdJagGranted::to(asked, &asked.audience, client, asked.subject.as_str())))
        }
        Question::Saml2Assertion(asked) => {
            let (expires, id) = (Timestamp::from_unix(1_000_060), asked.assertion.as_str());
            let mut found = Saml2Assertion::new("https://saml.example", id, expires, Asserted::new(alice()));
            found.audience = vec![ISSUER.to_owned()];
            Verdict::Saml2(Box::new(found))
        }
        _ => Verdict::Allowed,
    }
}

/// A host that fetches nothing and denies every question, but signs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signing;

/// The key of the server: that of RFC 8037 §A.1, whose signatures are the same every time.
#[cfg(feature = "jose")]
pub static KEY: std::sync::LazyLock<PrivateKey> = std::sync::LazyLock::new(|| {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    PrivateKey::from_jwk(jwk).unwrap()
});

#[cfg(feature = "jose")]
pub fn keys() -> KeySet {
    KeySet::new(std::time::Duration::from_secs(3600)).with(KEY.signing_key().clone(), Timestamp::from_unix(0))
}

/// The forms that access tokens can have.
pub const FORMS: &[fn(ConfigBuilder) -> ConfigBuilder] = &[
    |config| config,
    #[cfg(feature = "jose")]
    with_jwts,
];

#[cfg(feature = "jose")]
pub fn with_jwts(config: ConfigBuilder) -> ConfigBuilder {
    config.audience("https://api.example/").keys(keys()).jwt_access_tokens(|_| ())
}

pub fn sign(input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
    #[cfg(feature = "jose")]
    if input.key == KEY.kid() && input.algorithm == "EdDSA" {
        return Ok(KEY.sign(&input.bytes).unwrap().into());
    }
    Host::sign(&NoHost, input)
}

impl Host for Signing {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        Host::fetch(&NoHost, request)
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        Host::judge(&NoHost, question)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        sign(input)
    }
}

impl AsyncHost for Signing {
    type Error = NoKeys;

    async fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        Host::fetch(self, request)
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        Host::judge(self, question)
    }

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        Host::sign(self, input)
    }
}

pub type Server<S = Memory<Indexed>, H = Signing> = AuthorizationServer<S, H, Log, Hands, Counting>;

/// A server over a store that lists, with the clients that tests use, and handles on its surroundings.
pub struct World<S = Memory<Indexed>, H = Signing> {
    pub server: Server<S, H>,
    pub clock: Hands,
    pub log: Log,
}

pub fn world() -> World {
    world_with(|config| config)
}

pub fn config() -> ConfigBuilder {
    Config::builder(ISSUER).scopes(["read", "write", "admin", "openid", "offline_access"])
}

pub fn world_with(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> World {
    let clock = Hands::default();
    let store = Memory::new().with_index();
    for client in clients() {
        store.put_client(client);
    }
    world_over(store, clock, change)
}

/// The same over any store, which must have the clients already.
pub fn world_over<S>(store: S, clock: Hands, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> World<S> {
    let config = change(config()).build().unwrap();
    let log = Log::default();
    let server = AuthorizationServer::new(config, store)
        .with_host(Signing)
        .with_sink(log.clone())
        .with_clock(clock.clone())
        .with_randomness(Counting::default());
    World { server, clock, log }
}

pub fn secret(text: &str) -> ClientSecretDigest {
    ClientSecretDigest::new(text, [7; 16], None)
}

/// `web` is confidential, `spa` public with two redirect URIs, `cli` native, `own` first-party, `service` has no people,
/// `api` is a resource server, `expired` has a secret that has run out.
pub fn clients() -> Vec<Client> {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    let scope = |text| Scope::parse(text).unwrap();
    let all = [AuthorizationCode, RefreshToken, ClientCredentials];
    let people = [AuthorizationCode, RefreshToken];
    let builders = [
        Client::builder("web")
            .secret(secret(SECRET))
            .redirect_uri(WEB)
            .grant_types(&all)
            .scope(scope("read write offline_access")),
        Client::builder("spa")
            .redirect_uri("https://spa.example/cb")
            .redirect_uri("https://spa.example/other")
            .grant_types(&people),
        Client::builder("cli").native().redirect_uri(NATIVE).grant_types(&people),
        Client::builder("own").redirect_uri("https://own.example/cb").grant_types(&people).first_party(),
        Client::builder("service").secret(secret("s")).grant_types(&[ClientCredentials]).scope(scope("read write")),
        Client::builder("api").secret(secret("a")).grant_types(&[ClientCredentials]),
        Client::builder("an:identifier").secret(secret(SECRET)).grant_types(&[ClientCredentials]),
        Client::builder("expired")
            .secret(ClientSecretDigest::new("old", [7; 16], Some(Timestamp::from_unix(1_000_000))))
            .grant_types(&[ClientCredentials]),
    ];
    builders.into_iter().map(|builder| builder.build().unwrap()).collect()
}

pub fn form(pairs: &[(&str, &str)]) -> String {
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

pub fn basic(id: &str, secret: &str) -> String {
    let pair = form(&[(id, secret)]).replacen('=', ":", 1);
    format!("Basic {}", STANDARD.encode(pair))
}

pub fn post(path: &str, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("{ISSUER}{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(pairs).into_bytes())
        .unwrap()
}

pub fn post_as(path: &str, authorization: &str, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut request = post(path, pairs);
    request.headers_mut().insert("authorization", authorization.parse().unwrap());
    request
}

pub fn get(path_and_query: &str) -> Request<Vec<u8>> {
    Request::builder().uri(format!("{ISSUER}{path_and_query}")).body(Vec::new()).unwrap()
}

/// A good authorization request of `client`, with some parameters changed, added or (if empty) left out.
pub fn authorization(client: &str, redirect_uri: &str, changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    let code_challenge = challenge(VERIFIER);
    let mut pairs = vec![
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "st & ate"),
        ("code_challenge", &*code_challenge),
        ("code_challenge_method", "S256"),
    ];
    pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    get(&format!("/authorize?{}", form(&pairs)))
}

pub fn json(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body())
        .unwrap_or_else(|_| panic!("no JSON: {} {:?}", response.status(), String::from_utf8_lossy(response.body())))
}

/// The parameters that a redirect carries, and where it goes.
pub fn location(response: &Response<Vec<u8>>) -> (String, Vec<(String, String)>) {
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{:?}", String::from_utf8_lossy(response.body()));
    let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let carried = location.fragment().or(location.query()).unwrap_or_default();
    let pairs = url::form_urlencoded::parse(carried.as_bytes()).into_owned().collect();
    let mut to = location.clone();
    if location.fragment().is_none() {
        to.set_query(None);
    }
    to.set_fragment(None);
    (to.into(), pairs)
}

pub fn parameter(response: &Response<Vec<u8>>, name: &str) -> Option<String> {
    location(response).1.into_iter().find_map(|(own, value)| (own == name).then_some(value))
}

impl<S, H0> World<S, H0> {
    /// The same with another host.
    pub fn hosted<H>(self, host: H) -> World<S, H> {
        World { server: self.server.with_host(host), clock: self.clock, log: self.log }
    }
}

impl<S: Store, H: Host> World<S, H> {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn session(&self) -> Session {
        Session::new(Subject::new("alice"), self.now())
    }

    pub fn authorize(&self, request: &Request<Vec<u8>>, visitor: Visitor) -> Progress {
        match self.server.read_authorization(request) {
            Ok(request) => self.server.authorize(request, visitor),
            Err(page) => Progress::Respond(*page),
        }
    }

    /// The consent that a person is asked for who has just logged in.
    pub fn prompt(&self, request: &Request<Vec<u8>>) -> Prompt {
        let visitor = || Visitor::logged_in(self.session(), None);
        match self.authorize(request, visitor()) {
            Progress::Ask(prompt) if matches!(prompt.asking, Asking::Consent(_)) => *prompt,
            Progress::Ask(prompt) => match self.server.resume(*prompt, visitor()) {
                Progress::Ask(prompt) => *prompt,
                other => panic!("no consent: {other:?}"),
            },
            other => panic!("no prompt: {other:?}"),
        }
    }

    /// Goes all the way to the response that carries a code.
    pub fn approved(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.server.approve(self.prompt(request), self.session())
    }

    pub fn code(&self, client: &str, redirect_uri: &str, changes: &[(&str, &str)]) -> String {
        parameter(&self.approved(&authorization(client, redirect_uri, changes)), "code").expect("a code")
    }

    pub fn token(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.server.answer(Place::Token, request)
    }

    /// The tokens of the public client `spa`, for scope `read write`.
    pub fn tokens(&self) -> Value {
        let code = self.code("spa", "https://spa.example/cb", &[("scope", "read write")]);
        let response = self.token(&redeem("spa", "https://spa.example/cb", &code));
        assert_eq!(response.status(), StatusCode::OK, "{:?}", json(&response));
        json(&response)
    }

    pub fn refresh(&self, client: &str, token: &str) -> Response<Vec<u8>> {
        self.token(&refresh(client, token))
    }

    pub fn introspect(&self, token: &str) -> Value {
        json(&self.server.answer(Place::Introspection, &post("/introspect", &[("client_id", "spa"), ("token", token)])))
    }

    /// Whether a token of `spa` can still be used; for a refresh token by asking for more than there is, which gets
    /// another answer but nothing else.
    pub fn is_active(&self, token: &str) -> bool {
        if is_refresh(token) {
            let beyond = with(&refresh("spa", token), &[("scope", "beyond")]);
            return json(&self.token(&beyond))["error"] == "invalid_scope";
        }
        self.introspect(token)["active"].as_bool().unwrap()
    }

    pub fn revoke(&self, client: &str, token: &str) -> Response<Vec<u8>> {
        self.server.answer(Place::Revocation, &post("/revoke", &[("client_id", client), ("token", token)]))
    }
}

pub fn is_refresh(token: &str) -> bool {
    token.starts_with("gr_rt_")
}

/// A certificate, as far as a thumbprint tells.
pub fn certificate(name: &str) -> ClientCertificate {
    ClientCertificate::new(format!("the certificate of {name}").into_bytes())
}

/// The same request on a connection with the certificate of `holder`.
pub fn held(request: &Request<Vec<u8>>, holder: Option<&str>) -> Request<Vec<u8>> {
    let mut request = request.clone();
    if let Some(holder) = holder {
        request.extensions_mut().insert(certificate(holder));
    }
    request
}

pub fn redeem(client: &str, redirect_uri: &str, code: &str) -> Request<Vec<u8>> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    post("/token", &pairs)
}

pub fn refresh(client: &str, token: &str) -> Request<Vec<u8>> {
    post("/token", &[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)])
}

/// The status and error code of an answer of the token endpoint.
pub fn error(world: &World, request: &Request<Vec<u8>>) -> (u16, String) {
    let response = world.token(request);
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status().as_u16(), json(&response)["error"].as_str().unwrap_or("none").to_owned())
}

pub fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// The request with some parameters changed, added or (if empty) left out.
pub fn with(request: &Request<Vec<u8>>, changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(request.body()).into_owned().collect();
    pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    pairs.extend(changes.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut changed = request.clone();
    *changed.body_mut() = form(&pairs).into_bytes();
    changed
}

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}
