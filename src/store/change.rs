//! Changes to what is kept: which record, how it must be found, what becomes of it.

use std::sync::Arc;

use super::Key;
use crate::env::Timestamp;
use crate::record::{
    AccessToken, Client, Digest, ExtensionRecord, Grant, PushedRequest, Record, RememberedConsent, UserCode,
};

/// One write, and what must still be true for it to apply.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a store takes these apart; the three parts are the contract")]
pub struct Change {
    /// Which record.
    pub key: Key,
    /// How the record must be found.
    pub expect: Expect,
    /// What to do with it then.
    pub write: Write,
}

impl Change {
    /// Writes a consent that was not there before.
    #[must_use]
    pub fn new_consent(consent: RememberedConsent, expires: Timestamp) -> Self {
        let key = Key::Consent { subject: consent.subject.clone(), client: consent.client.clone() };
        Self::insert(key, Record::Consent(Arc::new(consent)), expires)
    }

    /// Uses something that is good for one use, and would be taken until `expires`.
    #[must_use]
    pub fn new_seen(id: Digest, expires: Timestamp) -> Self {
        Self::insert(Key::Seen(id), Record::Seen(Arc::new(id)), expires)
    }

    /// Writes a record of the host that was not there before.
    #[must_use]
    pub fn new_extension(record: ExtensionRecord) -> Self {
        let (key, expires) = (Key::Extension(record.id.clone()), record.expires);
        Self::insert(key, Record::Extension(Arc::new(record)), expires)
    }

    /// Writes a user code that was not there before.
    #[must_use]
    pub fn new_user_code(code: UserCode, expires: Timestamp) -> Self {
        Self::insert(Key::UserCode(code.id), Record::UserCode(Arc::new(code)), expires)
    }

    /// Writes a pushed request that was not there before.
    #[must_use]
    pub fn new_pushed(pushed: PushedRequest, expires: Timestamp) -> Self {
        Self::insert(Key::Pushed(pushed.id), Record::Pushed(Arc::new(pushed)), expires)
    }

    /// Writes a grant that was not there before.
    #[must_use]
    pub fn new_grant(grant: Grant, expires: Timestamp) -> Self {
        Self::insert(Key::Grant(grant.id), Record::Grant(grant), expires)
    }

    /// Writes an access token that was not there before.
    #[must_use]
    pub fn new_token(token: impl Into<Arc<AccessToken>>) -> Self {
        let token = token.into();
        let expires = token.expires;
        Self::insert(Key::Token(token.id), Record::Token(token), expires)
    }

    /// Registers a client under a name that was not taken before.
    #[must_use]
    pub fn new_client(client: Client) -> Self {
        let key = Key::Client(client.id().clone());
        let write = Write::Put { record: Record::Client(Arc::new(client)), expires: None };
        Self { key, expect: Expect::Absent, write }
    }

    const fn insert(key: Key, record: Record, expires: Timestamp) -> Self {
        Self { key, expect: Expect::Absent, write: Write::Put { record, expires: Some(expires) } }
    }
}

/// How a record must be found for a commit to apply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a store must handle every case")]
pub enum Expect {
    /// There is none.
    Absent,
    /// It is still at this version.
    Version(u64),
}

/// What a commit does to a record.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a store must handle every case")]
pub enum Write {
    /// Write it; from `expires` on it may be forgotten.
    Put {
        /// What to keep.
        record: Record,
        /// When it may be forgotten; never if `None`.
        expires: Option<Timestamp>,
    },
    /// Remove it.
    Delete,
    /// Leave it alone: only the expectation counts.
    Nothing,
}
