//! Client attestations, as far as they are served [Attestation-Based Client Authentication].

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::jose::{Algorithms, JwkSet};

/// Attestations by which instances of clients authenticate, where they are served: `attest_jwt_client_auth`, and
/// `attest_jwt_client_auth_dpop` where DPoP is served too.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientAttestations {
    /// Who may vouch for clients that registered no keys of their own attester; nobody by default. Each may for every such
    /// client.
    pub attesters: JwkSet,
    /// The algorithms of attestations and of proofs; all with a public key by default.
    pub algorithms: Algorithms,
    /// How long ago a proof may be made; 60 s by default, 10 min at most.
    pub window: Duration,
    /// By how much the clocks of clients and attesters may differ from ours, in whole seconds; 10 s by default, 60 s at most.
    pub clock_tolerance: Duration,
}

impl Default for ClientAttestations {
    fn default() -> Self {
        Self {
            attesters: JwkSet::default(),
            algorithms: Algorithms::ASYMMETRIC,
            window: Duration::from_secs(60),
            clock_tolerance: Duration::from_secs(10),
        }
    }
}

impl ClientAttestations {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let sound = self.algorithms.are_asymmetric();
        let short = (1..=600).contains(&self.window.as_secs()) && self.clock_tolerance.as_secs() <= 60;
        ensure(sound && short, || ConfigFault::ClientAttestations)
    }
}

impl Config {
    /// Client attestations, where they are served.
    #[must_use]
    pub const fn client_attestations(&self) -> Option<&ClientAttestations> {
        self.client_attestations.as_ref()
    }

    /// The algorithms that attestations and their proofs may have, by name; none where they are not served.
    pub(crate) fn attestation_algorithms(&self) -> Vec<String> {
        let served = self.client_attestations.iter().flat_map(|served| served.algorithms.iter());
        served.map(|algorithm| algorithm.as_str().to_owned()).collect()
    }
}
