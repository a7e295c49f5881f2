//! Random and exhaustive sequences of what clients and attackers do, against rules written from the specifications.
//!
//! After every action the answers must be equal, and every token ever issued must be active in both or in neither.

mod calls;
mod intent;
mod ledger;
mod rules;
mod strategies;
mod subject;

use grantor::record::Record;
use grantor::store::{Key, Memory, Store};
use proptest::prelude::*;

use self::calls::*;
use self::ledger::Ledger;
use self::rules::Rules;
use self::strategies::{actions, setups};
use self::subject::{Subject, clients};
use crate::support::Hands;

fn over_memory(setup: &Setup, seed: u64) -> Subject<Memory<Hands>> {
    let clock = Hands::default();
    let store = Memory::with_clock(clock.clone());
    clients().into_iter().for_each(|client| store.put_client(client));
    Subject::new(setup, store, &clock, seed)
}

fn check<S: Store>(rules: &mut Rules, subject: &mut Subject<S>, action: &Action) -> Result<(), TestCaseError> {
    let times = if let Action::Spin(times) = action { *times } else { 1 };
    for _ in 0..times {
        let call = rules.call(action);
        prop_assert_eq!(subject.answer(&call), rules.answer(&call), "the answer to {:?}", call);
    }
    for (token, owner, active) in rules.tokens() {
        prop_assert_eq!(subject.is_active(token, owner), active, "{:?} is active after {:?}", token, action);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_server_does_what_the_rules_say(setup in setups(), actions in prop::collection::vec(actions(), 1..24)) {
        let (mut rules, mut subject) = (Rules::new(setup), over_memory(&setup, 0));
        for action in &actions {
            check(&mut rules, &mut subject, action)?;
        }
    }

    #[test]
    fn a_seed_replays_to_the_same_bytes(
        setup in setups(),
        actions in prop::collection::vec(actions(), 1..12),
        seed in any::<u64>(),
    ) {
        let play = |seed| {
            let (mut rules, mut subject) = (Rules::new(setup), over_memory(&setup, seed));
            actions.iter().try_for_each(|action| check(&mut rules, &mut subject, action)).map(|()| {
                (rules.tokens().len(), subject.transcript)
            })
        };
        let (issued, transcript) = play(seed)?;
        prop_assert_eq!(&transcript, &play(seed)?.1);
        if issued > 0 {
            prop_assert_ne!(transcript, play(seed.wrapping_add(1))?.1);
        }
    }
}

fn pick(kind: Kind, back: usize) -> Pick {
    Pick { kind, back, forged: false }
}

fn redeem(by: Caller, verifier: Verifier) -> Action {
    Action::Redeem { code: pick(Kind::Code, 0), by, uri: None, verifier }
}

fn refresh(back: usize) -> Action {
    Action::Refresh { token: pick(Kind::Refresh, back), by: Caller::Owner, scope: Words::NONE }
}

const SETUP: Setup =
    Setup { code: 60, access: 100, retry: 30, idle: 90, absolute: 120, pkce_optional: false, uri_optional: false };

const DEPTH: u32 = 5;

#[test]
fn every_short_attack_on_a_code_does_what_the_rules_say() {
    let alphabet = [
        redeem(Caller::Owner, Verifier::Right),
        redeem(Caller::Owner, Verifier::Wrong),
        redeem(Caller::Other(Party::Kiosk), Verifier::Right),
        refresh(0),
        refresh(1),
        refresh(2),
        Action::Revoke { token: pick(Kind::Access, 0), by: Caller::Owner },
        Action::Wait(30),
    ];
    explore_all(SETUP, &[], &alphabet);
}

#[test]
fn every_short_life_of_a_refresh_token_does_what_the_rules_say() {
    let alphabet = [
        refresh(0),
        refresh(1),
        Action::WaitFor(Bound::Retry, -1),
        Action::WaitFor(Bound::Retry, 0),
        Action::WaitFor(Bound::Access, -1),
        Action::WaitFor(Bound::Idle, -1),
        Action::WaitFor(Bound::Idle, 0),
    ];
    explore_all(SETUP, &[redeem(Caller::Owner, Verifier::Right)], &alphabet);
}

/// Tries every sequence of [`DEPTH`] actions after a public client got its code and did what comes `first`.
fn explore_all(setup: Setup, first: &[Action], alphabet: &[Action]) {
    let ledger = Ledger::new(Hands::default());
    for client in clients() {
        ledger.put(Key::Client(client.id().clone()), Record::Client(client.into()), None);
    }
    let clock = ledger.clock.clone();
    let (mut rules, mut subject) = (Rules::new(setup), Subject::new(&setup, ledger, &clock, 0));
    let (party, uri, scope) = (Party::Spa, Uri::First, Words::READ_WRITE);
    let request = Authorization { party, uri, scope, consent: false, pkce: true, verdict: Verdict::All };
    for action in [Action::Authorize(request)].iter().chain(first) {
        check(&mut rules, &mut subject, action).unwrap();
    }
    let visited = explore(&rules, &subject, &clock, alphabet, DEPTH, &mut Vec::new());
    assert_eq!(visited, (1..=DEPTH).map(|depth| alphabet.len().pow(depth)).sum::<usize>());
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
        let mut store = subject.store().clone();
        store.clock = clock.clone();
        let (mut rules, mut subject) = (rules.clone(), subject.fork(&clock, store, u64::from(depth)));
        path.push(action.clone());
        check(&mut rules, &mut subject, action).unwrap_or_else(|fault| panic!("{path:#?}: {fault}"));
        visited += 1 + explore(&rules, &subject, &clock, alphabet, depth - 1, path);
        path.pop();
    }
    visited
}
