//! The device authorization grant, where it is served [RFC 8628].

use std::time::Duration;

use super::Config;
use super::fault::{ConfigFault, ensure};
use crate::record::UserCodeFormat;

/// The device authorization grant, where it is served [RFC 8628].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeviceFlow {
    /// How user codes look; `WDJB-MJHT` by default.
    pub user_codes: UserCodeFormat,
    /// How long a device waits between two polls at least; 5 s by default.
    pub interval: Duration,
    /// Whether the host is asked before a typed code is looked up, so that it can limit how often one person guesses.
    pub ask_host: bool,
}

impl Default for DeviceFlow {
    fn default() -> Self {
        Self { user_codes: UserCodeFormat::LETTERS, interval: Duration::from_secs(5), ask_host: false }
    }
}

impl DeviceFlow {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let sound = self.user_codes.is_sound() && (1..=60).contains(&self.interval.as_secs());
        ensure(sound, || ConfigFault::DeviceFlow)
    }
}

impl Config {
    /// The device authorization grant, where it is served.
    #[must_use]
    pub const fn device_flow(&self) -> Option<&DeviceFlow> {
        self.device_flow.as_ref()
    }
}
