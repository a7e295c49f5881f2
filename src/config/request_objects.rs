//! Signed authorization requests, as far as they are served [RFC 9101].

use std::time::Duration;

use super::fault::{ConfigFault, ensure};
use super::{Config, Practice};
use crate::jose::{Algorithms, Purpose};

/// Authorization requests as objects that clients sign, where they are served; one that has a `jti` and an end is good for
/// one answer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RequestObjects {
    /// Whether every authorization request must be signed; not by default, so that each client decides for itself
    /// [RFC 9101 §10.5].
    pub required: bool,
    /// The algorithms that they may have; all with a public key by default.
    pub algorithms: Algorithms,
    /// Whether each must say from when and until when it is good; not by default [FAPI 2.0 Message Signing §5.3.1].
    pub times_required: bool,
    /// How long after its `nbf`, or else its `iat`, one may be used and may expire, and how far from now where it has
    /// neither; 1 h by default and at most.
    pub longest_life: Duration,
    /// By how much the clocks of clients may differ from ours, in whole seconds; 10 s by default, 60 s at most.
    pub clock_tolerance: Duration,
    /// DANGER: takes objects whose header says no type, or `JWT`, as older clients make them. Then anything that a client
    /// signs with the same key for us may be taken for a request of its own [RFC 9101 §10.8].
    pub danger_accept_untyped: bool,
}

impl Default for RequestObjects {
    fn default() -> Self {
        Self {
            required: false,
            algorithms: Algorithms::ASYMMETRIC,
            times_required: false,
            longest_life: Duration::from_secs(3600),
            clock_tolerance: Duration::from_secs(10),
            danger_accept_untyped: false,
        }
    }
}

impl RequestObjects {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let sound = self.algorithms.are_asymmetric();
        let short = (1..=3600).contains(&self.longest_life.as_secs()) && self.clock_tolerance.as_secs() <= 60;
        ensure(sound && short, || ConfigFault::RequestObjects)
    }

    pub(crate) const fn purpose(&self) -> Purpose {
        let typed = if self.danger_accept_untyped { Purpose::UNTYPED_REQUEST_OBJECT } else { Purpose::REQUEST_OBJECT };
        typed.with(self.algorithms)
    }
}

impl Config {
    /// Signed authorization requests, where they are served.
    #[must_use]
    pub fn request_objects(&self) -> Option<&RequestObjects> {
        self.policy.allows(Practice::SignedRequests).then_some(&self.request_objects)
    }
}
