//! The contract with storage: one batched read, one atomic write.

mod change;
mod grant_index;
#[cfg(feature = "memory")]
mod memory;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

pub use change::{Change, Expect, Write};
pub use grant_index::{AsyncGrantIndex, Cursor, GrantIndex, Listed, Page, Whose};
#[cfg(feature = "memory")]
pub use memory::{Indexed, Memory, Unindexed};

use crate::env::Timestamp;
use crate::record::{ClientId, Digest, ExtensionId, GrantId, Record, Subject, TokenId};

/// The name of a record.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Key {
    /// A [`Record::Client`].
    Client(ClientId),
    /// A [`Record::Grant`].
    Grant(GrantId),
    /// A [`Record::Token`].
    Token(TokenId),
    /// A [`Record::Pushed`].
    Pushed(Digest),
    /// A [`Record::UserCode`].
    UserCode(Digest),
    /// A [`Record::Extension`].
    Extension(ExtensionId),
    /// A [`Record::Seen`].
    Seen(Digest),
    /// A [`Record::Consent`].
    Consent {
        /// Who agreed.
        subject: Subject,
        /// To whom they gave it.
        client: ClientId,
    },
}

impl Key {
    /// The grant that all rows of one grant share: a store may be partitioned by it.
    #[must_use]
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Client(_)
            | Self::Pushed(_)
            | Self::UserCode(_)
            | Self::Extension(_)
            | Self::Seen(_)
            | Self::Consent { .. } => None,
            Self::Grant(id) => Some(*id),
            Self::Token(id) => Some(id.grant),
        }
    }
}

/// A text that is different for each key, for stores whose keys are texts.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(id) => write!(f, "client/{id}"),
            Self::Grant(id) => write!(f, "grant/{id}"),
            Self::Token(id) => write!(f, "token/{}/{}", id.grant, id.digest.to_base64url()),
            Self::Pushed(id) => write!(f, "pushed/{}", id.to_base64url()),
            Self::UserCode(id) => write!(f, "user_code/{}", id.to_base64url()),
            Self::Extension(id) => write!(f, "extension/{}/{}", id.kind(), id.digest().to_base64url()),
            Self::Seen(id) => write!(f, "seen/{}", id.to_base64url()),
            // The length keeps pairs apart whose names hold slashes.
            Self::Consent { subject, client } => write!(f, "consent/{}/{client}/{subject}", client.as_str().len()),
        }
    }
}

/// A record and the version at which it was read.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a store makes these; the pair is the contract")]
pub struct Versioned<T> {
    /// Never the same for two writes of one key, not even after it was deleted in between.
    pub version: u64,
    /// What was read.
    pub value: T,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a store must choose, a caller must handle both")]
pub enum Commit {
    /// Every expectation held, and every change is durable.
    Applied,
    /// An expectation did not hold, and nothing was changed.
    Conflict,
}

/// Storage for callers that block.
///
/// - `load` answers in the order of the keys, with what was committed before it began.
/// - `commit` applies all changes or none, and only if every expectation holds at that moment.
/// - A version is never used twice for one key.
/// - A request is judged at one time, by its decision and by its store: `now` is the same in each of its calls, and a store
///   needs no clock. A record whose expiry has come by any `now` that the store was told may be missing, never earlier. So
///   what is good when a request comes is good until it is answered, for as long as the host lets it fetch, judge and sign;
///   and where machines share a store, it keeps what expired for as long as their clocks may differ, or a name that was
///   used up on one could be used again on another.
pub trait Store {
    /// Why storage failed; after a failed `commit` it is unknown whether it applied.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Reads the records of `keys`, in their order, as they are at `now`.
    ///
    /// # Errors
    ///
    /// Storage could not be read.
    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Self::Error>;

    /// Applies `changes`, all or nothing, to what is there at `now`.
    ///
    /// # Errors
    ///
    /// Storage could not be written, or it is unknown whether it was.
    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Self::Error>;
}

/// Storage for callers that await; the contract is that of [`Store`].
pub trait AsyncStore {
    /// Why storage failed; after a failed `commit` it is unknown whether it applied.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Reads the records of `keys`, in their order, as they are at `now`.
    fn load(
        &self,
        keys: &[Key],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Option<Versioned<Record>>>, Self::Error>> + Send;

    /// Applies `changes`, all or nothing, to what is there at `now`.
    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> impl Future<Output = Result<Commit, Self::Error>> + Send;
}

/// A store behind a reference.
impl<S: Store + ?Sized> Store for &S {
    type Error = S::Error;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, S::Error> {
        (**self).load(keys, now)
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, S::Error> {
        (**self).commit(changes, now)
    }
}

/// A store that is shared, as with a task that sweeps it.
impl<S: Store + ?Sized> Store for Arc<S> {
    type Error = S::Error;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, S::Error> {
        (**self).load(keys, now)
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, S::Error> {
        (**self).commit(changes, now)
    }
}

/// A store that is shared.
impl<S: AsyncStore + Sync + Send> AsyncStore for Arc<S> {
    type Error = S::Error;

    fn load(
        &self,
        keys: &[Key],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Option<Versioned<Record>>>, S::Error>> + Send {
        (**self).load(keys, now)
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> impl Future<Output = Result<Commit, S::Error>> + Send {
        (**self).commit(changes, now)
    }
}
