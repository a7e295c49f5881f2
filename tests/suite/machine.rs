//! The machine itself, with endpoints that ask everything that can be asked.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use grantor::drive::{self, AsyncHost, Cause, Host, NoHost};
use grantor::fetch::{FetchRequest, Fetched, Purpose, Unfetched};
use grantor::record::Exposed;
use grantor::resource::Access;
use grantor::server::{Approval, Authorize, Denial, Exchange, Introspect, Place, Revoke, Token};
use grantor::step::{Decision, Endpoint, Plan, Step};
use grantor::store::Key;
use grantor::{
    AuthorizationServer, Env, Question, Randomness, RandomnessFailed, Seed, SigningInput, Snapshot, SystemRandomness,
    Timestamp, Verdict,
};

use crate::interleavings::crowd;
use crate::support::{basic, json, post, post_as, world};
use crate::table::Shelf;

/// Fetches a document, asks for leave, and signs what it fetched.
#[derive(Clone, Debug)]
struct Notary;

fn question(topic: &'static str, about: &str) -> Question {
    Question::Extension { topic, about: Exposed::new(about) }
}

impl Endpoint for Notary {
    type Reply = Vec<u8>;
    type Refusal = &'static str;

    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let document = seen.document(&deed())?.map_err(|_| "no document")?;
        if seen.verdict(question("may sign", "the pin 1234"))? == Verdict::Denied {
            return Err("not allowed".into());
        }
        let signature = seen.signature(SigningInput::new("key".to_owned(), "EdDSA", document.bytes.to_vec()))?;
        Ok(Plan::grant(Vec::new(), signature.to_vec()))
    }

    fn interrupted(&self, _: &Snapshot) -> Option<&'static str> {
        Some("come back later")
    }
}

fn deed() -> FetchRequest {
    FetchRequest::new("https://client.example/deed".parse().unwrap(), Purpose::Extension("deed"))
}

fn paper() -> Fetched {
    (&http::Response::new(*b"deed")).into()
}

fn env() -> Env {
    Env::new(Timestamp::from_unix(1), Seed::new([1; 32]))
}

/// A host that does what it is told to.
#[derive(Clone, Debug)]
struct Clerk {
    document: bool,
    verdict: Verdict,
    /// At which kind of call it fails.
    faints: Option<&'static str>,
}

#[derive(Debug, thiserror::Error)]
#[error("fainted")]
struct Fainted;

impl Clerk {
    fn does<T>(&self, what: &str, result: T) -> Result<T, Fainted> {
        if self.faints == Some(what) { Err(Fainted) } else { Ok(result) }
    }
}

impl Host for Clerk {
    type Error = Fainted;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Fainted> {
        assert_eq!(*request, deed());
        self.does("fetch", if self.document { Ok(paper()) } else { Err(Unfetched::Unreachable) })
    }

    fn judge(&self, question: &Question) -> Result<Verdict, Fainted> {
        assert_eq!(*question, self::question("may sign", "the pin 1234"));
        self.does("judge", self.verdict.clone())
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Fainted> {
        assert_eq!((&*input.key, &*input.bytes), ("key", &b"deed"[..]));
        self.does("sign", Arc::from(*b"signed deed"))
    }
}

impl AsyncHost for Clerk {
    type Error = Fainted;

    async fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Fainted> {
        Host::fetch(self, request)
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, Fainted> {
        Host::judge(self, question)
    }

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Fainted> {
        Host::sign(self, input)
    }
}

const WILLING: Clerk = Clerk { document: true, verdict: Verdict::Allowed, faints: None };

#[test]
fn a_machine_asks_for_documents_verdicts_and_signatures() {
    let store = Shelf::default();
    for (clerk, expected) in [
        (WILLING, Ok(b"signed deed".to_vec())),
        (Clerk { document: false, ..WILLING }, Err("no document")),
        (Clerk { verdict: Verdict::Denied, ..WILLING }, Err("not allowed")),
    ] {
        let blocking = drive::run(Step::start(Notary, env()), &store, &clerk, &SystemRandomness).unwrap();
        assert_eq!(blocking.reply, expected);
        let awaited =
            pollster::block_on(drive::run_async(Step::start(Notary, env()), &store, &clerk, &SystemRandomness))
                .unwrap();
        assert_eq!(awaited.reply, expected);
    }
}

#[test]
fn a_host_that_fails_ends_the_request() {
    let store = Shelf::default();
    for what in ["fetch", "judge", "sign"] {
        let clerk = Clerk { faints: Some(what), ..WILLING };
        let blocking = drive::run(Step::start(Notary, env()), &store, &clerk, &SystemRandomness).unwrap_err();
        let awaited =
            pollster::block_on(drive::run_async(Step::start(Notary, env()), &store, &clerk, &SystemRandomness))
                .unwrap_err();
        for failure in [blocking, awaited] {
            assert!(matches!(failure.cause, Cause::Host(Fainted)), "{what}: {failure:?}");
            assert_eq!(failure.cause.to_string(), "the host failed");
            assert_eq!(failure.cause.source().unwrap().to_string(), "fainted");
            assert_eq!(failure.refusal, Some("come back later"));
        }
    }
    let absent = drive::run(Step::start(Notary, env()), &store, &NoHost, &SystemRandomness).unwrap();
    assert_eq!(absent.reply, Err("no document"));
}

#[test]
fn a_question_and_its_answer_are_not_shown() {
    let Step::Fetch(fetch) = Step::start(Notary, env()) else { panic!("no fetch") };
    let judged = fetch.fetched(Ok(paper()));
    let shown = format!("{judged:?}");
    assert!(!shown.contains("1234") && !shown.contains("[100, 101, 101, 100]"), "{shown}");
    let Step::Judge(judge) = judged else { panic!("no question") };
    let signed = format!("{:?}", judge.judged(Verdict::Allowed));
    assert!(!signed.contains("1234") && !signed.contains("[100, 101, 101, 100]"), "{signed}");
}

/// Asks one thing after the other, without end.
#[derive(Clone, Debug)]
struct Curious;

impl Endpoint for Curious {
    type Reply = ();
    type Refusal = ();

    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        for number in 0_u32.. {
            seen.verdict(question("and", &number.to_string()))?;
        }
        Ok(Plan::grant(Vec::new(), ()))
    }
}

#[test]
fn questions_are_bounded() {
    let mut step = Step::start(Curious, env());
    let mut asked = 0;
    while let Step::Judge(ask) = step {
        asked += 1;
        step = ask.judged(Verdict::Allowed);
    }
    assert!(matches!(step, Step::Contended(_)), "{step:?}");
    assert_eq!(asked, 32);
}

#[test]
fn a_machine_can_be_held_sent_and_forked() {
    fn holds<T: Clone + std::fmt::Debug + Send + Sync + 'static>() {}
    holds::<Step<Exchange>>();
    holds::<Step<Token>>();
    holds::<Step<Introspect>>();
    holds::<Step<Revoke>>();
    holds::<Step<Authorize>>();
    holds::<Step<Approval>>();
    holds::<Step<Denial>>();
    holds::<Step<Access>>();
    holds::<Step<Notary>>();
}

#[test]
fn a_document_is_fetched_once_although_a_commit_meets_conflicts() {
    let world = crowd(30);
    let store = world.server.store();
    let client = crate::support::clients()[0].clone();
    let mut step = Step::start(Registrar(Key::Client(client.id().clone())), env());
    let (mut fetches, mut loads, mut conflicts) = (0, 0, 0);
    let done = loop {
        step = match step {
            Step::Load(ask) => {
                loads += 1;
                let found = store.with(|table| table.load(ask.question()));
                ask.loaded(found)
            }
            Step::Fetch(ask) => {
                fetches += 1;
                ask.fetched(Ok(paper()))
            }
            Step::Commit(pending) => {
                if conflicts < 3 {
                    conflicts += 1;
                    store.with(|table| table.put_client(client.clone()));
                }
                let outcome = store.with(|table| table.commit(pending.changes()));
                pending.committed(outcome)
            }
            Step::Done(done) => break done,
            other => panic!("not asked for: {other:?}"),
        };
    };
    assert_eq!((done.reply, fetches, loads, conflicts), (Ok(()), 1, 4, 3));
}

/// Fetches a document and relies on a client.
#[derive(Clone, Debug)]
struct Registrar(Key);

impl Endpoint for Registrar {
    type Reply = ();
    type Refusal = ();

    fn keys(&self) -> Vec<Key> {
        vec![self.0.clone()]
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let Key::Client(id) = &self.0 else { return Err(().into()) };
        let client = seen.client(id)?.ok_or(())?;
        seen.document(&deed())?.map_err(|_| ())?;
        Ok(Plan::grant(vec![client.still()], ()))
    }
}

/// Draws twice: once before anything else, and once after a record was read.
#[derive(Clone, Debug)]
struct Drawer;

impl Endpoint for Drawer {
    type Reply = ([u8; 32], [u8; 32]);
    type Refusal = ();

    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let first = seen.env()?.derive("first");
        seen.document(&deed())?.map_err(|_| ())?;
        Ok(Plan::grant(Vec::new(), (first, seen.env()?.derive("second"))))
    }
}

#[test]
fn a_seed_is_drawn_when_it_is_needed_and_once() {
    let Step::Draw(draw) = Step::at(Drawer, Timestamp::from_unix(1)) else { panic!("no draw") };
    let Step::Fetch(fetch) = draw.drawn(Seed::new([1; 32])) else { panic!("drawn again, or not used") };
    let Step::Done(done) = fetch.fetched(Ok(paper())) else { panic!("drawn again") };
    let drawn = done.reply.unwrap();
    assert_eq!(drawn, (env().derive("first"), env().derive("second")));
    assert_ne!(drawn.0, drawn.1);
}

#[test]
fn who_brings_a_seed_is_not_asked_for_one() {
    assert!(matches!(Step::start(Drawer, env()), Step::Fetch(_)));
}

/// Counts the seeds that are drawn.
#[derive(Debug, Default)]
struct Counted(AtomicUsize);

impl Randomness for &Counted {
    fn seed(&self) -> Result<Seed, RandomnessFailed> {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Seed::new([u8::try_from(count).unwrap(); 32]))
    }
}

#[test]
fn requests_that_make_no_secret_draw_no_seed() {
    let crowd = crowd(1);
    let drawn = Counted::default();
    let server = AuthorizationServer::new(Arc::clone(crowd.server.config()), crowd.server.store())
        .with_clock(crowd.clock.clone())
        .with_randomness(&drawn);
    let credentials: &[(&str, &str)] = &[("client_id", "spa"), ("token", "unknown")];
    for (place, request, seeds) in [
        (Place::Introspection, post("/introspect", credentials), 0),
        (Place::Revocation, post("/revoke", credentials), 0),
        (Place::Token, post("/token", &[("client_id", "spa"), ("grant_type", "refresh_token")]), 1),
    ] {
        let before = drawn.0.load(Ordering::SeqCst);
        server.answer(place, &request);
        assert_eq!(drawn.0.load(Ordering::SeqCst) - before, seeds, "{place:?}");
    }
}

#[test]
fn a_function_that_gives_a_generator_is_asked_once_for_each_secret_making_request() {
    let world = world();
    let given = AtomicUsize::new(0);
    let generator = || {
        given.fetch_add(1, Ordering::SeqCst);
        rand_core::UnwrapErr(getrandom::SysRng)
    };
    let server = world.server.with_randomness(generator);
    let request = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials")]);
    let tokens: HashSet<_> = (0..3)
        .map(|_| json(&server.answer(Place::Token, &request))["access_token"].as_str().map(str::to_owned))
        .collect();
    assert_eq!((tokens.len(), given.load(Ordering::SeqCst)), (3, 3));
    assert!(!tokens.contains(&None));
}
