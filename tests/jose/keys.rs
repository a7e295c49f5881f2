//! Keys: every form they come in, and every form they must not have.

use grantor::jose::{Algorithm, Algorithms, JwkSet, Jws, JwsFault, KeyFault, PrivateKey, PublicKey, SharedSecret};
use serde_json::{Map, Value, json};

use crate::support::{ANY, KEYS, b64, ec, forge, key};

fn jwk(key: &PrivateKey) -> Map<String, Value> {
    key.public().to_jwk()
}

fn read(jwk: &Map<String, Value>) -> Result<PublicKey, KeyFault> {
    PublicKey::from_jwk(Value::from(jwk.clone()).to_string())
}

fn changed(key: &PrivateKey, change: impl FnOnce(&mut Map<String, Value>)) -> Result<PublicKey, KeyFault> {
    let mut jwk = jwk(key);
    change(&mut jwk);
    read(&jwk)
}

#[test]
fn a_key_survives_printing_and_reading() {
    for key in KEYS.iter() {
        assert_eq!(read(&jwk(key)).as_ref(), Ok(key.public()));
        let der = key.to_pkcs8().unwrap();
        let again = PrivateKey::from_der(&der).unwrap().with_algorithm(key.algorithm()).unwrap();
        assert_eq!(again.public(), key.public());
        assert!(key.public().verify(key.algorithm(), b"message", &again.sign(b"message").unwrap()).is_ok());
        let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &*der);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        assert_eq!(PrivateKey::from_pem(&pem).unwrap().kid(), key.kid());
        assert!(PrivateKey::from_pem(&pem.replace("PRIVATE", "PUBLIC")).is_err());
        assert!(PrivateKey::from_pem(&format!("{pem}{pem}")).is_err(), "two keys are no key");
        assert!(PrivateKey::from_der(&der[..der.len() - 1]).is_err());
        assert!(!format!("{key:?}").contains(&b64(&der[der.len() - 16..])));
    }
}

#[test]
fn coordinates_are_exact_and_on_the_curve() {
    for key in [ec(), key(Algorithm::Es384)] {
        let own = jwk(key);
        let bytes = |name: &str| {
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, own[name].as_str().unwrap())
                .unwrap()
        };
        let (x, y) = (bytes("x"), bytes("y"));
        let with = |x: &[u8], y: &[u8]| {
            changed(key, |jwk| {
                jwk.insert("x".into(), b64(x).into());
                jwk.insert("y".into(), b64(y).into());
            })
        };
        assert!(with(&x, &y).is_ok());
        // The same bytes, cut elsewhere, make the same point.
        let joined = [x.clone(), y.clone()].concat();
        assert_eq!(with(&joined[..x.len() - 1], &joined[x.len() - 1..]), Err(KeyFault::Unsound));
        assert_eq!(with(&[&[0], &x[..]].concat(), &y), Err(KeyFault::Unsound));
        assert_eq!(with(&x[1..], &y), Err(KeyFault::Unsound));
        assert_eq!(with(&x, &[]), Err(KeyFault::Unsound));
        let mut off = y.clone();
        off[5] ^= 1;
        assert_eq!(with(&x, &off), Err(KeyFault::Unsound));
        assert_eq!(with(&vec![0; x.len()], &vec![0; x.len()]), Err(KeyFault::Unsound));
        assert_eq!(with(&vec![0xff; x.len()], &y), Err(KeyFault::Unsound));
        assert_eq!(changed(key, |jwk| drop(jwk.insert("crv".into(), "P-521".into()))), Err(KeyFault::Unsupported));
        assert_eq!(changed(key, |jwk| drop(jwk.insert("crv".into(), "p-256".into()))), Err(KeyFault::Unsupported));
        assert_eq!(changed(key, |jwk| drop(jwk.remove("y"))), Err(KeyFault::NotAJwk));
    }
}

/// Everything that multiplies to nothing by eight, in each spelling, under which forged signatures hold.
#[test]
fn ed25519_keys_of_small_order_are_refused() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    for point in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        for sign in [0, 0x80] {
            let mut point = hex(point);
            point[31] |= sign;
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(&point) }).to_string();
            assert_eq!(PublicKey::from_jwk(jwk), Err(KeyFault::Unsound), "{point:02x?}");
            let spki = [&hex("302a300506032b6570032100")[..], &point].concat();
            assert_eq!(PublicKey::from_der(&spki), Err(KeyFault::Unsound), "{point:02x?}");
        }
    }
}

#[test]
fn rsa_keys_have_2048_to_8192_bits_and_canonical_numbers() {
    let rsa = key(Algorithm::Rs256);
    let with = |n: &[u8], e: &[u8]| {
        changed(rsa, |jwk| {
            jwk.insert("n".into(), b64(n).into());
            jwk.insert("e".into(), b64(e).into());
        })
    };
    let number = |bytes: usize, first: u8| {
        let mut number = vec![0xa5; bytes];
        (number[0], number[bytes - 1]) = (first, 1);
        number
    };
    assert!(with(&number(256, 0x80), &[1, 0, 1]).is_ok());
    assert_eq!(with(&number(256, 0x7f), &[1, 0, 1]), Err(KeyFault::Unsound), "2047 bits");
    assert_eq!(with(&number(128, 0x80), &[1, 0, 1]), Err(KeyFault::Unsound), "1024 bits");
    assert!(with(&number(1024, 0x80), &[1, 0, 1]).is_ok());
    assert_eq!(with(&number(1025, 0x01), &[1, 0, 1]), Err(KeyFault::Unsound), "8193 bits");
    assert_eq!(with(&[&[0], &number(256, 0x80)[..]].concat(), &[1, 0, 1]), Err(KeyFault::Unsound), "leading zero");
    let mut even = number(256, 0x80);
    even[255] = 2;
    assert_eq!(with(&even, &[1, 0, 1]), Err(KeyFault::Unsound), "even");
    for e in [&[][..], &[0], &[1], &[2], &[0, 3], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert_eq!(with(&number(256, 0x80), e), Err(KeyFault::Unsound), "{e:?}");
    }
    assert_eq!(with(&[], &[1, 0, 1]), Err(KeyFault::Unsound));
}

#[test]
fn what_a_key_is_for_is_honoured() {
    let with = |name: &str, value: Value| changed(ec(), |jwk| drop(jwk.insert(name.to_owned(), value)));
    assert!(with("use", json!("sig")).is_ok());
    assert_eq!(with("use", json!("enc")), Err(KeyFault::Misused));
    assert_eq!(with("use", json!(1)), Err(KeyFault::NotAJwk));
    assert!(with("key_ops", json!(["verify"])).is_ok());
    assert!(with("key_ops", json!(["sign", "verify"])).is_ok());
    for wrong in [json!(["sign"]), json!([]), json!(["verify", "encrypt"]), json!(["VERIFY"])] {
        assert_eq!(with("key_ops", wrong.clone()), Err(KeyFault::Misused), "{wrong}");
    }
    for wrong in [json!("verify"), json!([1]), json!(["verify", "verify"]), json!(null)] {
        assert_eq!(with("key_ops", wrong.clone()), Err(KeyFault::NotAJwk), "{wrong}");
    }
    for wrong in ["ES384", "RS256", "none", "es256", "RSA-OAEP-256"] {
        assert_eq!(with("alg", json!(wrong)), Err(KeyFault::Misused), "{wrong}");
    }
    assert_eq!(with("kid", json!(1)), Err(KeyFault::NotAJwk));
    assert_eq!(with("d", json!("AA")), Err(KeyFault::Private));
    // An RSA key that names one algorithm verifies no other.
    let rsa = key(Algorithm::Ps256);
    let signature = rsa.sign(b"message").unwrap();
    assert!(rsa.public().verify(Algorithm::Ps256, b"message", &signature).is_ok());
    for other in [Algorithm::Rs256, Algorithm::Ps384, Algorithm::Es256, Algorithm::Hs256] {
        assert_eq!(rsa.public().verify(other, b"message", &signature), Err(JwsFault::KeyUnfit));
    }
}

#[test]
fn a_private_jwk_is_one_pair() {
    let d = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let read = |jwk: Value| PrivateKey::from_jwk(jwk.to_string()).map(|key| key.kid().to_owned());
    let own = json!({ "kty": "OKP", "crv": "Ed25519", "d": d, "x": x });
    assert_eq!(read(own).as_deref(), Ok("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    let other = key(Algorithm::EdDsa).public().to_jwk()["x"].clone();
    assert_eq!(read(json!({ "kty": "OKP", "crv": "Ed25519", "d": d, "x": other })), Err(KeyFault::Unsound));
    assert_eq!(read(json!({ "kty": "OKP", "crv": "Ed25519", "x": x })), Err(KeyFault::NotAJwk));
    assert_eq!(read(json!({ "kty": "OKP", "crv": "Ed25519", "d": &d[..40], "x": x })), Err(KeyFault::Unsound));
    assert_eq!(
        read(json!({ "kty": "OKP", "crv": "Ed25519", "d": d, "x": x, "key_ops": ["verify"] })),
        Err(KeyFault::Misused)
    );
    assert_eq!(read(json!({ "kty": "OKP", "crv": "Ed25519", "d": d, "x": x, "use": "enc" })), Err(KeyFault::Misused));
}

#[test]
fn a_public_key_comes_in_der_as_well() {
    // Made by another program: `openssl pkey -pubout`.
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
    let read = PublicKey::from_pem(pem).unwrap();
    assert_eq!(read.thumbprint().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(read.algorithms(), [Algorithm::EdDsa].into_iter().collect::<Algorithms>());
    for bad in [&pem[..pem.len() - 30], "", &pem.replace("PUBLIC", "PRIVATE"), &pem.replace("MCow", "MCox")] {
        assert!(PublicKey::from_pem(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_shared_secret_has_32_bytes() {
    assert!(SharedSecret::new(&[7; 31]).is_err());
    let secret = SharedSecret::new(&[7; 32]).unwrap();
    assert!(secret.verify(b"message", &secret.sign(b"message")).is_ok());
    assert_eq!(secret.verify(b"other", &secret.sign(b"message")), Err(JwsFault::SignatureWrong));
    assert_eq!(secret.verify(b"message", &secret.sign(b"message")[..31]), Err(JwsFault::SignatureWrong));
    assert_eq!(format!("{secret:?}"), "SharedSecret(..)");
}

#[test]
fn a_set_leaves_out_what_it_cannot_use_and_refuses_what_is_private() {
    let own = Value::from(jwk(ec()));
    let mut misused = own.clone();
    misused["use"] = json!("enc");
    let strange = [json!({ "kty": "LWE" }), json!({ "kty": "EC", "crv": "P-256" }), misused, own.clone()];
    let set = JwkSet::parse(json!({ "keys": strange, "more": 1 }).to_string()).unwrap();
    assert_eq!(set.keys(), [ec().public().clone()]);
    let mut private = own.clone();
    private["d"] = json!(b64([1; 32]));
    assert_eq!(JwkSet::parse(json!({ "keys": [own, private] }).to_string()), Err(KeyFault::Private));
    for bad in
        ["[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"a":1,"a":1}]}"#]
    {
        assert_eq!(JwkSet::parse(bad), Err(KeyFault::NotAJwk), "{bad}");
    }
    let many = json!({ "keys": vec![own_minimal(); 65] }).to_string();
    assert_eq!(JwkSet::parse(many), Err(KeyFault::TooLarge));
    assert_eq!(JwkSet::parse(vec![b' '; 256 * 1024 + 1]), Err(KeyFault::TooLarge));
    assert_eq!(PublicKey::from_jwk(vec![b' '; 32 * 1024 + 1]), Err(KeyFault::TooLarge));
}

fn own_minimal() -> Value {
    json!({ "kty": "x" })
}

#[test]
fn a_key_of_a_set_is_found_by_its_name_and_its_algorithm() {
    let (p256, p384, other) = (ec(), key(Algorithm::Es384), PrivateKey::generate(Algorithm::Es256).unwrap());
    let named = |key: &PrivateKey, kid: &str| key.public().clone().with_kid(kid);
    let verify = |key: &PrivateKey, kid: Option<&str>, set: &JwkSet| {
        let header = json!({ "alg": key.algorithm().as_str(), "kid": kid });
        let mut header = header.as_object().unwrap().clone();
        header.retain(|_, value| !value.is_null());
        let token = forge(key, &Value::from(header).to_string(), "{}");
        Jws::parse(&token, &ANY).unwrap().verify_among(set).map(drop)
    };
    // Two keys of one name for two algorithms are told apart.
    let set: JwkSet = [named(p256, "a"), named(p384, "a"), named(&other, "b")].into_iter().collect();
    assert_eq!(verify(p256, Some("a"), &set), Ok(()));
    assert_eq!(verify(p384, Some("a"), &set), Ok(()));
    assert_eq!(verify(p384, None, &set), Ok(()), "the only one for its algorithm");
    assert_eq!(verify(p256, None, &set), Err(JwsFault::KeyAmbiguous));
    assert_eq!(verify(p256, Some("c"), &set), Err(JwsFault::KeyUnknown));
    assert_eq!(verify(p256, Some("b"), &set), Err(JwsFault::SignatureWrong));
    assert_eq!(verify(key(Algorithm::EdDsa), None, &set), Err(JwsFault::KeyUnknown));
    let twins: JwkSet = [named(p256, "a"), named(&other, "a")].into_iter().collect();
    assert_eq!(verify(p256, Some("a"), &twins), Err(JwsFault::KeyAmbiguous));
}
