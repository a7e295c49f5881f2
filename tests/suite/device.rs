//! The device flow: what is typed, who may answer, and how polls are told to wait [RFC 8628].

use http::Request;
use serde_json::Value;

use grantor::ProposedConsent;
use grantor::event::{Event, RevocationCause};
use grantor::record::{Client, GrantType, Scope, Subject, UserCodeFormat};
use grantor::server::{
    Asking, DeviceApproval, DeviceDenial, DevicePrompt, Place, Session, Verification, VerificationRefusal,
};

use crate::support::*;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn with_devices() -> World {
    let world = world_with(|config| config.device_flow(|_| ()));
    let tv = Client::builder("tv").name("A television").grant_types(&[GrantType::DeviceCode, GrantType::RefreshToken]);
    world.server.store().put_client(tv.build().unwrap());
    let other = Client::builder("other-tv").grant_types(&[GrantType::DeviceCode]);
    world.server.store().put_client(other.build().unwrap());
    world
}

struct Codes {
    device: String,
    user: String,
}

fn begin(world: &World) -> Codes {
    let response = begin_with(world, &[("client_id", "tv"), ("scope", "read write")]);
    assert_eq!(response.get("error"), None, "{response}");
    Codes {
        device: response["device_code"].as_str().unwrap().to_owned(),
        user: response["user_code"].as_str().unwrap().to_owned(),
    }
}

fn begin_with(world: &World, pairs: &[(&str, &str)]) -> Value {
    let response = world.server.answer(Place::DeviceAuthorization, &post("/device_authorization", pairs));
    assert_eq!(response.headers()["cache-control"], "no-store");
    json(&response)
}

fn polling(client: &str, device_code: &str) -> Request<Vec<u8>> {
    post("/token", &[("grant_type", GRANT), ("client_id", client), ("device_code", device_code)])
}

/// The error of a poll, or `none`.
fn poll(world: &World, codes: &Codes) -> String {
    error(world, &polling("tv", &codes.device)).1
}

fn type_in(world: &World, typed: &str, session: Option<Session>) -> Result<DevicePrompt, VerificationRefusal> {
    let verification = Verification::new(world.server.config(), typed, session, "somewhere");
    world.server.run(verification).unwrap().map(|prompt| *prompt)
}

fn prompt(world: &World, codes: &Codes) -> DevicePrompt {
    type_in(world, &codes.user, Some(world.session())).unwrap()
}

fn approve(world: &World, prompt: DevicePrompt, session: Session) -> Result<(), VerificationRefusal> {
    world.server.run(DeviceApproval::new(world.server.config().clone(), prompt, session)).unwrap()
}

#[test]
fn a_device_gets_tokens_once_its_person_says_yes() {
    let world = with_devices();
    let response = begin_with(&world, &[("client_id", "tv"), ("scope", "read")]);
    let user_code = response["user_code"].as_str().unwrap();
    assert_eq!(response["verification_uri"], "https://as.example/device");
    assert_eq!(response["verification_uri_complete"], format!("https://as.example/device?user_code={user_code}"));
    assert_eq!((&response["expires_in"], &response["interval"]), (&600.into(), &5.into()));
    let codes = Codes { device: response["device_code"].as_str().unwrap().into(), user: user_code.into() };

    assert_eq!(poll(&world, &codes), "authorization_pending");
    assert_eq!(type_in(&world, &codes.user, None).unwrap().asking, Asking::Login);
    let shown = prompt(&world, &codes);
    assert_eq!(shown.client.name.as_deref(), Some("A television"));
    assert!(matches!(&shown.asking, Asking::Consent(ProposedConsent { scope, .. }) if scope.as_str() == "read"));
    let kept: DevicePrompt = serde_json::from_str(&serde_json::to_string(&shown).unwrap()).unwrap();
    assert_eq!(approve(&world, kept, world.session()), Ok(()));

    world.clock.advance(5);
    let response = world.token(&polling("tv", &codes.device));
    let tokens = json(&response);
    assert_eq!((response.status().as_u16(), &tokens["scope"]), (200, &"read".into()));
    assert!(tokens.get("refresh_token").is_some());
    let access = tokens["access_token"].as_str().unwrap();
    let asked = post("/introspect", &[("client_id", "tv"), ("token", access)]);
    assert_eq!(json(&world.server.answer(Place::Introspection, &asked))["sub"], "alice");
}

#[test]
fn a_poll_that_comes_too_soon_slows_the_device_down_for_good() {
    let world = with_devices();
    let codes = begin(&world);
    assert_eq!(poll(&world, &codes), "authorization_pending");
    for (wait, told) in [
        (4, "slow_down"), // from now on 10 s
        (9, "slow_down"), // 15 s
        (15, "authorization_pending"),
        (14, "slow_down"), // 20 s
        (20, "authorization_pending"),
        (20, "authorization_pending"),
    ] {
        world.clock.advance(wait);
        assert_eq!(poll(&world, &codes), told, "after {wait}");
    }
    // It can still be approved.
    approve(&world, prompt(&world, &codes), world.session()).unwrap();
    assert_eq!(poll(&world, &codes), "none");
}

#[test]
fn a_denial_and_the_end_of_time_are_told() {
    let world = with_devices();
    let (denied, expired) = (begin(&world), begin(&world));
    assert_eq!(world.server.run(DeviceDenial::new(prompt(&world, &denied))).unwrap(), Ok(()));
    assert_eq!(poll(&world, &denied), "access_denied");
    assert_eq!(type_in(&world, &denied.user, None), Err(VerificationRefusal::CodeUnknown));

    let late = prompt(&world, &expired);
    world.clock.advance(599);
    assert_eq!(poll(&world, &expired), "authorization_pending");
    world.clock.advance(1);
    assert_eq!(poll(&world, &expired), "expired_token");
    assert_eq!(type_in(&world, &expired.user, None), Err(VerificationRefusal::CodeUnknown));
    assert_eq!(approve(&world, late, world.session()), Err(VerificationRefusal::CodeUnknown));
    assert_eq!(poll(&world, &expired), "expired_token");
    // An approval does not outlive the code either.
    let approved = begin(&world);
    approve(&world, prompt(&world, &approved), world.session()).unwrap();
    world.clock.advance(600);
    assert_eq!(poll(&world, &approved), "expired_token");
}

#[test]
fn a_replayed_device_code_ends_what_it_gave_and_nothing_else_does() {
    let world = with_devices();
    let codes = begin(&world);
    for request in [
        polling("other-tv", &codes.device),
        polling("tv", "nonsense"),
        polling("tv", &codes.device.replace("_dc_", "_ac_")),
    ] {
        assert_eq!(error(&world, &request), refused(400, "invalid_grant"));
    }
    assert_eq!(error(&world, &polling("tv", "")), refused(400, "invalid_request"));
    assert_eq!(error(&world, &polling("spa", &codes.device)), refused(400, "unauthorized_client"));
    assert_eq!(error(&world, &redeem("spa", "https://spa.example/cb", &codes.device)), refused(400, "invalid_grant"));
    approve(&world, prompt(&world, &codes), world.session()).unwrap();
    let tokens = json(&world.token(&polling("tv", &codes.device)));
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    world.log.take();
    for _ in 0..2 {
        assert_eq!(poll(&world, &codes), "invalid_grant");
    }
    let events = world.log.take();
    let revoked = |event: &&Event| matches!(event, Event::GrantRevoked { cause: RevocationCause::CodeReplayed, .. });
    assert_eq!(events.iter().filter(revoked).count(), 1);
    assert_eq!(json(&world.refresh("tv", refresh_token))["error"], "invalid_grant");
}

#[test]
fn a_code_is_found_however_it_is_typed_and_nobody_learns_why_not() {
    let world = with_devices();
    let codes = begin(&world);
    let plain = codes.user.replace('-', "");
    for typed in [codes.user.clone(), plain.clone(), plain.to_lowercase(), format!("{} {}", &plain[..4], &plain[4..])] {
        assert!(type_in(&world, &typed, None).is_ok(), "{typed}");
    }
    world.log.take();
    for typed in ["", "BCDF-GHJK", "aeiou", &"B".repeat(1000), &plain[..7]] {
        assert_eq!(type_in(&world, typed, None), Err(VerificationRefusal::CodeUnknown), "{typed}");
    }
    assert_eq!(world.log.take(), vec![Event::UserCodeUnknown; 5]);
    assert_eq!(poll(&world, &codes), "authorization_pending");
}

#[test]
fn of_two_people_one_wins_and_a_person_needs_to_be_shown_the_device() {
    let world = with_devices();
    let codes = begin(&world);
    let mallory = Session::new(Subject::new("mallory"), world.now());
    let (for_alice, for_mallory) =
        (prompt(&world, &codes), type_in(&world, &codes.user, Some(mallory.clone())).unwrap());
    let unseen = type_in(&world, &codes.user, None).unwrap();
    assert_eq!(approve(&world, unseen, world.session()), Err(VerificationRefusal::LoginRequired));
    assert_eq!(approve(&world, for_mallory.clone(), world.session()), Err(VerificationRefusal::LoginRequired));
    assert_eq!(approve(&world, for_alice, world.session()), Ok(()));
    assert_eq!(approve(&world, for_mallory.clone(), mallory), Err(VerificationRefusal::CodeUnknown));
    assert_eq!(world.server.run(DeviceDenial::new(for_mallory)).unwrap(), Err(VerificationRefusal::CodeUnknown));
    let access = json(&world.token(&polling("tv", &codes.device)))["access_token"].as_str().unwrap().to_owned();
    let asked = post("/introspect", &[("client_id", "tv"), ("token", &access)]);
    assert_eq!(json(&world.server.answer(Place::Introspection, &asked))["sub"], "alice");
}

#[test]
fn a_person_can_grant_a_device_less_but_not_more_or_nothing() {
    let world = with_devices();
    let codes = begin(&world);
    let with = |scope: &str| {
        let approval = DeviceApproval::new(world.server.config().clone(), prompt(&world, &codes), world.session());
        world.server.run(approval.only(Scope::parse(scope).unwrap())).unwrap()
    };
    assert_eq!(with("read admin"), Err(VerificationRefusal::ApprovalExceedsRequest));
    assert_eq!(with(""), Err(VerificationRefusal::ApprovalExceedsRequest));
    assert_eq!(with("write"), Ok(()));
    assert_eq!(json(&world.token(&polling("tv", &codes.device)))["scope"], "write");
}

#[test]
fn a_device_must_be_a_client_that_may() {
    let world = with_devices();
    for (pairs, told) in [
        (&[("client_id", "spa"), ("scope", "read")][..], "unauthorized_client"),
        (&[("client_id", "nobody")], "invalid_client"),
        (&[("client_id", "tv"), ("scope", "\"")], "invalid_scope"),
        (&[("client_id", "tv"), ("scope", "read"), ("resource", "https://unknown.test/")], "invalid_target"),
        (&[("client_id", "tv"), ("scope", "read"), ("scope", "read")], "invalid_request"),
    ] {
        assert_eq!(begin_with(&world, pairs)["error"], told, "{pairs:?}");
    }
    assert_eq!(begin_with(&world, &[("client_id", "tv"), ("scope", "read")]).get("error"), None);
}

#[test]
fn without_the_option_there_is_no_device_flow() {
    let (with, without) = (with_devices(), world());
    let named = |world: &World| serde_json::to_value(world.server.config().metadata()).unwrap();
    assert_eq!(named(&with)["device_authorization_endpoint"], "https://as.example/device_authorization");
    assert_eq!(named(&without).get("device_authorization_endpoint"), None);
    assert!(!named(&without)["grant_types_supported"].to_string().contains("device"));
    assert!(without.server.routes().iter().all(|route| route.place != Place::DeviceAuthorization));
    assert_eq!(error(&without, &polling("spa", "x")), refused(400, "unsupported_grant_type"));
    for format in [
        UserCodeFormat::LETTERS.of_length(5, 5),
        UserCodeFormat::DIGITS.of_length(13, 3),
        UserCodeFormat::DIGITS.of_length(9, 0),
    ] {
        assert!(config().device_flow(|flow| flow.user_codes = format).build().is_err());
    }
    let digits = world_with(|config| config.device_flow(|flow| flow.user_codes = UserCodeFormat::DIGITS));
    digits.server.store().put_client(Client::builder("tv").grant_types(&[GrantType::DeviceCode]).build().unwrap());
    assert_eq!(begin(&digits).user.split('-').map(str::len).collect::<Vec<_>>(), [3, 3, 3]);
}

#[test]
fn the_host_can_be_asked_before_a_code_is_looked_up() {
    let limited = world_with(|config| config.device_flow(|flow| flow.ask_host = true));
    limited.server.store().put_client(Client::builder("tv").grant_types(&[GrantType::DeviceCode]).build().unwrap());
    let codes = begin(&limited);
    // The host of these tests denies every question.
    assert_eq!(type_in(&limited, &codes.user, None), Err(VerificationRefusal::TooManyAttempts));
}
