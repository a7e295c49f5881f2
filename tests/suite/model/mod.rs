//! Random and exhaustive sequences of what clients and attackers do, against rules written from the specifications.
//!
//! After every action the answers must be equal, and every token ever issued must be active in both or in neither.

mod calls;
mod devices;
mod exhaustive;
mod intent;
mod ledger;
mod lifecycle;
mod rules;
mod strategies;
mod subject;

use grantor::record::Record;
use grantor::store::{Key, Memory, Store};
use proptest::prelude::*;

use self::calls::*;
use self::ledger::Ledger;
use self::rules::Rules;
use self::strategies::{sequences, setups};
use self::subject::{Subject, clients};
use crate::support::Hands;

fn over_memory(setup: &Setup, seed: u64) -> Subject<Memory> {
    let clock = Hands::default();
    let store = Memory::new();
    clients().into_iter().for_each(|client| store.put_client(client));
    Subject::new(setup, store, &clock, seed)
}

fn over_ledger(setup: &Setup, clock: &Hands, seed: u64) -> Subject<Ledger> {
    let ledger = Ledger::new(setup.forgets);
    for client in clients() {
        ledger.put(Key::Client(client.id().clone()), Record::Client(client.into()), None);
    }
    Subject::new(setup, ledger, clock, seed)
}

fn play<S: Store>(
    setup: Setup,
    mut subject: Subject<S>,
    actions: &[Action],
) -> Result<(usize, Vec<u8>), TestCaseError> {
    let mut rules = Rules::new(setup);
    actions.iter().try_for_each(|action| check(&mut rules, &mut subject, action))?;
    Ok((rules.tokens().len(), subject.transcript))
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
    fn the_server_does_what_the_rules_say(setup in setups(), actions in sequences(24)) {
        if setup.forgets {
            play(setup, over_memory(&setup, 0), &actions)?;
        } else {
            play(setup, over_ledger(&setup, &Hands::default(), 0), &actions)?;
        }
    }

    #[test]
    fn a_seed_replays_to_the_same_bytes(
        setup in setups(),
        actions in sequences(12),
        seed in any::<u64>(),
    ) {
        let setup = Setup { forgets: true, ..setup };
        let replay = |seed| play(setup, over_memory(&setup, seed), &actions);
        let (issued, transcript) = replay(seed)?;
        prop_assert_eq!(&transcript, &replay(seed)?.1);
        if issued > 0 {
            prop_assert_ne!(transcript, replay(seed.wrapping_add(1))?.1);
        }
    }
}
