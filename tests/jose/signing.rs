//! Keys that change by the clock, and signatures that come from elsewhere.

use std::time::Duration;

use grantor::Timestamp;
use grantor::jose::{Algorithm, Algorithms, JwkSet, Jws, KeyFault, KeySet, KeyState, PrivateKey};
use serde_json::json;

use crate::support::{ANY, ec, key};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds)
}

#[test]
fn keys_change_by_the_clock() {
    let (first, second) = (ec(), PrivateKey::generate(Algorithm::Es256).unwrap());
    let other = key(Algorithm::EdDsa);
    let set = KeySet::new(Duration::from_secs(600))
        .with(second.signing_key().clone(), at(2000))
        .with(first.signing_key().clone(), at(1000))
        .with(other.signing_key().clone(), at(1500));
    let es256: Algorithms = [Algorithm::Es256].into_iter().collect();
    let signs = |now| set.current(es256, at(now)).map(|key| key.kid().to_owned());
    let published = |now| set.published(at(now)).map(|key| key.kid().to_owned()).collect::<Vec<_>>();
    let (one, two, three) = (first.kid().to_owned(), second.kid().to_owned(), other.kid().to_owned());

    assert_eq!(signs(999), None);
    assert_eq!(set.state(&one, at(999)), KeyState::Next { signs_from: at(1000) });
    assert_eq!(signs(1000), Some(one.clone()));
    assert_eq!(signs(1999), Some(one.clone()));
    assert_eq!(set.state(&one, at(1999)), KeyState::Current);
    assert_eq!(set.state(&two, at(1999)), KeyState::Next { signs_from: at(2000) });
    assert_eq!(signs(2000), Some(two.clone()));
    assert_eq!(set.state(&one, at(2000)), KeyState::Retired { until: at(2600) });
    assert_eq!(set.state(&one, at(2599)), KeyState::Retired { until: at(2600) });
    assert_eq!(set.state(&one, at(2600)), KeyState::Gone);
    assert_eq!(set.state("unknown", at(2600)), KeyState::Gone);
    assert_eq!(set.state(&three, at(9000)), KeyState::Current, "only a key of its algorithm takes its place");

    assert_eq!(published(0), [one.clone(), three.clone(), two.clone()]);
    assert_eq!(published(2599), [one, three.clone(), two.clone()]);
    assert_eq!(published(2600), [three, two]);
    let jwks = serde_json::Value::from(set.to_jwks(at(2600))).to_string();
    assert_eq!(JwkSet::parse(&jwks).unwrap(), set.public(at(2600)));
    assert!(!jwks.contains("\"d\""));
}

/// What was signed at any moment verifies with what is published at any later one, until it has expired.
#[test]
fn no_token_outlives_the_publication_of_its_key() {
    let keys: Vec<_> = (0..3).map(|_| PrivateKey::generate(Algorithm::Es256).unwrap()).collect();
    let mut set = KeySet::new(Duration::from_secs(10));
    for (key, from) in keys.iter().zip([0, 7, 12]) {
        set = set.with(key.signing_key().clone(), at(from));
    }
    for issued in 0..20 {
        let signing = set.current(Algorithms::ASYMMETRIC, at(issued)).unwrap();
        let private = keys.iter().find(|key| key.kid() == signing.kid()).unwrap();
        let token = private.token(&ANY, &json!({})).unwrap();
        for now in issued..issued + 10 {
            let known = set.public(at(now));
            assert!(Jws::parse(&token, &ANY).unwrap().verify_among(&known).is_ok(), "{issued} {now}");
        }
    }
}

#[test]
fn a_header_is_json_whatever_the_name_of_the_key() {
    for kid in ["a\"b", "\\", "\n", "é", ""] {
        let key = ec().clone().with_kid(kid);
        let token = key.token(&ANY, &json!({ "sub": "alice" })).unwrap();
        let jws = Jws::parse(&token, &ANY).unwrap();
        assert_eq!(jws.header().kid.as_deref(), Some(kid));
        assert_eq!(jws.header().typ.as_deref(), Some("JWT"));
        assert!(jws.verify(key.public()).is_ok());
    }
    for no_object in [json!([]), json!("{}"), json!(null)] {
        assert_eq!(ec().token(&ANY, &no_object), Err(KeyFault::Failed), "{no_object}");
    }
}
