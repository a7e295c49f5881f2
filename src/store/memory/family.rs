//! What belongs to one grant, in one place: whoever looks for one row of it mostly looks for the others too.

use std::mem;

use smallvec::SmallVec;

use super::due::NEVER;
use super::shard::Row;
use crate::env::Timestamp;
use crate::record::{Digest, Record};

/// How many tokens stand beside their grant; the others stand by themselves, so that a family stays small.
const TOKENS: usize = 4;

/// The rows of one grant.
#[derive(Debug)]
pub(super) struct Family {
    grant: Option<Row>,
    tokens: SmallVec<[(Digest, Row); 2]>,
    /// How many tokens of this grant stand by themselves.
    pub(super) elsewhere: usize,
    /// The moment at which this family is looked at: at or before the first expiry in it.
    pub(super) queued: Timestamp,
}

impl Default for Family {
    fn default() -> Self {
        Self { grant: None, tokens: SmallVec::new(), elsewhere: 0, queued: NEVER }
    }
}

impl Family {
    /// The row of the grant, or of this token of it.
    pub(super) fn find(&self, token: Option<&Digest>) -> Option<&Row> {
        match token {
            None => self.grant.as_ref(),
            Some(digest) => self.tokens.iter().find_map(|(own, row)| (own == digest).then_some(row)),
        }
    }

    /// Puts a row where it belongs, and gives the one that was there; or gives it back, if it is a token that has to stand
    /// by itself. While some do, so does every further one: none is in two places.
    pub(super) fn put(&mut self, token: Option<&Digest>, row: Row) -> Result<Option<Row>, Row> {
        let Some(digest) = token else { return Ok(self.grant.replace(row)) };
        if let Some((_, own)) = self.tokens.iter_mut().find(|(own, _)| own == digest) {
            return Ok(Some(mem::replace(own, row)));
        }
        if self.elsewhere > 0 || self.tokens.len() == TOKENS {
            return Err(row);
        }
        self.tokens.push((*digest, row));
        Ok(None)
    }

    pub(super) fn remove(&mut self, token: Option<&Digest>) -> Option<Row> {
        let Some(digest) = token else { return self.grant.take() };
        let place = self.tokens.iter().position(|(own, _)| own == digest)?;
        Some(self.tokens.swap_remove(place).1)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.grant.iter().chain(self.tokens.iter().map(|(_, row)| row)).map(|row| &row.record)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.grant.is_none() && self.tokens.is_empty() && self.elsewhere == 0
    }

    /// Forgets what has expired, and tells of it.
    pub(super) fn forget(&mut self, now: Timestamp, mut gone: impl FnMut(&Record)) {
        if let Some(row) = self.grant.take_if(|row| row.expires <= now) {
            gone(&row.record);
        }
        self.tokens.retain(|(_, row)| {
            let expired = row.expires <= now;
            if expired {
                gone(&row.record);
            }
            !expired
        });
    }

    /// When the first of its rows expires.
    pub(super) fn first_expiry(&self) -> Timestamp {
        let rows = self.grant.iter().chain(self.tokens.iter().map(|(_, row)| row));
        rows.map(|row| row.expires).min().unwrap_or(NEVER)
    }
}
