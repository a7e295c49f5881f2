//! Requests that run at once, and every order in which their steps can happen.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::drive;
use grantor::event::Event;
use grantor::record::{Client, ClientId, Digest, Record};
use grantor::server::{Exchange, Place};
use grantor::step::Step;
use grantor::store::{Key, Write};
use grantor::{Config, Env, Seed, SystemRandomness, Timestamp};
use http::{Request, StatusCode};

use crate::call::{Call, Sent};
use crate::support::*;
use crate::table::{Overlooked, Shelf, Table};

/// What a player does next; it may need what it was answered before.
#[derive(Clone)]
pub(crate) enum Move {
    Send(Place, Arc<dyn Asking>),
    /// Something that is asked by the host, for a person or an operator.
    Ask(Arc<dyn Fn(&[Sent]) -> Call>),
    /// Something that the host does to the store in one go.
    Host(Arc<dyn Fn(&mut Table)>),
}

/// Makes a request out of what was answered before.
pub(crate) trait Asking {
    fn ask(&self, replies: &[Sent]) -> Request<Vec<u8>>;
}

impl<F: Fn(&[Sent]) -> Request<Vec<u8>>> Asking for F {
    fn ask(&self, replies: &[Sent]) -> Request<Vec<u8>> {
        self(replies)
    }
}

/// Someone who does one thing after the other.
#[derive(Clone)]
pub(crate) struct Player {
    /// Who this is, where it matters.
    pub(crate) role: &'static str,
    moves: Arc<[Move]>,
    begun: usize,
    seed: u8,
    /// How its client would redeem a code.
    redemption: Request<Vec<u8>>,
    step: Option<Step<Call>>,
    /// Who asks, as parameters and header of the request that runs.
    asker: Request<Vec<u8>>,
    pub(crate) replies: Vec<Sent>,
}

impl Player {
    pub(crate) fn new(seed: u8, moves: impl Into<Arc<[Move]>>) -> Self {
        Self {
            role: "",
            moves: moves.into(),
            begun: 0,
            seed,
            redemption: redeem("spa", SPA, ""),
            step: None,
            asker: Request::default(),
            replies: Vec::new(),
        }
    }

    pub(crate) fn sending(seed: u8, place: Place, request: Request<Vec<u8>>) -> Self {
        Self::new(seed, [Move::Send(place, Arc::new(move |_: &[Sent]| request.clone()))])
    }

    pub(crate) fn asking(seed: u8, call: Call) -> Self {
        Self::new(seed, [Move::Ask(Arc::new(move |_| call.clone()))])
    }

    /// The code that it gets is for the client that asks like this.
    pub(crate) fn redeeming(mut self, redemption: Request<Vec<u8>>) -> Self {
        self.redemption = redemption;
        self
    }

    pub(crate) const fn named(mut self, role: &'static str) -> Self {
        self.role = role;
        self
    }

    pub(crate) fn granted(&self) -> bool {
        self.replies.first().is_some_and(|reply| reply.status() == StatusCode::OK)
    }

    fn is_done(&self) -> bool {
        self.step.is_none() && self.begun == self.moves.len()
    }
}

/// A store and those who use it.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) config: Arc<Config>,
    pub(crate) now: Timestamp,
    pub(crate) table: Table,
    pub(crate) players: Vec<Player>,
    pub(crate) events: Vec<Event>,
    /// Tokens that were issued before the scene begins.
    pub(crate) known: Vec<String>,
    /// How many grants may have usable tokens in the end.
    pub(crate) families: usize,
    /// The tokens whose revocation was answered with success, and whether by the client of the grant itself.
    revoked: Vec<(String, bool)>,
    broken: Vec<String>,
}

/// What became of all schedules.
#[derive(Debug, Default)]
pub(crate) struct Explored {
    pub(crate) schedules: usize,
    pub(crate) broken: Vec<String>,
}

impl Scene {
    pub(crate) fn new(world: &World<Shelf>, known: &[&str], players: impl IntoIterator<Item = Player>) -> Self {
        Self {
            config: Arc::clone(world.server.config()),
            now: world.now(),
            table: world.server.store().table(),
            players: players.into_iter().collect(),
            events: Vec::new(),
            known: known.iter().map(|token| (*token).to_owned()).collect(),
            families: 1,
            revoked: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// Lets someone do all they do, alone, before the scene begins; what they were answered.
    pub(crate) fn play(&mut self, player: Player) -> Vec<Sent> {
        self.players.push(player);
        let who = self.players.len() - 1;
        while !self.players[who].is_done() {
            self.advance(who);
        }
        assert_eq!(self.broken, Vec::<String>::new());
        self.events.clear();
        self.players.remove(who).replies
    }

    /// The same scene over a store that overlooks something.
    pub(crate) fn overlooking(mut self, overlooked: &[Overlooked]) -> Self {
        self.table = self.table.overlooking(overlooked);
        self
    }

    /// Runs every schedule and judges each end.
    pub(crate) fn explore(&self, check: &dyn Fn(&Self) -> Vec<String>) -> Explored {
        let mut explored = Explored::default();
        self.fork(&mut Vec::new(), check, &mut explored);
        explored
    }

    fn fork(&self, schedule: &mut Vec<usize>, check: &dyn Fn(&Self) -> Vec<String>, explored: &mut Explored) {
        let mut ended = true;
        for who in 0..self.players.len() {
            if !self.players[who].is_done() {
                ended = false;
                let mut next = self.clone();
                next.advance(who);
                schedule.push(who);
                next.fork(schedule, check, explored);
                schedule.pop();
            }
        }
        if ended {
            explored.schedules += 1;
            let broken = self.broken.iter().cloned().chain(self.invariants()).chain(check(self));
            explored.broken.extend(broken.map(|what| format!("{schedule:?}: {what}")));
        }
    }

    /// Takes one step of one player: one call of the store.
    fn advance(&mut self, who: usize) {
        let Some(step) = self.players[who].step.take().or_else(|| self.begin(who)) else { return };
        let step = match step {
            Step::Load(ask) => {
                let found = self.table.load(ask.question());
                ask.loaded(found)
            }
            Step::Commit(pending) => {
                let outcome = self.table.commit(pending.changes());
                pending.committed(outcome)
            }
            other => panic!("nothing here asks that: {other:?}"),
        };
        // What a host says is no part of the store, so nothing can come between.
        let step = match step {
            Step::Judge(ask) => {
                let verdict = willing(ask.question());
                ask.judged(verdict)
            }
            other => other,
        };
        let step = match step {
            Step::Sign(ask) => {
                let signature = sign(ask.question()).unwrap();
                ask.signed(signature)
            }
            other => other,
        };
        match step {
            Step::Done(done) => {
                self.events.extend(done.events);
                let sent = done.reply.unwrap_or_else(|never| match never {});
                self.check_moment(who, &sent);
                self.players[who].replies.push(sent);
            }
            Step::Contended(_) => {
                self.players[who].replies.push(Sent::plain(StatusCode::SERVICE_UNAVAILABLE, ""));
            }
            waiting => self.players[who].step = Some(waiting),
        }
    }

    fn begin(&mut self, who: usize) -> Option<Step<Call>> {
        let player = &mut self.players[who];
        let next = player.moves[player.begun].clone();
        player.begun += 1;
        let call = match next {
            Move::Host(act) => {
                act(&mut self.table);
                return None;
            }
            Move::Ask(call) => {
                player.asker = player.redemption.clone();
                call(&player.replies)
            }
            Move::Send(place, request) => {
                player.asker = request.ask(&player.replies);
                Call::Exchange(Box::new(Exchange::parse(&self.config, place, &player.asker)))
            }
        };
        let seed = [player.seed, u8::try_from(player.begun).unwrap()].repeat(16);
        Some(Step::start(call, Env::new(self.now, Seed::new(seed.try_into().unwrap()))))
    }

    /// What is answered must be true at the moment at which it is answered.
    fn check_moment(&mut self, who: usize, sent: &Sent) {
        let asker = self.players[who].asker.clone();
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = sent.token(name)
                && !self.is_active_for(&asker, &token)
            {
                self.broken.push(format!("player {who} was given a dead {name}"));
            }
        }
        if let Some(code) = sent.code()
            && self.probe(Place::Token, &with(&asker, &[("code", &code)])).status() != StatusCode::OK
        {
            self.broken.push(format!("player {who} was given a dead code"));
        }
        if asker.uri().path() == "/revoke" && sent.status() == StatusCode::OK {
            let sent: Vec<_> = url::form_urlencoded::parse(asker.body()).into_owned().collect();
            let own = |name| sent.iter().find_map(|(own, value)| (own == name).then_some(value.clone()));
            self.revoked.push((own("token").unwrap(), own("client_id").as_deref() == Some("spa")));
        }
    }

    /// What must hold at the end of every schedule.
    fn invariants(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let usable: Vec<_> = self.tokens().into_iter().filter(|token| self.is_usable(token)).collect();
        let mut grants: Vec<_> = usable.iter().map(|token| grant_of(token)).collect();
        grants.sort();
        grants.dedup();
        if grants.len() > self.families {
            broken.push(format!("{} families live", grants.len()));
        }
        let mut current: Vec<_> = usable.iter().filter(|token| is_refresh(token) && self.is_active(token)).collect();
        current.sort();
        current.dedup();
        if current.len() > 1 {
            broken.push(format!("{} refresh chains live", current.len()));
        }
        // Whoever got a token by exchange ends that alone; the client of the grant ends the grant.
        let dead = |(revoked, all): &(String, bool)| {
            usable.iter().any(|token| if *all { grant_of(token) == grant_of(revoked) } else { token == revoked })
        };
        if self.revoked.iter().any(dead) {
            broken.push("a token is usable after its revocation was answered".to_owned());
        }
        let issued = self.tokens().into_iter().filter(|token| !self.was_recorded(token)).count();
        if issued > 0 {
            broken.push(format!("{issued} tokens were answered but never recorded"));
        }
        let mut ended: Vec<_> = self.events.iter().filter_map(revoked_grant).collect();
        let revocations = ended.len();
        ended.sort();
        ended.dedup();
        if ended.len() < revocations {
            broken.push(format!("{} grants were revoked {revocations} times", ended.len()));
        }
        if usable.iter().any(|token| ended.contains(&grant_of(token))) {
            broken.push("a token is usable although its grant was revoked".to_owned());
        }
        broken
    }

    /// Every token that anyone has.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let replies = self.players.iter().flat_map(|player| &player.replies);
        let issued = replies.flat_map(|reply| ["access_token", "refresh_token"].map(|name| reply.token(name)));
        let mut tokens: Vec<_> = issued.flatten().chain(self.known.iter().cloned()).collect();
        tokens.sort();
        tokens.dedup();
        tokens
    }

    pub(crate) fn count(&self, is: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| is(event)).count()
    }

    pub(crate) fn count_granted(&self) -> usize {
        self.players.iter().filter(|player| player.granted()).count()
    }

    /// Asks the store as it is now, without leaving a trace.
    pub(crate) fn probe(&self, place: Place, request: &Request<Vec<u8>>) -> Sent {
        let exchange = Exchange::parse(&self.config, place, request);
        let step = Step::start(exchange, Env::new(self.now, Seed::new([0xff; 32])));
        let done = drive::run(step, &Shelf::new(self.table.clone()), &Signing, &SystemRandomness).unwrap();
        Sent(done.reply.unwrap_or_else(|never| match never {}).into_response())
    }

    pub(crate) fn is_active(&self, token: &str) -> bool {
        self.is_active_for(&post("/introspect", &[("client_id", "spa")]), token)
            || self.is_active_for(&post_as("/introspect", &basic("web", SECRET), &[]), token)
    }

    /// Whether `token` is any good to those who have it: a spent refresh token is, as long as it gives its successor.
    pub(crate) fn is_usable(&self, token: &str) -> bool {
        self.is_active(token)
            || is_refresh(token) && self.probe(Place::Token, &refresh("spa", token)).status() == StatusCode::OK
    }

    fn is_active_for(&self, asker: &Request<Vec<u8>>, token: &str) -> bool {
        let sent: Vec<_> = url::form_urlencoded::parse(asker.body()).into_owned().collect();
        let own = |name| sent.iter().find_map(|(sent, value)| (sent == name).then_some((name, value.as_str())));
        let pairs: Vec<_> =
            [own("client_id"), own("client_secret"), Some(("token", token))].into_iter().flatten().collect();
        let mut request = post("/introspect", &pairs);
        request.extensions_mut().clone_from(asker.extensions());
        if let Some(header) = asker.headers().get("authorization") {
            request.headers_mut().insert("authorization", header.clone());
        }
        let proving = own("client_id").and_then(|(_, id)| self.with_proof(id, token));
        let sent = match proving {
            Some(scene) => scene.probe(Place::Introspection, &with(&request, &[("client_secret", SECRET)])),
            None => self.probe(Place::Introspection, &request),
        };
        sent.0.body().starts_with(br#"{"active":true"#)
    }

    /// The same, but that the public client `id` has a secret: only such a one is shown its refresh tokens.
    fn with_proof(&self, id: &str, token: &str) -> Option<Self> {
        let Record::Client(client) = self.table.read(&Key::Client(ClientId::new(id)))?.value else { return None };
        if client.is_confidential() || !is_refresh(token) {
            return None;
        }
        let mut metadata = client.metadata().clone();
        metadata.token_endpoint_auth_method = None;
        let mut scene = self.clone();
        scene.table.put_client(Client::builder(id).metadata(metadata).secret(secret(SECRET)).build().unwrap());
        Some(scene)
    }

    /// Whether a change that was applied holds the digest of `token`.
    fn was_recorded(&self, token: &str) -> bool {
        let digest = Digest::of(&bytes_of(token)[16..]).to_base64url();
        self.table.applied.iter().any(|change| match &change.write {
            Write::Put { record: record @ Record::Grant(_), .. } => {
                String::from_utf8(record.encode().unwrap()).unwrap().contains(&digest)
            }
            Write::Put { .. } => change.key.to_string().ends_with(&digest),
            Write::Delete | Write::Nothing => false,
        })
    }
}

/// The 48 bytes of a handle, of which the first 16 are its grant; or the 32 of a JWT's `jti`.
pub(crate) fn bytes_of(token: &str) -> Vec<u8> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    if token.starts_with("gr_") {
        return decode(&token["gr_at_".len()..]);
    }
    let claims: serde_json::Value = serde_json::from_slice(&decode(token.split('.').nth(1).unwrap())).unwrap();
    decode(claims["jti"].as_str().unwrap())
}

fn revoked_grant(event: &Event) -> Option<Vec<u8>> {
    match event {
        Event::GrantRevoked { grant, .. } => Some(grant.as_bytes().to_vec()),
        _ => None,
    }
}

fn grant_of(handle: &str) -> Vec<u8> {
    bytes_of(handle)[..16].to_vec()
}
