//! A limit on guessing passwords and user codes.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use grantor::Timestamp;

/// How many wrong guesses in a row are answered at once.
const BURST: u64 = 10;

/// How many seconds make good for one more.
const SECONDS_PER_GUESS: u64 = 3;

/// Who guesses shares slots, so that the memory is bounded and a name that exists behaves like any other.
const SLOTS: usize = 4096;

/// Counts guesses by whatever they are limited by, such as a user name.
#[derive(Debug)]
pub(crate) struct Guesses {
    slots: Mutex<Vec<Slot>>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    wrong: u64,
    last: Timestamp,
}

impl Guesses {
    pub(crate) fn new() -> Self {
        Self { slots: Mutex::new(vec![Slot::default(); SLOTS]), hasher: RandomState::new() }
    }

    /// Whether one may guess now. It counts as wrong from here on, so that many at once are no way around the limit.
    pub(crate) fn may_try(&self, who: &str, now: Timestamp) -> bool {
        self.at(who, |slot| {
            let left = slot.left(now);
            let may = left < BURST;
            if may {
                *slot = Slot { wrong: left + 1, last: now };
            }
            may
        })
    }

    /// Takes one guess back, which was right.
    pub(crate) fn right(&self, who: &str) {
        self.at(who, |slot| slot.wrong = slot.wrong.saturating_sub(1));
    }

    fn at<T: Default>(&self, who: &str, act: impl FnOnce(&mut Slot) -> T) -> T {
        let place = usize::try_from(self.hasher.hash_one(who) % SLOTS as u64).unwrap_or_default();
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get_mut(place).map(act).unwrap_or_default()
    }
}

impl Slot {
    /// What is left of the wrong guesses after the time since.
    fn left(&self, now: Timestamp) -> u64 {
        self.wrong.saturating_sub(self.last.until(now).as_secs() / SECONDS_PER_GUESS)
    }
}
