//! Responses that only their client can read, and the algorithms of either [JARM §2.2, §3].

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use grantor::drive::{NoHost, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::jose::{
    Algorithm, ContentEncryption, DecryptionKey, Jwe, KeyManagement, KeySet, LocalSigner, PrivateKey, SigningHost,
};
use grantor::server::Visitor;
use grantor::wire::PageReason;
use grantor::{Progress, Question, SignedResponses, SigningInput, Timestamp, Verdict};

use super::*;

static OWN: LazyLock<[DecryptionKey; 2]> = LazyLock::new(|| {
    let key = |management| DecryptionKey::generate(management).unwrap();
    [key(KeyManagement::RsaOaep256), key(KeyManagement::EcdhEs)]
});

fn jwks(keys: &[&DecryptionKey]) -> Value {
    value!({"keys": keys.iter().map(|key| Value::Object(key.public().to_jwk())).collect::<Vec<_>>()})
}

fn opened(key: &DecryptionKey, text: &str, management: KeyManagement, content: ContentEncryption) -> String {
    Jwe::parse(text, &[management], &[content]).unwrap().decrypt_token(key).unwrap()
}

#[test]
fn a_response_is_encrypted_as_its_client_registered() {
    for (key, management) in [(&OWN[0], KeyManagement::RsaOaep256), (&OWN[1], KeyManagement::EcdhEs)] {
        for content in [None, Some(ContentEncryption::A128Gcm), Some(ContentEncryption::A256Gcm)] {
            let mut members = value!({
                "jwks": jwks(&[&OWN[0], &OWN[1]]), "authorization_encrypted_response_alg": management.as_str(),
            });
            if let Some(content) = content {
                members["authorization_encrypted_response_enc"] = value!(content.as_str());
            }
            let world = serving(registered(&members).unwrap(), wide);
            let content = content.unwrap_or(ContentEncryption::A128CbcHs256);
            for (mode, response_type, expected) in [
                ("jwt", "code", "code"),
                ("form_post.jwt", "code", "code"),
                // Then not even a token in a query can be read [JARM §2.3.1].
                ("query.jwt", "token", "access_token"),
                ("fragment.jwt", "token", "access_token"),
            ] {
                let request = asking(&[("response_mode", mode), ("response_type", response_type)]);
                let sealed = token(&world.approved(&request));
                let said = claims(&world, &opened(key, &sealed, management, content));
                assert!(said[expected].is_string() && said["aud"] == "app", "{mode}: {said}");
            }
            let refused = sent(&world, &asking(&[("response_mode", "jwt"), ("scope", "nothing")]));
            let said = claims(&world, &opened(key, &token(&refused), management, content));
            assert_eq!(said["error"], "invalid_scope");
            // What is not asked as a token is as it ever was.
            let plain = world.approved(&asking(&[]));
            assert!(parameter(&plain, "code").is_some());
        }
    }
}

#[test]
fn each_printing_of_a_response_is_encrypted_anew() {
    let members = value!({"jwks": jwks(&[&OWN[0]]), "authorization_encrypted_response_alg": "RSA-OAEP-256"});
    let world = serving(registered(&members).unwrap(), wide);
    let denial = grantor::server::Denial::new(
        Arc::clone(world.server.config()),
        world.prompt(&asking(&[("response_mode", "jwt")])),
    );
    let refusal = world.server.run(denial).unwrap().unwrap_err();
    let [one, other] = [token(&refusal.print()), token(&refusal.print())];
    assert_ne!(one, other);
    let open = |text: &str| opened(&OWN[0], text, KeyManagement::RsaOaep256, ContentEncryption::A128CbcHs256);
    assert_eq!(open(&one), open(&other));
}

/// Has a document, and signs.
#[derive(Clone, Debug, Default)]
struct Web(Arc<Mutex<Option<String>>>);

impl Host for Web {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        assert_eq!(request.url.as_str(), "https://app.example/jwks");
        let answer = |body: String| Fetched::from(&Response::builder().status(200).body(body.into_bytes()).unwrap());
        Ok(self.0.lock().unwrap().clone().map(answer).ok_or(Unfetched::Unreachable))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        sign(input)
    }
}

#[test]
fn keys_behind_a_url_encrypt_too_and_without_them_nothing_leaves() {
    let members = value!({
        "jwks_uri": "https://app.example/jwks", "authorization_encrypted_response_alg": "RSA-OAEP-256",
    });
    let web = Web::default();
    let world = serving(registered(&members).unwrap(), wide).hosted(web.clone());
    let publish = |keys: Option<Value>| *web.0.lock().unwrap() = keys.map(|keys| keys.to_string());
    let request = asking(&[("response_mode", "jwt")]);
    publish(Some(jwks(&[&OWN[0]])));
    let prompt = world.prompt(&request);
    for (name, keys) in [
        ("not to be had", None),
        ("no keys", Some(value!({"keys": []}))),
        ("of another kind", Some(jwks(&[&OWN[1]]))),
        ("nonsense", Some(value!("x"))),
    ] {
        publish(keys);
        let page = world.server.approve(prompt.clone(), world.session());
        assert_eq!((page.status().as_u16(), page.headers().get("location")), (400, None), "{name}");
        assert!(String::from_utf8_lossy(page.body()).contains("invalid_client"), "{name}");
        let page = world.authorize(&asking(&[("response_mode", "jwt"), ("scope", "nothing")]), Visitor::anonymous());
        assert!(matches!(page, Progress::Refuse(PageReason::ResponseKeyMissing)), "{name}: {page:?}");
        assert_eq!(world.log.take(), [], "{name}: nothing was granted");
    }
    publish(Some(jwks(&[&OWN[1], &OWN[0]])));
    let sealed = token(&world.server.approve(prompt, world.session()));
    let text = opened(&OWN[0], &sealed, KeyManagement::RsaOaep256, ContentEncryption::A128CbcHs256);
    assert!(claims(&world, &text)["code"].is_string());
}

/// A server with keys of these algorithms, and the one that signs for `client`.
fn algorithm(client: &Value, algorithms: &[Algorithm]) -> Option<String> {
    let keys: Vec<_> = algorithms.iter().map(|one| PrivateKey::generate(*one).unwrap()).collect();
    let set = KeySet::new(Duration::from_secs(3600));
    let set = keys.iter().fold(set, |set, key| set.with(key.signing_key().clone(), Timestamp::from_unix(0)));
    let world = serving(registered(client).unwrap(), |config| config.keys(set).signed_responses(|_| ()));
    let world = world.hosted(SigningHost::new(NoHost, LocalSigner::new(keys)));
    let response = sent(&world, &asking(&[("response_mode", "jwt"), ("scope", "nothing")]));
    let (_, pairs) = travelled(&response);
    if let Some((_, error)) = pairs.iter().find(|(name, _)| name == "error") {
        assert_eq!(error, "unsupported_response_mode");
        return None;
    }
    let text = token(&response);
    assert_eq!(claims(&world, &text)["error"], "invalid_scope");
    let jws = Jws::parse(&text, &Purpose::AUTHORIZATION_RESPONSE).unwrap();
    Some(jws.header().algorithm.as_str().to_owned())
}

#[test]
fn a_response_is_signed_with_what_its_client_registered_or_else_the_usual() {
    use Algorithm::{EdDsa, Es256, Rs256};
    let of = |name: &str| value!({"authorization_signed_response_alg": name});
    for (client, keys, expected) in [
        (value!({}), &[Es256, Rs256][..], Some("RS256")),
        (value!({}), &[Rs256, Es256], Some("RS256")),
        (value!({}), &[Es256], Some("ES256")),
        (of("ES256"), &[Rs256, Es256], Some("ES256")),
        (of("EdDSA"), &[EdDsa, Es256], Some("EdDSA")),
        (of("RS256"), &[EdDsa, Rs256], Some("RS256")),
        // Never with another: it would not be believed, or worse, it would.
        (of("RS256"), &[Es256], None),
        (of("PS256"), &[Rs256, Es256], None),
    ] {
        assert_eq!(algorithm(&client, keys).as_deref(), expected, "{client} {keys:?}");
    }
}

/// [FAPI 2.0 Message Signing §5.3.3]: whatever is asked for, and however wrong.
#[test]
fn where_all_must_be_signed_a_client_without_a_key_here_is_told_nothing() {
    for (name, told) in [("EdDSA", true), ("RS256", false)] {
        let client = registered(&value!({"authorization_signed_response_alg": name})).unwrap();
        let required = |own: &mut SignedResponses| own.required = true;
        let world = serving(client, |config| config.keys(keys()).signed_responses(required));
        for changes in [&[("response_mode", "jwt"), ("scope", "nothing")][..], &[("response_mode", "query")]] {
            let progress = world.authorize(&asking(changes), Visitor::anonymous());
            let page = matches!(progress, Progress::Refuse(PageReason::ResponseKeyMissing));
            assert_eq!(
                (page, matches!(progress, Progress::Respond(_))),
                (!told, told),
                "{name} {changes:?} {progress:?}"
            );
        }
    }
}

#[test]
fn a_response_is_signed_with_the_key_of_its_time_and_lives_as_long_as_is_said() {
    let [old, new] = [(); 2].map(|()| PrivateKey::generate(Algorithm::Es256).unwrap());
    let set = KeySet::new(Duration::from_secs(3600));
    let set = set.with(old.signing_key().clone(), Timestamp::from_unix(0));
    let set = set.with(new.signing_key().clone(), Timestamp::from_unix(NOW + 10));
    let world = serving(registered(&value!({})).unwrap(), |config| {
        config.keys(set).signed_responses(|own| own.lifetime = Duration::from_secs(60))
    });
    let world = world.hosted(SigningHost::new(NoHost, LocalSigner::new([old.clone(), new.clone()])));
    let signed = || {
        let text = token(&sent(&world, &asking(&[("response_mode", "jwt"), ("scope", "nothing")])));
        let kid = Jws::parse(&text, &Purpose::AUTHORIZATION_RESPONSE).unwrap().header().kid.clone();
        (kid, claims(&world, &text)["exp"].clone())
    };
    let kid = |key: &PrivateKey| Some(key.kid().to_owned());
    assert_eq!(signed(), (kid(&old), value!(NOW + 60)));
    world.clock.advance(9);
    assert_eq!(signed(), (kid(&old), value!(NOW + 69)));
    world.clock.advance(1);
    assert_eq!(signed(), (kid(&new), value!(NOW + 70)));
}
