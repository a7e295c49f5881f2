//! Client authentication by attestations of its instances [Attestation-Based Client Authentication].

use std::sync::LazyLock;

use grantor::drive::{Host, NoHost, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::jose::{Algorithm, Algorithms, JwkSet, PrivateKey, Purpose};
use grantor::record::{Client, ClientFault, ClientId, Exposed, Record};
use grantor::server::Place;
use grantor::wire::{Credentials, TokenGrant, TokenRequest};
use grantor::{AuthorizationServer, ClientAttestations, ConfigFault, Question, SigningInput, Verdict};
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::{Value, json as value};

use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf, Table};

const NOW: u64 = 1_000_000;
const ATTESTATION: HeaderName = HeaderName::from_static("oauth-client-attestation");
const POP: HeaderName = HeaderName::from_static("oauth-client-attestation-pop");

/// The attester, two instances and a stranger.
static KEYS: LazyLock<[PrivateKey; 4]> = LazyLock::new(|| {
    let key = |algorithm, kid: &str| PrivateKey::generate(algorithm).unwrap().with_kid(kid);
    [
        key(Algorithm::Es256, "attester"),
        key(Algorithm::Es256, "one"),
        key(Algorithm::EdDsa, "two"),
        key(Algorithm::Es256, "attester"),
    ]
});

fn wallet(members: &Value) -> Result<Client, ClientFault> {
    let mut metadata = value!({
        "token_endpoint_auth_method": "attest_jwt_client_auth",
        "redirect_uris": [WEB],
        "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
        "scope": "read",
    });
    metadata.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Client::builder("m").metadata(serde_json::from_value(metadata).unwrap()).build()
}

fn combined() -> Value {
    value!({"token_endpoint_auth_method": "attest_jwt_client_auth_dpop"})
}

fn trusting(own: &mut ClientAttestations) {
    own.attesters = JwkSet::from_iter([KEYS[0].public().clone()]);
}

fn serving(client: Client) -> World {
    let world = world_with(|config| config.client_attestations(trusting).dpop(|_| ()));
    world.server.store().put_client(client);
    world
}

/// `claims` with some changed, added or (if null) left out.
fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, changed) in changes.as_object().unwrap() {
        claims[name] = changed.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
    claims
}

fn attestation_of(instance: &PrivateKey, changes: &Value) -> String {
    let claims = value!({"sub": "m", "exp": NOW + 3600, "cnf": {"jwk": instance.public().to_jwk()}});
    KEYS[0].token(&Purpose::CLIENT_ATTESTATION, &changed(claims, changes)).unwrap()
}

fn pop_of(instance: &PrivateKey, changes: &Value) -> String {
    let claims = value!({"aud": ISSUER, "jti": "a", "iat": NOW});
    instance.token(&Purpose::CLIENT_ATTESTATION_POP, &changed(claims, changes)).unwrap()
}

fn good() -> (String, String) {
    (attestation_of(&KEYS[1], &value!({})), pop_of(&KEYS[1], &value!({})))
}

fn headed(mut request: Request<Vec<u8>>, name: HeaderName, text: &str) -> Request<Vec<u8>> {
    request.headers_mut().append(name, HeaderValue::from_str(text).unwrap());
    request
}

fn showing(request: Request<Vec<u8>>, attestation: &str, pop: &str) -> Request<Vec<u8>> {
    headed(headed(request, ATTESTATION, attestation), POP, pop)
}

fn asking() -> Request<Vec<u8>> {
    post("/token", &[("grant_type", "client_credentials")])
}

#[test]
fn an_attestation_is_of_the_client_by_one_who_is_trusted_and_names_a_key() {
    let own = |changes| attestation_of(&KEYS[1], &changes);
    let by = |key: &PrivateKey, purpose: &Purpose| {
        let claims = value!({"sub": "m", "exp": NOW + 3600, "cnf": {"jwk": KEYS[1].public().to_jwk()}});
        key.token(purpose, &claims).unwrap()
    };
    let mut private = Value::Object(KEYS[1].public().to_jwk());
    private["d"] = value!("AAAA");
    let unsigned = own(value!({})).rsplit_once('.').unwrap().0.to_owned() + ".";
    let (no, stale) = (refused(401, "invalid_client"), refused(400, "use_fresh_attestation"));
    for (name, attestation, expected) in [
        ("good", own(value!({})), refused(200, "none")),
        ("with what nobody knows", own(value!({"iss": "x", "aal": 3, "iat": NOW})), refused(200, "none")),
        ("at its end", own(value!({"exp": NOW - 9})), refused(200, "none")),
        ("expired", own(value!({"exp": NOW - 10})), stale),
        ("no exp", own(value!({"exp": null})), no.clone()),
        ("exp is a text", own(value!({"exp": "x"})), no.clone()),
        ("not yet", own(value!({"nbf": NOW + 11})), no.clone()),
        ("issued later", own(value!({"iat": NOW + 11})), no.clone()),
        ("another sub", own(value!({"sub": "web"})), no.clone()),
        ("no sub", own(value!({"sub": null})), no.clone()),
        ("no cnf", own(value!({"cnf": null})), no.clone()),
        ("a thumbprint alone", own(value!({"cnf": {"jkt": "x"}})), no.clone()),
        ("a private key", own(value!({"cnf": {"jwk": private}})), no.clone()),
        ("no key", own(value!({"cnf": {"jwk": {"kty": "EC"}}})), no.clone()),
        ("by a stranger", by(&KEYS[3], &Purpose::CLIENT_ATTESTATION), no.clone()),
        ("by itself", by(&KEYS[1], &Purpose::CLIENT_ATTESTATION), no.clone()),
        ("of another type", by(&KEYS[0], &Purpose::CLIENT_ASSERTION), no.clone()),
        ("the type of the proof", by(&KEYS[0], &Purpose::CLIENT_ATTESTATION_POP), no.clone()),
        ("no signature", unsigned, no.clone()),
        ("no JWT", "x".to_owned(), no.clone()),
    ] {
        let world = serving(wallet(&value!({})).unwrap());
        let pop = pop_of(&KEYS[1], &value!({}));
        let request = with(&showing(asking(), &attestation, &pop), &[("client_id", "m")]);
        assert_eq!(error(&world, &request), expected, "{name}");
        if expected.0 != 200 {
            // A refused one leaves nothing behind.
            let log = world.log.take();
            assert!(matches!(&*log, [Event::ClientAuthenticationFailed { .. }]), "{name}: {log:?}");
            assert_eq!(error(&world, &showing(asking(), &good().0, &pop)), refused(200, "none"), "{name}");
        }
    }
}

#[test]
fn a_proof_is_by_the_key_of_the_attestation_for_this_server_and_now() {
    let own = |changes| pop_of(&KEYS[1], &changes);
    for (name, at, pop, expected) in [
        ("good", 0, own(value!({})), true),
        ("one audience in a list", 0, own(value!({"aud": [ISSUER]})), true),
        ("a challenge that nobody asked for", 0, own(value!({"challenge": "x"})), true),
        ("as late as allowed", 70, own(value!({})), true),
        ("later", 71, own(value!({})), false),
        ("issued in a moment", 0, own(value!({"iat": NOW + 10})), true),
        ("issued later", 0, own(value!({"iat": NOW + 11})), false),
        ("expired by itself", 0, own(value!({"exp": NOW - 10})), false),
        ("no iat", 0, own(value!({"iat": null})), false),
        ("no jti", 0, own(value!({"jti": null})), false),
        ("jti of 257 bytes", 0, own(value!({"jti": "x".repeat(257)})), false),
        ("no aud", 0, own(value!({"aud": null})), false),
        ("another server", 0, own(value!({"aud": "https://other.example"})), false),
        ("another server as well", 0, own(value!({"aud": [ISSUER, "https://other.example"]})), false),
        ("another instance", 0, pop_of(&KEYS[2], &value!({})), false),
        ("the attester", 0, pop_of(&KEYS[0], &value!({})), false),
        ("the attestation itself", 0, good().0, false),
        ("no JWT", 0, "x".to_owned(), false),
    ] {
        let world = serving(wallet(&value!({})).unwrap());
        world.clock.advance(at);
        let granted = error(&world, &showing(asking(), &good().0, &pop)) == refused(200, "none");
        assert_eq!(granted, expected, "{name}");
        let again = error(&world, &showing(asking(), &good().0, &pop));
        assert_eq!(again, refused(401, "invalid_client"), "{name}, again");
    }
}

#[test]
fn there_is_one_of_each_and_the_client_is_the_one_that_is_named() {
    let world = serving(wallet(&value!({})).unwrap());
    let (attestation, pop) = good();
    let shown = showing(asking(), &attestation, &pop);
    for (name, request) in [
        ("two attestations", headed(shown.clone(), ATTESTATION, &attestation)),
        ("two proofs", headed(shown.clone(), POP, &pop)),
        ("no proof", headed(asking(), ATTESTATION, &attestation)),
        ("a proof alone", headed(with(&asking(), &[("client_id", "m")]), POP, &pop)),
        ("another's client_id", with(&shown, &[("client_id", "service")])),
        ("client_id alone", with(&asking(), &[("client_id", "m")])),
    ] {
        assert_eq!(error(&world, &request), refused(401, "invalid_client"), "{name}");
    }
    assert_eq!(error(&world, &with(&shown, &[("client_id", "m")])), refused(200, "none"));
    // Beside another method it is a signal that nobody here asks for [§7.6].
    let beside = showing(post_as("/token", &basic("web", SECRET), &[("grant_type", "client_credentials")]), "x", "x");
    assert_eq!(error(&world, &beside), refused(200, "none"));
    let public = showing(redeem("spa", SPA, &world.code("spa", SPA, &[])), &attestation, "x");
    assert_eq!(error(&world, &public), refused(200, "none"));
}

#[test]
fn a_dpop_proof_by_the_same_key_does_as_well_where_that_is_registered() {
    let shown = |key| {
        let proof = crate::dpop::proof(grantor::Timestamp::from_unix(NOW), key, "POST", "https://as.example/token");
        headed(headed(asking(), ATTESTATION, &good().0), HeaderName::from_static("dpop"), &proof)
    };
    let world = serving(wallet(&combined()).unwrap());
    let request = shown(&KEYS[1]);
    let response = world.token(&request);
    assert_eq!((response.status().as_u16(), &json(&response)["token_type"]), (200, &value!("DPoP")));
    assert_eq!(error(&world, &request), refused(400, "invalid_dpop_proof"), "used");
    assert_eq!(error(&world, &shown(&KEYS[2])), refused(401, "invalid_client"), "another key");
    // With a proof of its own, DPoP is another matter, and may be by another key [§5.2].
    let both = headed(shown(&KEYS[2]), POP, &pop_of(&KEYS[1], &value!({})));
    assert_eq!(json(&world.token(&both))["token_type"], "DPoP");
    let wrong = headed(shown(&KEYS[1]), POP, &pop_of(&KEYS[2], &value!({})));
    assert_eq!(error(&world, &wrong), refused(401, "invalid_client"), "a wrong one is not made up for");
    let plain = serving(wallet(&value!({})).unwrap());
    assert_eq!(error(&plain, &shown(&KEYS[1])), refused(401, "invalid_client"), "not registered for it");
}

#[test]
fn a_refresh_token_is_the_instances_alone() {
    let world = serving(wallet(&value!({})).unwrap());
    let mut made = 0;
    let mut by = |instance: &PrivateKey, request: Request<Vec<u8>>| {
        made += 1;
        let pop = pop_of(instance, &value!({"jti": made.to_string()}));
        let attestation = attestation_of(instance, &value!({"exp": NOW + 3600 + made}));
        world.token(&showing(request, &attestation, &pop))
    };
    let tokens = json(&by(&KEYS[1], redeem("m", WEB, &world.code("m", WEB, &[]))));
    let refreshing = |tokens: &Value| refresh("m", tokens["refresh_token"].as_str().unwrap());
    let other = by(&KEYS[2], refreshing(&tokens));
    assert_eq!((other.status().as_u16(), &json(&other)["error"]), (400, &value!("invalid_grant")));
    let next = by(&KEYS[1], refreshing(&tokens));
    assert_eq!(next.status(), 200, "another attestation for the same key");
    assert_eq!(by(&KEYS[2], refreshing(&json(&next))).status(), 400);
    assert_eq!(by(&KEYS[1], refreshing(&json(&next))).status(), 200);
    assert_eq!(tokens["token_type"], "Bearer", "the access token is not bound by it");
}

/// The proof of an instance is none of a token's key [RFC 9449 §5, §10].
#[test]
fn a_code_that_is_bound_to_a_key_needs_a_dpop_proof_of_it_even_from_the_instance_that_has_it() {
    let world = serving(wallet(&value!({})).unwrap());
    let own = KEYS[1].public().thumbprint().to_string();
    let code = world.code("m", WEB, &[("dpop_jkt", &own)]);
    let by = |jti: &str, key: Option<&PrivateKey>| {
        let pop = pop_of(&KEYS[1], &value!({"jti": jti}));
        let request = showing(redeem("m", WEB, &code), &good().0, &pop);
        let proof = |key| crate::dpop::proof(world.now(), key, "POST", "https://as.example/token");
        let request = match key {
            Some(key) => headed(request, HeaderName::from_static("dpop"), &proof(key)),
            None => request,
        };
        let answer = json(&world.token(&request));
        answer["token_type"].as_str().or(answer["error"].as_str()).unwrap().to_owned()
    };
    assert_eq!(by("1", None), "invalid_grant");
    assert_eq!(by("2", Some(&KEYS[2])), "invalid_grant");
    assert_eq!(by("3", Some(&KEYS[1])), "DPoP");
}

#[test]
fn every_endpoint_takes_an_attestation_and_uses_its_proof_up() {
    let world = serving(wallet(&value!({})).unwrap());
    let pushed = [
        ("response_type", "code"),
        ("redirect_uri", WEB),
        ("code_challenge", &*challenge(VERIFIER)),
        ("code_challenge_method", "S256"),
    ];
    for (place, request, status) in [
        (Place::Introspection, post("/introspect", &[("token", "x")]), 200),
        (Place::Revocation, post("/revoke", &[("token", "x")]), 200),
        (Place::PushedAuthorizationRequest, with(&post("/par", &pushed), &[("client_id", "m")]), 201),
    ] {
        let pop = pop_of(&KEYS[1], &value!({"jti": format!("{place:?}")}));
        let request = showing(request, &good().0, &pop);
        assert_eq!(world.server.answer(place, &request).status(), status, "{place:?}");
        assert_eq!(world.server.answer(place, &request).status(), 401, "{place:?} again");
    }
}

#[test]
fn of_two_requests_with_one_proof_one_is_granted_however_they_meet() {
    let mut table = Table::default();
    clients().into_iter().chain(wallet(&value!({}))).for_each(|client| table.put_client(client));
    let world = world_over(Shelf::new(table), Hands::default(), |config| config.client_attestations(trusting));
    let (attestation, pop) = good();
    let request = showing(post("/introspect", &[("token", "x")]), &attestation, &pop);
    let player = |seed| Player::sending(seed, Place::Introspection, request.clone());
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

/// Has the attester's keys behind a URL.
#[derive(Clone, Copy, Debug)]
struct Web;

impl Host for Web {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        assert_eq!(request.url.as_str(), "https://attester.example/jwks");
        let keys = value!({"keys": [KEYS[3].public().to_jwk()]}).to_string();
        Ok(Ok((&Response::new(keys.into_bytes())).into()))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, input: &SigningInput) -> Result<std::sync::Arc<[u8]>, NoKeys> {
        NoHost.sign(input)
    }
}

#[test]
fn a_client_may_have_an_attester_of_its_own_and_then_no_other() {
    let own = value!({"jwks": {"keys": [KEYS[3].public().to_jwk()]}});
    let behind = value!({"jwks_uri": "https://attester.example/jwks"});
    let claims = value!({"sub": "m", "exp": NOW + 3600, "cnf": {"jwk": KEYS[1].public().to_jwk()}});
    let by_own = KEYS[3].token(&Purpose::CLIENT_ATTESTATION, &claims).unwrap();
    for (name, members, expected) in
        [("here", own, [200, 401]), ("behind", behind, [200, 401]), ("none", value!({}), [401, 200])]
    {
        for (attestation, status) in [by_own.clone(), good().0].iter().zip(expected) {
            let store = grantor::store::Memory::new();
            store.put_client(wallet(&members).unwrap());
            let config = config().client_attestations(trusting).build().unwrap();
            let server = AuthorizationServer::new(config, store).with_clock(Hands::default()).with_host(Web);
            let request = showing(asking(), attestation, &good().1);
            assert_eq!(server.answer(Place::Token, &request).status(), status, "{name}");
        }
    }
}

#[test]
fn a_server_that_serves_none_takes_none_and_says_none() {
    let told = |world: &World| serde_json::to_value(world.server.config().metadata()).unwrap();
    let plain = world();
    plain.server.store().put_client(wallet(&value!({})).unwrap());
    assert_eq!(error(&plain, &showing(asking(), &good().0, &good().1)), refused(401, "invalid_client"));
    for name in
        ["client_attestation_signing_alg_values_supported", "client_attestation_pop_signing_alg_values_supported"]
    {
        assert_eq!(told(&plain).get(name), None);
        let fewer = world_with(|config| config.client_attestations(|own| own.algorithms = Algorithms::FAPI2));
        assert_eq!(told(&fewer)[name], value!(["ES256", "PS256", "EdDSA"]));
    }
    let has = |world: &World, method: &str| {
        told(world)["token_endpoint_auth_methods_supported"].as_array().unwrap().contains(&value!(method))
    };
    let without_dpop = world_with(|config| config.client_attestations(trusting));
    let full = serving(wallet(&value!({})).unwrap());
    let methods = ["attest_jwt_client_auth", "attest_jwt_client_auth_dpop"];
    assert_eq!(methods.map(|method| has(&plain, method)), [false, false]);
    assert_eq!(methods.map(|method| has(&without_dpop, method)), [true, false]);
    assert_eq!(methods.map(|method| has(&full, method)), [true, true]);
}

#[test]
fn what_could_not_work_is_refused() {
    let build = |change: fn(&mut ClientAttestations)| config().client_attestations(change).build().map(|_| ());
    let bad: [fn(&mut ClientAttestations); 4] = [
        |own| own.algorithms = Algorithms::NONE,
        |own| own.algorithms = Algorithms::ASYMMETRIC.and(Algorithm::Hs256),
        |own| own.window = std::time::Duration::from_secs(601),
        |own| own.clock_tolerance = std::time::Duration::from_secs(61),
    ];
    for change in bad {
        assert_eq!(build(change), Err(ConfigFault::ClientAttestations));
    }
    assert_eq!(wallet(&value!({"jwks": {"keys": []}})), Err(ClientFault::KeysMissing));
    let with_secret = Client::builder("m").metadata(wallet(&value!({})).unwrap().metadata().clone());
    assert_eq!(with_secret.secret(secret("x")).build(), Err(ClientFault::SecretWithoutUse));
    let kept = Record::Client(std::sync::Arc::new(wallet(&combined()).unwrap()));
    assert_eq!(Record::decode(&kept.encode().unwrap()).unwrap(), kept);
}

#[test]
fn nothing_shows_an_attestation_or_its_proof() {
    let (attestation, pop) = good();
    let signatures = [&attestation, &pop].map(|text| text.rsplit_once('.').unwrap().1.to_owned());
    let client = ClientId::new("m");
    let credentials =
        Credentials::Attested { client, attestation: Exposed::new(attestation), pop: Some(Exposed::new(pop)) };
    let request = TokenRequest::new(credentials.clone(), TokenGrant::ClientCredentials);
    let printed = request.print(&"https://as.example/token".parse().unwrap());
    let read = TokenRequest::parse(&printed, &grantor::wire::Limits::default()).unwrap();
    assert_eq!(read.credentials, credentials);
    let world = serving(wallet(&value!({})).unwrap());
    let exchange = grantor::server::Exchange::parse(world.server.config(), Place::Token, &printed);
    let started = grantor::step::Step::at(exchange.clone(), world.now());
    assert_eq!(error(&world, &printed), refused(200, "none"));
    let log = format!("{:?}", world.log.take());
    for text in [format!("{request:?}"), format!("{exchange:?}"), format!("{started:?}"), log] {
        assert!(!signatures.iter().any(|signature| text.contains(signature)), "{text}");
    }
}
