//! Every sequence of a few actions, over stores that forget what expires and stores that do not.

use super::calls::*;
use super::rules::Rules;
use super::strategies::{authorized, pick, redeem, refresh};
use super::subject::Subject;
use super::{Ledger, check, over_ledger};
use crate::support::Hands;

const SETUP: Setup = Setup {
    code: 60,
    access: 100,
    retry: 30,
    idle: 90,
    absolute: 120,
    pkce_optional: false,
    uri_optional: false,
    forgets: false,
};

const DEPTH: u32 = 5;

#[test]
fn every_short_attack_on_a_code_does_what_the_rules_say() {
    let alphabet = [
        redeem(Caller::Owner, Verifier::Right),
        redeem(Caller::Owner, Verifier::Wrong),
        redeem(Caller::Other(Party::Kiosk), Verifier::Right),
        refresh(0, Caller::Owner),
        Action::Revoke { token: pick(Kind::Access, 0), by: Caller::Owner },
        Action::Revoke { token: pick(Kind::Access, 0), by: Caller::Other(Party::Kiosk) },
        Action::Wait(30),
    ];
    explore_all(SETUP, &[], &alphabet);
}

#[test]
fn every_short_life_of_a_refresh_token_does_what_the_rules_say() {
    let alphabet = [
        refresh(0, Caller::Owner),
        refresh(0, Caller::Other(Party::Web)),
        refresh(1, Caller::Owner),
        Action::WaitFor(Bound::Retry, -1),
        Action::WaitFor(Bound::Access, -1),
        Action::WaitFor(Bound::Idle, 0),
    ];
    for forgets in [false, true] {
        explore_all(Setup { forgets, ..SETUP }, &[redeem(Caller::Owner, Verifier::Right)], &alphabet);
    }
}

#[test]
fn every_generation_of_a_long_chain_does_what_the_rules_say() {
    let (clock, rules, subject) = begin(SETUP, &[redeem(Caller::Owner, Verifier::Right), Action::Spin(40)]);
    let alphabet: Vec<_> = (0..=40).map(|back| refresh(back, Caller::Owner)).collect();
    assert_eq!(explore(&rules, &subject, &clock, &alphabet, 1, &mut Vec::new()), alphabet.len());
}

/// Tries every sequence of [`DEPTH`] actions after what comes `first`.
fn explore_all(setup: Setup, first: &[Action], alphabet: &[Action]) {
    let (clock, rules, subject) = begin(setup, first);
    let visited = explore(&rules, &subject, &clock, alphabet, DEPTH, &mut Vec::new());
    assert_eq!(visited, (1..=DEPTH).map(|depth| alphabet.len().pow(depth)).sum::<usize>());
}

/// A public client that got its code, and did what comes `first`.
fn begin(setup: Setup, first: &[Action]) -> (Hands, Rules, Subject<Ledger>) {
    let clock = Hands::default();
    let (mut rules, mut subject) = (Rules::new(setup), over_ledger(&setup, &clock, 0));
    for action in [authorized(Party::Spa)].iter().chain(first) {
        check(&mut rules, &mut subject, action).unwrap();
    }
    (clock, rules, subject)
}

fn explore(
    rules: &Rules,
    subject: &Subject<Ledger>,
    clock: &Hands,
    alphabet: &[Action],
    depth: u32,
    path: &mut Vec<Action>,
) -> usize {
    if depth == 0 {
        return 0;
    }
    let mut visited = 0;
    for action in alphabet {
        let clock = clock.apart();
        let (mut rules, mut subject) = (rules.clone(), subject.fork(&clock, u64::from(depth)));
        path.push(action.clone());
        check(&mut rules, &mut subject, action).unwrap_or_else(|fault| panic!("{path:#?}: {fault}"));
        visited += 1 + explore(&rules, &subject, &clock, alphabet, depth - 1, path);
        path.pop();
    }
    visited
}
