//! The resource owner password credentials grant: the host says whose a password is [RFC 6749 §4.3].

use std::sync::{Arc, Mutex};

use grantor::drive::{Host, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Client, ClientId, Exposed, GrantType, Scope, Subject};
use grantor::server::{Exchange, Place};
use grantor::step::Step;
use grantor::store::{Commit, Store as _};
use grantor::wire::{Credentials, Limits, TokenGrant, TokenRequest};
use grantor::{
    AuthorizationServer, CommonDetails, ConfigBuilder, Env, PasswordQuestion, Profile, Question, Seed, SigningInput,
    Timestamp, Verdict,
};
use http::Request;
use serde_json::Value;

use crate::support::*;

const NAME: &str = "älice@people.example";
const PASSWORD: &str = "cörrect horse & staple";

/// A host that knows one person, and remembers for which client and scope it was asked.
#[derive(Clone, Default)]
struct Doorman {
    asked: Arc<Mutex<Vec<(String, String)>>>,
    /// Says yes without saying who.
    vague: bool,
}

impl Doorman {
    fn verdict(&self, question: &PasswordQuestion) -> Verdict {
        let (client, scope) = (question.client.to_string(), question.scope.as_str().to_owned());
        self.asked.lock().unwrap().push((client, scope));
        match (question.username.as_str(), question.password.as_str()) {
            _ if self.vague => Verdict::Allowed,
            (NAME, PASSWORD) => {
                Verdict::Subject { subject: Subject::new("alice"), authenticated: Timestamp::from_unix(1_000_000) }
            }
            _ => Verdict::Denied,
        }
    }
}

impl Host for Doorman {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        panic!("nothing is fetched")
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let Question::Password(question) = question else { panic!("{question:?}") };
        Ok(self.verdict(question))
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

/// `till` may use the grant and refresh, `kiosk` may use it without a secret, `limited` has one scope.
fn old_world() -> World {
    let world = world_with(|config| {
        config.profile(Profile::danger_oauth20_legacy()).danger_serve_password_grant().resource("https://api.test/a")
    });
    let grants = [GrantType::Password, GrantType::RefreshToken];
    let builders = [
        Client::builder("till").secret(secret("till")).grant_types(&grants),
        Client::builder("kiosk").grant_types(&[GrantType::Password]),
        Client::builder("limited").grant_types(&grants).scope(Scope::parse("read").unwrap()),
    ];
    for builder in builders {
        world.server.store().put_client(builder.build().unwrap());
    }
    world
}

fn ask(world: &World, doorman: &Doorman, request: &Request<Vec<u8>>) -> (u16, Value) {
    let seeds = Counting::beyond(1_000_000 + 1000 * doorman.asked.lock().unwrap().len() as u64);
    let server = AuthorizationServer::new(world.server.config().clone(), world.server.store())
        .with_host(doorman.clone())
        .with_sink(world.log.clone())
        .with_clock(world.clock.clone())
        .with_randomness(seeds);
    let response = server.answer(Place::Token, request);
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status().as_u16(), json(&response))
}

/// A good request, with some parameters changed, added or (if empty) left out.
fn asking(client: &str, changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    let secret = if client == "till" { "till" } else { "" };
    let pairs = [
        ("grant_type", "password"),
        ("client_id", client),
        ("client_secret", secret),
        ("username", NAME),
        ("password", PASSWORD),
        ("scope", "read write"),
    ];
    with(&post("/token", &pairs), changes)
}

#[test]
fn a_password_gives_details_where_there_is_no_scope() {
    let photos = CommonDetails::new("photos").actions(["read", "write"]);
    let legacy = |config: ConfigBuilder| config.profile(Profile::danger_oauth20_legacy()).danger_serve_password_grant();
    let world = world_with(|config| legacy(config).authorization_details(photos).default_scope("write"));
    let till = Client::builder("till").secret(secret("till")).grant_types(&[GrantType::Password]);
    world.server.store().put_client(till.build().unwrap());
    let doorman = Doorman::default();
    for (details, status) in
        [(r#"[{"type":"photos","actions":["read"]}]"#, 200), (r#"[{"type":"photos","actions":["burn"]}]"#, 400)]
    {
        let request = asking("till", &[("scope", ""), ("authorization_details", details)]);
        let (told, body) = ask(&world, &doorman, &request);
        assert_eq!((told, body.get("scope")), (status, None), "{body}");
        match status {
            200 => assert_eq!(body["authorization_details"].to_string(), r#"[{"actions":["read"],"type":"photos"}]"#),
            _ => assert_eq!(body["error"], "invalid_authorization_details"),
        }
    }
    assert_eq!(*doorman.asked.lock().unwrap(), [("till".to_owned(), String::new())]);
}

#[test]
fn a_password_gives_tokens_of_the_person_that_the_host_names() {
    let (world, doorman) = (old_world(), Doorman::default());
    let (status, tokens) = ask(&world, &doorman, &asking("till", &[]));
    assert_eq!((status, &tokens["scope"], &tokens["expires_in"]), (200, &"read write".into(), &600.into()));
    assert_eq!(*doorman.asked.lock().unwrap(), [("till".to_owned(), "read write".to_owned())]);
    let seen = |token: &Value| {
        let token = token.as_str().unwrap();
        let request = post_as("/introspect", &basic("till", "till"), &[("token", token)]);
        json(&world.server.answer(Place::Introspection, &request))
    };
    assert_eq!(seen(&tokens["access_token"])["sub"], "alice");
    let events = world.log.take();
    assert!(
        matches!(&*events, [Event::TokenIssued { grant_type: GrantType::Password, subject: Some(who), .. }] if who.as_str() == "alice"),
        "{events:?}"
    );
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let (status, next) = ask(&world, &doorman, &post_as("/token", &basic("till", "till"), &pairs));
    assert_eq!((status, &seen(&next["access_token"])["sub"]), (200, &"alice".into()));
    assert_eq!(doorman.asked.lock().unwrap().len(), 1, "a refresh asks nobody");
}

#[test]
fn a_refresh_token_comes_as_after_a_code() {
    let (world, doorman) = (old_world(), Doorman::default());
    for (client, scope, refreshes) in [
        ("till", "read", true),
        ("till", "openid read", false),
        ("till", "openid offline_access", true),
        ("kiosk", "read", false),
        ("kiosk", "offline_access read", false),
    ] {
        let (status, tokens) = ask(&world, &doorman, &asking(client, &[("scope", scope)]));
        assert_eq!((status, tokens.get("refresh_token").is_some()), (200, refreshes), "{client} {scope}");
    }
}

#[test]
fn a_wrong_password_gives_nothing_and_is_reported_without_names() {
    let (world, doorman) = (old_world(), Doorman::default());
    let wrong: [&[(&str, &str)]; 3] =
        [&[("password", "wrong")], &[("username", "nobody")], &[("username", PASSWORD), ("password", NAME)]];
    for changes in wrong {
        let (status, answer) = ask(&world, &doorman, &asking("till", changes));
        assert_eq!((status, &answer["error"]), (400, &"invalid_grant".into()), "{changes:?}");
        let events = world.log.take();
        assert!(matches!(&*events, [Event::PasswordRefused { client, .. }] if client.as_str() == "till"), "{events:?}");
        let printed = format!("{events:?}");
        assert!(changes.iter().all(|(_, value)| !printed.contains(value)), "{printed}");
    }
    let vague = Doorman { vague: true, ..Doorman::default() };
    assert_eq!(ask(&world, &vague, &asking("till", &[])).1["error"], "invalid_grant", "a yes that names nobody");
    let (status, answer) = (world.token(&asking("till", &[])).status(), json(&world.token(&asking("till", &[]))));
    assert_eq!((status.as_u16(), &answer["error"]), (400, &"invalid_grant".into()), "a host that knows nobody");
    assert_eq!(ask(&world, &doorman, &asking("till", &[])).0, 200);
}

#[test]
fn what_cannot_be_granted_is_refused_before_the_host_is_asked() {
    let (world, doorman) = (old_world(), Doorman::default());
    let cases: &[(&str, &[(&str, &str)], u16, &str)] = &[
        ("till", &[("username", "")], 400, "invalid_request"),
        ("till", &[("password", "")], 400, "invalid_request"),
        ("till", &[("client_secret", "wrong")], 401, "invalid_client"),
        ("till", &[("scope", "\"")], 400, "invalid_scope"),
        ("till", &[("scope", "banana")], 400, "invalid_scope"),
        ("till", &[("resource", "https://unknown.test/")], 400, "invalid_target"),
        ("limited", &[("scope", "read write")], 400, "invalid_scope"),
        ("spa", &[], 400, "unauthorized_client"),
        ("nobody", &[], 401, "invalid_client"),
        ("till", &[("password", "a\nb")], 400, "invalid_request"),
    ];
    for (client, changes, status, error) in cases {
        let (got, answer) = ask(&world, &doorman, &asking(client, changes));
        assert_eq!((got, &answer["error"]), (*status, &(*error).into()), "{client} {changes:?}");
    }
    let mut twice = asking("till", &[]);
    twice.body_mut().extend_from_slice(b"&password=other");
    assert_eq!(ask(&world, &doorman, &twice).1["error"], "invalid_request");
    assert!(doorman.asked.lock().unwrap().is_empty());
    for (client, scope) in [("till", "read write"), ("limited", "read"), ("kiosk", "read")] {
        assert_eq!(ask(&world, &doorman, &asking(client, &[("scope", scope)])).0, 200, "{client}");
    }
    let (_, at) = ask(&world, &doorman, &asking("till", &[("resource", "https://api.test/a")]));
    assert!(at["access_token"].is_string());
}

#[test]
fn without_the_option_the_grant_is_unknown() {
    let world = world();
    let client = Client::builder("kiosk").grant_types(&[GrantType::Password]).build().unwrap();
    world.server.store().put_client(client);
    assert_eq!(error(&world, &asking("kiosk", &[])), refused(400, "unsupported_grant_type"));
    let served = |world: &World| world.server.config().metadata().grant_types_supported;
    assert!(!served(&world).iter().any(|name| name == "password"));
    assert!(served(&old_world()).iter().any(|name| name == "password"));
}

#[test]
fn the_host_is_asked_once_and_no_step_shows_what_it_is_asked() {
    let world = old_world();
    let store = world.server.store();
    let exchange = Exchange::parse(world.server.config(), Place::Token, &asking("kiosk", &[]));
    let hides = |shown: String| {
        assert!(![NAME, PASSWORD, "horse", "people.example"].iter().any(|secret| shown.contains(secret)), "{shown}");
    };
    hides(format!("{exchange:?}"));
    let step = Step::start(exchange, Env::new(world.now(), Seed::new([7; 32])));
    let Step::Load(ask) = step else { panic!("no load") };
    let found = store.load(ask.question(), ask.now()).unwrap();
    let Step::Judge(judge) = ask.loaded(found) else { panic!("not asked") };
    hides(format!("{judge:?}"));
    let Question::Password(question) = judge.question() else { panic!("{:?}", judge.question()) };
    assert_eq!((question.username.as_str(), question.password.as_str()), (NAME, PASSWORD));
    let verdict = Doorman::default().verdict(question);
    let Step::Commit(pending) = judge.judged(verdict) else { panic!("no commit") };
    hides(format!("{pending:?}"));
    assert_eq!(pending.changes().len(), 3, "client, grant and token");
    let Step::Load(again) = pending.committed(Commit::Conflict) else { panic!("not decided again") };
    let found = store.load(again.question(), again.now()).unwrap();
    let Step::Commit(pending) = again.loaded(found) else { panic!("the host was asked twice") };
    let outcome = store.commit(pending.changes().to_vec(), pending.now()).unwrap();
    assert!(matches!(pending.committed(outcome), Step::Done(_)));
}

#[test]
fn a_request_is_read_as_it_is_written() {
    let grant = TokenGrant::Password { username: Some(Exposed::new(NAME)), password: Some(Exposed::new(PASSWORD)) };
    let credentials = Credentials::None { client: ClientId::new("kiosk") };
    let request = TokenRequest::new(credentials, grant);
    let printed = request.print(&"https://as.example/token".parse().unwrap());
    assert_eq!(TokenRequest::parse(&printed, &Limits::default()), Ok(request));
}
