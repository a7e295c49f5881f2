//! Drivers copy between a machine and the world; they know nothing of the protocol.

mod cache;

use std::future::Future;
use std::sync::Arc;

pub use cache::{CachedKeys, CachingHost};

use crate::ambient::Randomness;
use crate::fetch::{FetchRequest, Fetched, Unfetched};
use crate::snapshot::{Question, SigningInput, Verdict};
use crate::step::{Done, Endpoint, Step};
use crate::store::{AsyncStore, Store};

/// Fetches, judges and signs, for callers that block.
pub trait Host {
    /// Why the host could not do its part.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Fetches a document as [`fetch`](crate::fetch) says; one that cannot be had is an answer, not an error.
    ///
    /// # Errors
    ///
    /// The host itself failed.
    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Self::Error>;

    /// Decides a question.
    ///
    /// # Errors
    ///
    /// The host itself failed.
    fn judge(&self, question: &Question) -> Result<Verdict, Self::Error>;

    /// Signs.
    ///
    /// # Errors
    ///
    /// The host itself failed, or has no such key.
    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Self::Error>;
}

/// Fetches, judges and signs, for callers that await; the contract is that of [`Host`].
pub trait AsyncHost {
    /// Why the host could not do its part.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Fetches a document as [`fetch`](crate::fetch) says; one that cannot be had is an answer, not an error.
    fn fetch(
        &self,
        request: &FetchRequest,
    ) -> impl Future<Output = Result<Result<Fetched, Unfetched>, Self::Error>> + Send;

    /// Decides a question.
    fn judge(&self, question: &Question) -> impl Future<Output = Result<Verdict, Self::Error>> + Send;

    /// Signs.
    fn sign(&self, input: &SigningInput) -> impl Future<Output = Result<Arc<[u8]>, Self::Error>> + Send;
}

/// A host that fetches nothing, denies every question and has no keys.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing in it and never will")]
pub struct NoHost;

/// There is no key to sign with.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the host has no keys")]
#[non_exhaustive]
pub struct NoKeys;

impl Host for NoHost {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        Ok(Err(Unfetched::NotServed))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        Err(NoKeys)
    }
}

impl AsyncHost for NoHost {
    type Error = NoKeys;

    async fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        Host::fetch(self, request)
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        Host::judge(self, question)
    }

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        Host::sign(self, input)
    }
}

/// Why a request ended without an answer of its endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure<S, H, F> {
    /// What failed.
    pub cause: Cause<S, H>,
    /// A refusal that fits better than 503, where the endpoint has one.
    pub refusal: Option<F>,
}

/// What failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause<S, H> {
    /// The store; after a failed commit it is unknown whether it applied, so nothing is tried again here.
    #[error("the store failed")]
    Store(#[source] S),
    /// The host.
    #[error("the host failed")]
    Host(#[source] H),
    /// Others wrote the same records again and again.
    #[error("too many conflicting requests")]
    Contended,
    /// No randomness could be had.
    #[error("no randomness")]
    Randomness,
}

/// What a driver comes to.
pub(crate) type Driven<E, S, H> = Result<Done<E>, Failure<S, H, <E as Endpoint>::Refusal>>;

/// Drives a machine to its end, blocking.
///
/// # Errors
///
/// The store, the host or the randomness failed, or there was no end to conflicts.
pub fn run<E: Endpoint, S: Store, H: Host, R: Randomness>(
    mut step: Step<E>,
    store: &S,
    host: &H,
    randomness: &R,
) -> Driven<E, S::Error, H::Error> {
    loop {
        step = match step {
            Step::Load(ask) => match store.load(ask.question(), ask.now()) {
                Ok(found) => ask.loaded(found),
                Err(error) => return Err(Failure { cause: Cause::Store(error), refusal: ask.interrupted() }),
            },
            Step::Fetch(ask) => match host.fetch(ask.question()) {
                Ok(document) => ask.fetched(document),
                Err(error) => return Err(Failure { cause: Cause::Host(error), refusal: ask.interrupted() }),
            },
            Step::Judge(ask) => match host.judge(ask.question()) {
                Ok(verdict) => ask.judged(verdict),
                Err(error) => return Err(Failure { cause: Cause::Host(error), refusal: ask.interrupted() }),
            },
            Step::Sign(ask) => match host.sign(ask.question()) {
                Ok(signature) => ask.signed(signature),
                Err(error) => return Err(Failure { cause: Cause::Host(error), refusal: ask.interrupted() }),
            },
            Step::Draw(ask) => match randomness.seed() {
                Ok(seed) => ask.drawn(seed),
                Err(_) => return Err(Failure { cause: Cause::Randomness, refusal: ask.interrupted() }),
            },
            Step::Commit(pending) => {
                let now = pending.now();
                let (changes, submitted) = pending.submit();
                match store.commit(changes, now) {
                    Ok(outcome) => submitted.committed(outcome),
                    Err(error) => return Err(Failure { cause: Cause::Store(error), refusal: submitted.interrupted() }),
                }
            }
            Step::Done(done) => return Ok(done),
            Step::Contended(end) => return Err(Failure { cause: Cause::Contended, refusal: end.interrupted() }),
        };
    }
}

/// Drives a machine to its end, awaiting.
///
/// # Errors
///
/// The store, the host or the randomness failed, or there was no end to conflicts.
pub async fn run_async<E: Endpoint, S: AsyncStore, H: AsyncHost, R: Randomness>(
    mut step: Step<E>,
    store: &S,
    host: &H,
    randomness: &R,
) -> Driven<E, S::Error, H::Error> {
    loop {
        step = match step {
            Step::Load(ask) => match store.load(ask.question(), ask.now()).await {
                Ok(found) => ask.loaded(found),
                Err(error) => return Err(Failure { cause: Cause::Store(error), refusal: ask.interrupted() }),
            },
            Step::Fetch(ask) => match host.fetch(ask.question()).await {
                Ok(document) => ask.fetched(document),
                Err(error) => return Err(Failure { cause: Cause::Host(error), refusal: ask.interrupted() }),
            },
            Step::Judge(ask) => match host.judge(ask.question()).await {
                Ok(verdict) => ask.judged(verdict),
                Err(error) => return Err(Failure { cause: Cause::Host(error), refusal: ask.interrupted() }),
            },
            Step::Sign(ask) => match host.sign(ask.question()).await {
                Ok(signature) => ask.signed(signature),
                Err(error) => return Err(Failure { cause: Cause::Host(error), refusal: ask.interrupted() }),
            },
            Step::Draw(ask) => match randomness.seed() {
                Ok(seed) => ask.drawn(seed),
                Err(_) => return Err(Failure { cause: Cause::Randomness, refusal: ask.interrupted() }),
            },
            Step::Commit(pending) => {
                let now = pending.now();
                let (changes, submitted) = pending.submit();
                match store.commit(changes, now).await {
                    Ok(outcome) => submitted.committed(outcome),
                    Err(error) => return Err(Failure { cause: Cause::Store(error), refusal: submitted.interrupted() }),
                }
            }
            Step::Done(done) => return Ok(done),
            Step::Contended(end) => return Err(Failure { cause: Cause::Contended, refusal: end.interrupted() }),
        };
    }
}
