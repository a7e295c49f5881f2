//! Vectors that others made.

use grantor::Timestamp;
use grantor::jose::{Algorithm, Algorithms, Jws, PrivateKey, PublicKey, Purpose, SharedSecret, Thumbprint, Times};
use serde_json::Value;

use crate::support::ANY;

/// What a verifier does that is pinned to `alg`, holds `jwk`, and requires the issuer `i`, the audience `a`, and a time.
fn judge(case: &Value) -> Result<(), String> {
    let said = |fault: &dyn std::fmt::Display| fault.to_string();
    let (jwk, token) = (case["jwk"].to_string(), case["token"].as_str().unwrap());
    let algorithm = Algorithm::parse(case["alg"].as_str().unwrap()).unwrap();
    let verified = if algorithm == Algorithm::Hs256 {
        let secret = SharedSecret::from_jwk(jwk).map_err(|fault| said(&fault))?;
        Jws::parse(token, &Purpose::CLIENT_SECRET_ASSERTION).and_then(|jws| jws.verify_secret(&secret))
    } else {
        let key = PublicKey::from_jwk(jwk).map_err(|fault| said(&fault))?;
        let pinned = ANY.with([algorithm].into_iter().collect());
        Jws::parse(token, &pinned).and_then(|jws| jws.verify(&key))
    };
    let claims = verified.map_err(|fault| said(&fault))?.claims().map_err(|fault| said(&fault))?;
    claims.require_issuer("i").map_err(|fault| said(&fault))?;
    claims.require_audience(&["a"]).map_err(|fault| said(&fault))?;
    claims.require_times(&Times::at(Timestamp::from_unix(1_780_000_000))).map_err(|fault| said(&fault))
}

#[test]
fn every_case_of_the_survey_comes_out_as_it_must() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("jws-cases.json")).unwrap();
    assert_eq!(cases.len(), 157);
    let mut wrong = Vec::new();
    let mut either = Vec::new();
    for case in &cases {
        let judged = judge(case);
        match case["expect"].as_str().unwrap() {
            "accept" if judged.is_ok() => {}
            "reject" if judged.is_err() => {}
            "info" => either.push((case["id"].as_str().unwrap(), judged.is_ok())),
            _ => wrong.push((case["id"].clone(), judged)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Where either would do, this is what is done.
    let taken: Vec<_> = either.iter().filter(|(_, taken)| *taken).map(|(id, _)| *id).collect();
    assert_eq!(taken, ["h3-rsa-e3", "k10-header-json-whitespace", "l-exp-float", "l-exp-exp-form"]);
    assert_eq!(either.len(), 11);
}

fn rfc() -> Value {
    serde_json::from_str(include_str!("rfc-cases.json")).unwrap()
}

#[test]
fn examples_of_rfc_7515_and_rfc_8037_verify() {
    for case in rfc()["jws"].as_array().unwrap() {
        let (name, token) = (&case["from"], case["token"].as_str().unwrap());
        let mut jwk = case["jwk"].as_object().unwrap().clone();
        let verified = if case["alg"] == "HS256" {
            let secret = SharedSecret::from_jwk(case["jwk"].to_string()).unwrap();
            Jws::parse(token, &Purpose::CLIENT_SECRET_ASSERTION).unwrap().verify_secret(&secret)
        } else {
            let private = PrivateKey::from_jwk(case["jwk"].to_string()).unwrap();
            jwk.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
            let public = PublicKey::from_jwk(Value::from(jwk).to_string()).unwrap();
            assert_eq!(private.public().thumbprint(), public.thumbprint(), "{name}");
            Jws::parse(token, &ANY).unwrap().verify(&public)
        };
        let payload = verified.unwrap().payload().to_vec();
        assert!(payload.starts_with(b"{\"iss\":\"joe\"") || payload == b"Example of Ed25519 signing", "{name}");
    }
}

#[test]
fn deterministic_signatures_of_the_examples_come_out_again() {
    for case in rfc()["jws"].as_array().unwrap() {
        let (input, signature) = case["token"].as_str().unwrap().rsplit_once('.').unwrap();
        let jwk = case["jwk"].to_string();
        let again = match case["alg"].as_str().unwrap() {
            "HS256" => SharedSecret::from_jwk(jwk).unwrap().sign(input.as_bytes()).to_vec(),
            "RS256" => {
                let key = PrivateKey::from_jwk(jwk).unwrap().with_algorithm(Algorithm::Rs256).unwrap();
                key.sign(input.as_bytes()).unwrap()
            }
            "EdDSA" => PrivateKey::from_jwk(jwk).unwrap().sign(input.as_bytes()).unwrap(),
            _ => continue,
        };
        assert_eq!(crate::support::b64(again), signature, "{}", case["from"]);
    }
}

#[test]
fn thumbprints_are_those_of_rfc_7638_and_rfc_8037() {
    let rsa = PublicKey::from_jwk(rfc()["rsa_thumbprint"]["jwk"].to_string()).unwrap();
    assert_eq!(rsa.thumbprint().to_string(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(rsa.kid(), Some("2011-04-29"));
    assert_eq!(rsa.algorithms(), [Algorithm::Rs256].into_iter().collect::<Algorithms>());
    let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let ed25519 = PublicKey::from_jwk(ed25519).unwrap().thumbprint();
    assert_eq!(ed25519.to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(Thumbprint::parse("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"), Some(ed25519));
    assert_eq!(Thumbprint::parse("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k="), None);
}

#[test]
fn the_proof_of_rfc_9449_verifies_with_the_key_that_it_brings() {
    let proof = rfc()["dpop"].as_str().unwrap().to_owned();
    let verified = Jws::parse(&proof, &Purpose::DPOP_PROOF).unwrap().verify_embedded().unwrap();
    assert_eq!(verified.claims().unwrap().id().unwrap(), "-BwC3ESc6acc2lTc");
    // [RFC 9449 §6.1]: the `jkt` of tokens that are bound to this key.
    let jkt = verified.header().key.as_ref().unwrap().thumbprint().to_string();
    assert_eq!(jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}
