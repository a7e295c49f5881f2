//! Introspection responses as JWTs [RFC 9701]: who gets them, what they say, how they are signed and encrypted.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::drive::{Host, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::jose::{
    Algorithm, Algorithms, ClaimFault, ContentEncryption, DecryptionKey, Jwe, Jws, JwsFault, KeyManagement, KeySet,
    LocalSigner, PrivateKey, Purpose,
};
use grantor::record::{Client, ClientBuilder, ClientFault, ClientId, ClientMetadata, GrantType, Resource};
use grantor::resource::{IntrospectionFault, IntrospectionReader};
use grantor::server::Place;
use grantor::wire::{Credentials, Introspection, TokenQuery};
use grantor::{ConfigBuilder, ConfigFault, Question, Registration, SigningInput, Timestamp, Verdict};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json as value};

use crate::faulty::{Fault, Faulty};
use crate::interleavings::crowd_of;
use crate::schedule::{Move, Player, Scene};
use crate::support::*;
use crate::table::Shelf;

const API: &str = "https://api.example/";
const TYPE: &str = "application/token-introspection+jwt";

fn signed(config: ConfigBuilder) -> ConfigBuilder {
    config.audience(API).keys(keys()).signed_introspection(|_| ())
}

/// The resource server.
fn rs() -> ClientBuilder {
    Client::builder("rs").secret(secret("r")).resource(Resource::parse(API).unwrap()).grant_types(&[])
}

/// The resource server as it registered.
fn registered(members: Value) -> Result<Client, ClientFault> {
    let metadata: ClientMetadata = serde_json::from_value(members).unwrap();
    rs().metadata(metadata).build()
}

fn world() -> World {
    let world = world_with(signed);
    world.server.store().put_client(rs().build().unwrap());
    world
}

fn asking(client: &str, secret: &str, token: &str) -> Request<Vec<u8>> {
    let mut request = post_as("/introspect", &basic(client, secret), &[("token", token)]);
    request.headers_mut().insert("accept", TYPE.parse().unwrap());
    request
}

fn told(answer: &Response<Vec<u8>>) -> Value {
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", String::from_utf8_lossy(answer.body()));
    assert_eq!(answer.headers()["content-type"], TYPE);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let text = std::str::from_utf8(answer.body()).unwrap();
    let jws = Jws::parse(text, &Purpose::INTROSPECTION_RESPONSE).unwrap();
    assert_eq!(
        (jws.header().kid.as_deref(), jws.header().typ.as_deref()),
        (Some(KEY.kid()), Some("token-introspection+jwt"))
    );
    Value::Object(jws.verify(KEY.public()).unwrap().claims().unwrap().into_members())
}

fn access(world: &World) -> String {
    world.tokens()["access_token"].as_str().unwrap().to_owned()
}

impl World {
    fn asked(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.server.answer(Place::Introspection, request)
    }
}

#[test]
fn a_signed_answer_says_what_json_would_say_to_one_receiver() {
    let world = world();
    let token = access(&world);
    let mut plain = asking("rs", "r", &token);
    plain.headers_mut().remove("accept");
    let json = json(&world.asked(&plain));
    assert_eq!((json["active"].clone(), json["sub"].clone()), (true.into(), "alice".into()));
    world.clock.advance(5);
    let expected = value!({"iss": ISSUER, "aud": "rs", "iat": world.now().as_unix(), "token_introspection": json});
    assert_eq!(told(&world.asked(&asking("rs", "r", &token))), expected);

    // Whoever would rather have JSON gets it.
    plain.headers_mut().insert("accept", format!("application/json, {TYPE};q=0.5").parse().unwrap());
    let answer = world.asked(&plain);
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[test]
fn who_is_not_meant_is_told_nothing_by_a_signature() {
    let world = world();
    let tokens = world.tokens();
    let (token, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let nothing = value!({"active": false});
    for (who, secret, token, active) in [
        ("rs", "r", token, true),
        ("service", "s", token, false),
        ("rs", "r", refresh, false),
        ("rs", "r", "banana", false),
    ] {
        let said = told(&world.asked(&asking(who, secret, token)));
        assert_eq!((said["aud"].clone(), said.get("sub"), said.get("exp")), (who.into(), None, None));
        assert_eq!(said["token_introspection"]["active"], active, "{who}: {token}");
        assert!(active || said["token_introspection"] == nothing, "{who}");
    }
    world.clock.advance(600);
    assert_eq!(told(&world.asked(&asking("rs", "r", token)))["token_introspection"], nothing, "expired");
    let token = access(&world);
    world.revoke("spa", &token);
    assert_eq!(told(&world.asked(&asking("rs", "r", &token)))["token_introspection"], nothing, "revoked");
}

#[test]
fn whoever_does_not_authenticate_is_refused_in_either_form() {
    let world = world();
    let token = access(&world);
    for form in [TYPE, "application/json"] {
        let mut public = post("/introspect", &[("client_id", "spa"), ("token", &token)]);
        public.headers_mut().insert("accept", form.parse().unwrap());
        let answer = world.asked(&public);
        assert_eq!(
            (answer.status().as_u16(), json(&answer)["error"].as_str()),
            (400, Some("invalid_client")),
            "{form}"
        );
        let mut wrong = asking("rs", "wrong", &token);
        wrong.headers_mut().insert("accept", form.parse().unwrap());
        assert_eq!(world.asked(&wrong).status(), StatusCode::UNAUTHORIZED, "{form}");
    }
    // Elsewhere a public client is what it was.
    assert_eq!(world.revoke("spa", &token).status(), StatusCode::OK);
    assert_eq!(told(&world.asked(&asking("rs", "r", &token)))["token_introspection"], value!({"active": false}));
}

#[test]
fn a_server_that_signs_nothing_answers_in_json() {
    let world = world_with(|config| config.audience(API).keys(keys()));
    world.server.store().put_client(rs().build().unwrap());
    let token = access(&world);
    let answer = world.asked(&asking("rs", "r", &token));
    assert_eq!(json(&answer)["active"], true);
    let public = post("/introspect", &[("client_id", "spa"), ("token", &token)]);
    assert_eq!(json(&world.asked(&public))["active"], true);
    assert_eq!(world.server.config().metadata().introspection_signing_alg_values_supported, Vec::<String>::new());
}

#[test]
fn a_resource_server_is_shown_the_scope_that_concerns_it() {
    let (first, second) = ("https://one.example/", "https://two.example/");
    let world = world_with(|config| {
        let config = config.resource_with_scopes(first, "read").resource_with_scopes(second, "read write");
        config.audience(first).audience(second).keys(keys()).signed_introspection(|_| ())
    });
    let serving = |id: &str, resource: &str| {
        let client = Client::builder(id).secret(secret("r")).resource(Resource::parse(resource).unwrap());
        world.server.store().put_client(client.grant_types(&[]).build().unwrap());
    };
    serving("one", first);
    serving("two", second);
    let token = access(&world);
    let scope = |who: &str| told(&world.asked(&asking(who, "r", &token)))["token_introspection"]["scope"].clone();
    assert_eq!((scope("one"), scope("two")), ("read".into(), "read write".into()));
}

#[test]
fn the_algorithm_is_the_one_that_the_receiver_registered() {
    let (rs256, es256) =
        (PrivateKey::generate(Algorithm::Rs256).unwrap(), PrivateKey::generate(Algorithm::Es256).unwrap());
    let start = Timestamp::from_unix(0);
    let all = || {
        let set = KeySet::new(Duration::from_secs(3600)).with(rs256.signing_key().clone(), start);
        set.with(es256.signing_key().clone(), start).with(KEY.signing_key().clone(), start)
    };
    let without = || keys().with(es256.signing_key().clone(), Timestamp::from_unix(9_000_000));
    let only = |algorithm| Algorithms::NONE.and(algorithm);
    let rows: [(&str, KeySet, Algorithms, Option<&str>, Option<Algorithm>); 8] = [
        ("nothing said", all(), Algorithms::ASYMMETRIC, None, Some(Algorithm::Rs256)),
        ("registered", all(), Algorithms::ASYMMETRIC, Some("ES256"), Some(Algorithm::Es256)),
        ("registered, too", all(), Algorithms::ASYMMETRIC, Some("EdDSA"), Some(Algorithm::EdDsa)),
        ("no key for it", all(), Algorithms::ASYMMETRIC, Some("PS256"), None),
        ("not served", all(), only(Algorithm::Es256), Some("EdDSA"), None),
        ("RS256 not served", all(), only(Algorithm::Es256), None, Some(Algorithm::Es256)),
        ("RS256 not there", without(), Algorithms::ASYMMETRIC, None, Some(Algorithm::EdDsa)),
        ("RS256 not there, and wanted", without(), Algorithms::ASYMMETRIC, Some("RS256"), None),
    ];
    for (name, set, served, wanted, expected) in rows {
        let world = world_with(|config| signed(config).keys(set).signed_introspection(|own| own.algorithms = served));
        let signer = LocalSigner::new([rs256.clone(), es256.clone(), KEY.clone()]);
        let World { server, clock, log } = world;
        let world = World { server: server.with_signer(signer), clock, log };
        let mut members = value!({"grant_types": []});
        wanted.into_iter().for_each(|wanted| members["introspection_signed_response_alg"] = wanted.into());
        world.server.store().put_client(registered(members).unwrap());
        let answer = world.server.answer(Place::Introspection, &asking("rs", "r", "banana"));
        let Some(expected) = expected else {
            assert_eq!(
                (answer.status().as_u16(), json(&answer)["error"].as_str()),
                (400, Some("invalid_client")),
                "{name}"
            );
            continue;
        };
        let jws = Jws::parse(std::str::from_utf8(answer.body()).unwrap(), &Purpose::INTROSPECTION_RESPONSE).unwrap();
        assert_eq!(jws.header().algorithm, expected, "{name}");
        let key = [&rs256, &es256, &*KEY].into_iter().find(|key| key.algorithm() == expected).unwrap();
        assert!(jws.verify(key.public()).is_ok(), "{name}");
    }
}

fn jwks(keys: &[&DecryptionKey]) -> Value {
    value!({"keys": keys.iter().map(|key| key.public().to_jwk()).collect::<Vec<_>>()})
}

#[test]
fn an_answer_is_encrypted_to_whoever_registered_for_that() {
    for management in KeyManagement::ALL {
        let key = DecryptionKey::generate(management).unwrap();
        for encryption in [None, Some(ContentEncryption::A128Gcm), Some(ContentEncryption::A256Gcm)] {
            let world = world();
            let mut members = value!({
                "grant_types": [], "jwks": jwks(&[&key]), "introspection_encrypted_response_alg": management.as_str(),
            });
            if let Some(encryption) = encryption {
                members["introspection_encrypted_response_enc"] = encryption.as_str().into();
            }
            world.server.store().put_client(registered(members).unwrap());
            let token = access(&world);
            let [first, second] = [(); 2].map(|()| world.asked(&asking("rs", "r", &token)));
            assert_eq!((first.status().as_u16(), &first.headers()["content-type"]), (200, &TYPE.parse().unwrap()));
            assert_ne!(first.body(), second.body(), "encrypted anew");
            let text = std::str::from_utf8(first.body()).unwrap();
            let expected = encryption.unwrap_or(ContentEncryption::A128CbcHs256);
            let opened = Jwe::parse(text, &[management], &[expected]).unwrap().decrypt_token(&key).unwrap();
            let mut unsealed = first.clone();
            *unsealed.body_mut() = opened.into_bytes();
            assert_eq!(told(&unsealed)["token_introspection"]["sub"], "alice", "{management:?} {encryption:?}");
        }
    }
}

/// A host that has one document, or none.
#[derive(Clone, Debug)]
struct Library(Option<Vec<u8>>);

impl Host for Library {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        assert_eq!(request.url.as_str(), "https://rs.example/jwks");
        let found = self.0.as_ref().map(|text| Fetched::from(&Response::new(text.clone())));
        Ok(found.ok_or(Unfetched::Unreachable))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        sign(input)
    }
}

#[test]
fn the_key_to_encrypt_to_may_be_behind_a_url_and_without_it_nothing_is_told() {
    let (key, other) = (
        DecryptionKey::generate(KeyManagement::EcdhEs).unwrap(),
        DecryptionKey::generate(KeyManagement::RsaOaep256).unwrap(),
    );
    let good = jwks(&[&other, &key]).to_string().into_bytes();
    let unfit = jwks(&[&other]).to_string().into_bytes();
    for (name, document, expected) in [
        ("there", Some(good), true),
        ("of another kind", Some(unfit), false),
        ("garbage", Some(b"{}".to_vec()), false),
        ("gone", None, false),
    ] {
        let world = world();
        let members = value!({
            "grant_types": [], "jwks_uri": "https://rs.example/jwks", "introspection_encrypted_response_alg": "ECDH-ES",
        });
        world.server.store().put_client(registered(members).unwrap());
        let token = access(&world);
        let world = world.hosted(Library(document));
        let answer = world.server.answer(Place::Introspection, &asking("rs", "r", &token));
        if expected {
            let text = std::str::from_utf8(answer.body()).unwrap();
            let jwe = Jwe::parse(text, &KeyManagement::ALL, &ContentEncryption::ALL).unwrap();
            assert!(jwe.decrypt_token(&key).is_ok(), "{name}");
        } else {
            let error = json(&answer)["error"].as_str().unwrap().to_owned();
            assert_eq!((answer.status().as_u16(), error.as_str()), (400, "invalid_client"), "{name}");
            assert!(!String::from_utf8_lossy(answer.body()).contains("alice"), "{name}");
        }
    }
}

#[test]
fn what_could_not_be_answered_is_not_registered() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).unwrap();
    let fault = |mut members: Value| {
        members["grant_types"] = value!([]);
        registered(members).map(drop).err()
    };
    let (signed, encrypted) = ("introspection_signed_response_alg", "introspection_encrypted_response_alg");
    let enc = "introspection_encrypted_response_enc";
    let own = jwks(&[&key]);
    for (name, members, expected) in [
        ("signed", value!({signed: "PS256"}), None),
        ("none", value!({signed: "none"}), Some(ClientFault::AnswerAlgorithm(signed))),
        ("a code", value!({signed: "HS256"}), Some(ClientFault::AnswerAlgorithm(signed))),
        ("encrypted", value!({encrypted: "ECDH-ES", "jwks": own}), None),
        ("encrypted, later", value!({encrypted: "ECDH-ES", "jwks_uri": "https://rs.example/jwks"}), None),
        ("both", value!({encrypted: "ECDH-ES", enc: "A256GCM", "jwks": own}), None),
        ("unknown", value!({encrypted: "RSA1_5", "jwks": own}), Some(ClientFault::AnswerAlgorithm(encrypted))),
        (
            "unknown too",
            value!({encrypted: "ECDH-ES", enc: "A1GCM", "jwks": own}),
            Some(ClientFault::AnswerAlgorithm(encrypted)),
        ),
        ("half", value!({enc: "A256GCM", "jwks": own}), Some(ClientFault::AnswerAlgorithm(encrypted))),
        ("no key", value!({encrypted: "ECDH-ES"}), Some(ClientFault::EncryptionKeyMissing)),
        ("another key", value!({encrypted: "RSA-OAEP-256", "jwks": own}), Some(ClientFault::EncryptionKeyMissing)),
    ] {
        assert_eq!(fault(members), expected, "{name}");
    }

    let register = |config: &dyn Fn(ConfigBuilder) -> ConfigBuilder, algorithm: &str| {
        let registration = Registration::open().grant_types(&[GrantType::ClientCredentials]);
        let world = world_with(|own| config(own.default_scope("read").registration(registration)));
        let body = value!({"grant_types": ["client_credentials"], signed: algorithm});
        let request =
            crate::fault_cases::json_request(http::Method::POST, &format!("{ISSUER}/register"), None, Some(&body));
        world.server.answer(Place::Registration, &request).status().as_u16()
    };
    assert_eq!(register(&self::signed, "EdDSA"), 201);
    assert_eq!(register(&self::signed, "PS256"), 400, "there is no such key");
    assert_eq!(register(&|config| config, "EdDSA"), 400, "nothing is signed");
}

#[test]
fn the_server_says_how_it_signs_and_encrypts() {
    let metadata = signed(config()).build().unwrap().metadata();
    assert_eq!(metadata.introspection_signing_alg_values_supported, ["EdDSA"]);
    let all = ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"];
    assert_eq!(metadata.introspection_encryption_alg_values_supported, all);
    assert_eq!(metadata.introspection_encryption_enc_values_supported, ["A128GCM", "A256GCM", "A128CBC-HS256"]);
    let fault = |config: ConfigBuilder| config.build().err();
    assert_eq!(fault(config().signed_introspection(|_| ())), Some(ConfigFault::SignedIntrospection));
    let es = |config: ConfigBuilder| {
        config.signed_introspection(|own| own.algorithms = Algorithms::NONE.and(Algorithm::Es256))
    };
    assert_eq!(fault(es(signed(config()))), Some(ConfigFault::SignedIntrospection));
}

fn forged(key: &PrivateKey, header: &Value, claims: &Value) -> String {
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap()))
}

#[test]
fn a_resource_server_takes_only_what_was_answered_to_it() {
    let now = Timestamp::from_unix(1_000_000);
    let (client, set) = (ClientId::new("rs"), keys().public(now));
    let reader = IntrospectionReader::new(ISSUER, &client, &set);
    let header = value!({"typ": "token-introspection+jwt", "alg": "EdDSA", "kid": KEY.kid()});
    let claims =
        value!({"iss": ISSUER, "aud": "rs", "iat": 1_000_000, "token_introspection": {"active": true, "sub": "alice"}});
    let read = |token: &str| reader.read(token, now);
    let good = read(&forged(&KEY, &header, &claims)).unwrap();
    assert!(good.active && good.sub.is_some());

    let stranger = PrivateKey::generate(Algorithm::EdDsa).unwrap();
    let claiming = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        forged(&KEY, &header, &claims)
    };
    let heading = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        forged(&KEY, &header, &claims)
    };
    let (token, claim) = (IntrospectionFault::Token, IntrospectionFault::Claim);
    for (name, text, expected) in [
        ("another key", forged(&stranger, &header, &claims), token(JwsFault::SignatureWrong)),
        ("an access token", heading("typ", "at+jwt".into()), token(JwsFault::Type)),
        ("no type", heading("typ", "JWT".into()), token(JwsFault::Type)),
        ("none", heading("alg", "none".into()), token(JwsFault::Algorithm)),
        ("a code", heading("alg", "HS256".into()), token(JwsFault::Algorithm)),
        ("another server", claiming("iss", "https://other.example".into()), claim(ClaimFault::Issuer)),
        ("another client", claiming("aud", "service".into()), claim(ClaimFault::Audience)),
        ("too old", claiming("iat", value!(999_689)), claim(ClaimFault::TooOld)),
        ("from the future", claiming("iat", value!(1_000_011)), claim(ClaimFault::NotYetValid)),
        ("nothing", claiming("token_introspection", value!({})), claim(ClaimFault::WrongType("token_introspection"))),
        (
            "no object",
            claiming("token_introspection", value!(true)),
            claim(ClaimFault::WrongType("token_introspection")),
        ),
        (
            "yes",
            claiming("token_introspection", value!({"active": "yes"})),
            claim(ClaimFault::WrongType("token_introspection")),
        ),
    ] {
        assert_eq!(read(&text), Err(expected), "{name}");
    }
    assert!(read(&claiming("iat", value!(999_690))).is_ok() && read(&claiming("iat", value!(1_000_010))).is_ok());
    let es = reader.clone().algorithms(Algorithms::NONE.and(Algorithm::Es256));
    assert_eq!(es.read(&forged(&KEY, &header, &claims), now), Err(token(JwsFault::Algorithm)));

    let key = DecryptionKey::generate(KeyManagement::EcdhEs).unwrap();
    let sealed = |cty| {
        let plain = forged(&KEY, &header, &claims);
        key.public().encrypt(KeyManagement::EcdhEs, ContentEncryption::A128Gcm, cty, plain.as_bytes()).unwrap()
    };
    let opening = reader.clone().decrypting(&key);
    assert_eq!(opening.read(&sealed(Some("JWT")), now).unwrap(), good);
    for bad in [forged(&KEY, &header, &claims), sealed(None), "x".to_owned()] {
        assert!(matches!(opening.read(&bad, now), Err(IntrospectionFault::Encryption(_))));
    }
    assert!(matches!(reader.read(&sealed(Some("JWT")), now), Err(IntrospectionFault::Token(JwsFault::NotCompact))));
}

/// The messages of one side are those that the other reads.
#[test]
fn both_sides_understand_each_other() {
    let world = world();
    let token = access(&world);
    let credentials = Credentials::Basic { client: ClientId::new("rs"), secret: grantor::record::Exposed::new("r") };
    let mut query = TokenQuery::new(credentials, grantor::record::Exposed::new(token.clone()));
    query.signed = true;
    let request = query.print(&"https://as.example/introspect".parse().unwrap());
    assert_eq!(request.headers()["accept"], TYPE);
    let answer = world.asked(&request);
    let (client, set) = (ClientId::new("rs"), keys().public(world.now()));
    let reader = IntrospectionReader::new(ISSUER, &client, &set);
    let read = reader.read(std::str::from_utf8(answer.body()).unwrap(), world.now()).unwrap();
    let plain = asking("rs", "r", &token);
    let plain = with_accept(&plain, "application/json");
    assert_eq!(Some(read), Introspection::parse(world.asked(&plain).body()));
}

fn with_accept(request: &Request<Vec<u8>>, accept: &str) -> Request<Vec<u8>> {
    let mut request = request.clone();
    request.headers_mut().insert("accept", accept.parse().unwrap());
    request
}

#[test]
fn a_signed_answer_is_no_token() {
    let world = world_with(|config| with_jwts(config).signed_introspection(|_| ()));
    world.server.store().put_client(rs().build().unwrap());
    let token = access(&world);
    let answer = world.asked(&asking("rs", "r", &token));
    let answer = std::str::from_utf8(answer.body()).unwrap();
    assert_eq!(
        told(&world.asked(&asking("rs", "r", &token)))["token_introspection"]["active"],
        true,
        "a JWT is looked up"
    );
    assert_eq!(told(&world.asked(&asking("rs", "r", answer)))["token_introspection"], value!({"active": false}));
    assert_eq!(Jws::parse(answer, &Purpose::ACCESS_TOKEN).map(drop), Err(JwsFault::Type));
    assert_eq!(Jws::parse(&token, &Purpose::INTROSPECTION_RESPONSE).map(drop), Err(JwsFault::Type));
}

#[test]
fn whatever_fails_nothing_unsigned_is_said() {
    for mute in [false, true] {
        for fault in [
            Fault::None,
            Fault::FailsBefore,
            Fault::AnswersNone,
            Fault::AnswersForeignGrant(0),
            Fault::AnswersForeignToken(0),
        ] {
            let world = crowd_of(vec![rs().build().unwrap()], signed);
            let tokens = world.tokens();
            world.tokens();
            let token = tokens["access_token"].as_str().unwrap();
            let store = Faulty::new(Shelf::new(world.server.store().table()), fault, 0);
            let server = grantor::AuthorizationServer::new(world.server.config().clone(), &store);
            let server =
                server.with_host(crate::faulty::Willing { mute, ..Default::default() }).with_clock(world.clock.clone());
            let answer = server.answer(Place::Introspection, &asking("rs", "r", token));
            let expected = match fault {
                Fault::FailsBefore => 503,
                Fault::AnswersNone => 401,
                _ if mute => 503,
                _ => 200,
            };
            assert_eq!(answer.status().as_u16(), expected, "{fault:?}, {mute}");
            if expected == 200 {
                assert_eq!(told(&answer)["token_introspection"]["active"], fault == Fault::None, "{fault:?}");
            } else {
                assert!(!String::from_utf8_lossy(answer.body()).contains("alice"), "{fault:?}");
            }
            assert_eq!(*store.commits.lock().unwrap(), 0);
        }
    }
}

#[test]
fn what_was_revoked_is_not_called_active_afterwards() {
    let world = crowd_of(vec![rs().build().unwrap()], |config| with_jwts(config).signed_introspection(|_| ()));
    let token = world.tokens()["access_token"].as_str().unwrap().to_owned();
    let request = asking("rs", "r", &token);
    let again = Move::Send(Place::Introspection, Arc::new(move |_: &[crate::call::Sent]| request.clone()));
    let looking = Player::new(1, vec![again; 3]);
    let revoking = Player::sending(2, Place::Revocation, post("/revoke", &[("client_id", "spa"), ("token", &token)]));
    let scene = Scene::new(&world, &[], [looking, revoking]);
    let check = |scene: &Scene| {
        let said = |sent: &crate::call::Sent| told(&sent.0)["token_introspection"]["active"].as_bool().unwrap();
        let said: Vec<_> = scene.players[0].replies.iter().map(said).collect();
        let ended = scene.count(|event| matches!(event, Event::GrantRevoked { .. })) == 1;
        if ended && said.is_sorted_by(|before, after| before >= after) { Vec::new() } else { vec![format!("{said:?}")] }
    };
    let explored = scene.explore(&check);
    assert_eq!(explored.broken, Vec::<String>::new());
    assert!(explored.schedules >= 10, "{}", explored.schedules);
}
