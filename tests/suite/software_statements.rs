//! Software statements at registration: whose are taken, and what they settle [RFC 7591 §2.3, §3.1.1, §3.2].

use std::sync::LazyLock;

use grantor::jose::{Algorithm, JwkSet, PrivateKey, Purpose};
use grantor::server::Place;
use grantor::{ConfigFault, Registration};
use http::{Method, Request};
use serde_json::{Value, json as value};

use crate::support::*;

const NOW: u64 = 1_000_000;
const PUBLISHER: &str = "https://publisher.example";
const APP: &str = "https://app.example/cb";

static KEYS: LazyLock<[PrivateKey; 3]> = LazyLock::new(|| {
    [(Algorithm::Es256, "a"), (Algorithm::EdDsa, "b"), (Algorithm::Es256, "c")]
        .map(|(algorithm, kid)| PrivateKey::generate(algorithm).unwrap().with_kid(kid))
});

fn set(keys: &[&PrivateKey]) -> JwkSet {
    keys.iter().map(|key| key.public().clone()).collect()
}

fn trusting() -> Registration {
    let open = Registration::open().by_default("read");
    open.software_statements(PUBLISHER, set(&[&KEYS[0], &KEYS[1]]))
        .software_statements("https://other.example", set(&[&KEYS[2]]))
}

/// What a good statement claims, with some claims changed, added or (if null) left out.
fn claims(changes: &Value) -> Value {
    let mut claims = value!({"iss": PUBLISHER, "software_id": "4NRB1", "client_name": "A vetted one", "iat": NOW});
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    claims.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
    claims
}

fn statement(changes: &Value) -> String {
    KEYS[0].token(&Purpose::SOFTWARE_STATEMENT, &claims(changes)).unwrap()
}

/// Signs `payload` under `header`, whatever they are.
fn forge(key: &PrivateKey, header: &Value, payload: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
    let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload));
    format!("{signed}.{}", B64.encode(key.sign(signed.as_bytes()).unwrap()))
}

fn body(changes: &Value) -> Value {
    let mut body =
        value!({"redirect_uris": [APP], "token_endpoint_auth_method": "none", "client_name": "Its own word"});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

fn send(world: &World, method: Method, uri: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(body.to_string().into_bytes()).unwrap();
    let response = world.server.answer(Place::Registration, &request);
    (response.status().as_u16(), json(&response))
}

fn register(world: &World, changes: &Value) -> (u16, Value) {
    send(world, Method::POST, &format!("{ISSUER}/register"), None, &body(changes))
}

#[test]
fn a_statement_is_of_someone_trusted_for_this_server_and_for_now() {
    let [a, b, c] = &*KEYS;
    let good = claims(&value!({})).to_string();
    let of = |changes: Value| value!(statement(&changes));
    let by = |key: &PrivateKey, header: Value, payload: &str| value!(forge(key, &header, payload));
    let (invalid, unapproved) = ("invalid_software_statement", "unapproved_software_statement");
    for (name, shown, expected) in [
        ("good", of(value!({})), ""),
        ("by another of its keys", by(b, value!({"alg": "EdDSA"}), &good), ""),
        ("until later", of(value!({"exp": NOW + 60})), ""),
        ("for this server", of(value!({"aud": [ISSUER, "https://elsewhere.example"]})), ""),
        ("the end of the tolerance", of(value!({"exp": NOW - 9})), ""),
        ("expired", of(value!({"exp": NOW - 10})), invalid),
        ("from the future", of(value!({"nbf": NOW + 11})), invalid),
        ("issued in the future", of(value!({"iat": NOW + 11})), invalid),
        ("exp is a text", of(value!({"exp": "x"})), invalid),
        ("for another server", of(value!({"aud": "https://elsewhere.example"})), unapproved),
        ("of a stranger", of(value!({"iss": "https://stranger.example"})), unapproved),
        ("of itself", of(value!({"iss": ISSUER})), unapproved),
        ("of nobody", of(value!({"iss": null})), invalid),
        ("of another one who is trusted", of(value!({"iss": "https://other.example"})), invalid),
        ("by another's key", by(c, value!({"alg": "ES256"}), &good), invalid),
        ("by another's key under its name", by(c, value!({"alg": "ES256", "kid": "a"}), &good), invalid),
        ("with the key in it", by(c, value!({"alg": "ES256", "jwk": c.public().to_jwk()}), &good), invalid),
        ("with a key elsewhere", by(c, value!({"alg": "ES256", "jku": "https://evil.example"}), &good), invalid),
        ("none", by(a, value!({"alg": "none"}), &good), invalid),
        ("a secret", by(a, value!({"alg": "HS256"}), &good), invalid),
        ("of another type", by(a, value!({"alg": "ES256", "typ": "at+jwt"}), &good), invalid),
        ("critical", by(a, value!({"alg": "ES256", "crit": ["exp"]}), &good), invalid),
        ("claims twice", by(a, value!({"alg": "ES256"}), &good.replacen('{', r#"{"software_id":"x","#, 1)), invalid),
        (
            "another token of its issuer",
            of(value!({"software_id": null, "client_name": null, "sub": "alice", "scope": "read"})),
            invalid,
        ),
        ("a statement in it", of(value!({"software_statement": "x"})), invalid),
        ("changed", value!(statement(&value!({})).replacen('.', ".e", 1)), invalid),
        ("nonsense", value!("x.y.z"), invalid),
        ("no text", value!(1), invalid),
    ] {
        let world = world_with(|config| config.registration(trusting()));
        let (status, answer) = register(&world, &value!({"software_statement": shown}));
        if expected.is_empty() {
            assert_eq!((status, &answer["software_statement"]), (201, &shown), "{name}: {answer}");
        } else {
            assert_eq!((status, &answer["error"]), (400, &value!(expected)), "{name}");
            assert_eq!(world.log.take(), [], "{name}");
        }
    }
    let world = world_with(|config| config.registration(Registration::open().by_default("read")));
    let (status, answer) = register(&world, &value!({"software_statement": statement(&value!({}))}));
    assert_eq!((status, &answer["error"]), (400, &value!(unapproved)), "nobody is trusted");
}

#[test]
fn what_it_claims_counts_in_place_of_what_the_client_says() {
    let world = world_with(|config| config.registration(trusting()));
    let shown = statement(&value!({
        "scope": "read", "redirect_uris": ["https://vetted.example/cb"], "client_name#de": "Geprüft",
        "sub": "x", "jti": "y", "aud": ISSUER, "client_id": "admin", "client_secret": "s", "unknown": 1,
        "policy_uri": null,
    }));
    let own = value!({
        "software_statement": shown, "scope": "read write", "client_uri": "https://app.example/", "software_id": "own",
        "client_name#de": "Eigenes Wort", "client_name#fr": "Autre chose", "application_type": "native",
    });
    let (status, answer) = register(&world, &own);
    assert_eq!(status, 201, "{answer}");
    for (name, expected) in [
        ("scope", value!("read")),
        ("redirect_uris", value!(["https://vetted.example/cb"])),
        ("client_name", value!("A vetted one")),
        ("client_name#de", value!("Geprüft")),
        ("software_id", value!("4NRB1")),
        ("client_uri", value!("https://app.example/")),
        ("software_statement", value!(shown)),
        ("application_type", value!("native")),
    ] {
        assert_eq!(answer[name], expected, "{name}");
    }
    for name in ["iss", "sub", "jti", "aud", "unknown", "client_secret", "client_name#fr"] {
        assert_eq!(answer.get(name), None, "{name}");
    }
    let id = answer["client_id"].as_str().unwrap();
    assert_ne!(id, "admin");
    let granted = world.code(id, "https://vetted.example/cb", &[]);
    assert_eq!(world.token(&redeem(id, "https://vetted.example/cb", &granted)).status(), 200);
    let elsewhere = world.authorize(&authorization(id, APP, &[]), grantor::server::Visitor::anonymous());
    assert!(matches!(elsewhere, grantor::Progress::Refuse(_)), "what it said itself is not registered: {elsewhere:?}");
}

#[test]
fn what_it_claims_is_checked_like_anything_else() {
    for (claims, error) in [
        (value!({"redirect_uris": ["http://app.example/cb"]}), "invalid_redirect_uri"),
        (value!({"redirect_uris": "x"}), "invalid_redirect_uri"),
        (value!({"grant_types": ["client_credentials"]}), "invalid_client_metadata"),
        (value!({"client_name": 1}), "invalid_client_metadata"),
        (value!({"client_name": "a\nb"}), "invalid_client_metadata"),
        (value!({"logo_uri": "javascript:alert(1)"}), "invalid_client_metadata"),
        (value!({"scope": "nothing"}), "invalid_client_metadata"),
        (value!({"redirect_uris": ["com.example.app:/cb"]}), ""),
    ] {
        let world = world_with(|config| config.registration(trusting()));
        let (status, answer) = register(&world, &value!({"software_statement": statement(&claims)}));
        if error.is_empty() {
            assert_eq!((status, &answer["application_type"]), (201, &value!("native")), "{claims}: {answer}");
        } else {
            assert_eq!((status, &answer["error"]), (400, &value!(error)), "{claims}");
        }
    }
}

#[test]
fn where_one_is_required_nobody_registers_or_changes_without() {
    let world = world_with(|config| config.registration(trusting().require_software_statement()));
    let (status, answer) = register(&world, &value!({}));
    assert_eq!((status, &answer["error"]), (400, &value!("invalid_software_statement")));
    let shown = statement(&value!({"exp": NOW + 60}));
    let (status, client) = register(&world, &value!({"software_statement": shown}));
    assert_eq!(status, 201);
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    let (uri, token) = (text("registration_client_uri"), text("registration_access_token"));
    let update = |changes: Value| {
        let mut all = body(&changes);
        all["client_id"] = client["client_id"].clone();
        send(&world, Method::PUT, &uri, Some(&token), &all)
    };
    let (status, answer) = update(value!({"client_name": "Someone else"}));
    assert_eq!((status, &answer["error"]), (400, &value!("invalid_software_statement")));
    let (status, answer) = update(value!({"client_name": "Someone else", "software_statement": shown}));
    assert_eq!((status, &answer["client_name"]), (200, &value!("A vetted one")), "{answer}");
    world.clock.advance(70);
    let (status, answer) = update(value!({"software_statement": shown}));
    assert_eq!((status, &answer["error"]), (400, &value!("invalid_software_statement")), "it has expired");
    let read = send(&world, Method::GET, &uri, Some(&token), &value!({}));
    assert_eq!(read.1["software_statement"], value!(shown), "what is registered stays: {}", read.1);
}

#[test]
fn options_that_could_not_work_are_refused() {
    let build = |registration: Registration| config().registration(registration.by_default("read")).build().map(|_| ());
    let keys = || set(&[&KEYS[0]]);
    for bad in [
        Registration::open().require_software_statement(),
        Registration::open().software_statements("", keys()),
        Registration::open().software_statements(PUBLISHER, set(&[])),
        Registration::open().software_statements(PUBLISHER, keys()).software_statements(PUBLISHER, keys()),
    ] {
        assert_eq!(build(bad), Err(ConfigFault::Registration));
    }
    assert_eq!(build(trusting().require_software_statement()), Ok(()));
}
