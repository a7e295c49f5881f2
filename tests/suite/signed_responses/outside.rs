//! A signature stands between the decision and its commit: what fails or happens meanwhile, and what anyone can see.

use std::sync::Arc;

use grantor::record::{ClientId, Scope};
use grantor::server::{Approval, Authorize, Denial};
use grantor::step::Step;
use grantor::store::{Commit, Key};
use grantor::wire::AuthorizationRequest;
use grantor::{Env, Seed};

use super::*;
use crate::call::Call;
use crate::faulty::Willing;
use crate::schedule::{Player, Scene};
use crate::table::{Overlooked, Shelf, Table};
use crate::watch::Watched;

fn shelf() -> World<Shelf> {
    let mut table = Table::default();
    clients().into_iter().chain([registered(&value!({})).unwrap()]).for_each(|client| table.put_client(client));
    world_over(Shelf::new(table), Hands::default(), wide)
}

fn approval(world: &World<Shelf>) -> Approval {
    let prompt = world.prompt(&asking(&[("response_mode", "jwt")]));
    Approval::new(Arc::clone(world.server.config()), prompt, world.session())
}

fn env(world: &World<Shelf>) -> Env {
    Env::new(world.now(), Seed::new([7; 32]))
}

#[test]
fn an_answer_costs_one_load_one_signature_and_one_commit() {
    let world = shelf();
    let Step::Load(ask) = Step::start(approval(&world), env(&world)) else { panic!("nothing to load") };
    let found = world.server.store().load(ask.question(), ask.now()).unwrap();
    let Step::Sign(ask) = ask.loaded(found) else { panic!("nothing to sign") };
    assert_eq!((ask.question().key.as_str(), ask.question().algorithm), (KEY.kid(), "EdDSA"));
    let signature = sign(ask.question()).unwrap();
    let Step::Commit(pending) = ask.signed(signature) else { panic!("nothing to write") };
    assert!(pending.changes().iter().any(|change| matches!(change.key, Key::Grant(_))));
    let outcome = world.server.store().commit(pending.changes().to_vec(), pending.now()).unwrap();
    let Step::Done(done) = pending.committed(outcome) else { panic!("not done") };
    let said = claims(&world, &token(&done.reply.unwrap().print()));
    assert_eq!(world.token(&redeem("app", APP, said["code"].as_str().unwrap())).status(), 200);
}

#[test]
fn what_changes_while_it_is_signed_is_seen_before_it_is_sent() {
    for (name, change, expected) in [
        (
            "the client is gone",
            &(|table: &mut Table| table.remove(&Key::Client(ClientId::new("app")))) as &dyn Fn(&mut Table),
            None,
        ),
        (
            "the client has moved",
            &|table| {
                let elsewhere = registered(&value!({"redirect_uris": ["https://app.example/new"]})).unwrap();
                table.put_client(elsewhere);
            },
            None,
        ),
        (
            "it is to be signed otherwise",
            &|table| table.put_client(registered(&value!({"authorization_signed_response_alg": "ES256"})).unwrap()),
            Some("unsupported_response_mode"),
        ),
        (
            "the client is called otherwise",
            &|table| table.put_client(registered(&value!({"client_name": "New"})).unwrap()),
            Some(""),
        ),
    ] {
        let world = shelf();
        let Step::Load(ask) = Step::start(approval(&world), env(&world)) else { panic!("nothing to load") };
        let found = world.server.store().load(ask.question(), ask.now()).unwrap();
        let Step::Sign(ask) = ask.loaded(found) else { panic!("nothing to sign") };
        world.server.store().with(change);
        let signature = sign(ask.question()).unwrap();
        let Step::Commit(pending) = ask.signed(signature) else { panic!("nothing to write") };
        assert_eq!(
            world.server.store().commit(pending.changes().to_vec(), pending.now()).unwrap(),
            Commit::Conflict,
            "{name}"
        );
        let Step::Load(ask) = pending.committed(Commit::Conflict) else { panic!("{name}: not again") };
        let found = world.server.store().load(ask.question(), ask.now()).unwrap();
        // What was signed before is good for the same decision, and for no other.
        let reply = match ask.loaded(found) {
            Step::Done(done) => done.reply,
            Step::Commit(pending) => {
                assert_eq!(expected, Some(""), "{name}");
                let outcome = world.server.store().commit(pending.changes().to_vec(), pending.now()).unwrap();
                let Step::Done(done) = pending.committed(outcome) else { panic!("{name}: not done") };
                done.reply
            }
            other => panic!("{name}: {other:?}"),
        };
        let sent = reply.map_or_else(|refusal| refusal.print(), |response| response.print());
        match expected {
            None => assert_eq!((sent.status().as_u16(), sent.headers().get("location")), (400, None), "{name}"),
            Some("") => assert!(claims(&world, &token(&sent))["code"].is_string(), "{name}"),
            Some(error) => assert_eq!(parameter(&sent, "error").as_deref(), Some(error), "{name}"),
        }
        let grants = world.server.store().table().records().filter(|(key, _)| matches!(key, Key::Grant(_))).count();
        assert_eq!(grants, usize::from(expected == Some("")), "{name}");
    }
}

#[test]
fn without_its_key_the_server_sends_nothing_and_uses_nothing_up() {
    let world = shelf();
    let mut push = post("/par", &[]);
    *push.body_mut() = asking(&[("response_mode", "jwt")]).uri().query().unwrap().into();
    let pushed = json(&world.server.answer(Place::PushedAuthorizationRequest, &push));
    let name = pushed["request_uri"].as_str().unwrap();
    let brought = get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request_uri", name)])));
    let prompt = world.prompt(&brought);
    let before = format!("{:?}", world.server.store().table().records().collect::<Vec<_>>());
    let World { server, clock, log } = world;
    let mute = World { server: server.with_host(Willing { mute: true, ..Willing::default() }), clock, log };
    let answers = [
        mute.server.approve(prompt.clone(), mute.session()),
        mute.server.deny(prompt.clone()),
        sent(&mute, &asking(&[("response_mode", "jwt"), ("scope", "nothing")])),
    ];
    for answer in answers {
        // Unsigned, it could be anyone's.
        assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (503, None));
        assert!(answer.headers().contains_key("retry-after"));
    }
    assert_eq!(format!("{:?}", mute.server.store().table().records().collect::<Vec<_>>()), before);
    assert_eq!(mute.log.take(), []);
    let World { server, clock, log } = mute;
    let world = World { server: server.with_host(Signing), clock, log };
    assert!(claims(&world, &token(&world.server.approve(prompt, world.session())))["code"].is_string());
}

#[test]
fn a_pushed_request_is_answered_once_however_long_a_signature_takes() {
    let world = shelf();
    let mut push = post("/par", &[]);
    *push.body_mut() = asking(&[("response_mode", "jwt")]).uri().query().unwrap().into();
    let pushed = json(&world.server.answer(Place::PushedAuthorizationRequest, &push));
    let name = pushed["request_uri"].as_str().unwrap();
    let brought = get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request_uri", name)])));
    let config = || Arc::clone(world.server.config());
    let uses = |seed| {
        let visitor = Visitor::logged_in(world.session(), Some(Scope::parse("read").unwrap()));
        let request = AuthorizationRequest::parse(&brought, world.server.config().limits()).unwrap();
        Player::asking(seed, Call::Authorize(Box::new(Authorize::new(config(), request, visitor))))
    };
    let approves = |seed| {
        Player::asking(seed, Call::Approval(Box::new(Approval::new(config(), world.prompt(&brought), world.session()))))
    };
    let denies = |seed| Player::asking(seed, Call::Denial(Box::new(Denial::new(config(), world.prompt(&brought)))));
    let judge = |scene: &Scene| {
        let answers = scene.players.iter().filter(|player| player.replies[0].status() == StatusCode::SEE_OTHER).count();
        if answers == 1 { Vec::new() } else { vec![format!("{answers} answers")] }
    };
    for (name, players) in [
        ("use, use", vec![uses(1), uses(2)]),
        ("approve, approve", vec![approves(1), approves(2)]),
        ("approve, deny", vec![approves(1), denies(2)]),
        ("deny, use", vec![denies(1), uses(2)]),
        ("use, approve, deny", vec![uses(1), approves(2), denies(3)]),
    ] {
        let scene = Scene::new(&world, &[], players);
        let explored = scene.explore(&judge);
        assert!(explored.schedules >= 6, "{name}");
        assert_eq!(explored.broken, Vec::<String>::new(), "{name}");
        let careless = scene.overlooking(&[Overlooked::PushedConsumed]).explore(&judge);
        assert!(careless.broken.iter().any(|what| what.contains("2 answers")), "{name}: {:?}", careless.broken);
    }
}

#[test]
fn nothing_shows_what_a_response_carries() {
    let world = shelf();
    let mut watched = Watched::over(world);
    for mode in ["jwt", "form_post.jwt"] {
        for response_type in ["code", "token"] {
            let request = asking(&[("response_mode", mode), ("response_type", response_type)]);
            let prompt = watched.world.prompt(&request);
            let config = Arc::clone(watched.world.server.config());
            let done = watched.run(Approval::new(config, prompt, watched.world.session()));
            let text = token(&done.reply.unwrap().print());
            let said = claims(&watched.world, &text);
            let carried = ["code", "access_token"].iter().find_map(|name| said[*name].as_str());
            watched.learn(carried.map(str::to_owned));
            watched.learn(Some(text.split('.').nth(1).unwrap().to_owned()));
            watched.learn(Some(text));
        }
    }
    watched.assert_kept(8);
}
