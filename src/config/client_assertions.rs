//! Client assertions, as far as they are served [RFC 7523 §2.2].

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::jose::{Algorithm, Algorithms};

/// Assertions by which clients authenticate, where they are served: `private_key_jwt`, and `client_secret_jwt` by choice.
/// Each is good for one use.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientAssertions {
    /// The algorithms that they may have; all with a public key by default.
    pub algorithms: Algorithms,
    /// Whether clients may authenticate with `client_secret_jwt`, under a secret that the host's signer has, since no record
    /// holds one: see [`SigningInput::client_secret`](crate::SigningInput::client_secret). A client cannot register itself
    /// for it.
    pub client_secret_jwt: bool,
    /// How far from now they may expire; 5 min by default, 1 h at most.
    pub longest_life: Duration,
    /// By how much the clocks of clients may differ from ours, in whole seconds; 10 s by default, 60 s at most.
    pub clock_tolerance: Duration,
    /// DANGER: takes the URL of the token endpoint for an audience as well, as older clients state it. Where that URL is told
    /// by someone else than the issuer, they can have a client make an assertion for another server, and use it there.
    pub danger_accept_token_endpoint_as_audience: bool,
}

impl Default for ClientAssertions {
    fn default() -> Self {
        Self {
            algorithms: Algorithms::ASYMMETRIC,
            client_secret_jwt: false,
            longest_life: Duration::from_secs(300),
            clock_tolerance: Duration::from_secs(10),
            danger_accept_token_endpoint_as_audience: false,
        }
    }
}

impl ClientAssertions {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let sound = self.algorithms.are_asymmetric();
        let short = (1..=3600).contains(&self.longest_life.as_secs()) && self.clock_tolerance.as_secs() <= 60;
        ensure(sound && short, || ConfigFault::ClientAssertions)
    }
}

impl Config {
    /// Client assertions, where they are served.
    #[must_use]
    pub const fn client_assertions(&self) -> Option<&ClientAssertions> {
        self.client_assertions.as_ref()
    }

    /// The algorithms that client assertions may have, by name; none where they are not served.
    pub(crate) fn assertion_algorithms(&self) -> Vec<String> {
        let Some(served) = &self.client_assertions else { return Vec::new() };
        let mac = served.client_secret_jwt.then_some(Algorithm::Hs256);
        served.algorithms.iter().chain(mac).map(|algorithm| algorithm.as_str().to_owned()).collect()
    }
}
