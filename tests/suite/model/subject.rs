//! The crate under test: calls become HTTP messages, answers become plain data again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use grantor::drive::NoHost;
use grantor::event::Event;
use grantor::record::{Client, GrantType, Resource, Scope, Subject as Person};
use grantor::resource::{Access, Demand};
use grantor::server::{Approval, Place, Session, Visitor};
use grantor::store::Store;
use grantor::{AuthorizationServer, Clock, Config, Progress, Randomness, RandomnessFailed, Seed};
use http::{Request, Response};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::calls::*;
use super::ledger::Ledger;
use super::rules;
use crate::support::{Hands, ISSUER, Log, SECRET, VERIFIER, authorization, basic, get, json, parameter, post, secret};

const RESOURCE: &str = "https://api.example";

/// Seeds that follow from a first one.
#[derive(Debug)]
pub(super) struct Seeds {
    pub(super) first: u64,
    pub(super) drawn: AtomicU64,
}

impl Randomness for Seeds {
    fn seed(&self) -> Result<Seed, RandomnessFailed> {
        let count = self.drawn.fetch_add(1, Ordering::SeqCst);
        let hash = Sha256::new().chain_update(self.first.to_be_bytes()).chain_update(count.to_be_bytes());
        Ok(Seed::new(hash.finalize().into()))
    }
}

pub(super) struct Subject<S> {
    server: AuthorizationServer<S, NoHost, Log, Hands, Seeds>,
    clock: Hands,
    log: Log,
    codes: Vec<String>,
    access: Vec<String>,
    refresh: Vec<String>,
    /// Everything that was ever answered, byte for byte.
    pub(super) transcript: Vec<u8>,
}

pub(super) fn clients() -> Vec<Client> {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    let client = |party: Party, grant_types: &[GrantType]| {
        let mut builder = Client::builder(party.id()).grant_types(grant_types);
        if let Some(scope) = rules::registered_scope(party) {
            builder = builder.scope(Scope::parse(&scope.text()).unwrap());
        }
        if party.is_confidential() {
            builder = builder.secret(secret(SECRET));
        }
        party.redirect_uris().iter().fold(builder, |builder, uri| builder.redirect_uri(*uri))
    };
    [
        client(Party::Spa, &[AuthorizationCode, RefreshToken]),
        client(Party::Web, &[AuthorizationCode, RefreshToken, ClientCredentials]),
        client(Party::Kiosk, &[AuthorizationCode]),
        client(Party::Api, &[ClientCredentials]).resource(Resource::parse(RESOURCE).unwrap()),
    ]
    .into_iter()
    .map(|builder| builder.build().unwrap())
    .collect()
}

fn config(setup: &Setup) -> Arc<Config> {
    use std::time::Duration;
    let mut builder = Config::builder(ISSUER)
        .scopes(WORDS.into_iter().filter(|word| *word != "unheard"))
        .audience(RESOURCE)
        .lifetimes(|lifetimes| {
            lifetimes.code = Duration::from_secs(setup.code);
            lifetimes.access_token = Duration::from_secs(setup.access);
            lifetimes.refresh_retry = Duration::from_secs(setup.retry);
            lifetimes.refresh_idle = Duration::from_secs(setup.idle);
            lifetimes.refresh_absolute = Duration::from_secs(setup.absolute);
        });
    if setup.pkce_optional {
        builder = builder.danger_let_confidential_clients_omit_pkce();
    }
    if setup.uri_optional {
        builder = builder.redirect_uri_optional_at_token_endpoint();
    }
    builder.build().unwrap()
}

impl<S: Store> Subject<S> {
    /// A server over a store that knows the clients.
    pub(super) fn new(setup: &Setup, store: S, clock: &Hands, seed: u64) -> Self {
        Self::over(config(setup), store, clock, Seeds { first: seed, drawn: AtomicU64::new(0) })
    }

    fn over(config: Arc<Config>, store: S, clock: &Hands, seeds: Seeds) -> Self {
        let log = Log::default();
        let server = AuthorizationServer::new(config, store)
            .with_sink(log.clone())
            .with_clock(clock.clone())
            .with_randomness(seeds);
        let clock = clock.clone();
        Self { server, clock, log, codes: vec![], access: vec![], refresh: vec![], transcript: vec![] }
    }

    pub(super) fn answer(&mut self, call: &Call) -> Answer {
        let answer = match call {
            Call::Authorize(request) => self.authorize(request),
            Call::Redeem { party, proof, code, uri, verifier } => {
                let code = self.text(*code);
                let mut pairs = vec![("grant_type", "authorization_code"), ("code", &*code)];
                pairs.extend(uri.map(|uri| ("redirect_uri", uri)));
                let wrong = VERIFIER.replacen('d', "e", 1);
                pairs.extend(match verifier {
                    Verifier::Right => Some(("code_verifier", VERIFIER)),
                    Verifier::Wrong => Some(("code_verifier", &*wrong)),
                    Verifier::Malformed => Some(("code_verifier", &VERIFIER[1..])),
                    Verifier::Missing => None,
                });
                self.token(&request("/token", *party, *proof, &pairs))
            }
            Call::Refresh { party, proof, token, scope } => {
                let (token, scope) = (self.text(*token), scope.text());
                let pairs = [("grant_type", "refresh_token"), ("refresh_token", &*token), ("scope", &*scope)];
                self.token(&request("/token", *party, *proof, &pairs))
            }
            Call::ActForItself { party, proof, scope } => {
                let scope = scope.text();
                let pairs = [("grant_type", "client_credentials"), ("scope", &*scope)];
                self.token(&request("/token", *party, *proof, &pairs))
            }
            Call::Revoke { party, proof, token } => {
                let response = self.send("/revoke", *party, *proof, *token);
                if response.body().is_empty() { plain(&response) } else { described(&response) }
            }
            Call::Introspect { party, proof, token } => {
                let response = self.send("/introspect", *party, *proof, *token);
                let seen = seen(&json(&response));
                Answer { seen, ..described(&response) }
            }
            Call::Use { token, scope, elsewhere } => self.use_at_resource(*token, *scope, *elsewhere),
            Call::Wait(seconds) => {
                self.clock.advance(*seconds);
                Answer::default()
            }
        };
        let revoked = self.log.take().iter().filter(|event| matches!(event, Event::GrantRevoked { .. })).count();
        Answer { revoked, ..answer }
    }

    /// Whether a token can be used, of which its owner and a resource must be told the same.
    pub(super) fn is_active(&mut self, token: Shown, owner: Party) -> bool {
        let active = json(&self.send("/introspect", owner, owner.proof(), token))["active"].as_bool().unwrap();
        if token.kind == Kind::Access {
            assert_eq!(self.use_at_resource(token, Words::NONE, false).status, if active { 200 } else { 401 });
        }
        active
    }

    fn authorize(&mut self, request: &Authorization) -> Answer {
        let Authorization { party, uri, scope, consent, pkce, verdict } = request;
        let registered = party.redirect_uris();
        let uri = match uri {
            Uri::First => registered.first().copied().unwrap_or(FOREIGN),
            Uri::Second => registered.get(1).copied().unwrap_or(FOREIGN),
            Uri::Omitted => "",
            Uri::Foreign => FOREIGN,
        };
        let scope = scope.text();
        let mut changes = vec![("redirect_uri", uri), ("scope", &*scope)];
        if !pkce {
            changes.extend([("code_challenge", ""), ("code_challenge_method", "")]);
        }
        if *consent {
            changes.push(("prompt", "consent"));
        }
        let session = Session::new(Person::new("alice"), self.clock.now());
        let visitor = Visitor::logged_in(session.clone(), None);
        let request = self.server.read_authorization(&authorization(party.id(), uri, &changes)).unwrap();
        let response = match self.server.authorize(request, visitor) {
            Progress::Refuse(reason) => {
                let error = Some(reason.error().to_owned());
                return Answer { error, ..plain(&reason.print()) };
            }
            Progress::Respond(response) => response,
            Progress::Ask(prompt) => match verdict {
                Verdict::All => self.server.approve(*prompt, session),
                Verdict::Only(part) => {
                    let part = Scope::parse(&part.text()).unwrap();
                    let approval = Approval::new(Arc::clone(self.server.config()), *prompt, session).only(part);
                    match self.server.run(approval).unwrap() {
                        Ok(response) => response.print(),
                        Err(refusal) => refusal.print(),
                    }
                }
                Verdict::Nothing => self.server.deny(*prompt),
            },
        };
        self.keep(&response);
        assert_eq!(parameter(&response, "iss").as_deref(), Some(ISSUER));
        let code = parameter(&response, "code").map(|code| place(&mut self.codes, code));
        let scope = parameter(&response, "scope").map(|scope| Words::read(&scope));
        Answer { code, scope, error: parameter(&response, "error"), ..plain(&response) }
    }

    fn token(&mut self, request: &Request<Vec<u8>>) -> Answer {
        let response = self.server.answer(Place::Token, request);
        self.keep(&response);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = json(&response);
        let token = |name| body[name].as_str().map(str::to_owned);
        Answer {
            access: token("access_token").map(|token| place(&mut self.access, token)),
            refresh: token("refresh_token").map(|token| place(&mut self.refresh, token)),
            expires_in: body["expires_in"].as_u64(),
            ..described(&response)
        }
    }

    fn use_at_resource(&mut self, token: Shown, scope: Words, elsewhere: bool) -> Answer {
        let mut request = get("/resource");
        request.headers_mut().insert("authorization", format!("Bearer {}", self.text(token)).parse().unwrap());
        let resource = Resource::parse(if elsewhere { "https://other.example" } else { RESOURCE }).unwrap();
        let demand = Demand::new(Scope::parse(&scope.text()).unwrap()).at(resource);
        match self.server.run(Access::new(self.server.config(), &request, demand)).unwrap() {
            Ok(permit) => Answer { status: 200, scope: Some(Words::read(permit.scope.as_str())), ..Answer::default() },
            Err(refusal) => {
                let response = refusal.print();
                self.keep(&response);
                let challenge = response.headers()["www-authenticate"].to_str().unwrap();
                let member = |name: &str| {
                    let (_, rest) = challenge.split_once(&format!(" {name}=\""))?;
                    Some(rest.split('"').next()?.to_owned())
                };
                Answer {
                    error: member("error"),
                    scope: member("scope").map(|scope| Words::read(&scope)),
                    ..plain(&response)
                }
            }
        }
    }

    fn send(&mut self, path: &str, party: Party, proof: Proof, token: Shown) -> Response<Vec<u8>> {
        let at = if path == "/revoke" { Place::Revocation } else { Place::Introspection };
        let request = request(path, party, proof, &[("token", &*self.text(token))]);
        let response = self.server.answer(at, &request);
        self.keep(&response);
        response
    }

    fn text(&self, shown: Shown) -> String {
        let issued = match shown.kind {
            Kind::Code => &self.codes,
            Kind::Access => &self.access,
            Kind::Refresh => &self.refresh,
        };
        let Some(place) = shown.place else { return "never-issued".to_owned() };
        let mut text = issued[place].clone();
        if shown.forged {
            // The last character is part of the secret; the grant comes first.
            let last = text.pop().unwrap();
            text.push(if last == 'A' { 'B' } else { 'A' });
        }
        text
    }

    fn keep(&mut self, response: &Response<Vec<u8>>) {
        self.transcript.extend(format!("{} {:?}\n", response.status(), response.headers()).into_bytes());
        self.transcript.extend(response.body());
    }
}

impl Subject<Ledger> {
    /// The same server in a world of its own.
    pub(super) fn fork(&self, clock: &Hands, seed: u64) -> Self {
        let seeds = Seeds { first: seed, drawn: AtomicU64::new(0) };
        let fork = Self::over(Arc::clone(self.server.config()), self.server.store().clone(), clock, seeds);
        let (codes, access, refresh) = (self.codes.clone(), self.access.clone(), self.refresh.clone());
        Self { codes, access, refresh, ..fork }
    }
}

fn request(path: &str, party: Party, proof: Proof, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    let secret = |right| if right { SECRET } else { "guessed" };
    let mut pairs = pairs.to_vec();
    match proof {
        Proof::Basic { right } => {
            let mut request = post(path, &pairs);
            request.headers_mut().insert("authorization", basic(party.id(), secret(right)).parse().unwrap());
            return request;
        }
        Proof::Post { right } => pairs.extend([("client_id", party.id()), ("client_secret", secret(right))]),
        Proof::Bare => pairs.push(("client_id", party.id())),
    }
    post(path, &pairs)
}

/// Where a text is among those of its kind; one that was never seen comes last.
pub(super) fn place(known: &mut Vec<String>, text: String) -> usize {
    known.iter().position(|own| *own == text).unwrap_or_else(|| {
        known.push(text);
        known.len() - 1
    })
}

fn plain(response: &Response<Vec<u8>>) -> Answer {
    let challenges = response.headers().contains_key("www-authenticate");
    Answer { status: response.status().as_u16(), challenges, ..Answer::default() }
}

fn described(response: &Response<Vec<u8>>) -> Answer {
    let body = json(response);
    let scope = body["scope"].as_str().filter(|_| body["active"].is_null()).map(Words::read);
    Answer { error: body["error"].as_str().map(str::to_owned), scope, ..plain(response) }
}

fn seen(body: &Value) -> Option<Seen> {
    body["active"].as_bool().filter(|active| *active)?;
    assert_eq!(body["iss"], ISSUER);
    Some(Seen {
        party: body["client_id"].as_str().unwrap().to_owned(),
        person: body["sub"] == "alice",
        scope: Words::read(body["scope"].as_str().unwrap()),
        exp: body["exp"].as_u64().unwrap(),
        iat: body["iat"].as_u64().unwrap(),
        bearer: body["token_type"] == "Bearer",
    })
}
