//! An object that has a name and an end is good for one answer, however requests with it meet; and what it costs.

use std::sync::Arc;

use RequestObjectFault as F;
use grantor::record::Scope;
use grantor::server::{Approval, Authorize, Denial, Exchange};
use grantor::step::Step;
use grantor::store::{Expect, Key, Store, Write};
use grantor::wire::AuthorizationRequest;
use grantor::{Env, Seed, Timestamp};

use super::*;
use crate::call::Call;
use crate::schedule::{Player, Scene};
use crate::table::{Overlooked, Shelf, Table};

fn is_used(came: &Came) -> bool {
    matches!(came, Came::Sent(_)) && told(came).2 == F::Used.description()
}

#[test]
fn an_object_is_good_for_one_answer() {
    let world = usual();
    let brought = bringing(&object(&value!({})), &[]);
    // A page is loaded again, in a second tab as well.
    let other_tab = world.prompt(&brought);
    assert!(parameter(&world.approved(&brought), "code").is_some());
    assert!(is_used(&ask(&world, &brought)));
    assert_eq!(parameter(&world.server.approve(other_tab, world.session()), "code"), None);
    assert_eq!(push(&world, &pushing(&object(&value!({})), &[])).1["error"], "invalid_request_object", "pushed");
    let same_name = KEYS[1].token(&Purpose::REQUEST_OBJECT, &claims(&value!({"scope": "write"}))).unwrap();
    assert!(is_used(&ask(&world, &bringing(&same_name, &[]))), "the same name in another one");

    // So is one that was denied, or pushed.
    let denied = bringing(&object(&value!({"jti": "two"})), &[]);
    world.server.deny(world.prompt(&denied));
    assert!(is_used(&ask(&world, &denied)));
    let pushed = object(&value!({"jti": "three"}));
    assert_eq!(push(&world, &pushing(&pushed, &[])).0, 201);
    assert_eq!(push(&world, &pushing(&pushed, &[])).1["error_description"], F::Used.description());
    assert!(is_used(&ask(&world, &bringing(&pushed, &[]))));

    // Without a name, or without an end, it can be told from no other.
    for changes in [value!({"jti": null}), value!({"jti": "four", "exp": null, "nbf": null, "iat": null})] {
        let brought = bringing(&object(&changes), &[]);
        assert!(parameter(&world.approved(&brought), "code").is_some());
        assert!(parameter(&world.approved(&brought), "code").is_some(), "{changes}");
    }
}

#[test]
fn the_names_of_one_client_are_not_those_of_another() {
    let world = usual();
    let more = Client::builder("ap").metadata(registered(&value!({})).unwrap().metadata().clone()).build().unwrap();
    world.server.store().put_client(more);
    let of = |client: &str, jti: &str| {
        let object = object(&value!({"iss": client, "client_id": client, "jti": jti}));
        get(&format!("/authorize?{}", form(&[("client_id", client), ("request", &object)])))
    };
    assert!(parameter(&world.approved(&of("app", "one")), "code").is_some());
    assert!(parameter(&world.approved(&of("ap", "pone")), "code").is_some());
    assert!(parameter(&world.approved(&of("ap", "one")), "code").is_some());
    assert!(is_used(&ask(&world, &of("app", "one"))));
    // Nor is an assertion's name an object's.
    assert!(world.log.take().iter().all(|event| !format!("{event:?}").contains("Failed")));
}

#[test]
fn a_request_that_is_refused_leaves_the_object_unused() {
    let world = usual();
    let mut refused = Vec::new();
    for changes in [value!({"scope": "nothing"}), value!({"prompt": "none"}), value!({"response_type": "token"})] {
        let came = ask(&world, &bringing(&object(&changes), &[]));
        refused.push(told(&came).1);
        let _ = push(&world, &pushing(&object(&value!({"scope": "nothing"})), &[]));
    }
    assert_eq!(refused, ["invalid_scope", "consent_required", "unsupported_response_type"]);
    assert!(parameter(&world.approved(&bringing(&object(&value!({})), &[])), "code").is_some());
}

#[test]
fn of_several_requests_with_one_object_one_is_answered_however_they_meet() {
    // Whoever plays, a code is tried as `spa` would.
    let metadata = registered(&value!({"redirect_uris": [SPA]})).unwrap().metadata().clone();
    let spa = Client::builder("spa").metadata(metadata).build().unwrap();
    let mut table = Table::default();
    clients().into_iter().chain([spa]).for_each(|client| table.put_client(client));
    let world = world_over(Shelf::new(table), Hands::default(), |config| config.request_objects(|_| ()));
    let own = object(&value!({"iss": "spa", "client_id": "spa", "redirect_uri": SPA}));
    let brought = get(&format!("/authorize?{}", form(&[("client_id", "spa"), ("request", &own)])));
    let pushed = post("/par", &[("client_id", "spa"), ("request", &own)]);
    let config = || Arc::clone(world.server.config());
    let uses = |seed| {
        let visitor = Visitor::logged_in(world.session(), Some(Scope::parse("read").unwrap()));
        let request = AuthorizationRequest::parse(&brought, world.server.config().limits()).unwrap();
        Player::asking(seed, Call::Authorize(Box::new(Authorize::new(config(), request, visitor))))
    };
    let approves = |seed| {
        let approval = Approval::new(config(), world.prompt(&brought), world.session());
        Player::asking(seed, Call::Approval(Box::new(approval)))
    };
    let denies = |seed| Player::asking(seed, Call::Denial(Box::new(Denial::new(config(), world.prompt(&brought)))));
    let pushes = |seed| Player::sending(seed, Place::PushedAuthorizationRequest, pushed.clone());
    let judge = |scene: &Scene| {
        let answered = |player: &&Player| {
            let reply = &player.replies[0];
            let denied = || parameter(&reply.0, "error").as_deref() == Some("access_denied");
            reply.code().is_some() || reply.status() == 201 || (reply.status() == 303 && denied())
        };
        let answered = scene.players.iter().filter(answered).count();
        if answered == 1 { Vec::new() } else { vec![format!("{answered} were answered")] }
    };
    for (name, players) in [
        ("use, use", vec![uses(1), uses(2)]),
        ("use, use, use", vec![uses(1), uses(2), uses(3)]),
        ("approve, approve", vec![approves(1), approves(2)]),
        ("approve, use", vec![approves(1), uses(2)]),
        ("push, push", vec![pushes(1), pushes(2)]),
        ("push, approve", vec![pushes(1), approves(2)]),
        ("deny, approve", vec![denies(1), approves(2)]),
    ] {
        let scene = Scene::new(&world, &[], players);
        let explored = scene.explore(&judge);
        assert!(explored.schedules >= 6, "{name}: {}", explored.schedules);
        assert_eq!(explored.broken, Vec::<String>::new(), "{name}");
        let careless = scene.overlooking(&[Overlooked::SeenAbsent]).explore(&judge);
        assert!(careless.broken.iter().any(|what| what.contains("2 were answered")), "{name}: {:?}", careless.broken);
    }
}

#[test]
fn an_object_costs_nothing_until_it_is_answered_and_then_one_row() {
    let world = usual();
    let request = AuthorizationRequest::parse(&bringing(&object(&value!({})), &[]), world.server.config().limits());
    let visitor = Visitor::logged_in(world.session(), Some(Scope::parse("read").unwrap()));
    let authorize = Authorize::new(Arc::clone(world.server.config()), request.unwrap(), visitor);
    let push = Exchange::parse(
        world.server.config(),
        Place::PushedAuthorizationRequest,
        &pushing(&object(&value!({"jti": "two"})), &[]),
    );
    let env = || Env::new(world.now(), Seed::new([1; 32]));
    let Step::Load(ask) = Step::start(authorize, env()) else { panic!("nothing to load") };
    let found = world.server.store().load(ask.question(), ask.now()).unwrap();
    let Step::Commit(authorize) = ask.loaded(found) else { panic!("more than one load") };
    let Step::Load(ask) = Step::start(push, env()) else { panic!("nothing to load") };
    let found = world.server.store().load(ask.question(), ask.now()).unwrap();
    let Step::Commit(push) = ask.loaded(found) else { panic!("more than one load") };
    for changes in [authorize.changes(), push.changes()] {
        let used: Vec<_> = changes.iter().filter(|change| matches!(change.key, Key::Seen(_))).collect();
        let [used] = &*used else { panic!("{used:?}") };
        assert_eq!(used.expect, Expect::Absent);
        let Write::Put { expires, .. } = &used.write else { panic!("{used:?}") };
        // Until it has expired by any clock, and nobody who was asked can answer any more.
        assert_eq!(*expires, Some(Timestamp::from_unix(NOW + 60 + 10 + 3600)));
    }
}

#[test]
fn nothing_shows_what_is_asked_for_in_an_object() {
    let hidden = "very personal";
    let object = object(&value!({"authorization_details": [{"type": "plain", "note": hidden}], "unknown": hidden}));
    let world = serving(registered(&value!({})).unwrap(), |config| {
        config.request_objects(|_| ()).authorization_details(grantor::CommonDetails::new("plain"))
    });
    let request = AuthorizationRequest::parse(&bringing(&object, &[]), world.server.config().limits()).unwrap();
    let authorize = Authorize::new(Arc::clone(world.server.config()), request.clone(), Visitor::anonymous());
    let pushed = Exchange::parse(world.server.config(), Place::PushedAuthorizationRequest, &pushing(&object, &[]));
    let started = Step::at(authorize.clone(), world.now());
    let shown = [format!("{request:?}"), format!("{authorize:?}"), format!("{pushed:?}"), format!("{started:?}")];
    for text in shown {
        assert!(!text.contains(hidden) && !text.contains(&object[..40]), "{text}");
    }
    assert!(!format!("{:?}", world.log.take()).contains(hidden));
}
