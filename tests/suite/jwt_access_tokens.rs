//! JWT access tokens [RFC 9068]: what they say, where they are issued, and what the server makes of those that come back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::event::Event;
use grantor::jose::{Algorithm, Algorithms, JwkSet, Jws, KeySet, LocalSigner, PrivateKey, Purpose};
use grantor::record::{Client, Confirmation, GrantType, Scope};
use grantor::resource::Demand;
use grantor::server::{DeviceApproval, Place, Verification, Visitor};
use grantor::{ConfigBuilder, ConfigFault, Progress, Timestamp};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json as value};

use crate::dpop::{proof, showing as proving};
use crate::extension_grant::{plain, put, showing};
use crate::fault_cases::{ACCESS, asking_for_a_token, asking_for_codes, polling, wide_clients, with_everything};
use crate::faulty::Willing;
use crate::interleavings::crowd_of;
use crate::support::*;
use crate::table::Shelf;
use crate::watch::Watched;

const API: &str = "https://api.example/";
const OTHER: &str = "https://other.example/";

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// Header and claims of a token that the server's key has signed.
fn opened(token: &str) -> (Value, Value) {
    let claims = Jws::parse(token, &Purpose::ACCESS_TOKEN).unwrap().verify(KEY.public()).unwrap().claims().unwrap();
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    (serde_json::from_slice(&header).unwrap(), Value::Object(claims.into_members()))
}

/// The claims without the name, which no two tokens share.
fn claims(token: &str) -> Value {
    let (header, mut claims) = opened(token);
    assert_eq!(header, value!({"typ": "at+jwt", "alg": "EdDSA", "kid": KEY.kid()}));
    let name = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(name.as_str().map(str::len), Some(43));
    claims
}

fn jwts() -> World {
    world_with(with_jwts)
}

/// A server of every grant type, and a host that says yes.
type Wide = World<Shelf, Willing>;

fn wide() -> Wide {
    crowd_of(wide_clients(), |config| with_jwts(with_everything(config))).hosted(Willing::default())
}

/// What every token says, and more.
fn all(world: &Wide, more: Value) -> Value {
    let now = world.now().as_unix();
    let mut all = value!({"iss": ISSUER, "aud": API, "iat": now, "exp": now + 600, "scope": "read"});
    let Value::Object(more) = more else { panic!("no members") };
    all.as_object_mut().unwrap().extend(more);
    all
}

fn for_alice(world: &Wide, client: &str) -> Value {
    all(world, value!({"sub": "alice", "client_id": client, "auth_time": world.now().as_unix()}))
}

fn by_code(world: &Wide) -> Value {
    let code = world.code("spa", SPA, &[]);
    json(&world.token(&redeem("spa", SPA, &code)))
}

fn by_web(world: &Wide, grant_type: &str, more: &[(&str, &str)]) -> Value {
    let pairs = [&[("grant_type", grant_type), ("scope", "read")], more].concat();
    json(&world.token(&post_as("/token", &basic("web", SECRET), &pairs)))
}

fn exchanged(world: &Wide, subject: &str, more: &[(&str, &str)]) -> Value {
    let pairs = [&[("subject_token", subject), ("subject_token_type", ACCESS)], more].concat();
    by_web(world, GrantType::TokenExchange.as_str(), &pairs)
}

#[test]
fn a_jwt_of_each_grant_type_says_who_may_do_what_where() {
    let refreshed = |world: &Wide| {
        let (first, mut expected) = (by_code(world), for_alice(world, "spa"));
        world.clock.advance(60);
        let now = world.now().as_unix();
        (expected["iat"], expected["exp"]) = (now.into(), (now + 600).into());
        (json(&world.refresh("spa", &text(&first, "refresh_token"))), expected)
    };
    let polled = |world: &Wide| {
        let codes = json(&world.server.answer(Place::DeviceAuthorization, &asking_for_codes()));
        let (config, typed) = (world.server.config(), text(&codes, "user_code"));
        let prompt = world.server.run(Verification::new(config, &typed, Some(world.session()), ""));
        let session = world.session().with_acr("gold").with_amr(["otp", "pwd"]);
        let approval = DeviceApproval::new(config.clone(), *prompt.unwrap().unwrap(), session);
        world.server.run(approval).unwrap().unwrap();
        let mut expected = for_alice(world, "spa");
        (expected["acr"], expected["amr"]) = ("gold".into(), value!(["otp", "pwd"]));
        (json(&world.token(&polling(&text(&codes, "device_code")))), expected)
    };
    let delegated = |world: &Wide| {
        let (subject, actor) = (by_code(world), by_web(world, "client_credentials", &[]));
        let actor = text(&actor, "access_token");
        let mut expected = for_alice(world, "web");
        expected["act"] = value!({"sub": "web", "client_id": "web"});
        let acting = [("actor_token", &*actor), ("actor_token_type", ACCESS)];
        (exchanged(world, &text(&subject, "access_token"), &acting), expected)
    };
    let brought = |world: &Wide| {
        put(world, "t", plain("spa"));
        let mut expected = for_alice(world, "spa");
        (expected["acr"], expected["amr"]) = ("ticket".into(), value!(["mail"]));
        (json(&world.token(&showing("spa", "t", &[]))), expected)
    };
    let implicit = |world: &Wide| {
        let granted = Visitor::logged_in(world.session(), Some(Scope::parse("read").unwrap()));
        let Progress::Respond(response) = world.authorize(&asking_for_a_token(), granted) else { panic!("asked") };
        let token = parameter(&response, "access_token").unwrap();
        (value!({"access_token": token, "expires_in": 600}), for_alice(world, "spa"))
    };
    let cases: [(&str, fn(&Wide) -> (Value, Value)); 9] = [
        ("authorization code", |world| (by_code(world), for_alice(world, "spa"))),
        ("refresh, later", refreshed),
        ("client credentials", |world| {
            (by_web(world, "client_credentials", &[]), all(world, value!({"sub": "web", "client_id": "web"})))
        }),
        ("device", polled),
        ("exchange", |world| (exchanged(world, &text(&by_code(world), "access_token"), &[]), for_alice(world, "web"))),
        ("delegation", delegated),
        ("password", |world| {
            (by_web(world, "password", &[("username", "alice"), ("password", "x")]), for_alice(world, "web"))
        }),
        ("extension", brought),
        ("implicit", implicit),
    ];
    for (name, issue) in cases {
        let world = wide();
        let (answer, expected) = issue(&world);
        assert_eq!(answer["expires_in"], 600, "{name}: {answer}");
        assert_eq!(claims(&text(&answer, "access_token")), expected, "{name}");
    }
}

#[test]
fn a_jwt_is_named_differently_each_time_and_lives_as_long_as_configured() {
    let world = world_with(|config| with_jwts(config).lifetimes(|own| own.access_token = Duration::from_secs(77)));
    let name = |token: &str| text(&opened(token).1, "jti");
    let first = world.tokens();
    let second = json(&world.refresh("spa", &text(&first, "refresh_token")));
    let [first, second] = [first, second].map(|tokens| text(&tokens, "access_token"));
    assert_ne!(name(&first), name(&second));
    let (now, claims) = (world.now().as_unix(), opened(&first).1);
    assert_eq!((claims["iat"].clone(), claims["exp"].clone()), (now.into(), (now + 77).into()));
}

#[test]
fn the_resource_decides_which_form_a_token_has() {
    let both = |config: ConfigBuilder| config.audience(API).resource(OTHER).keys(keys());
    let only = |names: &'static [&'static str]| {
        move |config: ConfigBuilder| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            both(config).jwt_access_tokens(|jwts| jwts.resources = Some(names))
        }
    };
    type Change = Box<dyn Fn(ConfigBuilder) -> ConfigBuilder>;
    let rows: [(&str, Change, [bool; 3]); 4] = [
        ("references", Box::new(both), [false, false, false]),
        ("all", Box::new(move |config| both(config).jwt_access_tokens(|_| ())), [true, true, true]),
        ("the usual one", Box::new(only(&[API])), [true, true, false]),
        ("another", Box::new(only(&[OTHER])), [false, false, true]),
    ];
    for (name, change, expected) in rows {
        let world = world_with(change);
        for (resource, jwt) in [None, Some(API), Some(OTHER)].into_iter().zip(expected) {
            let mut pairs = vec![("grant_type", "client_credentials"), ("scope", "read")];
            pairs.extend(resource.map(|resource| ("resource", resource)));
            let token = text(&json(&world.token(&post_as("/token", &basic("service", "s"), &pairs))), "access_token");
            assert_eq!(!token.starts_with("gr_at_"), jwt, "{name}: {resource:?}");
            if jwt {
                assert_eq!(claims(&token)["aud"], resource.unwrap_or(API), "{name}");
            }
        }
    }
}

#[test]
fn a_jwt_for_several_resources_is_none() {
    // [RFC 9068 §3]: who named both at first names one now.
    let world = world_with(|config| {
        let config = config.audience(API).audience(OTHER).keys(keys()).require_resource();
        config.jwt_access_tokens(|jwts| jwts.resources = Some(vec![OTHER.to_owned()]))
    });
    let both = form(&[("resource", API), ("resource", OTHER)]);
    let asked = format!("{}&{both}", authorization("spa", SPA, &[]).uri());
    let asked = Request::builder().uri(&asked).body(Vec::new()).unwrap();
    let code = redeem("spa", SPA, &parameter(&world.approved(&asked), "code").unwrap());
    assert_eq!(error_of(&world.token(&code)), "invalid_target");
    let token = json(&world.token(&with(&code, &[("resource", OTHER)])));
    assert_eq!(claims(&text(&token, "access_token"))["aud"], OTHER, "the code was not used up");
}

fn error_of(response: &Response<Vec<u8>>) -> String {
    text(&json(response), "error")
}

#[test]
fn a_configuration_that_contradicts_itself_is_refused() {
    let refused = |change: &dyn Fn(ConfigBuilder) -> ConfigBuilder| match change(config()).build() {
        Ok(_) => String::new(),
        Err(fault) => fault.to_string(),
    };
    let only = |name: &str| Some(vec![name.to_owned()]);
    let jwts = "jwt_access_tokens: ";
    for (name, expected, change) in [
        ("good", "", &with_jwts as &dyn Fn(ConfigBuilder) -> ConfigBuilder),
        ("no keys", "give keys", &|config| config.audience(API).jwt_access_tokens(|_| ())),
        ("no such key", "give keys", &|config| {
            with_jwts(config).jwt_access_tokens(|jwts| jwts.algorithms = Algorithms::NONE.and(Algorithm::Es256))
        }),
        ("a resource that nobody knows", "name resources", &|config| {
            with_jwts(config).jwt_access_tokens(|jwts| jwts.resources = only(OTHER))
        }),
        ("no resource", "name resources", &|config| {
            with_jwts(config).jwt_access_tokens(|jwts| jwts.resources = Some(Vec::new()))
        }),
        ("nothing known", "name resources", &|config| config.keys(keys()).jwt_access_tokens(|_| ())),
        ("for none", "a token without", &|config| config.resource(API).keys(keys()).jwt_access_tokens(|_| ())),
        ("for none, and never asked for", "", &|config| {
            config.resource(API).keys(keys()).require_resource().jwt_access_tokens(|_| ())
        }),
        ("for several", "a token without", &|config| with_jwts(config).audience(OTHER)),
        ("for several, of which one", "a token without", &|config| {
            with_jwts(config).audience(OTHER).jwt_access_tokens(|jwts| jwts.resources = only(API))
        }),
        ("for another than the usual ones", "", &|config| {
            let config = config.audience(API).audience(OTHER).resource("https://third.example/").keys(keys());
            config.jwt_access_tokens(|jwts| jwts.resources = only("https://third.example/"))
        }),
        ("for several, and never asked for", "", &|config| with_jwts(config).audience(OTHER).require_resource()),
    ] {
        let told = refused(change);
        let right = if expected.is_empty() { told.is_empty() } else { told.starts_with(&format!("{jwts}{expected}")) };
        assert!(right, "{name}: {told}");
    }
    let short = KeySet::new(Duration::from_secs(599)).with(KEY.signing_key().clone(), Timestamp::from_unix(0));
    assert_eq!(with_jwts(config()).keys(short).build().err(), Some(ConfigFault::Keys));
}

#[test]
fn a_jwt_is_looked_up_revoked_and_let_in_like_a_reference() {
    let world = jwts();
    let tokens = world.tokens();
    let access = text(&tokens, "access_token");
    let now = world.now().as_unix();
    let expected = value!({
        "active": true, "scope": "read write", "client_id": "spa", "token_type": "Bearer", "exp": now + 600, "iat": now,
        "sub": "alice", "aud": [API], "auth_time": now, "iss": ISSUER,
    });
    assert_eq!(world.introspect(&access), expected);
    assert!(at_api(&world, &access).is_ok());

    let stranger = post("/introspect", &[("client_id", "cli"), ("token", &access)]);
    assert_eq!(json(&world.server.answer(Place::Introspection, &stranger)), value!({"active": false}));
    assert_eq!(world.revoke("cli", &access).status(), StatusCode::OK);
    assert_eq!(world.introspect(&access), expected, "another client cannot end it");

    world.log.take();
    assert_eq!(world.revoke("spa", &access).status(), StatusCode::OK);
    assert!(matches!(world.log.take().as_slice(), [Event::GrantRevoked { .. }]));
    assert_eq!(world.introspect(&access), value!({"active": false}));
    assert_eq!(at_api(&world, &access).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(error_of(&world.refresh("spa", &text(&tokens, "refresh_token"))), "invalid_grant");
}

fn at_api(world: &World, token: &str) -> Result<(), Box<Response<Vec<u8>>>> {
    let mut request = get("/api");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    world.server.access(&request, Demand::new(Scope::parse("read").unwrap())).map(|_| ())
}

#[test]
fn a_revoked_grant_ends_all_of_its_jwts_and_a_jwt_expires_to_the_second() {
    let world = jwts();
    let first = world.tokens();
    let second = json(&world.refresh("spa", &text(&first, "refresh_token")));
    world.revoke("spa", &text(&second, "refresh_token"));
    for tokens in [first, second] {
        assert_eq!(world.introspect(&text(&tokens, "access_token")), value!({"active": false}));
    }
    let token = text(&world.tokens(), "access_token");
    world.clock.advance(599);
    assert!(world.is_active(&token) && at_api(&world, &token).is_ok());
    world.clock.advance(1);
    assert!(!world.is_active(&token) && at_api(&world, &token).is_err());
}

/// Signs whatever it is.
fn forged(key: &PrivateKey, header: &Value, claims: &[u8]) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap()))
}

/// Tokens that name a live one, and that the server has not signed as one of its access tokens.
fn forgeries(token: &str) -> Vec<(&'static str, String)> {
    let (header, claims) = opened(token);
    let [head, body, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let stranger = PrivateKey::generate(Algorithm::EdDsa).unwrap();
    let payload = claims.to_string().into_bytes();
    let changed = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let claiming = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims.to_string().into_bytes()
    };
    let name = text(&claims, "jti");
    let mac = {
        // [RFC 8725 §2.1]: the public key as a secret that everyone has.
        let signed = format!("{}.{body}", URL_SAFE_NO_PAD.encode(changed("alg", "HS256".into()).to_string()));
        let key = serde_json::to_vec(&KEY.public().to_jwk()).unwrap();
        let secret = grantor::jose::SharedSecret::new(&key).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(secret.sign(signed.as_bytes())))
    };
    let unsigned = URL_SAFE_NO_PAD.encode(changed("alg", "none".into()).to_string());
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[0] ^= 1;
    let doubled = String::from_utf8(payload.clone()).unwrap().replacen('{', r#"{"sub":"mallory","#, 1);
    vec![
        ("another key under this name", forged(&stranger, &header, &payload)),
        ("another key under its own name", forged(&stranger, &changed("kid", stranger.kid().into()), &payload)),
        ("its own key with it", {
            let jwk = Value::Object(stranger.public().to_jwk());
            forged(&stranger, &changed("jwk", jwk), &payload)
        }),
        ("no name of a key", {
            let mut header = header.clone();
            header.as_object_mut().unwrap().remove("kid");
            forged(&KEY, &header, &payload)
        }),
        ("the public key as a secret", mac),
        ("none", format!("{unsigned}.{body}.")),
        ("none, with a signature", format!("{unsigned}.{body}.{signature}")),
        ("another algorithm", forged(&KEY, &changed("alg", "ES256".into()), &payload)),
        ("another type", forged(&KEY, &changed("typ", "JWT".into()), &payload)),
        ("an introspection response", forged(&KEY, &changed("typ", "token-introspection+jwt".into()), &payload)),
        ("critical", forged(&KEY, &changed("crit", value!(["b64"])), &payload)),
        ("no signature", format!("{head}.{body}.")),
        ("a wrong signature", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(flipped))),
        ("another payload", {
            let body = URL_SAFE_NO_PAD.encode(claiming("scope", "read write admin".into()));
            format!("{head}.{body}.{signature}")
        }),
        ("another issuer", forged(&KEY, &header, &claiming("iss", "https://other.example".into()))),
        ("a claim twice", forged(&KEY, &header, doubled.as_bytes())),
        ("another token", forged(&KEY, &header, &claiming("jti", URL_SAFE_NO_PAD.encode([7; 32]).into()))),
        ("its name alone", name.clone()),
        ("its name as a reference", format!("gr_at_{name}")),
        (
            "its name, filled up",
            format!("gr_at_{}", URL_SAFE_NO_PAD.encode([URL_SAFE_NO_PAD.decode(&name).unwrap(), vec![0; 16]].concat())),
        ),
        ("padded", format!("{token}=")),
    ]
}

#[test]
fn a_forged_jwt_is_nothing_and_ends_nothing() {
    let world = jwts();
    let access = text(&world.tokens(), "access_token");
    for (name, forgery) in forgeries(&access) {
        assert_eq!(world.introspect(&forgery), value!({"active": false}), "{name}");
        assert!(at_api(&world, &forgery).is_err(), "{name}");
        let answer = world.revoke("spa", &forgery);
        assert_eq!((answer.status(), answer.body().len()), (StatusCode::OK, 0), "{name}");
        assert!(world.is_active(&access) && at_api(&world, &access).is_ok(), "{name}: ended");
    }
    // The same by the server's own hand is taken.
    let (header, claims) = opened(&access);
    assert!(world.is_active(&forged(&KEY, &header, claims.to_string().as_bytes())));
}

#[test]
fn a_forged_jwt_is_exchanged_for_nothing() {
    let world = wide();
    let access = text(&by_code(&world), "access_token");
    for (name, forgery) in forgeries(&access) {
        assert_eq!(exchanged(&world, &forgery, &[])["error"], "invalid_request", "{name}");
    }
    assert_eq!(claims(&text(&exchanged(&world, &access, &[]), "access_token"))["client_id"], "web");
}

#[test]
fn a_token_from_before_keys_changed_is_good_until_it_expires() {
    let (old, new) = (&*KEY, PrivateKey::generate(Algorithm::EdDsa).unwrap());
    let turn = 1_000_300;
    let set = || {
        let set = KeySet::new(Duration::from_secs(600)).with(old.signing_key().clone(), Timestamp::from_unix(0));
        set.with(new.signing_key().clone(), Timestamp::from_unix(turn))
    };
    let world = world_with(|config| with_jwts(config).keys(set()));
    let signer = LocalSigner::new([old.clone(), new.clone()]);
    let World { server, clock, log } = world;
    let world = World { server: server.with_signer(signer), clock, log };
    let issue = || {
        let pairs = [("grant_type", "client_credentials"), ("scope", "read")];
        text(&json(&world.token(&post_as("/token", &basic("service", "s"), &pairs))), "access_token")
    };
    let active = |token: &str| {
        let request = post_as("/introspect", &basic("service", "s"), &[("token", token)]);
        json(&world.server.answer(Place::Introspection, &request))["active"].as_bool().unwrap()
    };
    let signed_by = |token: &str| Jws::parse(token, &Purpose::ACCESS_TOKEN).unwrap().header().kid.clone().unwrap();
    let verified_by_all = |token: &str| {
        let published = world.server.answer(Place::JwkSet, &get("/jwks"));
        let published = JwkSet::parse(published.body()).unwrap();
        Jws::parse(token, &Purpose::ACCESS_TOKEN).unwrap().verify_among(&published).is_ok()
    };
    world.clock.advance(299);
    let last = issue();
    assert_eq!(signed_by(&last), old.kid(), "a second before");
    assert!(verified_by_all(&last));
    world.clock.advance(1);
    let first = issue();
    assert_eq!(signed_by(&first), new.kid(), "on the second");
    assert!(verified_by_all(&first) && verified_by_all(&last));
    world.clock.advance(598);
    assert!(active(&last) && verified_by_all(&last), "its last second");
    world.clock.advance(1);
    assert!(!active(&last) && active(&first), "expired");
    world.clock.advance(1);
    assert!(!verified_by_all(&last), "nothing of the old key is left");
}

#[test]
fn keys_that_begin_later_sign_from_the_beginning() {
    let later = KeySet::new(Duration::from_secs(600)).with(KEY.signing_key().clone(), Timestamp::from_unix(9_000_000));
    let world = world_with(|config| with_jwts(config).keys(later));
    let token = text(&world.tokens(), "access_token");
    assert!(world.is_active(&token));
    assert_eq!(claims(&token)["aud"], API);
}

#[test]
fn a_jwt_is_bound_to_what_its_client_holds() {
    let held_by = "the one";
    let bound = Client::builder("bound").secret(secret("b")).grant_types(&[GrantType::ClientCredentials]);
    let change = |config: ConfigBuilder| with_jwts(config).mutual_tls(|_| ()).dpop(|_| ()).default_scope("read");
    let world = crowd_of(vec![bound.certificate_bound_access_tokens().build().unwrap()], change);
    let pairs = [("grant_type", "client_credentials")];
    let certified = json(&world.token(&held(&post_as("/token", &basic("bound", "b"), &pairs), Some(held_by))));
    let Confirmation::Certificate(thumbprint) = certificate(held_by).confirmation() else { panic!("no certificate") };
    let cnf = value!({"x5t#S256": thumbprint.to_base64url()});
    assert_eq!((&certified["token_type"], &claims(&text(&certified, "access_token"))["cnf"]), (&"Bearer".into(), &cnf));

    let key = PrivateKey::generate(Algorithm::Es256).unwrap();
    let request = post_as("/token", &basic("service", "s"), &pairs);
    let shown = proving(&request, &proof(world.now(), &key, "POST", "https://as.example/token"));
    let proven = json(&world.token(&shown));
    let cnf = value!({"jkt": key.public().thumbprint().to_string()});
    assert_eq!((&proven["token_type"], &claims(&text(&proven, "access_token"))["cnf"]), (&"DPoP".into(), &cnf));

    let plain = json(&world.token(&request));
    assert_eq!(claims(&text(&plain, "access_token")).get("cnf"), None);
}

#[test]
fn nobody_is_shown_a_jwt() {
    let mut watched = Watched::over(crowd_of(Vec::new(), with_jwts));
    let code = watched.world.code("spa", SPA, &[]);
    let tokens = json(&watched.send(Place::Token, &redeem("spa", SPA, &code)));
    let access = text(&tokens, "access_token");
    watched.learn(access.rsplit('.').next().map(str::to_owned));
    watched.learn(access.split('.').nth(1).map(str::to_owned));
    for (place, path) in [(Place::Introspection, "/introspect"), (Place::Revocation, "/revoke")] {
        let answer = watched.send(place, &post(path, &[("client_id", "spa"), ("token", &access)]));
        assert_eq!(answer.status(), StatusCode::OK);
    }
    watched.assert_kept(4);
}
