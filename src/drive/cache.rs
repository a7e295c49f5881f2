//! A host that remembers the keys that it fetched.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use url::Url;

use super::{AsyncHost, Host};
use crate::ambient::{Clock, SystemClock};
use crate::env::Timestamp;
use crate::fetch::{FetchRequest, Fetched, Purpose, Unfetched};
use crate::snapshot::{Question, SigningInput, Verdict};

/// How keys are kept that were fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CachedKeys {
    /// How many documents are kept; 256 by default.
    pub documents: usize,
    /// For how long a document is kept that does not say; 10 min by default.
    pub usual: Duration,
    /// For how long it is kept at most, whatever it says; 24 h by default. A key that its owner withdraws may be good for so
    /// long.
    pub longest: Duration,
    /// How long an address is left alone after it was asked, whatever came of it; 30 s by default.
    pub pause: Duration,
}

impl Default for CachedKeys {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self { documents: 256, usual: minutes(10), longest: minutes(24 * 60), pause: Duration::from_secs(30) }
    }
}

/// A host that remembers the keys of clients and of trusted issuers that it fetched, for as long as they say within limits.
/// What is fetched for anything else is fetched every time. What a client makes it fetch or forget changes nothing of what is
/// known of an issuer, whatever the address.
///
/// A signature by a key that a document does not have makes it ask again, since its owner may have a new one; at most once
/// in [`CachedKeys::pause`], so that strangers cannot make it ask for nothing.
#[derive(Clone, Debug)]
pub struct CachingHost<H, C = SystemClock> {
    host: H,
    clock: C,
    keys: CachedKeys,
    kept: Arc<Mutex<HashMap<Name, Kept>>>,
}

/// Where keys are, and whether strangers chose that.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Name {
    url: Url,
    of_client: bool,
}

#[derive(Clone, Debug)]
struct Kept {
    asked: Timestamp,
    until: Timestamp,
    answer: Result<Fetched, Unfetched>,
}

impl<H> CachingHost<H> {
    /// Remembers what `host` fetches.
    pub fn new(host: H) -> Self {
        Self { host, clock: SystemClock, keys: CachedKeys::default(), kept: Arc::default() }
    }
}

impl<H, C> CachingHost<H, C> {
    /// Takes the time from `clock`.
    pub fn with_clock<C2>(self, clock: C2) -> CachingHost<H, C2> {
        let Self { host, keys, kept, .. } = self;
        CachingHost { host, clock, keys, kept }
    }

    /// Keeps documents in this way.
    #[must_use]
    pub fn keeping(self, change: impl FnOnce(&mut CachedKeys)) -> Self {
        let mut keys = self.keys;
        change(&mut keys);
        Self { keys, ..self }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Name, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H, C: Clock> CachingHost<H, C> {
    /// What is answered without asking.
    fn recall(&self, request: &FetchRequest) -> Option<Result<Fetched, Unfetched>> {
        let name = Name::of(request)?;
        let now = self.clock.now();
        let kept = self.kept();
        let found = kept.get(&name)?;
        let resting = now < found.asked.plus(self.keys.pause);
        if !(resting || (now < found.until && !request.anew)) {
            return None;
        }
        Some(found.answer.clone().map(|document| Fetched { from_cache: true, ..document }))
    }

    fn remember(&self, request: &FetchRequest, answer: &Result<Fetched, Unfetched>) {
        let Some(name) = Name::of(request) else { return };
        let now = self.clock.now();
        let good = answer.as_ref().is_ok_and(|document| document.status == StatusCode::OK);
        let mut kept = self.kept();
        if !good && let Some(before) = kept.get_mut(&name).filter(|before| now < before.until) {
            // Better the keys of before than none, for as long as they were to be kept.
            before.asked = now;
            return;
        }
        let life = answer.as_ref().ok().and_then(|document| document.fresh_for).unwrap_or(self.keys.usual);
        let until = if good { now.plus(life.min(self.keys.longest)) } else { now };
        if kept.len() >= self.keys.documents && !kept.contains_key(&name) {
            make_room(&mut kept);
        }
        kept.insert(name, Kept { asked: now, until, answer: answer.clone() });
    }
}

impl Name {
    /// Nothing for what is not kept.
    fn of(request: &FetchRequest) -> Option<Self> {
        let of_client = match request.purpose {
            Purpose::ClientKeys => true,
            Purpose::IssuerKeys => false,
            Purpose::ClientDocument | Purpose::Extension(_) => return None,
        };
        Some(Self { url: request.url.clone(), of_client })
    }
}

/// Forgets what would be forgotten first, of clients if there is any.
fn make_room(kept: &mut HashMap<Name, Kept>) {
    let first = kept.iter().min_by_key(|(name, kept)| (!name.of_client, kept.until)).map(|(name, _)| name.clone());
    if let Some(name) = first {
        kept.remove(&name);
    }
}

impl<H: Host, C: Clock> Host for CachingHost<H, C> {
    type Error = H::Error;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, H::Error> {
        if let Some(recalled) = self.recall(request) {
            return Ok(recalled);
        }
        let answer = self.host.fetch(request)?;
        self.remember(request, &answer);
        Ok(answer)
    }

    fn judge(&self, question: &Question) -> Result<Verdict, H::Error> {
        self.host.judge(question)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, H::Error> {
        self.host.sign(input)
    }
}

impl<H: AsyncHost + Sync, C: Clock + Sync> AsyncHost for CachingHost<H, C> {
    type Error = H::Error;

    async fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, H::Error> {
        if let Some(recalled) = self.recall(request) {
            return Ok(recalled);
        }
        let answer = self.host.fetch(request).await?;
        self.remember(request, &answer);
        Ok(answer)
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, H::Error> {
        self.host.judge(question).await
    }

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, H::Error> {
        self.host.sign(input).await
    }
}
