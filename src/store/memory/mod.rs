//! Records in memory: sharded by grant, swept a little with every write.

mod due;
mod families;
mod family;
mod index;
mod row;
mod shard;
mod spread;

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use crate::env::Timestamp;
use crate::record::{Client, Record, TokenId};

use super::{
    AsyncGrantIndex, AsyncStore, Change, Commit, Cursor, GrantIndex, Key, Listed, Page, Store, Versioned, Whose,
};
use index::Follow;
pub use index::{Indexed, Unindexed};
use shard::Shard;

/// The embedded store. What it holds ends with the process.
///
/// A write forgets up to a fixed number of expired records of the shards that it touches; [`Memory::sweep`] forgets all
/// of them, for hosts that are idle.
///
/// It lists nothing unless it is made [`with_index`](Memory::with_index); without, a question to the index does not
/// compile:
///
/// ```
/// use grantor::store::{GrantIndex, Memory, Whose};
/// # use grantor::{Clock, SystemClock, record::Subject};
/// let store = Memory::new().with_index();
/// let page = GrantIndex::list(&store, &Whose::Subject(Subject::new("ada")), None, 20, SystemClock.now());
/// # assert!(page.is_ok_and(|page| page.entries.is_empty()));
/// ```
///
/// ```compile_fail,E0277
/// use grantor::store::{GrantIndex, Memory, Whose};
/// # use grantor::{Clock, SystemClock, record::Subject};
/// let store = Memory::new();
/// let page = GrantIndex::list(&store, &Whose::Subject(Subject::new("ada")), None, 20, SystemClock.now());
/// ```
#[derive(Debug)]
pub struct Memory<I = Unindexed> {
    shards: Box<[Mutex<Shard<I>>]>,
}

/// How many shards there are; a power of two.
const SHARDS: usize = 64;

/// How many due families and other records one commit looks at in each shard that it writes to: more than it adds, so
/// the backlog shrinks.
const SWEPT: usize = 4;

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::default())).collect();
        Self { shards }
    }

    /// The same store, which lists what it holds from now on: that costs some 200 bytes for a grant of a person, and a
    /// little time whenever a grant begins or ends.
    #[must_use]
    pub fn with_index(self) -> Memory<Indexed> {
        let shards = self.shards.into_iter().map(|shard| {
            let shard = shard.into_inner().unwrap_or_else(PoisonError::into_inner);
            Mutex::new(shard.with_index())
        });
        Memory { shards: shards.collect() }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory<Indexed> {
    /// How many records are listed, expired ones that were not swept yet included.
    #[must_use]
    pub fn listed(&self) -> usize {
        (0..SHARDS).map(|place| self.shard(place).index.len()).sum()
    }
}

impl<I: Follow> Memory<I> {
    /// Adds a client, or replaces the one of the same name.
    pub fn put_client(&self, client: Client) {
        let key = Key::Client(client.id().clone());
        let mut shard = self.shard(place(&key));
        shard.put(&key, Record::Client(client.into()), None);
    }

    /// How many records there are, expired ones that were not swept yet included.
    #[must_use]
    pub fn len(&self) -> usize {
        (0..SHARDS).map(|place| self.shard(place).len()).sum()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets every record that has expired at `now`.
    pub fn sweep(&self, now: Timestamp) {
        (0..SHARDS).for_each(|place| while self.shard(place).sweep(now, 1024) {});
    }

    #[expect(clippy::indexing_slicing, reason = "`place` is below SHARDS")]
    fn shard(&self, place: usize) -> MutexGuard<'_, Shard<I>> {
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the shards of `keys`, each once and in one order, so that two calls never wait for each other.
    fn lock<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> Locked<'_, I> {
        let mut wanted = keys.fold(0_u64, |wanted, key| wanted | 1 << place(key));
        let mut held = SmallVec::new();
        while wanted != 0 {
            let place = wanted.trailing_zeros() as usize;
            held.push((place, self.shard(place)));
            wanted &= wanted - 1;
        }
        Locked { held }
    }
}

/// Rows of one grant share a shard. Here it is enough that names differ; what clients choose is hashed under a key in the
/// shard ([`spread`]).
fn place(key: &Key) -> usize {
    let spread = match key {
        // The name of a grant that is kept is random.
        Key::Grant(id) | Key::Token(TokenId { grant: id, .. }) => id.as_bytes().first().copied().unwrap_or_default(),
        Key::Pushed(id) | Key::UserCode(id) | Key::Seen(id) => id.as_bytes().first().copied().unwrap_or_default(),
        Key::Extension(id) => id.digest().as_bytes().first().copied().unwrap_or_default(),
        Key::Client(id) => id.as_str().bytes().fold(0, u8::wrapping_add),
        Key::Consent { subject, client } => {
            subject.as_bytes().iter().copied().chain(client.as_str().bytes()).fold(0, u8::wrapping_add)
        }
    };
    usize::from(spread) % SHARDS
}

/// Some shards, locked.
struct Locked<'m, I> {
    /// No allocation for a client and a grant, which is what most requests are about.
    held: SmallVec<[(usize, MutexGuard<'m, Shard<I>>); 2]>,
}

impl<I> Locked<'_, I> {
    /// The shard of a key that was named when the shards were locked.
    fn shard(&self, key: &Key) -> Option<&Shard<I>> {
        let place = place(key);
        self.held.iter().find_map(|(own, shard)| (*own == place).then_some(&**shard))
    }

    fn shard_mut(&mut self, key: &Key) -> Option<&mut Shard<I>> {
        let place = place(key);
        self.held.iter_mut().find_map(|(own, shard)| (*own == place).then_some(&mut **shard))
    }
}

impl<I: Follow> Store for Memory<I> {
    type Error = Infallible;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Infallible> {
        let locked = self.lock(keys.iter());
        Ok(keys.iter().map(|key| locked.shard(key)?.load(key, now)).collect())
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Infallible> {
        let mut locked = self.lock(changes.iter().map(|change| &change.key));
        for change in &changes {
            if !locked.shard(&change.key).is_some_and(|shard| shard.holds(change, now)) {
                return Ok(Commit::Conflict);
            }
        }
        for change in changes {
            if let Some(shard) = locked.shard_mut(&change.key) {
                shard.apply(change);
            }
        }
        for (_, shard) in &mut locked.held {
            shard.sweep(now, SWEPT);
        }
        Ok(Commit::Applied)
    }
}

impl<I: Follow> AsyncStore for Memory<I> {
    type Error = Infallible;

    async fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Infallible> {
        Store::load(self, keys, now)
    }

    async fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Infallible> {
        Store::commit(self, changes, now)
    }
}

/// Shard by shard, and in each the grants before the consents.
impl GrantIndex for Memory<Indexed> {
    fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize, now: Timestamp) -> Result<Page, Infallible> {
        let limit = limit.max(1);
        let begun = after.and_then(Cursor::key).map(|key| place(&key));
        let mut page = Page::default();
        let mut seen = 0;
        for place in begun.unwrap_or_default()..SHARDS {
            let shard = self.shard(place);
            let after = after.filter(|_| begun == Some(place));
            for key in shard.index.list(whose, after, limit - seen) {
                seen += 1;
                let Some(row) = shard.find(&key) else { continue };
                let record = row.record();
                page.next = Cursor::of(&record);
                if now < row.expires {
                    page.entries.extend(Listed::of(&record));
                }
            }
            if seen == limit {
                return Ok(page);
            }
        }
        Ok(Page { next: None, ..page })
    }
}

impl AsyncGrantIndex for Memory<Indexed> {
    async fn list(
        &self,
        whose: &Whose,
        after: Option<&Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page, Infallible> {
        GrantIndex::list(self, whose, after, limit, now)
    }
}
