//! What a server publishes of its keys, and what its machine asks of a signer.

use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};
use grantor::drive::{Cause, NoHost};
use grantor::jose::{
    Algorithm, Algorithms, AsyncSigner, JwkSet, Jws, KeySet, LocalSigner, PrivateKey, Purpose, Signer,
    SigningHostFailed, Unsignable,
};
use grantor::server::Place;
use grantor::step::{Decision, Endpoint, Plan, Step};
use grantor::store::{Key, Memory};
use grantor::{AuthorizationServer, Clock, Config, ConfigFault, SigningInput, Snapshot, Timestamp};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{ec, key};

#[derive(Clone, Copy, Debug)]
struct Stopped(u64);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0)
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds)
}

fn keys() -> KeySet {
    let next = key(Algorithm::EdDsa).signing_key().clone();
    KeySet::new(Duration::from_secs(600)).with(ec().signing_key().clone(), at(1000)).with(next, at(2000))
}

fn request(method: Method) -> Request<Vec<u8>> {
    Request::builder().method(method).uri("https://as.example/jwks").body(Vec::new()).unwrap()
}

#[test]
fn a_server_that_signs_publishes_its_keys() {
    let config = Config::builder("https://as.example").scopes(["read"]).keys(keys()).build().unwrap();
    let server = AuthorizationServer::new(config, Memory::new()).with_clock(Stopped(1500));
    assert!(server.routes().iter().any(|route| route.place == Place::JwkSet && route.path == "/jwks"));
    assert_eq!(server.config().metadata().jwks_uri.as_deref(), Some("https://as.example/jwks"));

    let response = server.answer(Place::JwkSet, &request(Method::GET));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/jwk-set+json");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(JwkSet::parse(response.body()).unwrap(), keys().public(at(1500)));
    let read: Value = serde_json::from_slice(response.body()).unwrap();
    for key in read["keys"].as_array().unwrap() {
        assert!(key["kid"].is_string() && key["alg"].is_string() && key["use"] == "sig" && key.get("d").is_none());
    }
    assert!(server.answer(Place::JwkSet, &request(Method::HEAD)).body().is_empty());
    assert_eq!(server.answer(Place::JwkSet, &request(Method::POST)).status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn a_server_that_does_not_sign_says_nothing_of_keys() {
    let config = Config::builder("https://as.example").scopes(["read"]).build().unwrap();
    let server = AuthorizationServer::new(config, Memory::new());
    assert!(server.routes().iter().all(|route| route.place != Place::JwkSet));
    assert_eq!(server.config().metadata().jwks_uri, None);
    assert_eq!(server.answer(Place::JwkSet, &request(Method::GET)).status(), StatusCode::NOT_FOUND);
}

#[test]
fn keys_outlive_the_tokens_that_they_sign() {
    let build = |keys: KeySet| Config::builder("https://as.example").scopes(["read"]).keys(keys).build().map(drop);
    let with = |seconds| KeySet::new(Duration::from_secs(seconds)).with(ec().signing_key().clone(), at(0));
    assert_eq!(build(with(600)), Ok(()));
    assert_eq!(build(with(599)), Err(ConfigFault::Keys));
    assert_eq!(build(KeySet::new(Duration::from_secs(600))), Err(ConfigFault::Keys));
}

/// A decision that signs twice.
#[derive(Clone, Debug)]
struct Issue(KeySet);

impl Endpoint for Issue {
    type Reply = [String; 2];
    type Refusal = Infallible;

    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let sign = |algorithm, jti: &str| {
            let key = self.0.current(Algorithms::NONE.and(algorithm), seen.now()).unwrap();
            key.token(&Purpose::ACCESS_TOKEN, &json!({ "jti": jti, "iat": seen.now() })).unwrap().signed_in(seen)
        };
        let tokens = [sign(Algorithm::Es256, "1")?, sign(Algorithm::EdDsa, "2")?];
        Ok(Plan::grant(Vec::new(), tokens))
    }
}

fn check(tokens: [String; 2]) {
    for (token, jti) in tokens.iter().zip(["1", "2"]) {
        let jws = Jws::parse(token, &Purpose::ACCESS_TOKEN).unwrap();
        assert_eq!(jws.header().typ.as_deref(), Some("at+jwt"));
        let claims = jws.verify_among(&keys().public(at(2500))).unwrap().claims().unwrap();
        assert_eq!((claims.id().unwrap(), claims.issued()), (jti, Some(at(2500))));
    }
}

#[test]
fn a_decision_is_signed_by_whoever_has_the_key() {
    let local = LocalSigner::new([ec().clone(), key(Algorithm::EdDsa).clone()]);
    let config = Config::builder("https://as.example").scopes(["read"]).build().unwrap();
    let server = AuthorizationServer::new(Arc::clone(&config), Memory::new()).with_clock(Stopped(2500));
    let server = server.with_signer(local.clone());
    check(server.run(Issue(keys())).unwrap().unwrap());
    let waited = pollster::block_on(drive_async(&local));
    check(waited);
}

async fn drive_async(signer: &LocalSigner) -> [String; 2] {
    let mut step = Step::at(Issue(keys()), at(2500));
    let mut asked = Vec::new();
    loop {
        step = match step {
            Step::Sign(ask) => {
                let input = ask.question().clone();
                asked.push((input.key.clone(), input.algorithm));
                let signature = AsyncSigner::sign(signer, &input).await.unwrap();
                ask.signed(signature)
            }
            Step::Done(done) => {
                // One question for each token, and each names its key and its algorithm.
                let expected = [(ec().kid().to_owned(), "ES256"), (key(Algorithm::EdDsa).kid().to_owned(), "EdDSA")];
                assert_eq!(asked, expected);
                return done.reply.unwrap();
            }
            other => panic!("{other:?}"),
        };
    }
}

/// A signer that answers as many KMS do.
#[derive(Clone, Debug)]
struct Der;

impl Signer for Der {
    type Error = Unsignable;

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Unsignable> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &ec().to_pkcs8().unwrap()).unwrap();
        Ok(Arc::from(pair.sign(&SystemRandom::new(), &input.bytes).unwrap().as_ref()))
    }
}

/// A signer that turns DER into what a JWS has.
#[derive(Clone, Debug)]
struct Turned;

impl Signer for Turned {
    type Error = Unsignable;

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Unsignable> {
        if input.algorithm != "ES256" {
            return Signer::sign(&LocalSigner::new([key(Algorithm::EdDsa).clone()]), input);
        }
        let fixed = Algorithm::Es256.signature_from_der(&Der.sign(input)?);
        fixed.map(Arc::from).ok_or(Unsignable)
    }
}

#[test]
fn a_signature_of_another_form_is_an_outage_and_no_token() {
    let config = Config::builder("https://as.example").scopes(["read"]).build().unwrap();
    let server = || AuthorizationServer::new(Arc::clone(&config), Memory::new()).with_clock(Stopped(2500));
    let failed = server().with_signer(Der).run(Issue(keys())).unwrap_err();
    assert!(matches!(failed.cause, Cause::Host(SigningHostFailed::Misshapen("ES256"))), "{:?}", failed.cause);
    let failed = server().with_signer(LocalSigner::new([ec().clone()])).run(Issue(keys())).unwrap_err();
    assert!(matches!(failed.cause, Cause::Host(SigningHostFailed::Signer(Unsignable))), "{:?}", failed.cause);
    check(server().with_signer(Turned).run(Issue(keys())).unwrap().unwrap());
    let failed = server().run(Issue(keys())).unwrap_err();
    assert!(matches!(failed.cause, Cause::Host(_)), "{:?} of {NoHost:?}", failed.cause);
}

#[test]
fn der_becomes_fixed_and_nothing_else_does() {
    let p384 = key(Algorithm::Es384);
    let pairs: [(&PrivateKey, _); 2] =
        [(ec(), &ECDSA_P256_SHA256_ASN1_SIGNING), (p384, &ECDSA_P384_SHA384_ASN1_SIGNING)];
    for (own, algorithm) in pairs {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &own.to_pkcs8().unwrap()).unwrap();
        // Often enough for numbers with a leading zero, and for short ones.
        for _ in 0..300 {
            let der = pair.sign(&SystemRandom::new(), b"message").unwrap();
            let fixed = own.algorithm().signature_from_der(der.as_ref()).unwrap();
            assert_eq!(own.public().verify(own.algorithm(), b"message", &fixed), Ok(()));
        }
    }
    let turn = |der: &[u8]| Algorithm::Es256.signature_from_der(der);
    assert_eq!(turn(&[0x30, 6, 2, 1, 1, 2, 1, 2]).unwrap()[31], 1);
    for bad in [
        &[][..],
        &[0x30, 6, 2, 1, 1, 2, 1],
        &[0x30, 6, 2, 1, 1, 2, 1, 2, 0],
        &[0x30, 7, 2, 1, 1, 2, 1, 2, 0],
        &[0x31, 6, 2, 1, 1, 2, 1, 2],
        &[0x30, 6, 2, 1, 0, 2, 1, 2],
        &[0x30, 6, 2, 1, 0x81, 2, 1, 2],
        &[0x30, 7, 2, 2, 0, 1, 2, 1, 2],
        &[0x30, 5, 2, 0, 2, 1, 2],
        &[0x30, 0x80, 2, 1, 1, 2, 1, 2],
    ] {
        assert_eq!(turn(bad), None, "{bad:02x?}");
    }
    let long = [&[0x30, 38, 2, 33][..], &[1; 33], &[2, 1, 1]].concat();
    assert_eq!(turn(&long), None, "more than 32 bytes");
    assert_eq!(Algorithm::Rs256.signature_from_der(&[0x30, 6, 2, 1, 1, 2, 1, 2]), None);
}
