//! A client whose secret is replaced while it is used.

use std::rc::Rc;
use std::time::Duration;

use grantor::record::ClientId;
use grantor::server::{Place, RotateSecret};
use grantor::store::{Change, Key, Write};
use http::{Request, StatusCode};

use super::{Row, claim, crowd, prove};
use crate::call::Call;
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf};

fn rotating(seed: u8, overlap: u64) -> Player {
    let rotate = RotateSecret::new(ClientId::new("web"), Duration::from_secs(overlap));
    Player::asking(seed, Call::RotateSecret(rotate)).named("rotate")
}

fn acting(secret: &str) -> Request<Vec<u8>> {
    post_as("/token", &basic("web", secret), &[("grant_type", "client_credentials"), ("scope", "read")])
}

fn using(seed: u8) -> Player {
    Player::sending(seed, Place::Token, acting(SECRET)).named("use")
}

fn works(scene: &Scene, secret: &str) -> bool {
    scene.probe(Place::Token, &acting(secret)).status() == StatusCode::OK
}

/// The secrets that work in the end, and what was given after the first rotation.
fn in_order(scene: &Scene, overlap: u64, began: usize) -> Vec<String> {
    let told: Vec<_> = scene.players.iter().filter_map(|player| player.replies[0].member("client_secret")).collect();
    let working = told.iter().filter(|secret| works(scene, secret)).count();
    let expected = if overlap > 0 { told.len() } else { 1 };
    let mut broken = claim(working == expected, "a secret that was told is lost, or one too many works");
    broken.extend(claim(works(scene, SECRET) == (overlap > 0), "the secret before"));
    let rotated = |change: &Change| matches!((&change.key, &change.write), (Key::Client(_), Write::Put { .. }));
    let issued = |change: &Change| matches!((&change.key, &change.write), (Key::Token(_), Write::Put { .. }));
    let late = scene.table.applied[began..].iter().skip_while(|change| !rotated(change)).any(issued);
    broken.extend(claim(overlap > 0 || !late, "given for a secret of before"));
    let users = || scene.players.iter().filter(|player| player.role == "use");
    let answered = users().all(|player| player.granted() || player.replies[0].status() == StatusCode::UNAUTHORIZED);
    broken.extend(claim(answered, "another answer"));
    broken.extend(claim(overlap == 0 || users().all(Player::granted), "refused in spite of the overlap"));
    broken
}

fn row(name: &'static str, world: &Rc<World<Shelf>>, overlap: u64, players: Vec<Player>) -> Row {
    let mut scene = Scene::new(world, &[], players);
    // Each use is a grant of its own.
    scene.families = 2;
    let began = scene.table.applied.len();
    Row::new(name, scene, move |scene| in_order(scene, overlap, began))
}

#[test]
fn a_secret_that_was_replaced_gives_nothing() {
    let world = Rc::new(crowd(30));
    prove(vec![
        row("rotate, token", &world, 0, vec![rotating(1, 0), using(2)])
            .needs(&[Overlooked::ClientStill], "given for a secret of before")
            .at_least(3),
        row("rotate, token, token", &world, 0, vec![rotating(1, 0), using(2), using(3)])
            .needs(&[Overlooked::ClientStill], "given for a secret of before")
            .at_least(30),
        row("rotate, rotate", &world, 0, vec![rotating(1, 0), rotating(2, 0)]),
    ]);
}

#[test]
fn a_secret_that_was_told_works_and_during_the_overlap_so_do_those_before() {
    let world = Rc::new(crowd(30));
    prove(vec![
        row("rotate, token", &world, 60, vec![rotating(1, 60), using(2)]),
        row("rotate, rotate", &world, 60, vec![rotating(1, 60), rotating(2, 60)])
            .needs(&[Overlooked::ClientReplaced], "a secret that was told is lost"),
        row("rotate, rotate, token", &world, 60, vec![rotating(1, 60), rotating(2, 60), using(3)]),
    ]);
}
