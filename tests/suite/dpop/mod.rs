//! Tokens that are bound to keys, by proofs [RFC 9449].

mod binding;
mod checks;
mod periods;
mod resources;

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::dpop::{DpopNonces, NewProof, Proof, TargetUri};
use grantor::event::Event;
use grantor::jose::{Algorithm, Algorithms, PrivateKey, Thumbprint};
use grantor::record::{Client, ClientFault, Digest, GrantType, Scope};
use grantor::resource::{Demand, ProtectedResource};
use grantor::server::Place;
use grantor::wire::{DpopHeader, Introspection, ProofFault};
use grantor::{Config, ConfigFault, Dpop, Registration, Timestamp};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::{Value, json as value};
use std::time::Duration;

use crate::faults::case;
use crate::faulty::{Ask, Case};
use crate::interleavings::crowd_of;
use crate::support::*;
use crate::table::Shelf;
use crate::watch::Watched;

const TOKEN: &str = "https://as.example/token";
const API: &str = "https://as.example/api";

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::Es256).unwrap()
}

fn jkt(key: &PrivateKey) -> String {
    key.public().thumbprint().to_string()
}

/// A text that no other proof of this run has.
fn fresh() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("id-{}", COUNT.fetch_add(1, Ordering::SeqCst))
}

/// Header and claims of a good proof, as JSON, to be spoilt.
#[derive(Clone)]
struct Draft {
    header: Value,
    claims: Value,
}

impl Draft {
    fn new(key: &PrivateKey, method: &str, uri: &str, now: Timestamp) -> Self {
        let jwk = Value::Object(key.public().to_jwk());
        Self {
            header: value!({"typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": jwk}),
            claims: value!({"jti": fresh(), "htm": method, "htu": uri, "iat": now.as_unix()}),
        }
    }

    fn sign(&self, key: &PrivateKey) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{signature}")
    }
}

pub(crate) fn showing(request: &Request<Vec<u8>>, proof: &str) -> Request<Vec<u8>> {
    let mut request = request.clone();
    request.headers_mut().append("dpop", proof.parse().unwrap());
    request
}

pub(crate) fn proof(world_now: Timestamp, key: &PrivateKey, method: &str, uri: &str) -> String {
    Draft::new(key, method, uri, world_now).sign(key)
}

/// A proof for a request with an access token.
pub(crate) fn proof_for(now: Timestamp, key: &PrivateKey, method: &str, uri: &str, token: &str) -> String {
    let mut draft = Draft::new(key, method, uri, now);
    draft.claims["ath"] = value!(challenge(token));
    draft.sign(key)
}

impl World {
    fn proof(&self, key: &PrivateKey) -> String {
        proof(self.now(), key, "POST", TOKEN)
    }

    /// The tokens of a public client, bound to `key`.
    fn bound(&self, key: &PrivateKey) -> (String, String) {
        let code = self.code("spa", SPA, &[("scope", "read write")]);
        let response = self.token(&showing(&redeem("spa", SPA, &code), &self.proof(key)));
        let body = json(&response);
        assert_eq!(body["token_type"], "DPoP", "{body}");
        ["access_token", "refresh_token"].map(|name| body[name].as_str().unwrap().to_owned()).into()
    }

    fn at_api(&self, demand: Demand, authorization: &str, proofs: &[String]) -> Result<(), Box<Response<Vec<u8>>>> {
        let mut request = get("/api?x=1");
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        let request = proofs.iter().fold(request, |request, proof| showing(&request, proof));
        self.server.access(&request, demand).map(|_| ())
    }

    fn resource_proof(&self, key: &PrivateKey, token: &str, change: impl FnOnce(&mut Draft)) -> String {
        let mut draft = Draft::new(key, "GET", API, self.now());
        draft.claims["ath"] = value!(challenge(token));
        change(&mut draft);
        draft.sign(key)
    }
}

fn read() -> Demand {
    Demand::new(Scope::parse("read").unwrap())
}

fn challenges(response: &Response<Vec<u8>>) -> Vec<String> {
    response.headers().get_all("www-authenticate").iter().map(|one| one.to_str().unwrap().to_owned()).collect()
}

fn served() -> World {
    world_with(|config| config.dpop(|_| ()))
}

fn nonces() -> DpopNonces {
    DpopNonces::new([7; 32])
}

fn nonce_world() -> World {
    world_with(|config| config.dpop(|dpop| dpop.nonces = Some(nonces())))
}

fn pushing(changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut request = post("/par", &[]);
    *request.body_mut() = authorization("spa", SPA, changes).uri().query().unwrap().into();
    request
}

#[test]
fn a_proof_is_good_for_one_use_at_the_token_endpoint() {
    let (world, key) = (served(), key());
    let [one, two] = [(); 2].map(|()| redeem("spa", SPA, &world.code("spa", SPA, &[])));
    let proof = world.proof(&key);
    // What fails uses nothing up.
    assert_eq!(
        error(&world, &showing(&with(&one, &[("code_verifier", &"x".repeat(43))]), &proof)),
        refused(400, "invalid_grant")
    );
    assert_eq!(world.token(&showing(&one, &proof)).status(), StatusCode::OK);
    for seconds in [0, 30, 30] {
        world.clock.advance(seconds);
        let again = world.token(&showing(&two, &proof));
        assert_eq!(json(&again)["error"], "invalid_dpop_proof");
        assert_eq!(json(&again)["error_description"], "the DPoP proof was used before");
        let events = world.log.take();
        assert!(
            events.iter().any(|event| matches!(event, Event::ProofReplayed { client, .. } if client.as_str() == "spa"))
        );
    }
    world.clock.advance(1);
    let response = world.token(&showing(&two, &proof));
    assert_eq!(json(&response)["error_description"], "the iat of the DPoP proof is too far from now");
    // The same name of another key is another proof.
    let acting = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    for holder in [self::key(), self::key()] {
        let mut draft = Draft::new(&holder, "POST", TOKEN, world.now());
        draft.claims["jti"] = value!("one name");
        assert_eq!(world.token(&showing(&acting, &draft.sign(&holder))).status(), StatusCode::OK);
        draft.claims["iat"] = value!(world.now().as_unix() + 1);
        assert_eq!(error(&world, &showing(&acting, &draft.sign(&holder))), refused(400, "invalid_dpop_proof"));
    }
}

#[test]
fn metadata_and_registration_say_what_is_served() {
    let document = |world: &World| json(&world.server.answer(Place::Metadata, &get("/")));
    let registration = || Registration::open().by_default("read");
    let plain = world_with(|config| config.registration(registration()));
    assert_eq!(document(&plain).get("dpop_signing_alg_values_supported"), None);
    let world = world_with(|config| config.registration(registration()).dpop(|_| ()));
    let all = value!(["ES256", "ES384", "PS256", "PS384", "RS256", "EdDSA"]);
    assert_eq!(document(&world)["dpop_signing_alg_values_supported"], all);
    let body = value!({"redirect_uris": [SPA], "token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true});
    let mut request = post("/register", &[]);
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    *request.body_mut() = body.to_string().into();
    let registered = json(&world.server.answer(Place::Registration, &request));
    assert_eq!(registered["dpop_bound_access_tokens"], true, "{registered}");
    assert_eq!(json(&plain.server.answer(Place::Registration, &request))["error"], "invalid_client_metadata");
    let resource = ProtectedResource::builder("https://api.example/").dpop_bound().dpop_algorithms(Algorithms::FAPI2);
    let resource = resource.build().unwrap();
    let told = json(&resource.answer(&get("/")));
    assert_eq!(told["dpop_bound_access_tokens_required"], true);
    assert_eq!(told["dpop_signing_alg_values_supported"], value!(["ES256", "PS256", "EdDSA"]));
    assert!(read().of(&resource).dpop_bound);
}

#[test]
fn what_could_not_work_is_refused_when_it_is_built() {
    for change in [
        (|dpop| dpop.algorithms = Algorithms::NONE) as fn(&mut Dpop),
        |dpop| dpop.algorithms = [Algorithm::Es256, Algorithm::Hs256].into_iter().collect(),
        |dpop| dpop.window = Duration::ZERO,
        |dpop| dpop.window = Duration::from_secs(601),
        |dpop| dpop.nonces = Some(nonces().every(Duration::ZERO)),
        |dpop| dpop.nonces = Some(nonces().every(Duration::from_secs(601))),
    ] {
        assert_eq!(config().dpop(change).build().unwrap_err(), ConfigFault::Dpop);
    }
    assert!(
        Config::builder(ISSUER).scopes(["read"]).dpop(|dpop| dpop.window = Duration::from_secs(600)).build().is_ok()
    );
}

#[test]
fn a_client_makes_a_proof_in_one_call() {
    let (world, own) = (nonce_world(), key());
    let nonce = nonces().current(world.now());
    let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
    let made = NewProof::new("POST", "https://as.example/token?x#y", "some random text", world.now()).nonce(&nonce);
    let proof = made.sign(&own).unwrap();
    assert_eq!(format!("{proof:?}"), "DpopHeader(..)");
    let mut parsed = grantor::wire::TokenRequest::parse(&redemption, world.server.config().limits()).unwrap();
    parsed.dpop = Some(proof);
    let printed = parsed.print(&TOKEN.parse().unwrap());
    let body = json(&world.token(&printed));
    assert_eq!(body["token_type"], "DPoP", "{body}");
    let access = body["access_token"].as_str().unwrap();
    let made = NewProof::new("GET", API, "another", world.now()).nonce(&nonce).access_token(access).sign(&own).unwrap();
    let mut headers = HeaderMap::new();
    made.print(&mut headers);
    assert_eq!(DpopHeader::of(&headers), Some(made));
    let proof = headers["dpop"].to_str().unwrap().to_owned();
    assert!(world.at_api(read(), &format!("DPoP {access}"), &[proof]).is_ok());
}

/// Requests with proofs, for stores that fail or lie; the same request again shows a proof that was used.
pub(crate) fn fault_cases() -> Vec<Case> {
    let key = key();
    let world = || crowd_of(Vec::new(), |config| config.dpop(|_| ()));
    let shown = |world: &World<Shelf>, path: &str, request: &Request<Vec<u8>>| {
        showing(request, &proof(world.now(), &key, "POST", &format!("{ISSUER}{path}")))
    };
    let [acting, redeeming, refreshing, pushed] = [(); 4].map(|()| world());
    let client = post_as("/token", &basic("web", SECRET), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let client = shown(&acting, "/token", &client);
    let redemption = redeem("spa", SPA, &redeeming.code("spa", SPA, &[]));
    let redemption = shown(&redeeming, "/token", &redemption);
    let first = redeem("spa", SPA, &refreshing.code("spa", SPA, &[]));
    let first = json(&refreshing.token(&shown(&refreshing, "/token", &first)));
    let refresh = shown(&refreshing, "/token", &refresh("spa", first["refresh_token"].as_str().unwrap()));
    let push = shown(&pushed, "/par", &pushing(&[]));
    vec![
        case("client credentials with a proof", Ask::Answer(Place::Token, client), acting, 200, 400, &[]),
        case("redemption with a proof", Ask::Answer(Place::Token, redemption), redeeming, 200, 400, &[]),
        case("refresh with a proof", Ask::Answer(Place::Token, refresh), refreshing, 200, 400, &[]),
        case(
            "a pushed request with a proof",
            Ask::Answer(Place::PushedAuthorizationRequest, push),
            pushed,
            201,
            400,
            &[],
        ),
    ]
}

#[test]
fn nobody_is_shown_a_proof() {
    let key = key();
    let mut watched = Watched::over(crowd_of(Vec::new(), |config| config.dpop(|dpop| dpop.nonces = Some(nonces()))));
    for nonce in [None, Some(nonces().current(watched.world.now()))] {
        let good = nonce.is_some();
        let redemption = redeem("spa", SPA, &watched.world.code("spa", SPA, &[]));
        let mut draft = Draft::new(&key, "POST", TOKEN, watched.world.now());
        nonce.into_iter().for_each(|nonce| draft.claims["nonce"] = value!(nonce));
        let proof = draft.sign(&key);
        watched.learn(Some(proof.clone()));
        watched.learn(Some(proof.rsplit('.').next().unwrap().to_owned()));
        for expected in [good, false] {
            let answer = watched.send(Place::Token, &showing(&redemption, &proof));
            assert_eq!(answer.status() == StatusCode::OK, expected);
        }
    }
    watched.assert_kept(6);
}
