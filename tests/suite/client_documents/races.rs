//! Documents that are fetched while others write, or that change between two steps.

use grantor::server::Exchange;

use super::*;
use crate::table::{Shelf, Table};

/// A machine up to the moment that it has to commit.
fn up_to_commit(world: &Documented, web: &Web, seed: u8) -> grantor::step::Pending<Authorize> {
    let request = world.server.read_authorization(&authorization(APP, CB, &[])).unwrap();
    let authorize = Authorize::new(Arc::clone(world.server.config()), request, Visitor::anonymous());
    let mut step = Step::start(authorize, Env::new(world.now(), Seed::new([seed; 32])));
    loop {
        step = match step {
            Step::Load(ask) => {
                let found = Store::load(world.server.store(), ask.question(), ask.now()).unwrap();
                ask.loaded(found)
            }
            Step::Fetch(ask) => {
                let answer = Host::fetch(web, ask.question()).unwrap();
                ask.fetched(answer)
            }
            Step::Commit(pending) => return pending,
            other => panic!("{other:?}"),
        };
    }
}

fn commit(world: &Documented, pending: grantor::step::Pending<Authorize>) -> Step<Authorize> {
    let outcome = Store::commit(world.server.store(), pending.changes().to_vec(), pending.now()).unwrap();
    pending.committed(outcome)
}

#[test]
fn two_that_fetch_at_once_agree_on_one_document() {
    let (world, web) = documented(|config| config);
    let first = up_to_commit(&world, &web, 1);
    web.publish(APP, &document(&json!({"client_name": "Another name"})));
    let second = up_to_commit(&world, &web, 2);
    assert!(matches!(commit(&world, first), Step::Done(_)));
    let Step::Load(ask) = commit(&world, second) else { panic!("the other one was first") };
    let found = Store::load(world.server.store(), ask.question(), ask.now()).unwrap();
    let Step::Done(done) = ask.loaded(found) else { panic!("what is kept counts") };
    let Ok(grantor::server::Authorization::Ask(prompt)) = done.reply else { panic!() };
    assert_eq!(prompt.client.name.as_deref(), Some("An app"));
    assert_eq!(web.fetches(), 2);
}

#[test]
fn a_client_that_the_operator_registers_meanwhile_wins_over_its_document() {
    let (world, web) = documented(|config| config);
    let pending = up_to_commit(&world, &web, 1);
    world.server.store().put_client(Client::builder(APP).redirect_uri("https://own.example/cb").build().unwrap());
    let Step::Load(ask) = commit(&world, pending) else { panic!("a conflict") };
    let found = Store::load(world.server.store(), ask.question(), ask.now()).unwrap();
    let Step::Done(done) = ask.loaded(found) else { panic!() };
    assert!(done.reply.is_err(), "its redirect URI is not the operator's");
    assert!(!kept(&world, APP).unwrap().is_of_document());
}

/// Requests of a client whose document has ended, and what each fetch gets, in the order of the fetches.
#[derive(Clone)]
struct Race {
    table: Table,
    players: Vec<Result<Step<Exchange>, (u16, String)>>,
    answers: Vec<Result<Fetched, Unfetched>>,
    fetches: usize,
}

impl Race {
    fn explore(&self, check: &dyn Fn(&Self)) -> usize {
        let running: Vec<_> = (0..self.players.len()).filter(|who| self.players[*who].is_ok()).collect();
        if running.is_empty() {
            check(self);
            return 1;
        }
        let after = running.into_iter().map(|who| {
            let mut next = self.clone();
            next.advance(who);
            next.explore(check)
        });
        after.sum()
    }

    fn advance(&mut self, who: usize) {
        let step = match self.players[who].clone().unwrap() {
            Step::Load(ask) => {
                let found = self.table.load(ask.question());
                ask.loaded(found)
            }
            Step::Fetch(ask) => {
                let answer = self.answers[self.fetches % self.answers.len()].clone();
                self.fetches += 1;
                ask.fetched(answer)
            }
            Step::Commit(pending) => {
                let outcome = self.table.commit(pending.changes());
                pending.committed(outcome)
            }
            other => panic!("{other:?}"),
        };
        self.players[who] = match step {
            Step::Done(done) => Err(told(&done.reply.unwrap().into_response())),
            waiting => Ok(waiting),
        };
    }

    fn outcomes(&self) -> Vec<(u16, String)> {
        let mut outcomes: Vec<_> = self.players.iter().map(|player| player.clone().unwrap_err()).collect();
        outcomes.sort();
        outcomes
    }
}

#[test]
fn a_code_is_redeemed_once_whatever_becomes_of_the_document_meanwhile() {
    let web = Web::default();
    web.publish(APP, &document(&json!({})));
    let long = |config: ConfigBuilder| {
        let config = config.client_id_metadata_documents(|documents| documents.usually = Duration::from_secs(60));
        config.lifetimes(|lifetimes| lifetimes.code = Duration::from_secs(600))
    };
    let world = world_over(Shelf::new(Table::default()), Hands::default(), long).hosted(web);
    let code = parameter(&world.approved(&authorization(APP, CB, &[])), "code").unwrap();
    world.clock.advance(60);
    let request = redeem(APP, CB, &code);
    let player = |seed| {
        let exchange = Exchange::parse(world.server.config(), Place::Token, &request);
        Ok(Step::start(exchange, Env::new(world.now(), Seed::new([seed; 32]))))
    };
    let says = |changes| Ok(served(200, &[("content-type", "application/json")], document(&changes).to_string()));
    let good = || says(json!({}));
    let other = || says(json!({"client_name": "Another name"}));
    let fails = || Err(Unfetched::TimedOut);
    let strange = || says(json!({"client_id": "https://evil.example/"}));
    let not_his = || says(json!({"grant_types": ["refresh_token"], "response_types": []}));
    let told = |status, error: &str| (status, error.to_owned());
    let (granted, replayed) = (told(200, "none"), told(400, "invalid_grant"));
    let away = told(400, "temporarily_unavailable");
    let unknown = told(401, "invalid_client");
    let barred = told(400, "unauthorized_client");
    for (answers, possible) in [
        (vec![good()], vec![vec![granted.clone(), replayed.clone()]]),
        (vec![good(), other()], vec![vec![granted.clone(), replayed.clone()]]),
        (vec![fails()], vec![vec![away.clone(), away.clone()]]),
        // Who fails to fetch it can still be lucky: the other one kept it.
        (vec![good(), fails()], vec![vec![granted.clone(), away.clone()], vec![granted.clone(), replayed.clone()]]),
        (vec![fails(), good()], vec![vec![granted.clone(), away.clone()]]),
        (vec![strange(), good()], vec![vec![granted.clone(), unknown]]),
        (vec![good(), not_his()], vec![vec![granted.clone(), barred.clone()], vec![granted.clone(), replayed.clone()]]),
        (vec![not_his(), good()], vec![vec![granted.clone(), barred]]),
    ] {
        let race =
            Race { table: world.server.store().table(), players: vec![player(1), player(2)], answers, fetches: 0 };
        let before = race.table.applied.len();
        let schedules = race.explore(&|race| {
            let outcomes = race.outcomes();
            let mut possible = possible.iter().map(|outcomes| {
                let mut outcomes = outcomes.clone();
                outcomes.sort();
                outcomes
            });
            assert!(possible.any(|known| known == outcomes), "{outcomes:?}");
            let writes = race.table.applied[before..].iter().filter(|change| matches!(change.key, Key::Grant(_)));
            let spent = outcomes.iter().filter(|outcome| **outcome == granted || **outcome == replayed).count();
            assert_eq!(writes.count(), spent, "who is refused for the document touches no grant: {outcomes:?}");
            let client = race.table.read(&Key::Client(ClientId::new(APP))).map(|found| found.value);
            let Some(Record::Client(client)) = client else { panic!() };
            assert_eq!(client.id().as_str(), APP);
        });
        assert!(schedules >= 6, "{schedules}");
    }
}
