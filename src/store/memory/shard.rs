//! The rows under one lock.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::due::{Due, NEVER};
use super::families::Families;
use super::family::Family;
use super::index::{Follow, Indexed};
use super::row::{Found, Lent, Row};
use super::spread::Spread;
use crate::env::Timestamp;
use crate::record::{GrantId, Record, TokenId};
use crate::store::{Change, Expect, Key, Versioned, Write};

#[derive(Debug, Default)]
pub(super) struct Shard<I> {
    /// What grants have.
    families: Families,
    /// Every family of which something expires is here once, at or before that moment, and no other.
    due_families: Due<GrantId>,
    /// How many records there are in the families.
    in_families: usize,
    /// Everything else.
    others: HashMap<Key, Lone, Spread>,
    /// Every other row that expires is here at or before its expiry; perhaps more than once, and after it is gone.
    due_others: Due<Key>,
    /// The version that the next write gets; never used twice.
    next: u64,
    /// Every row that is listed, and no other; or nothing.
    pub(super) index: I,
}

/// A row that stands by itself.
#[derive(Debug)]
struct Lone {
    row: Row,
    /// The moment at which it is looked at.
    queued: Timestamp,
}

/// Where a row is looked for.
enum Home<'k> {
    /// With its grant: that itself, or a token of it, which may stand alone as well.
    Family(GrantId, Option<&'k TokenId>),
    Alone,
}

impl<'k> Home<'k> {
    const fn of(key: &'k Key) -> Self {
        match key {
            Key::Grant(id) => Self::Family(*id, None),
            Key::Token(id) => Self::Family(id.grant, Some(id)),
            Key::Client(_)
            | Key::Pushed(_)
            | Key::UserCode(_)
            | Key::Extension(_)
            | Key::Seen(_)
            | Key::Consent { .. } => Self::Alone,
        }
    }
}

impl<I> Shard<I> {
    pub(super) fn find(&self, key: &Key) -> Option<Found<'_>> {
        self.find_in(key, |_| ())
    }

    /// The record at a key, for a decision.
    pub(super) fn load(&self, key: &Key, now: Timestamp) -> Option<Versioned<Record>> {
        self.find_in(key, Family::touch).filter(|row| now < row.expires).map(|row| row.versioned())
    }

    fn find_in(&self, key: &Key, meet: impl FnOnce(&Family)) -> Option<Found<'_>> {
        match Home::of(key) {
            Home::Family(grant, token) => {
                let family = self.families.get(grant)?;
                meet(family);
                family.find(token).or_else(|| (family.elsewhere > 0).then(|| self.lone(key)).flatten())
            }
            Home::Alone => self.lone(key),
        }
    }

    pub(super) fn read(&self, key: &Key, now: Timestamp) -> Option<Found<'_>> {
        self.find(key).filter(|row| now < row.expires)
    }

    pub(super) fn holds(&self, change: &Change, now: Timestamp) -> bool {
        match (change.expect, self.read(&change.key, now)) {
            (Expect::Absent, None) => true,
            (Expect::Version(expected), Some(row)) => row.version == expected,
            (Expect::Absent, Some(_)) | (Expect::Version(_), None) => false,
        }
    }

    /// How many records there are, expired ones included.
    pub(super) fn len(&self) -> usize {
        self.in_families + self.others.len()
    }

    fn lone(&self, key: &Key) -> Option<Found<'_>> {
        self.others.get(key).map(|lone| lone.row.found(Lent::Any))
    }

    fn rows(&self) -> impl Iterator<Item = Found<'_>> {
        let lone = self.others.values().map(|lone| lone.row.found(Lent::Any));
        self.families.iter().flat_map(Family::rows).chain(lone)
    }

    pub(super) fn with_index(self) -> Shard<Indexed> {
        let mut index = Indexed::default();
        self.rows().for_each(|row| index.follow(None, Some(&row.record())));
        let Self { families, due_families, in_families, others, due_others, next, .. } = self;
        Shard { families, due_families, in_families, others, due_others, next, index }
    }
}

impl<I: Follow> Shard<I> {
    pub(super) fn apply(&mut self, change: Change) {
        match change.write {
            Write::Put { record, expires } => self.put(&change.key, record, expires),
            Write::Delete => self.remove(&change.key),
            Write::Nothing => {}
        }
    }

    pub(super) fn put(&mut self, key: &Key, record: Record, expires: Option<Timestamp>) {
        let listed = I::LISTS.then(|| record.clone());
        let row = Row { version: self.next, expires: expires.unwrap_or(NEVER), record };
        self.next += 1;
        let was = match Home::of(key) {
            Home::Family(grant, token) => self.put_in_family(grant, token, key, row),
            Home::Alone => self.put_lone(key, row),
        };
        self.index.follow(was.as_ref().map(|was| &was.record), listed.as_ref());
    }

    fn put_in_family(&mut self, grant: GrantId, token: Option<&TokenId>, key: &Key, row: Row) -> Option<Row> {
        let expires = row.expires;
        let family = self.families.get_or_add(grant);
        let was = match family.put(token, row) {
            Ok(was) => was,
            Err(row) => {
                // A row is in one place: the one that was here goes, the new one stands by itself.
                let own = family.remove(token);
                self.in_families -= usize::from(own.is_some());
                let was = self.put_lone(key, row);
                if was.is_none()
                    && let Some(family) = self.families.get_mut(grant)
                {
                    family.elsewhere += 1;
                }
                return own.or(was);
            }
        };
        self.in_families += usize::from(was.is_none());
        // An entry that comes too early is moved when it comes; one that comes too late would be found too late.
        if expires < family.queued {
            self.due_families.remove(family.queued, &grant);
            family.queued = expires;
            self.due_families.push(expires, grant);
        }
        was
    }

    fn put_lone(&mut self, key: &Key, row: Row) -> Option<Row> {
        let entry = self.others.entry(key.clone());
        let mut queued = if let Entry::Occupied(lone) = &entry { lone.get().queued } else { NEVER };
        if row.expires < queued {
            queued = row.expires;
            self.due_others.push(queued, key.clone());
        }
        let lone = Lone { row, queued };
        match entry {
            Entry::Occupied(mut own) => Some(own.insert(lone).row),
            Entry::Vacant(place) => {
                place.insert(lone);
                None
            }
        }
    }

    fn remove(&mut self, key: &Key) {
        let was = match Home::of(key) {
            Home::Family(grant, token) => self.remove_from_family(grant, token, key),
            Home::Alone => self.others.remove(key).map(|lone| lone.row),
        };
        self.index.follow(was.as_ref().map(|was| &was.record), None);
    }

    fn remove_from_family(&mut self, grant: GrantId, token: Option<&TokenId>, key: &Key) -> Option<Row> {
        let family = self.families.get_mut(grant)?;
        let mut was = family.remove(token);
        self.in_families -= usize::from(was.is_some());
        if was.is_none() && family.elsewhere > 0 {
            was = self.others.remove(key).map(|lone| lone.row);
            family.elsewhere -= usize::from(was.is_some());
        }
        if family.is_empty() {
            self.due_families.remove(family.queued, &grant);
            self.families.remove(grant);
        }
        was
    }

    /// Looks at up to `most` due families and other rows; whether more are due.
    pub(super) fn sweep(&mut self, now: Timestamp, most: usize) -> bool {
        for _ in 0..most {
            let (families, others) = (self.due_families.first(), self.due_others.first());
            if now < families.min(others) {
                return false;
            }
            if families <= others {
                self.settle_family(now);
            } else {
                self.settle_lone(now);
            }
        }
        let next = self.due_families.first().min(self.due_others.first());
        next < NEVER && next <= now
    }

    /// Forgets what has expired of the family whose entry came due, and queues it again for what is left.
    fn settle_family(&mut self, now: Timestamp) {
        let Some((_, grant)) = self.due_families.pop() else { return };
        let Some(family) = self.families.get_mut(grant) else { return };
        let (ended, tokens) = family.forget(now);
        self.in_families -= tokens + usize::from(ended.is_some());
        // Tokens are not listed.
        if let Some(grant) = ended {
            self.index.follow(Some(&Record::Grant(grant)), None);
        }
        if family.is_empty() {
            self.families.remove(grant);
        } else {
            family.queued = family.first_expiry();
            self.due_families.push(family.queued, grant);
        }
    }

    /// Forgets the row whose entry came due, or queues it again if it was given more time.
    fn settle_lone(&mut self, now: Timestamp) {
        let Some((moment, key)) = self.due_others.pop() else { return };
        let Some(lone) = self.others.get_mut(&key).filter(|lone| lone.queued == moment) else { return };
        if lone.row.expires <= now {
            self.remove(&key);
            return;
        }
        lone.queued = lone.row.expires;
        self.due_others.push(lone.queued, key);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::record::Digest;
    use crate::store::memory::index::Unindexed;

    const GRANT: GrantId = GrantId::new([1; 16]);

    /// What its key says.
    fn record(key: &Key) -> Record {
        let record = if let Key::Token(id) = key {
            json!({ "token": { "id": id, "client": "app", "scope": "", "audience": [], "issued": 0, "expires": 0 } })
        } else {
            let state = json!({ "live": {} });
            json!({ "grant": { "id": GRANT, "client": "app", "scope": "", "audience": [], "created": 0, "state": state } })
        };
        serde_json::from_value(record).unwrap()
    }

    fn put(shard: &mut Shard<Unindexed>, key: &Key, expires: Timestamp) {
        shard.put(key, record(key), Some(expires));
    }

    #[test]
    fn a_family_is_queued_once_however_long_it_lives() {
        let mut shard = Shard::<Unindexed>::default();
        let mut now = Timestamp::from_unix(1_000_000);
        for round in 0..1000_u64 {
            put(&mut shard, &Key::Grant(GRANT), now.plus(Duration::from_secs(2_592_000)));
            for life in [600, 60, 300] {
                let digest = Digest::of(&[round.to_be_bytes(), u64::to_be_bytes(life)].concat());
                put(&mut shard, &Key::Token(TokenId { grant: GRANT, digest }), now.plus(Duration::from_secs(life)));
            }
            assert_eq!((shard.len(), shard.due_families.len()), (4, 1), "{round}");
            now = now.plus(Duration::from_secs(700));
            while shard.sweep(now, 4) {}
            assert_eq!((shard.len(), shard.due_families.len()), (1, 1), "{round}");
        }
        shard.remove(&Key::Grant(GRANT));
        assert_eq!((shard.len(), shard.due_families.len()), (0, 0));
        assert!(!shard.sweep(Timestamp::from_unix(u64::MAX), 4));
    }

    #[test]
    fn what_never_ends_is_not_swept_at_the_end_of_time() {
        let mut shard = Shard::<Unindexed>::default();
        shard.put(&Key::Grant(GRANT), record(&Key::Grant(GRANT)), None);
        assert!(!shard.sweep(Timestamp::from_unix(u64::MAX), 4));
        assert_eq!((shard.len(), shard.due_families.len()), (1, 0));
    }
}
