//! Whole requests that verify or sign, beside the cryptography in them alone, in one run:
//! `cargo bench --bench proofs --all-features`.
//!
//! Both take turns, and of each the fastest turn counts. What a request needs is made before the clock runs.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and if it meets the unexpected it has failed"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use grantor::dpop::{NewProof, Proof, TargetUri};
use grantor::jose::{Algorithm, Algorithms, KeySet, LocalSigner, PrivateKey, Purpose, SigningHost};
use grantor::record::{Client, ClientSecretDigest, GrantType};
use grantor::server::Place;
use grantor::store::Memory;
use grantor::wire::DpopHeader;
use grantor::{AuthorizationServer, Clock as _, Config, Dpop, SystemClock, Timestamp};
use http::{HeaderMap, Method, Request};
use serde_json::json;

const ISSUER: &str = "https://as.example";
const TOKEN: &str = "https://as.example/token";
const SECRET: &str = "kq3vXbZ0hT9dR5sW1yPfLm7uCn2eGa8JiO4rUxEVt6w";
/// Requests of one turn.
const BATCH: usize = 32;

type Server = AuthorizationServer<Memory, SigningHost<grantor::drive::NoHost, LocalSigner>>;

fn main() {
    // `cargo test --benches` wants to know only that it runs.
    let turns = if std::env::args().any(|arg| arg == "--bench") { 60 } else { 1 };
    println!("{:<52} {:>10} {:>10} {:>10}", "", "cryptography", "whole", "more");
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = PrivateKey::generate(algorithm).expect("a key").with_kid("k");
        let mut bench = Bench { key, made: 0, turns };
        bench.proof_check();
        for (signed, bound, jwt) in
            [(true, false, false), (false, false, true), (true, true, false), (true, true, true)]
        {
            bench.client_credentials(signed, bound, jwt);
        }
    }
}

struct Bench {
    key: PrivateKey,
    made: usize,
    turns: usize,
}

impl Bench {
    fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    fn verified(&self, text: &str) {
        let (signed, signature) = text.rsplit_once('.').expect("a token");
        let signature = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature);
        let signature = signature.expect("base64");
        self.key.public().verify(self.algorithm(), signed.as_bytes(), &signature).expect("our signature");
    }

    fn proof(&mut self) -> DpopHeader {
        self.made += 1;
        NewProof::new("POST", TOKEN, &self.made.to_string(), SystemClock.now()).sign(&self.key).expect("a proof")
    }

    fn assertion(&mut self) -> String {
        self.made += 1;
        let (now, id) = (SystemClock.now().as_unix(), self.made.to_string());
        let claims = json!({"iss": "svc", "sub": "svc", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": id});
        self.key.token(&Purpose::CLIENT_ASSERTION, &claims).expect("an assertion")
    }

    /// What a resource server of its own does with each proof.
    fn proof_check(&mut self) {
        let header = self.proof();
        let mut headers = HeaderMap::new();
        header.print(&mut headers);
        let text = headers.get("dpop").and_then(|proof| proof.to_str().ok()).expect("text").to_owned();
        let (uri, policy, now) = ([TargetUri::parse(TOKEN).expect("a URI")], Dpop::default(), SystemClock.now());
        let whole = || {
            let proof = Proof::read(&header, Algorithms::ASYMMETRIC).expect("a proof");
            proof.require(&Method::POST, &uri, None).expect("for this");
            policy.require_time(&proof, now).expect("in time");
            black_box(proof.name());
        };
        let name = format!("{}: check of a DPoP proof, without a store", self.algorithm());
        compare(
            &name,
            self.turns,
            || (0..BATCH).for_each(|_| self.verified(&text)),
            || (),
            |()| (0..BATCH).for_each(|_| whole()),
        );
    }

    fn server(&self, jwt: bool) -> Server {
        let config = Config::builder(ISSUER).scopes(["read", "write"]).audience("https://api.example/");
        let config = config.client_assertions(|_| ()).dpop(|_| ());
        let keys = KeySet::new(Duration::from_secs(3600)).with(self.key.signing_key().clone(), Timestamp::from_unix(0));
        let config = config.keys(keys);
        let config = if jwt { config.jwt_access_tokens(|_| ()) } else { config };
        let store = Memory::new();
        let metadata = json!({
            "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [self.key.public().to_jwk()]},
        });
        let signing = Client::builder("svc").metadata(serde_json::from_value(metadata).expect("metadata"));
        store.put_client(signing.build().expect("a client"));
        let secret = ClientSecretDigest::new(SECRET, [7; 16], None);
        let plain = Client::builder("plain").secret(secret).grant_types(&[GrantType::ClientCredentials]);
        store.put_client(plain.build().expect("a client"));
        let server = AuthorizationServer::new(config.build().expect("configuration"), store);
        server.with_signer(LocalSigner::new([self.key.clone()]))
    }

    fn request(&mut self, signed: bool, bound: bool) -> Request<String> {
        let mut body = "grant_type=client_credentials&scope=read+write".to_owned();
        if signed {
            body += "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";
            body += &self.assertion();
        } else {
            body += &format!("&client_id=plain&client_secret={SECRET}");
        }
        let request = Request::post(TOKEN).header("content-type", "application/x-www-form-urlencoded");
        let mut request = request.body(body).expect("a request");
        if bound {
            self.proof().print(request.headers_mut());
        }
        request
    }

    fn client_credentials(&mut self, signed: bool, bound: bool, jwt: bool) {
        let server = self.server(jwt);
        let (text, message) = (self.assertion(), [7; 400]);
        let key = self.key.clone();
        let bench = Self { key: key.clone(), made: 0, turns: 0 };
        let raw = || {
            for _ in 0..BATCH {
                (0..usize::from(signed) + usize::from(bound)).for_each(|_| bench.verified(&text));
                (0..usize::from(jwt)).for_each(|_| drop(black_box(key.sign(&message).expect("a signature"))));
            }
        };
        let (authentication, proof) =
            (if signed { "private_key_jwt" } else { "secret" }, if bound { ", DPoP" } else { "" });
        let token = if jwt { ", JWT" } else { "" };
        let name = format!("{}: client credentials, {authentication}{proof}{token}", self.algorithm());
        let turns = self.turns;
        compare(
            &name,
            turns,
            raw,
            || (0..BATCH).map(|_| self.request(signed, bound)).collect::<Vec<_>>(),
            |requests| {
                for request in requests {
                    let response = server.answer(Place::Token, &request);
                    assert!(response.status().is_success(), "{}", String::from_utf8_lossy(response.body()));
                }
            },
        );
    }
}

/// Prints how long one of a batch takes, and how much longer the second does.
fn compare<T>(
    name: &str,
    turns: usize,
    mut raw: impl FnMut(),
    mut prepare: impl FnMut() -> T,
    mut whole: impl FnMut(T),
) {
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..turns {
        let start = Instant::now();
        raw();
        fastest[0] = fastest[0].min(start.elapsed());
        let prepared = prepare();
        let start = Instant::now();
        whole(prepared);
        fastest[1] = fastest[1].min(start.elapsed());
    }
    let [raw, whole] = fastest.map(|time| time.as_secs_f64() * 1e6 / BATCH as f64);
    println!("{name:<52} {raw:>9.2} µs {whole:>7.2} µs {:>7.2} µs {:>5.1} %", whole - raw, (whole / raw - 1.0) * 100.0);
}
