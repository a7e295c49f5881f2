//! Objects that nobody else reads [RFC 9101 §6.1].

use RequestObjectFault as F;
use grantor::jose::{ContentEncryption, DecryptionKey, EncryptionKey, KeyManagement, KeySet, SigningKey};

use super::*;

static OWN: LazyLock<[DecryptionKey; 2]> = LazyLock::new(|| {
    let key = |management| DecryptionKey::generate(management).unwrap();
    [key(KeyManagement::RsaOaep256), key(KeyManagement::EcdhEs)]
});

fn reading(keys: &[DecryptionKey]) -> World {
    serving(registered(&value!({})).unwrap(), |config| {
        config.request_objects(|_| ()).decryption_keys(keys.iter().cloned())
    })
}

fn sealed(to: &EncryptionKey, management: KeyManagement, encryption: ContentEncryption, plain: &str) -> String {
    to.encrypt(management, encryption, Some("JWT"), plain.as_bytes()).unwrap()
}

#[test]
fn an_object_may_be_encrypted_to_the_server() {
    // An agreed key can be wrapped as well, if its owner says nothing else.
    let jwk = |key: &DecryptionKey| {
        let mut jwk = key.public().to_jwk();
        jwk.remove("alg");
        EncryptionKey::from_jwk(Value::Object(jwk).to_string()).unwrap()
    };
    let world = reading(&*OWN);
    for (key, management) in [(&OWN[0], KeyManagement::RsaOaep256), (&OWN[1], KeyManagement::EcdhEs)] {
        for encryption in ContentEncryption::ALL {
            let name = format!("{} {}", management.as_str(), encryption.as_str());
            let object_of = |jti: &str| {
                let signed = object(&value!({"jti": format!("{name} {jti}")}));
                sealed(&jwk(key), management, encryption, &signed)
            };
            assert_judged(&world, &name, object_of, None);
        }
    }
    let brought = bringing(
        &sealed(OWN[0].public(), KeyManagement::RsaOaep256, ContentEncryption::A128Gcm, &object(&value!({}))),
        &[],
    );
    assert!(parameter(&world.approved(&brought), "code").is_some());
    assert_eq!(told(&ask(&world, &brought)).2, F::Used.description(), "its name is known once it is open");
}

#[test]
fn what_cannot_be_opened_or_is_not_signed_within_is_refused() {
    let [own, _] = &*OWN;
    let good = |jti: &str| object(&value!({"jti": jti}));
    let seal = |plain: &str| sealed(own.public(), KeyManagement::RsaOaep256, ContentEncryption::A256Gcm, plain);
    let stranger = DecryptionKey::generate(KeyManagement::RsaOaep256).unwrap();
    let changed = |part: usize, jti: &str| {
        let sealed = seal(&good(jti));
        let mut parts: Vec<_> = sealed.split('.').map(str::to_owned).collect();
        let first = if parts[part].starts_with('A') { "B" } else { "A" };
        parts[part].replace_range(..1, first);
        parts.join(".")
    };
    let unsigned = || claims(&value!({})).to_string();
    let cases: [(&str, &dyn Fn(&str) -> String, F); 10] = [
        (
            "another key",
            &|jti| sealed(stranger.public(), KeyManagement::RsaOaep256, ContentEncryption::A256Gcm, &good(jti)),
            F::Undecipherable,
        ),
        ("another header", &|jti| changed(0, jti), F::Undecipherable),
        ("another content key", &|jti| changed(1, jti), F::Undecipherable),
        ("another nonce", &|jti| changed(2, jti), F::Undecipherable),
        ("another content", &|jti| changed(3, jti), F::Undecipherable),
        ("another tag", &|jti| changed(4, jti), F::Undecipherable),
        (
            "not announced as signed",
            &|jti| {
                own.public()
                    .encrypt(KeyManagement::RsaOaep256, ContentEncryption::A256Gcm, None, good(jti).as_bytes())
                    .unwrap()
            },
            F::Undecipherable,
        ),
        // Whoever knows the key of the server can encrypt: that proves nobody [RFC 9101 §10.2].
        ("not signed", &|_| seal(&unsigned()), F::Malformed),
        (
            "signed by none",
            &|_| seal(&forge(&KEYS[0], &value!({"alg": "none", "typ": "oauth-authz-req+jwt"}), &unsigned())),
            F::Algorithm,
        ),
        ("encrypted again", &|jti| seal(&seal(&good(jti))), F::Malformed),
    ];
    for (name, object_of, fault) in cases {
        assert_judged(&reading(&*OWN), name, object_of, Some(fault));
    }
    assert_judged(&usual(), "no keys here", |jti| seal(&good(jti)), Some(F::Undecipherable));
}

#[test]
fn the_keys_to_encrypt_to_are_published_beside_those_that_sign() {
    let signing = SigningKey::new(KEYS[0].public().clone(), Algorithm::Es256).unwrap();
    let set =
        || KeySet::new(std::time::Duration::from_secs(86_400)).with(signing.clone(), grantor::Timestamp::from_unix(0));
    let published = |change: &dyn Fn(ConfigBuilder) -> ConfigBuilder| {
        let world = world_with(change);
        let response = world.server.answer(Place::JwkSet, &get("/jwks"));
        let advertised = world.server.config().metadata().jwks_uri.is_some();
        assert_eq!(response.status() == 200, advertised);
        let uses =
            |keys: &Value| keys["keys"].as_array().unwrap().iter().map(|key| key["use"].clone()).collect::<Vec<_>>();
        advertised.then(|| uses(&json(&response)))
    };
    assert_eq!(published(&|config| config), None);
    assert_eq!(published(&|config| config.keys(set())), Some(vec![value!("sig")]));
    assert_eq!(published(&|config| config.decryption_keys(OWN.clone())), Some(vec![value!("enc"); 2]));
    let both = published(&|config| config.keys(set()).decryption_keys([OWN[0].clone()]));
    assert_eq!(both, Some(vec![value!("sig"), value!("enc")]));
    let twice = config().decryption_keys([OWN[0].clone(), OWN[0].clone()]).build();
    assert_eq!(twice.map(|_| ()), Err(grantor::ConfigFault::Keys));
}
