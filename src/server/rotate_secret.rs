//! Giving a client another secret, while the one that it has still works for some time.

use std::time::Duration;

use crate::ensure::ensure;
use crate::event::Event;
use crate::record::{ClientId, ClientSecretDigest, Exposed, new_secret};
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;

/// The operator's wish to replace a client's secret, ready to be decided. The answer is the only place where the new one
/// is told.
#[derive(Clone, Debug)]
pub struct RotateSecret {
    client: ClientId,
    overlap: Duration,
}

impl RotateSecret {
    /// Gives `client` a new secret; those that it has expire after `overlap`, at once if that is zero.
    #[must_use]
    pub const fn new(client: ClientId, overlap: Duration) -> Self {
        Self { client, overlap }
    }
}

/// Why a client gets no new secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationRefusal {
    /// There is no such client.
    #[error("there is no such client")]
    ClientUnknown,
    /// A public client has no secret.
    #[error("the client does not authenticate with a secret")]
    ClientPublic,
}

impl Endpoint for RotateSecret {
    type Reply = Exposed;
    type Refusal = RotationRefusal;

    fn keys(&self) -> Vec<Key> {
        vec![Key::Client(self.client.clone())]
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let client = seen.client(&self.client)?.ok_or(RotationRefusal::ClientUnknown)?;
        ensure(client.value().metadata().needs_secret(), RotationRefusal::ClientPublic)?;
        let secret = new_secret(env);
        let next = client.value().with_secret(ClientSecretDigest::salted(&secret, env), env.now, self.overlap);
        let event = Event::ClientSecretRotated { client: self.client.clone() };
        Ok(Plan::grant(vec![client.replace(next)], secret).reporting(event))
    }
}
