//! The index of one shard: it changes under the lock of the rows that it lists.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::env::Timestamp;
use crate::record::{ClientId, GrantId, Record, Subject};
use crate::store::{Cursor, Key, Whose};

/// A [`Memory`](super::Memory) that lists nothing.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Unindexed;

/// A [`Memory`](super::Memory) that can list grants and consents.
// Where the listed rows of a shard are, in every order that is asked for: some 200 bytes for a grant of a person, with
// what the trees leave free.
#[derive(Debug, Default)]
pub struct Indexed {
    grants: Orders<GrantId>,
    consents: Orders<Pair>,
}

/// What may be kept beside the rows; nobody outside can name it.
pub trait Follow: Default + Send {
    /// Whether it lists anything.
    const LISTS: bool;

    /// Follows a row from what it was to what it is.
    fn follow(&mut self, was: Option<&Record>, is: Option<&Record>);
}

impl Follow for Unindexed {
    const LISTS: bool = false;

    #[inline]
    fn follow(&mut self, _: Option<&Record>, _: Option<&Record>) {}
}

type Pair = (Subject, ClientId);

#[derive(Debug)]
struct Orders<I> {
    people: BTreeSet<(Subject, ClientId, I)>,
    clients: BTreeSet<(ClientId, I)>,
    times: BTreeSet<(Timestamp, I)>,
}

/// What tells rows of one kind apart.
trait Name: Clone + Ord {
    fn least() -> Self;
    fn of(cursor: &Cursor) -> Option<Self>;
    fn into_key(self) -> Key;
}

impl Name for GrantId {
    fn least() -> Self {
        Self::new([0; 16])
    }

    fn of(cursor: &Cursor) -> Option<Self> {
        cursor.grant()
    }

    fn into_key(self) -> Key {
        Key::Grant(self)
    }
}

impl Name for Pair {
    fn least() -> Self {
        (Subject::new(""), ClientId::new(""))
    }

    fn of(cursor: &Cursor) -> Option<Self> {
        let subject = cursor.subject().filter(|_| cursor.grant().is_none())?;
        Some((subject.clone(), cursor.client().clone()))
    }

    fn into_key(self) -> Key {
        let (subject, client) = self;
        Key::Consent { subject, client }
    }
}

impl Follow for Indexed {
    const LISTS: bool = true;

    fn follow(&mut self, was: Option<&Record>, is: Option<&Record>) {
        let (was, is) = (was.and_then(Cursor::of), is.and_then(Cursor::of));
        if was == is {
            return;
        }
        if let Some(was) = was {
            self.grants.remove(&was);
            self.consents.remove(&was);
        }
        if let Some(is) = is {
            self.grants.insert(&is);
            self.consents.insert(&is);
        }
    }
}

impl Indexed {
    /// Up to `most` rows behind `after`: the grants, and then the consents.
    pub(super) fn list(&self, whose: &Whose, after: Option<&Cursor>, most: usize) -> Vec<Key> {
        let in_consents = after.is_some_and(|after| after.grant().is_none());
        let mut found = if in_consents { Vec::new() } else { self.grants.list(whose, after, most) };
        let after = after.filter(|_| in_consents);
        let more = most.saturating_sub(found.len());
        found.extend(self.consents.list(whose, after, more));
        found
    }

    pub(super) fn len(&self) -> usize {
        self.grants.clients.len() + self.consents.clients.len()
    }
}

impl<I> Default for Orders<I> {
    fn default() -> Self {
        Self { people: BTreeSet::new(), clients: BTreeSet::new(), times: BTreeSet::new() }
    }
}

impl<I: Name> Orders<I> {
    fn insert(&mut self, at: &Cursor) {
        let Some(name) = I::of(at) else { return };
        if let Some(subject) = at.subject() {
            self.people.insert((subject.clone(), at.client().clone(), name.clone()));
        }
        self.clients.insert((at.client().clone(), name.clone()));
        self.times.insert((at.at(), name));
    }

    fn remove(&mut self, at: &Cursor) {
        let Some(name) = I::of(at) else { return };
        if let Some(subject) = at.subject() {
            self.people.remove(&(subject.clone(), at.client().clone(), name.clone()));
        }
        self.clients.remove(&(at.client().clone(), name.clone()));
        self.times.remove(&(at.at(), name));
    }

    fn list(&self, whose: &Whose, after: Option<&Cursor>, most: usize) -> Vec<Key> {
        let behind = after.and_then(|after| Some((after, I::of(after)?)));
        let names: Vec<I> = match whose {
            Whose::Subject(subject) => {
                let from = match behind {
                    Some((after, name)) => Bound::Excluded((subject.clone(), after.client().clone(), name)),
                    None => Bound::Included((subject.clone(), ClientId::new(""), I::least())),
                };
                let own = self.people.range((from, Bound::Unbounded)).take_while(|(own, ..)| own == subject);
                own.take(most).map(|(.., name)| name.clone()).collect()
            }
            Whose::Pair { subject, client } => {
                let from = match behind {
                    Some((_, name)) => Bound::Excluded((subject.clone(), client.clone(), name)),
                    None => Bound::Included((subject.clone(), client.clone(), I::least())),
                };
                let own = self.people.range((from, Bound::Unbounded));
                let own = own.take_while(|(person, to, _)| person == subject && to == client);
                own.take(most).map(|(.., name)| name.clone()).collect()
            }
            Whose::Client(client) => {
                let from = match behind {
                    Some((_, name)) => Bound::Excluded((client.clone(), name)),
                    None => Bound::Included((client.clone(), I::least())),
                };
                let own = self.clients.range((from, Bound::Unbounded)).take_while(|(own, _)| own == client);
                own.take(most).map(|(_, name)| name.clone()).collect()
            }
            Whose::Since(moment) => {
                let from = match behind {
                    Some((after, name)) => Bound::Excluded((after.at(), name)),
                    None => Bound::Included((*moment, I::least())),
                };
                self.times.range((from, Bound::Unbounded)).take(most).map(|(_, name)| name.clone()).collect()
            }
        };
        names.into_iter().map(I::into_key).collect()
    }
}
