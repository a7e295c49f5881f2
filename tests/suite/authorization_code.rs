//! Redeeming a code: what is consumed, and what a replay ends.

use http::StatusCode;

use grantor::event::{Event, RevocationCause};

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

#[test]
fn a_code_that_is_shown_wrongly_is_not_consumed() {
    let other = "A".repeat(43);
    let cases: &[(&str, &[(&str, &str)], (u16, &str))] = &[
        ("no grant type", &[("grant_type", "")], (400, "invalid_request")),
        ("unknown grant type", &[("grant_type", "banana")], (400, "unsupported_grant_type")),
        ("implicit", &[("grant_type", "implicit")], (400, "unsupported_grant_type")),
        ("grant type not allowed", &[("grant_type", "client_credentials")], (400, "unauthorized_client")),
        ("no code", &[("code", "")], (400, "invalid_request")),
        ("no code of ours", &[("code", "banana")], (400, "invalid_grant")),
        ("other redirect_uri", &[("redirect_uri", "https://spa.example/other")], (400, "invalid_grant")),
        ("no redirect_uri of several", &[("redirect_uri", "")], (400, "invalid_request")),
        ("no verifier", &[("code_verifier", "")], (400, "invalid_grant")),
        ("other verifier", &[("code_verifier", &other)], (400, "invalid_grant")),
        ("verifier of 42", &[("code_verifier", &other[..42])], (400, "invalid_request")),
        (
            "verifier with !",
            &[("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX!")],
            (400, "invalid_request"),
        ),
        ("other client", &[("client_id", "cli")], (400, "invalid_grant")),
        ("unknown client", &[("client_id", "nobody")], (401, "invalid_client")),
    ];
    for (name, changes, (status, code)) in cases {
        let world = world();
        let good = redeem("spa", SPA, &world.code("spa", SPA, &[]));
        world.log.take();
        assert_eq!(error(&world, &with(&good, changes)), refused(*status, code), "{name}");
        assert!(!world.log.take().iter().any(|event| matches!(event, Event::GrantRevoked { .. })), "{name}");
        assert_eq!(world.token(&good).status(), StatusCode::OK, "{name}");
    }
}

#[test]
fn a_redirect_uri_that_was_the_only_one_may_be_left_out() {
    let world = world();
    let code = world.code("cli", "http://127.0.0.1:5000/cb", &[]);
    assert_eq!(world.token(&with(&redeem("cli", "", &code), &[("redirect_uri", "")])).status(), StatusCode::OK);

    let lenient = world_with(|config| config.redirect_uri_optional_at_token_endpoint());
    let code = lenient.code("spa", SPA, &[]);
    let differs = error(&lenient, &redeem("spa", "https://spa.example/other", &code));
    assert_eq!(differs, refused(400, "invalid_grant"));
    assert_eq!(lenient.token(&with(&redeem("spa", "", &code), &[("redirect_uri", "")])).status(), StatusCode::OK);
}

#[test]
fn a_code_lives_for_its_time() {
    for (after, status) in [(59, 200), (60, 400)] {
        let world = world();
        let code = world.code("spa", SPA, &[]);
        world.clock.advance(after);
        assert_eq!(world.token(&redeem("spa", SPA, &code)).status().as_u16(), status);
    }
}

#[test]
fn a_replayed_code_ends_what_it_gave() {
    let world = world();
    let code = world.code("spa", SPA, &[]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    world.log.take();
    // Neither a guess nor another client ends anything.
    let mut guess = code.clone().into_bytes();
    let last = guess.len() - 10;
    guess[last] = if guess[last] == b'A' { b'B' } else { b'A' };
    let guess = String::from_utf8(guess).unwrap();
    assert_eq!(error(&world, &redeem("spa", SPA, &guess)), refused(400, "invalid_grant"));
    assert_eq!(error(&world, &redeem("cli", SPA, &code)), refused(400, "invalid_grant"));
    assert!(world.is_active(access) && world.is_active(refresh));
    assert!(world.log.take().is_empty());

    for _ in 0..2 {
        assert_eq!(error(&world, &redeem("spa", SPA, &code)), refused(400, "invalid_grant"));
    }
    let events = world.log.take();
    let revocations =
        events.iter().filter(|event| matches!(event, Event::GrantRevoked { cause: RevocationCause::CodeReplayed, .. }));
    assert_eq!(revocations.count(), 1, "{events:?}");
    assert!(!world.is_active(access) && !world.is_active(refresh));
    assert_eq!(json(&world.refresh("spa", refresh))["error"], "invalid_grant");
}

#[test]
fn a_client_without_the_refresh_grant_gets_no_refresh_token() {
    let world = world();
    let client = grantor::record::Client::builder("short").redirect_uri("https://s.example/cb").build().unwrap();
    world.server.store().put_client(client);
    let code = world.code("short", "https://s.example/cb", &[]);
    let tokens = json(&world.token(&redeem("short", "https://s.example/cb", &code)));
    assert_eq!(tokens.get("refresh_token"), None);
}

#[test]
fn tokens_are_of_one_kind_each_and_carry_the_brand() {
    let world = world_with(|config| config.brand("acme_"));
    let code = world.code("spa", SPA, &[]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    assert!(code.starts_with("acme_ac_") && access.starts_with("acme_at_") && refresh.starts_with("acme_rt_"));
    // The secret of one is no secret of another, whatever it is called.
    let renamed = refresh.replace("_rt_", "_at_");
    assert!(!world.is_active(&renamed));
    assert_eq!(json(&world.refresh("spa", &access.replace("_at_", "_rt_")))["error"], "invalid_grant");
    assert_eq!(json(&world.token(&redeem("spa", SPA, &refresh.replace("_rt_", "_ac_"))))["error"], "invalid_grant");
    assert!(world.is_active(access));
}
