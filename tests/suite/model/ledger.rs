//! A store that can be forked: the contract in its plainest form.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;

use grantor::Timestamp;
use grantor::record::Record;
use grantor::store::{Change, Commit, Expect, Key, Store, Versioned, Write};

#[derive(Clone, Debug)]
pub(super) struct Ledger {
    rows: RefCell<HashMap<Key, Row>>,
    next: Cell<u64>,
    /// Whether what expires is gone; the contract allows both.
    forgets: bool,
}

#[derive(Clone, Debug)]
struct Row {
    current: Versioned<Record>,
    expires: Option<Timestamp>,
}

impl Ledger {
    pub(super) fn new(forgets: bool) -> Self {
        Self { rows: RefCell::default(), next: Cell::default(), forgets }
    }

    pub(super) fn put(&self, key: Key, record: Record, expires: Option<Timestamp>) {
        let version = self.next.replace(self.next.get() + 1);
        self.rows.borrow_mut().insert(key, Row { current: Versioned { version, value: record }, expires });
    }

    fn find(&self, key: &Key, now: Timestamp) -> Option<Versioned<Record>> {
        let is_there = |row: &&Row| !self.forgets || row.expires.is_none_or(|expires| now < expires);
        self.rows.borrow().get(key).filter(is_there).map(|row| row.current.clone())
    }
}

impl Store for Ledger {
    type Error = Infallible;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Infallible> {
        Ok(keys.iter().map(|key| self.find(key, now)).collect())
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Infallible> {
        let holds = |change: &Change| match (change.expect, self.find(&change.key, now)) {
            (Expect::Absent, None) => true,
            (Expect::Version(version), Some(row)) => row.version == version,
            (Expect::Absent, Some(_)) | (Expect::Version(_), None) => false,
        };
        if !changes.iter().all(holds) {
            return Ok(Commit::Conflict);
        }
        for change in changes {
            match &change.write {
                Write::Put { record, expires } => self.put(change.key.clone(), record.clone(), *expires),
                Write::Delete => drop(self.rows.borrow_mut().remove(&change.key)),
                Write::Nothing => {}
            }
        }
        Ok(Commit::Applied)
    }
}
