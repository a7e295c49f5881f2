//! Redeeming a code that was meant for someone else: injection, downgrade, redirection, confusion, races.

use std::thread;

use grantor::event::{Event, RevocationCause};
use grantor::record::{Client, GrantType};
use http::StatusCode;

use crate::support::*;

const SPA: &str = "https://spa.example/cb";
const NO_PKCE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

/// A server that lets confidential clients leave out PKCE, and one with two redirect URIs.
fn without_pkce() -> World {
    let world = world_with(|config| {
        config.danger_let_confidential_clients_omit_pkce().redirect_uri_optional_at_token_endpoint()
    });
    let two = Client::builder("two").secret(secret("2")).redirect_uri("https://two.example/cb");
    let two = two.redirect_uri("https://two.example/leaky").grant_types(&[GrantType::AuthorizationCode]);
    world.server.store().put_client(two.build().unwrap());
    world
}

#[test]
fn without_a_verifier_the_redirect_uri_is_what_binds_a_code() {
    // The code was sent to one URI of the client and is injected at the other, where the client does not say so.
    let world = without_pkce();
    let redeem = |code: &str, uri: Option<&str>| {
        let mut pairs = vec![("grant_type", "authorization_code"), ("code", code)];
        pairs.extend(uri.map(|uri| ("redirect_uri", uri)));
        error(&world, &post_as("/token", &basic("two", "2"), &pairs))
    };
    let leaked = world.code("two", "https://two.example/leaky", &NO_PKCE);
    assert_eq!(redeem(&leaked, None), refused(400, "invalid_request"));
    assert_eq!(redeem(&leaked, Some("https://two.example/cb")), refused(400, "invalid_grant"));
    assert_eq!(redeem(&leaked, Some("https://two.example/leaky")), refused(200, "none"));
    // With a verifier the option does what it says.
    let bound = world.code("two", "https://two.example/leaky", &[]);
    let pairs = [("grant_type", "authorization_code"), ("code", &*bound), ("code_verifier", VERIFIER)];
    assert_eq!(error(&world, &post_as("/token", &basic("two", "2"), &pairs)), refused(200, "none"));
    // What the authorization request did not name, the token request need not name either [RFC 6749 §4.1.3].
    let code = world.code("web", "", &[("redirect_uri", ""), NO_PKCE[0], NO_PKCE[1]]);
    let pairs = [("grant_type", "authorization_code"), ("code", &*code)];
    assert_eq!(error(&world, &post_as("/token", &basic("web", SECRET), &pairs)), refused(200, "none"));
}

#[test]
fn a_challenge_that_was_taken_out_of_the_request_is_noticed() {
    let world = without_pkce();
    let redeem = |code: &str, verifier: &str| {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "https://two.example/cb"),
            ("code_verifier", verifier),
        ];
        error(&world, &post_as("/token", &basic("two", "2"), &pairs[..if verifier.is_empty() { 3 } else { 4 }]))
    };
    let code = |changes: &[(&str, &str)]| world.code("two", "https://two.example/cb", changes);
    assert_eq!(redeem(&code(&NO_PKCE), VERIFIER), refused(400, "invalid_grant"), "the client sent a challenge");
    assert_eq!(redeem(&code(&[]), ""), refused(400, "invalid_grant"), "the attacker has no verifier");
    assert_eq!(redeem(&code(&[]), &challenge(VERIFIER)), refused(400, "invalid_grant"), "the challenge is no verifier");
    assert_eq!(redeem(&code(&[]), VERIFIER), refused(200, "none"));
}

#[test]
fn a_code_is_redeemed_once_however_many_try_at_once() {
    let world = world();
    for round in 0..20 {
        let good = redeem("spa", SPA, &world.code("spa", SPA, &[]));
        world.log.take();
        let (world, good) = (&world, &good);
        let answers: Vec<_> = thread::scope(|scope| {
            let tries: Vec<_> = (0..6).map(|_| scope.spawn(move || world.token(good))).collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let mut granted = answers.iter().filter(|answer| answer.status() == StatusCode::OK);
        let (first, second) = (granted.next().expect("one is granted"), granted.next());
        assert!(second.is_none(), "round {round}: granted twice");
        // Whoever came second has shown a redeemed code, so what the first was given is dead.
        assert!(!world.is_active(json(first)["access_token"].as_str().unwrap()));
        let ended = |event: &&Event| matches!(event, Event::GrantRevoked { cause: RevocationCause::CodeReplayed, .. });
        assert_eq!(world.log.take().iter().filter(ended).count(), 1, "round {round}");
    }
}

#[test]
fn a_revoked_grant_is_not_woken_by_its_code() {
    let world = world();
    let code = world.code("spa", SPA, &[]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    world.revoke("spa", tokens["access_token"].as_str().unwrap());
    assert_eq!(error(&world, &redeem("spa", SPA, &code)), refused(400, "invalid_grant"));
    for token in ["access_token", "refresh_token"] {
        assert!(!world.is_active(tokens[token].as_str().unwrap()));
    }
    // An unredeemed code is no token: nobody can end it, or look it up, through its neighbours.
    let fresh = world.code("spa", SPA, &[]);
    assert!(!world.is_active(&fresh) && world.revoke("spa", &fresh).status() == StatusCode::OK);
    assert_eq!(world.token(&redeem("spa", SPA, &fresh)).status(), StatusCode::OK);
}
