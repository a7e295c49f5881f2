//! Nonces for proofs, which no server needs to remember [RFC 9449 §8, §9].

use std::fmt;
use std::time::Duration;

use crate::base64;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::env::{Timestamp, hmac_sha256};

/// The number of a period, and as much of its code as nobody guesses.
const LENGTH: usize = 8 + 16;

/// Makes and recognises nonces.
///
/// A nonce is the number of a period of time and a code over it, so that all processes which have the key know all nonces. It
/// is new in its period, and still good in the next.
#[derive(Clone)]
pub struct DpopNonces {
    /// The first makes nonces; all recognise them.
    keys: Vec<Zeroizing<[u8; 32]>>,
    period: Duration,
}

/// How a nonce is found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Freshness {
    /// It is what would be given now.
    Current,
    /// It is good, and another one is given already.
    Previous,
    /// It is too old, or none of this server.
    Unknown,
}

impl DpopNonces {
    /// Makes nonces with a secret key of random bytes, for periods of 5 minutes.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { keys: vec![Zeroizing::new(key)], period: Duration::from_secs(300) }
    }

    /// Also recognises the nonces of this key: the one before, or the next.
    #[must_use]
    pub fn also(mut self, key: [u8; 32]) -> Self {
        self.keys.push(Zeroizing::new(key));
        self
    }

    /// Makes periods so long, in whole seconds; a nonce is good for one to two of them.
    #[must_use]
    pub const fn every(mut self, period: Duration) -> Self {
        self.period = period;
        self
    }

    pub(crate) const fn period(&self) -> Duration {
        self.period
    }

    /// The nonce to give out now.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> String {
        let period = self.number(now);
        self.keys.first().map(|key| base64::URL.encode(nonce(key, period))).unwrap_or_default()
    }

    /// The first moment at which the nonce that is given out now, or one before it, is good no more.
    pub(super) fn dies(&self, now: Timestamp) -> Timestamp {
        // One of the next period, by a process whose clock is ahead, is good until the end of the one after.
        Timestamp::from_unix((self.number(now) + 3).saturating_mul(self.seconds()))
    }

    pub(super) fn find(&self, text: &str, now: Timestamp) -> Freshness {
        let mut shown = [0_u8; LENGTH];
        if !base64::URL.fill(text, &mut shown) {
            return Freshness::Unknown;
        }
        let Some((number, _)) = shown.split_first_chunk() else { return Freshness::Unknown };
        let (period, current) = (u64::from_be_bytes(*number), self.number(now));
        // The clock of the process that made it may be ahead.
        let in_time = period.saturating_add(1) >= current && period <= current + 1;
        let made = |key: &Zeroizing<[u8; 32]>| bool::from(nonce(key, period).ct_eq(&shown));
        if !in_time || !self.keys.iter().any(made) {
            Freshness::Unknown
        } else if period < current {
            Freshness::Previous
        } else {
            Freshness::Current
        }
    }

    fn number(&self, now: Timestamp) -> u64 {
        now.as_unix() / self.seconds()
    }

    fn seconds(&self) -> u64 {
        self.period.as_secs().max(1)
    }
}

fn nonce(key: &[u8; 32], period: u64) -> [u8; LENGTH] {
    let period = period.to_be_bytes();
    let mut message = *b"DPoP-Nonce.........";
    let from = message.len() - period.len();
    message.iter_mut().skip(from).zip(period).for_each(|(to, byte)| *to = byte);
    let code = hmac_sha256(key, &message);
    let mut all = [0; LENGTH];
    all.iter_mut().zip(period.iter().chain(&code)).for_each(|(to, byte)| *to = *byte);
    all
}

/// The keys are secret.
impl fmt::Debug for DpopNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopNonces").field("period", &self.period).finish_non_exhaustive()
    }
}
