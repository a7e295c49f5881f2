//! A device, those who may answer it, and its polls [RFC 8628].

use std::rc::Rc;
use std::sync::Arc;

use grantor::event::Event;
use grantor::record::{Client, GrantType, Record, Subject};
use grantor::server::{DeviceApproval, DeviceDenial, DevicePrompt, Place, Session, Verification};
use http::{Request, StatusCode};

use super::{Row, claim, crowd_of, ending, prove};
use crate::call::{Call, Sent};
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf};

/// A device that waits for a person.
struct Waiting {
    world: World<Shelf>,
    code: String,
    user_code: String,
}

fn asking_for_codes() -> Request<Vec<u8>> {
    post("/device_authorization", &[("client_id", "spa"), ("scope", "read write")])
}

fn waiting() -> Rc<Waiting> {
    let grants = [GrantType::DeviceCode, GrantType::RefreshToken];
    let world =
        crowd_of(vec![Client::builder("spa").grant_types(&grants).build().unwrap()], |own| own.device_flow(|_| ()));
    let codes = json(&world.server.answer(Place::DeviceAuthorization, &asking_for_codes()));
    let text = |name| super::text(&codes, name);
    Rc::new(Waiting { code: text("device_code"), user_code: text("user_code"), world })
}

impl Waiting {
    fn session(&self, person: &str) -> Session {
        Session::new(Subject::new(person), self.world.now())
    }

    fn prompt(&self, person: &str) -> DevicePrompt {
        let verification =
            Verification::new(self.world.server.config(), &self.user_code, Some(self.session(person)), "");
        *self.world.server.run(verification).unwrap().unwrap()
    }

    fn approval(&self, person: &str) -> DeviceApproval {
        DeviceApproval::new(Arc::clone(self.world.server.config()), self.prompt(person), self.session(person))
    }

    /// The same device, after `alice` said yes.
    fn approved(self: &Rc<Self>) -> Rc<Self> {
        self.world.server.run(self.approval("alice")).unwrap().unwrap();
        self.world.log.take();
        Rc::clone(self)
    }

    fn approves(&self, seed: u8, person: &'static str) -> Player {
        Player::asking(seed, Call::DeviceApproval(Box::new(self.approval(person)))).named(person)
    }

    fn denies(&self, seed: u8) -> Player {
        Player::asking(seed, Call::DeviceDenial(Box::new(DeviceDenial::new(self.prompt("mallory"))))).named("deny")
    }

    fn poll(&self) -> Request<Vec<u8>> {
        let grant = GrantType::DeviceCode.as_str();
        post("/token", &[("grant_type", grant), ("client_id", "spa"), ("device_code", &self.code)])
    }

    fn polls(&self, seed: u8) -> Player {
        Player::sending(seed, Place::Token, self.poll()).named("poll")
    }

    fn ends(&self, seed: u8) -> Player {
        ending(seed, &self.world, &self.code)
    }

    fn scene(&self, players: Vec<Player>) -> Scene {
        Scene::new(&self.world, &[], players)
    }
}

/// The answers to those of these roles.
fn answers<'s>(scene: &'s Scene, roles: &'s [&str]) -> impl Iterator<Item = (&'static str, &'s Sent)> {
    let of = scene.players.iter().filter(|player| roles.contains(&player.role));
    of.map(|player| (player.role, &player.replies[0]))
}

fn errors(scene: &Scene, error: &str) -> usize {
    answers(scene, &["poll"]).filter(|(_, sent)| sent.member("error").as_deref() == Some(error)).count()
}

/// How long the device is to wait between polls, as long as it waits.
fn interval(scene: &Scene) -> Option<u64> {
    let grant = scene.table.records().find_map(|(_, record)| match record {
        Record::Grant(_) => Some(serde_json::from_slice::<serde_json::Value>(&record.encode().unwrap()).unwrap()),
        _ => None,
    });
    grant.unwrap()["grant"]["state"]["device"]["stage"]["pending"]["interval"].as_u64()
}

/// One person is heard, one poll is given tokens, and what polls are told next is what follows from that.
fn one_life(waiting: &Waiting, scene: &Scene) -> Vec<String> {
    let heard: Vec<_> = answers(scene, &["alice", "bob", "deny"])
        .filter_map(|(role, sent)| (sent.status() == StatusCode::NO_CONTENT).then_some(role))
        .collect();
    let ended = answers(scene, &["end"]).any(|(_, sent)| sent.status() == StatusCode::NO_CONTENT);
    let asked = answers(scene, &["alice", "bob", "deny"]).count() > 0;
    let granted: Vec<_> = answers(scene, &["poll"]).filter(|(_, sent)| sent.status() == StatusCode::OK).collect();
    let mut broken = claim(heard.len() <= 1, "several people were heard");
    broken.extend(claim(!asked || ended || heard.len() == 1, "nobody was heard"));
    broken.extend(claim(granted.len() <= 1, "several polls were given tokens"));
    broken.extend(claim(heard != ["deny"] || granted.is_empty(), "tokens after a denial"));
    let next = scene.probe(Place::Token, &waiting.poll());
    let error = next.member("error").unwrap_or_default();
    if ended {
        broken.extend(claim(error == "invalid_grant", "something was left to poll for"));
    } else if !granted.is_empty() {
        broken.extend(claim(error == "invalid_grant", "the code is good for more"));
    } else if heard == ["deny"] {
        broken.extend(claim(error == "access_denied", "the denial is not told"));
    } else if heard.len() == 1 {
        broken.extend(claim(next.status() == StatusCode::OK, "the approval is lost"));
    }
    for (_, tokens) in granted {
        let token = tokens.member("access_token").unwrap();
        let seen = scene.probe(Place::Introspection, &post("/introspect", &[("client_id", "spa"), ("token", &token)]));
        let subject = seen.member("sub");
        let known = heard.first().is_none_or(|person| subject.as_deref().is_none_or(|subject| subject == *person));
        broken.extend(claim(known, "tokens for another person"));
    }
    let waits = interval(scene).is_none_or(|seconds| seconds == 5 + 5 * errors(scene, "slow_down") as u64);
    broken.extend(claim(waits, "the interval did not grow with each slow_down"));
    broken
}

fn row(name: &'static str, waiting: &Rc<Waiting>, players: Vec<Player>) -> Row {
    let own = Rc::clone(waiting);
    Row::new(name, waiting.scene(players), move |scene| one_life(&own, scene))
}

#[test]
fn one_person_answers_a_device_whatever_it_polls() {
    let one = waiting();
    let answer = [Overlooked::GrantReplaced, Overlooked::UserCodeConsumed];
    prove(vec![
        row("approve, poll", &one, vec![one.approves(1, "alice"), one.polls(2)])
            .needs(&[Overlooked::GrantReplaced], "the approval is lost"),
        row("approve, poll, poll", &one, vec![one.approves(1, "alice"), one.polls(2), one.polls(3)]),
        row("deny, poll", &one, vec![one.denies(1), one.polls(2)])
            .needs(&[Overlooked::GrantReplaced], "the denial is not told"),
        row("deny, poll, poll", &one, vec![one.denies(1), one.polls(2), one.polls(3)]),
        row("approve, deny", &one, vec![one.approves(1, "alice"), one.denies(2)])
            .needs(&answer, "several people were heard"),
        row("approve, deny, poll", &one, vec![one.approves(1, "alice"), one.denies(2), one.polls(3)])
            .needs(&answer, "several people were heard"),
        row("approve, approve", &one, vec![one.approves(1, "alice"), one.approves(2, "bob")])
            .needs(&answer, "several people were heard"),
        row("approve, approve, poll", &one, vec![one.approves(1, "alice"), one.approves(2, "bob"), one.polls(3)])
            .needs(&answer, "several people were heard"),
        row("approve, approve by one", &one, vec![one.approves(1, "alice"), one.approves(2, "alice")])
            .needs(&answer, "several people were heard"),
        row("deny, deny", &one, vec![one.denies(1), one.denies(2)]).needs(&answer, "several people were heard"),
    ]);
}

#[test]
fn what_an_operator_ends_is_not_approved_and_not_polled_for() {
    let (one, other) = (waiting(), waiting().approved());
    prove(vec![
        row("approve, end", &one, vec![one.approves(1, "alice"), one.ends(2)])
            .needs(&[Overlooked::GrantReplaced], "something was left to poll for"),
        row("poll, end", &one, vec![one.polls(1), one.ends(2)])
            .needs(&[Overlooked::GrantReplaced], "something was left to poll for"),
        row("approve, poll, end", &one, vec![one.approves(1, "alice"), one.polls(2), one.ends(3)]),
        row("redeem, end", &other, vec![other.polls(1), other.ends(2)])
            .needs(&[Overlooked::GrantReplaced], "usable although its grant was revoked"),
        row("redeem, redeem, end", &other, vec![other.polls(1), other.polls(2), other.ends(3)]),
    ]);
}

#[test]
fn polls_at_once_are_told_to_slow_down_one_after_the_other() {
    let one = waiting();
    let polls = |count: u8| (1..=count).map(|seed| one.polls(seed)).collect();
    let told = |name, players: Vec<Player>| {
        let own = Rc::clone(&one);
        Row::new(name, one.scene(players), move |scene| {
            let slowed = errors(scene, "slow_down");
            let mut broken = one_life(&own, scene);
            let first = errors(scene, "authorization_pending") == 1;
            broken.extend(claim(first && slowed + 1 == scene.players.len(), "not all but one were told to slow down"));
            broken
        })
    };
    prove(vec![
        told("poll, poll", polls(2)).needs(&[Overlooked::GrantReplaced], "not all but one were told to slow down"),
        told("poll, poll, poll", polls(3)).needs(&[Overlooked::GrantReplaced], "the interval did not grow"),
    ]);
}

#[test]
fn an_approved_code_gives_tokens_once() {
    let one = waiting().approved();
    let polls = |count: u8| (1..=count).map(|seed| one.polls(seed)).collect();
    let once = |name, players: Vec<Player>| {
        let own = Rc::clone(&one);
        Row::new(name, one.scene(players), move |scene| {
            let replayed = scene.count(|event| matches!(event, Event::CodeReplayed { .. }));
            let revoked = scene.count(|event| matches!(event, Event::GrantRevoked { .. }));
            let mut broken = one_life(&own, scene);
            broken.extend(claim(scene.count_granted() == 1, "not exactly one redemption"));
            broken.extend(claim((replayed, revoked) == (1, 1), "the replay was not reported once"));
            broken
        })
    };
    prove(vec![
        once("redeem, redeem", polls(2)).needs(&[Overlooked::GrantReplaced], "not exactly one redemption"),
        once("redeem, redeem, redeem", polls(3)),
    ]);
}

#[test]
fn every_device_has_codes_of_its_own() {
    let one = waiting();
    let begins = |seed| Player::sending(seed, Place::DeviceAuthorization, asking_for_codes());
    let own_codes = |scene: &Scene| {
        for name in ["device_code", "user_code"] {
            let mut given: Vec<_> = scene.players.iter().filter_map(|player| player.replies[0].member(name)).collect();
            let count = given.len();
            given.sort();
            given.dedup();
            if given.len() != count {
                return claim(false, "two devices with one code");
            }
        }
        claim(scene.count_granted() > 0, "nobody was given codes")
    };
    // Seeds that repeat are a broken generator; even then nobody is given another's codes.
    let absent = [Overlooked::GrantAbsent, Overlooked::UserCodeAbsent];
    prove(vec![
        Row::new("begin, begin", one.scene(vec![begins(1), begins(2)]), own_codes),
        Row::new("begin, begin from one seed", one.scene(vec![begins(1), begins(1)]), own_codes)
            .needs(&absent, "two devices with one code"),
    ]);
}
