//! The refresh ratchet seen from outside: its window, its ends, and what reuse costs.

use grantor::event::{Event, RevocationCause};

use crate::support::*;

#[test]
fn a_refresh_narrows_the_access_token_and_never_the_chain() {
    let world = world();
    let first = world.tokens();
    let narrow = with(&refresh("spa", first["refresh_token"].as_str().unwrap()), &[("scope", "read")]);
    let second = json(&world.token(&narrow));
    assert_eq!(second["scope"], "read");
    assert_eq!(world.introspect(second["access_token"].as_str().unwrap())["scope"], "read");
    let token = second["refresh_token"].as_str().unwrap();

    let wide = world.token(&with(&refresh("spa", token), &[("scope", "read admin")]));
    assert_eq!((json(&wide)["error"].as_str(), json(&wide)["scope"].as_str()), (Some("invalid_scope"), Some("admin")));
    assert_eq!(json(&world.token(&with(&refresh("spa", token), &[("scope", "\"")])))["error"], "invalid_scope");
    assert_eq!(json(&world.refresh("spa", token))["scope"], "read write", "nothing was consumed");
}

#[test]
fn a_lost_answer_can_be_asked_for_again_in_time() {
    let world = world();
    let first = world.tokens()["refresh_token"].as_str().unwrap().to_owned();
    let answer = json(&world.refresh("spa", &first));
    world.clock.advance(29);
    let again = json(&world.refresh("spa", &first));
    assert_eq!(answer["refresh_token"], again["refresh_token"]);
    assert_ne!(answer["access_token"], again["access_token"]);
    assert!(world.is_active(answer["access_token"].as_str().unwrap()));
    assert!(world.is_active(again["access_token"].as_str().unwrap()));
    assert!(world.log.take().iter().any(|event| matches!(event, Event::RefreshRetried { .. })));
    world.clock.advance(1);
    assert_eq!(json(&world.refresh("spa", &first))["error"], "invalid_grant");
    assert!(!world.is_active(again["refresh_token"].as_str().unwrap()), "late, so it is reuse");
}

#[test]
fn a_spent_refresh_token_ends_the_grant_and_a_guess_does_not() {
    let world = world();
    let first = world.tokens()["refresh_token"].as_str().unwrap().to_owned();
    let second = json(&world.refresh("spa", &first))["refresh_token"].as_str().unwrap().to_owned();
    let third = json(&world.refresh("spa", &second));
    let live = third["refresh_token"].as_str().unwrap();
    let mut guess = live.to_owned();
    guess.replace_range(40..44, if &live[40..44] == "AAAA" { "BBBB" } else { "AAAA" });
    world.log.take();
    for (client, token) in [("spa", &*guess), ("cli", live), ("cli", &first)] {
        assert_eq!(json(&world.refresh(client, token))["error"], "invalid_grant");
        assert!(world.is_active(live));
    }
    assert!(world.log.take().is_empty());
    assert_eq!(json(&world.refresh("spa", &first))["error"], "invalid_grant");
    assert!(!world.is_active(live) && !world.is_active(third["access_token"].as_str().unwrap()));
    let events = world.log.take();
    assert!(matches!(
        &*events,
        [Event::RefreshReused { .. }, Event::GrantRevoked { cause: RevocationCause::RefreshReused, .. }]
    ));
}

#[test]
fn without_a_window_the_second_use_is_reuse() {
    let world = world_with(|config| config.lifetimes(|lifetimes| lifetimes.refresh_retry = std::time::Duration::ZERO));
    let first = world.tokens()["refresh_token"].as_str().unwrap().to_owned();
    let second = json(&world.refresh("spa", &first));
    assert_eq!(json(&world.refresh("spa", &first))["error"], "invalid_grant");
    assert!(!world.is_active(second["refresh_token"].as_str().unwrap()));
}

#[test]
fn a_refresh_token_has_an_idle_and_an_absolute_end() {
    let seconds = std::time::Duration::from_secs;
    let world = || {
        world_with(|config| {
            config.lifetimes(|lifetimes| {
                (lifetimes.refresh_idle, lifetimes.refresh_absolute) = (seconds(100), seconds(250));
            })
        })
    };
    let (idle, ended) = (world(), world());
    let token = idle.tokens()["refresh_token"].as_str().unwrap().to_owned();
    idle.clock.advance(99);
    let next = json(&idle.refresh("spa", &token))["refresh_token"].as_str().unwrap().to_owned();
    idle.clock.advance(100);
    assert!(!idle.is_active(&next));
    assert_eq!(json(&idle.refresh("spa", &next))["error"], "invalid_grant");

    let mut token = ended.tokens()["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        ended.clock.advance(83);
        token = json(&ended.refresh("spa", &token))["refresh_token"].as_str().unwrap().to_owned();
    }
    ended.clock.advance(1);
    assert_eq!(json(&ended.refresh("spa", &token))["error"], "invalid_grant");
}

#[test]
fn generations_beyond_the_bound_are_unknown_and_revoke_nothing() {
    let world = world();
    let first = world.tokens()["refresh_token"].as_str().unwrap().to_owned();
    let mut token = first.clone();
    for _ in 0..33 {
        token = json(&world.refresh("spa", &token))["refresh_token"].as_str().unwrap().to_owned();
    }
    assert_eq!(json(&world.refresh("spa", &first))["error"], "invalid_grant");
    assert!(world.is_active(&token), "one of 33 spent generations is forgotten");
}

#[test]
fn a_refresh_gives_no_more_than_the_client_may_have_by_now() {
    use grantor::record::{Client, GrantType, Scope};
    let world = world();
    let token = world.tokens()["refresh_token"].as_str().unwrap().to_owned();
    let now_allowed = |scope: &str| {
        let spa = Client::builder("spa").redirect_uri("https://spa.example/cb");
        let spa = spa.grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]);
        world.server.store().put_client(spa.scope(Scope::parse(scope).unwrap()).build().unwrap());
    };
    now_allowed("read admin");
    let second = json(&world.refresh("spa", &token));
    assert_eq!(second["scope"], "read", "not what was granted and taken back, nor what was never granted");
    let token = second["refresh_token"].as_str().unwrap();
    let refused = world.token(&with(&refresh("spa", token), &[("scope", "write")]));
    assert_eq!(json(&refused)["error"], "invalid_scope");
    now_allowed("admin");
    assert_eq!(json(&world.refresh("spa", token))["error"], "invalid_scope");
    now_allowed("read write");
    assert_eq!(json(&world.refresh("spa", token))["scope"], "read write", "the grant kept it all");
}
