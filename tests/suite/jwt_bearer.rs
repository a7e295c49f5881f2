//! The JWT bearer grant, and identity assertions as the resource's server takes them [RFC 7523 §3, ID-JAG §4.4].

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use grantor::drive::{CachingHost, Host, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Purpose as Document, Unfetched};
use grantor::jose::{Algorithm, Algorithms, JwkSet, PrivateKey, Purpose, SharedSecret};
use grantor::record::{Client, ClientId, GrantType, Scope, Subject};
use grantor::server::{Exchange, Place};
use grantor::step::Step;
use grantor::store::{Expect, Indexed, Key, Memory, Store as _, Write};
use grantor::wire::{AssertionFault, Limits, TokenGrant, TokenRequest};
use grantor::{
    Asserted, AssertionProfile, AssertionQuestion, CommonDetails, ConfigBuilder, ConfigFault, Env, Question, Seed,
    SigningInput, Timestamp, TrustedIssuer, Verdict,
};
use http::{Request, Response};
use serde_json::{Value, json as value};

use crate::client_assertions::{forge, jwks};
use crate::dpop::{proof, showing};
use crate::faults::case;
use crate::faulty::{Ask, Case};
use crate::interleavings::crowd_of;
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::Overlooked;
use crate::watch::Watched;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const IDP: &str = "https://idp.example/tenants/1";
const TOKEN_ENDPOINT: &str = "https://as.example/token";
const JWKS: &str = "https://idp.example/jwks";
const NOW: u64 = 1_000_000;

static KEYS: LazyLock<[PrivateKey; 3]> = LazyLock::new(|| {
    let key = |algorithm, kid: &str| PrivateKey::generate(algorithm).unwrap().with_kid(kid);
    [key(Algorithm::Es256, "a"), key(Algorithm::EdDsa, "b"), key(Algorithm::Es256, "c")]
});

fn keys() -> JwkSet {
    KEYS[..2].iter().map(|key| key.public().clone()).collect()
}

type Asked = Arc<Mutex<Vec<AssertionQuestion>>>;

/// A host that knows alice as `a-1` of the issuer, remembers what it was asked, and has a document behind one URL.
#[derive(Clone, Default)]
struct Directory {
    asked: Asked,
    asserted: Option<Asserted>,
    document: Arc<Mutex<(Option<(u16, Vec<u8>)>, usize)>>,
}

impl Host for Directory {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        assert_eq!((request.url.as_str(), request.purpose), (JWKS, Document::IssuerKeys));
        let mut web = self.document.lock().unwrap();
        web.1 += 1;
        let answer =
            |(status, body): (u16, Vec<u8>)| Fetched::from(&Response::builder().status(status).body(body).unwrap());
        Ok(web.0.clone().map(answer).ok_or(Unfetched::Unreachable))
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let Question::Assertion(question) = question else { panic!("{question:?}") };
        self.asked.lock().unwrap().push((**question).clone());
        let known = question.issuer == IDP && question.subject == "a-1";
        let alice = || self.asserted.clone().unwrap_or_else(|| Asserted::new(Subject::new("alice")));
        Ok(if known { Verdict::Asserted(Box::new(alice())) } else { Verdict::Denied })
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

struct Trusting {
    world: World<Memory<Indexed>, Directory>,
    directory: Directory,
}

impl std::ops::Deref for Trusting {
    type Target = World<Memory<Indexed>, Directory>;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

/// A server that trusts the identity provider, and its clients: `app` has a secret, `bare` has none, `other` and `narrow`
/// are like `app`, the last with one scope.
fn trusting(change: impl FnOnce(&mut TrustedIssuer)) -> Trusting {
    configured(|config| config.trust_issuer(IDP, keys(), change), Directory::default())
}

fn configured(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder, directory: Directory) -> Trusting {
    let world = world_with(|config| {
        change(config.default_scope("read").resource("https://api.test/a").resource("https://api.test/b"))
    });
    let grants = [GrantType::JwtBearer, GrantType::RefreshToken];
    for builder in [
        Client::builder("app").secret(secret("app")).grant_types(&grants),
        Client::builder("other").secret(secret("other")).grant_types(&grants),
        Client::builder("narrow").secret(secret("narrow")).grant_types(&grants).scope(Scope::parse("read").unwrap()),
        Client::builder("bare").grant_types(&grants),
    ] {
        world.server.store().put_client(builder.build().unwrap());
    }
    Trusting { world: world.hosted(directory.clone()), directory }
}

/// What a good assertion claims, with some claims changed, added or (if null) left out.
fn claims(changes: &Value) -> Value {
    let mut claims = value!({"iss": IDP, "sub": "a-1", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "one"});
    for (name, changed) in changes.as_object().unwrap() {
        claims[name] = changed.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
    claims
}

fn assertion(changes: &Value) -> String {
    KEYS[0].token(&Purpose::ASSERTION_GRANT, &claims(changes)).unwrap()
}

/// The same for one client.
fn id_jag(changes: &Value) -> String {
    let mut all = value!({"client_id": "app"});
    all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    KEYS[0].token(&Purpose::ID_JAG, &claims(&all)).unwrap()
}

fn shown_by(client: &str, assertion: &str) -> Request<Vec<u8>> {
    let pairs = [("grant_type", GRANT), ("assertion", assertion)];
    if client == "bare" {
        post("/token", &[&pairs[..], &[("client_id", client)]].concat())
    } else {
        post_as("/token", &basic(client, client), &pairs)
    }
}

fn by_app(assertion: &str) -> Request<Vec<u8>> {
    shown_by("app", assertion)
}

/// What an assertion of `app` comes to: nothing, or why it is refused.
fn comes_to(world: &Trusting, request: &Request<Vec<u8>>) -> Result<Value, AssertionFault> {
    world.log.take();
    let response = world.token(request);
    let body = json(&response);
    if response.status() == 200 {
        let log = world.log.take();
        assert!(matches!(&*log, [Event::TokenIssued { grant_type: GrantType::JwtBearer, .. }]), "{log:?}");
        return Ok(body);
    }
    let log = world.log.take();
    let [Event::AssertionRefused { fault, .. }] = &*log else { panic!("{body} {log:?}") };
    assert_eq!(response.status(), 400);
    let expected = if *fault == AssertionFault::KeysUnavailable { "temporarily_unavailable" } else { "invalid_grant" };
    assert_eq!((&body["error"], &body["error_description"]), (&value!(expected), &value!(fault.to_string())));
    assert_eq!(response.headers()["cache-control"], "no-store");
    Err(*fault)
}

fn fault(world: &Trusting, assertion: &str) -> Option<AssertionFault> {
    comes_to(world, &by_app(assertion)).err()
}

fn seen(world: &Trusting, tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().unwrap();
    json(&world.server.answer(Place::Introspection, &post_as("/introspect", &basic("app", "app"), &[("token", token)])))
}

#[test]
fn an_assertion_gives_a_token_for_whom_the_host_knows_and_no_refresh_token() {
    let world = trusting(|_| ());
    let shown = assertion(&value!({"email": "alice@idp.example", "auth_time": NOW - 5}));
    let tokens = comes_to(&world, &by_app(&shown)).unwrap();
    let seen = seen(&world, &tokens);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(
        (&tokens["scope"], tokens.get("refresh_token"), tokens.get("issued_token_type")),
        (&value!("read"), None, None)
    );
    assert_eq!((&seen["active"], &seen["sub"], &seen["client_id"]), (&value!(true), &value!("alice"), &value!("app")));
    assert_eq!((seen.get("auth_time"), seen.get("acr")), (None, None), "what the host does not say is not known");
    let asked = world.asked();
    let [asked] = &*asked else { panic!("{asked:?}") };
    assert_eq!((asked.client.as_str(), &*asked.issuer, &*asked.subject), ("app", IDP, "a-1"));
    assert_eq!((asked.scope.as_str(), &asked.claims["email"]), ("read", &value!("alice@idp.example")));
    assert_eq!(asked.profile, AssertionProfile::Jwt);
}

impl Trusting {
    fn asked(&self) -> Vec<AssertionQuestion> {
        self.directory.asked.lock().unwrap().clone()
    }
}

#[test]
fn what_the_host_says_of_the_person_is_what_the_grant_keeps() {
    let mut asserted = Asserted::new(Subject::new("alice"));
    asserted.authenticated = Some(Timestamp::from_unix(NOW - 100));
    (asserted.acr, asserted.amr) = (Some("gold".to_owned()), vec!["hwk".to_owned()]);
    asserted.scope = Some(Scope::parse("read admin").unwrap());
    let directory = Directory { asserted: Some(asserted), ..Directory::default() };
    let world = configured(|config| config.trust_issuer(IDP, keys(), |_| ()), directory);
    let tokens = comes_to(&world, &with(&by_app(&assertion(&value!({}))), &[("scope", "read write")])).unwrap();
    assert_eq!(tokens["scope"], "read", "no more than the host gives");
    let seen = seen(&world, &tokens);
    let expected = value!({"auth_time": NOW - 100, "acr": "gold", "amr": ["hwk"], "scope": "read"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&seen[name], value, "{name}");
    }
    let nothing = with(&by_app(&assertion(&value!({"jti": "two"}))), &[("scope", "write")]);
    assert_eq!(error_of(&world, &nothing), "invalid_scope");
    assert_eq!(error_of(&world, &with(&nothing, &[("scope", "read")])), "none", "it was not used");
}

fn error_of(world: &Trusting, request: &Request<Vec<u8>>) -> String {
    json(&world.token(request))["error"].as_str().unwrap_or("none").to_owned()
}

/// Every requirement of RFC 7523 §3, from both sides; a refused one asks nobody, leaves nothing, and uses nothing.
#[test]
fn an_assertion_is_of_a_trusted_issuer_for_this_server_and_about_someone() {
    use AssertionFault as F;
    for (name, changes, expected) in [
        ("good", value!({}), None),
        ("one audience in a list", value!({"aud": [ISSUER]}), None),
        ("no iat", value!({"iat": null}), None),
        ("issued long ago", value!({"iat": 1}), None),
        ("other claims", value!({"x": {"y": 1}, "client_id": "other", "azp": "other"}), None),
        ("no iss", value!({"iss": null}), Some(F::Claims)),
        ("empty iss", value!({"iss": ""}), Some(F::Claims)),
        ("iss is a number", value!({"iss": 1}), Some(F::Claims)),
        ("another iss", value!({"iss": "https://evil.example"}), Some(F::Issuer)),
        ("iss of another case", value!({"iss": IDP.to_uppercase()}), Some(F::Issuer)),
        ("iss with a slash", value!({"iss": format!("{IDP}/")}), Some(F::Issuer)),
        ("this server", value!({"iss": ISSUER}), Some(F::Issuer)),
        ("the client itself", value!({"iss": "app", "sub": "app"}), Some(F::Issuer)),
        ("no sub", value!({"sub": null}), Some(F::Claims)),
        ("empty sub", value!({"sub": ""}), Some(F::Claims)),
        ("sub is a number", value!({"sub": 1}), Some(F::Claims)),
        ("no aud", value!({"aud": null}), Some(F::Claims)),
        ("nobody in a list", value!({"aud": []}), Some(F::Claims)),
        ("aud is a number", value!({"aud": 1}), Some(F::Claims)),
        ("another server", value!({"aud": "https://other.example"}), Some(F::Audience)),
        ("another server as well", value!({"aud": [ISSUER, "https://other.example"]}), Some(F::Audience)),
        ("twice", value!({"aud": [ISSUER, ISSUER]}), Some(F::Audience)),
        ("with a slash", value!({"aud": format!("{ISSUER}/")}), Some(F::Audience)),
        ("the token endpoint", value!({"aud": TOKEN_ENDPOINT}), Some(F::Audience)),
        ("the client", value!({"aud": "app"}), Some(F::Audience)),
        ("no exp", value!({"exp": null}), Some(F::Claims)),
        ("exp is a text", value!({"exp": "1000060"}), Some(F::Claims)),
        ("nbf is a text", value!({"nbf": "1"}), Some(F::Claims)),
        ("iat is null", value!({"iat": [null]}), Some(F::Claims)),
        ("no jti", value!({"jti": null}), Some(F::Claims)),
        ("empty jti", value!({"jti": ""}), Some(F::Claims)),
        ("jti is a number", value!({"jti": 1}), Some(F::Claims)),
        ("jti of 256 bytes", value!({"jti": "x".repeat(256)}), None),
        ("jti of 257 bytes", value!({"jti": "x".repeat(257)}), Some(F::Claims)),
        ("scope is a list", value!({"scope": ["read"]}), Some(F::Claims)),
        ("resource is a number", value!({"resource": 1}), Some(F::Claims)),
        ("resource is empty", value!({"resource": []}), Some(F::Claims)),
        ("bound to what nobody knows", value!({"cnf": {"kid": "x"}}), Some(F::Binding)),
        ("bound to two things", value!({"cnf": {"jkt": "x", "kid": "y"}}), Some(F::Binding)),
    ] {
        let world = trusting(|_| ());
        assert_eq!(fault(&world, &assertion(&changes)), expected, "{name}");
        assert_eq!(world.asked().len(), usize::from(expected.is_none()), "{name}");
        if expected.is_some() {
            assert_eq!(fault(&world, &assertion(&value!({}))), None, "{name}: a good one afterwards");
        }
    }
    // Whom nobody knows is refused after all the rest, and the assertion stays unused.
    let world = trusting(|_| ());
    let stranger = assertion(&value!({"sub": "b-2"}));
    assert_eq!([fault(&world, &stranger), fault(&world, &stranger)], [Some(F::Subject); 2]);
}

#[test]
fn an_issuer_may_call_the_server_what_was_agreed() {
    let world = trusting(|idp| idp.audience = vec![TOKEN_ENDPOINT.to_owned(), "urn:us".to_owned()]);
    for (place, (audience, good)) in [
        (value!(TOKEN_ENDPOINT), true),
        (value!(["urn:us"]), true),
        (value!(ISSUER), false),
        (value!([TOKEN_ENDPOINT, "urn:us"]), false),
        (value!([TOKEN_ENDPOINT, "https://other.example"]), false),
    ]
    .into_iter()
    .enumerate()
    {
        let shown = assertion(&value!({"aud": audience, "jti": place.to_string()}));
        assert_eq!(fault(&world, &shown), (!good).then_some(AssertionFault::Audience), "{audience}");
    }
}

#[test]
fn an_assertion_is_good_for_its_time_alone() {
    use AssertionFault as F;
    for (name, at, changes, expected) in [
        ("at its end", 60, value!({}), None),
        ("at the end of the tolerance", 69, value!({}), None),
        ("after it", 70, value!({}), Some(F::Expired)),
        ("in fractions", 69, value!({"exp": 1_000_060.9}), None),
        ("after its fractions", 70, value!({"exp": 1_000_060.9}), Some(F::Expired)),
        ("as far as allowed", 0, value!({"exp": NOW + 310}), None),
        ("further", 0, value!({"exp": NOW + 311}), Some(F::LivesTooLong)),
        ("for ever", 0, value!({"exp": 1_u64 << 60}), Some(F::Claims)),
        ("issued in a moment", 0, value!({"iat": NOW + 10}), None),
        ("issued later", 0, value!({"iat": NOW + 11}), Some(F::NotYetValid)),
        ("from a moment on", 0, value!({"nbf": NOW + 10}), None),
        ("from later on", 0, value!({"nbf": NOW + 11}), Some(F::NotYetValid)),
    ] {
        let world = trusting(|_| ());
        world.clock.advance(at);
        assert_eq!(fault(&world, &assertion(&changes)), expected, "{name}");
    }
    for (name, changes, expected) in [
        ("just now", value!({}), None),
        ("long enough ago", value!({"iat": NOW - 40}), None),
        ("too long ago", value!({"iat": NOW - 41}), Some(F::Expired)),
        ("nobody knows when", value!({"iat": null}), Some(F::Claims)),
    ] {
        let world = trusting(|idp| idp.issued_within = Some(Duration::from_secs(30)));
        assert_eq!(fault(&world, &assertion(&changes)), expected, "{name}");
    }
}

#[test]
fn a_token_lives_little_longer_than_its_assertion() {
    for (outliving, expected) in [(0, 60), (300, 360), (10_000, 600)] {
        let world = trusting(|idp| idp.outliving = Duration::from_secs(outliving));
        let tokens = comes_to(&world, &by_app(&assertion(&value!({})))).unwrap();
        assert_eq!(tokens["expires_in"], expected);
        world.clock.advance(expected - 1);
        assert_eq!(seen(&world, &tokens)["active"], true);
        world.clock.advance(1);
        assert_eq!(seen(&world, &tokens)["active"], false);
    }
    // Within the tolerance of the clocks there may be nothing left to give.
    let world = trusting(|idp| idp.outliving = Duration::ZERO);
    world.clock.advance(65);
    assert_eq!(comes_to(&world, &by_app(&assertion(&value!({})))), Err(AssertionFault::Expired));
}

#[test]
fn an_assertion_is_signed_by_a_key_of_its_issuer() {
    use AssertionFault as F;
    let [a, b, stranger] = &*KEYS;
    let good = claims(&value!({}));
    let public = serde_json::to_string(&a.public().to_jwk()).unwrap();
    let mac = |secret: &[u8]| {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
        let signed = format!("{}.{}", B64.encode(r#"{"alg":"HS256"}"#), B64.encode(good.to_string()));
        format!("{signed}.{}", B64.encode(SharedSecret::new(secret).unwrap().sign(signed.as_bytes())))
    };
    let unsigned = |alg: &str| forge(a, &value!({"alg": alg}), &good).rsplit_once('.').unwrap().0.to_owned() + ".";
    let mut tampered = forge(a, &value!({"alg": "ES256"}), &good);
    let other = forge(a, &value!({"alg": "ES256"}), &claims(&value!({"sub": "a-1 "})));
    tampered = format!("{}.{}", other.rsplit_once('.').unwrap().0, tampered.rsplit_once('.').unwrap().1);
    for (name, shown, expected) in [
        ("one key", forge(a, &value!({"alg": "ES256", "kid": "a"}), &good), None),
        ("another", forge(b, &value!({"alg": "EdDSA", "kid": "b"}), &good), None),
        ("no kid", forge(a, &value!({"alg": "ES256"}), &good), None),
        ("typ JWT", forge(a, &value!({"alg": "ES256", "typ": "JWT"}), &good), None),
        ("an access token", forge(a, &value!({"alg": "ES256", "typ": "at+jwt"}), &good), Some(F::Malformed)),
        (
            "a client assertion",
            forge(a, &value!({"alg": "ES256", "typ": "client-authentication+jwt"}), &good),
            Some(F::Malformed),
        ),
        ("a logout token", forge(a, &value!({"alg": "ES256", "typ": "logout+jwt"}), &good), Some(F::Malformed)),
        ("an unknown kid", forge(a, &value!({"alg": "ES256", "kid": "z"}), &good), Some(F::Signature)),
        ("the kid of another key", forge(a, &value!({"alg": "ES256", "kid": "b"}), &good), Some(F::Signature)),
        ("another algorithm", forge(a, &value!({"alg": "EdDSA", "kid": "a"}), &good), Some(F::Signature)),
        ("a stranger", forge(stranger, &value!({"alg": "ES256", "kid": "a"}), &good), Some(F::Signature)),
        (
            "a key in the header",
            forge(stranger, &value!({"alg": "ES256", "jwk": stranger.public().to_jwk()}), &good),
            Some(F::Malformed),
        ),
        (
            "where the key is",
            forge(stranger, &value!({"alg": "ES256", "jku": "https://evil.example"}), &good),
            Some(F::Malformed),
        ),
        ("crit", forge(a, &value!({"alg": "ES256", "crit": ["exp"]}), &good), Some(F::Malformed)),
        ("none", unsigned("none"), Some(F::Malformed)),
        ("no signature", unsigned("ES256"), Some(F::Signature)),
        ("the public key as a secret", mac(public.as_bytes()), Some(F::Malformed)),
        ("other claims", tampered, Some(F::Signature)),
        ("no JWT", "x".to_owned(), Some(F::Malformed)),
        ("four parts", format!("{}.x", forge(a, &value!({"alg": "ES256"}), &good)), Some(F::Malformed)),
        ("padding", format!("{}=", forge(a, &value!({"alg": "ES256"}), &good)), Some(F::Malformed)),
    ] {
        let world = trusting(|_| ());
        assert_eq!(fault(&world, &shown), expected, "{name}");
        assert_eq!(world.asked().len(), usize::from(expected.is_none()), "{name}");
    }
    let world = trusting(|idp| idp.algorithms = Algorithms::NONE.and(Algorithm::EdDsa));
    let by = |key: &PrivateKey| key.token(&Purpose::ASSERTION_GRANT, &good).unwrap();
    assert_eq!([fault(&world, &by(a)), fault(&world, &by(b))], [Some(F::Malformed), None]);
    // A claim that comes twice is read in two ways.
    let twice = r#"{"iss":"https://idp.example/tenants/1","sub":"x","sub":"a-1","aud":"https://as.example","exp":1000060,"jti":"t"}"#;
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part(r#"{"alg":"ES256"}"#), part(twice));
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(a.sign(signed.as_bytes()).unwrap());
    assert_eq!(fault(&trusting(|_| ()), &format!("{signed}.{signature}")), Some(F::Claims));
}

#[test]
fn an_assertion_is_good_for_one_use_unless_that_is_said() {
    let world = configured(
        |config| {
            let config = config.trust_issuer(IDP, keys(), |_| ());
            config.trust_issuer("https://idp.example/tenants/", keys(), |_| ())
        },
        Directory::default(),
    );
    let shown = assertion(&value!({}));
    assert_eq!(fault(&world, &shown), None);
    for (name, again) in [
        ("the same", shown.clone()),
        (
            "its name in another",
            KEYS[1].token(&Purpose::ASSERTION_GRANT, &claims(&value!({"exp": NOW + 120}))).unwrap(),
        ),
    ] {
        assert_eq!(fault(&world, &again), Some(AssertionFault::Replayed), "{name}");
    }
    let by_other = comes_to(&world, &shown_by("other", &shown));
    assert_eq!(by_other, Err(AssertionFault::Replayed), "whoever shows it");
    // The names of one issuer are not those of another, however they are put together.
    let other = assertion(&value!({"iss": "https://idp.example/tenants/", "jti": "1one"}));
    assert_eq!(fault(&world, &other), Some(AssertionFault::Subject), "it was not used");
    world.clock.advance(69);
    assert_eq!(fault(&world, &shown), Some(AssertionFault::Replayed), "until it expires");

    let world = trusting(|idp| idp.single_use = false);
    for shown in [shown, assertion(&value!({"jti": null}))] {
        assert_eq!([fault(&world, &shown), fault(&world, &shown)], [None, None]);
    }
}

#[test]
fn a_request_that_is_refused_leaves_the_assertion_unused() {
    let world = trusting(|_| ());
    let shown = by_app(&assertion(&value!({})));
    for (changes, expected) in [
        (("scope", "unheard"), "invalid_scope"),
        (("scope", "\""), "invalid_scope"),
        (("resource", "https://unknown.test/"), "invalid_target"),
        (("assertion", ""), "invalid_request"),
        (("requested_token_use", "on_behalf_of"), "invalid_request"),
        (("grant_type", "urn:ietf:params:oauth:grant-type:saml2-bearer"), "unsupported_grant_type"),
        (("client_id", "other"), "invalid_request"),
    ] {
        assert_eq!(error_of(&world, &with(&shown, &[changes])), expected, "{changes:?}");
    }
    let mut unproven = shown.clone();
    unproven.headers_mut().insert("authorization", basic("app", "wrong").parse().unwrap());
    assert_eq!(
        error_of(&world, &unproven),
        "invalid_client",
        "credentials that are there must be good [RFC 7523 §3.1]"
    );
    assert!(world.asked().is_empty());
    assert_eq!(error_of(&world, &shown), "none");
}

#[test]
fn who_may_show_an_assertion_is_said() {
    let shown = |client: &str| shown_by(client, &assertion(&value!({})));
    let asks = |world: &Trusting, client: &str| error_of(world, &shown(client));
    let anyone = || trusting(|_| ());
    assert_eq!(asks(&anyone(), "other"), "none");
    assert_eq!(asks(&anyone(), "bare"), "unauthorized_client", "a public client");
    assert_eq!(asks(&trusting(|idp| idp.danger_accept_public_clients = true), "bare"), "none");
    let some = || trusting(|idp| idp.clients = Some(vec![ClientId::new("app")]));
    assert_eq!([asks(&some(), "app"), asks(&some(), "other")], ["none", "invalid_grant"]);
    let world = anyone();
    let without_grant = post_as("/token", &basic("web", SECRET), &[("grant_type", GRANT), ("assertion", "x")]);
    assert_eq!(error_of(&world, &without_grant), "unauthorized_client");
    let nobody = post("/token", &[("grant_type", GRANT), ("assertion", &assertion(&value!({})))]);
    assert_eq!(error_of(&world, &nobody), "invalid_client", "a client says who it is, at least");
    assert!(world.asked().is_empty());
}

#[test]
fn an_assertion_limits_what_it_gives() {
    let [a, b] = ["https://api.test/a", "https://api.test/b"];
    let most = || Some(Scope::parse("read admin").unwrap());
    for (name, client, said, asked, expected) in [
        ("the default", "app", value!({}), [("scope", ""), ("resource", "")], Ok(("read", vec![]))),
        ("more", "app", value!({}), [("scope", "read admin"), ("resource", a)], Ok(("read admin", vec![a]))),
        (
            "more than the issuer gives",
            "app",
            value!({}),
            [("scope", "read write"), ("resource", "")],
            Err("invalid_scope"),
        ),
        (
            "more than the client may",
            "narrow",
            value!({}),
            [("scope", "read admin"), ("resource", "")],
            Err("invalid_scope"),
        ),
        (
            "what is said",
            "app",
            value!({"scope": "admin write unheard"}),
            [("scope", ""), ("resource", "")],
            Ok(("admin", vec![])),
        ),
        (
            "more than is said",
            "app",
            value!({"scope": "admin"}),
            [("scope", "read"), ("resource", "")],
            Err("invalid_scope"),
        ),
        (
            "nothing that is known is said",
            "app",
            value!({"scope": "unheard"}),
            [("scope", ""), ("resource", "")],
            Err("invalid_scope"),
        ),
        ("nothing is said", "app", value!({"scope": ""}), [("scope", ""), ("resource", "")], Err("invalid_scope")),
        ("where", "app", value!({"resource": a}), [("scope", ""), ("resource", "")], Ok(("read", vec![a]))),
        ("where, of two", "app", value!({"resource": [a, b]}), [("scope", ""), ("resource", b)], Ok(("read", vec![b]))),
        ("two at once", "app", value!({"resource": [a, b]}), [("scope", ""), ("resource", "")], Err("invalid_target")),
        (
            "one is known",
            "app",
            value!({"resource": ["https://x.test/", b]}),
            [("scope", ""), ("resource", "")],
            Ok(("read", vec![b])),
        ),
        ("elsewhere", "app", value!({"resource": [a]}), [("scope", ""), ("resource", b)], Err("invalid_target")),
        (
            "nowhere that is known",
            "app",
            value!({"resource": "https://x.test/"}),
            [("scope", ""), ("resource", "")],
            Err("invalid_target"),
        ),
    ] {
        let world = trusting(|idp| idp.scope = most());
        let request = with(&shown_by(client, &assertion(&said)), &asked);
        let body = json(&world.token(&request));
        match expected {
            Ok((scope, audience)) => {
                assert_eq!(body["scope"], scope, "{name}: {body}");
                assert_eq!(seen(&world, &body).get("aud").cloned().unwrap_or(value!([])), value!(audience), "{name}");
            }
            Err(error) => {
                assert_eq!(body["error"], error, "{name}: {body}");
                assert!(world.asked().is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn authorization_details_are_limited_alike() {
    let details = |actions: Value| value!([{"type": "files", "actions": actions}]);
    let both = details(value!(["read", "write"]));
    for (name, said, asked, expected) in [
        ("what is said", Some(both.clone()), None, Ok(both.clone())),
        ("less", Some(both.clone()), Some(details(value!(["read"]))), Ok(details(value!(["read"])))),
        ("more", Some(details(value!(["read"]))), Some(both.clone()), Err("invalid_authorization_details")),
        ("nothing is said", None, Some(both.clone()), Ok(both.clone())),
        ("a type that nobody knows", Some(value!([{"type": "x"}])), None, Err("invalid_authorization_details")),
        ("no list", Some(value!("x")), None, Err("invalid_authorization_details")),
    ] {
        let world = configured(
            |config| {
                config.authorization_details(CommonDetails::new("files").actions(["read", "write"])).trust_issuer(
                    IDP,
                    keys(),
                    |_| (),
                )
            },
            Directory::default(),
        );
        let asked = asked.map(|asked| asked.to_string()).unwrap_or_default();
        let shown = assertion(&value!({"authorization_details": said.unwrap_or_default()}));
        let body = json(&world.token(&with(&by_app(&shown), &[("authorization_details", &asked)])));
        match expected {
            Ok(details) => assert_eq!(body["authorization_details"], details, "{name}: {body}"),
            Err(error) => assert_eq!(body["error"], error, "{name}"),
        }
    }
}

fn taking_id_jags(change: impl FnOnce(&mut TrustedIssuer)) -> Trusting {
    trusting(|idp| {
        idp.profile = AssertionProfile::IdJag;
        change(idp);
    })
}

#[test]
fn an_identity_assertion_is_for_the_client_that_shows_it() {
    use AssertionFault as F;
    for (name, changes, expected) in [
        ("good", value!({"act": {"sub": "agent"}, "auth_time": NOW}), None),
        ("one audience in a list", value!({"aud": [ISSUER]}), None),
        ("another client", value!({"client_id": "other"}), Some(F::Client)),
        ("its name in another case", value!({"client_id": "APP"}), Some(F::Client)),
        ("no client", value!({"client_id": null}), Some(F::Claims)),
        ("two clients", value!({"client_id": ["app"]}), Some(F::Claims)),
        ("two audiences", value!({"aud": [ISSUER, "https://other.example"]}), Some(F::Audience)),
        ("the token endpoint", value!({"aud": TOKEN_ENDPOINT}), Some(F::Audience)),
        ("no jti", value!({"jti": null}), Some(F::Claims)),
        ("no iat", value!({"iat": null}), Some(F::Claims)),
        ("no exp", value!({"exp": null}), Some(F::Claims)),
        ("no sub", value!({"sub": null}), Some(F::Claims)),
    ] {
        let world = taking_id_jags(|_| ());
        assert_eq!(fault(&world, &id_jag(&changes)), expected, "{name}");
        assert!(world.asked().iter().all(|asked| asked.profile == AssertionProfile::IdJag));
        let repeatable = taking_id_jags(|idp| idp.single_use = false);
        let shown = id_jag(&changes);
        assert_eq!([fault(&repeatable, &shown), fault(&repeatable, &shown)], [expected; 2], "{name}");
    }
    // One kind is not trusted for the other.
    let typed =
        |typ: &str| forge(&KEYS[0], &value!({"alg": "ES256", "typ": typ}), &claims(&value!({"client_id": "app"})));
    for (typ, plain, identity) in [
        ("oauth-id-jag+jwt", Some(F::Issuer), None),
        ("application/OAuth-ID-JAG+JWT", Some(F::Issuer), None),
        ("JWT", None, Some(F::Issuer)),
        ("id-jag+jwt", Some(F::Malformed), Some(F::Malformed)),
    ] {
        let found = [fault(&trusting(|_| ()), &typed(typ)), fault(&taking_id_jags(|_| ()), &typed(typ))];
        assert_eq!(found, [plain, identity], "{typ}");
    }
    assert_eq!(
        error_of(&taking_id_jags(|_| ()), &shown_by("bare", &id_jag(&value!({"client_id": "bare"})))),
        "unauthorized_client"
    );
}

#[test]
fn an_assertion_that_is_bound_to_a_key_needs_a_proof_of_it() {
    let (own, other) =
        (PrivateKey::generate(Algorithm::Es256).unwrap(), PrivateKey::generate(Algorithm::Es256).unwrap());
    let jkt = own.public().thumbprint().to_string();
    let bound = id_jag(&value!({"cnf": {"jkt": jkt}}));
    for (name, shown, key, expected) in [
        ("proven", &bound, Some(&own), Ok("DPoP")),
        ("not proven", &bound, None, Err(AssertionFault::Binding)),
        ("another key", &bound, Some(&other), Err(AssertionFault::Binding)),
        ("not bound, and proven", &id_jag(&value!({})), Some(&own), Ok("DPoP")),
        ("neither", &id_jag(&value!({})), None, Ok("Bearer")),
    ] {
        let trust = |idp: &mut TrustedIssuer| idp.profile = AssertionProfile::IdJag;
        let world = configured(|config| config.dpop(|_| ()).trust_issuer(IDP, keys(), trust), Directory::default());
        let request = by_app(shown);
        let proven = |key| showing(&request, &proof(world.now(), key, "POST", TOKEN_ENDPOINT));
        let found = comes_to(&world, &key.map_or_else(|| request.clone(), proven));
        assert_eq!(
            found.as_ref().map(|tokens| tokens["token_type"].as_str().unwrap()).map_err(|fault| *fault),
            expected,
            "{name}"
        );
        if let (Ok(tokens), Some(_)) = (&found, key) {
            assert_eq!(seen(&world, tokens)["cnf"]["jkt"], jkt, "{name}");
        }
    }
    // Where proofs are not served, nothing meets it.
    assert_eq!(fault(&taking_id_jags(|_| ()), &bound), Some(AssertionFault::Binding));
    let world = configured(|config| config.mutual_tls(|_| ()).trust_issuer(IDP, keys(), |_| ()), Directory::default());
    let thumbprint = challenge("the certificate of app");
    let shown = by_app(&assertion(&value!({"cnf": {"x5t#S256": thumbprint}})));
    assert_eq!(comes_to(&world, &held(&shown, Some("another"))), Err(AssertionFault::Binding));
    let tokens = comes_to(&world, &held(&shown, Some("app"))).unwrap();
    assert_eq!(seen(&world, &tokens)["cnf"], value!({"x5t#S256": thumbprint}), "and so is what it gives");
}

#[test]
fn refresh_tokens_are_given_only_where_that_is_dangerously_chosen() {
    let world = trusting(|idp| idp.danger_issue_refresh_tokens = true);
    let tokens = comes_to(&world, &by_app(&assertion(&value!({})))).unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = post_as("/token", &basic("app", "app"), &[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    assert_eq!(error_of(&world, &again), "none");
}

#[test]
fn keys_behind_a_url_are_fetched_for_what_could_be_good() {
    let ask = |document: Option<(u16, Value)>, shown: &str| {
        let url: url::Url = JWKS.parse().unwrap();
        let world = configured(|config| config.trust_issuer(IDP, url, |_| ()), Directory::default());
        world.directory.document.lock().unwrap().0 = document.map(|(status, keys)| (status, keys.to_string().into()));
        let found = fault(&world, shown);
        let fetched = world.directory.document.lock().unwrap().1;
        (found, fetched, world)
    };
    use AssertionFault as F;
    let (good, [a, b, _]) = (assertion(&value!({})), &*KEYS);
    let mut private = jwks(&[a, b]);
    private["keys"][1]["d"] = value!("AAAA");
    for (name, document, shown, expected) in [
        ("good", Some((200, jwks(&[a]))), &*good, (None, 1)),
        ("after a rotation", Some((200, jwks(&[b, a]))), &*good, (None, 1)),
        ("not to be had", None, &*good, (Some(F::KeysUnavailable), 1)),
        ("an error", Some((500, jwks(&[a]))), &*good, (Some(F::KeysUnavailable), 1)),
        ("no keys", Some((200, value!({}))), &*good, (Some(F::KeysUnavailable), 1)),
        ("a key that is not secret any more", Some((200, private)), &*good, (Some(F::KeysUnavailable), 1)),
        ("other keys", Some((200, jwks(&[b]))), &*good, (Some(F::Signature), 1)),
        ("nothing that could be good", Some((200, jwks(&[a]))), "a.b.c", (Some(F::Malformed), 0)),
        ("of another issuer", Some((200, jwks(&[a]))), &*assertion(&value!({"iss": "x"})), (Some(F::Issuer), 0)),
    ] {
        let (found, fetched, world) = ask(document, shown);
        assert_eq!((found, fetched), expected, "{name}");
        if found == Some(F::KeysUnavailable) {
            world.directory.document.lock().unwrap().0 = Some((200, jwks(&[a]).to_string().into()));
            assert_eq!(fault(&world, shown), None, "{name}: later");
        }
    }
}

#[test]
fn options_that_could_not_work_are_refused_and_what_is_served_is_told() {
    let build = |issuer: &str, change: fn(&mut TrustedIssuer)| {
        config().trust_issuer(issuer, keys(), change).build().map(|_| ())
    };
    let fault = |issuer: &str| Err(ConfigFault::TrustedIssuer(issuer.to_owned()));
    assert_eq!(build(IDP, |_| ()), Ok(()));
    assert_eq!(build("app", |_| ()), Ok(()), "a client that is its own issuer");
    let bad: [fn(&mut TrustedIssuer); 8] = [
        |idp| idp.algorithms = Algorithms::NONE,
        |idp| idp.algorithms = Algorithms::ASYMMETRIC.and(Algorithm::Hs256),
        |idp| idp.algorithms = Algorithms::NONE.and(Algorithm::Ps256),
        |idp| idp.longest_life = Duration::from_secs(24 * 60 * 60 + 1),
        |idp| idp.clock_tolerance = Duration::from_secs(61),
        |idp| idp.scope = Some(Scope::parse("unheard").unwrap()),
        |idp| idp.audience = vec![String::new()],
        |idp| (idp.profile, idp.audience) = (AssertionProfile::IdJag, vec![TOKEN_ENDPOINT.to_owned()]),
    ];
    for change in bad {
        assert_eq!(build(IDP, change), fault(IDP));
    }
    assert_eq!(build(ISSUER, |_| ()), fault(ISSUER), "itself");
    assert_eq!(build("", |_| ()), fault(""));
    let twice = config().trust_issuer(IDP, keys(), |_| ()).trust_issuer(IDP, keys(), |_| ());
    assert_eq!(twice.build().map(|_| ()), fault(IDP));
    let both = config().trust_issuer(IDP, keys(), |_| ());
    let both = both.trust_issuer(IDP, keys(), |idp| idp.profile = AssertionProfile::IdJag).build().unwrap();
    let plain = config().trust_issuer(IDP, "http://idp.example/".parse::<url::Url>().unwrap(), |_| ());
    assert_eq!(plain.build().map(|_| ()), fault(IDP));

    let told = |config: &grantor::Config| {
        let metadata = serde_json::to_value(config.metadata()).unwrap();
        let served = metadata["grant_types_supported"].as_array().unwrap().contains(&value!(GRANT));
        (served, metadata.get("authorization_grant_profiles_supported").cloned())
    };
    assert_eq!(told(&both), (true, Some(value!(["urn:ietf:params:oauth:grant-profile:id-jag"]))));
    assert_eq!(told(trusting(|_| ()).server.config()), (true, None));
    assert_eq!(told(&config().build().unwrap()), (false, None));
    let world = world();
    let request = post_as("/token", &basic("web", SECRET), &[("grant_type", GRANT), ("assertion", "x")]);
    assert_eq!(error(&world, &request), refused(400, "unsupported_grant_type"));
}

fn crowd() -> World<crate::table::Shelf> {
    let web = Client::builder("web").secret(secret(SECRET)).grant_types(&[GrantType::JwtBearer]).build().unwrap();
    crowd_of(vec![web], |config| config.default_scope("read").trust_issuer(IDP, keys(), |_| ()))
}

fn by_web(assertion: &str) -> Request<Vec<u8>> {
    post_as("/token", &basic("web", SECRET), &[("grant_type", GRANT), ("assertion", assertion)])
}

#[test]
fn of_requests_with_one_assertion_one_is_granted_however_they_meet() {
    let world = crowd();
    let request = by_web(&assertion(&value!({})));
    for players in [2, 3] {
        let players: Vec<_> = (1..=players).map(|seed| Player::sending(seed, Place::Token, request.clone())).collect();
        let scene = Scene::new(&world, &[], players);
        let judge = |scene: &Scene| {
            let granted = scene.count_granted();
            let told =
                scene.count(|event| matches!(event, Event::AssertionRefused { fault: AssertionFault::Replayed, .. }));
            let sound = granted == 1 && granted + told == scene.players.len();
            if sound { Vec::new() } else { vec![format!("{granted} were granted, {told} replays")] }
        };
        let explored = scene.explore(&judge);
        assert!(explored.schedules >= 6);
        assert_eq!(explored.broken, Vec::<String>::new());
        let careless = scene.overlooking(&[Overlooked::SeenAbsent]).explore(&judge);
        assert!(careless.broken.iter().any(|what| what.contains("2 were granted")), "{:?}", careless.broken);
    }
}

pub(crate) fn fault_case() -> Case {
    let request = by_web(&assertion(&value!({})));
    case("JWT assertion", Ask::Answer(Place::Token, request), crowd(), 200, 400, &[])
}

#[test]
fn one_load_and_one_commit_and_the_use_is_kept_until_the_assertion_expires() {
    let world = crowd();
    let exchange = Exchange::parse(world.server.config(), Place::Token, &by_web(&assertion(&value!({}))));
    let Step::Load(ask) = Step::start(exchange, Env::new(world.now(), Seed::new([1; 32]))) else { panic!("no load") };
    assert!(ask.question().iter().any(|key| matches!(key, Key::Seen(_))));
    let found = world.server.store().load(ask.question(), ask.now()).unwrap();
    let Step::Judge(ask) = ask.loaded(found) else { panic!("nobody is asked") };
    let verdict = willing(ask.question());
    let Step::Commit(pending) = ask.judged(verdict) else { panic!("more than one load") };
    let used: Vec<_> = pending.changes().iter().filter(|change| matches!(change.key, Key::Seen(_))).collect();
    let [used] = &*used else { panic!("{used:?}") };
    assert_eq!(used.expect, Expect::Absent);
    let Write::Put { expires, .. } = &used.write else { panic!("{used:?}") };
    assert_eq!(*expires, Some(Timestamp::from_unix(NOW + 70)));
    let client = pending.changes().iter().find(|change| matches!(change.key, Key::Client(_))).unwrap();
    assert!(matches!(client.expect, Expect::Version(_)), "a client that is changed meanwhile gets nothing");
}

#[test]
fn nobody_is_shown_an_assertion() {
    let shown = assertion(&value!({"email": "alice@idp.example"}));
    let mut watched = Watched::over(crowd());
    watched.learn(Some(shown.clone()));
    watched.learn(Some(shown.rsplit('.').next().unwrap().to_owned()));
    watched.learn(Some("alice@idp.example".to_owned()));
    let request = by_web(&shown);
    let statuses = [(); 2].map(|()| watched.send(Place::Token, &request).status().as_u16());
    assert_eq!(statuses, [200, 400]);
    watched.assert_kept(4);
    // What the client prints the server reads.
    let read = TokenRequest::parse(&request, &Limits::default()).unwrap();
    assert!(matches!(&read.grant, TokenGrant::JwtBearer { assertion: Some(read), .. } if read.as_str() == shown));
    let printed = read.print(&TOKEN_ENDPOINT.parse().unwrap());
    assert_eq!(TokenRequest::parse(&printed, &Limits::default()).unwrap(), read);
}

#[test]
fn keys_of_an_issuer_are_kept_and_asked_for_again_once_in_a_while() {
    let url: url::Url = JWKS.parse().unwrap();
    let (directory, [a, _, c]) = (Directory::default(), &*KEYS);
    let world = configured(|config| config.trust_issuer(IDP, url, |_| ()), directory.clone()).world;
    let host = CachingHost::new(directory.clone()).with_clock(world.clock.clone());
    let world = world.hosted(host);
    directory.document.lock().unwrap().0 = Some((200, jwks(&[a]).to_string().into()));
    let made = std::cell::Cell::new(0);
    let ask = |key: &PrivateKey| {
        made.set(made.get() + 1);
        let exp = world.now().as_unix() + 60;
        let changes = value!({"jti": made.get().to_string(), "exp": exp, "iat": null});
        let shown = key.token(&Purpose::ASSERTION_GRANT, &claims(&changes)).unwrap();
        let status = world.token(&by_app(&shown)).status().as_u16();
        (status, std::mem::take(&mut directory.document.lock().unwrap().1))
    };
    assert_eq!(ask(a), (200, 1));
    assert_eq!(ask(a), (200, 0), "kept");
    assert_eq!(ask(c), (400, 0), "it was asked a moment ago");
    world.clock.advance(30);
    assert_eq!([ask(c), ask(c), ask(a)], [(400, 1), (400, 0), (200, 0)]);
    world.clock.advance(600);
    assert_eq!(ask(a), (200, 1));
}
