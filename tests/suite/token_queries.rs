//! Introspection, revocation and the resource check: who may know, who may end, who may pass.

use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json as value};

use grantor::event::{Event, RevocationCause};
use grantor::record::{Client, Resource, Scope};
use grantor::resource::{Access, Demand};
use grantor::server::Place;

use crate::support::*;

const API: &str = "https://api.example/";

/// A server whose tokens are for `API`, which the client `rs` serves.
fn with_resource() -> World {
    let world = world_with(|config| config.audience(API));
    let rs = Client::builder("rs").secret(secret("r")).resource(Resource::parse(API).unwrap());
    world.server.store().put_client(rs.grant_types(&[]).build().unwrap());
    world
}

fn ask(world: &World, authorization: Option<&str>, pairs: &[(&str, &str)]) -> Response<Vec<u8>> {
    let request = match authorization {
        Some(header) => post_as("/introspect", header, pairs),
        None => post("/introspect", pairs),
    };
    world.server.answer(Place::Introspection, &request)
}

fn seen_by(world: &World, client: &str, secret: &str, token: &str) -> Value {
    json(&ask(world, Some(&basic(client, secret)), &[("token", token)]))
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

#[test]
fn a_token_is_shown_to_its_client_and_to_the_resource_it_is_for() {
    let world = with_resource();
    let inactive = value!({"active": false});
    let tokens = world.tokens();
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let now = world.now().as_unix();
    let whole = value!({
        "active": true, "scope": "read write", "client_id": "spa", "token_type": "Bearer", "exp": now + 600, "iat": now, "auth_time": now,
        "sub": "alice", "aud": [API], "iss": ISSUER,
    });
    assert_eq!(world.introspect(&access), whole);
    assert_eq!(seen_by(&world, "rs", "r", &access), whole);
    assert_eq!(seen_by(&world, "service", "s", &access), inactive);
    assert_eq!(seen_by(&world, "rs", "r", &refresh), inactive);
    let cli = [("client_id", "cli"), ("token", &*access)];
    assert_eq!(json(&ask(&world, None, &cli)), inactive);

    assert_eq!(world.introspect(&refresh), inactive, "whose client did not prove to be it");
}

#[test]
fn a_refresh_token_is_shown_to_its_client_while_it_is_current() {
    let world = with_resource();
    let code = world.code("web", WEB, &[("scope", "read write")]);
    let pairs = [("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", VERIFIER)];
    let tokens = json(&world.token(&post_as("/token", &basic("web", SECRET), &pairs)));
    let refresh = text(&tokens, "refresh_token");
    let now = world.now().as_unix();
    let whole = value!({
        "active": true, "scope": "read write", "client_id": "web", "exp": now + 30 * 24 * 60 * 60, "iat": now,
        "sub": "alice", "iss": ISSUER,
    });
    assert_eq!(seen_by(&world, "web", SECRET, &refresh), whole);
    let narrow = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("scope", "read")];
    let next = text(&json(&world.token(&post_as("/token", &basic("web", SECRET), &narrow))), "refresh_token");
    assert_eq!(seen_by(&world, "web", SECRET, &refresh), value!({"active": false}), "spent");
    assert_eq!(seen_by(&world, "web", SECRET, &next), whole, "the chain was not narrowed");
}

#[test]
fn what_is_not_usable_is_exactly_inactive() {
    let world = with_resource();
    let inactive = value!({"active": false});
    let code = world.code("spa", "https://spa.example/cb", &[]);
    let tokens = world.tokens();
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let next = json(&world.refresh("spa", &refresh));
    let foreign = format!("{}{}", &access[..40], "A".repeat(access.len() - 40));
    for (name, token) in [
        ("garbage", "banana"),
        ("a code", &*code),
        ("a spent token", &refresh),
        ("a wrong secret", &foreign),
        ("too long", &"x".repeat(500)),
    ] {
        let response = ask(&world, None, &[("client_id", "spa"), ("token", token)]);
        assert_eq!(json(&response), inactive, "{name}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    for hint in ["access_token", "refresh_token", "banana"] {
        let pairs = [("client_id", "spa"), ("token", &*access), ("token_type_hint", hint)];
        assert_eq!(json(&ask(&world, None, &pairs))["active"], true, "{hint}");
    }
    world.clock.advance(599);
    assert!(world.is_active(&access));
    world.clock.advance(1);
    assert_eq!(world.introspect(&access), inactive, "expired");
    assert!(world.is_active(&text(&next, "refresh_token")));
}

#[test]
fn asking_needs_authentication_and_a_token() {
    let world = world();
    let access = text(&world.tokens(), "access_token");
    for (authorization, pairs, status) in [
        (None, vec![("token", &*access)], 401),
        (None, vec![("client_id", "web"), ("token", &*access)], 401),
        (Some(basic("web", "wrong")), vec![("token", &*access)], 401),
        (None, vec![("client_id", "spa")], 400),
        (None, vec![("client_id", "spa"), ("token", &*access), ("token", &*access)], 400),
    ] {
        for (place, path) in [(Place::Introspection, "/introspect"), (Place::Revocation, "/revoke")] {
            let mut request = post(path, &pairs);
            if let Some(header) = &authorization {
                request.headers_mut().insert("authorization", header.parse().unwrap());
            }
            assert_eq!(world.server.answer(place, &request).status().as_u16(), status, "{path} {pairs:?}");
        }
    }
    assert!(world.is_active(&access), "nothing was revoked");
    let mut get = post("/introspect", &[]);
    *get.method_mut() = Method::GET;
    assert_eq!(world.server.answer(Place::Introspection, &get).status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn either_token_ends_its_grant_once() {
    for which in ["access_token", "refresh_token"] {
        let world = world();
        let tokens = world.tokens();
        world.log.take();
        for _ in 0..2 {
            let response = world.revoke("spa", &text(&tokens, which));
            assert_eq!((response.status(), response.body().len()), (StatusCode::OK, 0));
        }
        for token in ["access_token", "refresh_token"] {
            assert!(!world.is_active(&text(&tokens, token)), "{which} ends {token}");
        }
        assert_eq!(json(&world.refresh("spa", &text(&tokens, "refresh_token")))["error"], "invalid_grant");
        let events = world.log.take();
        assert!(matches!(&*events, [Event::GrantRevoked { cause: RevocationCause::Request, .. }]), "{events:?}");
    }
}

#[test]
fn a_spent_refresh_token_still_revokes() {
    let world = world();
    let first = text(&world.tokens(), "refresh_token");
    let second = text(&json(&world.refresh("spa", &first)), "refresh_token");
    assert_eq!(world.revoke("spa", &first).status(), StatusCode::OK);
    assert!(!world.is_active(&second));
}

#[test]
fn what_is_not_the_callers_is_answered_alike_and_left_alone() {
    let world = world();
    let tokens = world.tokens();
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let code = world.code("spa", "https://spa.example/cb", &[]);
    world.log.take();
    let mut guess = refresh.clone();
    guess.replace_range(40..44, if &refresh[40..44] == "AAAA" { "BBBB" } else { "AAAA" });
    for (client, token) in [("cli", &*access), ("cli", &refresh), ("spa", &guess), ("spa", "banana"), ("spa", &code)] {
        assert_eq!(world.revoke(client, token).status(), StatusCode::OK);
    }
    let by_service = post_as("/revoke", &basic("service", "s"), &[("token", &access)]);
    assert_eq!(world.server.answer(Place::Revocation, &by_service).status(), StatusCode::OK);
    assert!(world.is_active(&access) && world.is_active(&refresh));
    assert!(world.log.take().is_empty());
    assert_eq!(world.token(&redeem("spa", "https://spa.example/cb", &code)).status(), StatusCode::OK);
}

/// Calls a resource; the status and the challenge.
fn call(world: &World, request: &Request<Vec<u8>>, demand: Demand) -> (u16, String) {
    match world.server.run(Access::new(world.server.config(), request, demand)).unwrap() {
        Ok(permit) => (200, permit.scope.as_str().to_owned()),
        Err(refusal) => {
            let response = refusal.print();
            let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
            (response.status().as_u16(), challenge)
        }
    }
}

#[test]
fn a_resource_lets_pass_what_shows_one_good_token() {
    let world = with_resource();
    let access = text(&world.tokens(), "access_token");
    let refresh_token = text(&world.tokens(), "refresh_token");
    let bearer = format!("Bearer {access}");
    let read = || Demand::new(Scope::parse("read").unwrap()).at(Resource::parse(API).unwrap());
    let with_header = |header: &str| {
        let mut request = get("/api");
        request.headers_mut().insert("authorization", header.parse().unwrap());
        request
    };
    let in_form = |header: Option<&str>, tokens: &[&str]| {
        let pairs: Vec<_> = tokens.iter().map(|token| ("access_token", *token)).collect();
        let mut request = post("/api", &pairs);
        header.map(|header| request.headers_mut().insert("authorization", header.parse().unwrap()));
        request
    };
    let mut doubled = with_header(&bearer);
    doubled.headers_mut().append("authorization", bearer.parse().unwrap());
    let unknown = format!("Bearer {}", access.replace(&access[40..44], "____"));
    let cases = [
        ("a good token", with_header(&bearer), read(), 200, "read write"),
        ("in any case", with_header(&bearer.replace("Bearer", "bEARER")), read(), 200, "read write"),
        ("no token", get("/api"), read(), 401, "Bearer realm=\"grantor\""),
        ("another scheme", with_header("Basic eDp5"), read(), 401, "Bearer realm=\"grantor\""),
        ("in the query", get(&format!("/api?access_token={access}")), read(), 401, "Bearer realm=\"grantor\""),
        ("in a form, unasked", in_form(None, &[&access]), read(), 401, "Bearer realm=\"grantor\""),
        ("in a form", in_form(None, &[&access]), read().or_in_form(), 200, "read write"),
        ("in a form twice", in_form(None, &[&access, &access]), read().or_in_form(), 400, "error=\"invalid_request\""),
        ("in both", in_form(Some(&bearer), &[&access]), read().or_in_form(), 400, "error=\"invalid_request\""),
        ("two headers", doubled, read(), 400, "error=\"invalid_request\""),
        ("no characters of a token", with_header("Bearer a\"b"), read(), 400, "error=\"invalid_request\""),
        ("nothing after the scheme", with_header("Bearer"), read(), 400, "error=\"invalid_request\""),
        ("an unknown token", with_header(&unknown), read(), 401, "error=\"invalid_token\""),
        ("a refresh token", with_header(&format!("Bearer {refresh_token}")), read(), 401, "error=\"invalid_token\""),
        (
            "too little scope",
            with_header(&bearer),
            Demand::new(Scope::parse("read admin").unwrap()),
            403,
            "error=\"insufficient_scope\", error_description=\"the access token does not allow this\", scope=\"read admin\"",
        ),
        (
            "another resource",
            with_header(&bearer),
            Demand::new(Scope::parse("read").unwrap()).at(Resource::parse("https://other.example/").unwrap()),
            401,
            "error=\"invalid_token\"",
        ),
    ];
    for (name, request, demand, status, contains) in cases {
        let (found, text) = call(&world, &request, demand);
        assert_eq!(found, status, "{name}: {text}");
        assert!(text.contains(contains), "{name}: {text}");
        assert!(found != 401 || text.contains("error=") == contains.contains("error="), "{name}: {text}");
    }
    let good = with_header(&bearer);
    assert_eq!(call(&world, &good, read()).0, 200);
    world.clock.advance(600);
    assert_eq!(call(&world, &good, read()).0, 401, "expired");
}

#[test]
fn a_resource_sees_a_revocation_at_once() {
    let world = with_resource();
    let access = text(&world.tokens(), "access_token");
    let mut request = get("/api");
    request.headers_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
    let read = || Demand::new(Scope::parse("read").unwrap());
    assert_eq!(call(&world, &request, read()).0, 200);
    world.revoke("spa", &access);
    assert_eq!(call(&world, &request, read()).0, 401);
}
