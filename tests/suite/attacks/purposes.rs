//! One key signs everything that is signed anywhere. What is signed for one purpose is of no use for another, whatever it
//! claims, and no claim that is no claim is believed [RFC 8725 §2.8, §3.11, §3.12].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use grantor::jose::{Claims, JwkSet, Purpose};
use grantor::record::{Client, ClientId, GrantType, Resource, Scope};
use grantor::resource::{Demand, IntrospectionReader, JwtResource};
use grantor::server::{Place, Visitor};
use grantor::{AssertionProfile, Progress, TrustedIssuer};
use http::Request;
use serde_json::{Value, json as value};

use crate::dpop::showing as proving;
use crate::faulty::Willing;
use crate::support::*;

const NOW: u64 = 1_000_000;
const API: &str = "https://api.example/";
const NEXT: &str = "https://next.example/";
const IDP: &str = "https://idp.example";
const JAG: &str = "https://jag.example";
const APP: &str = "https://app.example/cb";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const PURPOSES: [Purpose; 13] = [
    Purpose::ACCESS_TOKEN,
    Purpose::DPOP_PROOF,
    Purpose::CLIENT_ASSERTION,
    Purpose::CLIENT_ATTESTATION,
    Purpose::CLIENT_ATTESTATION_POP,
    Purpose::ASSERTION_GRANT,
    Purpose::ID_JAG,
    Purpose::REQUEST_OBJECT,
    Purpose::AUTHORIZATION_RESPONSE,
    Purpose::INTROSPECTION_RESPONSE,
    Purpose::SOFTWARE_STATEMENT,
    Purpose::ID_TOKEN,
    Purpose::typed("what nobody takes", "other+jwt"),
];

type Wide = World<grantor::store::Memory<grantor::store::Indexed>, Willing>;

fn jwks() -> JwkSet {
    JwkSet::from_iter([KEY.public().clone()])
}

/// A server with one key, which is also that of its client `app`, of the issuers that it trusts, of the attester and of
/// the instances. `app` is trusted as an issuer, too.
fn wide() -> Wide {
    let world = world_with(|config| {
        let config = with_jwts(config).resource(NEXT).default_scope("read").signed_introspection(|_| ());
        let config = config.client_assertions(|_| ()).client_attestations(|own| own.attesters = jwks());
        let config = config.dpop(|_| ()).request_objects(|_| ()).issue_id_jags(|_| ()).on_behalf_of();
        let config = config.trust_issuer(IDP, jwks(), |_| ()).trust_issuer("app", jwks(), |_| ());
        let identity = |own: &mut TrustedIssuer| own.profile = AssertionProfile::IdJag;
        config.trust_issuer(JAG, jwks(), identity).trust_issuer("app", jwks(), identity)
    });
    let metadata = |method: &str| {
        serde_json::from_value(value!({
            "token_endpoint_auth_method": method,
            "redirect_uris": [APP],
            "grant_types": ["authorization_code", "client_credentials", BEARER, GrantType::TokenExchange.as_str()],
            "scope": "read",
            "jwks": {"keys": [KEY.public().to_jwk()]},
        }))
        .unwrap()
    };
    for (id, method) in [("app", "private_key_jwt"), ("wallet", "attest_jwt_client_auth")] {
        let client = Client::builder(id).metadata(metadata(method)).resource(Resource::parse(API).unwrap());
        world.server.store().put_client(client.build().unwrap());
    }
    let grants = [GrantType::JwtBearer, GrantType::TokenExchange, GrantType::ClientCredentials];
    let api = Client::builder("api").secret(secret("a")).grant_types(&grants).resource(Resource::parse(API).unwrap());
    world.server.store().put_client(api.build().unwrap());
    world.hosted(Willing::default())
}

fn sign(purpose: &Purpose, claims: &Value) -> String {
    KEY.token(purpose, claims).unwrap()
}

fn succeeds(world: &Wide, request: &Request<Vec<u8>>) -> bool {
    world.token(request).status() == 200
}

fn headed(mut request: Request<Vec<u8>>, name: &'static str, text: &str) -> Request<Vec<u8>> {
    request.headers_mut().insert(name, text.parse().unwrap());
    request
}

fn by_api(path: &str, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    post_as(path, &basic("api", "a"), pairs)
}

fn attested(attestation: &str, pop: &str) -> Request<Vec<u8>> {
    let request = post("/token", &[("grant_type", "client_credentials"), ("client_id", "wallet")]);
    headed(headed(request, "oauth-client-attestation", attestation), "oauth-client-attestation-pop", pop)
}

/// A token of alice's that the server issued.
fn issued(world: &Wide) -> String {
    let code = world.code("spa", SPA, &[]);
    json(&world.token(&redeem("spa", SPA, &code)))["access_token"].as_str().unwrap().to_owned()
}

fn payload(token: &str) -> Value {
    serde_json::from_slice(&B64.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn attestation(_: &Wide) -> Value {
    value!({"iss": IDP, "sub": "wallet", "iat": NOW, "exp": NOW + 60, "cnf": {"jwk": KEY.public().to_jwk()}})
}

fn pop(_: &Wide) -> Value {
    value!({"iss": "wallet", "aud": ISSUER, "jti": "p", "iat": NOW})
}

fn request_object(_: &Wide) -> Value {
    value!({
        "iss": "app", "aud": ISSUER, "exp": NOW + 60, "nbf": NOW, "iat": NOW, "jti": "r", "client_id": "app",
        "redirect_uri": APP, "response_type": "code", "scope": "read", "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    })
}

/// Somewhere that takes a token.
struct Taker {
    name: &'static str,
    purpose: Purpose,
    /// What a good one claims.
    claims: fn(&Wide) -> Value,
    /// Whether one is taken.
    takes: fn(&Wide, &str) -> bool,
}

const TAKERS: &[Taker] = &[
    Taker {
        name: "client assertion",
        purpose: Purpose::CLIENT_ASSERTION,
        claims: |_| value!({"iss": "app", "sub": "app", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "c"}),
        takes: |world, token| {
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            let asserted = [("client_assertion_type", kind), ("client_assertion", token), ("client_id", "app")];
            let request = post("/token", &[("grant_type", "client_credentials")]);
            succeeds(world, &with(&request, &asserted))
        },
    },
    Taker {
        name: "attestation",
        purpose: Purpose::CLIENT_ATTESTATION,
        claims: attestation,
        takes: |world, token| succeeds(world, &attested(token, &sign(&Purpose::CLIENT_ATTESTATION_POP, &pop(world)))),
    },
    Taker {
        name: "proof of an attestation",
        purpose: Purpose::CLIENT_ATTESTATION_POP,
        claims: pop,
        takes: |world, token| {
            succeeds(world, &attested(&sign(&Purpose::CLIENT_ATTESTATION, &attestation(world)), token))
        },
    },
    Taker {
        name: "DPoP proof",
        purpose: Purpose::DPOP_PROOF,
        claims: |_| value!({"jti": "d", "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": NOW}),
        takes: |world, token| {
            let request = by_api("/token", &[("grant_type", "client_credentials")]);
            succeeds(world, &proving(&request, token))
        },
    },
    Taker {
        name: "request object",
        purpose: Purpose::REQUEST_OBJECT,
        claims: request_object,
        takes: |world, token| {
            let request = get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request", token)])));
            matches!(world.authorize(&request, Visitor::logged_in(world.session(), None)), Progress::Ask(_))
        },
    },
    Taker {
        name: "pushed request object",
        purpose: Purpose::REQUEST_OBJECT,
        claims: request_object,
        takes: |world, token| {
            let own = value!({"iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "own"});
            let own = sign(&Purpose::CLIENT_ASSERTION, &own);
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            let pairs = [("client_assertion_type", kind), ("client_assertion", &own), ("client_id", "app")];
            let request = post("/par", &[&pairs[..], &[("request", token)]].concat());
            world.server.answer(Place::PushedAuthorizationRequest, &request).status() == 201
        },
    },
    Taker {
        name: "assertion",
        purpose: Purpose::ASSERTION_GRANT,
        claims: |_| value!({"iss": IDP, "sub": "alice", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "a"}),
        takes: |world, token| succeeds(world, &by_api("/token", &[("grant_type", BEARER), ("assertion", token)])),
    },
    Taker {
        name: "identity assertion",
        purpose: Purpose::ID_JAG,
        claims: |_| {
            value!({
                "iss": JAG, "sub": "alice", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "i", "client_id": "api",
            })
        },
        takes: |world, token| succeeds(world, &by_api("/token", &[("grant_type", BEARER), ("assertion", token)])),
    },
    Taker {
        name: "on behalf of",
        purpose: Purpose::ACCESS_TOKEN,
        claims: |world| payload(&issued(world)),
        takes: |world, token| {
            let pairs = [("grant_type", BEARER), ("requested_token_use", "on_behalf_of"), ("resource", NEXT)];
            succeeds(world, &by_api("/token", &[&pairs[..], &[("assertion", token)]].concat()))
        },
    },
    Taker {
        name: "subject token",
        purpose: Purpose::ACCESS_TOKEN,
        claims: |world| payload(&issued(world)),
        takes: |world, token| {
            let pairs = [("subject_token", token), ("subject_token_type", ACCESS)];
            let grant = [("grant_type", GrantType::TokenExchange.as_str())];
            succeeds(world, &by_api("/token", &[&grant[..], &pairs].concat()))
        },
    },
    Taker {
        name: "actor token",
        purpose: Purpose::ACCESS_TOKEN,
        claims: |world| payload(&issued(world)),
        takes: |world, token| {
            let subject = issued(world);
            let pairs = [("subject_token", &*subject), ("subject_token_type", ACCESS)];
            let actor = [("actor_token", token), ("actor_token_type", ACCESS)];
            let grant = [("grant_type", GrantType::TokenExchange.as_str())];
            succeeds(world, &by_api("/token", &[&grant[..], &pairs, &actor].concat()))
        },
    },
    Taker {
        name: "introspection",
        purpose: Purpose::ACCESS_TOKEN,
        claims: |world| payload(&issued(world)),
        takes: |world, token| {
            let request = by_api("/introspect", &[("token", token)]);
            json(&world.server.answer(Place::Introspection, &request))["active"] == true
        },
    },
    Taker {
        name: "revocation",
        purpose: Purpose::ACCESS_TOKEN,
        claims: |world| payload(&issued(world)),
        takes: |world, token| {
            world.log.take();
            assert_eq!(world.revoke("spa", token).status(), 200);
            !world.log.take().is_empty()
        },
    },
    Taker {
        name: "resource beside the server",
        purpose: Purpose::ACCESS_TOKEN,
        claims: |world| payload(&issued(world)),
        takes: |world, token| {
            let request = headed(get("/api"), "authorization", &format!("Bearer {token}"));
            world.server.access(&request, Demand::new(Scope::parse("read").unwrap())).is_ok()
        },
    },
    Taker {
        name: "resource by itself",
        purpose: Purpose::ACCESS_TOKEN,
        claims: |world| payload(&issued(world)),
        takes: |world, token| {
            let api = JwtResource::builder(ISSUER, API).build().unwrap();
            let request = headed(get("/api"), "authorization", &format!("Bearer {token}"));
            api.check(&request, Demand::new(Scope::parse("read").unwrap()), &jwks(), world.now()).is_ok()
        },
    },
    Taker {
        name: "introspection response",
        purpose: Purpose::INTROSPECTION_RESPONSE,
        claims: |_| value!({"iss": ISSUER, "aud": "api", "iat": NOW, "token_introspection": {"active": true}}),
        takes: |world, token| {
            let (own, keys) = (ClientId::new("api"), jwks());
            IntrospectionReader::new(ISSUER, &own, &keys).read(token, world.now()).is_ok()
        },
    },
];

/// Claims are those that would be good there, so that the type alone tells.
#[test]
fn a_token_of_another_type_is_taken_nowhere_whatever_it_claims() {
    for taker in TAKERS {
        for purpose in &PURPOSES {
            let world = wide();
            let taken = (taker.takes)(&world, &sign(purpose, &(taker.claims)(&world)));
            // The old ones have no type of their own.
            assert_eq!(taken, purpose.typ() == taker.purpose.typ(), "{} as {}", purpose.name(), taker.name);
        }
    }
}

/// What nobody here takes.
const OTHERS: &[(&str, Purpose, fn(&Wide) -> Value)] = &[
    (
        "authorization response",
        Purpose::AUTHORIZATION_RESPONSE,
        |_| value!({"iss": ISSUER, "aud": "app", "exp": NOW + 60, "code": "x", "state": "y"}),
    ),
    (
        "ID token",
        Purpose::ID_TOKEN,
        |_| value!({"iss": ISSUER, "sub": "alice", "aud": "app", "iat": NOW, "exp": NOW + 60, "jti": "o"}),
    ),
    (
        "ID token of another",
        Purpose::ID_TOKEN,
        |_| value!({"iss": IDP, "sub": "alice", "aud": "api", "azp": "api", "iat": NOW, "exp": NOW + 60, "jti": "o"}),
    ),
    ("identity assertion for another server", Purpose::ID_JAG, |_| {
        value!({
            "iss": ISSUER, "sub": "alice", "aud": ISSUER, "client_id": "api", "iat": NOW, "exp": NOW + 60, "jti": "o",
        })
    }),
    (
        "software statement",
        Purpose::SOFTWARE_STATEMENT,
        |_| value!({"iss": IDP, "sub": "app", "software_id": "x", "client_id": "app", "redirect_uris": [APP], "jti": "o"}),
    ),
    ("access token of another", Purpose::ACCESS_TOKEN, |world| {
        let mut claims = payload(&issued(world));
        claims["iss"] = IDP.into();
        claims
    }),
];

/// What is good somewhere is good nowhere else, also where there is no type to tell; and those that have one go without.
#[test]
fn what_is_good_in_one_place_is_good_in_no_other() {
    let takers = TAKERS.iter().map(|other| (other.name, other.purpose, other.claims));
    for taker in TAKERS {
        for (name, purpose, claims) in takers.clone().chain(OTHERS.iter().copied()) {
            for typ in [None, Some("JWT"), Some(purpose.typ())] {
                let world = wide();
                let mut header = value!({"alg": "EdDSA", "kid": KEY.kid()});
                if let Some(typ) = typ {
                    header["typ"] = typ.into();
                }
                if purpose == Purpose::DPOP_PROOF {
                    header["jwk"] = Value::Object(KEY.public().to_jwk());
                }
                let taken = (taker.takes)(&world, &forge(&header, &claims(&world).to_string()));
                let plain = purpose.typ() == "JWT";
                // Both kinds of assertions are shown in one place.
                let grants = [Purpose::ASSERTION_GRANT, Purpose::ID_JAG];
                let kin = taker.purpose == purpose || [taker.purpose, purpose].iter().all(|one| grants.contains(one));
                let meant = kin && TAKERS.iter().any(|other| other.name == name);
                let same = meant && (plain || typ == Some(purpose.typ()));
                assert_eq!(taken, same, "{name} {typ:?} as {}", taker.name);
            }
        }
    }
}

fn forge(header: &Value, claims: &str) -> String {
    let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims));
    format!("{signed}.{}", B64.encode(KEY.sign(signed.as_bytes()).unwrap()))
}

/// Not even where both are one key: whoever shows a token that is bound to it shows a DPoP proof [RFC 9449 §7].
#[test]
fn the_proof_of_an_instance_is_no_proof_of_the_key_of_a_token() {
    let world = wide();
    let made = std::cell::Cell::new(0);
    let by = |pairs: &[(&str, &str)], proven: bool| {
        made.set(made.get() + 1);
        let mut possessed = pop(&world);
        possessed["jti"] = made.get().to_string().into();
        let shown = sign(&Purpose::CLIENT_ATTESTATION, &attestation(&world));
        let request = with(&attested(&shown, &sign(&Purpose::CLIENT_ATTESTATION_POP, &possessed)), pairs);
        let proof = crate::dpop::proof(world.now(), &KEY, "POST", "https://as.example/token");
        json(&world.token(&if proven { proving(&request, &proof) } else { request }))
    };
    let code = world.code("wallet", APP, &[]);
    let redeeming =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", APP), ("code_verifier", VERIFIER)];
    let bound = by(&redeeming, true);
    assert_eq!(bound["token_type"], "DPoP", "{bound}");
    let (bound, other) = (bound["access_token"].as_str().unwrap(), issued(&world));
    let subject = |token| vec![("subject_token", token), ("subject_token_type", ACCESS)];
    let exchange = ("grant_type", GrantType::TokenExchange.as_str());
    let id_jag = "urn:ietf:params:oauth:token-type:id-jag";
    for (name, pairs, token_type) in [
        ("subject", [vec![exchange], subject(bound)].concat(), "DPoP"),
        (
            "actor",
            [vec![exchange, ("actor_token", bound), ("actor_token_type", ACCESS)], subject(&other)].concat(),
            "DPoP",
        ),
        (
            "identity",
            [vec![exchange, ("requested_token_type", id_jag), ("audience", IDP)], subject(bound)].concat(),
            "N_A",
        ),
        (
            "on behalf",
            vec![
                ("grant_type", BEARER),
                ("requested_token_use", "on_behalf_of"),
                ("assertion", bound),
                ("resource", NEXT),
            ],
            "DPoP",
        ),
    ] {
        let without = by(&pairs, false);
        assert!(without.get("access_token").is_none(), "{name}: {without}");
        let proven = by(&pairs, true);
        assert_eq!(proven["token_type"], token_type, "{name}: {proven}");
        if name == "identity" {
            assert_eq!(
                payload(proven["access_token"].as_str().unwrap())["cnf"]["jkt"],
                KEY.public().thumbprint().to_string()
            );
        }
    }
}

/// The header that a good one has there.
fn header(taker: &Taker) -> Value {
    let printed = sign(&taker.purpose, &value!({}));
    serde_json::from_slice(&B64.decode(printed.split('.').next().unwrap()).unwrap()).unwrap()
}

#[test]
fn no_number_that_is_no_time_is_taken_for_one_anywhere() {
    let huge = ["253402300800", "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e30", "1e308"];
    let wrong = ["-1", "-9223372036854775808", "\"1000060\"", "null", "true", "[1000060]", "{}"];
    for taker in TAKERS {
        for name in ["exp", "nbf", "iat"] {
            for text in huge.iter().chain(&wrong) {
                let world = wide();
                let mut claims = (taker.claims)(&world);
                claims.as_object_mut().unwrap().remove(name);
                let claims = claims.to_string().replacen('{', &format!("{{\"{name}\":{text},"), 1);
                let taken = (taker.takes)(&world, &forge(&header(taker), &claims));
                assert!(!taken, "{} takes {name} {text}", taker.name);
            }
        }
    }
    assert!(Claims::parse(br#"{"exp":18446744073709551616}"#).is_err());
}

#[test]
fn a_name_is_no_key_a_member_comes_once_and_nothing_is_read_in_two_ways() {
    for taker in TAKERS {
        let offer = |header: &str, change: &dyn Fn(String) -> String| {
            let world = wide();
            let claims = change((taker.claims)(&world).to_string());
            let signed = format!("{}.{}", B64.encode(header), B64.encode(claims));
            (taker.takes)(&world, &format!("{signed}.{}", B64.encode(KEY.sign(signed.as_bytes()).unwrap())))
        };
        let good = header(taker);
        let heading = |name: &str, member: Value| {
            let mut header = good.clone();
            header[name] = member;
            header.to_string()
        };
        let text = good.to_string();
        assert!(offer(&text, &|claims| claims), "{}", taker.name);
        assert!(offer(&heading("x", value!({"y": [1]})), &|claims| claims), "{}: what nobody knows", taker.name);
        // Which key it is was said already.
        if ![Purpose::DPOP_PROOF, Purpose::CLIENT_ATTESTATION_POP].contains(&taker.purpose) {
            for kid in ["", " ", "*", "../../dev/null", "' OR 1=1 --", &"k".repeat(5000), &format!("{}\0", KEY.kid())] {
                assert!(!offer(&heading("kid", kid.into()), &|claims| claims), "{}: {kid}", taker.name);
            }
        }
        if taker.purpose != Purpose::DPOP_PROOF {
            assert!(!offer(&heading("jwk", KEY.public().to_jwk().into()), &|claims| claims), "{}", taker.name);
        }
        let claimed = |more: &'static str| move |claims: String| claims.replacen('{', more, 1);
        for (name, header, more) in [
            ("kid is a number", heading("kid", 1.into()), "{"),
            ("critical", heading("crit", value!(["exp"])), "{"),
            ("critical, nothing", heading("crit", value!([])), "{"),
            ("b64", heading("b64", true.into()), "{"),
            ("zip", heading("zip", "DEF".into()), "{"),
            ("keys elsewhere", heading("jku", "https://evil.example/jwks".into()), "{"),
            ("a certificate elsewhere", heading("x5u", "https://evil.example/x".into()), "{"),
            ("a certificate", heading("x5c", value!(["AAAA"])), "{"),
            ("none", heading("alg", "none".into()), "{"),
            ("nOnE", heading("alg", "nOnE".into()), "{"),
            ("with a secret", heading("alg", "HS256".into()), "{"),
            ("of another curve", heading("alg", "ES256".into()), "{"),
            ("alg twice", text.replacen('{', r#"{"alg":"none","#, 1), "{"),
            ("alg twice, spelled otherwise", text.replacen('{', r#"{"\u0061lg":"none","#, 1), "{"),
            ("a claim twice", text.clone(), r#"{"x":1,"x":2,"#),
            ("a claim twice, spelled otherwise", text.clone(), r#"{"x":1,"\u0078":2,"#),
            ("a claim twice, deep inside", text.clone(), r#"{"x":[{"y":{"z":1,"z":2}}],"#),
        ] {
            assert!(!offer(&header, &claimed(more)), "{}: {name}", taker.name);
        }
        assert!(offer(&text, &claimed(r#"{"x":1,"X":2,"#)), "{}: names have a case", taker.name);
        let deep = |claims: String| claims.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(40), "]".repeat(40)), 1);
        assert!(!offer(&text, &deep), "{}: deep", taker.name);
        assert!(!offer(&text, &|claims| format!("\u{feff}{claims}")), "{}: a mark of order", taker.name);
        assert!(!offer(&text, &|claims| format!("[{claims}]")), "{}: a list", taker.name);
    }
}

/// One token has one spelling: no letter of it can be another, and nothing can stand beside it.
#[test]
fn no_other_spelling_of_a_token_is_that_token() {
    for taker in TAKERS {
        let offer = |change: &dyn Fn(&str) -> String| {
            let world = wide();
            let good = sign(&taker.purpose, &(taker.claims)(&world));
            (taker.takes)(&world, &change(&good))
        };
        assert!(offer(&str::to_owned), "{}", taker.name);
        for place in (0..16).map(|part| part * 61).chain([usize::MAX]) {
            let changed = |letter: u8| {
                move |good: &str| {
                    let mut bytes = good.as_bytes().to_vec();
                    let place = place.min(bytes.len() - 1) % bytes.len();
                    bytes[place] = if bytes[place] == letter { letter + 1 } else { letter };
                    String::from_utf8(bytes).unwrap()
                }
            };
            assert!(!offer(&changed(b'A')), "{}: {place}", taker.name);
            assert!(!offer(&changed(b'.')), "{}: {place}", taker.name);
        }
        let spelled: [(&str, fn(&str) -> String); 9] = [
            ("padded", |good| format!("{good}=")),
            ("longer", |good| format!("{good}AA")),
            ("shorter", |good| good[..good.len() - 2].to_owned()),
            ("another part", |good| format!("{good}.")),
            ("an empty part", |good| format!(".{good}")),
            ("without a signature", |good| good.rsplit_once('.').unwrap().0.to_owned() + "."),
            ("two parts", |good| good.rsplit_once('.').unwrap().0.to_owned()),
            ("twice", |good| format!("{good}.{good}")),
            ("in another alphabet", |good| good.replace(['-', '_'], "+") + "/"),
        ];
        for (name, change) in spelled {
            assert!(!offer(&change), "{}: {name}", taker.name);
        }
    }
}
