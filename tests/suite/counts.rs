//! What a request costs in round trips, and that the same seeds give the same bytes.

use std::future::Future;
use std::sync::Mutex;

use grantor::record::{Record, Scope};
use grantor::resource::{Access, Demand};
use grantor::server::{Place, Visitor};
use grantor::store::{AsyncStore, Change, Commit, Key, Store, Versioned};
use grantor::{ConfigBuilder, Progress, Timestamp};
use http::{Request, Response, StatusCode};

use crate::fault_cases;
use crate::faulty::{Case, Fault};
use crate::support::*;
use crate::table::Shelf;

/// A store that counts, and remembers what was written.
#[derive(Debug)]
struct Counted {
    shelf: Shelf,
    counts: Mutex<Counts>,
    changes: Mutex<Vec<Change>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    loads: usize,
    commits: usize,
}

const NOTHING: Counts = Counts { loads: 0, commits: 0 };
const READS: Counts = Counts { loads: 1, commits: 0 };
const WRITES: Counts = Counts { loads: 1, commits: 1 };

impl Counted {
    fn load(&self) {
        self.counts.lock().unwrap().loads += 1;
    }

    fn commit(&self, changes: &[Change]) {
        self.counts.lock().unwrap().commits += 1;
        self.changes.lock().unwrap().extend_from_slice(changes);
    }
}

impl Store for Counted {
    type Error = <Shelf as Store>::Error;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Self::Error> {
        self.load();
        Store::load(&self.shelf, keys, now)
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Self::Error> {
        self.commit(&changes);
        Store::commit(&self.shelf, changes, now)
    }
}

impl AsyncStore for Counted {
    type Error = <Shelf as Store>::Error;

    async fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Self::Error> {
        self.load();
        AsyncStore::load(&self.shelf, keys, now).await
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> impl Future<Output = Result<Commit, Self::Error>> + Send {
        self.commit(&changes);
        AsyncStore::commit(&self.shelf, changes, now)
    }
}

/// Which driver is used.
#[derive(Clone, Copy, Debug)]
enum Driver {
    Blocking,
    Async,
}

/// A day of a server: each answer with what it cost.
struct Day {
    world: World<Counted>,
    driver: Driver,
    costs: Vec<(&'static str, Counts)>,
    /// Everything that was sent.
    sent: Vec<String>,
}

impl Day {
    fn new(driver: Driver) -> Self {
        Self::of(driver, FORMS[0])
    }

    /// A day on which access tokens have this form.
    fn of(driver: Driver, form: fn(ConfigBuilder) -> ConfigBuilder) -> Self {
        let clock = Hands::default();
        let shelf = Shelf::default();
        clients().into_iter().for_each(|client| shelf.with(|table| table.put_client(client)));
        let store = Counted { shelf, counts: Mutex::default(), changes: Mutex::default() };
        Self { world: world_over(store, clock, form), driver, costs: Vec::new(), sent: Vec::new() }
    }

    /// Notes what was spent since the last note.
    fn note(&mut self, name: &'static str, response: &Response<Vec<u8>>) {
        let spent = std::mem::take(&mut *self.world.server.store().counts.lock().unwrap());
        self.costs.push((name, spent));
        let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let body = String::from_utf8(response.body().clone()).unwrap();
        self.sent.push(format!("{name}: {} {location:?} {body}", response.status()));
    }

    fn answer(&mut self, name: &'static str, place: Place, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let server = &self.world.server;
        let response = match self.driver {
            Driver::Blocking => server.answer(place, request),
            Driver::Async => pollster::block_on(server.answer_async(place, request)),
        };
        self.note(name, &response);
        response
    }

    fn authorize(&mut self, name: &'static str, request: &Request<Vec<u8>>, visitor: Visitor) -> Progress {
        let server = &self.world.server;
        let request = server.read_authorization(request).unwrap();
        let progress = match self.driver {
            Driver::Blocking => server.authorize(request, visitor),
            Driver::Async => pollster::block_on(server.authorize_async(request, visitor)),
        };
        match &progress {
            Progress::Respond(response) => self.note(name, response),
            Progress::Ask(_) => self.note(name, &Response::default()),
            Progress::Refuse(reason) => self.note(name, &reason.print()),
        }
        progress
    }

    fn person(&mut self) -> String {
        let session = self.world.session();
        let request = authorization("spa", SPA, &[]);
        let Progress::Ask(login) = self.authorize("login", &request, Visitor::anonymous()) else { panic!("not asked") };
        let visitor = Visitor::logged_in(session.clone(), None);
        let server = &self.world.server;
        let resumed = match self.driver {
            Driver::Blocking => server.resume(*login, visitor),
            Driver::Async => pollster::block_on(server.resume_async(*login, visitor)),
        };
        self.note("resume", &Response::default());
        let Progress::Ask(consent) = resumed else { panic!("not asked") };
        let server = &self.world.server;
        let denied = match self.driver {
            Driver::Blocking => server.deny((*consent).clone()),
            Driver::Async => pollster::block_on(server.deny_async((*consent).clone())),
        };
        self.note("denial", &denied);
        let server = &self.world.server;
        let approved = match self.driver {
            Driver::Blocking => server.approve(*consent, session.clone()),
            Driver::Async => pollster::block_on(server.approve_async(*consent, session.clone())),
        };
        self.note("approval", &approved);
        let remembered = Visitor::logged_in(session, Some(Scope::parse("read").unwrap()));
        let _ = self.authorize("remembered", &request, remembered);
        let _ =
            self.authorize("unregistered", &authorization("spa", "https://evil.example/", &[]), Visitor::anonymous());
        parameter(&approved, "code").unwrap()
    }

    fn resource(&mut self, access: &str) {
        let mut request = get("/api");
        request.headers_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
        let server = &self.world.server;
        let endpoint = Access::new(server.config(), &request, Demand::new(Scope::parse("read").unwrap()));
        let permitted = match self.driver {
            Driver::Blocking => server.run(endpoint),
            Driver::Async => pollster::block_on(server.run_async(endpoint)),
        };
        permitted.unwrap().unwrap();
        self.note("resource", &Response::default());
    }

    fn run(mut self) -> Self {
        let code = self.person();
        let about = |path, token: &str| post(path, &[("client_id", "spa"), ("token", token)]);
        let tokens = json(&self.answer("redemption", Place::Token, &redeem("spa", SPA, &code)));
        let [access, token] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned());
        self.answer("refresh", Place::Token, &refresh("spa", &token));
        self.answer("retry", Place::Token, &refresh("spa", &token));
        let acting = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials")]);
        self.answer("client credentials", Place::Token, &acting);
        self.answer("introspection", Place::Introspection, &about("/introspect", &access));
        self.answer("introspection of a refresh token", Place::Introspection, &about("/introspect", &token));
        self.resource(&access);
        self.answer("revocation", Place::Revocation, &about("/revoke", &access));
        self.answer("revocation again", Place::Revocation, &about("/revoke", &access));
        self.answer("replay of the revoked", Place::Token, &redeem("spa", SPA, &code));
        self.answer("metadata", Place::Metadata, &get("/.well-known/oauth-authorization-server"));
        self.answer("malformed", Place::Token, &post("/token", &[("grant_type", "client_credentials")]));
        self
    }
}

#[test]
fn a_request_costs_one_load_and_at_most_one_commit() {
    let expected = [
        ("login", READS),
        ("resume", READS),
        ("denial", READS),
        ("approval", WRITES),
        ("remembered", WRITES),
        ("unregistered", READS),
        ("redemption", WRITES),
        ("refresh", WRITES),
        ("retry", WRITES),
        ("client credentials", WRITES),
        ("introspection", READS),
        ("introspection of a refresh token", READS),
        ("resource", READS),
        ("revocation", WRITES),
        ("revocation again", READS),
        ("replay of the revoked", READS),
        ("metadata", NOTHING),
        ("malformed", NOTHING),
    ];
    for driver in [Driver::Blocking, Driver::Async] {
        for form in FORMS {
            assert_eq!(Day::of(driver, *form).run().costs, expected, "{driver:?}");
        }
    }
}

#[test]
fn every_further_request_costs_one_load_and_at_most_one_commit() {
    let expected = [
        ("device request", WRITES),
        ("device approval", WRITES),
        ("device denial", WRITES),
        ("early poll", WRITES),
        ("poll", WRITES),
        ("push", WRITES),
        ("pushed request", WRITES),
        ("pushed request, a question", READS),
        ("approval of a pushed request", WRITES),
        ("denial of a pushed request", WRITES),
        ("exchange", WRITES),
        ("delegation", WRITES),
        ("password", WRITES),
        ("extension", WRITES),
        ("implicit, consented", WRITES),
        ("implicit approval", WRITES),
        ("registration", Counts { loads: 0, commits: 1 }),
        ("reading", READS),
        ("update", WRITES),
        ("deletion", WRITES),
        ("a registration token for another client", WRITES),
        // Whose consent is to be forgotten stands in the grant.
        ("the end of a grant", Counts { loads: 2, commits: 1 }),
        ("the end of a device", WRITES),
    ];
    for form in FORMS {
        let cost = |case: &Case| {
            let (response, store) = case.ask(Fault::None, 0);
            assert_eq!(response.status(), case.good, "{}", case.name);
            let commits = *store.commits.lock().unwrap();
            (case.name, Counts { loads: *store.calls.lock().unwrap() - commits, commits })
        };
        assert_eq!(fault_cases::cases(*form).iter().map(cost).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn the_replay_of_a_code_costs_no_more() {
    for driver in [Driver::Blocking, Driver::Async] {
        let mut day = Day::new(driver);
        let code = day.person();
        day.answer("redemption", Place::Token, &redeem("spa", SPA, &code));
        let replayed = day.answer("replay", Place::Token, &redeem("spa", SPA, &code));
        assert_eq!(replayed.status(), StatusCode::BAD_REQUEST);
        assert_eq!(day.costs.last(), Some(&("replay", WRITES)));
    }
}

#[test]
fn the_same_seeds_give_the_same_bytes_whoever_drives() {
    let first = Day::new(Driver::Blocking).run();
    for driver in [Driver::Blocking, Driver::Async] {
        for shift in 0..8 {
            let (mut one, mut other) = (Day::new(driver), Day::new(driver));
            for day in [&mut one, &mut other] {
                (0..shift).for_each(|_| drop(day.world.refresh("spa", "skipped a seed")));
                day.world.server.store().counts.lock().unwrap().clone_from(&NOTHING);
            }
            let (one, other) = (one.run(), other.run());
            assert_eq!(one.sent, other.sent);
            let changes = |day: &Day| day.world.server.store().changes.lock().unwrap().clone();
            assert!(changes(&one) == changes(&other), "the same requests wrote something else");
            assert_eq!(one.sent == first.sent, shift == 0, "other seeds, other secrets");
        }
    }
}
