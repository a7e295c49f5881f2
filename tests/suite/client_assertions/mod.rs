//! Client authentication by assertions that clients sign: `private_key_jwt` [RFC 7523 §3, OpenID Connect Core §9].

mod behind;
mod shared_secrets;

use std::sync::{Arc, LazyLock};

use grantor::event::Event;
use grantor::jose::{Algorithm, Algorithms, PrivateKey, Purpose, SharedSecret};
use grantor::record::{Client, ClientFault, ClientId, Exposed};
use grantor::server::Place;
use grantor::store::{Key, Store};
use grantor::wire::{Credentials, TokenGrant, TokenRequest};
use grantor::{ClientAssertions, ConfigFault, Registration};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json as value};

use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf, Table};

pub(crate) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN_ENDPOINT: &str = "https://as.example/token";
const NOW: u64 = 1_000_000;

pub(crate) static KEYS: LazyLock<[PrivateKey; 3]> = LazyLock::new(|| {
    let key = |algorithm, kid: &str| PrivateKey::generate(algorithm).unwrap().with_kid(kid);
    [key(Algorithm::Es256, "a"), key(Algorithm::EdDsa, "b"), key(Algorithm::Es256, "c")]
});

pub(crate) fn jwks(keys: &[&PrivateKey]) -> Value {
    value!({"keys": keys.iter().map(|key| Value::Object(key.public().to_jwk())).collect::<Vec<_>>()})
}

/// A client `m` that registers `members` beside what every one has.
pub(crate) fn registered(members: &Value) -> Result<Client, ClientFault> {
    let mut metadata = value!({
        "token_endpoint_auth_method": "private_key_jwt",
        "redirect_uris": [WEB],
        "grant_types": ["client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
        "scope": "read",
    });
    metadata.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Client::builder("m").metadata(serde_json::from_value(metadata).unwrap()).build()
}

/// With the keys `a` and `b`.
fn machine() -> Client {
    registered(&value!({"jwks": jwks(&[&KEYS[0], &KEYS[1]])})).unwrap()
}

fn signing(client: Client, change: impl FnOnce(&mut ClientAssertions)) -> World {
    let world = world_with(|config| config.device_flow(|_| ()).client_assertions(change));
    world.server.store().put_client(client);
    world
}

/// What a good assertion claims, with some claims changed, added or (if null) left out.
pub(crate) fn claims(changes: &Value) -> Value {
    let mut claims = value!({"iss": "m", "sub": "m", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "one"});
    for (name, changed) in changes.as_object().unwrap() {
        claims[name] = changed.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
    claims
}

pub(crate) fn assertion(changes: &Value) -> String {
    KEYS[0].token(&Purpose::CLIENT_ASSERTION, &claims(changes)).unwrap()
}

fn asking(assertion: &str) -> Request<Vec<u8>> {
    let asked =
        [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
    post("/token", &asked)
}

/// Whether the assertion lets the client in; if not, it is refused as any other.
fn lets_in(world: &World, assertion: &str) -> bool {
    let response = world.token(&asking(assertion));
    let granted = response.status() == StatusCode::OK;
    if !granted {
        let refused = (response.status(), json(&response)["error_description"].clone());
        assert_eq!(refused, (StatusCode::UNAUTHORIZED, value!("client authentication failed")));
        assert_eq!(json(&response)["error"], "invalid_client");
        assert!(!response.headers().contains_key("www-authenticate"));
    }
    granted
}

#[test]
fn an_assertion_is_of_the_client_for_this_server_and_has_a_name() {
    for (name, changes, expected) in [
        ("good", value!({}), true),
        ("one audience in a list", value!({"aud": [ISSUER]}), true),
        ("without iat", value!({"iat": null}), true),
        ("no iss", value!({"iss": null}), false),
        ("another iss", value!({"iss": "web"}), false),
        ("no sub", value!({"sub": null}), false),
        ("another sub", value!({"sub": "web"}), false),
        ("iss of another case", value!({"iss": "M"}), false),
        ("no aud", value!({"aud": null}), false),
        ("no audience in a list", value!({"aud": []}), false),
        ("another server", value!({"aud": "https://other.example"}), false),
        ("another server as well", value!({"aud": [ISSUER, "https://other.example"]}), false),
        ("itself twice", value!({"aud": [ISSUER, ISSUER]}), false),
        ("with a slash", value!({"aud": format!("{ISSUER}/")}), false),
        ("the token endpoint", value!({"aud": TOKEN_ENDPOINT}), false),
        ("the token endpoint as well", value!({"aud": [ISSUER, TOKEN_ENDPOINT]}), false),
        ("no jti", value!({"jti": null}), false),
        ("empty jti", value!({"jti": ""}), false),
        ("jti is a number", value!({"jti": 1}), false),
        ("jti of 256 bytes", value!({"jti": "x".repeat(256)}), true),
        ("jti of 257 bytes", value!({"jti": "x".repeat(257)}), false),
        ("no exp", value!({"exp": null}), false),
        ("exp is a text", value!({"exp": "1000060"}), false),
    ] {
        let world = signing(machine(), |_| ());
        let shown = assertion(&changes);
        let request = with(&asking(&shown), &[("client_id", "m")]);
        assert_eq!(error(&world, &request) == refused(200, "none"), expected, "{name}");
        // A refused one leaves nothing behind, and does not keep a good one from being used.
        if !expected {
            let log = world.log.take();
            let [Event::ClientAuthenticationFailed { client, .. }] = &*log else { panic!("{name}: {log:?}") };
            assert_eq!(client.as_str(), "m");
            assert!(lets_in(&world, &assertion(&value!({}))), "{name}");
        }
    }
}

#[test]
fn an_assertion_is_good_for_its_time_alone() {
    for (name, at, changes, expected) in [
        ("at its end", 60, value!({}), true),
        ("at the end of the tolerance", 69, value!({}), true),
        ("after it", 70, value!({}), false),
        ("as far as allowed", 0, value!({"exp": NOW + 310}), true),
        ("further", 0, value!({"exp": NOW + 311}), false),
        ("issued in a moment", 0, value!({"iat": NOW + 10}), true),
        ("issued later", 0, value!({"iat": NOW + 11}), false),
        ("from a moment on", 0, value!({"nbf": NOW + 10}), true),
        ("from later on", 0, value!({"nbf": NOW + 11}), false),
    ] {
        let world = signing(machine(), |_| ());
        world.clock.advance(at);
        assert_eq!(lets_in(&world, &assertion(&changes)), expected, "{name}");
    }
    let strict = signing(machine(), |served| {
        (served.clock_tolerance, served.longest_life) = (std::time::Duration::ZERO, std::time::Duration::from_secs(60));
    });
    assert!(!lets_in(&strict, &assertion(&value!({"exp": NOW + 61}))));
    assert!(lets_in(&strict, &assertion(&value!({}))));
    strict.clock.advance(60);
    assert!(!lets_in(&strict, &assertion(&value!({"jti": "two"}))));
}

#[test]
fn the_token_endpoint_is_an_audience_where_that_is_dangerously_chosen() {
    let world = signing(machine(), |served| served.danger_accept_token_endpoint_as_audience = true);
    for (place, (audience, expected)) in [
        (value!(TOKEN_ENDPOINT), true),
        (value!([ISSUER, TOKEN_ENDPOINT]), true),
        (value!(ISSUER), true),
        (value!([ISSUER, "https://other.example"]), false),
        (value!([TOKEN_ENDPOINT, "https://other.example/token"]), false),
        (value!("https://as.example/par"), false),
        (value!([]), false),
    ]
    .into_iter()
    .enumerate()
    {
        let shown = assertion(&value!({"aud": audience, "jti": place.to_string()}));
        assert_eq!(lets_in(&world, &shown), expected, "{audience}");
    }
}

/// Signs `payload` under `header`, whatever they are.
pub(crate) fn forge(key: &PrivateKey, header: &Value, payload: &Value) -> String {
    use base64::Engine as _;
    let text = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", text(header), text(payload));
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

#[test]
fn an_assertion_is_signed_by_a_key_of_the_client_and_says_what_it_is() {
    let [a, b, stranger] = &*KEYS;
    let good = claims(&value!({}));
    let secret = SharedSecret::new(&[7; 32]).unwrap();
    let mac = {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
        let signed = format!("{}.{}", B64.encode(r#"{"alg":"HS256"}"#), B64.encode(good.to_string()));
        format!("{signed}.{}", B64.encode(secret.sign(signed.as_bytes())))
    };
    let unsigned = |alg: &str| {
        let forged = forge(a, &value!({"alg": alg}), &good);
        forged.rsplit_once('.').unwrap().0.to_owned() + "."
    };
    for (name, shown, expected) in [
        ("one key", forge(a, &value!({"alg": "ES256", "kid": "a"}), &good), true),
        ("another", forge(b, &value!({"alg": "EdDSA", "kid": "b"}), &good), true),
        ("no kid, one key of that algorithm", forge(a, &value!({"alg": "ES256"}), &good), true),
        ("a type", forge(a, &value!({"alg": "ES256", "typ": "client-authentication+jwt"}), &good), true),
        ("typ of something else", forge(a, &value!({"alg": "ES256", "typ": "at+jwt"}), &good), false),
        ("a DPoP proof", forge(a, &value!({"alg": "ES256", "typ": "dpop+jwt"}), &good), false),
        ("an unknown kid", forge(a, &value!({"alg": "ES256", "kid": "z"}), &good), false),
        ("the kid of another key", forge(a, &value!({"alg": "ES256", "kid": "b"}), &good), false),
        ("another algorithm", forge(a, &value!({"alg": "EdDSA", "kid": "a"}), &good), false),
        ("a stranger", forge(stranger, &value!({"alg": "ES256", "kid": "a"}), &good), false),
        ("a stranger's kid", forge(stranger, &value!({"alg": "ES256", "kid": "c"}), &good), false),
        (
            "a stranger who brings a key",
            forge(stranger, &value!({"alg": "ES256", "jwk": stranger.public().to_jwk()}), &good),
            false,
        ),
        (
            "a stranger who says where",
            forge(stranger, &value!({"alg": "ES256", "jku": "https://evil.example"}), &good),
            false,
        ),
        ("crit", forge(a, &value!({"alg": "ES256", "crit": ["exp"]}), &good), false),
        ("none", unsigned("none"), false),
        ("no signature", unsigned("ES256"), false),
        ("a secret", mac, false),
    ] {
        let world = signing(machine(), |_| ());
        assert_eq!(lets_in(&world, &shown), expected, "{name}");
    }
}

#[test]
fn the_algorithm_is_one_that_is_served_and_registered() {
    let keys = jwks(&[&KEYS[0], &KEYS[1]]);
    let only = |alg: &str| registered(&value!({"jwks": keys, "token_endpoint_auth_signing_alg": alg}));
    let by = |key: &PrivateKey| key.token(&Purpose::CLIENT_ASSERTION, &claims(&value!({}))).unwrap();
    for (client, served, expected) in [
        (machine(), Algorithms::ASYMMETRIC, [true, true]),
        (only("ES256").unwrap(), Algorithms::ASYMMETRIC, [true, false]),
        (only("EdDSA").unwrap(), Algorithms::ASYMMETRIC, [false, true]),
        (machine(), Algorithms::NONE.and(Algorithm::EdDsa), [false, true]),
        (only("ES256").unwrap(), Algorithms::NONE.and(Algorithm::EdDsa), [false, false]),
    ] {
        let lets = |key| lets_in(&signing(client.clone(), |own| own.algorithms = served), &by(key));
        assert_eq!([lets(&KEYS[0]), lets(&KEYS[1])], expected, "{served:?}");
    }
    for bad in ["none", "HS256", "es256", "ES512", ""] {
        assert_eq!(only(bad), Err(ClientFault::SigningAlgorithm(bad.to_owned())));
    }
    assert_eq!(only("PS256"), Err(ClientFault::KeysMissing), "it has no key for it");
}

#[test]
fn a_client_registers_keys_that_it_can_sign_with() {
    let mut private = jwks(&[&KEYS[0]]);
    private["keys"][0]["d"] = value!("AAAA");
    for (members, expected) in [
        (value!({}), ClientFault::KeysMissing),
        (value!({"jwks": {"keys": []}}), ClientFault::KeysMissing),
        (value!({"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}}), ClientFault::KeysMissing),
        (value!({"jwks": private}), ClientFault::Keys),
        (value!({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}), ClientFault::Keys),
        (value!({"jwks": jwks(&[&KEYS[0]]), "jwks_uri": "https://m.example/jwks"}), ClientFault::Keys),
        (value!({"jwks_uri": "http://m.example/jwks"}), ClientFault::Keys),
        (value!({"jwks_uri": "http://127.0.0.1/jwks"}), ClientFault::Keys),
    ] {
        assert_eq!(registered(&members), Err(expected), "{members}");
    }
    let with_secret = Client::builder("m").metadata(machine().metadata().clone()).secret(secret("x"));
    assert_eq!(with_secret.build(), Err(ClientFault::SecretWithoutUse));
    let bytes = grantor::record::Record::Client(Arc::new(machine())).encode().unwrap();
    assert_eq!(grantor::record::Record::decode(&bytes).unwrap(), grantor::record::Record::Client(Arc::new(machine())));
}

#[test]
fn an_assertion_is_good_for_one_use() {
    let world = signing(machine(), |_| ());
    let shown = assertion(&value!({}));
    assert!(lets_in(&world, &shown));
    assert!(!lets_in(&world, &shown), "the same again");
    let again = KEYS[1].token(&Purpose::CLIENT_ASSERTION, &claims(&value!({"exp": NOW + 120}))).unwrap();
    assert!(!lets_in(&world, &again), "the same name in another one");
    world.clock.advance(69);
    assert!(!lets_in(&world, &shown), "until it expires");
    assert!(lets_in(&world, &assertion(&value!({"jti": "two", "exp": NOW + 120}))));
    // The names of one client are not those of another, however they are put together.
    let other = Client::builder("mo").metadata(machine().metadata().clone()).build().unwrap();
    world.server.store().put_client(other);
    let shown =
        |client: &str, id: &str| assertion(&value!({"iss": client, "sub": client, "jti": id, "exp": NOW + 120}));
    assert!(lets_in(&world, &shown("m", "one again")));
    assert!(lets_in(&world, &shown("mo", "ne again")));
    assert!(lets_in(&world, &shown("mo", "two")));
}

#[test]
fn a_request_that_is_refused_leaves_the_assertion_unused() {
    let world = signing(machine(), |_| ());
    let shown = assertion(&value!({}));
    for (changes, expected) in [
        (("scope", "write"), refused(400, "invalid_scope")),
        (("grant_type", "authorization_code"), refused(400, "invalid_request")),
        (("grant_type", "nothing"), refused(400, "unsupported_grant_type")),
        (("client_id", "web"), refused(401, "invalid_client")),
    ] {
        assert_eq!(error(&world, &with(&asking(&shown), &[changes])), expected);
    }
    let introspecting = with(&asking(&shown), &[("grant_type", "")]);
    assert_eq!(world.server.answer(Place::Introspection, &introspecting).status(), 400, "no token");
    assert!(lets_in(&world, &shown));
}

#[test]
fn a_client_uses_one_method_and_its_own() {
    let world = signing(machine(), |_| ());
    let shown = assertion(&value!({}));
    let good = asking(&shown);
    let grant = ("grant_type", "client_credentials");
    for (name, request, expected) in [
        ("a secret as well", with(&good, &[("client_secret", "x")]), refused(400, "invalid_request")),
        ("no type", with(&good, &[("client_assertion_type", "")]), refused(400, "invalid_request")),
        ("another type", with(&good, &[("client_assertion_type", "x")]), refused(400, "invalid_request")),
        ("a type alone", with(&good, &[("client_assertion", "")]), refused(400, "invalid_request")),
        ("client_id alone", post("/token", &[grant, ("client_id", "m")]), refused(401, "invalid_client")),
        (
            "a secret",
            post("/token", &[grant, ("client_id", "m"), ("client_secret", "x")]),
            refused(401, "invalid_client"),
        ),
        ("another's client_id", with(&good, &[("client_id", "service")]), refused(401, "invalid_client")),
        ("a public client", with(&good, &[("client_id", "spa")]), refused(401, "invalid_client")),
        ("nobody", with(&good, &[("client_id", "nobody")]), refused(401, "invalid_client")),
        ("no JWT", with(&good, &[("client_assertion", "x")]), refused(401, "invalid_client")),
        (
            "no JWT of a client",
            with(&good, &[("client_assertion", "x"), ("client_id", "m")]),
            refused(401, "invalid_client"),
        ),
    ] {
        assert_eq!(error(&world, &request), expected, "{name}");
    }
    let mut by_header = good.clone();
    by_header.headers_mut().insert("authorization", basic("m", "x").parse().unwrap());
    assert_eq!(error(&world, &by_header), refused(400, "invalid_request"));
    assert!(lets_in(&world, &shown), "after all that");
    // A client with a secret cannot move to an assertion by itself.
    let service = assertion(&value!({"iss": "service", "sub": "service"}));
    assert!(!lets_in(&world, &service));
}

fn pushing(assertion: &str) -> Request<Vec<u8>> {
    let pushed = [
        ("client_id", "m"),
        ("response_type", "code"),
        ("redirect_uri", WEB),
        ("code_challenge", &challenge(VERIFIER)),
        ("code_challenge_method", "S256"),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    post("/par", &pushed)
}

#[test]
fn every_endpoint_takes_an_assertion_and_uses_it_up() {
    let world = signing(machine(), |_| ());
    for (place, request, status) in [
        (Place::Introspection, post("/introspect", &[("token", "x")]), 200),
        (Place::Revocation, post("/revoke", &[("token", "x")]), 200),
        (Place::PushedAuthorizationRequest, pushing(""), 201),
        (Place::DeviceAuthorization, post("/device_authorization", &[]), 200),
    ] {
        let shown = assertion(&value!({"jti": format!("{place:?}")}));
        let request = with(&request, &[("client_assertion_type", TYPE), ("client_assertion", &shown)]);
        assert_eq!(world.server.answer(place, &request).status(), status, "{place:?}");
        assert_eq!(world.server.answer(place, &request).status(), 401, "{place:?} again");
        assert!(!lets_in(&world, &shown), "{place:?}, then the token endpoint");
    }
}

#[test]
fn a_method_that_is_not_served_lets_nobody_in_and_is_not_told() {
    let plain = world();
    plain.server.store().put_client(machine());
    assert_eq!(error(&plain, &asking(&assertion(&value!({})))), refused(401, "invalid_client"));
    let served = signing(machine(), |own| own.algorithms = Algorithms::FAPI2);
    for (world, expected) in [(&plain, false), (&served, true)] {
        let metadata = serde_json::to_value(world.server.config().metadata()).unwrap();
        for list in ["token", "revocation", "introspection"] {
            let methods = metadata[format!("{list}_endpoint_auth_methods_supported")].as_array().unwrap();
            assert_eq!(methods.contains(&value!("private_key_jwt")), expected);
            let algorithms = metadata.get(format!("{list}_endpoint_auth_signing_alg_values_supported"));
            assert_eq!(algorithms, expected.then_some(&value!(["ES256", "PS256", "EdDSA"])));
        }
    }
}

#[test]
fn options_that_could_not_work_are_refused() {
    let build = |change: fn(&mut ClientAssertions)| config().client_assertions(change).build().map(|_| ());
    let bad: [fn(&mut ClientAssertions); 4] = [
        |own| own.algorithms = Algorithms::NONE,
        |own| own.algorithms = Algorithms::ASYMMETRIC.and(Algorithm::Hs256),
        |own| own.longest_life = std::time::Duration::from_secs(3601),
        |own| own.clock_tolerance = std::time::Duration::from_secs(61),
    ];
    for change in bad {
        assert_eq!(build(change), Err(ConfigFault::ClientAssertions));
    }
    assert_eq!(build(|own| own.longest_life = std::time::Duration::from_secs(3600)), Ok(()));
}

#[test]
fn a_client_may_register_itself_with_its_keys() {
    let world = world_with(|config| {
        let open =
            Registration::open().grant_types(&[grantor::record::GrantType::ClientCredentials]).by_default("read");
        config.registration(open).client_assertions(|own| own.algorithms = Algorithms::FAPI2)
    });
    let register = |changes: &Value| {
        let mut body = value!({
            "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["client_credentials"],
            "jwks": jwks(&[&KEYS[0]]),
        });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body.as_object_mut().unwrap().retain(|_, member| !member.is_null());
        let request = Request::builder().method(Method::POST).uri(format!("{ISSUER}/register"));
        let request = request.header("content-type", "application/json").body(body.to_string().into_bytes()).unwrap();
        let response = world.server.answer(Place::Registration, &request);
        (response.status().as_u16(), json(&response))
    };
    for (name, changes) in [
        ("both", value!({"jwks_uri": "https://m.example/jwks"})),
        ("neither", value!({"jwks": null})),
        ("an algorithm that is not served", value!({"token_endpoint_auth_signing_alg": "RS256"})),
        ("an algorithm that it has no key for", value!({"token_endpoint_auth_signing_alg": "PS256"})),
    ] {
        let (status, answer) = register(&changes);
        assert_eq!((status, &answer["error"]), (400, &value!("invalid_client_metadata")), "{name}");
    }
    let (status, client) = register(&value!({"token_endpoint_auth_signing_alg": "ES256"}));
    assert_eq!((status, &client["token_endpoint_auth_signing_alg"]), (201, &value!("ES256")));
    assert_eq!(client.get("client_secret"), None);
    let id = &client["client_id"];
    assert!(lets_in(&world, &assertion(&value!({"iss": id, "sub": id}))));
    assert!(!lets_in(&world, &assertion(&value!({}))), "another's");
}

#[test]
fn of_two_requests_with_one_assertion_one_is_granted_however_they_meet() {
    let mut table = Table::default();
    clients().into_iter().chain([machine()]).for_each(|client| table.put_client(client));
    let world =
        world_over(Shelf::new(table), Hands::default(), |config| config.device_flow(|_| ()).client_assertions(|_| ()));
    let shown = assertion(&value!({}));
    let request = post("/device_authorization", &[("client_assertion_type", TYPE), ("client_assertion", &shown)]);
    let player = |seed| Player::sending(seed, Place::DeviceAuthorization, request.clone());
    let scene = Scene::new(&world, &[], [player(1), player(2)]);
    let judge = |scene: &Scene| {
        let granted = scene.players.iter().filter(|player| player.granted()).count();
        if granted == 1 { Vec::new() } else { vec![format!("{granted} were granted")] }
    };
    let explored = scene.explore(&judge);
    assert!(explored.schedules >= 6);
    assert_eq!(explored.broken, Vec::<String>::new());
    let careless = scene.overlooking(&[Overlooked::SeenAbsent]).explore(&judge);
    assert!(careless.broken.iter().any(|what| what.contains("2 were granted")), "{:?}", careless.broken);
}

/// A request whose client signs, for a store that fails or lies.
pub(crate) fn fault_cases() -> Vec<crate::faulty::Case> {
    let served = |config: grantor::ConfigBuilder| config.client_assertions(|_| ());
    let world = crate::interleavings::crowd_of(vec![machine()], served);
    let usual = [("grant_type", "client_credentials"), ("scope", "read")];
    assert_eq!(world.token(&post_as("/token", &basic("web", SECRET), &usual)).status(), StatusCode::OK);
    assert_eq!(world.token(&asking(&assertion(&value!({"jti": "another"})))).status(), StatusCode::OK);
    let ask = crate::faulty::Ask::Answer(Place::PushedAuthorizationRequest, pushing(&assertion(&value!({}))));
    vec![crate::faults::case("assertion", ask, world, 201, 401, &[])]
}

#[test]
fn one_load_and_one_commit_and_the_use_is_kept_until_the_assertion_expires() {
    let world = signing(machine(), |_| ());
    let shown = assertion(&value!({}));
    let request = asking(&shown);
    let exchange = grantor::server::Exchange::parse(world.server.config(), Place::Token, &request);
    let env = grantor::Env::new(world.now(), grantor::Seed::new([1; 32]));
    let grantor::step::Step::Load(ask) = grantor::step::Step::start(exchange, env) else { panic!("nothing to load") };
    assert!(ask.question().iter().any(|key| matches!(key, Key::Seen(_))));
    let found = world.server.store().load(ask.question(), ask.now()).unwrap();
    let grantor::step::Step::Commit(pending) = ask.loaded(found) else { panic!("more than one load") };
    let used: Vec<_> = pending.changes().iter().filter(|change| matches!(change.key, Key::Seen(_))).collect();
    let [used] = &*used else { panic!("{used:?}") };
    assert_eq!(used.expect, grantor::store::Expect::Absent);
    let grantor::store::Write::Put { expires, .. } = &used.write else { panic!("{used:?}") };
    assert_eq!(*expires, Some(grantor::Timestamp::from_unix(NOW + 70)));
}

#[test]
fn nothing_shows_an_assertion() {
    let shown = assertion(&value!({}));
    let credentials = Credentials::Assertion { client: ClientId::new("m"), assertion: Exposed::new(shown.clone()) };
    let request = TokenRequest::new(credentials.clone(), TokenGrant::ClientCredentials);
    let printed = request.print(&TOKEN_ENDPOINT.parse().unwrap());
    let read = TokenRequest::parse(&printed, &grantor::wire::Limits::default()).unwrap();
    assert_eq!(read.credentials, credentials);
    let world = signing(machine(), |_| ());
    let exchange = grantor::server::Exchange::parse(world.server.config(), Place::Token, &printed);
    let started = grantor::step::Step::at(exchange.clone(), world.now());
    let signature = shown.rsplit_once('.').unwrap().1;
    for text in [format!("{request:?}"), format!("{exchange:?}"), format!("{started:?}")] {
        assert!(!text.contains(signature), "{text}");
    }
    assert!(lets_in(&world, &shown));
    assert!(!format!("{:?}", world.log.take()).contains(signature));
}
