//! A proof that several requests show at once [RFC 9449 §11.1].

use grantor::jose::{Algorithm, PrivateKey};
use grantor::server::Place;
use http::StatusCode;

use super::{Row, claim, crowd_of, prove};
use crate::dpop::{proof, showing};
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::Overlooked;

#[test]
fn a_proof_that_is_shown_at_once_is_used_once() {
    let key = PrivateKey::generate(Algorithm::Es256).unwrap();
    let world = crowd_of(Vec::new(), |config| config.dpop(|_| ()));
    let at = |path: &str| proof(world.now(), &key, "POST", &format!("{ISSUER}{path}"));
    let (token, par) = (at("/token"), at("/par"));
    let acting = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let redeeming = || redeem("spa", SPA, &world.code("spa", SPA, &[]));
    let mut pushing = post("/par", &[]);
    *pushing.body_mut() = authorization("spa", SPA, &[]).uri().query().unwrap().into();
    let send = |seed, place, request| {
        Player::sending(seed, place, showing(request, if place == Place::Token { &token } else { &par }))
    };
    let once = |scene: &Scene| {
        let granted = |status: StatusCode| status.is_success();
        let won = scene.players.iter().filter(|player| granted(player.replies[0].status())).count();
        let lost = scene.players.iter().filter_map(|player| player.replies[0].member("error"));
        let mut broken = claim(won <= 1, "the proof was used more than once");
        broken.extend(claim(won >= 1, "nobody was served"));
        broken.extend(claim(lost.into_iter().all(|error| error == "invalid_dpop_proof"), "refused for something else"));
        broken
    };
    let row = |name, players: Vec<Player>| {
        let mut scene = Scene::new(&world, &[], players);
        scene.families = 2;
        Row::new(name, scene, once).needs(&[Overlooked::SeenAbsent], "more than once")
    };
    let [one, two] = [redeeming(), redeeming()];
    prove(vec![
        row("client credentials twice", vec![send(1, Place::Token, &acting), send(2, Place::Token, &acting)]),
        row("two codes", vec![send(1, Place::Token, &one), send(2, Place::Token, &two)]),
        row("a code, client credentials", vec![send(1, Place::Token, &one), send(2, Place::Token, &acting)]),
        row("two pushed requests", {
            let place = Place::PushedAuthorizationRequest;
            vec![send(1, place, &pushing), send(2, place, &pushing)]
        }),
        row("three at once", (1..=3).map(|seed| send(seed, Place::Token, &acting)).collect()),
    ]);
}
