//! Living off a refresh token that is someone else's: old tokens, copies of the database, races and oracles.

use std::thread;
use std::time::Duration;

use grantor::drive::NoHost;
use grantor::record::{GrantId, HandleKind, Record};
use grantor::server::{Exchange, Place};
use grantor::step::Step;
use grantor::store::{Commit, Key, Store};
use grantor::{Env, Seed, SystemRandomness};
use http::StatusCode;
use serde_json::Value;
use sha2::Digest as _;

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}")).to_owned()
}

fn first(world: &World) -> String {
    text(&world.tokens(), "refresh_token")
}

fn next(world: &World, token: &str) -> String {
    text(&json(&world.refresh("spa", token)), "refresh_token")
}

fn handle(token: &str) -> Vec<u8> {
    use base64::Engine as _;
    let encoded = token.strip_prefix("gr_").unwrap().strip_prefix(HandleKind::RefreshToken.tag()).unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).unwrap()
}

/// What a thief of the database has of a token's grant: the record as it is kept.
fn kept(world: &World, token: &str) -> Value {
    let id = GrantId::new(handle(token)[..16].try_into().unwrap());
    let row = world.server.store().load(&[Key::Grant(id)], world.now()).unwrap().remove(0).unwrap();
    serde_json::from_slice(&row.value.encode().unwrap()).unwrap()
}

fn bytes(text: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

/// The next secret: a hash of one block.
fn successor(secret: &[u8], salt: &[u8]) -> Vec<u8> {
    sha2::Sha256::digest([secret, &salt[..23]].concat()).to_vec()
}

fn token_of(grant: &[u8], secret: &[u8]) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([grant, secret].concat());
    format!("gr_{}{encoded}", HandleKind::RefreshToken.tag())
}

#[test]
fn a_copy_of_the_database_is_no_token() {
    let world = world();
    let spent = first(&world);
    let live = next(&world, &spent);
    let record = kept(&world, &live);
    let chain = &record["grant"]["state"]["live"]["chain"];
    let (digest, salt) = (bytes(&chain["current"]), bytes(&chain["salt"]));
    let derive = |secret: &[u8]| successor(secret, &salt);
    let grant = &handle(&live)[..16];
    for (name, secret) in [
        ("the digest", digest.clone()),
        ("the salt", salt.clone()),
        ("the digest, turned", derive(&digest)),
        ("the salt, turned", derive(&salt)),
        ("the code's digest", bytes(&record["grant"]["state"]["live"]["code"])),
    ] {
        let forged = token_of(grant, &secret);
        assert_eq!(json(&world.refresh("spa", &forged))["error"], "invalid_grant", "{name}");
    }
    assert!(!record.to_string().contains(&live) && world.is_active(&live), "guesses end nothing");
    // The copy and the latest spent token together are one: that is what the retry window is made of.
    assert_eq!(token_of(grant, &derive(&handle(&spent)[16..])), live);
    // The one before that is worth nothing: its salt is gone.
    let newer = next(&world, &live);
    let salt = bytes(&kept(&world, &newer)["grant"]["state"]["live"]["chain"]["salt"]);
    assert_ne!(token_of(grant, &successor(&handle(&spent)[16..], &salt)), newer);
    assert_eq!(token_of(grant, &successor(&handle(&live)[16..], &salt)), newer);
}

#[test]
fn nobody_but_its_client_can_watch_a_refresh_token() {
    // With a view of the rotation a thief would always come within the retry window, and never be noticed.
    let world = world();
    let stolen = first(&world);
    let watched = |token: &str| world.introspect(token);
    let before = watched(&stolen);
    let rotated = next(&world, &stolen);
    assert_eq!((before, watched(&rotated)), (watched(&stolen), watched("gr_rt_banana")));
    // Neither does a request that cannot succeed tell one from the other.
    let probe = |token: &str| json(&world.token(&with(&refresh("spa", token), &[("scope", "admin")])));
    assert_eq!(probe(&stolen), probe(&rotated));
    // Blind, the thief comes too late, and that ends it for both.
    world.clock.advance(31);
    assert_eq!(json(&world.refresh("spa", &stolen))["error"], "invalid_grant");
    assert!(!world.is_active(&rotated));

    // A client that proves itself may look.
    let changes = [("prompt", "consent"), ("scope", "read offline_access")];
    let code = world.code("web", WEB, &changes);
    let pairs = [("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", VERIFIER)];
    let tokens = json(&world.token(&post_as("/token", &basic("web", SECRET), &pairs)));
    let token = text(&tokens, "refresh_token");
    let look = |id: &str, secret: &str| {
        json(&world.server.answer(Place::Introspection, &post_as("/x", &basic(id, secret), &[("token", &token)])))
    };
    assert_eq!(
        (look("web", SECRET)["active"].as_bool(), look("service", "s")["active"].as_bool()),
        (Some(true), Some(false))
    );
}

/// Answers questions until there is something to commit.
fn until_commit(mut step: Step<Exchange>, world: &World) -> grantor::step::Pending<Exchange> {
    loop {
        step = match step {
            Step::Load(ask) => {
                let found = world.server.store().load(ask.question(), ask.now()).unwrap();
                ask.loaded(found)
            }
            Step::Commit(pending) => return pending,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_request_that_lost_the_race_is_reuse_where_there_is_no_window() {
    for (window, status) in [(0, StatusCode::BAD_REQUEST), (1, StatusCode::OK), (30, StatusCode::OK)] {
        let world = world_with(|config| config.lifetimes(|own| own.refresh_retry = Duration::from_secs(window)));
        let token = first(&world);
        let slow = Exchange::parse(world.server.config(), Place::Token, &refresh("spa", &token));
        let pending = until_commit(Step::start(slow, Env::new(world.now(), Seed::new([9; 32]))), &world);
        // The clock of whoever wins is ahead.
        world.clock.advance(5);
        assert_eq!(world.refresh("spa", &token).status(), StatusCode::OK);
        assert_eq!(world.server.store().commit(pending.changes().to_vec(), pending.now()).unwrap(), Commit::Conflict);
        let done =
            grantor::drive::run(pending.committed(Commit::Conflict), world.server.store(), &NoHost, &SystemRandomness)
                .unwrap();
        assert_eq!(done.reply.unwrap().into_response().status(), status, "a window of {window} s");
    }
}

#[test]
fn parallel_refreshes_never_make_two_chains() {
    for (window, survives) in [(30, true), (0, false)] {
        let world = world_with(|config| config.lifetimes(|own| own.refresh_retry = Duration::from_secs(window)));
        let token = &first(&world);
        let world = &world;
        let answers: Vec<_> = thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(move || world.refresh("spa", token))).collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let mut successors: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status() == StatusCode::OK)
            .map(|answer| text(&json(answer), "refresh_token"))
            .collect();
        assert_eq!(successors.len(), if survives { 8 } else { 1 }, "a window of {window} s");
        successors.dedup();
        assert_eq!(successors.len(), 1);
        assert_eq!(world.is_active(&successors[0]), survives);
    }
}

#[test]
fn every_spent_generation_that_is_remembered_ends_the_chain() {
    for age in [2, 16, 32] {
        let world = world();
        let mut chain = vec![first(&world)];
        for _ in 0..32 {
            chain.push(next(&world, chain.last().unwrap()));
        }
        let live = chain.last().unwrap();
        assert!(world.is_active(live));
        assert_eq!(json(&world.refresh("spa", &chain[32 - age]))["error"], "invalid_grant");
        assert!(!world.is_active(live), "{age} generations old");
    }
}

#[test]
fn a_refresh_never_widens() {
    let world = world();
    let code = world.code("spa", SPA, &[("scope", "read")]);
    let mut token = text(&json(&world.token(&redeem("spa", SPA, &code))), "refresh_token");
    for (scope, error) in [
        ("read write", "invalid_scope"),
        ("offline_access", "invalid_scope"),
        ("READ", "invalid_scope"),
        ("read banana", "invalid_scope"),
        ("read\tadmin", "invalid_request"),
    ] {
        let answer = json(&world.token(&with(&refresh("spa", &token), &[("scope", scope)])));
        assert_eq!(answer["error"], error, "{scope:?}");
    }
    for scope in ["read", " read  read ", " "] {
        let answer = json(&world.token(&with(&refresh("spa", &token), &[("scope", scope)])));
        assert_eq!(answer["scope"], "read", "{scope:?}");
        token = text(&answer, "refresh_token");
    }
}

#[test]
fn no_record_reads_as_another() {
    // A store that mixes its rows up grants nothing: a record is used only under its own name.
    let world = world();
    let (mine, other) = (first(&world), first(&world));
    let id = |token: &str| Key::Grant(GrantId::new(handle(token)[..16].try_into().unwrap()));
    let row = world.server.store().load(&[id(&other)], world.now()).unwrap().remove(0).unwrap();
    assert!(matches!(&row.value, Record::Grant(_)));
    let request = Exchange::parse(world.server.config(), Place::Token, &refresh("spa", &mine));
    let Step::Load(ask) = Step::start(request, Env::new(world.now(), Seed::new([9; 32]))) else { panic!("no load") };
    let mut found = world.server.store().load(ask.question(), ask.now()).unwrap();
    found[1] = Some(row);
    let Step::Done(done) = ask.loaded(found) else { panic!("not done") };
    assert_eq!(json(&done.reply.unwrap().into_response())["error"], "invalid_grant");
    assert!(world.is_active(&mine));
}
