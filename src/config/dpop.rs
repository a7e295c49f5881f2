//! DPoP, as far as it is served [RFC 9449].

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::jose::Algorithms;
use crate::proof::dpop::DpopNonces;

/// DPoP, where it is served: clients that show a proof get tokens that are bound to its key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dpop {
    /// The algorithms that proofs may have; all with a public key by default.
    pub algorithms: Algorithms,
    /// How far the `iat` of a proof may be from now, before or after; 60 s by default, 10 min at most. With nonces it does not
    /// count [RFC 9449 §11.1].
    pub window: Duration,
    /// The nonces that every proof must have; none by default. They keep proofs from being made in advance
    /// [RFC 9449 §11.2], and clients whose clock is wrong from being refused.
    pub nonces: Option<DpopNonces>,
    /// Whether a proof is good for one use at resources as well, where it costs a write for each request; not by default. Where
    /// tokens are given out and requests are pushed it always is.
    pub single_use_at_resources: bool,
}

impl Default for Dpop {
    fn default() -> Self {
        Self {
            algorithms: Algorithms::ASYMMETRIC,
            window: Duration::from_secs(60),
            nonces: None,
            single_use_at_resources: false,
        }
    }
}

impl Dpop {
    pub(crate) fn check(&self) -> Result<(), ConfigFault> {
        let short = |time: Duration| (1..=600).contains(&time.as_secs());
        let nonces = self.nonces.as_ref().is_none_or(|nonces| short(nonces.period()));
        let sound = self.algorithms.are_asymmetric();
        ensure(sound && nonces && short(self.window), || ConfigFault::Dpop)
    }

    /// The names of the algorithms.
    pub(crate) fn algorithm_names(&self) -> impl Iterator<Item = String> {
        self.algorithms.iter().map(|algorithm| algorithm.as_str().to_owned())
    }
}

impl Config {
    /// DPoP, where it is served.
    #[must_use]
    pub const fn dpop(&self) -> Option<&Dpop> {
        self.dpop.as_ref()
    }

    /// The algorithms that proofs may have, by name; none where no proofs are read.
    pub(crate) fn proof_algorithms(&self) -> Vec<String> {
        self.dpop.iter().flat_map(Dpop::algorithm_names).collect()
    }

    /// Whether tokens can be bound to the keys of proofs.
    pub(crate) const fn serves_dpop(&self) -> bool {
        self.dpop.is_some()
    }

    /// Whether a proof is good for one use at resources.
    pub(crate) fn uses_proofs_up(&self) -> bool {
        self.dpop.as_ref().is_some_and(|dpop| dpop.single_use_at_resources)
    }
}
