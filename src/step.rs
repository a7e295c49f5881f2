//! The machine, written once for every endpoint.
//!
//! ```text
//!             ┌──────────── conflict: load again, decide again (bounded) ────────────┐
//!             ▼                                                                      │
//!   start ─▶ Load/Fetch/Judge/Sign/Draw ── decide ──┬── plan has changes ──▶ Commit ──▶ Done
//!             ▲                                     ├── nothing to write ───────────▶ Done
//!             └──────────── Missing(need) ──────────┘
//! ```

use std::fmt::Debug;
use std::sync::Arc;

use crate::env::{Env, Seed, Timestamp};
use crate::event::Event;
use crate::fetch::{FetchRequest, Fetched, Unfetched};
use crate::record::Record;
use crate::snapshot::{Answer, Halt, Need, Question, Reading, SigningInput, Snapshot, Verdict};
use crate::store::{Change, Commit, Key, Versioned};

/// A parsed request that is decided without I/O.
pub trait Endpoint: Clone + Debug + Send + Sync + 'static {
    /// What it answers when it is granted.
    type Reply: Clone + Debug + Send + Sync + 'static;
    /// What it answers when it is refused.
    type Refusal: Clone + Debug + Send + Sync + 'static;

    /// The records that the request alone already names.
    fn keys(&self) -> Vec<Key>;

    /// Decides over one snapshot: pure, and run again when something was missing or a commit met a conflict.
    ///
    /// # Errors
    ///
    /// Something is missing, or the request is refused without a trace.
    fn decide(&self, seen: &Snapshot) -> Decision<Self>;

    /// The refusal to give when the world outside failed, where a better one than 503 is possible.
    fn interrupted(&self, _seen: &Snapshot) -> Option<Self::Refusal> {
        None
    }
}

/// What a decision comes to.
pub type Decision<E> = Result<Plan<<E as Endpoint>::Reply, <E as Endpoint>::Refusal>, Halt<<E as Endpoint>::Refusal>>;

/// What to write, what to report and what to answer once that is durable.
#[derive(Clone, Debug)]
pub struct Plan<R, F> {
    changes: Vec<Change>,
    events: Vec<Event>,
    reply: Result<R, F>,
}

impl<R, F> Plan<R, F> {
    /// Answers `reply` once `changes` are durable.
    #[must_use]
    pub const fn grant(changes: Vec<Change>, reply: R) -> Self {
        Self { changes, events: Vec::new(), reply: Ok(reply) }
    }

    /// Refuses once `changes` are durable: a replay revokes.
    #[must_use]
    pub const fn refuse(changes: Vec<Change>, refusal: F) -> Self {
        Self { changes, events: Vec::new(), reply: Err(refusal) }
    }

    /// Reports `event` with the answer.
    #[must_use]
    pub fn reporting(mut self, event: Event) -> Self {
        self.events.reserve_exact(1);
        self.events.push(event);
        self
    }

    pub(crate) fn into_parts(self) -> (Vec<Change>, Vec<Event>, Result<R, F>) {
        (self.changes, self.events, self.reply)
    }

    /// The same plan with another reply.
    pub(crate) fn replying<A>(self, reply: impl FnOnce(R) -> A) -> Plan<A, F> {
        Plan { changes: self.changes, events: self.events, reply: self.reply.map(reply) }
    }

    /// The same plan with a reply that may have to wait for something.
    pub(crate) fn try_replying<A>(self, reply: impl FnOnce(R) -> Result<A, Halt<F>>) -> Result<Plan<A, F>, Halt<F>> {
        let reply = match self.reply {
            Ok(own) => Ok(reply(own)?),
            Err(refusal) => Err(refusal),
        };
        Ok(Plan { changes: self.changes, events: self.events, reply })
    }

    /// The same plan, writing this as well.
    pub(crate) fn writing(mut self, change: Option<Change>) -> Self {
        if let Some(change) = change {
            self.changes.push(change);
        }
        self
    }

    /// The same plan, writing these as well if it grants.
    pub(crate) fn granting(mut self, changes: impl IntoIterator<Item = Change>) -> Self {
        if self.reply.is_ok() {
            self.changes.extend(changes);
        }
        self
    }

    /// The same plan with its answer, reply or refusal, put into one form.
    pub fn answered<A, N>(self, reply: impl FnOnce(R) -> A, refusal: impl FnOnce(F) -> A) -> Plan<A, N> {
        Plan { changes: self.changes, events: self.events, reply: Ok(self.reply.map_or_else(refusal, reply)) }
    }
}

/// What the caller does next. Each variant carries the only calls that are legal then.
///
/// ```
/// # use grantor::{server::Exchange, step::Step, store::Commit};
/// fn conflict(step: Step<Exchange>) -> Step<Exchange> {
///     match step {
///         Step::Commit(pending) => pending.committed(Commit::Conflict),
///         other => other,
///     }
/// }
/// ```
///
/// A plan that is not durable has no reply that could be sent:
///
/// ```compile_fail,E0616
/// # use grantor::{server::Exchange, step::Step};
/// fn early(step: Step<Exchange>) {
///     if let Step::Commit(pending) = step {
///         drop(pending.plan);
///     }
/// }
/// ```
///
/// and what is asked for cannot be answered with something else:
///
/// ```compile_fail,E0599
/// # use grantor::{server::Exchange, step::Step, store::Commit};
/// fn wrong(step: Step<Exchange>) {
///     if let Step::Load(ask) = step {
///         let _ = ask.committed(Commit::Applied);
///     }
/// }
/// ```
#[must_use]
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every case")]
pub enum Step<E: Endpoint> {
    /// Read these records together.
    Load(Ask<E, Vec<Key>>),
    /// Fetch this document; in a box, since it is seldom and large.
    Fetch(Ask<E, Box<FetchRequest>>),
    /// Ask the host.
    Judge(Ask<E, Question>),
    /// Sign this.
    Sign(Ask<E, SigningInput>),
    /// Draw a seed: only for what makes a secret or a name.
    Draw(Ask<E, ()>),
    /// Apply these changes, all or nothing.
    Commit(Pending<E>),
    /// Send this answer.
    Done(Done<E>),
    /// Too many others wrote the same records; answer 503.
    Contended(Contended<E>),
}

/// How often a conflict is met with another decision.
const ROUNDS: u8 = 8;

/// How many questions one round may ask; more is a decision that never ends.
const QUESTIONS: u8 = 32;

#[derive(Clone, Debug)]
struct Machine<E> {
    endpoint: E,
    seen: Snapshot,
    rounds: u8,
    questions: u8,
}

impl<E: Endpoint> Step<E> {
    /// Begins to answer `endpoint` in a known environment.
    pub fn start(endpoint: E, env: Env) -> Self {
        Self::begin(endpoint, Snapshot::within(env))
    }

    /// Begins to answer `endpoint`, and asks for a seed only if one is needed.
    pub fn at(endpoint: E, now: Timestamp) -> Self {
        Self::begin(endpoint, Snapshot::at(now))
    }

    fn begin(endpoint: E, seen: Snapshot) -> Self {
        let keys = endpoint.keys();
        let machine = Box::new(Machine { endpoint, seen, rounds: 0, questions: 0 });
        if keys.is_empty() { machine.decide() } else { Self::Load(Ask { machine, question: keys }) }
    }
}

/// A question to the world outside, and the machine that waits for its answer.
#[derive(Clone, Debug)]
pub struct Ask<E, Q> {
    machine: Box<Machine<E>>,
    question: Q,
}

impl<E: Endpoint, Q> Ask<E, Q> {
    /// What is asked.
    #[must_use]
    pub const fn question(&self) -> &Q {
        &self.question
    }

    /// The time at which the request is judged.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.machine.seen.now()
    }

    /// Gives up because the world outside failed.
    #[must_use]
    pub fn interrupted(self) -> Option<E::Refusal> {
        self.machine.interrupted()
    }
}

impl<E: Endpoint> Ask<E, Vec<Key>> {
    /// Takes the records in the order of the keys; what is short counts as absent.
    pub fn loaded(mut self, found: Vec<Option<Versioned<Record>>>) -> Step<E> {
        self.machine.seen.add_records(self.question, found);
        self.machine.decide()
    }
}

impl<E: Endpoint> Ask<E, Box<FetchRequest>> {
    /// Takes the answer, or why there is none.
    pub fn fetched(self, document: Result<Fetched, Unfetched>) -> Step<E> {
        let answer = Answer::Document(document, Reading::default());
        self.machine.answered(Need::Document(self.question), answer)
    }
}

impl<E: Endpoint> Ask<E, Question> {
    /// Takes the host's verdict.
    pub fn judged(self, verdict: Verdict) -> Step<E> {
        self.machine.answered(Need::Verdict(self.question), Answer::Verdict(verdict))
    }
}

impl<E: Endpoint> Ask<E, SigningInput> {
    /// Takes the signature.
    pub fn signed(self, signature: Arc<[u8]>) -> Step<E> {
        self.machine.answered(Need::Signature(self.question), Answer::Signature(signature))
    }
}

impl<E: Endpoint> Ask<E, ()> {
    /// Takes the seed, which must come from a cryptographic generator and be used for this request only.
    pub fn drawn(mut self, seed: Seed) -> Step<E> {
        self.machine.seen.add_seed(seed);
        self.machine.decide()
    }
}

/// A plan that waits to be durable; its answer cannot be seen before.
#[derive(Clone, Debug)]
pub struct Pending<E: Endpoint> {
    changes: Vec<Change>,
    submitted: Submitted<E>,
}

impl<E: Endpoint> Pending<E> {
    /// What to apply.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The time at which the request is judged.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.submitted.machine.seen.now()
    }

    /// Hands the changes over to a store, and waits for what becomes of them.
    pub fn submit(self) -> (Vec<Change>, Submitted<E>) {
        (self.changes, self.submitted)
    }

    /// Takes what became of the commit.
    pub fn committed(self, outcome: Commit) -> Step<E> {
        self.submitted.committed(outcome)
    }

    /// Gives up because the world outside failed; whether the changes applied is unknown.
    #[must_use]
    pub fn interrupted(self) -> Option<E::Refusal> {
        self.submitted.interrupted()
    }
}

/// A plan whose changes a store has; its answer cannot be seen before it says that they are durable.
#[must_use]
#[derive(Clone, Debug)]
pub struct Submitted<E: Endpoint> {
    machine: Box<Machine<E>>,
    events: Vec<Event>,
    reply: Result<E::Reply, E::Refusal>,
}

impl<E: Endpoint> Submitted<E> {
    /// Takes what became of the commit.
    pub fn committed(self, outcome: Commit) -> Step<E> {
        match outcome {
            Commit::Applied => Step::Done(Done { events: self.events, reply: self.reply }),
            Commit::Conflict if self.machine.rounds == ROUNDS => Step::Contended(Contended { machine: self.machine }),
            Commit::Conflict => self.machine.again(),
        }
    }

    /// Gives up because the world outside failed; whether the changes applied is unknown.
    #[must_use]
    pub fn interrupted(self) -> Option<E::Refusal> {
        self.machine.interrupted()
    }
}

/// The end of a request that met conflict after conflict, or that never stopped asking.
#[derive(Clone, Debug)]
pub struct Contended<E> {
    machine: Box<Machine<E>>,
}

impl<E: Endpoint> Contended<E> {
    /// Gives up.
    #[must_use]
    pub fn interrupted(self) -> Option<E::Refusal> {
        self.machine.interrupted()
    }
}

/// The end: what happened, and what to answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Done<E: Endpoint> {
    /// What happened, without any secret.
    pub events: Vec<Event>,
    /// What to answer.
    pub reply: Result<E::Reply, E::Refusal>,
}

impl<E: Endpoint> Machine<E> {
    fn decide(mut self: Box<Self>) -> Step<E> {
        let need = match self.endpoint.decide(&self.seen) {
            Ok(plan) if plan.changes.is_empty() => return Step::Done(Done { events: plan.events, reply: plan.reply }),
            Ok(Plan { changes, events, reply }) => {
                return Step::Commit(Pending { changes, submitted: Submitted { machine: self, events, reply } });
            }
            Err(Halt::Refused(refusal)) => return Step::Done(Done { events: Vec::new(), reply: Err(refusal) }),
            Err(Halt::Missing(need)) => need,
        };
        if self.questions == QUESTIONS {
            return Step::Contended(Contended { machine: self });
        }
        self.questions += 1;
        match need {
            Need::Records(keys) => Step::Load(Ask { machine: self, question: keys }),
            Need::Document(request) => Step::Fetch(Ask { machine: self, question: request }),
            Need::Verdict(question) => Step::Judge(Ask { machine: self, question }),
            Need::Signature(input) => Step::Sign(Ask { machine: self, question: input }),
            Need::Seed => Step::Draw(Ask { machine: self, question: () }),
        }
    }

    fn answered(mut self: Box<Self>, need: Need, answer: Answer) -> Step<E> {
        self.seen.add_answer(need, answer);
        self.decide()
    }

    fn again(mut self: Box<Self>) -> Step<E> {
        self.rounds += 1;
        self.questions = 0;
        let keys = self.seen.forget_records();
        if keys.is_empty() { self.decide() } else { Step::Load(Ask { machine: self, question: keys }) }
    }

    fn interrupted(&self) -> Option<E::Refusal> {
        self.endpoint.interrupted(&self.seen)
    }
}
