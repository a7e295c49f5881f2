//! Connected applications: how grants end at the word of a person or an operator, and what may run meanwhile.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use grantor::event::{Event, RevocationCause};
use grantor::record::{Client, GrantId, GrantType};
use grantor::server::{DeviceApproval, EndGrant, EndedBy, Place, Verification};
use grantor::step::{Endpoint, Step};
use grantor::store::{Indexed, Listed, Memory, Store, Whose};
use grantor::{Clock, Env, Seed, Timestamp};

use crate::busy::*;
use crate::support::*;

/// Whose, at whose word, and which entries of the town that means.
fn cases(start: Timestamp) -> Vec<(Whose, EndedBy, &'static [&'static str])> {
    let since = |minutes: u64| Whose::Since(Timestamp::from_unix(start.as_unix() + 60 * minutes));
    vec![
        (of("alice"), person("alice"), &["alice spa 1", "alice spa 2", "alice cli"]),
        (of("bob"), EndedBy::Operator, &["bob spa"]),
        (of("carol"), EndedBy::Operator, &[]),
        (of(""), EndedBy::Operator, &[]),
        (of("alic"), EndedBy::Operator, &[]),
        (to("spa"), EndedBy::Incident, &["alice spa 1", "alice spa 2", "bob spa"]),
        (to("service"), EndedBy::Operator, &["service"]),
        (to("web"), EndedBy::Operator, &[]),
        (between("alice", "spa"), person("alice"), &["alice spa 1", "alice spa 2"]),
        (between("bob", "cli"), EndedBy::Operator, &[]),
        (since(0), EndedBy::Incident, &["alice spa 1", "alice spa 2", "alice cli", "bob spa", "service"]),
        (since(2), EndedBy::Incident, &["alice cli", "bob spa", "service"]),
        (since(5), EndedBy::Incident, &[]),
    ]
}

#[test]
fn grants_are_listed_by_person_client_pair_and_time_and_end_together() {
    for (whose, by, expected) in cases(Hands::default().now()) {
        let world = world();
        let tokens = town(&world);
        assert_eq!(world.grants(&whose).len(), expected.len(), "{whose:?}");
        world.log.take();
        let ended = world.server.end_all(&whose, &by).unwrap();
        assert_eq!(ended, expected.len() as u64, "{whose:?}");
        let revoked = world.log.take();
        let named = |event: &&Event| matches!(event, Event::GrantRevoked { .. });
        assert_eq!(revoked.iter().filter(named).count(), expected.len(), "{revoked:?}");
        for (name, tokens) in &tokens {
            let access = text(tokens, "access_token");
            let client = if *name == "service" {
                "service"
            } else if name.ends_with("cli") {
                "cli"
            } else {
                "spa"
            };
            let gone = expected.contains(name);
            assert_eq!(active(&world, client, access), !gone, "{name} after {whose:?}");
            if let Some(token) = tokens["refresh_token"].as_str() {
                let status = world.refresh(client, token).status().as_u16();
                assert_eq!(status, if gone { 400 } else { 200 }, "{name} after {whose:?}");
            }
        }
        assert_eq!(world.listed_by(&whose, 100), Vec::new(), "{whose:?}");
        assert_eq!(world.server.end_all(&whose, &by).unwrap(), 0, "again: {whose:?}");
        // What is new stays.
        let again = world.tokens_of("alice", "spa", SPA);
        assert!(active(&world, "spa", text(&again, "access_token")));
    }
}

fn active<S: Store>(world: &World<S>, client: &str, token: &str) -> bool {
    let request = if client == "service" {
        post_as("/introspect", &basic("service", "s"), &[("token", token)])
    } else {
        post("/introspect", &[("client_id", client), ("token", token)])
    };
    json(&world.server.answer(Place::Introspection, &request))["active"].as_bool().unwrap()
}

#[test]
fn a_person_ends_only_what_is_theirs() {
    let world = world();
    let tokens = world.tokens_of("alice", "spa", SPA);
    let access = text(&tokens, "access_token");
    let grant = world.grants(&of("alice"))[0].id();
    world.log.take();
    let strangers = [(grant, person("bob")), (grant, person("")), (GrantId::new([7; 16]), EndedBy::Operator)];
    for (grant, by) in strangers {
        assert!(!world.server.end_grant(grant, by.clone()).unwrap().unwrap(), "{by:?}");
        assert_eq!(world.log.take(), Vec::new());
    }
    assert_eq!(world.server.end_all(&to("spa"), &person("bob")).unwrap(), 0);
    assert!(world.is_active(access));

    assert!(world.server.end_grant(grant, person("alice")).unwrap().unwrap());
    let events = world.log.take();
    assert!(matches!(&*events, [Event::GrantRevoked { cause: RevocationCause::Person, .. }]), "{events:?}");
    assert!(!world.is_active(access));
    assert!(!world.server.end_grant(grant, person("alice")).unwrap().unwrap());
    assert_eq!(world.log.take(), Vec::new());
}

#[test]
fn a_grant_says_when_it_was_made_and_last_refreshed() {
    let world = world();
    let made = world.now();
    let shown =
        || world.grants(&of("alice")).iter().map(|grant| (grant.created(), grant.refreshed())).collect::<Vec<_>>();
    let code = world.code_of("alice", "spa", SPA);
    assert_eq!(shown(), [(made, None)], "a code that nobody has redeemed");
    world.clock.advance(10);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    assert_eq!(shown(), [(made, Some(world.now()))]);
    world.clock.advance(1000);
    world.refresh("spa", text(&tokens, "refresh_token"));
    assert_eq!(shown(), [(made, Some(world.now()))]);
}

/// A device that began to wait before an incident, and that someone let in during it, is of the incident.
#[test]
fn what_a_device_has_was_given_when_its_person_said_yes() {
    let world = world_with(device);
    let tv = Client::builder("tv").grant_types(&[GrantType::DeviceCode]);
    world.server.store().put_client(tv.build().unwrap());
    let asked = post("/device_authorization", &[("client_id", "tv"), ("scope", "read")]);
    let codes = json(&world.server.answer(Place::DeviceAuthorization, &asked));
    world.clock.advance(60);
    let incident = Whose::Since(world.now());
    let typed = Verification::new(world.server.config(), text(&codes, "user_code"), Some(world.session()), "here");
    let prompt = *world.server.run(typed).unwrap().unwrap();
    let approval = DeviceApproval::new(Arc::clone(world.server.config()), prompt, world.session());
    world.server.run(approval).unwrap().unwrap();
    let given = world.now();
    world.clock.advance(60);
    let poll = [
        ("client_id", "tv"),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", text(&codes, "device_code")),
    ];
    let tokens = json(&world.token(&post("/token", &poll)));
    let access = text(&tokens, "access_token");
    assert!(active(&world, "tv", access));
    assert_eq!(world.grants(&incident).iter().map(|grant| grant.created()).collect::<Vec<_>>(), [given]);
    assert_eq!(world.grants(&Whose::Since(Timestamp::from_unix(given.as_unix() + 1))).len(), 0);
    assert_eq!(world.server.end_all(&incident, &EndedBy::Incident).unwrap(), 1);
    assert!(!active(&world, "tv", access));
}

#[test]
fn a_client_that_acts_for_itself_is_ended_by_operators_only() {
    let world = world();
    let own = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials")]);
    let token = json(&world.token(&own));
    let grant = world.grants(&to("service"))[0].id();
    assert!(!world.server.end_grant(grant, person("service")).unwrap().unwrap());
    assert!(active(&world, "service", text(&token, "access_token")));
    assert!(world.server.end_grant(grant, EndedBy::Incident).unwrap().unwrap());
    assert!(!active(&world, "service", text(&token, "access_token")));
}

/// Takes one step over the store.
fn advance<E: Endpoint>(step: Step<E>, store: &Memory<Indexed>) -> Step<E> {
    match step {
        Step::Load(ask) => {
            let found = Store::load(store, ask.question(), ask.now()).unwrap();
            ask.loaded(found)
        }
        Step::Commit(pending) => {
            let outcome = Store::commit(store, pending.changes().to_vec(), pending.now()).unwrap();
            pending.committed(outcome)
        }
        other => other,
    }
}

/// What someone does while all of Alice's grants are ended.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Redeem,
    Refresh,
    Approve,
}

#[test]
fn what_existed_when_all_began_to_end_gives_nothing_whatever_runs_meanwhile() {
    for meanwhile in [Meanwhile::Redeem, Meanwhile::Refresh, Meanwhile::Approve] {
        let mut met = 0;
        for calls in 0..16 {
            let (ending, store) = busy();
            let acting = Arc::new(World {
                server: grantor::AuthorizationServer::new(
                    Arc::clone(ending.server.config()),
                    Arc::clone(&store.memory),
                )
                .with_host(Signing)
                .with_sink(ending.log.clone())
                .with_clock(ending.clock.clone())
                .with_randomness(Counting::default()),
                clock: ending.clock.clone(),
                log: ending.log.clone(),
            });
            let tokens = acting.tokens_of("alice", "spa", SPA);
            let code = acting.code_of("alice", "spa", SPA);
            let bob = acting.tokens_of("bob", "spa", SPA);
            let given = Arc::new(Mutex::new(None));
            let (other, result) = (Arc::clone(&acting), Arc::clone(&given));
            let refresh_token = text(&tokens, "refresh_token").to_owned();
            let meddle: Hook = Box::new(move || {
                *result.lock().unwrap() = Some(match meanwhile {
                    Meanwhile::Redeem => json(&other.token(&redeem("spa", SPA, &code))),
                    Meanwhile::Refresh => json(&other.refresh("spa", &refresh_token)),
                    Meanwhile::Approve => other.tokens_of("alice", "spa", SPA),
                });
            });
            *store.hook.lock().unwrap() = Some((calls, meddle));
            let ended = ending.server.end_all(&of("alice"), &EndedBy::Operator).unwrap();
            assert!(ended >= 2, "{meanwhile:?} at {calls}: {ended}");
            let given = given.lock().unwrap().take();
            met += usize::from(given.is_some());
            assert!(!acting.is_active(text(&tokens, "access_token")));
            assert!(acting.is_active(text(&bob, "access_token")));
            let left = acting.grants(&of("alice")).len();
            match (meanwhile, given) {
                (Meanwhile::Approve, _) => assert!(left <= 1, "only what is new: {left}"),
                (_, Some(tokens)) if tokens["access_token"].is_string() => {
                    assert_eq!(left, 0);
                    assert!(!acting.is_active(text(&tokens, "access_token")), "{meanwhile:?} at {calls}");
                    assert_eq!(acting.refresh("spa", text(&tokens, "refresh_token")).status(), 400);
                }
                (_, _) => assert_eq!(left, 0, "{meanwhile:?} at {calls}"),
            }
        }
        assert!(met >= 5, "{meanwhile:?} met only {met} steps");
    }
}

#[test]
fn a_store_that_fails_stops_the_end_of_all_and_a_second_call_completes_it() {
    for asynchronous in [false, true] {
        let mut faults = 0;
        for calls in 0..32 {
            let (world, store) = busy();
            let tokens = town(&world);
            *store.fault.lock().unwrap() = Some(calls);
            let end = || match asynchronous {
                false => world.server.end_all(&of("alice"), &person("alice")),
                true => pollster::block_on(world.server.end_all_async(&of("alice"), &person("alice"))),
            };
            let first = end();
            if first.is_ok() {
                assert!(store.fault.lock().unwrap().take().is_some(), "a fault was hidden");
            } else {
                faults += 1;
                end().unwrap();
            }
            for (name, tokens) in tokens.iter().take(4) {
                let client = if name.ends_with("cli") { "cli" } else { "spa" };
                let access = text(tokens, "access_token");
                assert_eq!(active(&world, client, access), name.starts_with("bob"), "{name}, fault at {calls}");
            }
        }
        // One page, and a load and a commit for each of three grants.
        assert_eq!(faults, 7);
    }
}

#[test]
fn the_end_of_a_listed_grant_costs_one_load_and_one_commit() {
    let world = world();
    world.tokens_of("alice", "spa", SPA);
    let grant = &world.grants(&of("alice"))[0];
    let end = EndGrant::listed(Arc::clone(world.server.config()), grant, EndedBy::Operator);
    let start = Step::start(end, Env::new(world.now(), Seed::new([1; 32])));
    assert!(matches!(&start, Step::Load(_)));
    let decided = advance(start, world.server.store());
    assert!(matches!(&decided, Step::Commit(_)), "{decided:?}");
    assert!(matches!(advance(decided, world.server.store()), Step::Done(_)));
}

#[test]
fn the_async_twin_lists_and_ends_the_same() -> Result<(), Infallible> {
    let world = world();
    let tokens = world.tokens_of("alice", "spa", SPA);
    let page = pollster::block_on(world.server.list_async(&of("alice"), None, 10))?;
    let [Listed::Grant(grant)] = &*page.entries else { panic!("{page:?}") };
    assert!(pollster::block_on(world.server.end_grant_async(grant.id(), person("alice"))).unwrap()?);
    assert!(!world.is_active(text(&tokens, "access_token")));
    Ok(())
}
