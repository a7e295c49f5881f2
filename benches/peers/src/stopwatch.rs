//! Runs while a server has a request, so that the client's part of an operation is outside of the measure.

use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static SEEN: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Runs `work` and adds the time that it takes.
#[inline(never)]
pub fn run<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    let took = start.elapsed();
    SEEN.with(|seen| seen.set(seen.get() + took));
    done
}

pub fn reset() {
    SEEN.with(|seen| seen.set(Duration::ZERO));
}

pub fn read() -> Duration {
    SEEN.with(Cell::get)
}
