//! FAPI 2.0 Security Profile: what it requires is turned on, and what it forbids is refused.

use std::time::Duration;

use grantor::event::Event;
use grantor::jose::{Algorithm, Algorithms, KeySet, PrivateKey, Purpose};
use grantor::record::{Client, ClientSecretDigest, GrantType, Scope};
use grantor::server::{Place, Visitor};
use grantor::wire::ProofFault;
use grantor::{ConfigBuilder, ConfigFault, Practice, Profile, Progress, Stance, Timestamp};
use http::{Request, Response};
use serde_json::{Value, json as value};

use crate::client_assertions::{KEYS, TYPE, assertion, claims, jwks, registered};
use crate::dpop::{proof, showing};
use crate::support::*;

const TOKEN: &str = "https://as.example/token";
const PAR: &str = "https://as.example/par";

fn fapi(config: ConfigBuilder) -> ConfigBuilder {
    config.profile(Profile::fapi2())
}

/// With the client `m`, which signs and may refresh.
fn fapi_world(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> World {
    let world = world_with(|config| change(fapi(config)));
    let grant_types = value!(["client_credentials", "authorization_code", "refresh_token"]);
    let client = registered(&value!({"jwks": jwks(&[&KEYS[0], &KEYS[1]]), "grant_types": grant_types})).unwrap();
    world.server.store().put_client(client);
    world
}

/// A client of the profile and what it sends.
struct Sender<'w> {
    world: &'w World,
    key: PrivateKey,
    made: u32,
}

impl<'w> Sender<'w> {
    fn new(world: &'w World) -> Self {
        Self { world, key: PrivateKey::generate(Algorithm::Es256).unwrap(), made: 0 }
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// `pairs` with a new assertion, some claims of it changed.
    fn signed(&mut self, path: &str, pairs: &[(&str, &str)], changes: Value) -> Request<Vec<u8>> {
        self.made += 1;
        let now = self.now().as_unix();
        let mut all = value!({"jti": self.made.to_string(), "iat": now, "exp": now + 60});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let shown = assertion(&all);
        let own = [("client_assertion_type", TYPE), ("client_assertion", &*shown)];
        post(path, &[pairs, &own].concat())
    }

    fn push(&mut self, changes: &[(&str, &str)]) -> Response<Vec<u8>> {
        let challenge = challenge(VERIFIER);
        let pairs = [
            ("client_id", "m"),
            ("response_type", "code"),
            ("redirect_uri", WEB),
            ("scope", "read"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let request = with(&self.signed("/par", &pairs, value!({})), changes);
        self.world.server.answer(Place::PushedAuthorizationRequest, &request)
    }

    fn authorize(&self, name: &str) -> Progress {
        let request = get(&format!("/authorize?{}", form(&[("client_id", "m"), ("request_uri", name)])));
        let consent = Scope::parse("read").unwrap();
        self.world.authorize(&request, Visitor::logged_in(self.world.session(), Some(consent)))
    }

    fn code(&mut self) -> String {
        let pushed = json(&self.push(&[]));
        let Progress::Respond(response) = self.authorize(pushed["request_uri"].as_str().unwrap()) else { panic!() };
        assert_eq!(parameter(&response, "iss").as_deref(), Some(ISSUER));
        parameter(&response, "code").unwrap()
    }

    fn redemption(&mut self, code: &str) -> Request<Vec<u8>> {
        let grant = ("grant_type", "authorization_code");
        self.signed("/token", &[grant, ("code", code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)], value!({}))
    }

    fn refreshing(&mut self, token: &str) -> Request<Vec<u8>> {
        self.signed("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)], value!({}))
    }

    fn proven(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.world.token(&showing(request, &proof(self.now(), &self.key, "POST", TOKEN)))
    }
}

fn told(response: &Response<Vec<u8>>) -> (u16, Value) {
    (response.status().as_u16(), json(response)["error"].clone())
}

#[test]
fn what_it_needs_is_turned_on_and_told() {
    let config = fapi(config()).build().unwrap();
    let metadata = serde_json::to_value(config.metadata()).unwrap();
    assert_eq!(metadata["require_pushed_authorization_requests"], true);
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], value!(["private_key_jwt"]));
    for list in ["token_endpoint_auth_signing_alg_values_supported", "dpop_signing_alg_values_supported"] {
        assert_eq!(metadata[list], value!(["ES256", "PS256", "EdDSA"]), "{list}");
    }
    assert_eq!(metadata["code_challenge_methods_supported"], value!(["S256"]));
    assert_eq!(metadata["response_types_supported"], value!(["code"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    let table = Profile::fapi2().to_string();
    for line in
        ["client authentication by key        required  always", "lifetime of codes                   60 s at most"]
    {
        assert!(table.contains(line), "{table}");
    }
    assert_eq!(Profile::parse("fapi2"), Some(Profile::fapi2()));
    let rules: Vec<_> = Profile::fapi2().policy().rules().iter().map(|rule| rule.practice).collect();
    assert_eq!(rules, Practice::ALL);
}

/// What the options of a server come to.
type Built = Result<(), ConfigFault>;

fn built(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Built {
    change(fapi(config())).build().map(|_| ())
}

#[test]
fn what_it_forbids_is_refused_with_the_option_and_the_section() {
    let firm: [(&str, fn(ConfigBuilder) -> ConfigBuilder); 8] = [
        ("danger_serve_implicit_grant", |c| c.danger_serve_implicit_grant()),
        ("danger_serve_password_grant", |c| c.danger_serve_password_grant()),
        ("danger_accept_plain_code_challenge", |c| c.danger_accept_plain_code_challenge()),
        ("danger_let_confidential_clients_omit_pkce", |c| c.danger_let_confidential_clients_omit_pkce()),
        ("serve_response_type_none", |c| c.serve_response_type_none()),
        ("client_attestations", |c| c.client_attestations(|_| ())),
        ("client_assertions: client_secret_jwt", |c| c.client_assertions(|own| own.client_secret_jwt = true)),
        ("client_assertions: client_secret_jwt", |c| {
            c.mutual_tls(|_| ()).client_assertions(|own| own.client_secret_jwt = true)
        }),
    ];
    for (option, change) in firm {
        let fault = built(change).unwrap_err();
        assert!(matches!(fault, ConfigFault::Profile { .. }), "{option}: {fault:?}");
        let text = fault.to_string();
        assert!(text.starts_with(option) && text.contains("fapi2 [FAPI 2.0 §5.3.2"), "{text}");
    }
    let rs256 = Algorithms::NONE.and(Algorithm::Rs256);
    let seconds = Duration::from_secs;
    let keys = |algorithm| {
        let key = PrivateKey::generate(algorithm).unwrap().with_kid("k");
        KeySet::new(seconds(3600)).with(key.signing_key().clone(), Timestamp::from_unix(0))
    };
    for (option, fault) in [
        ("client_assertions", built(|c| c.client_assertions(|own| own.algorithms = rs256))),
        ("client_assertions", built(|c| c.client_assertions(|own| own.clock_tolerance = seconds(9)))),
        (
            "client_assertions",
            built(|c| c.client_assertions(|own| own.danger_accept_token_endpoint_as_audience = true)),
        ),
        ("request_objects", built(|c| c.request_objects(|own| own.clock_tolerance = seconds(9)))),
        ("request_objects", built(|c| c.request_objects(|own| own.algorithms = rs256))),
        ("signed_responses", built(|c| c.keys(keys(Algorithm::Es256)).signed_responses(|own| own.algorithms = rs256))),
        (
            "trust_issuer",
            built(|c| {
                let keys = grantor::jose::JwkSet::from_iter([KEYS[0].public().clone()]);
                c.trust_issuer("https://idp.example", keys, |own| own.clock_tolerance = seconds(9))
            }),
        ),
        ("dpop", built(|c| c.dpop(|own| own.algorithms = rs256))),
        ("dpop", built(|c| c.dpop(|own| own.window = seconds(9)))),
        ("dpop", built(|c| c.dpop(|own| own.window = seconds(61)))),
        ("lifetimes: code", built(|c| c.lifetimes(|all| all.code = seconds(61)))),
        ("lifetimes: pushed_request", built(|c| c.lifetimes(|all| all.pushed_request = seconds(600)))),
        ("keys", built(|c| c.keys(keys(Algorithm::Es384)))),
    ] {
        let fault = fault.unwrap_err();
        assert!(matches!(&fault, ConfigFault::Fapi { option: own, .. } if *own == option), "{option}: {fault:?}");
        assert!(fault.to_string().starts_with(&format!("{option}: ")), "{fault}");
    }
    assert_eq!(built(|c| c.lifetimes(|all| all.pushed_request = seconds(599)).keys(keys(Algorithm::Es256))), Ok(()));
    assert_eq!(built(|c| c.client_assertions(|own| own.clock_tolerance = seconds(60))), Ok(()));
    // It has certificates in place of keys and proofs.
    #[cfg(feature = "mtls")]
    {
        let mutual = fapi(config()).mutual_tls(|own| own.tls_client_auth = true).build().unwrap();
        assert!(mutual.client_assertions().is_none() && mutual.dpop().is_none());
    }
}

#[test]
fn a_client_of_the_profile_gets_bound_tokens_and_keeps_its_refresh_token() {
    let world = fapi_world(|config| config);
    let mut sender = Sender::new(&world);
    let code = sender.code();
    let request = sender.redemption(&code);
    let missing = world.token(&request);
    assert_eq!(told(&missing), (400, value!("invalid_dpop_proof")), "a token that is bound to nothing");
    assert!(json(&missing)["error_description"].as_str().unwrap().contains(&ProofFault::Missing.to_string()));
    let request = sender.redemption(&code);
    let tokens = json(&sender.proven(&request));
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&value!("DPoP"), &value!("read")), "nothing was consumed");
    let token = tokens["refresh_token"].as_str().unwrap();
    let day = 86400;
    for time in 0..4 {
        world.clock.advance(29 * day);
        let request = sender.refreshing(token);
        let next = json(&sender.proven(&request));
        assert_eq!((next.get("refresh_token"), &next["token_type"]), (None, &value!("DPoP")), "{time}");
        assert_ne!(next["access_token"], tokens["access_token"]);
    }
    let log = world.log.take();
    assert!(!log.iter().any(|event| matches!(event, Event::RefreshReused { .. } | Event::RefreshRetried { .. })));
    world.clock.advance(31 * day);
    let request = sender.refreshing(token);
    assert_eq!(told(&sender.proven(&request)), (400, value!("invalid_grant")), "not used for too long");
    // The same code again ends it all.
    let mut other = Sender::new(&world);
    let code = other.code();
    let redemption = other.redemption(&code);
    let tokens = json(&other.proven(&redemption));
    let redemption = other.redemption(&code);
    assert_eq!(told(&other.proven(&redemption)), (400, value!("invalid_grant")));
    let request = other.refreshing(tokens["refresh_token"].as_str().unwrap());
    assert_eq!(told(&other.proven(&request)), (400, value!("invalid_grant")), "revoked");
}

#[test]
fn requests_are_pushed_by_clients_that_authenticate_by_a_key() {
    let world = fapi_world(|config| config);
    let mut sender = Sender::new(&world);
    assert_eq!(sender.push(&[]).status(), 201, "the good one");
    for (name, changes, expected) in [
        ("no redirect_uri", &[("redirect_uri", "")][..], (400, "invalid_request")),
        ("no PKCE", &[("code_challenge", ""), ("code_challenge_method", "")], (400, "invalid_request")),
        ("plain", &[("code_challenge", VERIFIER), ("code_challenge_method", "plain")], (400, "invalid_request")),
        ("another response type", &[("response_type", "token")], (400, "unsupported_response_type")),
        ("no authentication", &[("client_assertion", ""), ("client_assertion_type", "")], (401, "invalid_client")),
    ] {
        assert_eq!(told(&sender.push(changes)), (expected.0, value!(expected.1)), "{name}");
    }
    // Neither a public client nor one with a secret gets anywhere.
    let pushed = [("response_type", "code"), ("redirect_uri", SPA), ("code_challenge_method", "S256")];
    let challenge = challenge(VERIFIER);
    let pushed = [&pushed[..], &[("code_challenge", &*challenge), ("client_id", "spa")]].concat();
    let public = world.server.answer(Place::PushedAuthorizationRequest, &post("/par", &pushed));
    assert_eq!(told(&public), (401, value!("invalid_client")));
    let secret = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let proven = showing(&secret, &proof(world.now(), &sender.key, "POST", TOKEN));
    assert_eq!(told(&world.token(&proven)), (401, value!("invalid_client")));
    assert_eq!(told(&world_with(|config| config.dpop(|_| ())).token(&proven)), (200, Value::Null), "elsewhere it does");
    // Nor a request that was not pushed.
    let plain = authorization("m", WEB, &[]);
    let Progress::Respond(response) = world.authorize(&plain, Visitor::logged_in(world.session(), None)) else {
        panic!()
    };
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request"));
    assert!(PAR.starts_with(ISSUER));
}

#[test]
fn an_assertion_names_the_issuer_as_a_text_and_has_an_algorithm_that_is_permitted() {
    let world = fapi_world(|config| config);
    let grant = [("grant_type", "client_credentials")];
    let mut sender = Sender::new(&world);
    let now = sender.now().as_unix();
    for (name, changes, expected) in [
        ("good", value!({}), true),
        ("a list of one", value!({"aud": [ISSUER]}), false),
        ("the token endpoint", value!({"aud": TOKEN}), false),
        ("10 s ahead", value!({"iat": now + 10, "nbf": now + 10}), true),
        ("61 s ahead", value!({"iat": now + 61, "exp": now + 90}), false),
    ] {
        let request = sender.signed("/token", &grant, changes);
        assert_eq!(sender.proven(&request).status() == 200, expected, "{name}");
    }
    let es384 = PrivateKey::generate(Algorithm::Es384).unwrap().with_kid("e");
    let members = value!({"jwks": jwks(&[&es384])});
    world.server.store().put_client(registered(&members).unwrap());
    let shown = es384.token(&Purpose::CLIENT_ASSERTION, &claims(&value!({"jti": "x"}))).unwrap();
    let request = post("/token", &[grant[0], ("client_assertion_type", TYPE), ("client_assertion", &shown)]);
    assert_eq!(told(&sender.proven(&request)), (401, value!("invalid_client")), "ES384");
}

#[test]
fn a_certificate_binds_tokens_where_there_are_no_proofs() {
    let world = fapi_world(|config| config.mutual_tls(|_| ()));
    let mut sender = Sender::new(&world);
    let grant = [("grant_type", "client_credentials")];
    let request = sender.signed("/token", &grant, value!({}));
    assert_eq!(told(&world.token(&request)), (400, value!("invalid_grant")), "by no certificate");
    let request = sender.signed("/token", &grant, value!({}));
    let bound = json(&world.token(&held(&request, Some("alice"))));
    let token = bound["access_token"].as_str().unwrap();
    let request = sender.signed("/introspect", &[("token", token)], value!({}));
    let seen = json(&world.server.answer(Place::Introspection, &request));
    assert_eq!(seen["cnf"], serde_json::to_value(certificate("alice").confirmation()).unwrap());
}

#[test]
fn tokens_can_have_to_be_bound_in_any_profile() {
    let config = config().require_sender_constrained_tokens().build().unwrap();
    assert_eq!(config.posture().stance(Practice::SenderConstrainedTokens), Stance::Required);
    assert!(config.dpop().is_some() && config.client_assertions().is_none());
    let world = world_with(ConfigBuilder::require_sender_constrained_tokens);
    let code = world.code("spa", SPA, &[]);
    assert_eq!(told(&world.token(&redeem("spa", SPA, &code))), (400, value!("invalid_dpop_proof")));
    let key = PrivateKey::generate(Algorithm::Es256).unwrap();
    let proven = |request: &Request<Vec<u8>>| world.token(&showing(request, &proof(world.now(), &key, "POST", TOKEN)));
    let tokens = json(&proven(&redeem("spa", SPA, &code)));
    assert_eq!(tokens["token_type"], "DPoP");
    let next = json(&proven(&refresh("spa", tokens["refresh_token"].as_str().unwrap())));
    assert!(next["refresh_token"].is_string(), "elsewhere they are rotated");
    let secret = ClientSecretDigest::new("x", [1; 16], None);
    let service = Client::builder("t").secret(secret).grant_types(&[GrantType::ClientCredentials]).build().unwrap();
    world.server.store().put_client(service);
    let request = post_as("/token", &basic("t", "x"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    assert_eq!(told(&world.token(&request)), (400, value!("invalid_dpop_proof")));
    assert_eq!(json(&proven(&request))["token_type"], "DPoP");
}

#[test]
fn a_software_statement_has_an_algorithm_that_is_permitted() {
    for (algorithm, permitted) in [(Algorithm::Es256, true), (Algorithm::EdDsa, true), (Algorithm::Es384, false)] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let claims = value!({"iss": "https://publisher.example", "software_id": "x"});
        let body = value!({
            "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
            "jwks": jwks(&[&KEYS[0]]), "software_statement": key.token(&Purpose::SOFTWARE_STATEMENT, &claims).unwrap(),
        });
        let registers = |profile: Profile| {
            let open = grantor::Registration::open().by_default("read").grant_types(&[GrantType::ClientCredentials]);
            let set = grantor::jose::JwkSet::from_iter([key.public().clone()]);
            let open = open.software_statements("https://publisher.example", set);
            let world = world_with(|config| config.profile(profile).client_assertions(|_| ()).registration(open));
            let request = Request::post(format!("{ISSUER}/register")).header("content-type", "application/json");
            let response =
                world.server.answer(Place::Registration, &request.body(body.to_string().into_bytes()).unwrap());
            response.status() == 201
        };
        assert_eq!((registers(Profile::fapi2()), registers(Profile::oauth21())), (permitted, true), "{algorithm}");
    }
}

fn message_signing(config: ConfigBuilder) -> ConfigBuilder {
    config.profile(Profile::fapi2_message_signing()).keys(keys())
}

#[test]
fn message_signing_signs_what_goes_and_what_comes() {
    let no_keys = config().profile(Profile::fapi2_message_signing()).build().unwrap_err().to_string();
    assert!(no_keys.starts_with("keys: signed authorization responses is required"), "{no_keys}");
    let untyped = message_signing(config()).request_objects(|own| own.danger_accept_untyped = true);
    assert!(matches!(untyped.build(), Err(ConfigFault::Fapi { option: "request_objects", .. })));
    let served = message_signing(config()).request_objects(|_| ()).signed_responses(|_| ()).build().unwrap();
    for practice in [Practice::SignedRequests, Practice::SignedResponses] {
        assert_eq!(served.posture().stance(practice), Stance::Required, "{practice}");
    }
    assert_eq!(Profile::parse("fapi2_message_signing"), Some(Profile::fapi2_message_signing()));
    let practices: Vec<_> =
        Profile::fapi2_message_signing().policy().rules().iter().map(|rule| rule.practice).collect();
    assert_eq!(practices, Practice::ALL);

    let world = world_with(message_signing);
    world.server.store().put_client(registered(&value!({"jwks": jwks(&[&KEYS[0], &KEYS[1]])})).unwrap());
    let told_of = serde_json::to_value(world.server.config().metadata()).unwrap();
    assert_eq!(told_of["require_signed_request_object"], true);
    assert_eq!(told_of["request_object_signing_alg_values_supported"], value!(["ES256", "PS256", "EdDSA"]));
    assert_eq!(told_of["authorization_signing_alg_values_supported"], value!(["EdDSA"]));
    assert_eq!(told_of["introspection_signing_alg_values_supported"], value!(["EdDSA"]));

    let mut sender = Sender::new(&world);
    assert_eq!(told(&sender.push(&[])), (400, value!("invalid_request")), "not signed");
    let mut signed = |changes: Value| {
        let now = world.now().as_unix();
        let mut said = value!({
            "iss": "m", "aud": ISSUER, "nbf": now, "exp": now + 300, "client_id": "m", "response_type": "code",
            "redirect_uri": WEB, "scope": "read", "code_challenge": challenge(VERIFIER), "code_challenge_method": "S256",
            "response_mode": "jwt",
        });
        said.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        said.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
        let object = KEYS[0].token(&Purpose::REQUEST_OBJECT, &said).unwrap();
        let request = sender.signed("/par", &[("client_id", "m"), ("request", &object)], value!({}));
        world.server.answer(Place::PushedAuthorizationRequest, &request)
    };
    for (name, changes, expected) in [
        ("no nbf", value!({"nbf": null}), "invalid_request_object"),
        ("no exp", value!({"exp": null}), "invalid_request_object"),
        ("more than an hour", value!({"exp": world.now().as_unix() + 3700}), "invalid_request_object"),
        ("for another server", value!({"aud": "https://other.example"}), "invalid_request_object"),
        ("a plain response", value!({"response_mode": null}), "invalid_request"),
    ] {
        assert_eq!(told(&signed(changes)), (400, value!(expected)), "{name}");
    }
    let pushed = json(&signed(value!({})));
    let Progress::Respond(response) = sender.authorize(pushed["request_uri"].as_str().unwrap()) else { panic!() };
    assert_eq!((parameter(&response, "code"), parameter(&response, "iss")), (None, None), "all of it is signed");
    let token = parameter(&response, "response").unwrap();
    let jws = grantor::jose::Jws::parse(&token, &Purpose::AUTHORIZATION_RESPONSE).unwrap();
    let claims = jws.verify_among(&keys().public(world.now())).unwrap().claims().unwrap();
    claims.require_issuer(ISSUER).unwrap();
    claims.require_sole_audience("m").unwrap();
    let request = sender.redemption(claims.get("code").unwrap().as_str().unwrap());
    assert_eq!(json(&sender.proven(&request))["token_type"], "DPoP");
}
