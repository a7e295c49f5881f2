//! Keys behind a client's `jwks_uri`: fetched for what could be good, and kept for a while [RFC 7591 §2].

use std::sync::{Arc, Mutex};

use grantor::drive::{CachedKeys, CachingHost, Host, NoHost, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Purpose, Unfetched};
use grantor::jose::{PrivateKey, Purpose as Token};
use grantor::record::Client;
use grantor::server::Place;
use grantor::store::Memory;
use grantor::{AuthorizationServer, Question, SigningInput, Verdict};
use http::Response;
use serde_json::{Value, json as value};

use super::{KEYS, asking, assertion, claims, forge, jwks, registered};
use crate::support::*;

/// Has one document wherever it is asked, and counts how often it is.
#[derive(Clone, Debug, Default)]
struct Web(Arc<Mutex<Document>>);

#[derive(Debug, Default)]
struct Document {
    /// What is there: a status, a lifetime and a body; nothing if nobody answers.
    answer: Option<(u16, Option<u32>, Value)>,
    asked: usize,
}

impl Web {
    fn serve(&self, answer: Option<(u16, Option<u32>, Value)>) {
        self.0.lock().unwrap().answer = answer;
    }

    /// How often it was asked since the last time that this was called.
    fn asked(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

impl Host for Web {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        assert!(request.url.as_str().starts_with("https://m") && request.purpose == Purpose::ClientKeys);
        let mut web = self.0.lock().unwrap();
        web.asked += 1;
        let Some((status, lifetime, body)) = &web.answer else { return Ok(Err(Unfetched::Unreachable)) };
        let mut response = Response::builder().status(*status);
        if let Some(lifetime) = lifetime {
            response = response.header("cache-control", format!("max-age={lifetime}"));
        }
        Ok(Ok((&response.body(body.to_string()).unwrap()).into()))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        NoHost.sign(input)
    }
}

fn behind(url: &str) -> Client {
    registered(&value!({"jwks_uri": url})).unwrap()
}

fn server<H: Host>(clock: &Hands, host: H) -> AuthorizationServer<Memory, H, (), Hands> {
    let store = Memory::new();
    store.put_client(behind("https://m.example/jwks"));
    let config = config().client_assertions(|_| ()).build().unwrap();
    AuthorizationServer::new(config, store).with_clock(clock.clone()).with_host(host)
}

#[test]
fn keys_are_fetched_for_an_assertion_that_could_be_good() {
    let web = Web::default();
    let server = server(&Hands::default(), web.clone());
    let ask = |document: Option<Value>, shown: &str| {
        web.serve(document.map(|document| (200, None, document)));
        let status = server.answer(Place::Token, &asking(shown)).status().as_u16();
        (status, web.asked())
    };
    let shown = assertion(&value!({}));
    assert_eq!(ask(None, &shown), (401, 1), "not to be had");
    assert_eq!(ask(Some(value!({})), &shown), (401, 1), "no keys");
    assert_eq!(ask(Some(jwks(&[&KEYS[1]])), &shown), (401, 1), "other keys");
    let mut private = jwks(&[&KEYS[0], &KEYS[1]]);
    private["keys"][1]["d"] = value!("AAAA");
    assert_eq!(ask(Some(private), &shown), (401, 1), "a key that is not secret any more");
    assert_eq!(ask(Some(jwks(&[&KEYS[0]])), "a.b.c"), (401, 0), "nothing that could be good");
    let secret = forge(&KEYS[0], &value!({"alg": "HS256"}), &claims(&value!({})));
    assert_eq!(ask(Some(jwks(&[&KEYS[0]])), &secret), (401, 0));
    assert_eq!(ask(Some(jwks(&[&KEYS[0]])), &shown), (200, 1));
    assert_eq!(ask(Some(jwks(&[&KEYS[0]])), &shown), (401, 1), "used");
}

/// A server that keeps the keys that it fetched, and new assertions for it.
struct Keeping {
    web: Web,
    clock: Hands,
    server: AuthorizationServer<Memory, CachingHost<Web, Hands>, (), Hands>,
    made: usize,
}

impl Keeping {
    fn new(change: impl FnOnce(&mut CachedKeys)) -> Self {
        let (web, clock) = (Web::default(), Hands::default());
        let host = CachingHost::new(web.clone()).with_clock(clock.clone()).keeping(change);
        Self { server: server(&clock, host), web, clock, made: 0 }
    }

    /// What an assertion by `key` comes to, and how often the document was fetched for it.
    fn ask(&mut self, key: &PrivateKey) -> (u16, usize) {
        self.ask_as("m", key)
    }

    fn ask_as(&mut self, client: &str, key: &PrivateKey) -> (u16, usize) {
        self.made += 1;
        let exp = grantor::Clock::now(&self.clock).as_unix() + 60;
        let changes = value!({"iss": client, "sub": client, "jti": self.made.to_string(), "exp": exp, "iat": null});
        let shown = key.token(&Token::CLIENT_ASSERTION, &claims(&changes)).unwrap();
        (self.server.answer(Place::Token, &asking(&shown)).status().as_u16(), self.web.asked())
    }
}

#[test]
fn keys_are_kept_for_as_long_as_they_say_within_limits() {
    for (said, kept) in [(None, 600), (Some(60), 60), (Some(0), 30), (Some(7 * 86400), 86400)] {
        let mut keeping = Keeping::new(|_| ());
        keeping.web.serve(Some((200, said, jwks(&[&KEYS[0]]))));
        assert_eq!(keeping.ask(&KEYS[0]), (200, 1), "{said:?}");
        keeping.clock.advance(kept - 1);
        assert_eq!(keeping.ask(&KEYS[0]), (200, 0), "{said:?}: kept");
        keeping.clock.advance(1);
        assert_eq!(keeping.ask(&KEYS[0]), (200, 1), "{said:?}: not any longer");
    }
}

#[test]
fn a_key_that_is_not_known_makes_it_ask_again_but_not_all_the_time() {
    let mut keeping = Keeping::new(|_| ());
    keeping.web.serve(Some((200, None, jwks(&[&KEYS[0]]))));
    assert_eq!(keeping.ask(&KEYS[0]), (200, 1));
    keeping.web.serve(Some((200, None, jwks(&[&KEYS[1]]))));
    assert_eq!(keeping.ask(&KEYS[1]), (401, 0), "it was asked a moment ago");
    keeping.clock.advance(30);
    assert_eq!(keeping.ask(&KEYS[0]), (200, 0), "what is known needs no question");
    assert_eq!(keeping.ask(&KEYS[1]), (200, 1), "the owner has a new key");
    assert_eq!(keeping.ask(&KEYS[0]), (401, 0), "and withdrew the old one");
    for _ in 0..3 {
        assert_eq!(keeping.ask(&KEYS[2]), (401, 0), "a stranger's");
    }
    keeping.clock.advance(30);
    assert_eq!((keeping.ask(&KEYS[2]), keeping.ask(&KEYS[2])), ((401, 1), (401, 0)));
    // A wrong signature by a key that is known is no reason to ask.
    keeping.clock.advance(30);
    assert_eq!(keeping.ask(&KEYS[2].clone().with_kid("b")), (401, 1), "no key of that algorithm is called so");
    let forged = forge(&KEYS[2], &value!({"alg": "EdDSA", "kid": "b"}), &claims(&value!({})));
    keeping.clock.advance(30);
    assert_eq!(keeping.server.answer(Place::Token, &asking(&forged)).status(), 401);
    assert_eq!(keeping.web.asked(), 0);
}

#[test]
fn a_document_that_cannot_be_had_is_not_asked_for_all_the_time() {
    for bad in [None, Some((404, None, value!({}))), Some((500, Some(3600), value!({})))] {
        let mut keeping = Keeping::new(|_| ());
        keeping.web.serve(bad.clone());
        assert_eq!((keeping.ask(&KEYS[0]), keeping.ask(&KEYS[0])), ((401, 1), (401, 0)), "{bad:?}");
        keeping.web.serve(Some((200, None, jwks(&[&KEYS[0]]))));
        keeping.clock.advance(29);
        assert_eq!(keeping.ask(&KEYS[0]), (401, 0), "{bad:?}");
        keeping.clock.advance(1);
        assert_eq!(keeping.ask(&KEYS[0]), (200, 1), "{bad:?}");
        // The keys of before do until they would have been asked for in any case.
        keeping.web.serve(bad.clone());
        keeping.clock.advance(30);
        assert_eq!((keeping.ask(&KEYS[1]), keeping.ask(&KEYS[0])), ((401, 1), (200, 0)), "{bad:?}");
        keeping.clock.advance(570);
        assert_eq!(keeping.ask(&KEYS[0]), (401, 1), "{bad:?}");
    }
}

#[test]
fn only_so_many_documents_are_kept() {
    let mut keeping = Keeping::new(|keys| keys.documents = 2);
    keeping.web.serve(Some((200, None, jwks(&[&KEYS[0]]))));
    for client in ["m1", "m2", "m3"] {
        let url = format!("https://{client}.example/jwks");
        let own = Client::builder(client).metadata(behind(&url).metadata().clone()).build().unwrap();
        keeping.server.store().put_client(own);
        assert_eq!(keeping.ask_as(client, &KEYS[0]), (200, 1), "{client}");
        keeping.clock.advance(1);
    }
    assert_eq!(keeping.ask_as("m3", &KEYS[0]), (200, 0));
    assert_eq!(keeping.ask_as("m2", &KEYS[0]), (200, 0));
    assert_eq!(keeping.ask_as("m1", &KEYS[0]), (200, 1), "the first was forgotten");
}

/// Refuses to go where a client says, and has keys where the operator says: the address is the same.
#[derive(Clone, Debug, Default)]
struct Inside(Arc<Mutex<usize>>);

impl Host for Inside {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        if request.purpose == Purpose::ClientKeys && request.url.as_str() == "https://idp.internal/jwks" {
            return Ok(Err(Unfetched::Forbidden));
        }
        *self.0.lock().unwrap() += 1;
        Ok(Ok((&Response::builder().header("cache-control", "max-age=86400").body("{}").unwrap()).into()))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        NoHost.sign(input)
    }
}

#[test]
fn no_client_keeps_the_keys_of_an_issuer_away() {
    let (inside, clock) = (Inside::default(), Hands::default());
    let host = CachingHost::new(inside.clone()).with_clock(clock.clone()).keeping(|keys| {
        (keys.documents, keys.longest) = (2, std::time::Duration::from_secs(3600));
    });
    let ask = |url: &str, purpose| host.fetch(&FetchRequest::new(url.parse().unwrap(), purpose)).unwrap();
    let asked = || std::mem::take(&mut *inside.0.lock().unwrap());
    let idp = "https://idp.internal/jwks";
    assert_eq!(ask(idp, Purpose::ClientKeys).map(|_| ()), Err(Unfetched::Forbidden));
    assert!(ask(idp, Purpose::IssuerKeys).is_ok(), "what a client was refused is not the issuer's answer");
    assert_eq!(ask(idp, Purpose::ClientKeys).map(|_| ()), Err(Unfetched::Forbidden), "nor the other way round");
    assert_eq!(asked(), 1);
    clock.advance(60);
    for client in 0..4 {
        assert!(ask(&format!("https://m{client}.example/jwks"), Purpose::ClientKeys).is_ok());
    }
    assert_eq!(asked(), 4);
    assert!(ask(idp, Purpose::IssuerKeys).is_ok());
    assert_eq!(asked(), 0, "strangers' keys are forgotten first, whatever they say of themselves");
    assert!(ask(idp, Purpose::ClientDocument).is_ok() && ask(idp, Purpose::ClientDocument).is_ok());
    assert_eq!(asked(), 2);
}
