//! A limit on guessing passwords.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use grantor::Timestamp;

/// How many wrong passwords in a row are answered at once.
const BURST: u64 = 10;

/// How many seconds make good for one more.
const SECONDS_PER_GUESS: u64 = 3;

/// Names share slots, so that the memory is bounded and a name that exists behaves like any other.
const SLOTS: usize = 4096;

/// Counts wrong passwords by user name.
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

    /// Whether a password for `username` may be tried now.
    pub(crate) fn may_try(&self, username: &str, now: Timestamp) -> bool {
        self.at(username, |slot| slot.left(now) < BURST)
    }

    pub(crate) fn wrong(&self, username: &str, now: Timestamp) {
        self.at(username, |slot| *slot = Slot { wrong: slot.left(now) + 1, last: now });
    }

    pub(crate) fn right(&self, username: &str) {
        self.at(username, |slot| *slot = Slot::default());
    }

    fn at<T: Default>(&self, username: &str, act: impl FnOnce(&mut Slot) -> T) -> T {
        let place = usize::try_from(self.hasher.hash_one(username) % SLOTS as u64).unwrap_or_default();
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
