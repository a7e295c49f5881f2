//! How long things live.

use std::time::Duration;

use super::fault::ConfigFault;

/// How long things live, in whole seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Of an authorization code; 60 s by default, 10 min at most [RFC 6749 §4.1.2].
    pub code: Duration,
    /// Of a pushed request that was not begun; 60 s by default, 10 min at most [RFC 9126 §2.2].
    pub pushed_request: Duration,
    /// For how long a person may take to log in and consent; 1 h by default.
    pub interaction: Duration,
    /// Of a device code and its user code; 10 min by default, an hour at most.
    pub device_code: Duration,
    /// Of a remembered consent that is not given again; 365 days by default.
    pub consent: Duration,
    /// Of an access token; 10 min by default.
    pub access_token: Duration,
    /// Of a refresh token that is not used; 30 days by default.
    pub refresh_idle: Duration,
    /// Of a refresh token however often it is used; 365 days by default.
    pub refresh_absolute: Duration,
    /// For how long a spent refresh token may ask again for its successor; 30 s by default, 5 min at most.
    ///
    /// Zero makes every second use a reuse, lost answers and parallel requests included.
    pub refresh_retry: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            code: Duration::from_secs(60),
            pushed_request: Duration::from_secs(60),
            interaction: Duration::from_secs(3600),
            device_code: Duration::from_secs(600),
            consent: Duration::from_secs(365 * DAY),
            access_token: Duration::from_secs(600),
            refresh_idle: Duration::from_secs(30 * DAY),
            refresh_absolute: Duration::from_secs(365 * DAY),
            refresh_retry: Duration::from_secs(30),
        }
    }
}

impl Lifetimes {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let lifetimes = self;
        let second = Duration::from_secs(1);
        let fault = |option, advice| Err(ConfigFault::Lifetime { option, advice });
        if lifetimes.code < second || lifetimes.code > Duration::from_secs(600) {
            return fault("code", "set it between 1 s and 10 min; a minute is plenty");
        }
        if lifetimes.pushed_request < second || lifetimes.pushed_request > Duration::from_secs(600) {
            return fault("pushed_request", "set it between 1 s and 10 min; a minute is plenty");
        }
        if lifetimes.interaction < second || lifetimes.interaction > Duration::from_secs(86_400) {
            return fault("interaction", "set it between 1 s and a day; an hour is plenty");
        }
        if lifetimes.device_code < second || lifetimes.device_code > Duration::from_secs(3600) {
            return fault("device_code", "set it between 1 s and an hour; ten minutes are plenty");
        }
        if lifetimes.consent < second {
            return fault("consent", "set it to at least 1 s; some months are usual");
        }
        if lifetimes.access_token < second {
            return fault("access_token", "set it to at least 1 s; some minutes are usual");
        }
        if lifetimes.refresh_idle < second || lifetimes.refresh_idle > lifetimes.refresh_absolute {
            return fault("refresh_idle", "set it between 1 s and refresh_absolute");
        }
        if lifetimes.refresh_retry > Duration::from_secs(300) {
            return fault("refresh_retry", "set it to 5 min at most; it only covers answers that were lost");
        }
        Ok(())
    }
}
