//! A store with an index that others use meanwhile, and a town of people with applications.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use grantor::record::{ClientId, Grant, Record, Subject};
use grantor::server::{EndedBy, Session, Visitor};
use grantor::store::{
    AsyncGrantIndex, AsyncStore, Change, Commit, Cursor, GrantIndex, Indexed, Key, Listed, Memory, Page, Store,
    Versioned, Whose, Write,
};
use grantor::{ConfigBuilder, Progress, Timestamp};
use serde_json::Value;

use crate::support::*;

/// What is called between two steps of someone else.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// A store that others use between the steps of this one, that fails when told to, and that keeps a second copy of what
/// was written.
#[derive(Clone)]
pub(crate) struct Busy {
    pub(crate) memory: Arc<Memory<Indexed>>,
    /// After how many more calls someone else comes.
    pub(crate) hook: Arc<Mutex<Option<(usize, Hook)>>>,
    /// After how many more calls the store fails once.
    pub(crate) fault: Arc<Mutex<Option<usize>>>,
    pub(crate) copy: Arc<Mutex<HashMap<Key, (Record, Option<Timestamp>)>>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the store is away")]
pub(crate) struct Away;

impl Busy {
    fn new(memory: Arc<Memory<Indexed>>) -> Self {
        Self { memory, hook: Arc::default(), fault: Arc::default(), copy: Arc::default() }
    }

    fn call(&self) -> Result<(), Away> {
        let mut hook = self.hook.lock().unwrap();
        let due = match hook.as_mut() {
            Some((0, _)) => hook.take(),
            Some((calls, _)) => {
                *calls -= 1;
                None
            }
            None => None,
        };
        drop(hook);
        if let Some((_, meddle)) = due {
            meddle();
        }
        let mut fault = self.fault.lock().unwrap();
        match *fault {
            Some(0) => {
                *fault = None;
                Err(Away)
            }
            Some(calls) => {
                *fault = Some(calls - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Store for Busy {
    type Error = Away;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Away> {
        self.call()?;
        Ok(Store::load(&*self.memory, keys, now).unwrap())
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Away> {
        self.call()?;
        let outcome = Store::commit(&*self.memory, changes.clone(), now).unwrap();
        if outcome == Commit::Applied {
            let mut copy = self.copy.lock().unwrap();
            for change in changes {
                match change.write {
                    Write::Put { record, expires } => {
                        copy.insert(change.key, (record, expires));
                    }
                    Write::Delete => {
                        copy.remove(&change.key);
                    }
                    Write::Nothing => {}
                }
            }
        }
        Ok(outcome)
    }
}

impl GrantIndex for Busy {
    fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize, now: Timestamp) -> Result<Page, Away> {
        self.call()?;
        Ok(GrantIndex::list(&*self.memory, whose, after, limit, now).unwrap())
    }
}

impl AsyncStore for Busy {
    type Error = Away;

    async fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Away> {
        Store::load(self, keys, now)
    }

    async fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Away> {
        Store::commit(self, changes, now)
    }
}

impl AsyncGrantIndex for Busy {
    async fn list(&self, whose: &Whose, after: Option<&Cursor>, limit: usize, now: Timestamp) -> Result<Page, Away> {
        GrantIndex::list(self, whose, after, limit, now)
    }
}

pub(crate) fn device(config: ConfigBuilder) -> ConfigBuilder {
    config.device_flow(|_| {})
}

pub(crate) fn busy() -> (World<Busy>, Busy) {
    busy_with(device)
}

pub(crate) fn busy_with(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (World<Busy>, Busy) {
    let clock = Hands::default();
    let memory = Memory::new().with_index();
    clients().into_iter().for_each(|client| memory.put_client(client));
    let store = Busy::new(Arc::new(memory));
    (world_over(store.clone(), clock, change), store)
}

pub(crate) fn of(subject: &str) -> Whose {
    Whose::Subject(Subject::new(subject))
}

pub(crate) fn to(client: &str) -> Whose {
    Whose::Client(ClientId::new(client))
}

pub(crate) fn between(subject: &str, client: &str) -> Whose {
    Whose::Pair { subject: Subject::new(subject), client: ClientId::new(client) }
}

pub(crate) fn person(subject: &str) -> EndedBy {
    EndedBy::Person(Subject::new(subject))
}

impl<S: GrantIndex> World<S> {
    /// Everything that is listed, read in pages of `limit`; nothing may come twice.
    pub(crate) fn listed_by(&self, whose: &Whose, limit: usize) -> Vec<Listed> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.server.list(whose, after.as_ref(), limit).unwrap();
            assert!(page.entries.len() <= limit);
            found.extend(page.entries);
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    }

    pub(crate) fn grants(&self, whose: &Whose) -> Vec<Grant> {
        let grants = self.listed_by(whose, 100).into_iter().filter_map(|listed| match listed {
            Listed::Grant(grant) => Some(grant),
            _ => None,
        });
        grants.collect()
    }
}

impl<S: Store> World<S> {
    /// A code that `subject` gave `client`.
    pub(crate) fn code_of(&self, subject: &str, client: &str, redirect_uri: &str) -> String {
        let session = Session::new(Subject::new(subject), self.now());
        let visitor = Visitor::logged_in(session.clone(), None);
        match self.authorize(&authorization(client, redirect_uri, &[]), visitor) {
            Progress::Ask(prompt) => parameter(&self.server.approve(*prompt, session), "code").unwrap(),
            Progress::Respond(response) => parameter(&response, "code").unwrap(),
            Progress::Refuse(reason) => panic!("{reason:?}"),
        }
    }

    /// The tokens that `subject` gave `client`.
    pub(crate) fn tokens_of(&self, subject: &str, client: &str, redirect_uri: &str) -> Value {
        let code = self.code_of(subject, client, redirect_uri);
        json(&self.token(&redeem(client, redirect_uri, &code)))
    }
}

pub(crate) const CLI: &str = "http://127.0.0.1:4711/cb";

pub(crate) fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

/// Alice gave `spa` two grants and `cli` one, Bob gave `spa` one, and `service` acts for itself; a minute between each.
pub(crate) fn town<S: GrantIndex>(world: &World<S>) -> Vec<(&'static str, Value)> {
    let minute = |tokens| {
        world.clock.advance(60);
        tokens
    };
    let own = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials")]);
    vec![
        ("alice spa 1", minute(world.tokens_of("alice", "spa", SPA))),
        ("alice spa 2", minute(world.tokens_of("alice", "spa", SPA))),
        ("alice cli", minute(world.tokens_of("alice", "cli", CLI))),
        ("bob spa", minute(world.tokens_of("bob", "spa", SPA))),
        ("service", json(&world.token(&own))),
    ]
}
