//! Consent that is remembered beyond a scope: for details and for resources, how it grows, and who takes it back.

use std::sync::Arc;

use http::Request;
use serde_json::{Value, json as value};

use grantor::event::Event;
use grantor::record::{AuthorizationDetail, AuthorizationDetails, ClientId, RememberedConsent, Scope, Subject};
use grantor::server::{Approval, Asking, Authorization, Authorize, EndGrant, EndedBy, ForgetConsent, Session, Visitor};
use grantor::step::{Endpoint, Step};
use grantor::store::{Indexed, Listed, Memory, Store};
use grantor::{CommonDetails, ConfigBuilder, Env, Progress, ProposedConsent, Seed};

use crate::busy::*;
use crate::support::*;

const A: &str = "https://api.test/a";
const B: &str = "https://api.test/b";

fn accounts(config: ConfigBuilder) -> ConfigBuilder {
    let accounts = CommonDetails::new("account").actions(["read", "pay"]).identifier().staying_granted();
    config.remember_consent().authorization_details(accounts).authorization_details(CommonDetails::new("payment"))
}

fn remembering() -> World {
    world_with(|config| accounts(config).resource(A).resource(B))
}

fn account(identifier: &str, actions: &[&str]) -> Value {
    value!({"type": "account", "identifier": identifier, "actions": actions})
}

fn details(values: &[Value]) -> AuthorizationDetails {
    AuthorizationDetails::parse(&value!(values).to_string()).unwrap()
}

/// A request of `spa` for these details and no scope.
fn wanting(details: &[Value]) -> Request<Vec<u8>> {
    authorization("spa", SPA, &[("scope", ""), ("authorization_details", &value!(details).to_string())])
}

/// A request of `spa` for `scope` at each of `resources`.
fn at(scope: &str, resources: &[&str]) -> Request<Vec<u8>> {
    let good = authorization("spa", SPA, &[("scope", scope)]);
    let resources: Vec<_> = resources.iter().map(|resource| ("resource", *resource)).collect();
    get(&format!("{}&{}", good.uri().path_and_query().unwrap(), form(&resources)))
}

/// What is newly asked for, scope and details; nothing if the client is answered at once.
fn asks(world: &World, request: &Request<Vec<u8>>) -> Option<(Scope, AuthorizationDetails)> {
    match world.authorize(request, Visitor::logged_in(world.session(), None)) {
        Progress::Respond(response) => {
            assert!(parameter(&response, "code").is_some(), "{response:?}");
            None
        }
        Progress::Ask(prompt) => match prompt.asking {
            Asking::Consent(ProposedConsent { new, new_details, .. }) => Some((new, new_details)),
            other => panic!("{other:?}"),
        },
        Progress::Refuse(reason) => panic!("{reason:?}"),
    }
}

fn new_details(world: &World, wanted: &[Value]) -> Option<AuthorizationDetails> {
    asks(world, &wanting(wanted)).map(|(scope, details)| {
        assert!(scope.is_empty());
        details
    })
}

fn new_scope(world: &World, scope: &str, resources: &[&str]) -> Option<String> {
    asks(world, &at(scope, resources)).map(|(scope, _)| scope.to_string())
}

fn remembered(world: &World) -> Option<Arc<RememberedConsent>> {
    let mut consents = world.listed_by(&of("alice"), 100).into_iter().filter_map(|listed| match listed {
        Listed::Consent(consent) => Some(consent),
        _ => None,
    });
    consents.next()
}

#[test]
fn details_within_what_was_consented_to_are_not_asked_for_again() {
    let world = remembering();
    world.approved(&wanting(&[account("one", &["read", "pay"]), account("two", &["read"])]));
    for (wanted, expected) in [
        (vec![account("one", &["read", "pay"])], None),
        (vec![account("one", &["pay"])], None),
        (vec![account("one", &["read"]), account("two", &["read"])], None),
        (vec![account("two", &["pay"])], Some(vec![account("two", &["pay"])])),
        (vec![account("one", &["read"]), account("six", &["read"])], Some(vec![account("six", &["read"])])),
        (vec![value!({"type": "payment"})], Some(vec![value!({"type": "payment"})])),
    ] {
        assert_eq!(new_details(&world, &wanted), expected.map(|new| details(&new)), "{wanted:?}");
    }
    // A scope beside the details is asked for by itself, and so are the details.
    let both = |scope, account: Value| {
        let wanted = value!([account]).to_string();
        authorization("spa", SPA, &[("scope", scope), ("authorization_details", &wanted)])
    };
    let asked = asks(&world, &both("read", account("one", &["read"])));
    assert_eq!(asked, Some((Scope::parse("read").unwrap(), AuthorizationDetails::none())));
    world.code("spa", SPA, &[("scope", "read")]);
    assert_eq!(asks(&world, &both("read", account("one", &["read"]))), None);
    let asked = asks(&world, &both("read", account("two", &["pay"])));
    assert_eq!(asked, Some((Scope::empty(), details(&[account("two", &["pay"])]))));
    // Someone else consented to nothing, and a question can be asked for.
    let bob = Visitor::logged_in(Session::new(Subject::new("bob"), world.now()), None);
    assert!(matches!(world.authorize(&wanting(&[account("one", &["read"])]), bob), Progress::Ask(_)));
    let wanted = value!([account("one", &["read"])]).to_string();
    let again = authorization("spa", SPA, &[("authorization_details", &wanted), ("prompt", "consent"), ("scope", "")]);
    assert_eq!(asks(&world, &again), Some((Scope::empty(), AuthorizationDetails::none())));
}

#[test]
fn what_lasts_is_kept_and_what_is_agreed_to_each_time_is_not() {
    let world = remembering();
    world.approved(&wanting(&[account("one", &["read"]), value!({"type": "payment"})]));
    assert_eq!(remembered(&world).unwrap().details(), &details(&[account("one", &["read"])]));
    // A wider one takes the place of what it holds; a narrower one changes nothing.
    world.approved(&wanting(&[account("one", &["read", "pay"])]));
    assert_eq!(remembered(&world).unwrap().details(), &details(&[account("one", &["read", "pay"])]));
    let again = authorization(
        "spa",
        SPA,
        &[
            ("scope", ""),
            ("prompt", "consent"),
            ("authorization_details", &value!([account("one", &["pay"])]).to_string()),
        ],
    );
    world.approved(&again);
    assert_eq!(remembered(&world).unwrap().details(), &details(&[account("one", &["read", "pay"])]));
}

#[test]
fn only_the_part_that_was_approved_is_remembered() {
    let world = remembering();
    let wanted = [account("one", &["read", "pay"]), account("two", &["read"])];
    let part = |values: &[Value]| {
        let prompt = world.prompt(&wanting(&wanted));
        Approval::new(Arc::clone(world.server.config()), prompt, world.session()).only_details(details(values))
    };
    world.server.run(part(&[account("one", &["read"])])).unwrap().unwrap();
    assert_eq!(new_details(&world, &[account("one", &["read"])]), None);
    assert_eq!(new_details(&world, &wanted), Some(details(&wanted)));
    world.server.deny(world.prompt(&wanting(&wanted)));
    assert_eq!(remembered(&world).unwrap().details(), &details(&[account("one", &["read"])]));
}

#[test]
fn no_more_is_kept_than_one_request_may_ask_for() {
    let world = remembering();
    let most = AuthorizationDetails::MOST;
    for number in 0..=most {
        world.approved(&wanting(&[account(&number.to_string(), &["read"])]));
    }
    let kept = remembered(&world).unwrap();
    assert_eq!(kept.details().iter().count(), most);
    let named = |detail: &AuthorizationDetail| detail.text("identifier").unwrap().unwrap().to_owned();
    assert_eq!(kept.details().iter().map(named).next(), Some(most.to_string()), "the latest is there");
    assert_eq!(new_details(&world, &[account("1", &["read"])]), None);
    assert!(new_details(&world, &[account("0", &["read"])]).is_some(), "the oldest is asked for again");
}

#[test]
fn a_scope_was_granted_for_the_resources_that_it_was_shown_with() {
    let world = remembering();
    let prompt = world.prompt(&at("read", &[A]));
    let Asking::Consent(ProposedConsent { audience, .. }) = &prompt.asking else { panic!("{prompt:?}") };
    assert_eq!(audience.iter().map(|one| one.as_str()).collect::<Vec<_>>(), [A]);
    world.server.approve(prompt, world.session());
    for (scope, resources, new) in [
        ("read", &[A][..], None),
        ("read", &[B], Some("read")),
        ("read", &[], Some("read")),
        ("read", &[A, B], Some("read")),
        ("read write", &[A], Some("write")),
    ] {
        assert_eq!(new_scope(&world, scope, resources).as_deref(), new, "{scope} at {resources:?}");
    }
    // What was granted piece by piece is granted together, and nothing crosses over.
    world.approved(&at("write", &[B]));
    assert_eq!(new_scope(&world, "write", &[A]).as_deref(), Some("write"));
    world.approved(&at("read", &[B]));
    assert_eq!(new_scope(&world, "read", &[B, A]), None);
    assert_eq!(new_scope(&world, "read write", &[A, B]).as_deref(), Some("write"));
    let kept = remembered(&world).unwrap();
    assert_eq!(kept.scope(), Scope::parse("read write").unwrap());
    let granted: Vec<_> = kept.granted().map(|(at, scope)| (at.unwrap().as_str(), scope.as_str())).collect();
    assert_eq!(granted, [(A, "read"), (B, "write read")]);
}

#[test]
fn who_takes_it_back_takes_back_details_and_resources_as_well() {
    let one = [account("one", &["read"])];
    for by in [person("alice"), EndedBy::Operator, EndedBy::Incident] {
        for forget in [false, true] {
            let world = remembering();
            world.approved(&wanting(&one));
            world.approved(&at("read", &[A]));
            assert_eq!((new_details(&world, &one), new_scope(&world, "read", &[A])), (None, None));
            world.log.take();
            if forget {
                let forget = ForgetConsent::new(Subject::new("alice"), ClientId::new("spa"), by.clone());
                assert!(world.server.run(forget).unwrap().unwrap());
            } else {
                let grant = world.grants(&of("alice"))[0].id();
                assert!(world.server.end_grant(grant, by.clone()).unwrap().unwrap());
            }
            let events = world.log.take();
            assert!(events.iter().any(|event| matches!(event, Event::ConsentForgotten { .. })), "{events:?}");
            assert_eq!(new_details(&world, &one), Some(details(&one)), "{by:?} {forget}");
            assert_eq!(new_scope(&world, "read", &[A]).as_deref(), Some("read"), "{by:?} {forget}");
        }
    }
}

fn env(world: &World, seed: u8) -> Env {
    Env::new(world.now(), Seed::new([seed; 32]))
}

/// Takes one step over the store; whether it was a commit that applied.
fn advance<E: Endpoint>(step: Step<E>, store: &Memory<Indexed>) -> (Step<E>, bool) {
    match step {
        Step::Load(ask) => {
            let found = Store::load(store, ask.question(), ask.now()).unwrap();
            (ask.loaded(found), false)
        }
        Step::Commit(pending) => {
            let outcome = Store::commit(store, pending.changes().to_vec(), pending.now()).unwrap();
            (pending.committed(outcome), outcome == grantor::store::Commit::Applied)
        }
        other => (other, false),
    }
}

/// Runs two machines, the order of their steps being the bits of `schedule`; which of them committed first.
fn interleaved<A: Endpoint, B: Endpoint>(
    world: &World,
    schedule: u8,
    (first, second): (A, B),
) -> (Step<A>, Step<B>, Vec<&'static str>) {
    let store = world.server.store();
    let (mut first, mut second) = (Step::start(first, env(world, 1)), Step::start(second, env(world, 2)));
    let mut committed = Vec::new();
    let turns = (0..8).map(|turn| schedule >> turn & 1 == 0);
    let rest = [true; 8].into_iter().chain([false; 8]);
    for turn in turns.chain(rest) {
        let applied;
        if turn {
            (first, applied) = advance(first, store);
            committed.extend(applied.then_some("first"));
        } else {
            (second, applied) = advance(second, store);
            committed.extend(applied.then_some("second"));
        }
    }
    (first, second, committed)
}

fn reply<E: Endpoint>(step: Step<E>) -> Result<E::Reply, E::Refusal> {
    match step {
        Step::Done(done) => done.reply,
        _ => panic!("not done"),
    }
}

/// Whoever takes a consent back while it is being relied on wins, in whatever order the steps come.
#[test]
fn taking_back_wins_over_an_approval_without_a_question_in_every_order() {
    let (mut before, mut after) = (0, 0);
    for schedule in 0..=255 {
        for ends in [false, true] {
            let world = remembering();
            let wanted = value!([account("one", &["read"])]).to_string();
            let changes = [("scope", "read"), ("authorization_details", &*wanted)];
            world.code("spa", SPA, &changes);
            let silent = authorization("spa", SPA, &[&changes[..], &[("prompt", "none")]].concat());
            let request = world.server.read_authorization(&silent).unwrap();
            let config = Arc::clone(world.server.config());
            let silent = Authorize::new(config, request, Visitor::logged_in(world.session(), None));
            let (answer, committed) = if ends {
                let grant = world.grants(&of("alice")).remove(0);
                let end = EndGrant::listed(Arc::clone(world.server.config()), &grant, person("alice"));
                let (answer, ended, committed) = interleaved(&world, schedule, (silent, end));
                assert!(reply(ended).unwrap());
                (answer, committed)
            } else {
                let forget = ForgetConsent::new(Subject::new("alice"), ClientId::new("spa"), person("alice"));
                let (answer, forgotten, committed) = interleaved(&world, schedule, (silent, forget));
                assert!(reply(forgotten).unwrap());
                (answer, committed)
            };
            match reply(answer) {
                Ok(Authorization::Answer(_)) => {
                    before += 1;
                    assert_eq!(committed, ["first", "second"], "{schedule:b}");
                }
                Ok(Authorization::Ask(prompt)) => panic!("{prompt:?}"),
                Err(refusal) => {
                    after += 1;
                    assert_eq!(committed, ["second"], "{schedule:b}");
                    assert_eq!(parameter(&refusal.print(), "error").as_deref(), Some("consent_required"));
                }
            }
            assert_eq!(remembered(&world), None, "{schedule:b}");
            assert!(asks(&world, &authorization("spa", SPA, &changes)).is_some(), "{schedule:b}");
        }
    }
    assert!(before > 50 && after > 50, "{before} {after}");
}

/// A person who approves while all is being taken back keeps what they approve now, and nothing from before.
#[test]
fn an_approval_brings_nothing_back_that_is_forgotten_meanwhile() {
    let (mut kept, mut gone) = (0, 0);
    for schedule in 0..=255 {
        let world = remembering();
        world.approved(&at("admin", &[A]));
        world.approved(&wanting(&[account("one", &["pay"])]));
        let wanted = value!([account("one", &["read"])]).to_string();
        let prompt = world.prompt(&authorization(
            "spa",
            SPA,
            &[("scope", "write"), ("authorization_details", &wanted), ("prompt", "consent")],
        ));
        let approval = Approval::new(Arc::clone(world.server.config()), prompt, world.session());
        let forget = ForgetConsent::new(Subject::new("alice"), ClientId::new("spa"), EndedBy::Operator);
        let (approved, forgotten, committed) = interleaved(&world, schedule, (approval, forget));
        assert!(reply(approved).is_ok() && reply(forgotten).unwrap());
        match (remembered(&world), &*committed) {
            (Some(own), ["second", "first"]) => {
                kept += 1;
                assert_eq!(own.scope(), Scope::parse("write").unwrap());
                assert_eq!(own.details(), &details(&[account("one", &["read"])]));
            }
            (None, ["first", "second"]) => gone += 1,
            (own, order) => panic!("{schedule:b}: {own:?} after {order:?}"),
        }
    }
    assert!(kept > 50 && gone > 50, "{kept} {gone}");
}
