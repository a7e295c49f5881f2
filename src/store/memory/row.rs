//! What the store knows of a record.

use std::sync::Arc;

use crate::env::Timestamp;
use crate::record::{AccessToken, Grant, Record};
use crate::store::Versioned;

#[derive(Debug)]
pub(super) struct Row<R = Record> {
    pub(super) version: u64,
    pub(super) expires: Timestamp,
    pub(super) record: R,
}

impl<R> Row<R> {
    pub(super) fn map<T>(self, change: impl FnOnce(R) -> T) -> Row<T> {
        let Self { version, expires, record } = self;
        Row { version, expires, record: change(record) }
    }

    pub(super) fn found<'r>(&'r self, kept: impl FnOnce(&'r R) -> Lent<'r>) -> Found<'r> {
        Found { version: self.version, expires: self.expires, record: kept(&self.record) }
    }
}

/// A row as it is found, in a family or by itself.
#[derive(Clone, Copy)]
pub(super) struct Found<'r> {
    pub(super) version: u64,
    pub(super) expires: Timestamp,
    record: Lent<'r>,
}

/// A record where it stands.
#[derive(Clone, Copy)]
pub(super) enum Lent<'r> {
    Grant(&'r Grant),
    Token(&'r Arc<AccessToken>),
    Any(&'r Record),
}

impl Found<'_> {
    pub(super) fn record(&self) -> Record {
        match self.record {
            Lent::Grant(grant) => Record::Grant(grant.clone()),
            Lent::Token(token) => Record::Token(Arc::clone(token)),
            Lent::Any(record) => record.clone(),
        }
    }

    pub(super) fn versioned(&self) -> Versioned<Record> {
        Versioned { version: self.version, value: self.record() }
    }
}
