//! Where the keys of a client are, and when they are fetched.

use std::sync::{Arc, Mutex};

use RequestObjectFault as F;
use grantor::drive::{Host, NoHost, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::{Question, SigningInput, Verdict};

use super::*;

/// Has a document, and counts how often it is asked.
#[derive(Clone, Debug, Default)]
struct Web(Arc<Mutex<(Option<String>, usize)>>);

impl Host for Web {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        let asked = (request.url.as_str(), request.purpose);
        assert_eq!(asked, ("https://app.example/jwks", grantor::fetch::Purpose::ClientKeys));
        let mut web = self.0.lock().unwrap();
        web.1 += 1;
        let answer = |body: String| Fetched::from(&Response::builder().status(200).body(body.into_bytes()).unwrap());
        Ok(web.0.clone().map(answer).ok_or(Unfetched::Unreachable))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        NoHost.sign(input)
    }
}

#[test]
fn keys_behind_a_url_are_fetched_for_an_object_that_could_be_good() {
    let client = registered(&value!({"jwks": null, "jwks_uri": "https://app.example/jwks"})).unwrap();
    let web = Web::default();
    let world = served(client, |_| ()).hosted(web.clone());
    let good = |jti: &str| object(&value!({"jti": jti}));
    let mut private = jwks(&[&KEYS[0]]);
    private["keys"][0]["d"] = value!("AAAA");
    for (name, document, object, expected) in [
        ("not to be had", None, good("one"), (Some(F::Signature), 1)),
        ("no keys", Some(value!({})), good("one"), (Some(F::Signature), 1)),
        ("other keys", Some(jwks(&[&KEYS[1]])), good("one"), (Some(F::Signature), 1)),
        ("a key that is not secret any more", Some(private), good("one"), (Some(F::Signature), 1)),
        ("nothing that could be good", Some(jwks(&[&KEYS[0]])), "a.b.c".to_owned(), (Some(F::Malformed), 0)),
        ("another's", Some(jwks(&[&KEYS[0]])), object(&value!({"iss": "web"})), (Some(F::Issuer), 0)),
        (
            "a secret",
            Some(jwks(&[&KEYS[0]])),
            forge(&KEYS[0], &value!({"alg": "HS256", "typ": "oauth-authz-req+jwt"}), &claims(&value!({})).to_string()),
            (Some(F::Algorithm), 0),
        ),
        ("good", Some(jwks(&[&KEYS[0]])), good("one"), (None, 1)),
        ("good, among others", Some(jwks(&[&KEYS[1], &KEYS[0]])), good("two"), (None, 1)),
    ] {
        let described = expected.0.map(|fault| fault.description().to_owned());
        *web.0.lock().unwrap() = (document.as_ref().map(Value::to_string), 0);
        let (status, body) = push(&world, &pushing(&object, &[]));
        let pushed = (status != 201).then(|| body["error_description"].as_str().unwrap().to_owned());
        assert_eq!((pushed, web.0.lock().unwrap().1), (described.clone(), expected.1), "{name}, pushed");

        web.0.lock().unwrap().1 = 0;
        let again = object.clone();
        match ask(&world, &bringing(&again, &[])) {
            Came::Asked(_) => panic!("{name}: what was pushed is used"),
            came if expected.0.is_none() => assert_eq!(told(&came).2, F::Used.description(), "{name}"),
            came => assert_eq!(Some(told(&came).2), described, "{name}, by value"),
        }
        assert_eq!(web.0.lock().unwrap().1, expected.1, "{name}, by value");
    }
}

#[test]
fn a_client_that_is_changed_meanwhile_is_not_answered_for_what_it_signed_before() {
    let world = usual();
    let brought = bringing(&object(&value!({})), &[]);
    let prompt = world.prompt(&brought);
    world.server.store().put_client(registered(&value!({"jwks": jwks(&[&KEYS[1]])})).unwrap());
    let response = world.server.approve(prompt, world.session());
    assert_eq!(parameter(&response, "error_description").as_deref(), Some(F::Signature.description()));
    let rotated = KEYS[1].token(&Purpose::REQUEST_OBJECT, &claims(&value!({}))).unwrap();
    assert!(parameter(&world.approved(&bringing(&rotated, &[])), "code").is_some());
}

#[test]
fn keys_for_assertions_sign_requests_as_well() {
    let client = registered(&value!({
        "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "EdDSA",
    }));
    let world = serving(client.unwrap(), |config| config.request_objects(|_| ()).client_assertions(|_| ()));
    // What it authenticates with does not limit what it signs otherwise.
    assert!(parameter(&world.approved(&bringing(&object(&value!({})), &[])), "code").is_some());
    let assertion = |jti: &str, purpose: &Purpose| {
        let claims = value!({"iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": jti});
        KEYS[1].token(purpose, &claims).unwrap()
    };
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let pushed = object(&value!({"jti": "two"}));
    let by = |shown: &str| {
        let pairs = [("client_assertion_type", kind), ("client_assertion", shown), ("request", &*pushed)];
        push(&world, &post("/par", &pairs)).0
    };
    // An object is no assertion, and an assertion no object [RFC 9101 §10.8].
    assert_eq!(by(&assertion("one", &Purpose::REQUEST_OBJECT)), 401);
    let came = ask(&world, &bringing(&assertion("one", &Purpose::CLIENT_ASSERTION), &[]));
    assert_eq!(told(&came).2, F::Type.description());
    assert_eq!(by(&assertion("one", &Purpose::CLIENT_ASSERTION)), 201);
    assert_eq!(by(&assertion("two", &Purpose::CLIENT_ASSERTION)), 400, "both are good for one use");
}

#[test]
fn a_client_without_keys_signs_nothing() {
    let world = served(registered(&value!({"jwks": null})).unwrap(), |_| ());
    assert_eq!(told(&ask(&world, &bringing(&object(&value!({})), &[]))).2, F::Signature.description());
    assert_eq!(
        world.server.answer(Place::PushedAuthorizationRequest, &pushing(&object(&value!({})), &[])).status(),
        400
    );
    for (members, expected) in [
        (value!({"jwks": null, "require_signed_request_object": true}), ClientFault::RequestKeysMissing),
        (value!({"jwks": null, "request_object_signing_alg": "ES256"}), ClientFault::RequestKeysMissing),
        (value!({"jwks": {"keys": []}, "require_signed_request_object": true}), ClientFault::RequestKeysMissing),
        (value!({"request_object_encryption_alg": "RSA1_5"}), ClientFault::RequestObjectAlgorithm("RSA1_5".to_owned())),
        (
            value!({"request_object_encryption_enc": "A128GCM"}),
            ClientFault::RequestObjectAlgorithm("A128GCM".to_owned()),
        ),
        (
            value!({"request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A1"}),
            ClientFault::RequestObjectAlgorithm("A1".to_owned()),
        ),
    ] {
        assert_eq!(registered(&members), Err(expected), "{members}");
    }
    for good in [
        value!({"jwks": null, "jwks_uri": "https://app.example/jwks", "require_signed_request_object": true}),
        value!({"request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A128GCM"}),
        value!({"request_object_encryption_alg": "ECDH-ES"}),
    ] {
        let client = registered(&good).unwrap();
        let bytes = grantor::record::Record::Client(Arc::new(client.clone())).encode().unwrap();
        assert_eq!(grantor::record::Record::decode(&bytes).unwrap(), grantor::record::Record::Client(Arc::new(client)));
    }
}
