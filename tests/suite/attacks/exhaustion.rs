//! Making the server pay: requests that cost more than they look, and records that anyone could make it keep.

use grantor::record::{Client, Scope};
use grantor::server::Visitor;
use http::{Method, Request};

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

/// As many different words as fit into `bytes`.
fn words(bytes: usize) -> String {
    let letters: Vec<char> = (0x21..=0x7e_u8).filter(|byte| !matches!(byte, b'"' | b'\\')).map(char::from).collect();
    let pairs = letters.iter().flat_map(|a| letters.iter().map(move |b| format!("{a}{b}")));
    let mut text = String::new();
    for word in pairs.clone().chain(pairs.flat_map(|pair| ["a", "b", "c", "d"].map(|end| format!("{pair}{end}")))) {
        if text.len() + word.len() + 1 > bytes {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word);
    }
    text
}

#[test]
fn a_scope_of_many_words_is_still_a_set() {
    let text = words(32_000);
    let twice = Scope::parse(&format!("{text} {text}")).unwrap();
    assert_eq!(twice.as_str(), text);
    assert!(twice.words().count() > 8_000);
}

#[test]
fn parameters_are_bounded_before_they_are_looked_at() {
    let world = world();
    let mut request = post("/token", &[("grant_type", "client_credentials"), ("client_id", "web")]);
    let good = String::from_utf8(request.body().clone()).unwrap();
    let many = |count: usize| (0..count).map(|i| format!("&p{i}={}", i % 2)).collect::<String>();
    for (name, extra, status) in [
        ("62 more", many(62), 401),
        ("63 more", many(63), 400),
        ("without values", "&a".repeat(63), 400),
        ("nothing but separators", "&".repeat(60_000), 401),
        ("a body of the greatest length", format!("&x={}", "%41".repeat(8_192)), 401),
        ("a value that is a byte too long", format!("&x={}", "%41".repeat(8_193)), 400),
        ("a body that is too long", "&".repeat(70_000), 413),
    ] {
        *request.body_mut() = format!("{good}{extra}").into_bytes();
        assert_eq!(world.token(&request).status().as_u16(), status, "{name}");
    }
}

#[test]
fn who_proves_nothing_leaves_nothing_behind() {
    let world = world();
    let before = world.server.store().len();
    let requests: Vec<Request<Vec<u8>>> = vec![
        post("/token", &[("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", "x")]),
        post("/token", &[("grant_type", "authorization_code"), ("client_id", "spa"), ("code", "gr_ac_banana")]),
        refresh("spa", &format!("gr_rt_{}", "A".repeat(64))),
        redeem("spa", SPA, &format!("gr_ac_{}", "A".repeat(64))),
        redeem("nobody", SPA, "x"),
    ];
    for request in &requests {
        assert!(world.token(request).status().is_client_error());
    }
    for request in [authorization("spa", SPA, &[]), authorization("nobody", SPA, &[]), get("/authorize")] {
        let _ = world.authorize(&request, Visitor::anonymous());
        let _ = world.authorize(&request, Visitor::logged_in(world.session(), None));
    }
    world.revoke("spa", &format!("gr_at_{}", "A".repeat(64)));
    assert_eq!(world.server.store().len(), before);
    world.tokens();
    assert_eq!(world.server.store().len(), before + 2, "a grant and its access token");
}

#[test]
fn what_has_expired_is_forgotten_as_others_come() {
    let world = world();
    let bare = Client::builder("bare").redirect_uri("https://bare.example/cb").build().unwrap();
    world.server.store().put_client(bare);
    let before = world.server.store().len();
    for _ in 0..200 {
        world.code("bare", "https://bare.example/cb", &[]);
    }
    assert_eq!(world.server.store().len(), before + 200);
    world.clock.advance(60);
    for _ in 0..1_000 {
        world.code("bare", "https://bare.example/cb", &[]);
    }
    // Whichever shards they fell into: the old ones are gone, the new ones are not.
    assert_eq!(world.server.store().len(), before + 1_000);
    world.clock.advance(60);
    world.server.store().sweep(world.now());
    assert_eq!(world.server.store().len(), before);
}

#[test]
fn other_methods_and_types_reach_nothing() {
    let world = world();
    for method in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS, Method::DELETE, Method::PATCH] {
        let mut request = refresh("spa", world.tokens()["refresh_token"].as_str().unwrap());
        *request.method_mut() = method.clone();
        let response = world.token(&request);
        let allow = response.headers().get("allow").map(|value| value.to_str().unwrap());
        let expected = if method == Method::OPTIONS { (204, None) } else { (405, Some("POST, OPTIONS")) };
        assert_eq!((response.status().as_u16(), allow), expected, "{method}");
        *request.method_mut() = Method::POST;
        assert_eq!(world.token(&request).status(), 200, "nothing was consumed");
    }
}
