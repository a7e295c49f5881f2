//! The check of a resource that asks nobody: each requirement of RFC 9068 §4, and what the token is bound to.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::dpop::DpopNonces;
use grantor::jose::{Algorithm, Algorithms, JwkSet, PrivateKey};
use grantor::record::{Client, Confirmation, GrantType, Resource, Scope};
use grantor::resource::{Demand, JwtPermit, JwtResource, JwtResourceFault, ResourceReason, ResourceRefusal};
use grantor::server::Place;
use grantor::{ConfigBuilder, Timestamp};
use http::{Request, StatusCode};
use serde_json::{Value, json as value};

use crate::dpop::{proof, showing};
use crate::interleavings::crowd_of;
use crate::support::*;

const API: &str = "https://api.example/";
const NOW: u64 = 1_000_000;

fn api() -> JwtResource {
    JwtResource::builder(ISSUER, API).build().unwrap()
}

fn demand(scope: &str) -> Demand {
    Demand::new(Scope::parse(scope).unwrap())
}

fn published() -> JwkSet {
    keys().public(Timestamp::from_unix(NOW))
}

fn bearing(scheme: &str, token: &str) -> Request<Vec<u8>> {
    let request = Request::get("https://api.example/notes?x=1").header("authorization", format!("{scheme} {token}"));
    request.body(Vec::new()).unwrap()
}

fn check(token: &str) -> Result<JwtPermit, ResourceReason> {
    check_at(&api(), &bearing("Bearer", token), demand("read"), NOW).map_err(|refusal| refusal.reason)
}

fn check_at(
    api: &JwtResource,
    request: &Request<Vec<u8>>,
    demand: Demand,
    now: u64,
) -> Result<JwtPermit, Box<ResourceRefusal>> {
    api.check(request, demand, &published(), Timestamp::from_unix(now))
}

/// A good token, to be spoilt.
#[derive(Clone)]
struct Draft {
    header: Value,
    claims: Value,
}

fn draft() -> Draft {
    Draft {
        header: value!({"typ": "at+jwt", "alg": "EdDSA", "kid": KEY.kid()}),
        claims: value!({
            "iss": ISSUER, "aud": API, "sub": "alice", "client_id": "spa", "jti": "1", "iat": NOW - 60, "exp": NOW + 60,
            "scope": "read write",
        }),
    }
}

impl Draft {
    fn sign(&self, key: &PrivateKey) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap()))
    }

    /// With another claim, or, if that is null, without it.
    fn claiming(&self, name: &str, claim: Value) -> Self {
        let mut draft = self.clone();
        match claim {
            Value::Null => drop(draft.claims.as_object_mut().unwrap().remove(name)),
            claim => draft.claims[name] = claim,
        }
        draft
    }

    fn heading(&self, name: &str, member: Value) -> Self {
        let mut draft = self.clone();
        match member {
            Value::Null => drop(draft.header.as_object_mut().unwrap().remove(name)),
            member => draft.header[name] = member,
        }
        draft
    }
}

#[test]
fn each_claim_is_there_and_of_its_type() {
    let invalid = Err(ResourceReason::TokenInvalid);
    assert!(check(&draft().sign(&KEY)).is_ok());
    for name in ["iss", "aud", "sub", "client_id", "jti", "iat", "exp"] {
        for wrong in [value!(null), value!([]), value!({}), value!(true), value!(""), value!([1])] {
            let draft = draft().claiming(name, wrong.clone());
            assert_eq!(check(&draft.sign(&KEY)), invalid, "{name}: {wrong}");
        }
    }
    let optional = ["scope", "auth_time", "acr", "amr", "authorization_details", "act", "cnf", "nbf"];
    for name in optional {
        for wrong in [value!(true), value!([1]), value!({"a": 1}), value!([[]]), value!(-1)] {
            let draft = draft().claiming(name, wrong.clone());
            assert_eq!(check(&draft.sign(&KEY)), invalid, "{name}: {wrong}");
        }
        assert_eq!(check(&draft().claiming(name, value!(null)).sign(&KEY)).is_ok(), name != "scope", "{name}");
    }
    let two = value!({"jkt": draft().claims["jti"], "x5t#S256": "a"});
    assert_eq!(check(&draft().claiming("cnf", two).sign(&KEY)), invalid, "bound to two things");
}

#[test]
fn a_permit_says_all_that_the_token_says() {
    let draft = draft()
        .claiming("aud", value!(["https://other.example/", API, "no-uri"]))
        .claiming("auth_time", value!(NOW - 100))
        .claiming("acr", "gold".into())
        .claiming("amr", value!(["otp"]))
        .claiming("act", value!({"sub": "bob", "client_id": "web"}))
        .claiming("authorization_details", value!([{"type": "files"}]))
        .claiming("roles", value!(["editor"]));
    let permit = check(&draft.sign(&KEY)).unwrap();
    let claims = permit.claims;
    let mut printed: Value = serde_json::from_slice(&claims.print()).unwrap();
    printed["roles"] = value!(["editor"]);
    printed["aud"].as_array_mut().unwrap().push("no-uri".into());
    assert_eq!(printed, draft.claims);
    assert_eq!(Value::Object(permit.all), draft.claims);
    assert_eq!((permit.proof, permit.dpop_nonce), (None, None));
}

#[test]
fn only_the_issuer_for_this_resource_and_this_kind_of_token() {
    let row = |expected, what: &str, token: String| assert_eq!(check(&token).map(drop), expected, "{what}");
    let (good, invalid) = (Ok(()), Err(ResourceReason::TokenInvalid));
    for (expected, iss) in [(good, ISSUER), (invalid, "https://as.example/"), (invalid, "https://AS.example")] {
        row(expected, iss, draft().claiming("iss", iss.into()).sign(&KEY));
    }
    for (expected, aud) in [
        (good, value!(API)),
        (good, value!([API])),
        (good, value!(["https://other.example/", API])),
        (invalid, value!("https://api.example")),
        (invalid, value!("https://api.example/notes")),
        (invalid, value!(["https://other.example/"])),
        (invalid, value!("spa")),
    ] {
        row(expected, &aud.to_string(), draft().claiming("aud", aud.clone()).sign(&KEY));
    }
    for (expected, typ) in [
        (good, value!("at+jwt")),
        (good, value!("AT+JWT")),
        (good, value!("application/at+jwt")),
        (invalid, value!("JWT")),
        (invalid, value!("at+jws")),
        (invalid, value!("token-introspection+jwt")),
        (invalid, value!("application/application/at+jwt")),
        (invalid, value!(null)),
    ] {
        row(expected, &typ.to_string(), draft().heading("typ", typ.clone()).sign(&KEY));
    }
}

#[test]
fn the_issuers_keys_and_no_others_prove_a_token() {
    let stranger = PrivateKey::generate(Algorithm::EdDsa).unwrap();
    let (invalid, unknown) = (Err(ResourceReason::TokenInvalid), Err(ResourceReason::KeyUnknown));
    let row = |expected, what: &str, token: String| assert_eq!(check(&token).map(drop), expected, "{what}");
    row(invalid, "another key under this name", draft().sign(&stranger));
    row(unknown, "another key", draft().heading("kid", stranger.kid().into()).sign(&stranger));
    row(Ok(()), "the only key, not named", draft().heading("kid", value!(null)).sign(&KEY));
    let brought = draft().heading("jwk", Value::Object(stranger.public().to_jwk()));
    row(invalid, "its own key", brought.sign(&stranger));
    row(invalid, "critical", draft().heading("crit", value!(["exp"])).sign(&KEY));
    row(unknown, "another algorithm", draft().heading("alg", "ES256".into()).sign(&KEY));
    row(invalid, "none", {
        let token = draft().heading("alg", "none".into()).sign(&KEY);
        format!("{}.", token.rsplit_once('.').unwrap().0)
    });
    row(invalid, "the public key as a secret", {
        let token = draft().heading("alg", "HS256".into()).sign(&KEY);
        let signed = token.rsplit_once('.').unwrap().0.to_owned();
        let secret = grantor::jose::SharedSecret::new(&serde_json::to_vec(&KEY.public().to_jwk()).unwrap()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(secret.sign(signed.as_bytes())))
    });
    row(invalid, "a reference", "gr_at_AAAA".to_owned());

    // A new key is known as soon as the keys are fetched again.
    let token = draft().heading("kid", stranger.kid().into()).sign(&stranger);
    let both = keys().with(stranger.signing_key().clone(), Timestamp::from_unix(NOW)).public(Timestamp::from_unix(NOW));
    let permitted = api().check(&bearing("Bearer", &token), demand("read"), &both, Timestamp::from_unix(NOW));
    assert!(permitted.is_ok());
    let unnamed = draft().heading("kid", value!(null)).sign(&KEY);
    let refused = api().check(&bearing("Bearer", &unnamed), demand("read"), &both, Timestamp::from_unix(NOW));
    assert_eq!(refused.unwrap_err().reason, ResourceReason::TokenInvalid, "one of two");

    // What is allowed is less than what the issuer has.
    let es = JwtResource::builder(ISSUER, API).algorithms(Algorithms::NONE.and(Algorithm::Es256)).build().unwrap();
    let refused = check_at(&es, &bearing("Bearer", &draft().sign(&KEY)), demand("read"), NOW);
    assert_eq!(refused.unwrap_err().reason, ResourceReason::TokenInvalid);
}

#[test]
fn a_token_is_good_in_its_time_to_the_second() {
    let at = |tolerance: u64, now: u64, draft: &Draft| {
        let api = JwtResource::builder(ISSUER, API).clock_tolerance(Duration::from_secs(tolerance)).build().unwrap();
        check_at(&api, &bearing("Bearer", &draft.sign(&KEY)), demand("read"), now).is_ok()
    };
    let own = draft();
    for (good, tolerance, now) in [
        (true, 0, NOW + 59),
        (false, 0, NOW + 60),
        (true, 10, NOW + 69),
        (false, 10, NOW + 70),
        (true, 0, NOW - 60),
        (false, 0, NOW - 61),
        (true, 10, NOW - 70),
        (false, 10, NOW - 71),
    ] {
        assert_eq!(at(tolerance, now, &own), good, "{tolerance} s, {now}");
    }
    let later = own.claiming("nbf", value!(NOW));
    assert!(at(0, NOW, &later) && !at(0, NOW - 1, &later));
    for never in [value!(1.0e300), value!(-1), value!("1000060"), value!(u64::MAX)] {
        assert!(!at(0, NOW, &own.claiming("exp", never)));
    }
}

fn challenge_of(refusal: &ResourceRefusal) -> (StatusCode, Vec<String>) {
    let printed = refusal.print();
    let challenges = printed.headers().get_all("www-authenticate").iter();
    (printed.status(), challenges.map(|challenge| challenge.to_str().unwrap().to_owned()).collect())
}

#[test]
fn a_refusal_is_a_challenge() {
    let token = draft().sign(&KEY);
    let none = Request::get("https://api.example/").body(Vec::new()).unwrap();
    let twice =
        Request::get("https://api.example/").header("authorization", "Bearer a").header("authorization", "Bearer b");
    let invalid = r#"error="invalid_token", error_description="the access token is expired, revoked or invalid""#;
    let stale = demand("read").with_acr(["gold", "silver"]).authenticated_within(Duration::from_secs(60));
    for (what, request, demand, status, challenge) in [
        ("no token", none, demand("read"), 401, r#"Bearer realm="api", scope="read""#.to_owned()),
        (
            "two",
            twice.body(Vec::new()).unwrap(),
            demand("read"),
            400,
            r#"Bearer realm="api", error="invalid_request", error_description="the request must have exactly one access token", scope="read""#.to_owned(),
        ),
        ("garbage", bearing("Bearer", "x.y.z"), demand("read"), 401, format!(r#"Bearer realm="api", {invalid}, scope="read""#)),
        (
            "an unknown key",
            bearing("Bearer", &draft().heading("kid", "2".into()).sign(&KEY)),
            demand("read"),
            401,
            format!(r#"Bearer realm="api", {invalid}, scope="read""#),
        ),
        (
            "too little",
            bearing("Bearer", &token),
            demand("read admin"),
            403,
            r#"Bearer realm="api", error="insufficient_scope", error_description="the access token does not allow this", scope="read admin""#.to_owned(),
        ),
        (
            "not surely enough",
            bearing("Bearer", &token),
            stale,
            401,
            r#"Bearer realm="api", error="insufficient_user_authentication", error_description="a stronger or more recent login is required", scope="read", acr_values="gold silver", max_age="60""#.to_owned(),
        ),
    ] {
        let api = JwtResource::builder(ISSUER, API).realm("api").build().unwrap();
        let refusal = check_at(&api, &request, demand, NOW).unwrap_err();
        assert_eq!(challenge_of(&refusal), (StatusCode::from_u16(status).unwrap(), vec![challenge]), "{what}");
    }
}

#[test]
fn the_strength_of_a_login_is_what_the_token_says() {
    let gold = draft().claiming("acr", "gold".into()).claiming("auth_time", value!(NOW - 60));
    let row = |draft: &Draft, demand| check_at(&api(), &bearing("Bearer", &draft.sign(&KEY)), demand, NOW).is_ok();
    let within = |seconds| demand("read").authenticated_within(Duration::from_secs(seconds));
    assert!(row(&gold, demand("read").with_acr(["silver", "gold"])));
    assert!(!row(&gold, demand("read").with_acr(["silver"])));
    assert!(!row(&draft(), demand("read").with_acr(["gold"])), "nothing said");
    assert!(row(&gold, within(60)) && !row(&gold, within(59)));
    assert!(!row(&draft(), within(60)), "nobody");
}

#[test]
fn a_demand_may_name_another_of_the_resources() {
    let other = Resource::parse("https://api.example/other").unwrap();
    let token = draft().claiming("aud", other.as_str().into()).sign(&KEY);
    let reason = |demand| check_at(&api(), &bearing("Bearer", &token), demand, NOW).map_err(|refusal| refusal.reason);
    assert!(reason(demand("read").at(other)).is_ok());
    assert_eq!(reason(demand("read")).unwrap_err(), ResourceReason::TokenInvalid);
}

#[test]
fn a_token_that_is_bound_to_a_certificate_comes_over_its_connection() {
    let Confirmation::Certificate(thumbprint) = certificate("the one").confirmation() else { panic!("no certificate") };
    let bound = draft().claiming("cnf", value!({"x5t#S256": thumbprint.to_base64url()})).sign(&KEY);
    let row = |token: &str, holder: Option<&str>, demand| {
        let request = held(&bearing("Bearer", token), holder);
        check_at(&api(), &request, demand, NOW).map(drop).map_err(|refusal| refusal.reason)
    };
    assert_eq!(row(&bound, Some("the one"), demand("read")), Ok(()));
    assert_eq!(row(&bound, Some("another"), demand("read")), Err(ResourceReason::CertificateDiffers));
    assert_eq!(row(&bound, None, demand("read")), Err(ResourceReason::CertificateDiffers));
    assert_eq!(row(&draft().sign(&KEY), Some("the one"), demand("read")), Ok(()), "bound to nothing");
    assert_eq!(row(&bound, None, demand("admin")), Err(ResourceReason::CertificateDiffers), "a thief learns no more");
    assert_eq!(row(&bound, Some("the one"), demand("read").dpop_bound()), Err(ResourceReason::KeyDiffers));
}

#[test]
fn a_token_that_is_bound_to_a_key_comes_with_its_proof() {
    let key = PrivateKey::generate(Algorithm::Es256).unwrap();
    let bound = draft().claiming("cnf", value!({"jkt": key.public().thumbprint().to_string()})).sign(&KEY);
    let plain = draft().sign(&KEY);
    let api = JwtResource::builder(ISSUER, API).dpop(|_| ()).build().unwrap();
    let at = |token: &str, key: &PrivateKey, uri: &str, age: u64| {
        let made = crate::dpop::proof_for(Timestamp::from_unix(NOW - age), key, "GET", uri, token);
        showing(&bearing("DPoP", token), &made)
    };
    let uri = "https://api.example/notes";
    let row = |request: &Request<Vec<u8>>| check_at(&api, request, demand("read"), NOW).map_err(|own| own.reason);
    let good = at(&bound, &key, uri, 0);
    let permit = row(&good).unwrap();
    let (_, dies) = permit.proof.unwrap();
    assert_eq!(dies.as_unix(), NOW + 61);
    assert_eq!(row(&good).unwrap().proof, permit.proof, "told to remember it, not remembered");

    let stranger = PrivateKey::generate(Algorithm::Es256).unwrap();
    let differs = ResourceReason::KeyDiffers;
    for (what, request, expected) in [
        ("as a bearer token", bearing("Bearer", &bound), Some(differs)),
        ("another key", at(&bound, &stranger, uri, 0), Some(differs)),
        ("not bound", at(&plain, &key, uri, 0), Some(differs)),
        ("no proof", bearing("DPoP", &bound), None),
        ("elsewhere", at(&bound, &key, "https://other.example/notes", 0), None),
        (
            "for another token",
            {
                let made = crate::dpop::proof_for(Timestamp::from_unix(NOW), &key, "GET", uri, &plain);
                showing(&bearing("DPoP", &bound), &made)
            },
            None,
        ),
        ("too old", at(&bound, &key, uri, 61), None),
    ] {
        let reason = row(&request).unwrap_err();
        assert!(expected.map_or(matches!(reason, ResourceReason::Proof(_)), |own| own == reason), "{what}: {reason:?}");
    }
    assert!(row(&at(&bound, &key, uri, 60)).is_ok());
    let (_, told) = challenge_of(&check_at(&api, &bearing("Bearer", &bound), demand("read"), NOW).unwrap_err());
    assert!(told[0].starts_with("Bearer ") && told[1].starts_with("DPoP ") && told[1].contains("algs="), "{told:?}");

    // Who serves no proofs does not know the scheme.
    let refused = check_at(&self::api(), &good, demand("read"), NOW).unwrap_err();
    assert_eq!(refused.reason, ResourceReason::TokenMissing);
}

#[test]
fn proofs_may_need_a_nonce() {
    let key = PrivateKey::generate(Algorithm::Es256).unwrap();
    let bound = draft().claiming("cnf", value!({"jkt": key.public().thumbprint().to_string()})).sign(&KEY);
    let nonces = || DpopNonces::new([7; 32]);
    let api = JwtResource::builder(ISSUER, API).dpop(|dpop| dpop.nonces = Some(nonces())).build().unwrap();
    let made = crate::dpop::proof_for(Timestamp::from_unix(NOW), &key, "GET", "https://api.example/notes", &bound);
    let refusal = check_at(&api, &showing(&bearing("DPoP", &bound), &made), demand("read"), NOW).unwrap_err();
    assert_eq!(refusal.reason, ResourceReason::Proof(grantor::wire::ProofFault::Nonce));
    let nonce = refusal.print().headers()["dpop-nonce"].to_str().unwrap().to_owned();
    assert_eq!(nonce, nonces().current(Timestamp::from_unix(NOW)));
}

#[test]
fn what_could_not_work_is_refused() {
    let build = |issuer: &str, resource: &str| JwtResource::builder(issuer, resource);
    let fault = |builder: grantor::resource::JwtResourceBuilder| builder.build().map(drop).unwrap_err();
    assert_eq!(fault(build("as.example", API)), JwtResourceFault::Issuer("as.example".to_owned()));
    assert_eq!(fault(build("http://as.example", API)), JwtResourceFault::Issuer("http://as.example".to_owned()));
    assert_eq!(fault(build(ISSUER, "api")), JwtResourceFault::Resource("api".to_owned()));
    assert_eq!(fault(build(ISSUER, API).algorithms(Algorithms::NONE)), JwtResourceFault::Algorithms);
    let mac = Algorithms::ASYMMETRIC.and(Algorithm::Hs256);
    assert_eq!(fault(build(ISSUER, API).algorithms(mac)), JwtResourceFault::Algorithms);
    let long = Duration::from_secs(301);
    assert_eq!(fault(build(ISSUER, API).clock_tolerance(long)), JwtResourceFault::ClockTolerance);
    assert_eq!(fault(build(ISSUER, API).realm("\"")), JwtResourceFault::Realm("\"".to_owned()));
    assert_eq!(fault(build(ISSUER, API).dpop(|dpop| dpop.window = Duration::ZERO)), JwtResourceFault::Dpop);
}

/// What the server says of its own tokens, and what a resource finds out alone, is the same, but for what was revoked.
#[test]
fn a_resource_alone_comes_to_what_the_server_would_say() {
    let bound = Client::builder("bound").secret(secret("b")).grant_types(&[GrantType::ClientCredentials]);
    let change = |config: ConfigBuilder| with_jwts(config).mutual_tls(|_| ()).dpop(|_| ()).default_scope("read");
    let world = crowd_of(vec![bound.certificate_bound_access_tokens().build().unwrap()], change);
    let api = JwtResource::builder(ISSUER, API).clock_tolerance(Duration::ZERO).dpop(|_| ()).build().unwrap();
    let published = world.server.answer(Place::JwkSet, &get("/jwks"));
    let published = JwkSet::parse(published.body()).unwrap();

    let acting = [("grant_type", "client_credentials")];
    let key = PrivateKey::generate(Algorithm::Es256).unwrap();
    let proven = proof(world.now(), &key, "POST", "https://as.example/token");
    let own = |request: &Request<Vec<u8>>| json(&world.token(request))["access_token"].as_str().unwrap().to_owned();
    let tokens = [
        world.tokens()["access_token"].as_str().unwrap().to_owned(),
        own(&post_as("/token", &basic("service", "s"), &acting)),
        own(&held(&post_as("/token", &basic("bound", "b"), &acting), Some("the one"))),
        own(&showing(&post_as("/token", &basic("service", "s"), &acting), &proven)),
        "x.y.z".to_owned(),
    ];
    let demands = [
        demand("read"),
        demand("write"),
        demand("admin"),
        demand("read").dpop_bound(),
        demand("read").authenticated_within(Duration::from_secs(10)),
        demand("read").at(Resource::parse("https://other.example/").unwrap()),
    ];
    let mut compared = [0; 2];
    for later in [0, 20, 579, 1] {
        world.clock.advance(later);
        for (token, scheme, holder, demand) in tokens.iter().flat_map(|token| {
            let ways = [("Bearer", None), ("Bearer", Some("the one")), ("Bearer", Some("another")), ("DPoP", None)];
            let each = move |demand: &Demand| ways.map(|(scheme, holder)| (token, scheme, holder, demand.clone()));
            demands.iter().flat_map(each).collect::<Vec<_>>()
        }) {
            let request = held(&bearing(scheme, token), holder);
            let shown = crate::dpop::proof_for(world.now(), &key, "GET", "https://api.example/notes", token);
            let request = if scheme == "DPoP" { showing(&request, &shown) } else { request };
            let demand = demand.reached_at("https://api.example");
            let told = world.server.access(&request, demand.clone());
            let found = api.check(&request, demand, &published, world.now());
            compared[usize::from(found.is_ok())] += 1;
            match (told, found) {
                (Ok(told), Ok(found)) => {
                    assert_eq!((&told.client, &told.scope), (&found.claims.client_id, &found.claims.scope));
                    assert_eq!(told.subject.unwrap_or(found.claims.sub.clone()), found.claims.sub);
                    assert_eq!((told.cnf, told.expires), (found.claims.cnf, found.claims.exp));
                    assert_eq!(told.auth_time, found.claims.auth_time);
                }
                (Err(told), Err(found)) => {
                    let found = found.print();
                    assert_eq!((told.status(), told.headers()), (found.status(), found.headers()), "{request:?}");
                }
                (told, found) => panic!("{request:?}: {told:?} {found:?}"),
            }
        }
    }
    assert!(compared[0] > 300 && compared[1] > 20, "{compared:?}");
}

#[test]
fn a_revoked_token_is_good_here_until_it_expires() {
    let world = world_with(with_jwts);
    let token = world.tokens()["access_token"].as_str().unwrap().to_owned();
    world.revoke("spa", &token);
    assert!(!world.is_active(&token));
    let now = world.now().as_unix();
    assert!(check_at(&api(), &bearing("Bearer", &token), demand("read"), now + 599).is_ok());
    assert!(check_at(&api(), &bearing("Bearer", &token), demand("read"), now + 610).is_err());
}
