//! The device authorization grant [RFC 8628].
//!
//! ```text
//! (device asks) ──▶ Pending ─┬─ approved ──▶ Approved ── polled ──▶ Live ── device code replayed ──▶ Revoked
//!                    │   ▲   ├─ denied ────▶ Denied
//!                    └─poll┘  └─ too late ──▶ Expired
//! ```
//!
//! A poll that comes too soon is told to slow down, and its interval grows for good. Whoever polls learns nothing of who
//! approves; whoever approves commits against the very record that others may be deciding on, so only one of them wins.

use std::time::Duration;

use crate::env::{Env, Timestamp};
use crate::record::{DeviceCode, DeviceStage, Exposed, Grant, GrantState, GrantType, Handle, HandleKind};
use crate::snapshot::{Seen, Snapshot};
use crate::step::Plan;
use crate::wire::TokenRefusal;

use super::issue::{Decided, Requester};
use super::{ensure, replayed};

/// By how many seconds the interval grows when a poll comes too soon [RFC 8628 §3.5].
const SLOWER: u64 = 5;

/// A device code as presented.
#[derive(Clone, Debug)]
pub(crate) struct Poll {
    /// The code, if it has the form of one of ours.
    handle: Option<Handle>,
    code_given: bool,
}

impl Poll {
    pub(crate) fn new(brand: &str, code: Option<&Exposed>) -> Self {
        let handle = code.and_then(|code| Handle::parse(brand, HandleKind::DeviceCode, code.as_str()));
        Self { handle, code_given: code.is_some() }
    }

    pub(crate) const fn handle(&self) -> Option<&Handle> {
        self.handle.as_ref()
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let Requester { config, client, env, .. } = requester;
        requester.may_use(GrantType::DeviceCode)?;
        ensure(self.code_given, TokenRefusal::ParameterMissing("device_code"))?;
        let handle = self.handle.as_ref().ok_or(TokenRefusal::CodeUnknown)?;
        let grant = seen.grant(handle.grant())?.ok_or(TokenRefusal::CodeUnknown)?;
        ensure(grant.value().client() == client.value().id(), TokenRefusal::CodeOfAnotherClient)?;
        let device = match &grant.value().state {
            GrantState::Device(device) => device,
            GrantState::Live(live) if live.code().is_some_and(|redeemed| redeemed.matches(handle.secret())) => {
                return Ok(replayed(&grant, config, env.now));
            }
            GrantState::CodeIssued(_) | GrantState::Live(_) | GrantState::Revoked => {
                return Err(TokenRefusal::CodeUnknown.into());
            }
        };
        ensure(device.digest.matches(handle.secret()), TokenRefusal::CodeUnknown)?;
        ensure(env.now < device.expires, TokenRefusal::DeviceCodeExpired)?;
        match device.stage {
            DeviceStage::Approved => requester.redeem(GrantType::DeviceCode, &grant, device.digest),
            DeviceStage::Denied => Err(TokenRefusal::DeviceDenied.into()),
            DeviceStage::Pending { interval, last_poll } => Ok(wait(&grant, device, interval, last_poll, env)),
        }
    }
}

fn wait<R>(
    grant: &Seen<'_, Grant>,
    device: &DeviceCode,
    interval: u64,
    last_poll: Option<Timestamp>,
    env: &Env,
) -> Plan<R, TokenRefusal> {
    let too_soon = last_poll.is_some_and(|last| env.now < last.plus(Duration::from_secs(interval)));
    let (interval, refusal) = if too_soon {
        (interval.saturating_add(SLOWER), TokenRefusal::DeviceSlowDown)
    } else {
        (interval, TokenRefusal::DevicePending)
    };
    let stage = DeviceStage::Pending { interval, last_poll: Some(env.now) };
    let next = grant.value().becoming(GrantState::Device(device.at(stage)));
    let expires = next.forgettable(env.now, Duration::ZERO);
    Plan::refuse(vec![grant.replace(next, expires)], refusal)
}
