//! SAML 2.0 assertions as authorization grants, read by the host [RFC 7522].

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use grantor::drive::{Host, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Client, GrantType, Scope, Subject};
use grantor::server::Place;
use grantor::wire::{AssertionFault, Limits, TokenGrant, TokenRequest};
use grantor::{
    Asserted, ConfigBuilder, ConfigFault, Question, Saml2Assertion, Saml2Bearer, Saml2Question, SigningInput,
    Timestamp, Verdict,
};
use http::Request;
use serde_json::{Value, json as value};

use crate::faults::case;
use crate::faulty::{Ask, Case};
use crate::interleavings::crowd_of;
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf};
use crate::watch::Watched;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const IDP: &str = "https://saml.example";
const TOKEN_ENDPOINT: &str = "https://as.example/token";
const NOW: u64 = 1_000_000;
const XML: &str = "<Assertion ID=\"_1\">älice</Assertion>";

/// A host whose SAML library finds what it is told to find, and remembers what it was asked.
#[derive(Clone)]
struct Library {
    finds: Verdict,
    asked: Arc<Mutex<Vec<Saml2Question>>>,
}

impl Host for Library {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        panic!("nothing is fetched")
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let Question::Saml2Assertion(question) = question else { panic!("{question:?}") };
        self.asked.lock().unwrap().push((**question).clone());
        Ok(self.finds.clone())
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

/// What is found in a good assertion, changed.
fn found(change: impl FnOnce(&mut Saml2Assertion)) -> Verdict {
    let asserted = Asserted::new(Subject::new("alice"));
    let mut found = Saml2Assertion::new(IDP, "_1", Timestamp::from_unix(NOW + 60), asserted);
    found.audience = vec![ISSUER.to_owned()];
    change(&mut found);
    Verdict::Saml2(Box::new(found))
}

type Served = World<grantor::store::Memory<grantor::store::Indexed>, Library>;

fn served(finds: Verdict, change: impl FnOnce(&mut Saml2Bearer)) -> (Served, Library) {
    let serve = |served: &mut Saml2Bearer| {
        served.issuers = vec![IDP.to_owned()];
        change(served);
    };
    let world = world_with(|config: ConfigBuilder| config.default_scope("read").saml2_bearer(serve));
    let grants = [GrantType::Saml2Bearer, GrantType::RefreshToken];
    for builder in [
        Client::builder("app").secret(secret("app")).grant_types(&grants),
        Client::builder("bare").grant_types(&grants),
    ] {
        world.server.store().put_client(builder.build().unwrap());
    }
    let library = Library { finds, asked: Arc::default() };
    (world.hosted(library.clone()), library)
}

fn showing(assertion: &str) -> Request<Vec<u8>> {
    post_as("/token", &basic("app", "app"), &[("grant_type", GRANT), ("assertion", assertion)])
}

fn good() -> Request<Vec<u8>> {
    showing(&URL_SAFE_NO_PAD.encode(XML))
}

/// Why the request is refused, if it is.
fn fault(world: &Served, request: &Request<Vec<u8>>) -> Option<AssertionFault> {
    world.log.take();
    let body = json(&world.token(request));
    match &*world.log.take() {
        [Event::TokenIssued { grant_type: GrantType::Saml2Bearer, .. }] => None,
        [Event::AssertionRefused { fault, .. }] => {
            let expected = (&value!("invalid_grant"), &value!(fault.to_string()));
            assert_eq!((&body["error"], &body["error_description"]), expected);
            Some(*fault)
        }
        log => panic!("{body} {log:?}"),
    }
}

#[test]
fn what_the_host_reads_gives_a_token_for_that_person() {
    let finds = found(|found| {
        found.asserted.authenticated = Some(Timestamp::from_unix(NOW - 9));
        found.asserted.scope = Some(Scope::parse("read").unwrap());
    });
    let (world, library) = served(finds, |_| ());
    let response = json(&world.token(&with(&good(), &[("scope", "read write")])));
    assert_eq!((&response["scope"], response.get("refresh_token")), (&value!("read"), None));
    assert_eq!(response["expires_in"], 360, "little longer than the assertion");
    let token = response["access_token"].as_str().unwrap();
    let request = post_as("/introspect", &basic("app", "app"), &[("token", token)]);
    let seen = json(&world.server.answer(Place::Introspection, &request));
    assert_eq!((&seen["sub"], &seen["auth_time"]), (&value!("alice"), &value!(NOW - 9)));
    let asked = library.asked.lock().unwrap();
    let [asked] = &**asked else { panic!("{asked:?}") };
    assert_eq!((asked.client.as_str(), asked.assertion.as_str(), asked.scope.as_str()), ("app", XML, "read write"));
}

#[test]
fn an_assertion_is_base64url_of_a_text_within_the_limit() {
    let largest = |bytes: usize| URL_SAFE_NO_PAD.encode("x".repeat(bytes));
    for (name, shown, good) in [
        ("good", URL_SAFE_NO_PAD.encode(XML), true),
        ("padded", format!("{}=", URL_SAFE_NO_PAD.encode(XML)), false),
        ("in the other alphabet", STANDARD.encode("<?>~~~>>>???"), false),
        ("with a space", format!("{} ", URL_SAFE_NO_PAD.encode(XML)), false),
        ("bits that mean nothing", "PHh".to_owned(), false),
        ("no base64url", XML.to_owned(), false),
        ("no UTF-8", URL_SAFE_NO_PAD.encode([0xff, 0xfe, b'<', 0]), false),
        ("as large as allowed", largest(100), true),
        ("larger", largest(101), false),
    ] {
        let (world, library) = served(found(|_| ()), |served| served.max_bytes = 100);
        let expected = (!good).then_some(AssertionFault::Malformed);
        assert_eq!(fault(&world, &showing(&shown)), expected, "{name}");
        assert_eq!(
            library.asked.lock().unwrap().len(),
            usize::from(good),
            "{name}: what cannot be read is not asked about"
        );
    }
    let (world, _) = served(found(|_| ()), |_| ());
    let lines = showing(&URL_SAFE_NO_PAD.encode(XML)[..8].replace(|_| true, "\n"));
    assert_eq!(json(&world.token(&lines))["error"], "invalid_request", "line breaks");
    assert_eq!(json(&world.token(&with(&good(), &[("assertion", "")])))["error"], "invalid_request");
}

/// What the host finds is judged here; a refused assertion is not used.
#[test]
fn what_is_found_must_be_for_this_server_and_now() {
    use AssertionFault as F;
    let at = |seconds: u64| Timestamp::from_unix(seconds);
    let cases: Vec<(&str, u64, Box<dyn FnOnce(&mut Saml2Assertion)>, Option<F>)> = vec![
        ("good", 0, Box::new(|_| ()), None),
        ("the token endpoint", 0, Box::new(|found| found.audience = vec![TOKEN_ENDPOINT.to_owned()]), None),
        ("both", 0, Box::new(|found| found.audience.push(TOKEN_ENDPOINT.to_owned())), None),
        ("received here", 0, Box::new(|found| found.recipient = Some(TOKEN_ENDPOINT.to_owned())), None),
        ("from now on", 0, Box::new(move |found| found.not_before = Some(at(NOW + 10))), None),
        ("at the end of the tolerance", 69, Box::new(|_| ()), None),
        ("as far as allowed", 0, Box::new(move |found| found.expires = at(NOW + 310)), None),
        ("another issuer", 0, Box::new(|found| found.issuer = "https://evil.example".to_owned()), Some(F::Issuer)),
        ("its issuer with a slash", 0, Box::new(|found| found.issuer.push('/')), Some(F::Issuer)),
        ("without a name", 0, Box::new(|found| found.id.clear()), Some(F::Claims)),
        ("for nobody", 0, Box::new(|found| found.audience.clear()), Some(F::Audience)),
        (
            "for another",
            0,
            Box::new(|found| found.audience = vec!["https://other.example".to_owned()]),
            Some(F::Audience),
        ),
        (
            "for another as well",
            0,
            Box::new(|found| found.audience.push("https://other.example".to_owned())),
            Some(F::Audience),
        ),
        ("received elsewhere", 0, Box::new(|found| found.recipient = Some(format!("{ISSUER}/par"))), Some(F::Audience)),
        ("received by the issuer", 0, Box::new(|found| found.recipient = Some(ISSUER.to_owned())), Some(F::Audience)),
        ("from later on", 0, Box::new(move |found| found.not_before = Some(at(NOW + 11))), Some(F::NotYetValid)),
        ("after the tolerance", 70, Box::new(|_| ()), Some(F::Expired)),
        ("for too long", 0, Box::new(move |found| found.expires = at(NOW + 311)), Some(F::LivesTooLong)),
    ];
    for (name, later, change, expected) in cases {
        let (world, library) = served(found(change), |_| ());
        world.clock.advance(later);
        assert_eq!(fault(&world, &good()), expected, "{name}");
        let again = fault(&world, &good());
        assert_eq!(again, expected.or(Some(F::Replayed)), "{name}, again");
        assert_eq!(library.asked.lock().unwrap().len(), 2);
    }
    for verdict in
        [Verdict::Denied, Verdict::Allowed, Verdict::Asserted(Box::new(Asserted::new(Subject::new("alice"))))]
    {
        assert_eq!(fault(&served(verdict, |_| ()).0, &good()), Some(F::Subject));
    }
    let agreed = |served: &mut Saml2Bearer| served.audience = vec!["urn:us".to_owned()];
    assert_eq!(fault(&served(found(|_| ()), agreed).0, &good()), Some(F::Audience), "not what was agreed");
    let (world, _) = served(found(|found| found.audience = vec!["urn:us".to_owned()]), agreed);
    assert_eq!(fault(&world, &good()), None);
}

#[test]
fn a_client_authenticates_unless_that_is_dangerously_left_out_and_may_not_ask_for_more() {
    let bare =
        post("/token", &[("grant_type", GRANT), ("client_id", "bare"), ("assertion", &URL_SAFE_NO_PAD.encode(XML))]);
    let error = |world: &Served, request: &Request<Vec<u8>>| json(&world.token(request))["error"].clone();
    let (world, library) = served(found(|_| ()), |served| served.scope = Some(Scope::parse("read").unwrap()));
    assert_eq!(error(&world, &bare), "unauthorized_client");
    let without_grant = post_as("/token", &basic("web", SECRET), &[("grant_type", GRANT), ("assertion", "x")]);
    assert_eq!(error(&world, &without_grant), "unauthorized_client");
    assert_eq!(error(&world, &with(&good(), &[("scope", "read write")])), "invalid_scope");
    assert_eq!(error(&world, &with(&good(), &[("resource", "https://unknown.test/")])), "invalid_target");
    assert!(library.asked.lock().unwrap().is_empty());
    assert_eq!(error(&world, &good()), Value::Null);
    let (world, _) = served(found(|_| ()), |served| {
        (served.danger_accept_public_clients, served.danger_issue_refresh_tokens) = (true, true);
    });
    let tokens = json(&world.token(&bare));
    let refresh = refresh("bare", tokens["refresh_token"].as_str().unwrap());
    assert_eq!(error(&world, &refresh), Value::Null);
}

#[test]
fn options_that_could_not_work_are_refused_and_what_is_served_is_told() {
    let build = |change: fn(&mut Saml2Bearer)| {
        let issuer = |served: &mut Saml2Bearer| served.issuers = vec![IDP.to_owned()];
        config().saml2_bearer(issuer).saml2_bearer(change).build()
    };
    let bad: [fn(&mut Saml2Bearer); 7] = [
        |served| served.issuers.clear(),
        |served| served.issuers.push(String::new()),
        |served| served.audience.push(String::new()),
        |served| served.max_bytes = 6 * 1024 + 1,
        |served| served.longest_life = Duration::ZERO,
        |served| served.clock_tolerance = Duration::from_secs(61),
        |served| served.scope = Some(Scope::parse("unheard").unwrap()),
    ];
    for change in bad {
        assert_eq!(build(change).map(|_| ()), Err(ConfigFault::Saml2Bearer));
    }
    let told = |config: &grantor::Config| config.metadata().grant_types_supported.iter().any(|name| name == GRANT);
    assert!(told(&build(|_| ()).unwrap()));
    assert!(!told(&config().build().unwrap()));
    let request = post_as("/token", &basic("web", SECRET), &[("grant_type", GRANT), ("assertion", "x")]);
    assert_eq!(error(&world(), &request), refused(400, "unsupported_grant_type"));
}

fn crowd() -> World<Shelf> {
    let web = Client::builder("web").secret(secret(SECRET)).grant_types(&[GrantType::Saml2Bearer]).build().unwrap();
    let serve = |served: &mut Saml2Bearer| served.issuers = vec![IDP.to_owned()];
    crowd_of(vec![web], |config| config.default_scope("read").saml2_bearer(serve))
}

fn by_web() -> Request<Vec<u8>> {
    let assertion = URL_SAFE_NO_PAD.encode("<the one assertion>");
    post_as("/token", &basic("web", SECRET), &[("grant_type", GRANT), ("assertion", &assertion)])
}

pub(crate) fn fault_case() -> Case {
    case("SAML assertion", Ask::Answer(Place::Token, by_web()), crowd(), 200, 400, &[])
}

#[test]
fn of_requests_with_one_assertion_one_is_granted_however_they_meet() {
    let world = crowd();
    let scene = Scene::new(&world, &[], [1, 2].map(|seed| Player::sending(seed, Place::Token, by_web())));
    let judge = |scene: &Scene| match scene.count_granted() {
        1 => Vec::new(),
        granted => vec![format!("{granted} were granted")],
    };
    let explored = scene.explore(&judge);
    assert!(explored.schedules >= 6);
    assert_eq!(explored.broken, Vec::<String>::new());
    let careless = scene.overlooking(&[Overlooked::SeenAbsent]).explore(&judge);
    assert!(careless.broken.iter().any(|what| what.contains("2 were granted")), "{:?}", careless.broken);
}

#[test]
fn nobody_is_shown_an_assertion() {
    let mut watched = Watched::over(crowd());
    watched.learn(Some("<the one assertion>".to_owned()));
    watched.learn(Some(URL_SAFE_NO_PAD.encode("<the one assertion>")));
    let statuses = [(); 2].map(|()| watched.send(Place::Token, &by_web()).status().as_u16());
    assert_eq!(statuses, [200, 400]);
    watched.assert_kept(3);
    let read = TokenRequest::parse(&by_web(), &Limits::default()).unwrap();
    assert!(matches!(read.grant, TokenGrant::Saml2Bearer { assertion: Some(_) }));
    assert_eq!(TokenRequest::parse(&read.print(&TOKEN_ENDPOINT.parse().unwrap()), &Limits::default()).unwrap(), read);
}
