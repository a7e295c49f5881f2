//! Consent that is remembered for a person and a client: when it spares a question, when it does not, how it ends.

use std::convert::Infallible;
use std::sync::Arc;

use grantor::event::Event;
use grantor::record::{ClientId, Record, Scope, Subject};
use grantor::server::{Approval, Asking, Authorization, Authorize, EndGrant, EndedBy, ForgetConsent, Session, Visitor};
use grantor::step::{Endpoint, Step};
use grantor::store::{Change, Commit, Cursor, GrantIndex, Indexed, Key, Listed, Memory, Page, Store, Versioned, Whose};
use grantor::{AuthorizationServer, Clock as _, ConfigBuilder, Env, Progress, ProposedConsent, Seed, Timestamp};
use http::Request;

use crate::busy::*;
use crate::support::*;

fn remembering() -> World {
    world_with(ConfigBuilder::remember_consent)
}

/// A store that keeps what expired since some time.
struct Keeping {
    memory: Memory<Indexed>,
    since: Option<Timestamp>,
}

impl Store for Keeping {
    type Error = Infallible;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Infallible> {
        Store::load(&self.memory, keys, self.since.unwrap_or(now))
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Infallible> {
        Store::commit(&self.memory, changes, self.since.unwrap_or(now))
    }
}

impl GrantIndex for Keeping {
    fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize, now: Timestamp) -> Result<Page, Infallible> {
        GrantIndex::list(&self.memory, whose, after, limit, self.since.unwrap_or(now))
    }
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

/// How a request of `subject` goes on: a code, what is newly asked for, or an error.
fn outcome<S: Store>(world: &World<S>, subject: &str, request: &Request<Vec<u8>>) -> String {
    let session = Session::new(Subject::new(subject), world.now());
    match world.authorize(request, Visitor::logged_in(session, None)) {
        Progress::Ask(prompt) => match prompt.asking {
            Asking::Consent(ProposedConsent { new, .. }) => format!("asks for {new}"),
            other => format!("{other:?}"),
        },
        Progress::Respond(response) => parameter(&response, "error").unwrap_or_else(|| "a code".to_owned()),
        Progress::Refuse(reason) => format!("{reason:?}"),
    }
}

fn consents<S: GrantIndex>(world: &World<S>, subject: &str) -> Vec<(String, Scope)> {
    let listed = world.listed_by(&of(subject), 100).into_iter();
    let consents = listed.filter_map(|listed| match listed {
        Listed::Consent(consent) => Some((consent.client().to_string(), consent.scope())),
        _ => None,
    });
    consents.collect()
}

#[test]
fn what_was_granted_is_not_asked_for_again() {
    const OWN: &str = "https://own.example/cb";
    let cases: [(&str, &str, &str, &[(&str, &str)], &str); 12] = [
        ("alice", "spa", SPA, &[("scope", "read")], "a code"),
        ("alice", "spa", SPA, &[("scope", "read write")], "a code"),
        ("alice", "spa", "https://spa.example/other", &[("scope", "read")], "a code"),
        ("alice", "spa", SPA, &[("scope", "read"), ("prompt", "none")], "a code"),
        ("alice", "spa", SPA, &[("scope", "read admin write")], "asks for admin"),
        ("alice", "spa", SPA, &[("scope", "read admin"), ("prompt", "none")], "consent_required"),
        ("alice", "spa", SPA, &[("scope", "read"), ("prompt", "consent")], "asks for "),
        ("alice", "web", WEB, &[("scope", "read")], "asks for read"),
        ("bob", "spa", SPA, &[("scope", "read")], "asks for read"),
        ("bob", "own", OWN, &[("scope", "read")], "a code"),
        // A native client with a redirect URI that anyone on the device may hold [RFC 8252 §8.6].
        ("alice", "cli", CLI, &[("scope", "read")], "asks for read"),
        ("alice", "cli", CLI, &[("scope", "read"), ("prompt", "none")], "consent_required"),
    ];
    let world = remembering();
    world.code("spa", SPA, &[("scope", "read write")]);
    world.code("cli", CLI, &[("scope", "read write")]);
    for (subject, client, redirect_uri, changes, expected) in cases {
        let request = authorization(client, redirect_uri, changes);
        assert_eq!(outcome(&world, subject, &request), expected, "{subject} {client} {changes:?}");
    }
    assert_eq!(consents(&world, "bob"), Vec::new(), "nobody asked Bob");
}

#[test]
fn nothing_is_remembered_unless_the_configuration_says_so() {
    let world = world();
    world.code("spa", SPA, &[]);
    assert_eq!(consents(&world, "alice"), Vec::new());
    assert_eq!(outcome(&world, "alice", &authorization("spa", SPA, &[])), "asks for read");
}

#[test]
fn consent_grows_by_what_was_approved_and_by_nothing_else() {
    let world = remembering();
    let request = |scope| authorization("spa", SPA, &[("scope", scope)]);
    world.code("spa", SPA, &[("scope", "read")]);
    assert_eq!(outcome(&world, "alice", &request("read write")), "asks for write");
    world.server.deny(world.prompt(&request("read write")));
    assert_eq!(consents(&world, "alice"), [("spa".to_owned(), scope("read"))]);

    let prompt = world.prompt(&request("read write admin"));
    let part = Approval::new(Arc::clone(world.server.config()), prompt, world.session()).only(scope("write"));
    world.server.run(part).unwrap().unwrap();
    assert_eq!(consents(&world, "alice"), [("spa".to_owned(), scope("read write"))]);
    assert_eq!(outcome(&world, "alice", &request("read write")), "a code");
    assert_eq!(outcome(&world, "alice", &request("read write admin")), "asks for admin");
}

#[test]
fn consent_runs_out_even_where_the_store_keeps_it() {
    // To the second store, time stands still.
    for keeps in [false, true] {
        let clock = Hands::default();
        let memory = Memory::new().with_index();
        clients().into_iter().for_each(|client| memory.put_client(client));
        let store = Keeping { memory, since: keeps.then(|| clock.now()) };
        let lifetime = |config: ConfigBuilder| {
            config.remember_consent().lifetimes(|own| own.consent = std::time::Duration::from_secs(1000))
        };
        let world = world_over(store, clock, lifetime);
        world.code("spa", SPA, &[("scope", "read")]);
        world.clock.advance(999);
        assert_eq!(outcome(&world, "alice", &authorization("spa", SPA, &[])), "a code", "{keeps}");
        world.clock.advance(1);
        assert_eq!(outcome(&world, "alice", &authorization("spa", SPA, &[])), "asks for read", "{keeps}");
        // What is given now starts again, without what had run out.
        world.code("spa", SPA, &[("scope", "write")]);
        assert_eq!(consents(&world, "alice"), [("spa".to_owned(), scope("write"))], "{keeps}");
    }
}

#[test]
fn only_who_takes_it_back_makes_it_forgotten() {
    let ask = |world: &World| outcome(world, "alice", &authorization("spa", SPA, &[("scope", "read")]));
    let by_client = remembering();
    let tokens = by_client.tokens_of("alice", "spa", SPA);
    by_client.revoke("spa", tokens["refresh_token"].as_str().unwrap());
    assert_eq!(ask(&by_client), "a code", "the client revoked its own token");

    for by in [person("alice"), EndedBy::Operator, EndedBy::Incident] {
        let world = remembering();
        world.tokens_of("alice", "spa", SPA);
        let grant = world.grants(&of("alice"))[0].id();
        world.log.take();
        assert!(world.server.end_grant(grant, by.clone()).unwrap().unwrap());
        let events = world.log.take();
        assert!(matches!(&*events, [Event::GrantRevoked { .. }, Event::ConsentForgotten { .. }]), "{by:?}: {events:?}");
        assert_eq!(ask(&world), "asks for read", "{by:?}");
    }

    let world = remembering();
    world.tokens_of("alice", "spa", SPA);
    let forget = |by| ForgetConsent::new(Subject::new("alice"), ClientId::new("spa"), by);
    assert!(!world.server.run(forget(person("bob"))).unwrap().unwrap());
    assert_eq!(ask(&world), "a code");
    assert!(world.server.run(forget(person("alice"))).unwrap().unwrap());
    assert!(!world.server.run(forget(person("alice"))).unwrap().unwrap());
    assert_eq!(ask(&world), "asks for read");
}

#[test]
fn the_end_of_all_forgets_consents_whose_grants_are_gone_already() {
    for whose in [of("alice"), to("spa"), between("alice", "spa")] {
        let world = remembering();
        world.code("spa", SPA, &[]);
        world.clock.advance(600);
        assert_eq!(world.grants(&whose).len(), 0);
        assert_eq!(world.server.end_all(&whose, &EndedBy::Incident).unwrap(), 1, "{whose:?}");
        assert_eq!(outcome(&world, "alice", &authorization("spa", SPA, &[])), "asks for read", "{whose:?}");
        world.server.store().sweep(world.now());
        assert_eq!(world.server.store().listed(), 0);
    }
}

fn env(world: &World, seed: u8) -> Env {
    Env::new(world.now(), Seed::new([seed; 32]))
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

fn silent(world: &World) -> Authorize {
    let request = authorization("spa", SPA, &[("prompt", "none")]);
    let request = world.server.read_authorization(&request).unwrap();
    Authorize::new(Arc::clone(world.server.config()), request, Visitor::logged_in(world.session(), None))
}

#[test]
fn a_silent_approval_loses_against_who_takes_the_consent_back() {
    for ends in [false, true] {
        let world = remembering();
        world.tokens_of("alice", "spa", SPA);
        let grant = world.grants(&of("alice")).remove(0);
        let store = world.server.store();
        // One load, and it stands before its one commit.
        let step = advance(Step::start(silent(&world), env(&world, 1)), store);
        assert!(matches!(&step, Step::Commit(_)), "{step:?}");
        if ends {
            let end = EndGrant::listed(Arc::clone(world.server.config()), &grant, person("alice"));
            let ended = advance(advance(Step::start(end, env(&world, 2)), store), store);
            assert!(matches!(&ended, Step::Done(_)), "{ended:?}");
        }
        let mut step = advance(step, store);
        while !matches!(step, Step::Done(_)) {
            step = advance(step, store);
        }
        let Step::Done(done) = step else { panic!("not done") };
        match done.reply {
            Ok(Authorization::Answer(response)) => {
                assert!(!ends && parameter(&response.print(), "code").is_some());
            }
            Ok(Authorization::Ask(prompt)) => panic!("{prompt:?}"),
            Err(refusal) => {
                assert!(ends);
                assert_eq!(parameter(&refusal.print(), "error").as_deref(), Some("consent_required"));
            }
        }
        assert_eq!(world.grants(&of("alice")).len(), if ends { 0 } else { 2 });
    }
}

#[test]
fn two_approvals_at_once_are_both_remembered() {
    for known in [false, true] {
        let world = remembering();
        if known {
            world.code("spa", SPA, &[("scope", "openid")]);
        }
        let approval = |scope| {
            let prompt = world.prompt(&authorization("spa", SPA, &[("scope", scope)]));
            Approval::new(Arc::clone(world.server.config()), prompt, world.session())
        };
        let (first, second) = (approval("read"), approval("write"));
        let store = world.server.store();
        let mut first = advance(Step::start(first, env(&world, 1)), store);
        let mut second = advance(Step::start(second, env(&world, 2)), store);
        while !matches!((&first, &second), (Step::Done(_), Step::Done(_))) {
            first = advance(first, store);
            second = advance(second, store);
        }
        let all = if known { "openid read write" } else { "read write" };
        assert_eq!(consents(&world, "alice"), [("spa".to_owned(), scope(all))]);
    }
}

#[test]
fn what_the_host_remembers_counts_together_with_what_the_server_remembers() {
    let world = remembering();
    world.code("spa", SPA, &[("scope", "read")]);
    let visitor = || Visitor::logged_in(world.session(), Some(scope("write")));
    for (wanted, asks) in [("read write", None), ("read write admin", Some("admin"))] {
        match (world.authorize(&authorization("spa", SPA, &[("scope", wanted)]), visitor()), asks) {
            (Progress::Respond(response), None) => assert!(parameter(&response, "code").is_some()),
            (Progress::Ask(prompt), Some(expected)) => {
                let Asking::Consent(ProposedConsent { new, .. }) = prompt.asking else { panic!("no consent") };
                assert_eq!(new, scope(expected));
            }
            (other, _) => panic!("{wanted}: {other:?}"),
        }
    }
}

#[test]
fn the_consent_of_a_server_that_stopped_remembering_counts_for_nothing() {
    let world = remembering();
    world.code("spa", SPA, &[]);
    let config = config().build().unwrap();
    let forgetful = AuthorizationServer::new(config, world.server.store()).with_clock(world.clock.clone());
    let request = forgetful.read_authorization(&authorization("spa", SPA, &[])).unwrap();
    let progress = forgetful.authorize(request, Visitor::logged_in(world.session(), None));
    assert!(matches!(progress, Progress::Ask(_)), "{progress:?}");
}
