//! Token exchange: whose rights, through whom, for how long, and who says so [RFC 8693].

use std::sync::{Arc, Mutex};

use grantor::drive::{Host, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Client, ClientId, GrantType, Scope};
use grantor::server::{Approval, Place};
use grantor::{AuthorizationServer, ConfigBuilder, ExchangeQuestion, Question, SigningInput, Verdict};
use http::Request;
use serde_json::{Value, json as value};

use crate::support::*;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const DOWNSTREAM: &str = "https://downstream.test/";

/// A host that allows what its policy allows, and remembers what it was asked.
#[derive(Clone)]
struct Policy {
    allows: fn(&ExchangeQuestion) -> bool,
    asked: Arc<Mutex<Vec<ExchangeQuestion>>>,
}

impl Host for Policy {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        Ok(Err(Unfetched::NotServed))
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let Question::TokenExchange(question) = question else { return Ok(Verdict::Denied) };
        self.asked.lock().unwrap().push((**question).clone());
        Ok(if (self.allows)(question) { Verdict::Allowed } else { Verdict::Denied })
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        sign(input)
    }
}

pub(crate) struct Exchange {
    pub(crate) world: World,
    policy: Policy,
}

/// A server that exchanges what the policy allows, for the clients `middle`, `reader` and `deep`.
pub(crate) fn exchange(allows: fn(&ExchangeQuestion) -> bool) -> Exchange {
    exchange_with(|config| config.resource(DOWNSTREAM), allows)
}

/// The same, configured otherwise.
pub(crate) fn exchange_with(
    change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    allows: fn(&ExchangeQuestion) -> bool,
) -> Exchange {
    let world = world_with(|config| change(config.token_exchange()));
    let grants = [GrantType::TokenExchange, GrantType::ClientCredentials];
    for (id, scope) in [("middle", "read write admin"), ("reader", "read"), ("deep", "read write")] {
        let client = Client::builder(id).secret(secret(id)).grant_types(&grants).scope(Scope::parse(scope).unwrap());
        world.server.store().put_client(client.build().unwrap());
    }
    Exchange { world, policy: Policy { allows, asked: Arc::default() } }
}

impl Exchange {
    pub(crate) fn ask(&self, request: &Request<Vec<u8>>) -> Value {
        let seeds = Counting::beyond(1_000_000 + 1000 * self.policy.asked.lock().unwrap().len() as u64);
        let server = AuthorizationServer::new(self.world.server.config().clone(), self.world.server.store())
            .with_host(self.policy.clone())
            .with_clock(self.world.clock.clone())
            .with_randomness(seeds);
        json(&server.answer(Place::Token, request))
    }

    /// Exchanges `subject` as `client`.
    pub(crate) fn of(&self, client: &str, subject: &str, more: &[(&str, &str)]) -> Value {
        let pairs = [("grant_type", GRANT), ("subject_token", subject), ("subject_token_type", ACCESS)];
        self.ask(&post_as("/token", &basic(client, client), &[&pairs, more].concat()))
    }

    pub(crate) fn own_token(&self, client: &str) -> String {
        let pairs = [("grant_type", "client_credentials"), ("scope", "read")];
        text(&json(&self.world.token(&post_as("/token", &basic(client, client), &pairs))), "access_token")
    }

    pub(crate) fn seen(&self, client: &str, token: &str) -> Value {
        let request = post_as("/introspect", &basic(client, client), &[("token", token)]);
        json(&self.world.server.answer(Place::Introspection, &request))
    }
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

#[test]
fn a_client_acts_as_the_subject_in_a_token_of_its_own() {
    let exchange = exchange(|question| question.client.as_str() == "middle");
    let subject = text(&exchange.world.tokens(), "access_token");
    exchange.world.clock.advance(100);
    let got = exchange.of("middle", &subject, &[("scope", "read"), ("resource", DOWNSTREAM)]);
    assert_eq!(
        (&got["issued_token_type"], &got["token_type"], &got["scope"]),
        (&ACCESS.into(), &"Bearer".into(), &"read".into())
    );
    assert_eq!(got["expires_in"], 500, "never longer than the subject token");
    assert_eq!(got.get("refresh_token"), None);
    let seen = exchange.seen("middle", &text(&got, "access_token"));
    assert_eq!(
        (&seen["sub"], &seen["client_id"], &seen["aud"]),
        (&"alice".into(), &"middle".into(), &value!([DOWNSTREAM]))
    );
    assert_eq!(seen.get("act"), None);
    assert_eq!(text(&exchange.of("deep", &text(&got, "access_token"), &[]), "error"), "unauthorized_client");
    let asked = exchange.policy.asked.lock().unwrap();
    assert_eq!((asked[0].subject_client.as_str(), asked[0].actor.as_ref()), ("spa", None));
    let from: Vec<_> = asked[1].subject_audience.iter().map(|resource| resource.as_str()).collect();
    assert_eq!((asked[1].subject_client.as_str(), from), ("middle", vec![DOWNSTREAM]));

    assert_eq!(exchange.of_denied("reader", &subject), "unauthorized_client");
}

impl Exchange {
    fn of_denied(&self, client: &str, subject: &str) -> String {
        let policy = Policy { allows: |_| false, asked: Arc::default() };
        let denied = AuthorizationServer::new(self.world.server.config().clone(), self.world.server.store())
            .with_host(policy)
            .with_clock(self.world.clock.clone());
        let pairs = [("grant_type", GRANT), ("subject_token", subject), ("subject_token_type", ACCESS)];
        text(&json(&denied.answer(Place::Token, &post_as("/token", &basic(client, client), &pairs))), "error")
    }
}

#[test]
fn a_delegation_tells_who_acts_and_who_did() {
    let exchange = exchange(|_| true);
    let subject = text(&exchange.world.tokens(), "access_token");
    let through = |client: &str, subject: &str, actor: &str| {
        exchange.of(client, subject, &[("actor_token", actor), ("actor_token_type", ACCESS)])
    };
    let (middle, deep) = (exchange.own_token("middle"), exchange.own_token("deep"));
    let first = text(&through("middle", &subject, &middle), "access_token");
    let once = value!({"sub": "middle", "client_id": "middle"});
    assert_eq!(exchange.seen("middle", &first)["act"], once);
    let second = text(&through("deep", &first, &deep), "access_token");
    let twice = value!({"sub": "deep", "client_id": "deep", "act": once});
    assert_eq!(exchange.seen("deep", &second)["act"], twice);
    assert_eq!(exchange.seen("deep", &second)["sub"], "alice");
    // An impersonation hides nobody who acted before.
    let third = text(&exchange.of("reader", &second, &[]), "access_token");
    assert_eq!(exchange.seen("reader", &third)["act"], twice);
    // Nobody acts twice.
    assert_eq!(through("middle", &second, &middle)["error"], "invalid_request");
}

#[test]
fn a_person_can_limit_who_acts() {
    let exchange = exchange(|_| true);
    let world = &exchange.world;
    let prompt = world.prompt(&authorization("spa", "https://spa.example/cb", &[]));
    let approval =
        Approval::new(world.server.config().clone(), prompt, world.session()).may_act([ClientId::new("deep")]);
    let response = world.server.run(approval).unwrap().unwrap().print();
    let code = parameter(&response, "code").unwrap();
    let subject = text(&json(&world.token(&redeem("spa", "https://spa.example/cb", &code))), "access_token");
    assert_eq!(world.introspect(&subject)["may_act"], value!({"client_id": ["deep"]}));
    for (actor, error) in [("middle", "invalid_request"), ("deep", "none")] {
        let token = exchange.own_token(actor);
        let got = exchange.of(actor, &subject, &[("actor_token", &token), ("actor_token_type", ACCESS)]);
        assert_eq!(got["error"].as_str().unwrap_or("none"), error, "{actor}");
    }
}

#[test]
fn what_cannot_be_exchanged_is_refused() {
    let exchange = exchange(|_| true);
    let tokens = exchange.world.tokens();
    let (subject, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let actor = exchange.own_token("middle");
    let id_token = "urn:ietf:params:oauth:token-type:id_token";
    let cases: &[(&str, &[(&str, &str)], &str)] = &[
        ("more scope", &[("scope", "read admin")], "invalid_scope"),
        ("scope malformed", &[("scope", "\"")], "invalid_scope"),
        ("unknown resource", &[("resource", "https://unknown.test/")], "invalid_target"),
        ("unknown audience", &[("audience", "nobody")], "invalid_target"),
        ("two resources", &[("resource", DOWNSTREAM), ("audience", "https://unknown.test/")], "invalid_target"),
        ("another type", &[("requested_token_type", id_token)], "invalid_request"),
        ("an actor without a type", &[("actor_token", &actor)], "invalid_request"),
        ("a type without an actor", &[("actor_token_type", ACCESS)], "invalid_request"),
        ("an unknown actor", &[("actor_token", "x"), ("actor_token_type", ACCESS)], "invalid_request"),
        ("an actor of another type", &[("actor_token", &actor), ("actor_token_type", id_token)], "invalid_request"),
    ];
    for (name, more, error) in cases {
        assert_eq!(exchange.of("middle", &subject, more)["error"], *error, "{name}");
    }
    assert_eq!(exchange.of("reader", &subject, &[("scope", "write")])["error"], "invalid_scope", "not the client's");
    assert_eq!(exchange.of("reader", &subject, &[])["scope"], "read", "what both have");
    for subject in [&*refresh, "nonsense", &subject.replace("_at_", "_ac_")] {
        assert_eq!(exchange.of("middle", subject, &[])["error"], "invalid_request");
    }
    let pairs = [("grant_type", GRANT), ("subject_token", &*subject)];
    assert_eq!(exchange.ask(&post_as("/token", &basic("middle", "middle"), &pairs))["error"], "invalid_request");
    let by_spa = post("/token", &[pairs[0], pairs[1], ("client_id", "spa"), ("subject_token_type", ACCESS)]);
    assert_eq!(exchange.ask(&by_spa)["error"], "unauthorized_client");
    assert!(exchange.of("middle", &subject, &[]).get("error").is_none());
    exchange.world.clock.advance(600);
    assert_eq!(exchange.of("middle", &subject, &[])["error"], "invalid_request", "expired");
}

#[test]
fn an_exchanged_token_dies_with_its_subject_and_not_the_other_way_round() {
    let exchange = exchange(|_| true);
    let world = &exchange.world;
    let subject = text(&world.tokens(), "access_token");
    let first = text(&exchange.of("middle", &subject, &[]), "access_token");
    let second = text(&exchange.of("deep", &first, &[]), "access_token");
    let revoke = |client: &str, token: &str| {
        world.server.answer(Place::Revocation, &post_as("/revoke", &basic(client, client), &[("token", token)]))
    };
    world.log.take();
    assert_eq!(revoke("deep", &first).status(), 200, "another's token");
    assert_eq!(exchange.seen("middle", &first)["active"], true);
    assert_eq!(revoke("middle", &first).status(), 200);
    assert_eq!(exchange.seen("middle", &first)["active"], false);
    assert_eq!(exchange.seen("deep", &second)["active"], true, "a token of its own");
    assert!(world.is_active(&subject));
    assert!(world.log.take().is_empty(), "no grant was revoked");
    // Its subject's client did not get it, and cannot end it alone.
    assert_eq!(world.introspect(&second)["active"], false);
    world.revoke("spa", &subject);
    assert_eq!(exchange.seen("deep", &second)["active"], false);
    assert_eq!(exchange.of("middle", &subject, &[])["error"], "invalid_request");
}

#[test]
fn without_the_option_there_is_no_exchange() {
    let world = world();
    let pairs = [("grant_type", GRANT), ("client_id", "spa"), ("subject_token", "x"), ("subject_token_type", ACCESS)];
    assert_eq!(error(&world, &post("/token", &pairs)), refused(400, "unsupported_grant_type"));
    assert!(!world.server.config().metadata().grant_types_supported.iter().any(|name| name == GRANT));
}
