//! Encrypted tokens: every pair of algorithms there and back, and nothing else.

use grantor::jose::{
    Algorithm, ContentEncryption, DecryptionKey, EncryptionKey, Jwe, JwkSet, Jws, KeyFault, KeyManagement, PrivateKey,
    PublicKey, Undecipherable,
};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

use crate::support::{ANY, b64, ec};

static KEYS: LazyLock<Vec<DecryptionKey>> = LazyLock::new(|| {
    let mut keys: Vec<_> = KeyManagement::ALL.into_iter().map(|own| DecryptionKey::generate(own).unwrap()).collect();
    // From others: a key of X25519 [RFC 7748 §6.1], and one on P-384 for all that agrees.
    keys.push(bob());
    let pair = PrivateKey::generate(Algorithm::Es384).unwrap();
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &*pair.to_pkcs8().unwrap());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    keys.push(DecryptionKey::from_pem(&pem).unwrap());
    keys
});

fn bob() -> DecryptionKey {
    let d = "XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os";
    let x = "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08";
    DecryptionKey::from_jwk(json!({ "kty": "OKP", "crv": "X25519", "d": d, "x": x, "kid": "Bob" }).to_string()).unwrap()
}

fn parse(token: &str) -> Result<Jwe<'_>, Undecipherable> {
    Jwe::parse(token, &KeyManagement::ALL, &ContentEncryption::ALL)
}

fn open(token: &str, key: &DecryptionKey) -> Result<Vec<u8>, Undecipherable> {
    parse(token)?.decrypt(key).map(|plain| plain.to_vec())
}

/// Every key with every algorithm that it can, and every content encryption.
fn each(mut judge: impl FnMut(&DecryptionKey, KeyManagement, ContentEncryption)) {
    for key in KEYS.iter() {
        for management in key.public().managements() {
            ContentEncryption::ALL.into_iter().for_each(|encryption| judge(key, *management, encryption));
        }
    }
}

#[test]
fn what_is_encrypted_is_decrypted_by_its_key_alone() {
    let mut pairs = 0;
    each(|key, management, encryption| {
        pairs += 1;
        for plain in [&b""[..], b"a", &[7; 16], &[7; 10_000]] {
            let token = key.public().encrypt(management, encryption, None, plain).unwrap();
            assert_eq!(open(&token, key).as_deref(), Ok(plain), "{management:?} {encryption:?}");
            let again = key.public().encrypt(management, encryption, None, plain).unwrap();
            assert_ne!(token, again);
            for other in KEYS.iter().filter(|other| other.public() != key.public()) {
                assert_eq!(open(&token, other), Err(Undecipherable));
            }
        }
    });
    assert_eq!(pairs, 3 * (4 + 3 + 3));
}

#[test]
fn every_bit_of_the_token_is_proven() {
    each(|key, management, encryption| {
        let token = key.public().encrypt(management, encryption, Some("JWT"), b"some content").unwrap();
        let parts: Vec<_> = token.split('.').collect();
        for at in 1..5 {
            let raw = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, parts[at]).unwrap();
            let with = |bytes: &[u8]| {
                let mut parts = parts.clone();
                let text = b64(bytes);
                parts[at] = &text;
                open(&parts.join("."), key)
            };
            for place in [0, raw.len() / 2, raw.len().saturating_sub(1)].into_iter().filter(|place| *place < raw.len())
            {
                let mut wrong = raw.clone();
                wrong[place] ^= 1;
                assert_eq!(with(&wrong), Err(Undecipherable), "{management:?} {encryption:?} {at}");
            }
            for wrong in [&raw[..raw.len().saturating_sub(1)], &[&raw[..], &[0]].concat(), &[0; 8]] {
                assert!(wrong == raw || with(wrong) == Err(Undecipherable), "{management:?} {encryption:?} {at}");
            }
        }
        // The header is bound: the same in another spelling is another.
        let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, parts[0]).unwrap();
        let spaced = String::from_utf8(header).unwrap().replacen('{', "{ ", 1);
        assert_eq!(open(&format!("{}.{}", b64(spaced), parts[1..].join(".")), key), Err(Undecipherable));
    });
}

fn with_header(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let key = &KEYS[1];
    let token = key.public().encrypt(KeyManagement::EcdhEs, ContentEncryption::A128Gcm, None, b"content").unwrap();
    let (header, rest) = token.split_once('.').unwrap();
    let raw = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
    let mut header: Map<String, Value> = serde_json::from_slice(&raw).unwrap();
    change(&mut header);
    format!("{}.{rest}", b64(Value::from(header).to_string()))
}

#[test]
fn headers_that_are_refused() {
    assert!(parse(&with_header(|_| ())).is_ok());
    assert!(parse(&with_header(|header| drop(header.insert("more".into(), json!(1))))).is_ok());
    for (name, value) in [
        ("zip", json!("DEF")),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("jku", json!("https://mallory.example")),
        ("jwk", json!({})),
        ("x5u", json!("https://mallory.example")),
        ("x5c", json!([])),
        ("alg", json!("dir")),
        ("alg", json!("none")),
        ("alg", json!("RSA1_5")),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!("RSA-OAEP-256")),
        ("alg", json!(1)),
        ("enc", json!("A192GCM")),
        ("enc", json!("A128CBC")),
        ("enc", json!(null)),
        ("kid", json!(1)),
        ("typ", json!(1)),
        ("cty", json!(1)),
        ("apu", json!(1)),
        ("apu", json!("a=")),
        ("apv", json!(["a"])),
        ("epk", json!(1)),
        ("epk", json!({ "kty": "EC", "crv": "P-256" })),
        ("epk", json!({ "kty": "RSA", "n": "AQ", "e": "AQAB" })),
    ] {
        let token = with_header(|header| drop(header.insert(name.to_owned(), value.clone())));
        assert_eq!(parse(&token).err(), Some(Undecipherable), "{name} {value}");
    }
    for name in ["alg", "enc", "epk"] {
        assert!(parse(&with_header(|header| drop(header.remove(name)))).is_err(), "{name}");
    }
    let private = with_header(|header| drop(header["epk"].as_object_mut().unwrap().insert("d".into(), json!("AA"))));
    assert!(parse(&private).is_err());
}

/// A point that is not on the curve would tell the private key, bit by bit.
#[test]
fn ephemeral_keys_off_the_curve_and_of_small_order_are_refused() {
    for (x, y) in [([1; 32], [2; 32]), ([0; 32], [0; 32]), ([0xff; 32], [0xff; 32])] {
        let epk = json!({ "kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y) });
        let token = with_header(|header| drop(header.insert("epk".into(), epk)));
        assert_eq!(open(&token, &KEYS[1]), Err(Undecipherable));
    }
    let bob = bob();
    for point in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let header =
            json!({ "alg": "ECDH-ES", "enc": "A128GCM", "epk": { "kty": "OKP", "crv": "X25519", "x": b64(point) } });
        let token = format!("{}..{}.{}.{}", b64(header.to_string()), b64([0; 12]), b64(b"content"), b64([0; 16]));
        assert!(parse(&token).is_ok());
        assert_eq!(open(&token, &bob), Err(Undecipherable));
    }
    // A key on another curve.
    let header = Value::from(KEYS[5].public().to_jwk());
    let epk = json!({ "kty": "EC", "crv": "P-384", "x": header["x"], "y": header["y"] });
    assert_eq!(open(&with_header(|header| drop(header.insert("epk".into(), epk))), &KEYS[1]), Err(Undecipherable));
}

#[test]
fn algorithms_are_those_that_the_caller_permits() {
    each(|key, management, encryption| {
        let token = key.public().encrypt(management, encryption, None, b"content").unwrap();
        assert!(Jwe::parse(&token, &[management], &[encryption]).is_ok());
        let others: Vec<_> = KeyManagement::ALL.into_iter().filter(|own| *own != management).collect();
        assert!(Jwe::parse(&token, &others, &ContentEncryption::ALL).is_err());
        let others: Vec<_> = ContentEncryption::ALL.into_iter().filter(|own| *own != encryption).collect();
        assert!(Jwe::parse(&token, &KeyManagement::ALL, &others).is_err());
        // A key that names its algorithm opens no other.
        for other in KeyManagement::ALL.into_iter().filter(|own| !key.public().managements().contains(own)) {
            assert_eq!(key.public().encrypt(other, encryption, None, b"").unwrap_err(), KeyFault::Misused);
        }
    });
}

#[test]
fn a_signed_token_within_is_announced() {
    let key = &KEYS[0];
    let signed = ec().token(&ANY, &json!({ "sub": "alice" })).unwrap();
    let seal = |cty| {
        key.public().encrypt(KeyManagement::RsaOaep256, ContentEncryption::A256Gcm, cty, signed.as_bytes()).unwrap()
    };
    for cty in ["JWT", "jwt"] {
        let inner = parse(&seal(Some(cty))).unwrap().decrypt_token(key).unwrap();
        let claims = Jws::parse(&inner, &ANY).unwrap().verify(ec().public()).unwrap().claims().unwrap();
        assert_eq!(claims.subject(), Ok("alice"));
    }
    for cty in [None, Some("text/plain")] {
        assert_eq!(parse(&seal(cty)).unwrap().decrypt_token(key), Err(Undecipherable));
    }
    assert_eq!(parse(&seal(None)).unwrap().kid(), key.public().kid());
    // One key is not another by name either.
    let renamed = key.clone().with_kid("other");
    assert_eq!(open(&seal(None), &renamed), Err(Undecipherable));
}

#[test]
fn sizes_and_parts_are_judged_first() {
    let token = KEYS[0].public();
    let token = token.encrypt(KeyManagement::RsaOaep256, ContentEncryption::A128Gcm, None, b"content").unwrap();
    for wrong in [
        format!("{token}.AA"),
        format!("{token}."),
        token.rsplit_once('.').unwrap().0.to_owned(),
        token.replace('.', ".."),
        token.replacen('.', "=.", 1),
        format!("{}....{}", b64(r#"{"alg":"ECDH-ES"}"#), "A".repeat(128 * 1024)),
        "....".to_owned(),
        String::new(),
    ] {
        assert_eq!(parse(&wrong).err(), Some(Undecipherable));
    }
}

#[test]
fn keys_for_encryption_and_for_signatures_are_kept_apart() {
    let encryption = Value::from(KEYS[1].public().to_jwk());
    assert_eq!(encryption["use"], "enc");
    assert_eq!(PublicKey::from_jwk(encryption.to_string()), Err(KeyFault::Misused));
    let signature = Value::from(ec().public().to_jwk());
    assert_eq!(EncryptionKey::from_jwk(signature.to_string()), Err(KeyFault::Misused));
    assert_eq!(PublicKey::from_jwk(Value::from(bob().public().to_jwk()).to_string()), Err(KeyFault::Misused));
    assert_eq!(EncryptionKey::from_jwk(encryption.to_string()).as_ref(), Ok(KEYS[1].public()));
    let set = JwkSet::parse(json!({ "keys": [signature, encryption] }).to_string()).unwrap();
    assert_eq!(set.keys(), [ec().public().clone()]);
    assert_eq!(set.encryption_key(KeyManagement::EcdhEs), Some(KEYS[1].public()));
    assert_eq!(set.encryption_key(KeyManagement::RsaOaep256), None);
    let with = |name: &str, value: Value| {
        let mut jwk = encryption.clone();
        jwk[name] = value;
        EncryptionKey::from_jwk(jwk.to_string()).map(drop)
    };
    assert_eq!(with("key_ops", json!([])), Ok(()));
    assert_eq!(with("key_ops", json!(["deriveKey"])), Ok(()));
    assert_eq!(with("key_ops", json!(["verify"])), Err(KeyFault::Misused));
    assert_eq!(with("alg", json!("RSA-OAEP-256")), Err(KeyFault::Misused));
    assert_eq!(with("alg", json!("ES256")), Err(KeyFault::Misused));
    assert_eq!(with("d", json!("AA")), Err(KeyFault::Private));
    let pair = json!({ "kty": "OKP", "crv": "X25519", "d": b64([9; 32]), "x": b64([8; 32]) });
    assert_eq!(DecryptionKey::from_jwk(pair.to_string()).unwrap_err(), KeyFault::Unsound);
}

/// [RFC 7748 §6.1, RFC 7518 §6.2.1]: found out when the key is read, not when something is encrypted to it.
#[test]
fn a_point_that_nothing_can_be_encrypted_to_is_no_key() {
    let x25519 = |x: [u8; 32]| {
        let jwk = json!({ "kty": "OKP", "crv": "X25519", "x": b64(x) });
        EncryptionKey::from_jwk(jwk.to_string()).map(drop)
    };
    let (mut one, mut nine) = ([0; 32], [0; 32]);
    (one[0], nine[0]) = (1, 9);
    assert_eq!(x25519(nine), Ok(()));
    let mut order_of_the_field = [0xff; 32];
    (order_of_the_field[0], order_of_the_field[31]) = (0xed, 0x7f);
    for common in [[0; 32], one, order_of_the_field] {
        assert_eq!(x25519(common), Err(KeyFault::Unsound), "{common:02x?}");
    }
    let good = KEYS.iter().map(|key| Value::from(key.public().to_jwk())).find(|jwk| jwk["kty"] == "EC").unwrap();
    assert_eq!(EncryptionKey::from_jwk(good.to_string()).map(drop), Ok(()));
    let mut off = good.clone();
    (off["x"], off["y"]) = (good["y"].clone(), good["x"].clone());
    assert_eq!(EncryptionKey::from_jwk(off.to_string()).map(drop), Err(KeyFault::Unsound));
}

#[test]
fn nothing_shows_a_private_key() {
    let shown = format!("{:?}", bob());
    assert!(!shown.contains("XasIfmJKikt54X"), "{shown}");
}
