//! The implicit grant, `response_type=none` and fragments: for those who still need them [RFC 6749 §4.2].

use std::sync::Arc;

use grantor::event::Event;
use grantor::record::{Client, GrantType, Record, ResponseType, Scope};
use grantor::server::{Approval, Place, Visitor};
use grantor::step::Step;
use grantor::store::{Commit, Expect, Key, Store as _, Write};
use grantor::wire::{AuthorizationMessage, AuthorizationOutcome, Limits};
use grantor::{Env, Profile, Progress, Seed};
use http::{Request, Response, StatusCode};

use crate::support::*;

const OLD: &str = "https://old.example/cb";
const API: &str = "https://api.test/a";

/// `old` is a browser application of the implicit grant, `every` has registered all response types and `few` one alone.
fn legacy() -> World {
    let world = world_with(|config| {
        config
            .profile(Profile::danger_oauth20_legacy())
            .danger_serve_implicit_grant()
            .serve_response_type_none()
            .resource(API)
            .resource_with_scopes("https://api.test/b", "write")
    });
    let all = [GrantType::AuthorizationCode, GrantType::Implicit, GrantType::RefreshToken];
    let every = [ResponseType::Code, ResponseType::Token, ResponseType::None];
    let builders = [
        Client::builder("old")
            .redirect_uri(OLD)
            .redirect_uri("https://old.example/cb?tenant=1")
            .grant_types(&[GrantType::Implicit])
            .response_types(&[ResponseType::Token]),
        Client::builder("every").redirect_uri(OLD).grant_types(&all).response_types(&every),
        Client::builder("device").native().redirect_uri(NATIVE).grant_types(&all).response_types(&every),
        Client::builder("few").redirect_uri(OLD).grant_types(&all).response_types(&[ResponseType::None]),
        Client::builder("silent").redirect_uri(OLD).grant_types(&all),
    ];
    for builder in builders {
        world.server.store().put_client(builder.build().unwrap());
    }
    world
}

/// A request without PKCE.
fn asking(client: &str, response_type: &str, changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    let bare = [("response_type", response_type), ("code_challenge", ""), ("code_challenge_method", "")];
    let pairs: Vec<_> = bare.into_iter().filter(|(name, _)| !changes.iter().any(|(own, _)| own == name)).collect();
    let to = if client == "device" { NATIVE } else { OLD };
    authorization(client, to, &[&pairs, changes].concat())
}

/// The URI of a redirect as it was sent.
fn sent(response: &Response<Vec<u8>>) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()["location"].to_str().unwrap().to_owned()
}

fn respond(progress: Progress) -> Response<Vec<u8>> {
    let Progress::Respond(response) = progress else { panic!("no response: {progress:?}") };
    response
}

fn read(parameters: &str) -> AuthorizationMessage {
    AuthorizationMessage::parse(parameters.as_bytes(), &Limits::default()).unwrap().unwrap()
}

/// The access token in a fragment.
fn token_in(response: &Response<Vec<u8>>) -> String {
    let location = sent(response);
    let AuthorizationOutcome::Token { access_token, .. } = read(location.split_once('#').unwrap().1).outcome else {
        panic!("no token: {location}")
    };
    access_token.as_str().to_owned()
}

#[test]
fn a_token_comes_in_the_fragment_and_is_all_that_comes() {
    let world = legacy();
    let response = world.approved(&asking("old", "token", &[("scope", "read write offline_access")]));
    let location = sent(&response);
    let (to, fragment) = location.split_once('#').unwrap();
    assert_eq!(to, OLD);
    let names: Vec<_> = fragment.split('&').map(|pair| pair.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["access_token", "token_type", "expires_in", "scope", "state", "iss"]);
    let message = read(fragment);
    assert_eq!((message.state.as_deref(), message.iss.as_deref()), (Some("st & ate"), Some(ISSUER)));
    let AuthorizationOutcome::Token { access_token, token_type, expires_in, scope, .. } = &message.outcome else {
        panic!("no token")
    };
    assert_eq!((token_type.as_str(), *expires_in), ("Bearer", Some(600)));
    assert_eq!(scope.as_ref().map(Scope::as_str), Some("read write"), "no refresh token, so no offline access");
    assert!(response.headers()["location"].is_sensitive());
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");

    let of = |token: &str| {
        json(
            &world.server.answer(Place::Introspection, &post("/introspect", &[("client_id", "old"), ("token", token)])),
        )
    };
    let seen = of(access_token.as_str());
    assert_eq!((&seen["sub"], &seen["scope"]), (&"alice".into(), &"read write".into()));
    let events = world.log.take();
    let [Event::TokenIssued { grant_type: GrantType::Implicit, .. }, Event::AuthorizationGranted { subject, .. }] =
        &*events
    else {
        panic!("{events:?}")
    };
    assert_eq!(subject.as_str(), "alice");
    world.revoke("old", access_token.as_str());
    assert_eq!(of(access_token.as_str()), serde_json::json!({"active": false}));
}

#[test]
fn a_fragment_leaves_the_query_of_a_redirect_uri_alone() {
    let world = legacy();
    let uri = "https://old.example/cb?tenant=1";
    let location = sent(&world.approved(&asking("old", "token", &[("redirect_uri", uri)])));
    assert!(location.starts_with(&format!("{uri}#access_token=")), "{location}");
    for uri in ["https://old.example/cb#x", "https://old.example/cb#"] {
        let refused = world.authorize(&asking("old", "token", &[("redirect_uri", uri)]), Visitor::anonymous());
        assert!(matches!(refused, Progress::Refuse(_)), "{uri}");
        assert!(Client::builder("c").redirect_uri(uri).build().is_err());
    }
    let to = "http://127.0.0.1:49152/cb";
    let location = sent(&world.approved(&asking("device", "token", &[("redirect_uri", to)])));
    assert!(location.starts_with(&format!("{to}#")), "{location}");
    let refused =
        world.authorize(&asking("device", "token", &[("redirect_uri", &format!("{to}#x"))]), Visitor::anonymous());
    assert!(matches!(refused, Progress::Refuse(_)));
}

#[test]
fn each_response_type_travels_as_it_may() {
    let world = legacy();
    let code_challenge = challenge(VERIFIER);
    let pkce = [("code_challenge", &*code_challenge), ("code_challenge_method", "S256")];
    let cases = [
        ("token", "", '#', "access_token"),
        ("token", "fragment", '#', "access_token"),
        ("none", "", '?', "state"),
        ("none", "query", '?', "state"),
        ("none", "fragment", '#', "state"),
        ("code", "", '?', "code"),
        ("code", "query", '?', "code"),
        ("code", "fragment", '#', "code"),
    ];
    for (response_type, mode, separator, first) in cases {
        let more = if response_type == "code" { &pkce[..] } else { &[] };
        let request = asking("every", response_type, &[&[("response_mode", mode)], more].concat());
        let location = sent(&world.approved(&request));
        assert!(location.starts_with(&format!("{OLD}{separator}{first}=")), "{response_type} {mode}: {location}");
        let message = read(location.split_once(separator).unwrap().1);
        assert_eq!((message.state.as_deref(), message.iss.as_deref()), (Some("st & ate"), Some(ISSUER)));
        let other = if separator == '#' { '?' } else { '#' };
        assert!(!location.contains(other), "{location}");
        // A denial goes the same way.
        let denied = sent(&world.server.deny(world.prompt(&request)));
        assert!(denied.starts_with(&format!("{OLD}{separator}error=access_denied&")), "{denied}");
        assert!(denied.contains("&state=st%20%26%20ate&iss="), "{denied}");
    }
    for (response_type, field) in [("token", "access_token"), ("none", "state")] {
        let request = asking("every", response_type, &[("response_mode", "form_post")]);
        let page = String::from_utf8(world.approved(&request).into_body()).unwrap();
        assert!(page.contains(&format!("<form method=\"post\" action=\"{OLD}\">")), "{page}");
        assert!(page.contains(&format!("name=\"{field}\" value=")) && page.contains("name=\"iss\""), "{page}");
        assert!(!page.contains("refresh_token"));
    }
}

#[test]
fn faults_travel_as_the_response_would_and_nothing_is_issued() {
    let world = legacy();
    let token = ("response_type", "token");
    let cases: &[(&str, &[(&str, &str)], char, &str)] = &[
        ("old", &[token, ("response_mode", "query")], '?', "invalid_request"),
        ("old", &[token, ("response_mode", "foo")], '#', "unsupported_response_mode"),
        ("old", &[token, ("scope", "\"")], '#', "invalid_scope"),
        ("old", &[token, ("prompt", "none")], '#', "login_required"),
        ("old", &[token, ("prompt", "none"), ("response_mode", "query")], '?', "invalid_request"),
        ("old", &[token, ("resource", "https://unknown.test/")], '#', "invalid_target"),
        ("old", &[token, ("resource", "https://api.test/b")], '#', "invalid_scope"),
        ("old", &[("response_type", "code")], '?', "unauthorized_client"),
        ("old", &[("response_type", "none")], '?', "unauthorized_client"),
        ("few", &[token], '#', "unauthorized_client"),
        ("few", &[("response_type", "code")], '?', "unauthorized_client"),
        ("silent", &[token], '#', "unauthorized_client"),
        ("spa", &[token, ("redirect_uri", SPA)], '#', "unauthorized_client"),
        ("every", &[("response_type", "code token")], '#', "unsupported_response_type"),
        ("every", &[("response_type", "token code")], '#', "unsupported_response_type"),
        ("every", &[("response_type", "id_token")], '#', "unsupported_response_type"),
        ("every", &[("response_type", "none token")], '#', "unsupported_response_type"),
        ("every", &[("response_type", "code token"), ("response_mode", "query")], '?', "unsupported_response_type"),
        ("every", &[("response_type", "code")], '?', "invalid_request"),
    ];
    for (client, changes, separator, error) in cases {
        let response = respond(world.authorize(&asking(client, "", changes), Visitor::anonymous()));
        let location = sent(&response);
        let (_, parameters) =
            location.split_once(*separator).unwrap_or_else(|| panic!("{client} {changes:?}: {location}"));
        let message = read(parameters);
        let AuthorizationOutcome::Error { error: told, .. } = &message.outcome else { panic!("{location}") };
        assert_eq!(told, error, "{client} {changes:?}");
        assert_eq!((message.state.as_deref(), message.iss.as_deref()), (Some("st & ate"), Some(ISSUER)));
        assert!(!location.contains("access_token"));
    }
    assert!(world.log.take().is_empty());
    let twice = asking("every", "token", &[("resource", API)]);
    let twice = get(&format!("{}&resource=https%3A%2F%2Fapi.test%2Fb", twice.uri().path_and_query().unwrap()));
    let location = sent(&respond(world.authorize(&twice, Visitor::anonymous())));
    assert!(location.starts_with(&format!("{OLD}#error=invalid_target&")), "a token for two resources: {location}");
}

#[test]
fn a_token_is_for_the_resource_that_was_named() {
    let world = legacy();
    let token = token_in(&world.approved(&asking("every", "token", &[("resource", API)])));
    let query = post("/introspect", &[("client_id", "every"), ("token", &token)]);
    assert_eq!(json(&world.server.answer(Place::Introspection, &query))["aud"], serde_json::json!([API]));
    // What was approved must mean something there.
    let request = asking("every", "token", &[("resource", "https://api.test/b"), ("scope", "read write")]);
    let only = |scope: &str| {
        let approval = Approval::new(world.server.config().clone(), world.prompt(&request), world.session());
        world.server.run(approval.only(Scope::parse(scope).unwrap())).unwrap()
    };
    assert!(only("write").is_ok());
    assert!(sent(&only("read").unwrap_err().print()).starts_with(&format!("{OLD}#error=access_denied&")));
}

#[test]
fn approval_is_one_commit_that_expects_the_client_it_saw() {
    let world = legacy();
    let store = world.server.store();
    for (response_type, kinds) in [("token", &["client", "grant", "token"][..]), ("none", &["client"])] {
        let prompt = world.prompt(&asking("every", response_type, &[]));
        let approval = Approval::new(Arc::clone(world.server.config()), prompt, world.session());
        let Step::Load(ask) = Step::start(approval, Env::new(world.now(), Seed::new([7; 32]))) else {
            panic!("no load")
        };
        let found = store.load(ask.question(), ask.now()).unwrap();
        let Step::Commit(pending) = ask.loaded(found) else { panic!("no commit") };
        let mut touched: Vec<_> = pending.changes().iter().map(|change| change.key.to_string()).collect();
        touched.sort();
        assert_eq!(touched.len(), kinds.len(), "{touched:?}");
        assert!(touched.iter().zip(kinds).all(|(key, kind)| key.starts_with(kind)), "{touched:?}");
        for change in pending.changes() {
            match (&change.key, change.expect, &change.write) {
                (Key::Client(_), Expect::Version(_), Write::Nothing) => {}
                (_, Expect::Absent, Write::Put { record: Record::Grant(grant), .. }) => assert!(grant.is_live()),
                (_, Expect::Absent, Write::Put { record: Record::Token(_), .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        // The client is gone by then.
        let Step::Load(again) = pending.committed(Commit::Conflict) else { panic!("not decided again") };
        let Step::Done(done) = again.loaded(vec![None]) else { panic!("not done") };
        assert!(done.reply.is_err() && done.events.is_empty());
    }
}

#[test]
fn none_issues_nothing_and_tells_the_host_of_the_consent() {
    let world = legacy();
    let location = sent(&world.approved(&asking("every", "none", &[])));
    assert_eq!(read(location.split_once('?').unwrap().1).outcome, AuthorizationOutcome::Nothing);
    let events = world.log.take();
    let [Event::ConsentGiven { client, subject, scope, .. }] = &*events else { panic!("{events:?}") };
    assert_eq!((client.as_str(), subject.as_str(), scope.as_str()), ("every", "alice", "read"));
}

#[test]
fn a_native_client_may_ask_silently_only_where_nothing_is_issued() {
    let world = legacy();
    let consent = Some(Scope::parse("read").unwrap());
    let visitor = || Visitor::logged_in(world.session(), consent.clone());
    let silently = |response_type| {
        sent(&respond(world.authorize(&asking("device", response_type, &[("prompt", "none")]), visitor())))
    };
    assert!(silently("none").starts_with(&format!("{NATIVE}?state=")));
    assert!(silently("token").starts_with(&format!("{NATIVE}#error=consent_required&")));
    for response_type in ["none", "token"] {
        assert!(matches!(world.authorize(&asking("device", response_type, &[]), visitor()), Progress::Ask(_)));
        let none = Visitor::logged_in(world.session(), None);
        let response = respond(world.authorize(&asking("device", response_type, &[("prompt", "none")]), none));
        assert!(sent(&response).contains("error=consent_required"));
    }
    // One that its redirect URI identifies gets its token at once.
    token_in(&respond(world.authorize(&asking("old", "token", &[("prompt", "none")]), visitor())));
}

#[test]
fn without_the_options_there_is_neither() {
    let world = world();
    let metadata = world.server.config().metadata();
    assert_eq!(metadata.response_types_supported, ["code"]);
    assert!(!metadata.grant_types_supported.iter().any(|name| name == "implicit" || name == "password"));
    let all = [GrantType::AuthorizationCode, GrantType::Implicit];
    let every = [ResponseType::Code, ResponseType::Token, ResponseType::None];
    let client = Client::builder("every").redirect_uri(OLD).grant_types(&all).response_types(&every);
    world.server.store().put_client(client.build().unwrap());
    for (response_type, separator) in [("token", '#'), ("none", '?')] {
        let location = sent(&respond(world.authorize(&asking("every", response_type, &[]), Visitor::anonymous())));
        assert!(location.starts_with(&format!("{OLD}{separator}error=unsupported_response_type&")), "{location}");
    }
    let metadata = legacy().server.config().metadata();
    assert_eq!(metadata.response_types_supported, ["code", "token", "none"]);
    assert_eq!(metadata.response_modes_supported, ["query", "fragment", "form_post"]);
    assert!(metadata.grant_types_supported.iter().any(|name| name == "implicit"));
}

#[test]
fn the_token_endpoint_knows_no_implicit_grant() {
    let world = legacy();
    let pairs = [("grant_type", "implicit"), ("client_id", "old")];
    assert_eq!(error(&world, &post("/token", &pairs)), refused(400, "unsupported_grant_type"));
}

#[test]
fn a_pushed_request_is_held_to_the_same() {
    let world = legacy();
    let push = |more: &[(&str, &str)]| {
        let pairs = [("client_id", "every"), ("redirect_uri", OLD), ("response_type", "token"), ("scope", "read")];
        json(&world.server.answer(Place::PushedAuthorizationRequest, &post("/par", &[&pairs, more].concat())))
    };
    assert_eq!(push(&[("response_mode", "query")])["error"], "invalid_request");
    let name = push(&[])["request_uri"].as_str().unwrap().to_owned();
    let request = get(&format!("/authorize?{}", form(&[("client_id", "every"), ("request_uri", &name)])));
    token_in(&world.approved(&request));
    assert!(matches!(world.authorize(&request, Visitor::anonymous()), Progress::Refuse(_)), "used once");
}

#[test]
fn responses_are_read_as_they_are_written_and_nothing_else_is() {
    let world = legacy();
    for (response_type, separator) in [("token", '#'), ("none", '?')] {
        let location = sent(&world.approved(&asking("every", response_type, &[])));
        let parameters = location.split_once(separator).unwrap().1;
        let message = read(parameters);
        let written: Vec<_> = message.parameters().map(|(name, value)| (name, value.into_owned())).collect();
        let pairs: Vec<_> = written.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(read(&form(&pairs)), message);
    }
    for text in [
        "",
        "access_token=x",
        "access_token=x&token_type=Bearer&code=y",
        "access_token=x&token_type=Bearer&error=y",
        "access_token=x&token_type=Bearer&expires_in=soon",
        "access_token=x&token_type=Bearer&expires_in=-1",
        "access_token=x&token_type=Bearer&scope=%22",
        "code=x&error=y",
        "token_type=Bearer",
    ] {
        assert_eq!(AuthorizationMessage::parse(text.as_bytes(), &Limits::default()), Ok(None), "{text}");
    }
    assert!(AuthorizationMessage::parse(b"access_token=x&access_token=y", &Limits::default()).is_err());
    let message = read("access_token=x&token_type=Bearer&scope=%20");
    assert!(message.state.is_none());
    assert_eq!(message.parameters().count(), 2, "a scope of no words is none");
}
