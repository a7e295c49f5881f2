//! JWT access tokens: what their record decides is decided in time, however long a signature takes [RFC 9068].

use grantor::event::Event;

use super::code::{introspecting, one_redemption, redeeming, refreshing, revoked_once, revoking};
use super::{Row, claim, crowd_of, ending, prove, text};
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::Overlooked;

#[test]
fn a_jwt_ends_with_its_grant() {
    let world = crowd_of(Vec::new(), with_jwts);
    let code = world.code("spa", SPA, &[]);
    let fresh = |players: Vec<Player>| Scene::new(&world, &[], players);
    let once = |name, scene| Row::new(name, scene, one_redemption);
    prove(vec![
        once("redeem, redeem", fresh(vec![redeeming(1, &code), redeeming(2, &code)]))
            .needs(&[Overlooked::GrantReplaced], "not exactly one redemption"),
        once("redeem, redeem, redeem", fresh(vec![redeeming(1, &code), redeeming(2, &code), redeeming(3, &code)])),
    ]);

    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    let (access, token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let scene = |players| Scene::new(&world, &[&access, &token], players);
    let row = |name, players| Row::new(name, scene(players), revoked_once);
    let replaced = [Overlooked::GrantReplaced];
    prove(vec![
        row("refresh, revoke", vec![refreshing(1, &token), revoking(2, &access)])
            .needs(&replaced, "although its grant was revoked"),
        row("refresh, refresh, revoke", vec![refreshing(1, &token), refreshing(2, &token), revoking(3, &access)]),
        row("revoke, revoke by refresh token", vec![revoking(1, &access), revoking(2, &token)]),
        row("refresh, end", vec![refreshing(1, &token), ending(2, &world, &access)])
            .needs(&replaced, "although its grant was revoked"),
    ]);

    let steady = |scene: &Scene| {
        let told: Vec<_> = scene.players[0].replies.iter().map(|reply| reply.0.body().len()).collect();
        let ended = scene.count(|event| matches!(event, Event::GrantRevoked { .. })) == 1;
        let mut broken = claim(told.is_sorted_by(|earlier, later| earlier >= later), "a dead token came back to life");
        broken.extend(claim(ended, "not revoked exactly once"));
        broken
    };
    let watched = |players| Row::new("introspect, introspect, revoke", scene(players), steady).at_least(6);
    prove(vec![
        watched(vec![introspecting(1, &access, 2), revoking(2, &access)]),
        watched(vec![introspecting(1, &access, 2), revoking(2, &token), refreshing(3, &token)]),
    ]);
}
