//! Signing and verifying a token, and the check of a resource, beside the raw operation of AWS-LC, in one run:
//! `cargo bench --bench jose --all-features`.
//!
//! Both take turns, and of each the fastest turn counts, so that what else the machine does falls on neither.

#![allow(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a measurement that meets the unexpected has failed"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use grantor::Timestamp;
use grantor::jose::{Algorithm, Jws, PrivateKey, Purpose, Times};
use grantor::record::Scope;
use grantor::resource::{Demand, JwtResource};
use serde_json::json;

const TURNS: usize = 40;

fn main() {
    // `cargo test --benches` wants to know only that it runs.
    let turns = if std::env::args().any(|arg| arg == "--bench") { TURNS } else { 1 };
    println!("{:<10} {:>10} {:>10} {:>8}", "", "raw", "token", "more");
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256] {
        row(algorithm, turns);
    }
}

fn row(algorithm: Algorithm, turns: usize) {
    let key = PrivateKey::generate(algorithm).expect("a key");
    let (sign, verify) = raw(&key);
    let claims = json!({
        "iss": "https://as.example", "sub": "248289761001", "aud": "https://api.example", "client_id": "s6BhdRkqt3",
        "exp": 1_700_000_600, "iat": 1_700_000_000, "jti": "TQJZ0s2oSxM3WJaA5Yw6nA", "scope": "read write",
    });
    let token = key.token(&Purpose::ACCESS_TOKEN, &claims).expect("a token");
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let signature =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).expect("base64");
    let times = Times::at(Timestamp::from_unix(1_700_000_300));

    compare(
        &format!("{algorithm} sign"),
        turns,
        || drop(black_box(sign(signed.as_bytes()))),
        || {
            drop(black_box(key.token(&Purpose::ACCESS_TOKEN, &claims).expect("a token")));
        },
    );
    let api = JwtResource::builder("https://as.example", "https://api.example").build().expect("a resource");
    let keys = [key.public().clone().with_kid(key.kid())].into_iter().collect();
    let request = http::Request::get("https://api.example/notes");
    let request = request.header("authorization", format!("Bearer {token}")).body(Vec::new()).expect("a request");
    let demand = Arc::new(Demand::new(Scope::parse("read").expect("a scope")));
    compare(
        &format!("{algorithm} check"),
        turns,
        || verify(signed.as_bytes(), &signature),
        || {
            let now = Timestamp::from_unix(1_700_000_300);
            drop(black_box(api.check(&request, Arc::clone(&demand), &keys, now).expect("our token")));
        },
    );
    compare(
        &format!("{algorithm} verify"),
        turns,
        || verify(signed.as_bytes(), &signature),
        || {
            let jws = Jws::parse(&token, &Purpose::ACCESS_TOKEN).expect("a token");
            let claims = jws.verify(key.public()).expect("our signature").claims().expect("claims");
            claims.require_issuer("https://as.example").expect("our issuer");
            claims.require_audience(&["https://api.example"]).expect("our audience");
            claims.require_times(&times).expect("in time");
        },
    );
}

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;
type Verify = Box<dyn Fn(&[u8], &[u8])>;

/// The same key, with nothing around it.
fn raw(key: &PrivateKey) -> (Sign, Verify) {
    let der = key.to_pkcs8().expect("PKCS#8");
    let random = SystemRandom::new();
    let ecdsa = |signing, verifying: &'static signature::EcdsaVerificationAlgorithm| -> (Sign, Verify) {
        let pair = EcdsaKeyPair::from_pkcs8(signing, &der).expect("a key");
        let public = ParsedPublicKey::new(verifying, pair.public_key().as_ref()).expect("a key");
        let random = SystemRandom::new();
        (
            Box::new(move |message| pair.sign(&random, message).expect("a signature").as_ref().to_vec()),
            Box::new(move |message, signature| public.verify_sig(message, signature).expect("our signature")),
        )
    };
    let rsa = |padding: &'static dyn signature::RsaEncoding, verifying: &'static signature::RsaParameters| {
        let pair = rsa::KeyPair::from_pkcs8(&der).expect("a key");
        let public = ParsedPublicKey::new(verifying, pair.public_key().as_ref()).expect("a key");
        let sign: Sign = Box::new(move |message| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &random, message, &mut signature).expect("a signature");
            signature
        });
        let verify: Verify = Box::new(move |message, signature| {
            public.verify_sig(message, signature).expect("our signature");
        });
        (sign, verify)
    };
    match key.algorithm() {
        Algorithm::Es256 => ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Ps256 => rsa(&signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256),
        _ => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).expect("a key");
            let public = ParsedPublicKey::new(&signature::ED25519, pair.public_key().as_ref()).expect("a key");
            (
                Box::new(move |message| pair.sign(message).as_ref().to_vec()),
                Box::new(move |message, signature| public.verify_sig(message, signature).expect("our signature")),
            )
        }
    }
}

/// Prints how long each takes, and how much longer the second does.
fn compare(name: &str, turns: usize, mut raw: impl FnMut(), mut token: impl FnMut()) {
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..turns {
        fastest[0] = fastest[0].min(turn(&mut raw));
        fastest[1] = fastest[1].min(turn(&mut token));
    }
    let [raw, token] = fastest.map(|time| time.as_secs_f64() * 1e6);
    println!("{name:<12} {raw:>8.2} µs {token:>8.2} µs {:>6.1} %", (token / raw - 1.0) * 100.0);
}

/// How long one call takes, of as many as fit into some milliseconds.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn turn(call: &mut impl FnMut()) -> Duration {
    const LONG: Duration = Duration::from_millis(4);
    let (start, mut calls) = (Instant::now(), 0);
    loop {
        for _ in 0..4 {
            call();
        }
        calls += 4;
        let elapsed = start.elapsed();
        if elapsed >= LONG {
            return elapsed / calls;
        }
    }
}
