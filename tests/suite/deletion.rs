//! A client that removes itself while it, or someone with a token of it, asks for something; and what that costs.

use std::sync::Arc;

use grantor::record::{Client, ClientId, GrantType, Resource};
use grantor::server::{Exchange, Place};
use grantor::step::Step;
use grantor::store::Key;
use grantor::{ConfigBuilder, Env, Registration, Seed, Verdict};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::schedule::{Explored, Move, Player, Scene, Sent};
use crate::support::{self, *};
use crate::table::{Overlooked, Shelf, Table};

const API: &str = "https://api.example/";
const CB: &str = "https://app.example/cb";

/// A server where `rs` may look up every token, `middle` may exchange them, and `client` has registered itself.
struct Crowd {
    world: World<Shelf>,
    client: Value,
}

fn crowd() -> Crowd {
    let mut table = Table::default();
    let rs = Client::builder("rs").secret(secret("r")).resource(Resource::parse(API).unwrap()).grant_types(&[]);
    let middle = Client::builder("middle").secret(secret("m")).grant_types(&[GrantType::TokenExchange]);
    [rs, middle].into_iter().for_each(|client| table.put_client(client.build().unwrap()));
    let config = |config: ConfigBuilder| {
        let registration = Registration::open().grant_types(&[GrantType::ClientCredentials]);
        config.default_scope("read").audience(API).token_exchange().registration(registration)
    };
    let world = world_over(Shelf::new(table), Hands::default(), config);
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let body = json!({"redirect_uris": [CB], "grant_types": grants});
    let request = json_request(Method::POST, &format!("{ISSUER}/register"), None, Some(&body));
    let client = support::json(&world.server.answer(Place::Registration, &request));
    Crowd { world, client }
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
        Player::sending(seed, Place::Registration, self.managing(Method::DELETE, None))
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

fn claim(holds: bool, what: &str) -> Vec<String> {
    if holds { Vec::new() } else { vec![what.to_owned()] }
}

/// Once the client was told that it is gone, it is, and so is all that it was given.
fn all_is_gone(crowd: &Crowd, scene: &Scene) -> Vec<String> {
    let gone = scene.players.iter().any(|player| player.replies[0].status() == StatusCode::NO_CONTENT);
    let mut broken = claim(gone, "nobody was told that the client is gone");
    broken.extend(claim(!crowd.remains(scene), "the client came back"));
    broken.extend(claim(!scene.tokens().iter().any(|token| is_live(scene, token)), "a token outlived its client"));
    broken
}

fn assert_sound(explored: &Explored, floor: usize) {
    assert!(explored.schedules >= floor, "only {} schedules", explored.schedules);
    assert_eq!(explored.broken, Vec::<String>::new(), "of {} schedules", explored.schedules);
}

fn assert_unsound(explored: &Explored, expected: &str) {
    assert!(explored.broken.iter().any(|what| what.contains(expected)), "{expected:?} not in {:?}", explored.broken);
}

/// Each way to get tokens, while the client removes itself.
fn scenes(crowd: &Crowd) -> Vec<Scene> {
    let code = crowd.code();
    let (access, refresh) = crowd.tokens();
    let asked = [
        crowd.asking(&[("grant_type", "client_credentials"), ("scope", "read")]),
        crowd.redeeming(&code),
        crowd.asking(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]),
        exchanging(&access),
    ];
    let deleting = || crowd.deleting(9);
    let scene = |request: Request<Vec<u8>>| {
        Scene::new(&crowd.world, &[&access], [Player::sending(1, Place::Token, request), deleting()])
    };
    asked.into_iter().map(scene).collect()
}

#[test]
fn nothing_that_is_issued_while_a_client_removes_itself_outlives_it() {
    let crowd = crowd();
    for scene in scenes(&crowd) {
        assert!(is_live(&scene, &scene.known[0]), "alive before");
        assert_sound(&scene.explore(&|scene| all_is_gone(&crowd, scene)), 3);
    }
    for mut scene in scenes(&crowd) {
        scene.table = scene.table.overlooking(Overlooked::ClientStill);
        assert_unsound(&scene.explore(&|_| Vec::new()), "a dead access_token");
    }
}

#[test]
fn a_request_in_flight_does_not_bring_a_client_back() {
    let crowd = crowd();
    let scene = || Scene::new(&crowd.world, &[], [crowd.updating(1), crowd.deleting(2)]);
    let explored = scene().explore(&|scene| {
        let updated = scene.players[0].replies[0].status();
        let mut broken = all_is_gone(&crowd, scene);
        broken.extend(claim([200, 401].contains(&updated.as_u16()), "another answer to the update"));
        broken
    });
    assert_sound(&explored, 6);
    let mut blind = scene();
    blind.table = blind.table.overlooking(Overlooked::ClientReplaced);
    assert_unsound(&blind.explore(&|scene| all_is_gone(&crowd, scene)), "the client came back");

    // Of two, one is told that it did it.
    let twice = Scene::new(&crowd.world, &[], [crowd.deleting(1), crowd.deleting(2)]);
    let told = |scene: &Scene| scene.players.iter().map(|player| player.replies[0].status().as_u16()).sum::<u16>();
    assert_sound(&twice.explore(&|scene| claim(told(scene) == 204 + 401, "not one of each")), 6);
}

#[test]
fn updates_at_once_give_the_same_successor() {
    let crowd = crowd();
    let scene = Scene::new(&crowd.world, &[], [crowd.updating(1), crowd.updating(2)]);
    let explored = scene.explore(&|scene| {
        let token = |player: &Player| player.replies[0].member("registration_access_token");
        let (first, second) = (token(&scene.players[0]), token(&scene.players[1]));
        let mut broken = claim(first.is_some() && first == second, "different successors");
        let uri = crowd.client["registration_client_uri"].as_str().unwrap();
        let read = scene.probe(Place::Registration, &json_request(Method::GET, uri, first.as_deref(), None));
        broken.extend(claim(read.status() == StatusCode::OK, "the successor does not work"));
        broken
    });
    assert_sound(&explored, 6);
}

#[test]
fn a_new_client_is_used_and_removed_by_one_while_another_registers() {
    let crowd = crowd();
    let body = json!({"redirect_uris": [CB], "token_endpoint_auth_method": "none"});
    let register = json_request(Method::POST, &format!("{ISSUER}/register"), None, Some(&body));
    let removing = |replies: &[Sent]| {
        let text = |name: &str| replies[0].member(name).unwrap();
        let token = text("registration_access_token");
        json_request(Method::DELETE, &text("registration_client_uri"), Some(&token), None)
    };
    let again = register.clone();
    let first = [
        Move::Send(Place::Registration, Arc::new(move |_: &[Sent]| again.clone())),
        Move::Send(Place::Registration, Arc::new(removing)),
    ];
    let scene =
        Scene::new(&crowd.world, &[], [Player::new(1, first), Player::sending(2, Place::Registration, register)]);
    let explored = scene.explore(&|scene| {
        let status = |who: usize, what: usize| scene.players[who].replies[what].status().as_u16();
        claim((status(0, 0), status(0, 1), status(1, 0)) == (201, 204, 201), "not each as if alone")
    });
    assert_sound(&explored, 4);
    // Seeds that repeat are a broken generator; even then nobody is given another's client.
    let body = json!({"redirect_uris": [CB]});
    let same = || {
        let request = json_request(Method::POST, &format!("{ISSUER}/register"), None, Some(&body));
        Player::sending(3, Place::Registration, request)
    };
    let explored = Scene::new(&crowd.world, &[], [same(), same()]).explore(&|scene| {
        let mut told: Vec<_> = scene.players.iter().map(|player| player.replies[0].status().as_u16()).collect();
        told.sort_unstable();
        claim(told == [201, 503], "two have one client")
    });
    assert_sound(&explored, 2);
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
    let body = json!({"redirect_uris": [CB]});
    let update = json!({"client_id": crowd.id(), "redirect_uris": [CB]});
    let register = json_request(Method::POST, &format!("{ISSUER}/register"), None, Some(&body));
    let refreshing = crowd.asking(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
    let asked = [
        ("register", Place::Registration, register, (201, 0, 1)),
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
