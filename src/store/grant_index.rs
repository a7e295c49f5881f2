//! What people see of their grants: a second, optional contract, for pages and for incidents.

use std::future::Future;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AsyncStore, Key, Store};
use crate::env::Timestamp;
use crate::record::{ClientId, Grant, GrantId, Record, RememberedConsent, Subject};

/// A store that can list grants and remembered consents, for callers that block.
///
/// - Only what gives something is listed: grants that have tokens, or that a person approved and whose code is not
///   redeemed yet, and remembered consents. [`Cursor::of`] says where a record stands, or that it does not.
/// - A commit that has returned is seen by every later `list`: the index changes together with the record.
/// - A record has one place in the order, and keeps it for as long as it is listed; only a consent that is given again
///   moves, towards the later ones. So a walk from page to page meets everything that was there when it began, and
///   still is, whatever is written meanwhile; what is new it may meet or not.
/// - A page costs work in proportion to `limit`, however many records there are.
pub trait GrantIndex: Store {
    /// Lists up to `limit` of what `whose` names and is there at `now`, beginning behind `after`; at least one is looked
    /// at.
    ///
    /// # Errors
    ///
    /// Storage could not be read.
    fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize, now: Timestamp) -> Result<Page, Self::Error>;
}

/// A store that can list grants and remembered consents, for callers that await; the contract is that of
/// [`GrantIndex`].
pub trait AsyncGrantIndex: AsyncStore {
    /// Lists up to `limit` of what `whose` names and is there at `now`, beginning behind `after`; at least one is looked
    /// at.
    fn list(
        &self,
        whose: &Whose,
        after: Option<&Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<Page, Self::Error>> + Send;
}

/// Which grants and consents are meant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "an index must answer every one")]
pub enum Whose {
    /// What this person gave.
    Subject(Subject),
    /// What this client was given, by people or for itself.
    Client(ClientId),
    /// What this person gave this client.
    Pair {
        /// Who gave.
        subject: Subject,
        /// To whom.
        client: ClientId,
    },
    /// What was given at this time or later; where several clocks are in use, name a time that is early by all of them.
    Since(Timestamp),
}

/// Some of what is listed.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "an index makes these; the pair is the contract")]
pub struct Page {
    /// What was found; there can be fewer than asked for, and even none, although there is more.
    pub entries: Vec<Listed>,
    /// Where the next page begins; absent at the end.
    pub next: Option<Cursor>,
}

/// Something that a person or a client has to show for a consent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Listed {
    /// A grant that gives tokens, or will when its code is redeemed.
    Grant(Grant),
    /// A consent that lets a client be approved without a question.
    Consent(Arc<RememberedConsent>),
}

/// The place of a record in the index: what an index needs to keep of it, and where a page ends.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cursor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    client: ClientId,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<GrantId>,
}

impl Cursor {
    /// Where `record` is listed; nowhere if it gives nothing by itself.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        match record {
            Record::Grant(grant) if grant.is_approved() => Some(Self {
                subject: grant.subject().cloned(),
                client: grant.client().clone(),
                at: grant.created(),
                grant: Some(grant.id),
            }),
            Record::Consent(consent) => Some(Self {
                subject: Some(consent.subject.clone()),
                client: consent.client.clone(),
                at: consent.given,
                grant: None,
            }),
            Record::Grant(_)
            | Record::Client(_)
            | Record::Token(_)
            | Record::Pushed(_)
            | Record::UserCode(_)
            | Record::Extension(_)
            | Record::Seen(_) => None,
        }
    }

    /// Who gave; absent where a client acts for itself.
    #[must_use]
    pub const fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// To whom.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        &self.client
    }

    /// When: of a consent, when it was last given.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The grant; absent for a consent.
    #[must_use]
    pub const fn grant(&self) -> Option<GrantId> {
        self.grant
    }

    /// The record that stands here.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        match (self.grant, &self.subject) {
            (Some(grant), _) => Some(Key::Grant(grant)),
            (None, Some(subject)) => Some(Key::Consent { subject: subject.clone(), client: self.client.clone() }),
            (None, None) => None,
        }
    }
}

impl Listed {
    /// What is listed of `record`, if it is.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        match record {
            Record::Grant(grant) => grant.is_approved().then(|| Self::Grant(grant.clone())),
            Record::Consent(consent) => Some(Self::Consent(Arc::clone(consent))),
            Record::Client(_)
            | Record::Token(_)
            | Record::Pushed(_)
            | Record::UserCode(_)
            | Record::Extension(_)
            | Record::Seen(_) => None,
        }
    }
}

/// An index behind a reference.
impl<S: GrantIndex + ?Sized> GrantIndex for &S {
    fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize, now: Timestamp) -> Result<Page, S::Error> {
        (**self).list(whose, after, limit, now)
    }
}

/// An index that is shared.
impl<S: GrantIndex + ?Sized> GrantIndex for Arc<S> {
    fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize, now: Timestamp) -> Result<Page, S::Error> {
        (**self).list(whose, after, limit, now)
    }
}

/// An index that is shared.
impl<S: AsyncGrantIndex + Sync + Send> AsyncGrantIndex for Arc<S> {
    fn list(
        &self,
        whose: &Whose,
        after: Option<&Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<Page, S::Error>> + Send {
        (**self).list(whose, after, limit, now)
    }
}
