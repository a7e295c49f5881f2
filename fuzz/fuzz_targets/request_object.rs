//! Request objects: whatever a client signs is answered or refused and never panics; what is not signed is never taken; what
//! is taken means what was signed, and is good for one answer.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use grantor::jose::{Algorithm, PrivateKey};
use grantor::record::{Client, Record, Subject};
use grantor::server::{Approval, Authorization, Authorize, Place, Session, Visitor};
use grantor::store::Key;
use grantor::wire::{AuthorizationRequest, Limits};
use grantor::{Config, Timestamp};
use grantor_fuzz::forgery::{Forged, Forgery};
use grantor_fuzz::{Ledger, NOW, answer_of, form, run};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    object: Forgery<'a>,
    beside: &'a str,
    pushed: bool,
}

const CLAIMS: [&str; 20] = [
    "iss",
    "aud",
    "sub",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "resource",
    "authorization_details",
    "request",
    "unknown",
];
const CALLBACK: &str = "https://app.example/cb";

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(Algorithm::EdDsa).expect("a key"));

fuzz_target!(|input: Input<'_>| {
    let ledger = Ledger::default();
    ledger.now.set(NOW);
    let jwks = json!({"keys": [KEY.public().to_jwk()]});
    let metadata = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "jwks": jwks});
    let metadata = serde_json::from_value(metadata).expect("metadata");
    let client = Client::builder("app").metadata(metadata).build().expect("a client");
    ledger.put(Key::Client(client.id().clone()), Record::Client(Arc::new(client)));
    let config = Config::builder("https://as.example").scopes(["read"]).request_objects(|own| own.required = true);
    let config = config.build().expect("a configuration");

    let header = json!({"alg": "EdDSA", "typ": "oauth-authz-req+jwt"});
    let claims = json!({
        "iss": "app", "aud": "https://as.example", "exp": NOW + 60, "jti": "one", "client_id": "app",
        "redirect_uri": CALLBACK, "response_type": "code", "scope": "read", "state": "own",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    });
    let Some(Forged { text: object, whole, payload }) = input.object.token(&KEY, header, claims, &CLAIMS) else {
        return;
    };
    let mut limits = Limits::default();
    (limits.value, limits.body) = (1 << 20, 1 << 22);
    let form = form(&[("client_id", "app"), ("request", &object), ("scope", "admin"), ("state", input.beside)]);
    if input.pushed {
        let status = answer_of(&config, Place::PushedAuthorizationRequest, &form, &ledger, 0).status();
        assert!(whole || status != 201, "what was changed was pushed");
        assert!([201, 400, 413].contains(&status.as_u16()), "{status}");
        return;
    }
    let Ok(request) = AuthorizationRequest::parse_form(form.body(), &limits) else { return };
    let session = Session::new(Subject::new("alice"), Timestamp::from_unix(NOW));
    let authorize = || Authorize::new(config.clone(), request.clone(), Visitor::logged_in(session.clone(), None));
    let Ok(Authorization::Ask(prompt)) = run(authorize(), &ledger, 1) else { return };
    assert!(whole, "what was changed was taken");
    let said: Value = serde_json::from_slice(&payload).expect("what was taken is JSON");
    let text = |name: &str| said.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if said["state"].is_string() || said["state"].is_null() {
        assert_eq!(prompt.request.state.as_deref(), text("state"), "nothing beside it counts");
    }
    assert_eq!((text("iss"), text("client_id")), (Some("app"), Some("app")));
    assert_eq!(said.get("request"), None);
    let approval = || Approval::new(config.clone(), (*prompt).clone(), session.clone());
    let first = run(approval(), &ledger, 2);
    if first.is_ok() && text("jti").is_some() && said.get("exp").is_some() {
        assert!(run(approval(), &ledger, 3).is_err(), "answered twice");
    }
});
