//! Pushed authorization requests: bound, used once, and only by an answer [RFC 9126].

use http::{Request, StatusCode};
use serde_json::Value;

use grantor::Progress;
use grantor::record::Client;
use grantor::server::{Place, Visitor};
use grantor::wire::PageReason;

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

fn push(world: &World, request: &Request<Vec<u8>>) -> (u16, Value) {
    let response = world.server.answer(Place::PushedAuthorizationRequest, request);
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status().as_u16(), json(&response))
}

/// The good request of `spa`, as a form, with some parameters changed.
fn pushing(changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut request = post("/par", &[]);
    *request.body_mut() = authorization("spa", SPA, changes).uri().query().unwrap().into();
    request
}

fn pushed(world: &World, changes: &[(&str, &str)]) -> String {
    let (status, body) = push(world, &pushing(changes));
    assert_eq!(status, 201, "{body}");
    assert_eq!(body["expires_in"], 60);
    body["request_uri"].as_str().unwrap().to_owned()
}

fn bringing(client: &str, request_uri: &str) -> Request<Vec<u8>> {
    get(&format!("/authorize?{}", form(&[("client_id", client), ("request_uri", request_uri)])))
}

fn page(world: &World, request: &Request<Vec<u8>>) -> PageReason {
    match world.authorize(request, Visitor::logged_in(world.session(), None)) {
        Progress::Refuse(reason) => reason,
        other => panic!("no page: {other:?}"),
    }
}

#[test]
fn what_was_pushed_replaces_what_the_browser_brings() {
    let world = world();
    let name = pushed(&world, &[("scope", "read write"), ("login_hint", "al")]);
    let good = bringing("spa", &name);
    let tampered =
        format!("{}&{}", good.uri().path_and_query().unwrap(), form(&[("scope", "admin"), ("state", "evil")]));
    let prompt = world.prompt(&get(&tampered));
    assert_eq!(prompt.request.login_hint.as_deref(), Some("al"));
    let response = world.server.approve(prompt, world.session());
    assert_eq!(parameter(&response, "state").as_deref(), Some("st & ate"));
    let code = parameter(&response, "code").unwrap();
    assert_eq!(json(&world.token(&redeem("spa", SPA, &code)))["scope"], "read write");
}

#[test]
fn only_an_answer_consumes_it() {
    let deny = |world: &World, request: &Request<Vec<u8>>| world.server.deny(world.prompt(request));
    for answer in [World::approved, deny] {
        let world = world();
        let request = bringing("spa", &pushed(&world, &[]));
        // The page is loaded again, in a second tab as well.
        let other_tab = world.prompt(&request);
        world.prompt(&request);
        assert_eq!(answer(&world, &request).status(), StatusCode::SEE_OTHER);
        assert_eq!(page(&world, &request), PageReason::RequestUriInvalid);
        let late = world.server.approve(other_tab, world.session());
        assert_eq!((late.status(), late.headers().get("location")), (StatusCode::BAD_REQUEST, None));
    }
}

#[test]
fn it_must_be_begun_in_time_and_may_be_answered_later() {
    let world = world();
    let (begun, late) = (pushed(&world, &[]), pushed(&world, &[]));
    world.clock.advance(59);
    let prompt = world.prompt(&bringing("spa", &begun));
    world.clock.advance(1);
    assert_eq!(page(&world, &bringing("spa", &late)), PageReason::RequestUriInvalid);
    world.clock.advance(600);
    assert!(parameter(&world.server.approve(prompt.clone(), world.session()), "code").is_some());
    assert_eq!(world.server.approve(prompt, world.session()).status(), StatusCode::BAD_REQUEST, "once");
}

#[test]
fn it_is_bound_to_its_client() {
    let world = world();
    let name = pushed(&world, &[]);
    assert_eq!(page(&world, &bringing("cli", &name)), PageReason::RequestUriInvalid);
    let unknown = format!("{}{}", &name[..name.len() - 43], "A".repeat(43));
    assert_eq!(page(&world, &bringing("spa", &unknown)), PageReason::RequestUriInvalid);
    assert!(parameter(&world.approved(&bringing("spa", &name)), "code").is_some());
}

#[test]
fn a_request_that_would_be_refused_is_refused_when_pushed() {
    let world = world();
    let cases: &[(&[(&str, &str)], u16, &str)] = &[
        (&[("redirect_uri", "https://evil.example/cb")], 400, "invalid_request"),
        (&[("redirect_uri", "")], 400, "invalid_request"),
        (&[("request_uri", "urn:x")], 400, "request_uri_not_supported"),
        (&[("request", "x.y.z")], 400, "request_not_supported"),
        (&[("response_type", "token")], 400, "unsupported_response_type"),
        (&[("code_challenge", "")], 400, "invalid_request"),
        (&[("scope", "\"")], 400, "invalid_scope"),
        (&[("client_id", "")], 401, "invalid_client"),
        (&[("client_id", "web")], 401, "invalid_client"),
        (&[("client_id", "nobody")], 401, "invalid_client"),
    ];
    for (changes, status, error) in cases {
        let (found, body) = push(&world, &pushing(changes));
        assert_eq!((found, body["error"].as_str()), (*status, Some(*error)), "{changes:?}");
    }
    let doubled = [pushing(&[]).body(), b"&state=x".as_slice()].concat();
    let mut request = pushing(&[]);
    *request.body_mut() = doubled;
    assert_eq!(push(&world, &request).0, 400);
    assert_eq!(push(&world, &pushing(&[])).0, 201);
}

#[test]
fn a_confidential_client_authenticates_to_push() {
    let world = world();
    let mut request = post_as("/par", &basic("web", SECRET), &[]);
    let good = authorization("web", WEB, &[("client_id", "")]);
    *request.body_mut() = good.uri().query().unwrap().into();
    let (status, body) = push(&world, &request);
    assert_eq!(status, 201);
    let name = body["request_uri"].as_str().unwrap();
    assert!(parameter(&world.approved(&bringing("web", name)), "code").is_some());
}

#[test]
fn pushing_can_be_required_of_a_client_and_of_all() {
    let metadata = serde_json::from_value(serde_json::json!({
        "redirect_uris": ["https://strict.example/cb"], "require_pushed_authorization_requests": true,
    }));
    let strict = Client::builder("strict").metadata(metadata.unwrap()).build().unwrap();
    let by_client = world();
    by_client.server.store().put_client(strict);
    let by_server = world_with(|config| config.require_pushed_authorization_requests());
    assert!(by_server.server.config().metadata().require_pushed_authorization_requests);
    for (world, client, uri) in [(by_client, "strict", "https://strict.example/cb"), (by_server, "spa", SPA)] {
        let plain = authorization(client, uri, &[]);
        let Progress::Respond(response) = world.authorize(&plain, Visitor::anonymous()) else { panic!("asked") };
        assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request"));
        let mut request = post("/par", &[]);
        *request.body_mut() = plain.uri().query().unwrap().into();
        let name = push(&world, &request).1["request_uri"].as_str().unwrap().to_owned();
        assert!(parameter(&world.approved(&bringing(client, &name)), "code").is_some());
    }
}

#[test]
fn request_objects_and_foreign_addresses_are_refused_by_redirect() {
    let world = world();
    for (changes, error) in [
        (vec![("request", "x.y.z")], "request_not_supported"),
        (vec![("request_uri", "https://client.example/request.jwt")], "request_uri_not_supported"),
        (vec![("request_uri", "urn:ietf:params:oauth:request_uri:short")], "request_uri_not_supported"),
        (vec![("request", "x.y.z"), ("request_uri", "https://client.example/r")], "invalid_request"),
    ] {
        let Progress::Respond(response) = world.authorize(&authorization("spa", SPA, &changes), Visitor::anonymous())
        else {
            panic!("asked")
        };
        assert_eq!(parameter(&response, "error").as_deref(), Some(error), "{changes:?}");
    }
}

#[test]
fn what_was_short_enough_to_push_is_short_enough_to_bring() {
    let world = world();
    // Not encoded by its client, as a form need not be, and three times as long where it is kept.
    let long = "\u{e9}".repeat(4000);
    let mut request = pushing(&[]);
    for name in ["state", "login_hint", "x", "y"] {
        request.body_mut().extend(format!("&{name}={long}").bytes());
    }
    let body = String::from_utf8(request.body().clone()).unwrap().replace("&state=st%20%26%20ate", "");
    *request.body_mut() = body.into_bytes();
    let (status, response) = push(&world, &request);
    assert_eq!(status, 201, "{response}");
    let name = response["request_uri"].as_str().unwrap();
    assert_eq!(parameter(&world.approved(&bringing("spa", name)), "state"), Some(long));
}
