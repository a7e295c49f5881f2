//! Requests run step by step, with all that anyone could log or store kept to be searched.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use grantor::drive::{self, NoHost};
use grantor::record::Record;
use grantor::resource::{Access, Demand};
use grantor::server::{Approval, Authorization, Authorize, Exchange, Place, Prompt, Visitor};
use grantor::step::{Done, Endpoint, Step};
use grantor::store::{Change, Commit, Key, Store, Versioned, Write};
use grantor::wire::{
    AuthorizationRequest, ClientInformation, DeviceRequest, DeviceResponse, PushRequest, PushResponse,
    RegistrationRequest, TokenQuery, TokenRequest, TokenResponse,
};
use grantor::{Env, Progress, Question, Seed, SystemRandomness, Timestamp, Verdict};
use http::{Request, Response};

use crate::interleavings::crowd;
use crate::schedule::bytes_of;
use crate::support::*;
use crate::table::Shelf;

/// What an answer can hold that nobody else shall see.
const GIVEN: [&str; 8] = [
    "access_token",
    "refresh_token",
    "device_code",
    "user_code",
    "verification_uri_complete",
    "request_uri",
    "registration_access_token",
    "client_secret",
];

/// Runs requests step by step and keeps all that anyone could log or store.
pub(crate) struct Watched {
    pub(crate) world: World<Shelf>,
    seeds: u16,
    /// What was shown, and where first.
    shown: HashMap<String, &'static str>,
    secrets: Vec<String>,
}

impl Watched {
    pub(crate) fn new(plain: bool) -> Self {
        let world = crowd(30);
        let clock = world.clock.clone();
        let store = Shelf::new(world.server.store().table());
        let change =
            |config: grantor::ConfigBuilder| if plain { config.danger_accept_plain_code_challenge() } else { config };
        let secrets = [VERIFIER, SECRET].map(str::to_owned).to_vec();
        Self { secrets, ..Self::over(world_over(store, clock, change)) }
    }

    /// Watches a world of another kind.
    pub(crate) fn over(world: World<Shelf>) -> Self {
        Self { world, seeds: 0, shown: HashMap::new(), secrets: Vec::new() }
    }

    pub(crate) fn show(&mut self, place: &'static str, value: &dyn Debug) {
        self.note(place, format!("{value:?}"));
    }

    fn note(&mut self, place: &'static str, text: String) {
        self.shown.entry(text).or_insert(place);
    }

    pub(crate) fn learn(&mut self, secret: Option<String>) {
        self.secrets.extend(secret);
    }

    /// Drives `endpoint`, looking at everything at every point.
    pub(crate) fn run<E: Endpoint>(&mut self, endpoint: E) -> Done<E> {
        self.show("endpoint", &endpoint);
        self.show("keys", &endpoint.keys());
        self.seeds += 1;
        let env =
            Env::new(self.world.now(), Seed::new(std::array::from_fn(|place| self.seeds.to_be_bytes()[place % 2])));
        self.show("env", &env);
        let mut step = Step::start(endpoint, env);
        let done = loop {
            self.show("step", &step);
            step = match step {
                Step::Load(ask) => {
                    self.show("question", ask.question());
                    let Ok(found) = self.world.server.store().load(ask.question(), ask.now());
                    self.show("refusal if it fails", &ask.clone().interrupted());
                    self.records(&found);
                    ask.loaded(found)
                }
                Step::Commit(pending) => {
                    self.changes(pending.changes());
                    self.show("refusal if it fails", &pending.clone().interrupted());
                    self.show("after a conflict", &pending.clone().committed(Commit::Conflict));
                    let Ok(outcome) = self.world.server.store().commit(pending.changes().to_vec(), pending.now());
                    pending.committed(outcome)
                }
                Step::Judge(ask) => {
                    self.show("question", ask.question());
                    self.show("refusal if it fails", &ask.clone().interrupted());
                    let verdict = match ask.question() {
                        Question::Password(asked) if asked.username.as_str() == "alice" => {
                            let session = self.world.session();
                            Verdict::Subject { subject: session.subject, authenticated: session.authenticated }
                        }
                        Question::Password(_) => Verdict::Denied,
                        other => willing(other),
                    };
                    ask.judged(verdict)
                }
                Step::Sign(ask) => {
                    self.show("question", ask.question());
                    self.show("refusal if it fails", &ask.clone().interrupted());
                    let signature = sign(ask.question()).unwrap();
                    ask.signed(signature)
                }
                Step::Done(done) => break done,
                other => panic!("not asked for: {other:?}"),
            };
        };
        self.show("events", &done.events);
        self.show("done", &done);
        self.show("reply", &done.reply);
        done
    }

    fn changes(&mut self, changes: &[Change]) {
        for change in changes {
            self.show("change", change);
            self.note("key", change.key.to_string());
            if let Write::Put { record, .. } = &change.write {
                self.note("record", text(record.encode().unwrap()));
            }
        }
    }

    fn records(&mut self, found: &[Option<Versioned<Record>>]) {
        for row in found.iter().flatten() {
            self.show("row", row);
            self.note("row", text(row.value.encode().unwrap()));
        }
    }

    /// Sends a request of a client, whose answer is shown only if it gives nothing.
    pub(crate) fn send(&mut self, place: Place, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let limits = *self.world.server.config().limits();
        match place {
            Place::Token => self.show("message", &TokenRequest::parse(request, &limits)),
            Place::DeviceAuthorization => self.show("message", &DeviceRequest::parse(request, &limits)),
            Place::PushedAuthorizationRequest => self.show("message", &PushRequest::parse(request, &limits)),
            Place::Registration => self.show("message", &RegistrationRequest::parse(request, &limits)),
            _ => self.show("message", &TokenQuery::parse(request, &limits)),
        }
        let config = self.world.server.config().clone();
        let step =
            Step::start(Exchange::parse(&config, place, request), Env::new(self.world.now(), Seed::new([0; 32])));
        let failed = drive::run(step, &Gone, &NoHost, &SystemRandomness);
        self.show("failure", &failed);
        if let Err(failure) = failed {
            self.note("error", failure.cause.to_string());
        }

        let done = self.run(Exchange::parse(&config, place, request));
        let response = done.reply.unwrap_or_else(|never| match never {}).into_response();
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap_or_default();
        self.read(&response);
        let given = GIVEN.map(|name| Some(body.get(name)?.as_str()?.to_owned()));
        if given.iter().all(Option::is_none) {
            self.refusal(&response);
        }
        given.into_iter().for_each(|secret| self.learn(secret));
        response
    }

    /// A client reads what it was sent.
    fn read(&mut self, response: &Response<Vec<u8>>) {
        self.show("answer read", &TokenResponse::parse(response));
        self.show("answer read", &DeviceResponse::parse(response.body()));
        self.show("answer read", &PushResponse::parse(response.body()));
        self.show("answer read", &ClientInformation::parse(response.body()));
    }

    fn refusal(&mut self, response: &Response<Vec<u8>>) {
        self.show("refusal", response);
        self.note("refusal", text(response.body().clone()));
    }

    pub(crate) fn authorize(&mut self, request: &Request<Vec<u8>>, visitor: Visitor) -> Option<Box<Prompt>> {
        let config = Arc::clone(self.world.server.config());
        let request = AuthorizationRequest::parse(request, config.limits()).unwrap();
        self.show("message", &request);
        self.show("progress", &self.world.server.authorize(request.clone(), visitor.clone()));
        match self.run(Authorize::new(config, request, visitor)).reply {
            Ok(Authorization::Ask(prompt)) => {
                self.show("prompt", &prompt);
                Some(prompt)
            }
            Ok(Authorization::Answer(response)) => {
                self.show("printed", &response.print().headers());
                self.show("progress", &Progress::Respond(response.print()));
                self.learn(parameter_of(&response));
                None
            }
            Err(refusal) => {
                self.refusal(&refusal.print());
                None
            }
        }
    }

    pub(crate) fn approve(&mut self, prompt: Box<Prompt>) -> String {
        let config = Arc::clone(self.world.server.config());
        let session = self.world.session();
        let response = self.run(Approval::new(config, *prompt, session)).reply.unwrap();
        self.show("printed", &response.print().headers());
        let code = parameter_of(&response).unwrap();
        self.learn(Some(code.clone()));
        code
    }

    pub(crate) fn code(&mut self, changes: &[(&str, &str)]) -> String {
        let visitor = Visitor::logged_in(self.world.session(), None);
        let prompt = self.authorize(&authorization("web", WEB, changes), visitor).unwrap();
        self.approve(prompt)
    }

    pub(crate) fn access(&mut self, request: &Request<Vec<u8>>, demand: Demand) {
        let config = Arc::clone(self.world.server.config());
        if let Err(refusal) = self.run(Access::new(&config, request, demand)).reply {
            self.note("challenge", refusal.challenge().print());
            self.refusal(&refusal.print());
        }
    }

    /// Searches everything that was shown for every secret in every form.
    pub(crate) fn assert_kept(&self, floor: usize) {
        assert!(self.secrets.len() >= floor, "only {} secrets", self.secrets.len());
        for secret in &self.secrets {
            for (form, needle) in forms(secret) {
                for (shown, place) in &self.shown {
                    assert!(!shown.contains(&needle), "{place} shows {secret} as {form}: {shown}");
                }
            }
        }
    }
}

/// A store that is gone.
pub(crate) struct Gone;

#[derive(Debug, thiserror::Error)]
#[error("gone")]
pub(crate) struct IsGone;

impl Store for Gone {
    type Error = IsGone;

    fn load(&self, _: &[Key], _: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, IsGone> {
        Err(IsGone)
    }

    fn commit(&self, _: Vec<Change>, _: Timestamp) -> Result<Commit, IsGone> {
        Err(IsGone)
    }
}

fn parameter_of(response: &grantor::wire::AuthorizationResponse) -> Option<String> {
    let message = response.message();
    message.parameters().find_map(|(name, value)| ["code", "access_token"].contains(&name).then(|| value.into_owned()))
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Every form in which a secret could be seen.
pub(crate) fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let mut forms = vec![("text", secret.to_owned())];
    forms.extend(written(secret.as_bytes()));
    let percent = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
    forms.push(("form", percent.replace("%20", "+")));
    forms.push(("percent-encoded", percent));
    forms.push(("header", basic("web", secret)["Basic ".len()..].to_owned()));
    if let Some((_, own)) = secret.split_once(":request_uri:") {
        forms.push(("end of a name", own.to_owned()));
        forms.extend(written(&URL_SAFE_NO_PAD.decode(own).unwrap()));
    }
    let letters: String = secret.chars().filter(|c| *c != '-').collect();
    if secret.len() == 9 && letters.len() == 8 {
        forms.push(("typed", letters.to_lowercase()));
        forms.push(("letters", letters));
    }
    if secret.starts_with("gr_") {
        forms.push(("handle", secret["gr_at_".len()..].to_owned()));
        forms.push(("end of a handle", secret[secret.len() - 40..].to_owned()));
        forms.extend(written(&bytes_of(secret)[16..]));
    }
    forms
}

/// Bytes in the usual ways to write them, the `Debug` of arrays among them.
fn written(bytes: &[u8]) -> Vec<(&'static str, String)> {
    let numbers: Vec<_> = bytes.iter().map(u8::to_string).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        ("numbers", numbers.join(", ")),
        ("upper hex", hex.to_uppercase()),
        ("hex", hex),
        ("base64", STANDARD.encode(bytes).trim_end_matches('=').to_owned()),
        ("base64url", URL_SAFE_NO_PAD.encode(bytes)),
    ]
}
