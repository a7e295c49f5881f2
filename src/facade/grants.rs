//! What a host's page of connected applications needs, and what its operator needs after an incident.

use std::convert::Infallible;
use std::sync::Arc;

use super::{AuthorizationServer, Outcome};
use crate::ambient::{Clock, Randomness};
use crate::drive::{AsyncHost, Cause, Failure, Host};
use crate::event::EventSink;
use crate::record::GrantId;
use crate::server::{EndGrant, EndedBy, ForgetConsent};
use crate::store::{AsyncGrantIndex, AsyncStore, Cursor, GrantIndex, Listed, Page, Store, Whose};

/// How many entries are read at once to be ended.
const PAGE: usize = 100;

/// What ends an entry of the index.
enum End {
    Grant(EndGrant),
    Consent(ForgetConsent),
}

impl<S, H, E: EventSink, C, R> AuthorizationServer<S, H, E, C, R> {
    fn end_of(&self, listed: &Listed, by: &EndedBy) -> End {
        match listed {
            Listed::Grant(grant) => End::Grant(EndGrant::listed(Arc::clone(&self.config), grant, by.clone())),
            Listed::Consent(consent) => {
                let (subject, client) = (consent.subject().clone(), consent.client().clone());
                End::Consent(ForgetConsent::new(subject, client, by.clone()))
            }
        }
    }

    fn reported<T, X, Y>(&self, listed: Result<T, X>) -> Result<T, Failure<X, Y, Infallible>>
    where
        X: std::error::Error + 'static,
        Y: std::error::Error + 'static,
    {
        listed.map_err(|error| {
            let cause = Cause::Store(error);
            self.sink.failure(&cause);
            Failure { cause, refusal: None }
        })
    }
}

/// Blocking.
impl<S: Store, H: Host, E: EventSink, C: Clock, R: Randomness> AuthorizationServer<S, H, E, C, R> {
    /// Ends a grant, at the word of someone that the host has authorised; whether there was something to end.
    ///
    /// # Errors
    ///
    /// The store failed, and the grant may live on.
    pub fn end_grant(&self, grant: GrantId, by: EndedBy) -> Outcome<EndGrant, S::Error, H::Error> {
        self.run(EndGrant::new(Arc::clone(&self.config), grant, by))
    }
}

/// Blocking, over a store with an index.
impl<S: GrantIndex, H: Host, E: EventSink, C: Clock, R: Randomness> AuthorizationServer<S, H, E, C, R> {
    /// Lists grants and remembered consents, page by page.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize) -> Result<Page, S::Error> {
        self.store.list(whose, after, limit, self.clock.now())
    }

    /// Ends every grant and forgets every consent of `whose`, one by one; how many there were.
    ///
    /// Once it is answered, nothing that existed when it began gives anything: a code, refresh or exchange that runs at
    /// the same time either was answered before its grant's end, which then kills its tokens, or is refused. What a
    /// person approves meanwhile or later is new, and stays or not.
    ///
    /// # Errors
    ///
    /// The store failed: some may have ended; call it again.
    pub fn end_all(&self, whose: &Whose, by: &EndedBy) -> Result<u64, Failure<S::Error, H::Error, Infallible>> {
        let (mut ended, mut after) = (0, None);
        loop {
            let page = self.reported(self.store.list(whose, after.as_ref(), PAGE, self.clock.now()))?;
            for listed in &page.entries {
                let outcome = match self.end_of(listed, by) {
                    End::Grant(end) => self.run(end)?,
                    End::Consent(end) => self.run(end)?,
                };
                ended += u64::from(outcome.unwrap_or_else(|never| match never {}));
            }
            after = page.next;
            if after.is_none() {
                return Ok(ended);
            }
        }
    }
}

/// Async: the same, awaiting.
impl<S: AsyncStore, H: AsyncHost, E: EventSink, C: Clock, R: Randomness> AuthorizationServer<S, H, E, C, R> {
    /// Ends a grant, at the word of someone that the host has authorised; whether there was something to end.
    ///
    /// # Errors
    ///
    /// The store failed, and the grant may live on.
    pub async fn end_grant_async(&self, grant: GrantId, by: EndedBy) -> Outcome<EndGrant, S::Error, H::Error> {
        self.run_async(EndGrant::new(Arc::clone(&self.config), grant, by)).await
    }
}

/// Async, over a store with an index: the same, awaiting.
impl<S: AsyncGrantIndex, H: AsyncHost, E: EventSink, C: Clock, R: Randomness> AuthorizationServer<S, H, E, C, R> {
    /// Lists grants and remembered consents, page by page.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn list_async(&self, whose: &Whose, after: Option<&Cursor>, limit: usize) -> Result<Page, S::Error> {
        self.store.list(whose, after, limit, self.clock.now()).await
    }

    /// Ends every grant and forgets every consent of `whose`, with the promise of the blocking one.
    ///
    /// # Errors
    ///
    /// The store failed: some may have ended; call it again.
    pub async fn end_all_async(
        &self,
        whose: &Whose,
        by: &EndedBy,
    ) -> Result<u64, Failure<S::Error, H::Error, Infallible>> {
        let (mut ended, mut after) = (0, None);
        loop {
            let page = self.reported(self.store.list(whose, after.as_ref(), PAGE, self.clock.now()).await)?;
            for listed in &page.entries {
                let outcome = match self.end_of(listed, by) {
                    End::Grant(end) => self.run_async(end).await?,
                    End::Consent(end) => self.run_async(end).await?,
                };
                ended += u64::from(outcome.unwrap_or_else(|never| match never {}));
            }
            after = page.next;
            if after.is_none() {
                return Ok(ended);
            }
        }
    }
}
