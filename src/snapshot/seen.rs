//! A record as it was read, and the changes that rest on that.

use std::sync::Arc;

use crate::env::Timestamp;
use crate::record::{AccessToken, Client, ExtensionRecord, Grant, PushedRequest, Record, RememberedConsent, UserCode};
use crate::store::{Change, Expect, Key, Write};

/// A record as read. Changing it carries the version it was read at.
#[derive(Debug)]
pub struct Seen<'a, T> {
    pub(super) origin: Origin<'a>,
    pub(super) value: &'a T,
}

/// Where a record comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'a> {
    /// From the store, at this version.
    Read(u64),
    /// A client from elsewhere, in place of what the store has at this version, if it has anything.
    Fetched(Option<u64>, &'a Arc<Client>),
}

impl<T> Clone for Seen<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Seen<'_, T> {}

impl<'a, T> Seen<'a, T> {
    /// The record.
    #[must_use]
    pub const fn value(&self) -> &'a T {
        self.value
    }

    pub(super) const fn version(&self) -> Option<u64> {
        match self.origin {
            Origin::Read(version) => Some(version),
            Origin::Fetched(version, _) => version,
        }
    }

    const fn expect(&self) -> Expect {
        match self.version() {
            Some(version) => Expect::Version(version),
            None => Expect::Absent,
        }
    }

    /// Requires that the record at `key` is still as it was read.
    #[must_use]
    pub const fn unchanged(&self, key: Key) -> Change {
        Change { key, expect: self.expect(), write: Write::Nothing }
    }

    const fn replaced(&self, key: Key, record: Record, expires: Option<Timestamp>) -> Change {
        Change { key, expect: self.expect(), write: Write::Put { record, expires } }
    }

    const fn removed(&self, key: Key) -> Change {
        Change { key, expect: self.expect(), write: Write::Delete }
    }
}

impl Seen<'_, Client> {
    /// Requires that the client is still what it was; one that was fetched is kept.
    #[must_use]
    pub fn still(&self) -> Change {
        self.kept().unwrap_or_else(|| self.unchanged(Key::Client(self.value().id().clone())))
    }

    /// Keeps a client that was fetched, for as long as its document says; nothing for one that was read.
    #[must_use]
    pub fn kept(&self) -> Option<Change> {
        let Origin::Fetched(_, client) = self.origin else { return None };
        let document = client.document().filter(|document| document.fetched < document.until)?;
        let key = Key::Client(client.id().clone());
        Some(self.replaced(key, Record::Client(Arc::clone(client)), Some(document.until)))
    }

    /// Puts `next` in place of what was read.
    #[must_use]
    pub fn replace(&self, next: Client) -> Change {
        self.replaced(Key::Client(self.value().id().clone()), Record::Client(Arc::new(next)), None)
    }

    /// Removes it.
    #[must_use]
    pub fn remove(&self) -> Change {
        let key = Key::Client(self.value().id().clone());
        self.removed(key)
    }
}

impl Seen<'_, AccessToken> {
    /// Requires that the token is still there.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(Key::Token(self.value().id))
    }

    /// Removes it alone; its grant lives on.
    #[must_use]
    pub fn remove(&self) -> Change {
        self.removed(Key::Token(self.value().id))
    }
}

impl Seen<'_, Grant> {
    /// Puts `next` in place of what was read.
    #[must_use]
    pub fn replace(&self, next: Grant, expires: Timestamp) -> Change {
        self.replaced(Key::Grant(self.value().id), Record::Grant(next), Some(expires))
    }

    /// Requires that the grant is still what it was.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(Key::Grant(self.value().id))
    }
}

impl Seen<'_, PushedRequest> {
    /// Removes it: it was answered.
    #[must_use]
    pub fn consume(&self) -> Change {
        self.removed(Key::Pushed(self.value().id))
    }
}

impl Seen<'_, UserCode> {
    /// Removes it: it was used.
    #[must_use]
    pub fn consume(&self) -> Change {
        self.removed(Key::UserCode(self.value().id))
    }
}

impl Seen<'_, ExtensionRecord> {
    /// Removes it: it was used.
    #[must_use]
    pub fn consume(&self) -> Change {
        let key = Key::Extension(self.value().id.clone());
        self.removed(key)
    }

    /// Lets it say `value` from now on, for as long as it would have said the other.
    #[must_use]
    pub fn replace(&self, value: serde_json::Value) -> Change {
        let next = self.value().saying(value);
        let (key, expires) = (Key::Extension(next.id.clone()), next.expires);
        self.replaced(key, Record::Extension(Arc::new(next)), Some(expires))
    }

    /// Requires that it is still what it was.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(Key::Extension(self.value().id.clone()))
    }
}

impl Seen<'_, RememberedConsent> {
    fn key(&self) -> Key {
        let RememberedConsent { subject, client, .. } = self.value();
        Key::Consent { subject: subject.clone(), client: client.clone() }
    }

    /// Requires that it is still what was read.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(self.key())
    }

    /// Puts `next` in place of what was read.
    #[must_use]
    pub fn replace(&self, next: RememberedConsent, expires: Timestamp) -> Change {
        self.replaced(self.key(), Record::Consent(Arc::new(next)), Some(expires))
    }

    /// Removes it: the person is asked again.
    #[must_use]
    pub fn forget(&self) -> Change {
        self.removed(self.key())
    }
}
