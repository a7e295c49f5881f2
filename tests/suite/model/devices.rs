//! Every order of what people, a device and time do, against the rules of a device's life.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use grantor::drive::NoHost;
use grantor::event::Event;
use grantor::record::{Client, GrantType, Subject as Person};
use grantor::server::{DeviceApproval, DeviceDenial, DevicePrompt, Place, Session, Verification, VerificationRefusal};
use grantor::store::Key;
use grantor::{AuthorizationServer, Clock, Config};
use http::Request;

use super::Ledger;
use super::lifecycle::{self, Deed, Forgotten, Life, Told};
use super::subject::{Seeds, place};
use crate::support::{Hands, Log, config, json, post, refresh};

/// The crate under test, with one device authorization.
struct Device {
    server: AuthorizationServer<Ledger, NoHost, Log, Hands, Seeds>,
    clock: Hands,
    log: Log,
    code: String,
    user_code: String,
    /// What `alice` and `bob` were shown.
    prompts: Vec<(Session, DevicePrompt)>,
    access: Vec<String>,
    refresh: Vec<String>,
}

fn served() -> Arc<Config> {
    let lifetimes = |own: &mut grantor::Lifetimes| {
        own.device_code = Duration::from_secs(lifecycle::CODE);
        own.access_token = Duration::from_secs(lifecycle::ACCESS);
        own.refresh_retry = Duration::from_secs(lifecycle::RETRY);
        own.refresh_idle = Duration::from_secs(lifecycle::IDLE);
        own.refresh_absolute = Duration::from_secs(lifecycle::ABSOLUTE);
    };
    let device = |flow: &mut grantor::DeviceFlow| flow.interval = Duration::from_secs(lifecycle::INTERVAL);
    config().lifetimes(lifetimes).device_flow(device).build().unwrap()
}

fn over(config: Arc<Config>, ledger: Ledger, clock: &Hands, first: u64) -> Device {
    let log = Log::default();
    let server = AuthorizationServer::new(config, ledger)
        .with_sink(log.clone())
        .with_clock(clock.clone())
        .with_randomness(Seeds { first, drawn: AtomicU64::new(0) });
    let (code, user_code) = (String::new(), String::new());
    Device { server, clock: clock.clone(), log, code, user_code, prompts: vec![], access: vec![], refresh: vec![] }
}

impl Device {
    fn begin() -> Self {
        let clock = Hands::default();
        let ledger = Ledger::new(false);
        for (id, grants) in
            [("tv", [GrantType::DeviceCode, GrantType::RefreshToken]), ("other", [GrantType::DeviceCode; 2])]
        {
            let client = Client::builder(id).grant_types(&grants).build().unwrap();
            ledger.put(Key::Client(client.id().clone()), grantor::record::Record::Client(client.into()), None);
        }
        let mut device = over(served(), ledger, &clock, 0);
        let request = post("/device_authorization", &[("client_id", "tv"), ("scope", "read")]);
        let codes = json(&device.server.answer(Place::DeviceAuthorization, &request));
        device.code = codes["device_code"].as_str().unwrap().to_owned();
        device.user_code = codes["user_code"].as_str().unwrap().to_owned();
        for person in ["alice", "bob"] {
            let session = Session::new(Person::new(person), clock.now());
            let prompt = device.type_code(Some(session.clone())).unwrap();
            device.prompts.push((session, prompt));
        }
        device
    }

    fn fork(&self, depth: usize) -> Self {
        let clock = self.clock.apart();
        let config = Arc::clone(self.server.config());
        let fork = over(config, self.server.store().clone(), &clock, depth as u64);
        let Self { code, user_code, prompts, access, refresh, .. } = self;
        Self {
            code: code.clone(),
            user_code: user_code.clone(),
            prompts: prompts.clone(),
            access: access.clone(),
            refresh: refresh.clone(),
            ..fork
        }
    }

    fn type_code(&self, session: Option<Session>) -> Result<DevicePrompt, VerificationRefusal> {
        let verification = Verification::new(self.server.config(), &self.user_code, session, "");
        self.server.run(verification).unwrap().map(|prompt| *prompt)
    }

    fn answer(&mut self, deed: Deed) -> Told {
        let told = match deed {
            Deed::Approve(person) => self.decide(person, true),
            Deed::Deny => self.decide("bob", false),
            Deed::Poll => self.token(&self.polling("tv")),
            Deed::PollOfAnother => self.token(&self.polling("other")),
            Deed::Refresh(back) => {
                let token = self.refresh.len().checked_sub(back + 1).map(|place| self.refresh[place].clone());
                self.token(&refresh("tv", &token.unwrap_or_default()))
            }
            Deed::Revoke => {
                let token = self.refresh.last().cloned().unwrap_or_else(|| "unknown".to_owned());
                let request = post("/revoke", &[("client_id", "tv"), ("token", &token)]);
                assert_eq!(self.server.answer(Place::Revocation, &request).status(), 200);
                Told::default()
            }
            Deed::Wait(seconds) => {
                self.clock.advance(seconds);
                Told::default()
            }
        };
        let ended = self.log.take().iter().filter(|event| matches!(event, Event::GrantRevoked { .. })).count();
        Told { ended, ..told }
    }

    fn polling(&self, client: &str) -> Request<Vec<u8>> {
        let grant = GrantType::DeviceCode.as_str();
        post("/token", &[("grant_type", grant), ("client_id", client), ("device_code", &self.code)])
    }

    fn decide(&self, person: &str, yes: bool) -> Told {
        let (session, prompt) =
            self.prompts.iter().find(|(session, _)| session.subject.as_str() == person).cloned().unwrap();
        let outcome = if yes {
            self.server.run(DeviceApproval::new(Arc::clone(self.server.config()), prompt, session)).unwrap()
        } else {
            self.server.run(DeviceDenial::new(prompt)).unwrap()
        };
        let error = outcome.err().map(|refusal| match refusal {
            VerificationRefusal::CodeUnknown => "unknown".to_owned(),
            other => format!("{other:?}"),
        });
        Told { error, ..Told::default() }
    }

    fn token(&mut self, request: &Request<Vec<u8>>) -> Told {
        let body = json(&self.server.answer(Place::Token, request));
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        // What is missing is nobody's token.
        let error =
            text("error").map(|error| if error == "invalid_request" { "invalid_grant".to_owned() } else { error });
        Told {
            error,
            access: text("access_token").map(|token| place(&mut self.access, token)),
            refresh: text("refresh_token").map(|token| place(&mut self.refresh, token)),
            ended: 0,
        }
    }

    /// Which access tokens can be used, all of them by one person.
    fn active(&self, person: Option<&str>) -> Vec<bool> {
        let active = |token: &String| {
            let request = post("/introspect", &[("client_id", "tv"), ("token", token)]);
            let seen = json(&self.server.answer(Place::Introspection, &request));
            let active = seen["active"].as_bool().unwrap();
            active && seen["sub"].as_str() == person
        };
        self.access.iter().map(active).collect()
    }
}

/// Both do the same; what differs, if they do not.
fn check(life: &mut Life, device: &mut Device, deed: Deed) -> Result<(), String> {
    let (ruled, told) = (life.answer(deed), device.answer(deed));
    let same = |what: &str, equal: bool| if equal { Ok(()) } else { Err(what.to_owned()) };
    same(&format!("told {told:?}, not {ruled:?}"), told == ruled)?;
    same("the tokens that can be used", device.active(life.person) == life.active())?;
    same("what the user code leads to", device.type_code(None).is_ok() == life.awaits_a_person())
}

/// Tries every sequence of `depth` deeds; how many were done, or the first sequence after which they differ.
fn explore(
    life: &Life,
    device: &Device,
    alphabet: &[Deed],
    depth: usize,
    path: &mut Vec<Deed>,
) -> Result<usize, String> {
    if depth == 0 {
        return Ok(0);
    }
    let mut done = 0;
    for deed in alphabet {
        let (mut life, mut device) = (life.clone(), device.fork(depth));
        path.push(*deed);
        check(&mut life, &mut device, *deed).map_err(|fault| format!("{path:?}: {fault}"))?;
        done += 1 + explore(&life, &device, alphabet, depth - 1, path)?;
        path.pop();
    }
    Ok(done)
}

/// What comes `first`, then every sequence of so many of these.
struct Orders {
    first: &'static [Deed],
    alphabet: &'static [Deed],
    depth: usize,
}

use Deed::{Approve, Deny, Poll, PollOfAnother, Refresh, Revoke, Wait};

const ORDERS: [Orders; 4] = [
    // People, polls in time and too soon, and the end of the code.
    Orders { first: &[], alphabet: &[Approve("alice"), Approve("bob"), Deny, Poll, Wait(5), Wait(14)], depth: 5 },
    // Polls alone, until the interval has grown twice.
    Orders { first: &[], alphabet: &[Poll, Wait(1), Wait(4), Wait(5)], depth: 7 },
    // What was redeemed: replay, refresh, retry, reuse, revocation, and every end in time.
    Orders {
        first: &[Approve("alice"), Poll],
        alphabet: &[Poll, Refresh(0), Refresh(1), Refresh(2), Revoke, Wait(10), Wait(29)],
        depth: 5,
    },
    // All of it, from the beginning.
    Orders {
        first: &[],
        alphabet: &[Approve("alice"), Deny, Poll, PollOfAnother, Refresh(0), Refresh(1), Revoke, Wait(5), Wait(15)],
        depth: 4,
    },
];

fn try_all(forgotten: Option<Forgotten>) -> Result<usize, String> {
    let mut done = 0;
    for Orders { first, alphabet, depth } in ORDERS {
        let (mut life, mut device) = (Life::new(forgotten), Device::begin());
        for deed in first {
            check(&mut life, &mut device, *deed).map_err(|fault| format!("{first:?}: {fault}"))?;
        }
        done += explore(&life, &device, alphabet, depth, &mut Vec::new())?;
    }
    Ok(done)
}

#[test]
fn every_life_of_a_device_is_as_the_rules_say() {
    let expected: usize = ORDERS
        .iter()
        .map(|orders| (1..=orders.depth).map(|depth| orders.alphabet.len().pow(depth as u32)).sum::<usize>())
        .sum();
    assert_eq!(try_all(None), Ok(expected));
    println!("{expected} deeds");
}

/// The rules and the crate differ as soon as either lacks a rule, so every rule is put to the test.
#[test]
fn a_rule_that_someone_forgets_is_missed() {
    for forgotten in Forgotten::ALL {
        let found = try_all(Some(forgotten));
        println!("{forgotten:?}: {found:?}");
        assert!(found.is_err(), "{forgotten:?} changes nothing");
    }
}
