//! The operator's word on who is behind a client.

use crate::event::Event;
use crate::record::ClientId;
use crate::snapshot::Snapshot;
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;

/// The operator has verified who publishes a client, or does not vouch for it any more; ready to be decided.
///
/// It is the word on the client as it is: when a client that registered itself changes what it says of itself, nobody
/// vouches for it until this is said again. One that is known by a document is as it is until that is fetched again; to
/// vouch for it for longer, register it under its URL [Client ID Metadata Document §6.10].
#[derive(Clone, Debug)]
pub struct VerifyPublisher {
    client: ClientId,
    publisher: Option<String>,
}

impl VerifyPublisher {
    /// Vouches for `client`: it is of this publisher, whose name people are shown.
    #[must_use]
    pub fn new(client: ClientId, publisher: impl Into<String>) -> Self {
        Self { client, publisher: Some(publisher.into()) }
    }

    /// Takes that back. What the client was given so far is ended by `end_all`.
    #[must_use]
    pub const fn withdrawn(client: ClientId) -> Self {
        Self { client, publisher: None }
    }
}

/// There is no such client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such client")]
#[non_exhaustive]
pub struct NoSuchClient;

impl Endpoint for VerifyPublisher {
    type Reply = ();
    type Refusal = NoSuchClient;

    fn keys(&self) -> Vec<Key> {
        vec![Key::Client(self.client.clone())]
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let client = seen.client(&self.client)?.ok_or(NoSuchClient)?;
        let next = client.value().published_by(self.publisher.clone());
        let event = Event::PublisherVerified { client: self.client.clone(), publisher: self.publisher.clone() };
        Ok(Plan::grant(vec![client.replace(next)], ()).reporting(event))
    }
}
