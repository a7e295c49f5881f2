//! Every MUST of the best current practices for JWTs, section by section, and what attackers make of each.

use grantor::jose::{Algorithm, Algorithms, Claims, Jws, JwsFault, PrivateKey, PublicKey, Purpose, SharedSecret};
use serde_json::{Value, json};

use crate::support::{ANY, KEYS, b64, ec, forge, key};

fn parse(token: &str) -> Result<(), JwsFault> {
    Jws::parse(token, &ANY).map(drop)
}

fn judge(token: &str, key: &PublicKey) -> Result<(), JwsFault> {
    Jws::parse(token, &ANY)?.verify(key).map(drop)
}

/// §3.1: the caller says which algorithms there may be, and nothing else is used.
#[test]
fn s3_1_algorithms_are_those_that_the_caller_permits() {
    for signer in KEYS.iter() {
        let token = signer.token(&ANY, &json!({})).unwrap();
        for permitted in Algorithms::ASYMMETRIC.iter() {
            let purpose = ANY.with([permitted].into_iter().collect());
            let judged = Jws::parse(&token, &purpose).and_then(|jws| jws.verify(signer.public()));
            let expected = if permitted == signer.algorithm() { None } else { Some(JwsFault::Algorithm) };
            assert_eq!(judged.err(), expected, "{signer:?} {permitted}");
        }
    }
}

/// §3.1: the algorithm of the header is the one of the key.
#[test]
fn s3_1_each_key_has_one_algorithm_that_is_checked() {
    for signer in KEYS.iter() {
        for claimed in Algorithms::ASYMMETRIC.iter().filter(|claimed| *claimed != signer.algorithm()) {
            let token = forge(signer, &json!({ "alg": claimed.as_str() }).to_string(), "{}");
            assert_eq!(judge(&token, signer.public()), Err(JwsFault::KeyUnfit), "{signer:?} {claimed}");
        }
    }
}

/// EdDSA on its curve has a name of its own now [RFC 9864 §2.2]; it is the same algorithm, for the same keys.
#[test]
fn s3_1_ed25519_is_read_like_eddsa() {
    let (own, other) = (key(Algorithm::EdDsa), ec());
    let named = |signer: &PrivateKey, alg: &str| forge(signer, &json!({ "alg": alg }).to_string(), "{}");
    assert_eq!(judge(&named(own, "Ed25519"), own.public()), Ok(()));
    assert_eq!(judge(&named(other, "Ed25519"), other.public()), Err(JwsFault::KeyUnfit));
    for alg in ["Ed448", "ed25519", "Ed25519 "] {
        assert_eq!(judge(&named(own, alg), own.public()), Err(JwsFault::Algorithm), "{alg}");
    }
    let ecdsa = ANY.with([Algorithm::Es256].into_iter().collect());
    assert_eq!(Jws::parse(&named(own, "Ed25519"), &ecdsa).err(), Some(JwsFault::Algorithm));
    let mut jwk = own.public().to_jwk();
    jwk.insert("alg".to_owned(), "Ed25519".into());
    let told = PublicKey::from_jwk(Value::from(jwk).to_string()).unwrap();
    assert_eq!(judge(&named(own, "Ed25519"), &told), Ok(()));
}

/// §2.1, §3.2: `none` is no algorithm, however it is spelt, with or without a signature.
#[test]
fn s3_2_none_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", "", "null", " none", "none "] {
        let header = json!({ "alg": alg }).to_string();
        assert_eq!(parse(&format!("{}.{}.", b64(&header), b64("{}"))), Err(JwsFault::Algorithm), "{alg}");
        assert_eq!(parse(&forge(ec(), &header, "{}")), Err(JwsFault::Algorithm), "{alg}");
    }
    for alg in [json!(null), json!(0), json!(["ES256"]), json!({}), json!(false)] {
        assert_eq!(parse(&forge(ec(), &json!({ "alg": alg }).to_string(), "{}")), Err(JwsFault::Header), "{alg}");
    }
    assert_eq!(parse(&forge(ec(), "{}", "{}")), Err(JwsFault::Algorithm));
    let empty = ec().token(&ANY, &json!({})).unwrap();
    let empty = &empty[..=empty.rfind('.').unwrap()];
    assert_eq!(judge(empty, ec().public()), Err(JwsFault::SignatureWrong));
}

/// §2.1: a public key is no shared secret.
#[test]
fn s2_1_a_public_key_is_no_secret_for_hs256() {
    let rsa = key(Algorithm::Rs256);
    let jwk = Value::from(rsa.public().to_jwk()).to_string();
    let n = rsa.public().to_jwk()["n"].as_str().unwrap().to_owned();
    for bytes in [jwk.as_bytes(), n.as_bytes()] {
        let signed = format!("{}.{}", b64(r#"{"alg":"HS256"}"#), b64("{}"));
        let tag = SharedSecret::new(bytes).unwrap().sign(signed.as_bytes());
        let token = format!("{signed}.{}", b64(tag));
        // No purpose of public keys takes the algorithm, and the one that does takes no public key.
        assert_eq!(judge(&token, rsa.public()), Err(JwsFault::Algorithm));
        let jws = Jws::parse(&token, &Purpose::CLIENT_SECRET_ASSERTION).unwrap();
        assert_eq!(jws.verify(rsa.public()).unwrap_err(), JwsFault::KeyUnfit);
        assert!(SharedSecret::from_jwk(&jwk).is_err());
    }
    let signed = rsa.token(&ANY, &json!({})).unwrap();
    let secret = SharedSecret::new(jwk.as_bytes()).unwrap();
    assert_eq!(Jws::parse(&signed, &ANY).unwrap().verify_secret(&secret).unwrap_err(), JwsFault::KeyUnfit);
    assert!(Purpose::ID_TOKEN.with([Algorithm::Hs256].into_iter().collect()).algorithms() == Algorithms::NONE);
}

/// §3.3: every signature is checked, and one that is wrong in any way rejects all of the token.
#[test]
fn s3_3_every_bit_of_the_token_is_proven() {
    for signer in KEYS.iter() {
        let token = signer.token(&ANY, &json!({ "sub": "alice" })).unwrap();
        assert_eq!(judge(&token, signer.public()), Ok(()));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let raw = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).unwrap();
        for at in (0..raw.len()).step_by(13) {
            let mut wrong = raw.clone();
            wrong[at] ^= 1;
            assert_eq!(judge(&format!("{signed}.{}", b64(wrong)), signer.public()), Err(JwsFault::SignatureWrong));
        }
        for wrong in
            [vec![], raw[1..].to_vec(), [&raw[..], &[0]].concat(), [&[0], &raw[..]].concat(), vec![0; raw.len()]]
        {
            assert_eq!(judge(&format!("{signed}.{}", b64(wrong)), signer.public()), Err(JwsFault::SignatureWrong));
        }
        let other = format!("{}.{}", signed.split_once('.').unwrap().0, b64(r#"{"sub":"mallory"}"#));
        assert_eq!(judge(&format!("{other}.{signature}"), signer.public()), Err(JwsFault::SignatureWrong));
        let stranger = PrivateKey::generate(Algorithm::Es256).unwrap();
        if signer.algorithm() == Algorithm::Es256 {
            assert_eq!(judge(&token, stranger.public()), Err(JwsFault::SignatureWrong));
        }
    }
}

/// §3.4: points that are not on the curve, and points of small order, are no keys; `keys` has the rest of it.
#[test]
fn s3_4_inputs_are_validated() {
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": b64([1; 32]), "y": b64([2; 32]) });
    let header = json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk }).to_string();
    assert_eq!(Jws::parse(&forge(ec(), &header, "{}"), &Purpose::DPOP_PROOF).unwrap_err(), JwsFault::KeyInHeader);
}

/// §3.5: a secret of HS256 has as many bits as its hash at least.
#[test]
fn s3_5_a_password_is_no_key() {
    assert!(SharedSecret::new(b"correct horse battery staple").is_err());
}

/// §3.6: nothing is inflated.
#[test]
fn s3_6_nothing_is_compressed() {
    let token = forge(ec(), r#"{"alg":"ES256","zip":"DEF"}"#, "{}");
    assert_eq!(parse(&token), Err(JwsFault::Critical));
}

/// §3.7: UTF-8 and nothing else, in header and claims.
#[test]
fn s3_7_texts_are_utf_8() {
    let payload = forge(ec(), r#"{"alg":"ES256"}"#, b"{\"sub\":\"\xff\"}");
    let verified = Jws::parse(&payload, &ANY).unwrap().verify(ec().public()).unwrap();
    assert!(verified.claims().is_err());
    let header = format!("{}.{}.AA", b64(b"{\"alg\":\"ES256\",\"a\":\"\xff\"}"), b64("{}"));
    assert_eq!(parse(&header), Err(JwsFault::Header));
    let utf16: Vec<u8> = r#"{"alg":"ES256"}"#.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(parse(&format!("{}.{}.AA", b64(utf16), b64("{}"))), Err(JwsFault::Header));
}

/// §3.8, §3.9: issuer, subject and audience; `claims` has every boundary.
#[test]
fn s3_8_and_s3_9_issuer_and_audience_are_checked() {
    let claims = Claims::parse(br#"{"iss":"a","aud":["b"],"sub":"c"}"#).unwrap();
    assert!(claims.require_issuer("a").is_ok() && claims.require_issuer("b").is_err());
    assert!(claims.require_audience(&["b"]).is_ok() && claims.require_audience(&["a"]).is_err());
}

/// §3.10: what the token says of its key is not trusted.
#[test]
fn s3_10_keys_that_a_token_brings_or_names_are_refused() {
    let mallory = PrivateKey::generate(Algorithm::Es256).unwrap();
    let own = Value::from(mallory.public().to_jwk());
    for (name, value) in [
        ("jwk", own),
        ("jwk", json!(null)),
        ("jku", json!("https://mallory.example/jwks")),
        ("x5u", json!("https://mallory.example/x5u")),
        ("x5c", json!(["MIIB"])),
    ] {
        let token = forge(&mallory, &json!({ "alg": "ES256", name: value }).to_string(), "{}");
        assert_eq!(parse(&token), Err(JwsFault::KeyBrought), "{name}");
        // Not even where the signature is that of the right key.
        let token = forge(ec(), &json!({ "alg": "ES256", name: value }).to_string(), "{}");
        assert_eq!(judge(&token, ec().public()), Err(JwsFault::KeyBrought), "{name}");
    }
    for kid in ["../../dev/null", "' OR 1=1 --", "\u{0}", ""] {
        let token = forge(&mallory, &json!({ "alg": "ES256", "kid": kid }).to_string(), "{}");
        let set = [ec().public().clone()].into_iter().collect();
        assert_eq!(Jws::parse(&token, &ANY).unwrap().verify_among(&set).unwrap_err(), JwsFault::KeyUnknown);
    }
}

/// §3.10, the exception: the key of a DPoP proof, which is public, and of the right type.
#[test]
fn s3_10_the_key_in_a_proof_is_public_and_for_its_algorithm() {
    let judge = |jwk: Value| {
        let header = json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk }).to_string();
        Jws::parse(&forge(ec(), &header, "{}"), &Purpose::DPOP_PROOF)?.verify_embedded().map(drop)
    };
    let own = Value::from(ec().public().to_jwk());
    assert_eq!(judge(own.clone()), Ok(()));
    let with = |name: &str, value: Value| {
        let mut jwk = own.clone();
        jwk[name] = value;
        jwk
    };
    assert_eq!(judge(with("d", json!(b64([1; 32])))), Err(JwsFault::KeyInHeader));
    assert_eq!(judge(with("use", json!("enc"))), Err(JwsFault::KeyInHeader));
    assert_eq!(judge(with("alg", json!("ES384"))), Err(JwsFault::KeyInHeader));
    assert_eq!(judge(json!(own.to_string())), Err(JwsFault::KeyInHeader));
    assert_eq!(judge(json!(null)), Err(JwsFault::KeyInHeader));
    assert_eq!(judge(json!({ "kty": "oct", "k": b64([1; 32]) })), Err(JwsFault::KeyInHeader));
    assert_eq!(judge(Value::from(key(Algorithm::Es384).public().to_jwk())), Err(JwsFault::KeyUnfit));
    let stranger = PrivateKey::generate(Algorithm::Es256).unwrap();
    assert_eq!(judge(Value::from(stranger.public().to_jwk())), Err(JwsFault::SignatureWrong));
    let keyless = forge(ec(), r#"{"alg":"ES256","typ":"dpop+jwt"}"#, "{}");
    assert_eq!(Jws::parse(&keyless, &Purpose::DPOP_PROOF).unwrap_err(), JwsFault::KeyInHeader);
}

/// §3.11, §3.12: a token for one purpose is none for another.
#[test]
fn s3_11_and_s3_12_types_keep_purposes_apart() {
    let typed = [
        Purpose::ACCESS_TOKEN,
        Purpose::DPOP_PROOF,
        Purpose::ID_JAG,
        Purpose::INTROSPECTION_RESPONSE,
        Purpose::REQUEST_OBJECT,
    ];
    let all = [&typed[..], &[Purpose::ID_TOKEN, Purpose::CLIENT_ASSERTION]].concat();
    for own in typed {
        let token = ec().token(&own, &json!({})).unwrap();
        for purpose in &all {
            let judged = Jws::parse(&token, purpose).err();
            assert_eq!(judged.is_none(), *purpose == own, "{} as {}", own.name(), purpose.name());
        }
        // An explicit type is not optional.
        let untyped = forge(ec(), r#"{"alg":"ES256"}"#, "{}");
        assert_eq!(Jws::parse(&untyped, &own).unwrap_err(), JwsFault::Type);
    }
    let with = |typ: Value| {
        Jws::parse(&forge(ec(), &json!({ "alg": "ES256", "typ": typ }).to_string(), "{}"), &Purpose::ACCESS_TOKEN).err()
    };
    for same in ["at+jwt", "application/at+jwt", "AT+JWT", "Application/at+JWT"] {
        assert_eq!(with(json!(same)), None, "{same}");
    }
    for other in
        ["JWT", "", "at+jwt ", "text/at+jwt", "application/application/at+jwt", "application/", "at", "aât+jwt"]
    {
        assert_eq!(with(json!(other)), Some(JwsFault::Type), "{other}");
    }
    assert_eq!(with(json!(["at+jwt"])), Some(JwsFault::Header));
}

/// RFC 7515 §4.1.11: what is critical and not understood; nothing is.
#[test]
fn critical_extensions_are_refused() {
    for header in [
        json!({ "alg": "ES256", "crit": ["exp"], "exp": 1 }),
        json!({ "alg": "ES256", "crit": [] }),
        json!({ "alg": "ES256", "crit": "exp" }),
        json!({ "alg": "ES256", "crit": null }),
        json!({ "alg": "ES256", "crit": ["b64"], "b64": true }),
        json!({ "alg": "ES256", "b64": true }),
    ] {
        assert_eq!(parse(&forge(ec(), &header.to_string(), "{}")), Err(JwsFault::Critical), "{header}");
    }
    // What nobody calls critical is ignored.
    assert_eq!(judge(&forge(ec(), r#"{"alg":"ES256","more":{"a":[1]}}"#, "{}"), ec().public()), Ok(()));
}

#[test]
fn members_come_once_at_any_depth() {
    for header in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","x":{"y":1,"y":1}}"#,
        r#"{"alg":"ES256","x":[{"y":1,"y":1}]}"#,
    ] {
        assert_eq!(parse(&forge(ec(), header, "{}")), Err(JwsFault::Header), "{header}");
    }
    let nested = forge(ec(), r#"{"alg":"ES256"}"#, r#"{"cnf":{"jkt":"a","jkt":"b"}}"#);
    assert!(Jws::parse(&nested, &ANY).unwrap().verify(ec().public()).unwrap().claims().is_err());
}

#[test]
fn there_is_one_spelling() {
    let token = ec().token(&ANY, &json!({ "a": "?????>>>>" })).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(judge(&token, ec().public()), Ok(()));
    for (at, part) in parts.iter().enumerate() {
        for wrong in [
            format!("{part}="),
            format!("{part}=="),
            format!(" {part}"),
            format!("{part}\n"),
            format!("{part}A"),
            format!("{part}%3D"),
        ] {
            let mut parts = parts.clone();
            parts[at] = &wrong;
            assert!(judge(&parts.join("."), ec().public()).is_err(), "{wrong}");
        }
    }
    for wrong in [
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.AA.AA"),
        parts[..2].join("."),
        parts[0].to_owned(),
        String::new(),
        "..".to_owned(),
        ".....".to_owned(),
        token.replace('.', ".."),
        json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string(),
    ] {
        assert!(parse(&wrong).is_err(), "{wrong}");
    }
    // The last character of 64 bytes has four bits that mean nothing, and must be nought.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    assert_eq!(place % 16, 0);
    for bits in 1..16 {
        let wrong = format!("{}{}", &token[..token.len() - 1], &alphabet[place + bits..=place + bits]);
        assert_eq!(parse(&wrong), Err(JwsFault::NotCompact));
    }
}

#[test]
fn sizes_are_judged_before_anything_is_decoded() {
    let long = format!("{}.{}.AA", b64(r#"{"alg":"ES256"}"#), "A".repeat(64 * 1024));
    assert_eq!(parse(&long), Err(JwsFault::TooLarge));
    assert_eq!(parse(&"!".repeat(64 * 1024 + 1)), Err(JwsFault::TooLarge));
    let header = json!({ "alg": "ES256", "a": "a".repeat(7000) }).to_string();
    assert_eq!(parse(&forge(ec(), &header, "{}")), Err(JwsFault::TooLarge));
    let deep = format!(r#"{{"alg":"ES256","a":{}{}}}"#, "[".repeat(2500), "]".repeat(2500));
    assert_eq!(parse(&forge(ec(), &deep, "{}")), Err(JwsFault::Header));
    // The largest that is read is read.
    let claims = json!({ "a": "a".repeat(48_000) });
    assert_eq!(judge(&ec().token(&ANY, &claims).unwrap(), ec().public()), Ok(()));
}

#[test]
fn nothing_shows_the_token_or_the_key() {
    let token = ec().token(&ANY, &json!({ "sub": "alice" })).unwrap();
    let jws = Jws::parse(&token, &ANY).unwrap();
    let verified = jws.clone().verify(ec().public()).unwrap();
    for part in token.split('.').skip(1) {
        assert!(!format!("{jws:?}{verified:?}").contains(part));
    }
    assert!(!format!("{verified:?}").contains("alice"));
}
