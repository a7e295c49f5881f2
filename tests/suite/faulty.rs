//! A store that fails or lies at one of its calls, and requests to ask of it.

use std::sync::{Arc, Mutex};

use grantor::drive::Host;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Record, Scope};
use grantor::resource::{Access, Demand};
use grantor::server::{Place, Prompt, Session, Visitor};
use grantor::store::{Change, Commit, Key, Store, Versioned};
use grantor::{
    AuthorizationServer, Progress, Question, Randomness, RandomnessFailed, Seed, SigningInput, Timestamp, Verdict,
};
use http::{Request, Response, StatusCode};

use crate::call::{Call, Sent};
use crate::schedule::Scene;
use crate::support::*;
use crate::table::Shelf;

pub(crate) type Shaky<'a, R> = AuthorizationServer<&'a Faulty, Willing, Log, Hands, R>;

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    FailsBefore,
    FailsAfter,
    /// A commit that meets a conflict where there is none.
    Conflicts,
    AnswersNone,
    AnswersNoneFor(usize),
    AnswersStale,
    /// A record of another kind.
    AnswersOtherKind,
    /// Of the right kind, and another's: one of several that there are.
    AnswersForeign(usize),
    /// Only in place of a grant.
    AnswersForeignGrant(usize),
    /// Only in place of an access token.
    AnswersForeignToken(usize),
    /// Only in place of a client.
    AnswersForeignClient(usize),
    /// Only in place of what is none of these: a user code, a pushed request, a record of the host.
    AnswersForeignOther,
    AnswersTooFew,
    AnswersNothing,
    AnswersTooMany,
}

pub(crate) const FAULTS: [Fault; 22] = [
    Fault::None,
    Fault::FailsBefore,
    Fault::FailsAfter,
    Fault::Conflicts,
    Fault::AnswersNone,
    Fault::AnswersNoneFor(0),
    Fault::AnswersNoneFor(1),
    Fault::AnswersStale,
    Fault::AnswersOtherKind,
    Fault::AnswersForeign(0),
    Fault::AnswersForeignGrant(0),
    Fault::AnswersForeignGrant(1),
    Fault::AnswersForeignGrant(2),
    Fault::AnswersForeignToken(0),
    Fault::AnswersForeignToken(1),
    Fault::AnswersForeignToken(2),
    Fault::AnswersForeignClient(0),
    Fault::AnswersForeignClient(1),
    Fault::AnswersForeignOther,
    Fault::AnswersTooFew,
    Fault::AnswersNothing,
    Fault::AnswersTooMany,
];

#[derive(Debug, thiserror::Error)]
#[error("the disk is gone")]
pub(crate) struct Broken;

/// More calls than any fault waits for.
pub(crate) const HEALED: usize = 1000;

/// A store of which one call goes wrong.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) shelf: Shelf,
    pub(crate) fault: Fault,
    pub(crate) at: usize,
    /// Every call goes wrong.
    pub(crate) always: bool,
    pub(crate) calls: Mutex<usize>,
    pub(crate) commits: Mutex<usize>,
    /// Whether something that is there was not given.
    pub(crate) withheld: Mutex<bool>,
}

impl Faulty {
    pub(crate) const fn new(shelf: Shelf, fault: Fault, at: usize) -> Self {
        Self {
            shelf,
            fault,
            at,
            always: false,
            calls: Mutex::new(0),
            commits: Mutex::new(0),
            withheld: Mutex::new(false),
        }
    }

    /// The fault of this call.
    fn next(&self) -> Fault {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        if self.always || *calls - 1 == self.at { self.fault } else { Fault::None }
    }

    /// One of the records of other keys that fit.
    fn other(&self, key: &Key, which: usize, fits: impl Fn(&Key) -> bool) -> Option<Versioned<Record>> {
        self.shelf.with(|table| {
            let mut keys: Vec<_> = table.records().map(|(own, _)| own).filter(|own| *own != key && fits(own)).collect();
            keys.sort_by_key(ToString::to_string);
            table.read(keys.get(which % keys.len().max(1))?)
        })
    }

    /// Puts another's record in place of each wanted one.
    fn replace(
        &self,
        keys: &[Key],
        found: &mut [Option<Versioned<Record>>],
        which: usize,
        wanted: impl Fn(&Key) -> bool,
    ) {
        let kind = std::mem::discriminant::<Key>;
        for (key, row) in keys.iter().zip(found).filter(|(key, _)| wanted(key)) {
            *row = self.other(key, which, |other| kind(key) == kind(other));
        }
    }

    /// What this call answers instead of `found`.
    fn distort(&self, fault: Fault, keys: &[Key], found: &mut Vec<Option<Versioned<Record>>>) {
        let kind = std::mem::discriminant::<Key>;
        let honest = found.clone();
        match fault {
            Fault::None | Fault::FailsBefore | Fault::FailsAfter | Fault::Conflicts => {}
            Fault::AnswersNone => found.fill(None),
            Fault::AnswersNoneFor(place) => found[place.min(keys.len() - 1)] = None,
            Fault::AnswersStale => {
                *found = self.shelf.with(|table| keys.iter().map(|key| table.read_stale(key)).collect());
            }
            Fault::AnswersOtherKind => {
                *found = keys.iter().map(|key| self.other(key, 0, |other| kind(key) != kind(other))).collect();
            }
            Fault::AnswersForeign(which) => self.replace(keys, found, which, |_| true),
            Fault::AnswersForeignGrant(which) => self.replace(keys, found, which, |key| matches!(key, Key::Grant(_))),
            Fault::AnswersForeignToken(which) => self.replace(keys, found, which, |key| matches!(key, Key::Token(_))),
            Fault::AnswersForeignClient(which) => self.replace(keys, found, which, |key| matches!(key, Key::Client(_))),
            Fault::AnswersForeignOther => {
                self.replace(keys, found, 0, |key| !matches!(key, Key::Grant(_) | Key::Token(_) | Key::Client(_)))
            }
            Fault::AnswersTooFew => drop(found.pop()),
            Fault::AnswersNothing => found.clear(),
            Fault::AnswersTooMany => found.extend(honest.clone()),
        }
        let short = honest.iter().skip(found.len()).any(Option::is_some)
            || found.iter().zip(&honest).any(|(own, honest)| honest.is_some() && own != honest);
        *self.withheld.lock().unwrap() |= short && fault != Fault::AnswersStale;
    }
}

impl Store for Faulty {
    type Error = Broken;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Broken> {
        let Ok(mut found) = self.shelf.load(keys, now);
        let fault = self.next();
        if matches!(fault, Fault::FailsBefore | Fault::FailsAfter) {
            return Err(Broken);
        }
        self.distort(fault, keys, &mut found);
        Ok(found)
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Broken> {
        *self.commits.lock().unwrap() += 1;
        match self.next() {
            Fault::FailsBefore => Err(Broken),
            Fault::Conflicts => Ok(Commit::Conflict),
            fault => {
                let Ok(outcome) = self.shelf.commit(changes, now);
                if fault == Fault::FailsAfter { Err(Broken) } else { Ok(outcome) }
            }
        }
    }
}

/// One request, whatever it needs before, and what it comes to.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) world: World<Shelf>,
    pub(crate) ask: Ask,
    /// The answer if nothing goes wrong.
    pub(crate) good: StatusCode,
    /// The answer to the same request after it applied.
    pub(crate) again: StatusCode,
    /// What must be dead in the end.
    pub(crate) dead: Vec<String>,
}

pub(crate) enum Ask {
    Authorize(Request<Vec<u8>>, Visitor),
    Approve(Box<Prompt>),
    Deny(Box<Prompt>),
    Answer(Place, Request<Vec<u8>>),
    /// Something that only the host asks.
    Run(Call),
    Access(Request<Vec<u8>>),
}

impl Ask {
    pub(crate) fn run<R: Randomness>(&self, server: &Shaky<'_, R>, session: Session) -> Response<Vec<u8>> {
        match self {
            Self::Authorize(request, visitor) => {
                let request = server.read_authorization(request).unwrap();
                match server.authorize(request, visitor.clone()) {
                    Progress::Ask(_) => Response::new(b"a question".to_vec()),
                    Progress::Respond(response) => response,
                    Progress::Refuse(reason) => reason.print(),
                }
            }
            Self::Approve(prompt) => server.approve((**prompt).clone(), session),
            Self::Deny(prompt) => server.deny((**prompt).clone()),
            Self::Answer(place, request) => server.answer(*place, request),
            Self::Run(call) => match server.run(call.clone()) {
                Ok(Ok(sent)) => sent.0,
                Ok(Err(never)) => match never {},
                Err(_) => Sent::plain(StatusCode::SERVICE_UNAVAILABLE, "").0,
            },
            Self::Access(request) => {
                let demand = Demand::new(Scope::parse("read").unwrap());
                match server.run(Access::new(server.config(), request, demand)) {
                    Ok(Ok(_)) => Response::new(b"permitted".to_vec()),
                    Ok(Err(refusal)) => refusal.print(),
                    Err(_) => Sent::plain(StatusCode::SERVICE_UNAVAILABLE, "").0,
                }
            }
        }
    }

    /// Whether the person's browser is in the middle, so that the client can be told by a redirect.
    pub(crate) const fn redirects(&self) -> bool {
        matches!(self, Self::Authorize(..) | Self::Approve(_) | Self::Deny(_))
    }
}

impl Case {
    pub(crate) fn server<'a, R: Randomness>(&self, store: &'a Faulty, randomness: R) -> Shaky<'a, R> {
        AuthorizationServer::new(self.world.server.config().clone(), store)
            .with_host(Willing::default())
            .with_sink(Log::default())
            .with_clock(self.world.clock.clone())
            .with_randomness(randomness)
    }

    /// Asks with `fault` at the call of number `at`, and gives the answer, the store, and whether it came that far.
    pub(crate) fn ask(&self, fault: Fault, at: usize) -> (Response<Vec<u8>>, Faulty) {
        let store = Faulty::new(Shelf::new(self.world.server.store().table()), fault, at);
        let response = self.ask.run(&self.server(&store, Late(100)), self.world.session());
        (response, store)
    }

    /// Asks the same of a store that is well again.
    pub(crate) fn ask_again(&self, store: &Faulty, seed: u8) -> Response<Vec<u8>> {
        *store.calls.lock().unwrap() = HEALED;
        self.ask.run(&self.server(store, Late(seed)), self.world.session())
    }

    /// The records as they are, to be asked about.
    pub(crate) fn scene(&self, store: &Faulty) -> Scene {
        let mut scene = Scene::new(&self.world, &[], []);
        scene.table = store.shelf.table();
        scene
    }
}

/// A host that says yes to whatever it is asked, unless it is down, and signs, unless its keys are out of reach.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Willing {
    pub(crate) down: bool,
    pub(crate) mute: bool,
}

impl Host for Willing {
    type Error = Broken;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Broken> {
        Ok(Err(Unfetched::NotServed))
    }

    fn judge(&self, question: &Question) -> Result<Verdict, Broken> {
        if self.down { Err(Broken) } else { Ok(willing(question)) }
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Broken> {
        if self.mute { Err(Broken) } else { sign(input).map_err(|_| Broken) }
    }
}

/// A seed that no other request of the case has.
pub(crate) struct Late(pub(crate) u8);

impl Randomness for Late {
    fn seed(&self) -> Result<Seed, RandomnessFailed> {
        Ok(Seed::new([self.0; 32]))
    }
}
