//! What belongs to one grant, in one place: whoever looks for one row of it mostly looks for the others too.

use std::hint::black_box;
use std::mem;
use std::sync::Arc;

use smallvec::SmallVec;

use super::due::NEVER;
use super::row::{Found, Lent, Row};
use crate::env::Timestamp;
use crate::record::{AccessToken, Grant, GrantId, Record, TokenId};

/// How many tokens stand beside their grant; the others stand by themselves, so that a family stays small.
const TOKENS: usize = 4;

/// The rows of one grant. There are many families: every byte counts.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: GrantId,
    grant: Option<Row<Grant>>,
    tokens: SmallVec<[Token; 2]>,
    /// How many rows of this grant stand by themselves.
    pub(super) elsewhere: usize,
    /// The moment at which this family is looked at: at or before the first expiry in it.
    pub(super) queued: Timestamp,
}

#[derive(Debug)]
struct Token {
    /// The start of its digest, so that few others have to be looked at.
    tag: u64,
    row: Row<Arc<AccessToken>>,
}

impl Token {
    fn is(&self, id: &TokenId) -> bool {
        self.tag == tag(id) && self.row.record.id == *id
    }

    fn found(&self) -> Found<'_> {
        self.row.found(Lent::Token)
    }
}

fn tag(id: &TokenId) -> u64 {
    id.digest.as_bytes().first_chunk().map_or(0, |start| u64::from_ne_bytes(*start))
}

impl Family {
    /// The one of this name, with nothing in it.
    pub(super) fn new(name: GrantId) -> Self {
        Self { name, grant: None, tokens: SmallVec::new(), elsewhere: 0, queued: NEVER }
    }

    /// Reads what is far away in memory and will be read next. Such reads do not wait for each other; clones would, since each
    /// counts in memory that it shares. One member for each part that is read.
    pub(super) fn touch(&self) {
        if let Some(Row { record: Grant { mandate, .. }, .. }) = &self.grant {
            black_box((mandate.created, mandate.subject.is_some(), mandate.terms.client_may_vanish));
        }
        if let Some(Token { row: Row { record: token, .. }, .. }) = self.tokens.first() {
            black_box((token.id.grant, token.expires));
        }
    }

    /// The row of the grant, or of this token of it.
    pub(super) fn find(&self, token: Option<&TokenId>) -> Option<Found<'_>> {
        match token {
            None => self.grant.as_ref().map(|row| row.found(Lent::Grant)),
            Some(id) => self.tokens.iter().find(|token| token.is(id)).map(Token::found),
        }
    }

    /// Puts a row where it belongs, and gives the one that was there; or gives it back if it has to stand by itself, as what
    /// is of another kind, or another token, than its key says, and tokens beyond [`TOKENS`]. While some do, so does every
    /// further one: none is in two places.
    pub(super) fn put(&mut self, token: Option<&TokenId>, row: Row) -> Result<Option<Row>, Row> {
        let Row { version, expires, record } = row;
        match (token, record) {
            (None, Record::Grant(record)) if self.grant.is_some() || self.elsewhere == 0 => {
                let was = self.grant.replace(Row { version, expires, record });
                Ok(was.map(|was| was.map(Record::Grant)))
            }
            (Some(id), Record::Token(record)) if record.id == *id => {
                let row = Row { version, expires, record };
                if let Some(own) = self.tokens.iter_mut().find(|token| token.is(id)) {
                    return Ok(Some(mem::replace(&mut own.row, row).map(Record::Token)));
                }
                if self.elsewhere > 0 || self.tokens.len() == TOKENS {
                    return Err(row.map(Record::Token));
                }
                self.tokens.push(Token { tag: tag(id), row });
                Ok(None)
            }
            (_, record) => Err(Row { version, expires, record }),
        }
    }

    pub(super) fn remove(&mut self, token: Option<&TokenId>) -> Option<Row> {
        let Some(id) = token else { return self.grant.take().map(|row| row.map(Record::Grant)) };
        let place = self.tokens.iter().position(|token| token.is(id))?;
        Some(self.tokens.swap_remove(place).row.map(Record::Token))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Found<'_>> {
        self.grant.iter().map(|row| row.found(Lent::Grant)).chain(self.tokens.iter().map(Token::found))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.grant.is_none() && self.tokens.is_empty() && self.elsewhere == 0
    }

    /// Forgets what has expired: whether the grant, and how many tokens.
    pub(super) fn forget(&mut self, now: Timestamp) -> (Option<Grant>, usize) {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.row.expires > now);
        let grant = self.grant.take_if(|row| row.expires <= now);
        (grant.map(|row| row.record), before - self.tokens.len())
    }

    /// When the first of its rows expires.
    pub(super) fn first_expiry(&self) -> Timestamp {
        self.rows().map(|row| row.expires).min().unwrap_or(NEVER)
    }
}
