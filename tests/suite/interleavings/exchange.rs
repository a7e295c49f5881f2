//! Tokens that are exchanged while what they came from changes [RFC 8693].

use std::rc::Rc;

use grantor::ConfigBuilder;
use grantor::event::Event;
use grantor::record::{Client, Digest, GrantId, GrantType};
use grantor::server::Place;
use grantor::store::{Change, Key, Write};
use http::{Request, StatusCode};

use super::{Row, claim, crowd_of, ending, prove, text};
use crate::schedule::{Player, Scene, bytes_of};
use crate::support::*;
use crate::table::{Overlooked, Shelf};

const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The tokens of `spa`, and `web` that may exchange them.
struct Holding {
    world: World<Shelf>,
    code: String,
    access: String,
    refresh: String,
}

fn holding(form: fn(ConfigBuilder) -> ConfigBuilder) -> Rc<Holding> {
    let grants = [GrantType::TokenExchange, GrantType::ClientCredentials];
    let web = Client::builder("web").secret(secret(SECRET)).grant_types(&grants).build().unwrap();
    let world = crowd_of(vec![web], |config| form(config.default_scope("read").token_exchange()));
    let code = world.code("spa", SPA, &[("scope", "read write")]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    Rc::new(Holding { world, code, access, refresh })
}

fn by_web(path: &str, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    post_as(path, &basic("web", SECRET), pairs)
}

fn exchange(subject: &str, more: &[(&str, &str)]) -> Request<Vec<u8>> {
    let pairs = [("grant_type", GrantType::TokenExchange.as_str()), ("subject_token", subject)];
    by_web("/token", &[&pairs[..], &[("subject_token_type", TYPE)], more].concat())
}

fn exchanging(seed: u8, subject: &str, more: &[(&str, &str)]) -> Player {
    Player::sending(seed, Place::Token, exchange(subject, more)).named("exchange")
}

fn revoking(seed: u8, token: &str) -> Player {
    Player::sending(seed, Place::Revocation, post("/revoke", &[("client_id", "spa"), ("token", token)]))
}

impl Holding {
    fn refreshing(&self, seed: u8) -> Player {
        Player::sending(seed, Place::Token, refresh("spa", &self.refresh))
    }

    fn scene(&self, players: Vec<Player>) -> Scene {
        Scene::new(&self.world, &[&self.access, &self.refresh], players)
    }
}

/// Given, or told that the token is no good any more.
fn given_or_refused(scene: &Scene) -> Vec<String> {
    let sound = |player: &Player| {
        let refused = player.replies[0].member("error").as_deref() == Some("invalid_request");
        player.role != "exchange" || player.granted() || refused
    };
    claim(scene.players.iter().all(sound), "another answer to an exchange")
}

fn all_granted(scene: &Scene) -> Vec<String> {
    claim(scene.count_granted() == scene.players.len(), "someone was refused")
}

/// The usual invariants say that nothing is usable then.
fn ended_once(scene: &Scene) -> Vec<String> {
    let revoked = scene.count(|event| matches!(event, Event::GrantRevoked { .. }));
    let mut broken = given_or_refused(scene);
    broken.extend(claim(revoked == 1, "not revoked exactly once"));
    broken
}

#[test]
fn nothing_is_exchanged_for_what_has_ended() {
    FORMS.iter().for_each(|form| ended(*form));
}

fn ended(form: fn(ConfigBuilder) -> ConfigBuilder) {
    let one = holding(form);
    let subject = |seed| exchanging(seed, &one.access, &[]);
    let replay = || Player::sending(7, Place::Token, redeem("spa", SPA, &one.code));
    let still = [Overlooked::GrantStill];
    let row = |name, players: Vec<Player>| Row::new(name, one.scene(players), ended_once);
    prove(vec![
        row("exchange, revoke", vec![subject(1), revoking(2, &one.access)]).needs(&still, "a dead access_token"),
        row("exchange, revoke by refresh token", vec![subject(1), revoking(2, &one.refresh)])
            .needs(&still, "a dead access_token"),
        row("exchange, exchange, revoke", vec![subject(1), subject(2), revoking(3, &one.access)])
            .needs(&still, "a dead access_token"),
        row("exchange, refresh, revoke", vec![subject(1), one.refreshing(2), revoking(3, &one.access)]),
        row("exchange, replay of the code", vec![subject(1), replay()]).needs(&still, "a dead access_token"),
        row("exchange, end", vec![subject(1), ending(2, &one.world, &one.access)]).needs(&still, "a dead access_token"),
    ]);
}

#[test]
fn exchanges_and_refreshes_at_once_do_not_hinder_each_other() {
    FORMS.iter().for_each(|form| at_once(*form));
}

fn at_once(form: fn(ConfigBuilder) -> ConfigBuilder) {
    let one = holding(form);
    let subject = |seed| exchanging(seed, &one.access, &[]);
    let row = |name, players: Vec<Player>| Row::new(name, one.scene(players), all_granted);
    prove(vec![
        row("exchange, exchange", vec![subject(1), subject(2)]),
        row("exchange, exchange, exchange", vec![subject(1), subject(2), subject(3)]),
        row("exchange, refresh", vec![subject(1), one.refreshing(2)]),
        row("exchange, refresh, refresh", vec![subject(1), one.refreshing(2), one.refreshing(3)]),
    ]);
    // Seeds that repeat are a broken generator; even then no token becomes another.
    let scope = |seed, scope| exchanging(seed, &one.access, &[("scope", scope)]);
    let kept = |scene: &Scene| {
        let granted = scene.players.iter().filter(|player| player.granted()).map(|player| &player.replies[0]);
        let kept = granted.into_iter().all(|reply| {
            let token = reply.member("access_token").unwrap();
            let seen = scene.probe(Place::Introspection, &by_web("/introspect", &[("token", &token)]));
            seen.member("scope") == reply.member("scope")
        });
        claim(kept, "a token of another scope")
    };
    let scene = one.scene(vec![scope(1, "read"), scope(1, "write")]);
    prove(vec![
        Row::new("exchange, exchange from one seed", scene, kept)
            .needs(&[Overlooked::TokenAbsent], "a token of another scope"),
    ]);
}

#[test]
fn a_token_that_was_given_back_is_exchanged_no_more() {
    FORMS.iter().for_each(|form| given_back(*form));
}

fn given_back(form: fn(ConfigBuilder) -> ConfigBuilder) {
    const FOUND: &str = "exchanged after it was given back";
    let one = holding(form);
    let mut before = one.scene(Vec::new());
    let first = before.play(exchanging(9, &one.access, &[])).remove(0).member("access_token").unwrap();
    let own = [("grant_type", "client_credentials"), ("scope", "read")];
    let actor = before.play(Player::sending(8, Place::Token, by_web("/token", &own))).remove(0);
    let actor = actor.member("access_token").unwrap();
    // The actor's own grant is another family.
    before.families = 2;
    let giving_back =
        |seed, token: &str| Player::sending(seed, Place::Revocation, by_web("/revoke", &[("token", token)]));
    let again = |seed| exchanging(seed, &first, &[]);
    let acting = |seed| exchanging(seed, &one.access, &[("actor_token", &actor), ("actor_token_type", TYPE)]);
    let removed = Digest::of(&bytes_of(&first)[16..]).to_base64url();
    let ended = GrantId::new(bytes_of(&actor)[..16].try_into().unwrap());
    let began = before.table.applied.len();
    let judge = move |scene: &Scene| {
        let gone = |change: &Change| match &change.write {
            Write::Delete => change.key.to_string().ends_with(&removed),
            Write::Put { .. } => change.key == Key::Grant(ended),
            Write::Nothing => false,
        };
        let mut later = scene.table.applied[began..].iter().skip_while(|change| !gone(change));
        let issued = later.any(|change| matches!((&change.key, &change.write), (Key::Token(_), Write::Put { .. })));
        let mut broken = given_or_refused(scene);
        broken.extend(claim(!issued, FOUND));
        let told = scene.players.last().unwrap().replies[0].status();
        broken.extend(claim(told == StatusCode::OK, "the revocation was refused"));
        broken
    };
    let row = |name, players: Vec<Player>| {
        let mut scene = before.clone();
        scene.players = players;
        Row::new(name, scene, judge.clone())
    };
    prove(vec![
        row("exchange, revoke what was exchanged", vec![again(1), giving_back(2, &first)])
            .needs(&[Overlooked::TokenStill], FOUND),
        row("exchange, exchange, revoke", vec![again(1), again(2), giving_back(3, &first)]),
        row("exchange, revoke the actor", vec![acting(1), giving_back(2, &actor)])
            .needs(&[Overlooked::GrantStill], FOUND),
    ]);
}
