//! What the index lists: in pages, of the living only, and the same as a scan would find.

use std::collections::BTreeSet;
use std::sync::Arc;

use grantor::server::EndedBy;
use grantor::store::{Cursor, Key, Listed, Memory, Whose};
use grantor::{Clock, Timestamp};
use serde_json::Value;

use crate::busy::*;
use crate::support::*;

#[test]
fn pages_of_any_size_show_the_same_entries_once() {
    let (world, _) = busy();
    for subject in 0..40 {
        world.tokens_of(&format!("person {}", subject % 3), "spa", SPA);
    }
    for whose in [of("person 1"), to("spa"), between("person 2", "spa"), Whose::Since(Timestamp::from_unix(0))] {
        let ids = |limit: usize| {
            let listed = world.listed_by(&whose, limit).into_iter();
            listed.map(|listed| match listed {
                Listed::Grant(grant) => grant.id(),
                other => panic!("{other:?}"),
            })
        };
        let all: Vec<_> = ids(100).collect();
        let distinct: BTreeSet<_> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len(), "{whose:?}");
        assert!(all.len() >= 13, "{whose:?}");
        for limit in [1, 2, 7, 13, 40] {
            assert_eq!(ids(limit).collect::<Vec<_>>(), all, "{whose:?} by {limit}");
        }
        // A page of nothing would never end.
        assert_eq!(world.server.list(&whose, None, 0).unwrap().entries.len(), 1);
        // The place of a page survives a journey through a form.
        let page = world.server.list(&whose, None, 5).unwrap();
        let cursor: Cursor = serde_json::from_str(&serde_json::to_string(&page.next.unwrap()).unwrap()).unwrap();
        assert_eq!(world.server.list(&whose, Some(&cursor), 100).unwrap().entries.len(), all.len() - 5);
    }
}

#[test]
fn only_what_gives_something_is_listed() {
    let world = world_with(device);
    let count = || world.grants(&of("alice")).len();
    let code = world.code_of("alice", "spa", SPA);
    assert_eq!(count(), 1, "an approved code");
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    assert_eq!(count(), 1, "tokens");
    assert_eq!(world.refresh("spa", text(&tokens, "refresh_token")).status(), 200);
    assert_eq!(count(), 1, "refreshed");
    world.code_of("alice", "spa", SPA);
    assert_eq!(count(), 2);
    world.clock.advance(60);
    assert_eq!(count(), 1, "an expired code");
    world.revoke("spa", text(&tokens, "access_token"));
    assert_eq!(count(), 0, "revoked");
    world.server.store().sweep(world.now());
    assert_eq!(world.server.store().listed(), 0);
}

#[test]
fn the_index_holds_nothing_of_what_is_gone() {
    let world = world();
    town(&world);
    world.code_of("alice", "spa", SPA);
    let store = world.server.store();
    assert_eq!(store.listed(), 6);
    world.clock.advance(400 * 24 * 3600);
    assert_eq!(world.listed_by(&Whose::Since(Timestamp::from_unix(0)), 2), Vec::new());
    store.sweep(world.now());
    assert_eq!((store.listed(), store.len()), (0, clients().len()));
}

#[test]
fn an_index_that_comes_later_lists_what_is_there() {
    let clock = Hands::default();
    let plain = Arc::new(Memory::new());
    clients().into_iter().for_each(|client| plain.put_client(client));
    let before = world_over(Arc::clone(&plain), clock.clone(), |config| config.remember_consent());
    let kept = before.tokens_of("alice", "spa", SPA);
    let revoked = before.tokens_of("alice", "cli", CLI);
    before.revoke("cli", text(&revoked, "refresh_token"));
    drop(before);
    let indexed = Arc::into_inner(plain).unwrap().with_index();
    let world = world_over(indexed, clock, |config| config.remember_consent());
    let listed = world.listed_by(&of("alice"), 10);
    assert_eq!(listed.len(), 3, "a grant, and the consents to both: {listed:?}");
    assert_eq!(world.server.store().listed(), 3);
    world.server.end_all(&of("alice"), &EndedBy::Operator).unwrap();
    assert_eq!(world.refresh("spa", text(&kept, "refresh_token")).status(), 400);
    assert_eq!(world.server.store().listed(), 0);
}

/// What a scan over everything that was ever written finds.
fn scanned(store: &Busy, whose: &Whose, now: Timestamp) -> Vec<String> {
    let copy = store.copy.lock().unwrap();
    let live = copy.iter().filter(|(_, (_, expires))| expires.is_none_or(|expires| now < expires));
    let meant = live.filter(|(_, (record, _))| {
        let Some(place) = Cursor::of(record) else { return false };
        match whose {
            Whose::Subject(subject) => place.subject() == Some(subject),
            Whose::Client(client) => place.client() == client,
            Whose::Pair { subject, client } => place.subject() == Some(subject) && place.client() == client,
            Whose::Since(moment) => place.at() >= *moment,
        }
    });
    let mut names: Vec<_> = meant.map(|(key, _)| key.to_string()).collect();
    names.sort();
    names
}

fn named(listed: &Listed) -> String {
    match listed {
        Listed::Grant(grant) => Key::Grant(grant.id()).to_string(),
        Listed::Consent(consent) => {
            Key::Consent { subject: consent.subject().clone(), client: consent.client().clone() }.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_index_is_what_a_scan_would_find_after_any_run_of_requests() {
    const PEOPLE: [&str; 3] = ["alice", "bob", "b"];
    const APPS: [(&str, &str); 3] = [("spa", SPA), ("cli", CLI), ("own", "https://own.example/cb")];
    for seed in 1..=12 {
        let (world, store) = busy_with(grantor::ConfigBuilder::remember_consent);
        let mut dice = Dice(seed);
        let mut codes = Vec::new();
        let mut tokens: Vec<(&str, Value)> = Vec::new();
        for _ in 0..120 {
            let ((client, redirect_uri), subject) = (APPS[dice.roll(3)], PEOPLE[dice.roll(3)]);
            match dice.roll(12) {
                0..4 => codes.push((client, redirect_uri, world.code_of(subject, client, redirect_uri))),
                4..7 if !codes.is_empty() => {
                    let at = dice.roll(codes.len());
                    let (client, redirect_uri, code) = &codes[at];
                    let answer = json(&world.token(&redeem(client, redirect_uri, code)));
                    tokens.extend(answer["access_token"].is_string().then_some((*client, answer)));
                }
                7 if !tokens.is_empty() => {
                    let at = dice.roll(tokens.len());
                    let (client, old) = &tokens[at];
                    world.refresh(client, text(old, "refresh_token"));
                }
                8 if !tokens.is_empty() => {
                    let (client, old) = &tokens[dice.roll(tokens.len())];
                    world.revoke(client, text(old, "access_token"));
                }
                9 => {
                    let whose = between(subject, client);
                    world.server.end_all(&whose, &EndedBy::Operator).unwrap();
                }
                10 => world.clock.advance([1, 59, 700, 40 * 24 * 3600][dice.roll(4)]),
                _ => store.memory.sweep(world.now()),
            }
            let start = Hands::default().now().as_unix();
            let queries = [
                of(PEOPLE[dice.roll(3)]),
                to(APPS[dice.roll(3)].0),
                between(PEOPLE[dice.roll(3)], APPS[dice.roll(3)].0),
                Whose::Since(Timestamp::from_unix(start + dice.roll(4000) as u64)),
            ];
            for whose in queries {
                let mut found: Vec<_> = world.listed_by(&whose, 1 + dice.roll(5)).iter().map(named).collect();
                found.sort();
                assert_eq!(found, scanned(&store, &whose, world.now()), "seed {seed}, {whose:?}");
            }
        }
    }
}
