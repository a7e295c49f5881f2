//! A store that can be copied with all its past, and can be told to overlook an expectation.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Mutex;

use grantor::Timestamp;
use grantor::record::{Client, Record};
use grantor::store::{AsyncStore, Change, Commit, Expect, Key, Store, Versioned, Write};

/// Every version of every record; a version is never used twice, and nothing is ever forgotten.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: HashMap<Key, Vec<Option<Versioned<Record>>>>,
    next: u64,
    overlooked: Vec<Overlooked>,
    /// Every change that was applied, in order.
    pub(crate) applied: Vec<Change>,
}

/// A kind of expectation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Overlooked {
    /// That a grant is as it was read, where it is replaced.
    GrantReplaced,
    /// That a grant is as it was read, where it stays.
    GrantStill,
    /// That a client is as it was read.
    ClientStill,
    /// That a client is as it was read, where it is replaced or removed.
    ClientReplaced,
    /// That a new grant was not there.
    GrantAbsent,
    /// That a record of the host is as it was read, where it is removed.
    ExtensionConsumed,
    /// That a new token was not there.
    TokenAbsent,
    /// That a token is as it was read.
    TokenStill,
    /// That a new client was not there.
    ClientAbsent,
    /// That a user code is there, where it is used up.
    UserCodeConsumed,
    /// That a new user code was not there.
    UserCodeAbsent,
    /// That a pushed request is there, where it is used up.
    PushedConsumed,
    /// That a new pushed request was not there.
    PushedAbsent,
    /// That a proof was not used before.
    SeenAbsent,
    /// That a remembered consent is as it was read, where it is replaced.
    ConsentReplaced,
    /// That a remembered consent is as it was read, where it is relied on.
    ConsentStill,
}

impl Overlooked {
    fn covers(self, change: &Change) -> bool {
        matches!(
            (self, &change.key, change.expect, &change.write),
            (Self::GrantReplaced, Key::Grant(_), Expect::Version(_), Write::Put { .. })
                | (Self::GrantStill, Key::Grant(_), Expect::Version(_), Write::Nothing)
                | (Self::ClientStill, Key::Client(_), Expect::Version(_), Write::Nothing)
                | (Self::ClientReplaced, Key::Client(_), Expect::Version(_), Write::Put { .. } | Write::Delete)
                | (Self::GrantAbsent, Key::Grant(_), Expect::Absent, Write::Put { .. })
                | (Self::ExtensionConsumed, Key::Extension(_), Expect::Version(_), Write::Delete)
                | (Self::TokenAbsent, Key::Token(_), Expect::Absent, Write::Put { .. })
                | (Self::TokenStill, Key::Token(_), Expect::Version(_), Write::Nothing)
                | (Self::ClientAbsent, Key::Client(_), Expect::Absent, Write::Put { .. })
                | (Self::UserCodeConsumed, Key::UserCode(_), Expect::Version(_), Write::Delete)
                | (Self::UserCodeAbsent, Key::UserCode(_), Expect::Absent, Write::Put { .. })
                | (Self::PushedConsumed, Key::Pushed(_), Expect::Version(_), Write::Delete)
                | (Self::PushedAbsent, Key::Pushed(_), Expect::Absent, Write::Put { .. })
                | (Self::SeenAbsent, Key::Seen(_), Expect::Absent, Write::Put { .. })
                | (Self::ConsentReplaced, Key::Consent { .. }, _, Write::Put { .. })
                | (Self::ConsentStill, Key::Consent { .. }, Expect::Version(_), Write::Nothing)
        )
    }
}

impl Table {
    pub(crate) fn overlooking(mut self, overlooked: &[Overlooked]) -> Self {
        self.overlooked = overlooked.to_vec();
        self
    }

    pub(crate) fn put_client(&mut self, client: Client) {
        self.write(&Key::Client(client.id().clone()), Some(Record::Client(client.into())));
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        self.write(key, None);
    }

    pub(crate) fn read(&self, key: &Key) -> Option<Versioned<Record>> {
        self.rows.get(key).and_then(|versions| versions.last().cloned().flatten())
    }

    /// The version before the current one, or else what is there.
    pub(crate) fn read_stale(&self, key: &Key) -> Option<Versioned<Record>> {
        let versions = self.rows.get(key)?;
        versions.get(versions.len().saturating_sub(2)).cloned().flatten()
    }

    /// Every record that is there.
    pub(crate) fn records(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.rows.iter().filter_map(|(key, versions)| Some((key, &versions.last()?.as_ref()?.value)))
    }

    pub(crate) fn load(&self, keys: &[Key]) -> Vec<Option<Versioned<Record>>> {
        keys.iter().map(|key| self.read(key)).collect()
    }

    pub(crate) fn commit(&mut self, changes: &[Change]) -> Commit {
        if !changes.iter().all(|change| self.holds(change)) {
            return Commit::Conflict;
        }
        for change in changes {
            match &change.write {
                Write::Put { record, .. } => self.write(&change.key, Some(record.clone())),
                Write::Delete => self.write(&change.key, None),
                Write::Nothing => {}
            }
        }
        self.applied.extend_from_slice(changes);
        Commit::Applied
    }

    fn holds(&self, change: &Change) -> bool {
        let overlooked = self.overlooked.iter().any(|overlooked| overlooked.covers(change));
        overlooked
            || match (change.expect, self.read(&change.key)) {
                (Expect::Absent, found) => found.is_none(),
                (Expect::Version(expected), found) => found.is_some_and(|found| found.version == expected),
            }
    }

    fn write(&mut self, key: &Key, record: Option<Record>) {
        self.next += 1;
        let row = record.map(|value| Versioned { version: self.next, value });
        self.rows.entry(key.clone()).or_default().push(row);
    }
}

/// A table that is shared.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<Table>);

impl Shelf {
    pub(crate) fn new(table: Table) -> Self {
        Self(Mutex::new(table))
    }

    /// A copy of the table as it is now.
    pub(crate) fn table(&self) -> Table {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }
}

impl Store for Shelf {
    type Error = Infallible;

    fn load(&self, keys: &[Key], _: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Infallible> {
        Ok(self.with(|table| table.load(keys)))
    }

    fn commit(&self, changes: Vec<Change>, _: Timestamp) -> Result<Commit, Infallible> {
        Ok(self.with(|table| table.commit(&changes)))
    }
}

impl AsyncStore for Shelf {
    type Error = Infallible;

    async fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Infallible> {
        Store::load(self, keys, now)
    }

    async fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Infallible> {
        Store::commit(self, changes, now)
    }
}
