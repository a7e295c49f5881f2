//! Tickets of a host's own grant type.

use std::sync::Arc;

use grantor::record::{Client, GrantType};
use grantor::server::Place;
use grantor::store::Key;
use http::StatusCode;

use super::{Row, claim, crowd_of, prove};
use crate::extension_grant::{TICKET, id, plain, put, showing, with_tickets};
use crate::schedule::{Move, Player, Scene};
use crate::table::{Overlooked, Table};

/// Requests that show one ticket at once, of a client that also has the usual grant types.
fn redemptions(count: u8, others: Vec<Player>) -> Scene {
    let uses = [GrantType::Extension(TICKET), GrantType::RefreshToken];
    let world = crowd_of(vec![Client::builder("spa").grant_types(&uses).build().unwrap()], with_tickets);
    put(&world, "t", plain("spa"));
    let players = (1..=count).map(|seed| Player::sending(seed, Place::Token, showing("spa", "t", &[])));
    Scene::new(&world, &[], players.chain(others))
}

fn one_wins(scene: &Scene) -> Vec<String> {
    let told = scene.players.iter().filter(|player| !player.granted());
    let refused = told.filter(|player| player.replies[0].member("error").as_deref() == Some("invalid_grant")).count();
    claim(scene.count_granted() == 1 && refused + 1 == scene.players.len(), "not exactly one redemption")
}

#[test]
fn a_ticket_is_good_for_once_and_only_while_it_is_there() {
    let taking = Move::Host(Arc::new(|table: &mut Table| table.remove(&Key::Extension(id("t")))));
    let given_or_refused = |scene: &Scene| {
        let told = &scene.players[0].replies[0];
        let refused = told.member("error").as_deref() == Some("invalid_grant");
        claim(told.status() == StatusCode::OK || refused, "another answer")
    };
    prove(vec![
        Row::new("redeem, redeem", redemptions(2, Vec::new()), one_wins)
            .needs(&[Overlooked::ExtensionConsumed], "not exactly one redemption"),
        Row::new("redeem, redeem, redeem", redemptions(3, Vec::new()), one_wins),
        Row::new("redeem, taken back", redemptions(1, vec![Player::new(0, [taking])]), given_or_refused).at_least(3),
    ]);
}
