//! Consents that are remembered, relied on and taken back.

use std::rc::Rc;
use std::sync::Arc;

use grantor::event::Event;
use grantor::record::{ClientId, Record, Subject};
use grantor::server::{Authorize, EndedBy, ForgetConsent, Place, Visitor};
use grantor::store::{Key, Write};
use grantor::wire::AuthorizationRequest;
use http::StatusCode;

use super::{Row, approving_as, claim, crowd_of, ending, prove};
use crate::call::Call;
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf};

fn remembering() -> World<Shelf> {
    crowd_of(Vec::new(), |config| config.remember_consent())
}

fn approving(seed: u8, world: &World<Shelf>, scope: &str) -> Player {
    let prompt = world.prompt(&authorization("spa", SPA, &[("scope", scope), ("prompt", "consent")]));
    approving_as(seed, world, prompt, world.session())
}

fn forgetting(seed: u8) -> Player {
    let forget = ForgetConsent::new(Subject::new("alice"), ClientId::new("spa"), EndedBy::Operator);
    Player::asking(seed, Call::ForgetConsent(forget)).named("forget")
}

/// Someone who comes back, and need not be asked.
fn returning(seed: u8, world: &World<Shelf>) -> Player {
    let config = world.server.config();
    let request = AuthorizationRequest::parse(&authorization("spa", SPA, &[]), config.limits()).unwrap();
    let visitor = Visitor::logged_in(world.session(), None);
    Player::asking(seed, Call::Authorize(Box::new(Authorize::new(Arc::clone(config), request, visitor))))
}

#[test]
fn what_is_granted_at_once_is_all_remembered() {
    let world = remembering();
    let all = |scope: &'static str| {
        move |scene: &Scene| {
            let found = scene.table.records().find_map(|(key, record)| match (key, record) {
                (Key::Consent { .. }, Record::Consent(consent)) => Some(consent.scope().as_str().to_owned()),
                _ => None,
            });
            let mut words: Vec<_> = found.iter().flat_map(|scope| scope.split(' ')).collect();
            words.sort_unstable();
            claim(words.join(" ") == scope, "a consent was lost")
        }
    };
    let scene = |scopes: &[&str]| {
        let players = (1..).zip(scopes).map(|(seed, scope)| approving(seed, &world, scope));
        Scene::new(&world, &[], players)
    };
    let two = scene(&["read", "write"]);
    let three = scene(&["read", "write", "admin"]);
    prove(vec![
        Row::new("approve, approve", two, all("read write"))
            .needs(&[Overlooked::ConsentReplaced], "a consent was lost"),
        Row::new("approve, approve, approve", three, all("admin read write")),
    ]);
}

/// Whoever is not asked relied on a consent that was there when the grant was made.
fn relied_on_what_was_there(scene: &Scene, began: usize) -> Vec<String> {
    let forgotten =
        |change: &grantor::store::Change| matches!((&change.key, &change.write), (Key::Consent { .. }, Write::Delete));
    let mut later = scene.table.applied[began..].iter().skip_while(|change| !forgotten(change));
    let granted = later.any(|change| {
        matches!(
            (&change.key, change.expect, &change.write),
            (Key::Grant(_), grantor::store::Expect::Absent, Write::Put { .. })
        )
    });
    let mut broken = claim(!granted, "granted by a consent that was taken back");
    let told = scene.players.iter().filter(|player| ["forget", "end"].contains(&player.role));
    let ended = told.clone().all(|player| player.replies[0].status() == StatusCode::NO_CONTENT);
    broken.extend(claim(ended, "there was nothing to take back"));
    let known = |event: &Event| matches!(event, Event::ConsentForgotten { .. });
    broken.extend(claim(scene.count(known) == 1, "not forgotten exactly once"));
    broken
}

#[test]
fn a_consent_that_is_taken_back_grants_nothing() {
    let world = remembering();
    let code = world.code("spa", SPA, &[]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    let access = Rc::new(super::text(&tokens, "access_token"));
    let row = |name, players: Vec<Player>| {
        let scene = Scene::new(&world, &[&access], players);
        let began = scene.table.applied.len();
        Row::new(name, scene, move |scene| relied_on_what_was_there(scene, began))
    };
    let found = "granted by a consent that was taken back";
    let refresh = || Player::sending(5, Place::Token, refresh("spa", &super::text(&tokens, "refresh_token")));
    prove(vec![
        row("return, forget", vec![returning(1, &world), forgetting(2)]).needs(&[Overlooked::ConsentStill], found),
        row("return, return, forget", vec![returning(1, &world), returning(2, &world), forgetting(3)])
            .needs(&[Overlooked::ConsentStill], found),
        row("return, end", vec![returning(1, &world), ending(2, &world, &access)])
            .needs(&[Overlooked::ConsentStill], found),
        row("return, refresh, end", vec![returning(1, &world), refresh(), ending(2, &world, &access)]),
    ]);
}
