//! A client that removes itself while it, or someone with a token of it, asks for something; and what that costs.

use std::rc::Rc;
use std::sync::Arc;

use grantor::record::{Client, ClientId, GrantType, Record, Resource};
use grantor::server::{DeviceApproval, DeviceDenial, Exchange, Place, Verification};
use grantor::step::Step;
use grantor::store::{Change, Key, Write};
use grantor::{ConfigBuilder, Env, Registration, Seed, Verdict};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{Row, approving_as, claim, prove};
use crate::call::{Call, Sent};
use crate::schedule::{Move, Player, Scene};
use crate::support::{self, *};
use crate::table::{Overlooked, Shelf, Table};

const API: &str = "https://api.example/";
const CB: &str = "https://app.example/cb";

/// How its clients ask to be registered.
const METADATA: &str = r#"{"redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code",
    "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"]}"#;

/// A server where `rs` may look up every token, `middle` may exchange them, and `client` has registered itself.
struct Crowd {
    world: Rc<World<Shelf>>,
    client: Value,
}

fn crowd() -> Rc<Crowd> {
    let mut table = Table::default();
    let rs = Client::builder("rs").secret(secret("r")).resource(Resource::parse(API).unwrap()).grant_types(&[]);
    let middle = Client::builder("middle").secret(secret("m")).grant_types(&[GrantType::TokenExchange]);
    [rs, middle].into_iter().for_each(|client| table.put_client(client.build().unwrap()));
    let config = |config: ConfigBuilder| {
        let grant_types = [GrantType::ClientCredentials, GrantType::DeviceCode];
        let registration = Registration::open().grant_types(&grant_types);
        config.default_scope("read").audience(API).token_exchange().device_flow(|_| ()).registration(registration)
    };
    let world = world_over(Shelf::new(table), Hands::default(), config);
    let client = support::json(&world.server.answer(Place::Registration, &registering()));
    Rc::new(Crowd { world: Rc::new(world), client })
}

fn registering() -> Request<Vec<u8>> {
    let body = serde_json::from_str(METADATA).unwrap();
    json_request(Method::POST, &format!("{ISSUER}/register"), None, Some(&body))
}

fn json_request(method: Method, uri: &str, token: Option<&str>, body: Option<&Value>) -> Request<Vec<u8>> {
    let mut request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(body.map(Value::to_string).unwrap_or_default().into_bytes()).unwrap()
}

impl Crowd {
    fn id(&self) -> &str {
        self.client["client_id"].as_str().unwrap()
    }

    fn credentials(&self) -> String {
        basic(self.id(), self.client["client_secret"].as_str().unwrap())
    }

    fn managing(&self, method: Method, body: Option<&Value>) -> Request<Vec<u8>> {
        let text = |name: &str| self.client[name].as_str().unwrap();
        json_request(method, text("registration_client_uri"), Some(text("registration_access_token")), body)
    }

    fn deleting(&self, seed: u8) -> Player {
        Player::sending(seed, Place::Registration, self.managing(Method::DELETE, None)).named("delete")
    }

    fn updating(&self, seed: u8) -> Player {
        let body = json!({"client_id": self.id(), "redirect_uris": [CB], "client_name": "another"});
        Player::sending(seed, Place::Registration, self.managing(Method::PUT, Some(&body)))
    }

    fn asking(&self, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
        post_as("/token", &self.credentials(), pairs)
    }

    fn code(&self) -> String {
        self.world.code(self.id(), CB, &[])
    }

    fn redeeming(&self, code: &str) -> Request<Vec<u8>> {
        let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CB)];
        self.asking(&[&pairs[..], &[("code_verifier", VERIFIER)]].concat())
    }

    fn tokens(&self) -> (String, String) {
        let tokens = support::json(&self.world.server.answer(Place::Token, &self.redeeming(&self.code())));
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    /// A device that waits, and what a person is asked about it.
    fn device(&self) -> (String, grantor::server::DevicePrompt) {
        let request = post_as("/device_authorization", &self.credentials(), &[("scope", "read")]);
        let codes = support::json(&self.world.server.answer(Place::DeviceAuthorization, &request));
        let (config, typed) = (self.world.server.config(), codes["user_code"].as_str().unwrap());
        let verification = Verification::new(config, typed, Some(self.world.session()), "");
        let prompt = self.world.server.run(verification).unwrap().unwrap();
        (codes["device_code"].as_str().unwrap().to_owned(), *prompt)
    }

    /// Whether the client is there at the end.
    fn remains(&self, scene: &Scene) -> bool {
        scene.table.read(&Key::Client(ClientId::new(self.id()))).is_some()
    }
}

fn exchanging(token: &str) -> Request<Vec<u8>> {
    const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
    let pairs = [("grant_type", GrantType::TokenExchange.as_str()), ("subject_token", token)];
    post_as("/token", &basic("middle", "m"), &[&pairs[..], &[("subject_token_type", TYPE)]].concat())
}

fn looking_up(token: &str) -> Request<Vec<u8>> {
    post_as("/introspect", &basic("rs", "r"), &[("token", token)])
}

fn is_live(scene: &Scene, token: &str) -> bool {
    scene.probe(Place::Introspection, &looking_up(token)).0.body().starts_with(br#"{"active":true"#)
}

/// Once the client was told that it is gone, it is, and so is all that it was given.
fn all_is_gone(crowd: &Crowd, scene: &Scene) -> Vec<String> {
    let gone = scene.players.iter().any(|player| player.replies[0].status() == StatusCode::NO_CONTENT);
    let mut broken = claim(gone, "nobody was told that the client is gone");
    broken.extend(claim(!crowd.remains(scene), "the client came back"));
    broken.extend(claim(!scene.tokens().iter().any(|token| is_live(scene, token)), "a token outlived its client"));
    broken
}

fn row(name: &'static str, crowd: &Rc<Crowd>, known: &[&str], players: Vec<Player>) -> Row {
    let own = Rc::clone(crowd);
    let scene = Scene::new(&crowd.world, known, players);
    assert!(known.iter().all(|token| is_live(&scene, token)), "alive before");
    Row::new(name, scene, move |scene| all_is_gone(&own, scene))
}

#[test]
fn nothing_that_is_issued_while_a_client_removes_itself_outlives_it() {
    let crowd = crowd();
    let code = crowd.code();
    let (access, refresh) = crowd.tokens();
    let asked = [
        ("client credentials", crowd.asking(&[("grant_type", "client_credentials"), ("scope", "read")])),
        ("redeem", crowd.redeeming(&code)),
        ("refresh", crowd.asking(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)])),
        ("exchange", exchanging(&access)),
    ];
    let sending = |seed, request: &Request<Vec<u8>>| Player::sending(seed, Place::Token, request.clone());
    let pair = |(name, request): &(&'static str, Request<Vec<u8>>)| {
        row(name, &crowd, &[&access], vec![sending(1, request), crowd.deleting(9)])
            .needs(&[Overlooked::ClientStill], "a dead access_token")
            .at_least(3)
    };
    let three = |(name, request): &(&'static str, Request<Vec<u8>>)| {
        row(name, &crowd, &[&access], vec![sending(1, request), sending(2, request), crowd.deleting(9)]).at_least(30)
    };
    prove(asked.iter().map(pair).collect());
    // A second redemption revokes; what is twice here is not that.
    prove(asked.iter().filter(|(name, _)| *name != "redeem").map(three).collect());
}

#[test]
fn no_person_gives_anything_to_a_client_that_is_gone() {
    let crowd = crowd();
    let prompt = || crowd.world.prompt(&authorization(crowd.id(), CB, &[]));
    let approving =
        |seed| approving_as(seed, &crowd.world, prompt(), crowd.world.session()).redeeming(crowd.redeeming(""));
    let (waiting, asked) = crowd.device();
    let (approved, said_yes) = crowd.device();
    let config = crowd.world.server.config();
    let yes = |prompt| DeviceApproval::new(Arc::clone(config), prompt, crowd.world.session());
    crowd.world.server.run(yes(said_yes)).unwrap().unwrap();
    let poll = |seed, code: &str| {
        let pairs = [("grant_type", GrantType::DeviceCode.as_str()), ("device_code", code)];
        Player::sending(seed, Place::Token, crowd.asking(&pairs)).named("poll")
    };
    let device_yes = |seed| Player::asking(seed, Call::DeviceApproval(Box::new(yes(asked.clone()))));
    let device_no = |seed| Player::asking(seed, Call::DeviceDenial(Box::new(DeviceDenial::new(asked.clone()))));
    let gone = |name, players| row(name, &crowd, &[], players);
    let after_removal = "after the client was gone";
    let in_order = |name, players| {
        let own = Rc::clone(&crowd);
        let judge = move |scene: &Scene| {
            let mut broken = all_is_gone(&own, scene);
            broken.extend(claim(nothing_follows_the_removal(&own, scene), after_removal));
            broken
        };
        Row::new(name, Scene::new(&crowd.world, &[], players), judge)
    };
    prove(vec![
        gone("delete, approve", vec![crowd.deleting(9), approving(1)])
            .needs(&[Overlooked::ClientStill], "a dead code")
            .at_least(3),
        gone("delete, approve, approve", vec![crowd.deleting(9), approving(1), approving(2)]),
        in_order("delete, approve a device", vec![crowd.deleting(9), device_yes(1)])
            .needs(&[Overlooked::ClientStill], after_removal)
            .at_least(3),
        in_order("delete, approve a device, poll", vec![crowd.deleting(9), device_yes(1), poll(2, &waiting)])
            .needs(&[Overlooked::ClientStill], after_removal)
            .at_least(30),
        gone("delete, deny a device", vec![crowd.deleting(9), device_no(1)]).at_least(3),
        gone("delete, poll", vec![crowd.deleting(9), poll(1, &approved)])
            .needs(&[Overlooked::ClientStill], "a dead access_token")
            .at_least(3),
        gone("delete, poll, poll", vec![crowd.deleting(9), poll(1, &approved), poll(2, &approved)]).at_least(30),
    ]);
}

/// Whether no grant was written once the client was gone.
fn nothing_follows_the_removal(crowd: &Crowd, scene: &Scene) -> bool {
    let id = Key::Client(ClientId::new(crowd.id()));
    let removal = |change: &Change| change.key == id && matches!(change.write, Write::Delete);
    let approved = |change: &Change| match &change.write {
        Write::Put { record: record @ Record::Grant(_), .. } => {
            String::from_utf8(record.encode().unwrap()).unwrap().contains(r#""approved""#)
        }
        _ => false,
    };
    scene.table.applied.iter().skip_while(|change| !removal(change)).all(|change| !approved(change))
}

#[test]
fn a_request_in_flight_does_not_bring_a_client_back() {
    let crowd = crowd();
    let own = Rc::clone(&crowd);
    let updated_or_refused = move |scene: &Scene| {
        let mut broken = all_is_gone(&own, scene);
        let told = scene.players.iter().all(|player| [200, 204, 401].contains(&player.replies[0].status().as_u16()));
        broken.extend(claim(told, "another answer"));
        broken
    };
    let scene = |players: Vec<Player>| Scene::new(&crowd.world, &[], players);
    // Of two, one is told that it did it.
    let told = |scene: &Scene| {
        let told = scene.players.iter().filter(|player| player.replies[0].status() == StatusCode::NO_CONTENT).count();
        claim(told == 1, "not exactly one was told")
    };
    prove(vec![
        Row::new("update, delete", scene(vec![crowd.updating(1), crowd.deleting(2)]), updated_or_refused)
            .needs(&[Overlooked::ClientReplaced], "the client came back"),
        Row::new("delete, delete", scene(vec![crowd.deleting(1), crowd.deleting(2)]), told)
            .needs(&[Overlooked::ClientReplaced], "not exactly one was told"),
        Row::new("update, delete, delete", scene(vec![crowd.updating(1), crowd.deleting(2), crowd.deleting(3)]), told),
    ]);
}

/// All were told the same successor, and it works.
fn one_successor(crowd: &Crowd, scene: &Scene) -> Vec<String> {
    let token = |player: &Player| player.replies[0].member("registration_access_token");
    let first = token(&scene.players[0]);
    let same = scene.players.iter().all(|player| token(player) == first);
    let mut broken = claim(first.is_some() && same, "different successors");
    let uri = crowd.client["registration_client_uri"].as_str().unwrap();
    let read = scene.probe(Place::Registration, &json_request(Method::GET, uri, first.as_deref(), None));
    broken.extend(claim(read.status() == StatusCode::OK, "the successor does not work"));
    broken
}

#[test]
fn updates_at_once_give_the_same_successor() {
    let crowd = crowd();
    let updates = |name, count| {
        let own = Rc::clone(&crowd);
        let players = (1..=count).map(|seed| crowd.updating(seed));
        Row::new(name, Scene::new(&crowd.world, &[], players), move |scene| one_successor(&own, scene))
    };
    prove(vec![
        updates("update, update", 2).needs(&[Overlooked::ClientReplaced], "different successors"),
        updates("update, update, update", 3),
    ]);
}

#[test]
fn a_client_acts_between_its_registration_and_its_removal() {
    let crowd = crowd();
    let register = |seed| Player::sending(seed, Place::Registration, registering());
    let scene = |players: Vec<Player>| Scene::new(&crowd.world, &[], players);
    // What it will be told follows from its seed.
    let told = scene(Vec::new()).play(register(1)).remove(0);
    let client = serde_json::from_slice(told.0.body()).unwrap();
    let new = Rc::new(Crowd { world: Rc::clone(&crowd.world), client });
    let asking = |seed| {
        let pairs = [("grant_type", "client_credentials"), ("scope", "read")];
        Player::sending(seed, Place::Token, new.asking(&pairs))
    };
    let own = Rc::clone(&new);
    let in_its_time = move |scene: &Scene| {
        let status = |who: usize| scene.players[who].replies[0].status().as_u16();
        let mut broken = claim(status(0) == 201, "not registered");
        broken.extend(claim([200, 401].contains(&status(1)), "another answer to the client"));
        let removed = (1..scene.players.len()).filter(|who| status(*who) == 204).count();
        let live = scene.tokens().iter().any(|token| is_live(scene, token));
        broken.extend(claim(removed == 0 || !live, "a token outlived its client"));
        broken.extend(claim((removed == 0) == own.remains(scene), "neither there nor gone"));
        broken
    };
    let one_client = |scene: &Scene| {
        let mut told: Vec<_> = scene.players.iter().map(|player| player.replies[0].status().as_u16()).collect();
        told.sort_unstable();
        claim(told == [201, 503], "two have one client")
    };
    let own_removal = |replies: &[Sent]| {
        let text = |name: &str| replies[0].member(name).unwrap();
        let token = text("registration_access_token");
        json_request(Method::DELETE, &text("registration_client_uri"), Some(&token), None)
    };
    let moves = [
        Move::Send(Place::Registration, Arc::new(|_: &[Sent]| registering())),
        Move::Send(Place::Registration, Arc::new(own_removal)),
    ];
    let as_if_alone = |scene: &Scene| {
        let status = |who: usize, what: usize| scene.players[who].replies[what].status().as_u16();
        claim((status(0, 0), status(0, 1), status(1, 0)) == (201, 204, 201), "not each as if alone")
    };
    prove(vec![
        Row::new("register, token", scene(vec![register(1), asking(2)]), in_its_time.clone()).at_least(2),
        Row::new("register, token, delete", scene(vec![register(1), asking(2), new.deleting(3)]), in_its_time)
            .at_least(6),
        Row::new("register then delete, register", scene(vec![Player::new(1, moves), register(2)]), as_if_alone)
            .at_least(4),
        // Seeds that repeat are a broken generator; even then nobody is given another's client.
        Row::new("register, register", scene(vec![register(3), register(3)]), one_client)
            .needs(&[Overlooked::ClientAbsent], "two have one client")
            .at_least(2),
    ]);
}

/// How many records are loaded and commits made for one answer.
fn costs(crowd: &Crowd, seed: u8, place: Place, request: &Request<Vec<u8>>) -> (u16, usize, usize) {
    let (mut loads, mut commits) = (0, 0);
    let exchange = Exchange::parse(crowd.world.server.config(), place, request);
    let mut step = Step::start(exchange, Env::new(crowd.world.now(), Seed::new([seed; 32])));
    let store = crowd.world.server.store();
    loop {
        step = match step {
            Step::Load(ask) => {
                loads += 1;
                let found = store.with(|table| table.load(ask.question()));
                ask.loaded(found)
            }
            Step::Commit(pending) => {
                commits += 1;
                let outcome = store.with(|table| table.commit(pending.changes()));
                pending.committed(outcome)
            }
            Step::Judge(ask) => ask.judged(Verdict::Allowed),
            Step::Done(done) => {
                let response = done.reply.unwrap_or_else(|never| match never {}).into_response();
                return (response.status().as_u16(), loads, commits);
            }
            other => panic!("nothing here asks that: {other:?}"),
        };
    }
}

#[test]
fn managing_costs_one_load_and_one_commit_and_only_tokens_of_such_clients_another_load() {
    let crowd = crowd();
    let (access, refresh) = crowd.tokens();
    let update = json!({"client_id": crowd.id(), "redirect_uris": [CB]});
    let refreshing = crowd.asking(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
    let asked = [
        ("register", Place::Registration, registering(), (201, 0, 1)),
        ("refresh", Place::Token, refreshing, (200, 1, 1)),
        ("read", Place::Registration, crowd.managing(Method::GET, None), (200, 1, 0)),
        ("update", Place::Registration, crowd.managing(Method::PUT, Some(&update)), (200, 1, 1)),
        ("look up", Place::Introspection, looking_up(&access), (200, 2, 0)),
        ("exchange", Place::Token, exchanging(&access), (200, 2, 1)),
        ("delete", Place::Registration, crowd.managing(Method::DELETE, None), (204, 1, 1)),
    ];
    for (seed, (name, place, request, expected)) in (0x70..).zip(asked) {
        assert_eq!(costs(&crowd, seed, place, &request), expected, "{name}");
    }
}
