//! Who signed an object, and how [RFC 9101 §5, §6.2, §10.1, §10.8; RFC 8725 §3].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use grantor::jose::{Algorithms, SharedSecret};

use RequestObjectFault as F;

use super::*;

fn of(jti: &str) -> String {
    claims(&value!({"jti": jti})).to_string()
}

/// With the good type, and whatever else.
fn header(more: Value) -> Value {
    let mut header = value!({"alg": "ES256", "typ": "oauth-authz-req+jwt"});
    header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    header.as_object_mut().unwrap().retain(|_, member| !member.is_null());
    header
}

#[test]
fn an_object_is_signed_by_a_key_of_its_client_and_says_what_it_is() {
    let [a, b, stranger] = &*KEYS;
    for (name, key, header, expected) in [
        ("one key", a, header(value!({"kid": "a"})), None),
        ("another", b, header(value!({"kid": "b", "alg": "EdDSA"})), None),
        ("no kid, one key of that algorithm", a, header(value!({})), None),
        ("the type in full", a, header(value!({"typ": "application/oauth-authz-req+jwt"})), None),
        ("the type in capitals", a, header(value!({"typ": "OAuth-Authz-Req+JWT"})), None),
        ("no type", a, header(value!({"typ": null})), Some(F::Type)),
        ("any JWT", a, header(value!({"typ": "JWT"})), Some(F::Type)),
        ("an assertion", a, header(value!({"typ": "client-authentication+jwt"})), Some(F::Type)),
        ("a DPoP proof", a, header(value!({"typ": "dpop+jwt", "jwk": a.public().to_jwk()})), Some(F::Type)),
        ("an access token", a, header(value!({"typ": "at+jwt"})), Some(F::Type)),
        ("a type that is no text", a, header(value!({"typ": 1})), Some(F::Malformed)),
        ("an unknown kid", a, header(value!({"kid": "z"})), Some(F::Signature)),
        ("the kid of another key", a, header(value!({"kid": "b"})), Some(F::Signature)),
        ("another algorithm", a, header(value!({"alg": "EdDSA", "kid": "a"})), Some(F::Signature)),
        ("a stranger", stranger, header(value!({"kid": "a"})), Some(F::Signature)),
        ("a stranger's kid", stranger, header(value!({"kid": "c"})), Some(F::Signature)),
        ("a key in it", stranger, header(value!({"jwk": stranger.public().to_jwk()})), Some(F::Malformed)),
        ("a key elsewhere", stranger, header(value!({"jku": "https://evil.example"})), Some(F::Malformed)),
        ("certificates in it", a, header(value!({"x5c": ["AA"]})), Some(F::Malformed)),
        ("critical", a, header(value!({"crit": ["exp"], "exp": 1})), Some(F::Malformed)),
        ("unencoded", a, header(value!({"b64": false})), Some(F::Malformed)),
        ("none", a, header(value!({"alg": "none"})), Some(F::Algorithm)),
        ("None", a, header(value!({"alg": "None"})), Some(F::Algorithm)),
        ("no alg", a, header(value!({"alg": null})), Some(F::Algorithm)),
        ("unknown", a, header(value!({"alg": "ES257"})), Some(F::Algorithm)),
        ("a secret", a, header(value!({"alg": "HS256"})), Some(F::Algorithm)),
    ] {
        assert_judged(&usual(), name, |jti| forge(key, &header, &of(jti)), expected);
    }
}

#[test]
fn nothing_else_is_a_signature() {
    let good = |jti: &str| forge(&KEYS[0], &header(value!({})), &of(jti));
    let parts = |jti: &str| {
        let good = good(jti);
        let (signed, signature) = good.rsplit_once('.').unwrap();
        (signed.to_owned(), B64.decode(signature).unwrap())
    };
    let cases: [(&str, &dyn Fn(&str) -> String, F); 16] = [
        ("no signature", &|jti| parts(jti).0 + ".", F::Signature),
        ("nor its dot", &|jti| parts(jti).0, F::Malformed),
        ("zeros", &|jti| format!("{}.{}", parts(jti).0, B64.encode([0; 64])), F::Signature),
        ("a byte less", &|jti| format!("{}.{}", parts(jti).0, B64.encode(&parts(jti).1[1..])), F::Signature),
        ("of other claims", &|jti| format!("{}.{}", parts(jti).0, B64.encode(parts("zwei").1)), F::Signature),
        ("padded", &|jti| good(jti) + "==", F::Malformed),
        ("a space before", &|jti| format!(" {}", good(jti)), F::Malformed),
        ("four parts", &|jti| good(jti) + ".AA", F::Malformed),
        ("six parts", &|jti| good(jti) + ".AA.AA.AA", F::Malformed),
        ("JSON", &|jti| value!({"payload": good(jti)}).to_string(), F::Malformed),
        ("a word", &|_| "x".to_owned(), F::Malformed),
        ("dots", &|_| "..".to_owned(), F::Malformed),
        (
            "the public key as a secret",
            &|jti| {
                let secret = SharedSecret::new(value!(KEYS[0].public().to_jwk()).to_string().as_bytes()).unwrap();
                let signed =
                    format!("{}.{}", B64.encode(header(value!({"alg": "HS256"})).to_string()), B64.encode(of(jti)));
                format!("{signed}.{}", B64.encode(secret.sign(signed.as_bytes())))
            },
            F::Algorithm,
        ),
        (
            "the header has a member twice",
            &|jti| {
                let text = r#"{"alg":"ES256","typ":"oauth-authz-req+jwt","alg":"ES256"}"#;
                let signed = format!("{}.{}", B64.encode(text), B64.encode(of(jti)));
                format!("{signed}.{}", B64.encode(KEYS[0].sign(signed.as_bytes()).unwrap()))
            },
            F::Malformed,
        ),
        (
            "unsigned: alg none and nothing behind",
            &|jti| format!("{}.{}.", B64.encode(header(value!({"alg": "none"})).to_string()), B64.encode(of(jti))),
            F::Algorithm,
        ),
        ("too large", &|jti| forge(&KEYS[0], &header(value!({"x": "x".repeat(8192)})), &of(jti)), F::Malformed),
    ];
    for (name, object_of, fault) in cases {
        let wide = serving(registered(&value!({})).unwrap(), |config| {
            config.request_objects(|_| ()).limits(|limits| limits.value = 32 * 1024)
        });
        assert_judged(&wide, name, object_of, Some(fault));
    }
}

#[test]
fn what_is_signed_is_one_object_in_which_each_claim_comes_once() {
    let good = of("one");
    for (name, payload) in [
        ("scope twice", good.replacen('{', r#"{"scope":"write","#, 1)),
        ("the same twice", good.replacen('{', r#"{"scope":"read","#, 1)),
        ("deep inside", good.replacen('{', r#"{"x":{"a":1,"a":2},"#, 1)),
        ("escaped", good.replacen('{', r#"{"\u0073cope":"write","#, 1)),
        ("a list", format!("[{good}]")),
        ("null", "null".to_owned()),
        ("a text", "\"x\"".to_owned()),
        ("nothing", String::new()),
        ("two objects", format!("{good}{good}")),
        ("too deep", good.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(200), "]".repeat(200)), 1)),
    ] {
        let object = forge(&KEYS[0], &header(value!({})), &payload);
        assert_judged(&usual(), name, |_| object.clone(), Some(F::Claims));
    }
}

#[test]
fn the_algorithm_is_one_that_is_served_and_registered() {
    let only = |alg: &str| registered(&value!({"request_object_signing_alg": alg}));
    let any = || registered(&value!({})).unwrap();
    for (client, served_algorithms, expected) in [
        (any(), Algorithms::ASYMMETRIC, [true, true]),
        (only("ES256").unwrap(), Algorithms::ASYMMETRIC, [true, false]),
        (only("EdDSA").unwrap(), Algorithms::ASYMMETRIC, [false, true]),
        (any(), Algorithms::NONE.and(Algorithm::EdDsa), [false, true]),
        (only("ES256").unwrap(), Algorithms::NONE.and(Algorithm::EdDsa), [false, false]),
    ] {
        let world = served(client, |own| own.algorithms = served_algorithms);
        for (key, expected) in KEYS.iter().zip(expected) {
            let object = key.token(&Purpose::REQUEST_OBJECT, &claims(&value!({}))).unwrap();
            match ask(&world, &bringing(&object, &[])) {
                Came::Asked(_) => assert!(expected),
                came => assert_eq!((told(&came).2.as_str(), expected), (F::Algorithm.description(), false)),
            }
        }
    }
    for bad in ["none", "HS256", "es256", "ES512", ""] {
        assert_eq!(only(bad), Err(ClientFault::RequestObjectAlgorithm(bad.to_owned())));
    }
    assert_eq!(only("PS256"), Err(ClientFault::RequestKeysMissing), "it has no key for it");
}

#[test]
fn objects_without_a_type_are_taken_where_that_is_dangerously_chosen() {
    let world = || served(registered(&value!({})).unwrap(), |own| own.danger_accept_untyped = true);
    for (name, typ, expected) in [
        ("none", value!(null), None),
        ("JWT", value!("JWT"), None),
        ("jwt", value!("application/jwt"), None),
        ("its own", value!("oauth-authz-req+jwt"), None),
        ("another", value!("at+jwt"), Some(F::Type)),
    ] {
        let object_of = |jti: &str| forge(&KEYS[0], &header(value!({"typ": typ})), &of(jti));
        assert_judged(&world(), name, object_of, expected);
    }
}
