//! The time and the randomness of the machine that this runs on: only the facade and the cache of keys use them.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand_core::{CryptoRng, TryRng as _};

use crate::env::{Seed, Timestamp};

/// Tells the time.
pub trait Clock {
    /// The time.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing in it and never will")]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

impl<F: Fn() -> Timestamp> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// Gives each request its seed.
pub trait Randomness {
    /// 256 bits of a cryptographic generator, different for each request.
    ///
    /// # Errors
    ///
    /// There are none to be had.
    fn seed(&self) -> Result<Seed, RandomnessFailed>;
}

/// The system's randomness, asked anew for each request.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing in it and never will")]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn seed(&self) -> Result<Seed, RandomnessFailed> {
        let mut bytes = [0; 32];
        getrandom::SysRng.try_fill_bytes(&mut bytes).map_err(|_| RandomnessFailed)?;
        Ok(Seed::new(bytes))
    }
}

/// Any generator, shared.
impl<R: CryptoRng> Randomness for Mutex<R> {
    fn seed(&self) -> Result<Seed, RandomnessFailed> {
        let mut bytes = [0; 32];
        self.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        Ok(Seed::new(bytes))
    }
}

/// A function that gives a generator, such as `rand::rng`: one of this process, which spares each request a system call.
///
/// A copy of the process goes on with a copy of the generator, and would make the same secrets: keep
/// [`SystemRandomness`] where a process forks after its first request, or is cloned as a running machine.
impl<F: Fn() -> R, R: CryptoRng> Randomness for F {
    fn seed(&self) -> Result<Seed, RandomnessFailed> {
        let mut bytes = [0; 32];
        self().fill_bytes(&mut bytes);
        Ok(Seed::new(bytes))
    }
}

/// No randomness could be had.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no randomness could be had")]
#[non_exhaustive]
pub struct RandomnessFailed;

impl RandomnessFailed {
    /// There is none to be had.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for RandomnessFailed {
    fn default() -> Self {
        Self::new()
    }
}
