//! Signed and encrypted tokens: headers and claims of any text, signed properly; and tokens of any text.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::jose::{Algorithm, Claims, ContentEncryption, Jwe, Jws, KeyManagement, PrivateKey, Purpose};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(Algorithm::EdDsa).expect("a key"));

const PLAIN: Purpose = Purpose::plain("fuzzed");

fuzz_target!(|input: (&str, &[u8], &str)| {
    let (header, payload, text) = input;
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(KEY.sign(signed.as_bytes()).expect("a signature"));
    let token = format!("{signed}.{signature}");
    if let Ok(jws) = Jws::parse(&token, &PLAIN) {
        let read: Value = serde_json::from_str(header).expect("JSON");
        let said = read.as_object().expect("an object");
        assert_eq!(said["alg"], jws.header().algorithm.as_str());
        for refused in ["crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"] {
            assert!(!said.contains_key(refused), "{refused}");
        }
        let right = jws.header().algorithm == Algorithm::EdDsa;
        match jws.verify(KEY.public()) {
            Ok(verified) => assert!(right && verified.payload() == payload),
            Err(_) => assert!(!right),
        }
    }
    if let Ok(claims) = Claims::parse(payload) {
        // What was read prints, signs and reads as the same.
        let token = KEY.token(&PLAIN, claims.members()).expect("a token");
        let again = Jws::parse(&token, &PLAIN).expect("a token").verify(KEY.public()).expect("our signature");
        assert_eq!(again.claims(), Ok(claims));
    }
    for purpose in [PLAIN, Purpose::DPOP_PROOF, Purpose::ACCESS_TOKEN] {
        for token in [text, &token] {
            if let Ok(jws) = Jws::parse(token, &purpose) {
                assert_eq!(token.split('.').count(), 3);
                let _ = jws.clone().verify_embedded();
                assert!(jws.header().algorithm == Algorithm::EdDsa || jws.verify(KEY.public()).is_err());
            }
        }
    }
    let _ = Jwe::parse(text, &KeyManagement::ALL, &ContentEncryption::ALL);
});
