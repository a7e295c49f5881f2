//! A store of any content.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;

use grantor::Timestamp;
use grantor::record::Record;
use grantor::store::{Change, Commit, Expect, Key, Store, Versioned, Write};

/// Rows that never expire by themselves, so that what the endpoints do about time is theirs alone.
#[derive(Debug, Default)]
pub struct Ledger {
    rows: RefCell<HashMap<Key, Versioned<Record>>>,
    next: Cell<u64>,
    /// The time at which requests are decided.
    pub now: Cell<u64>,
}

impl Ledger {
    /// Puts `record` at `key`, whether it belongs there or not.
    pub fn put(&self, key: Key, record: Record) {
        let version = self.next.replace(self.next.get() + 1);
        self.rows.borrow_mut().insert(key, Versioned { version, value: record });
    }

    /// The record at `key`.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Record> {
        self.rows.borrow().get(key).map(|row| row.value.clone())
    }

    /// Everything that is in it.
    #[must_use]
    pub fn all(&self) -> HashMap<Key, Record> {
        self.rows.borrow().iter().map(|(key, row)| (key.clone(), row.value.clone())).collect()
    }
}

impl Store for Ledger {
    type Error = Infallible;

    fn load(&self, keys: &[Key], _: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Infallible> {
        let rows = self.rows.borrow();
        Ok(keys.iter().map(|key| rows.get(key).cloned()).collect())
    }

    fn commit(&self, changes: Vec<Change>, _: Timestamp) -> Result<Commit, Infallible> {
        let version = |key: &Key| self.rows.borrow().get(key).map(|row| row.version);
        let holds = |change: &Change| match change.expect {
            Expect::Absent => version(&change.key).is_none(),
            Expect::Version(expected) => version(&change.key) == Some(expected),
        };
        if !changes.iter().all(holds) {
            return Ok(Commit::Conflict);
        }
        for change in changes {
            match &change.write {
                Write::Put { record, .. } => self.put(change.key.clone(), record.clone()),
                Write::Delete => drop(self.rows.borrow_mut().remove(&change.key)),
                Write::Nothing => {}
            }
        }
        Ok(Commit::Applied)
    }
}
