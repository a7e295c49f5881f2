//! What clients sign to prove who they are and which key they hold: assertions, attestations with their proofs, DPoP proofs.
//! Whatever is sent is answered and never panics; nothing that was changed is taken; what is taken is for this server and
//! now, and is taken once.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use grantor::Config;
use grantor::jose::{Algorithm, JwkSet, PrivateKey};
use grantor::record::{Client, Record};
use grantor::server::Place;
use grantor::store::Key;
use grantor_fuzz::forgery::{Forged, Forgery};
use grantor_fuzz::{Ledger, NOW, answer_of, form};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Assertion(Forgery<'a>),
    Attestation { attestation: Forgery<'a>, pop: Forgery<'a> },
    Combined { attestation: Forgery<'a>, proof: Forgery<'a> },
    Proof(Forgery<'a>),
    Headers { attestation: &'a [u8], pop: &'a [u8], proof: &'a [u8], assertion: &'a str },
}

const ISSUER: &str = "https://as.example";
const CLAIMS: [&str; 14] =
    ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "htm", "htu", "ath", "nonce", "challenge", "unknown"];

/// One key for all, so that only what a token says it is keeps one from being taken for another.
static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(Algorithm::EdDsa).expect("a key"));

static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let config = Config::builder(ISSUER).scopes(["read"]).client_assertions(|_| ()).dpop(|_| ());
    let trusting = config.client_attestations(|own| own.attesters = JwkSet::from_iter([KEY.public().clone()]));
    trusting.build().expect("a configuration")
});

fn ledger() -> Ledger {
    let ledger = Ledger::default();
    ledger.now.set(NOW);
    for (id, method, keys) in [
        ("signing", "private_key_jwt", Some(json!({"keys": [KEY.public().to_jwk()]}))),
        ("attested", "attest_jwt_client_auth", None),
        ("combined", "attest_jwt_client_auth_dpop", None),
    ] {
        let mut metadata = json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": method});
        if let Some(keys) = keys {
            metadata["jwks"] = keys;
        }
        let client = Client::builder(id).metadata(serde_json::from_value(metadata).expect("metadata")).build();
        ledger
            .put(Key::Client(grantor::record::ClientId::new(id)), Record::Client(Arc::new(client.expect("a client"))));
    }
    ledger
}

fn header(typ: &str) -> Value {
    json!({"alg": "EdDSA", "typ": typ})
}

fn attestation(forgery: &Forgery<'_>, client: &str) -> Option<Forged> {
    let claims = json!({"sub": client, "exp": NOW + 60, "cnf": {"jwk": KEY.public().to_jwk()}});
    forgery.token(&KEY, header("oauth-client-attestation+jwt"), claims, &CLAIMS)
}

fn proof(forgery: &Forgery<'_>) -> Option<Forged> {
    let mut header = header("dpop+jwt");
    header["jwk"] = Value::Object(KEY.public().to_jwk());
    let claims = json!({"jti": "one", "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": NOW});
    forgery.token(&KEY, header, claims, &CLAIMS)
}

fn with(mut request: Request<Vec<u8>>, name: &'static str, value: &[u8]) -> Option<Request<Vec<u8>>> {
    request.headers_mut().insert(name, HeaderValue::from_bytes(value).ok()?);
    Some(request)
}

fn asking(client: &str) -> Request<Vec<u8>> {
    form(&[("grant_type", "client_credentials"), ("scope", "read"), ("client_id", client)])
}

/// What a token says of itself that counts.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    /// For whom, and when.
    AudienceAndTimes,
    /// When.
    Times,
    /// When it was made.
    Issued,
}

/// The request, and what it shows.
fn shown(input: &Input<'_>) -> Option<(Request<Vec<u8>>, Vec<(Forged, Says)>)> {
    use Says::{AudienceAndTimes, Issued, Times};
    const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let asserting = |assertion: &str| {
        let grant = [("grant_type", "client_credentials"), ("scope", "read")];
        form(&[&grant[..], &[("client_assertion_type", TYPE), ("client_assertion", assertion)]].concat())
    };
    let assertion = |forgery: &Forgery<'_>| {
        let claims = json!({"iss": "signing", "sub": "signing", "aud": ISSUER, "exp": NOW + 60, "jti": "one"});
        forgery.token(&KEY, header("JWT"), claims, &CLAIMS)
    };
    Some(match input {
        Input::Assertion(forgery) => {
            let assertion = assertion(forgery)?;
            (asserting(&assertion.text), vec![(assertion, AudienceAndTimes)])
        }
        Input::Attestation { attestation: first, pop } => {
            let first = attestation(first, "attested")?;
            let claims = json!({"aud": ISSUER, "jti": "one", "iat": NOW});
            let pop = pop.token(&KEY, header("oauth-client-attestation-pop+jwt"), claims, &CLAIMS)?;
            let request = with(asking("attested"), "oauth-client-attestation", first.text.as_bytes())?;
            (
                with(request, "oauth-client-attestation-pop", pop.text.as_bytes())?,
                vec![(first, Times), (pop, AudienceAndTimes)],
            )
        }
        Input::Combined { attestation: first, proof: second } => {
            let (first, proof) = (attestation(first, "combined")?, proof(second)?);
            let request = with(asking("combined"), "oauth-client-attestation", first.text.as_bytes())?;
            (with(request, "dpop", proof.text.as_bytes())?, vec![(first, Times), (proof, Issued)])
        }
        Input::Proof(forgery) => {
            let proof = proof(forgery)?;
            let claims = json!({"iss": "signing", "sub": "signing", "aud": ISSUER, "exp": NOW + 60, "jti": "one"});
            let assertion = KEY.token(&grantor::jose::Purpose::CLIENT_ASSERTION, &claims).ok()?;
            (with(asserting(&assertion), "dpop", proof.text.as_bytes())?, vec![(proof, Issued)])
        }
        Input::Headers { attestation, pop, proof, assertion } => {
            let request = with(asserting(assertion), "oauth-client-attestation", attestation)?;
            let request = with(request, "oauth-client-attestation-pop", pop)?;
            (with(request, "dpop", proof)?, Vec::new())
        }
    })
}

fuzz_target!(|input: Input<'_>| {
    let Some((request, tokens)) = shown(&input) else { return };
    let ledger = ledger();
    let status = answer_of(&CONFIG, Place::Token, &request, &ledger, 0).status().as_u16();
    assert!([200, 400, 401, 413].contains(&status), "{status}");
    if status != 200 {
        return;
    }
    assert!(!tokens.is_empty(), "nothing was signed");
    for (Forged { whole, payload, .. }, says) in &tokens {
        assert!(whole, "what was changed was taken");
        let said: Value = serde_json::from_slice(payload).expect("what was taken is JSON");
        let own = said["aud"] == ISSUER || said["aud"] == json!([ISSUER]);
        assert!(own || *says != Says::AudienceAndTimes, "taken for another server");
        let number = |name: &str| said.get(name).and_then(Value::as_f64);
        let begun = |name: &str| number(name).is_none_or(|begin| begin <= NOW as f64 + 60.0);
        assert!(begun("iat") && (begun("nbf") || *says == Says::Issued), "taken too early");
        let ends = number("exp").is_none_or(|end| end > NOW as f64 - 60.0);
        assert!(ends || *says == Says::Issued, "taken too late");
    }
    let again = answer_of(&CONFIG, Place::Token, &request, &ledger, 1).status();
    assert_ne!(again, 200, "taken twice");
});
