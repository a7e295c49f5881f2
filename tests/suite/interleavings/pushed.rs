//! A pushed authorization request and those who bring its name [RFC 9126].

use std::rc::Rc;
use std::sync::Arc;

use grantor::record::Scope;
use grantor::server::{Authorize, Denial, Place, Visitor};
use grantor::wire::AuthorizationRequest;
use http::{Request, StatusCode};

use super::{Row, approving_as, claim, crowd, prove};
use crate::call::Call;
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf};

fn pushing(client: &str, uri: &str) -> Request<Vec<u8>> {
    let mut request = post("/par", &[]);
    *request.body_mut() = authorization(client, uri, &[]).uri().query().unwrap().into();
    request
}

fn bringing(request_uri: &str) -> Request<Vec<u8>> {
    get(&format!("/authorize?{}", form(&[("client_id", "spa"), ("request_uri", request_uri)])))
}

/// A request that was pushed, or that will be.
struct Pushed {
    world: World<Shelf>,
    name: String,
}

fn pushed() -> Rc<Pushed> {
    let world = crowd(30);
    let response = world.server.answer(Place::PushedAuthorizationRequest, &pushing("spa", SPA));
    let name = super::text(&json(&response), "request_uri");
    Rc::new(Pushed { world, name })
}

impl Pushed {
    /// A browser whose person has consented before.
    fn uses(&self, seed: u8) -> Player {
        let visitor = Visitor::logged_in(self.world.session(), Some(Scope::parse("read").unwrap()));
        let config = self.world.server.config();
        let request = AuthorizationRequest::parse(&bringing(&self.name), config.limits()).unwrap();
        Player::asking(seed, Call::Authorize(Box::new(Authorize::new(Arc::clone(config), request, visitor))))
    }

    fn approves(&self, seed: u8) -> Player {
        approving_as(seed, &self.world, self.world.prompt(&bringing(&self.name)), self.world.session())
    }

    fn denies(&self, seed: u8) -> Player {
        let denial = Denial::new(Arc::clone(self.world.server.config()), self.world.prompt(&bringing(&self.name)));
        Player::asking(seed, Call::Denial(Box::new(denial)))
    }

    fn row(self: &Rc<Self>, name: &'static str, players: Vec<Player>) -> Row {
        let own = Rc::clone(self);
        Row::new(name, Scene::new(&self.world, &[], players), move |scene| answered_once(&own, scene))
            .needs(&[Overlooked::PushedConsumed], "answered more than once")
    }
}

/// One answer reaches the client, whoever gave it, and after it the name is nobody's.
fn answered_once(pushed: &Pushed, scene: &Scene) -> Vec<String> {
    let told = |status| scene.players.iter().filter(|player| player.replies[0].status() == status).count();
    let (answers, refusals) = (told(StatusCode::SEE_OTHER), told(StatusCode::BAD_REQUEST));
    let mut broken = claim(answers <= 1, "answered more than once");
    broken.extend(claim(answers > 0, "never answered"));
    broken.extend(claim(answers + refusals >= scene.players.len(), "neither answered nor refused"));
    let mut after = scene.clone();
    let again = after.play(pushed.uses(99)).remove(0);
    broken.extend(claim(again.status() == StatusCode::BAD_REQUEST, "the name is good for more"));
    broken
}

#[test]
fn a_pushed_request_is_answered_once() {
    let one = pushed();
    prove(vec![
        one.row("use, use", vec![one.uses(1), one.uses(2)]),
        one.row("use, use, use", vec![one.uses(1), one.uses(2), one.uses(3)]),
        one.row("approve, approve", vec![one.approves(1), one.approves(2)]),
        one.row("approve, approve, use", vec![one.approves(1), one.approves(2), one.uses(3)]),
        one.row("approve, deny", vec![one.approves(1), one.denies(2)]),
        one.row("approve, deny, use", vec![one.approves(1), one.denies(2), one.uses(3)]),
        one.row("deny, deny", vec![one.denies(1), one.denies(2)]),
        one.row("deny, use", vec![one.denies(1), one.uses(2)]),
    ]);
}

/// A name that is brought while it is still being pushed.
#[test]
fn a_request_is_not_used_before_it_was_pushed() {
    let world = crowd(30);
    let push = |seed, client, uri| Player::sending(seed, Place::PushedAuthorizationRequest, pushing(client, uri));
    // What it will be called follows from its seed.
    let told = Scene::new(&world, &[], []).play(push(1, "spa", SPA)).remove(0);
    let one = Rc::new(Pushed { name: told.member("request_uri").unwrap(), world });
    let in_order = |scene: &Scene| {
        let codes = scene.players.iter().filter(|player| player.replies[0].code().is_some()).count();
        let pushed = scene.players[0].replies[0].status() == StatusCode::CREATED;
        let known = |status| [StatusCode::CREATED, StatusCode::SEE_OTHER, StatusCode::BAD_REQUEST].contains(&status);
        let mut broken = claim(pushed, "not pushed");
        broken.extend(claim(codes <= 1, "answered more than once"));
        let all_known = scene.players.iter().all(|player| known(player.replies[0].status()));
        broken.extend(claim(all_known, "neither answered nor refused"));
        broken
    };
    let row = |name, players: Vec<Player>| Row::new(name, Scene::new(&one.world, &[], players), in_order);
    let names_differ = |scene: &Scene| {
        let name = |who: usize| scene.players[who].replies[0].member("request_uri");
        claim(name(0).is_none() || name(0) != name(1), "two requests with one name")
    };
    prove(vec![
        row("push, use", vec![push(1, "spa", SPA), one.uses(2)]).at_least(3),
        row("push, use, use", vec![push(1, "spa", SPA), one.uses(2), one.uses(3)])
            .needs(&[Overlooked::PushedConsumed], "answered more than once")
            .at_least(15),
        Row::new("push, push", Scene::new(&one.world, &[], [push(1, "spa", SPA), push(2, "spa", SPA)]), names_differ),
        // Seeds that repeat are a broken generator; even then nobody is given another's name.
        Row::new(
            "push, push from one seed",
            Scene::new(&one.world, &[], [push(1, "spa", SPA), push(1, "cli", NATIVE)]),
            names_differ,
        )
        .needs(&[Overlooked::PushedAbsent], "two requests with one name"),
    ]);
}
