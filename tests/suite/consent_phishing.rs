//! Consent phishing: what a person is warned of, and what is refused before they are asked [RFC 6819 §4.4.1.4].

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use serde_json::{Value, json as value};

use grantor::drive::{Host, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{AuthorizationDetails, Client, ClientId, GrantType, RegisteredBy, Scope, Standing, Subject};
use grantor::server::{
    Approval, Asking, DeviceApproval, DevicePrompt, NoSuchClient, Place, Prompt, Session, Verification,
    VerificationRefusal, VerifyPublisher, Visitor,
};
use grantor::step::Step;
use grantor::store::{Commit, Indexed, Memory, Store};
use grantor::{
    Acquaintance, AuthorizationServer, Clock, CommonDetails, ConfigBuilder, ConfigFault, ConsentQuestion, Env,
    Progress, ProposedConsent, Question, Registration, Seed, SigningInput, Timestamp, Verdict,
};

use crate::support::*;

const SPA: &str = "https://spa.example/cb";
const APP: &str = "https://app.example/cb";

/// `admin` and `vault` are sensitive; `tv` is a device, `acme` is of a verified publisher.
fn cautious(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> World {
    let world = world_with(|config| {
        let vault = CommonDetails::new("vault").actions(["open"]).sensitive();
        let files = CommonDetails::new("files").actions(["read"]);
        let config = config.sensitive_scopes(["admin"]).authorization_details(vault).authorization_details(files);
        change(config.device_flow(|_| ()).registration(Registration::open()).default_scope("read admin"))
    });
    let code = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    let builders = [
        Client::builder("tv").grant_types(&[GrantType::DeviceCode]),
        Client::builder("acme").redirect_uri(APP).grant_types(&code).publisher("ACME Ltd."),
        Client::builder("young").redirect_uri(APP).registered_at(Hands::default().now()),
    ];
    builders.into_iter().for_each(|client| world.server.store().put_client(client.build().unwrap()));
    world
}

fn only_verified(config: ConfigBuilder) -> ConfigBuilder {
    config.caution(|caution| caution.only_verified_clients = true)
}

fn standing(world: &World, client: &str, redirect_uri: &str) -> Standing {
    world.prompt(&authorization(client, redirect_uri, &[("prompt", "consent")])).standing
}

/// Who vouches, who registered it, when, and whether it is new.
fn facts(standing: &Standing) -> (Option<&str>, RegisteredBy, Option<u64>, bool) {
    let Standing { publisher, registered_by, registered, is_new, .. } = standing;
    (publisher.as_deref(), *registered_by, registered.map(Timestamp::as_unix), *is_new)
}

fn registration(method: &str, uri: &str, token: &str, body: &Value) -> Request<Vec<u8>> {
    let request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    request.header("authorization", format!("Bearer {token}")).body(body.to_string().into_bytes()).unwrap()
}

/// Registers a client that says all kinds of things of itself.
fn register(world: &World) -> Value {
    let body = value!({
        "redirect_uris": [APP], "token_endpoint_auth_method": "none", "client_name": "ACME", "publisher": "ACME Ltd.",
        "verified": true, "first_party": true, "registered": 1, "scope": "read admin",
    });
    json(&world.server.answer(Place::Registration, &registration("POST", "/register", "none", &body)))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

#[test]
fn a_prompt_says_what_the_server_knows_of_a_client_and_not_what_that_says_of_itself() {
    let world = cautious(|config| config);
    let now = world.now().as_unix();
    let own = register(&world);
    let id = text(&own, "client_id");
    let by_operator = RegisteredBy::Operator;
    assert_eq!(facts(&standing(&world, "spa", SPA)), (None, by_operator, None, false));
    assert_eq!(facts(&standing(&world, "acme", APP)), (Some("ACME Ltd."), by_operator, None, false));
    assert_eq!(facts(&standing(&world, "young", APP)), (None, by_operator, Some(now), true));
    assert_eq!(facts(&standing(&world, id, APP)), (None, RegisteredBy::Itself, Some(now), true));
    assert!(!standing(&world, id, APP).is_verified() && !standing(&world, id, APP).first_party);
    let first_party = standing(&world, "own", "https://own.example/cb");
    assert!(first_party.first_party && first_party.is_verified());

    let day = 24 * 60 * 60;
    for (after, new) in [(30 * day - 1, true), (1, false)] {
        world.clock.advance(after);
        for client in ["young", id] {
            assert_eq!(standing(&world, client, APP).is_new, new, "{client} after {after}");
        }
    }
    let shorter = cautious(|config| config.caution(|caution| caution.new_client = Duration::from_secs(60)));
    shorter.clock.advance(60);
    assert!(!standing(&shorter, "young", APP).is_new);
}

#[test]
fn the_facts_are_there_before_a_login_after_a_push_and_for_a_device() {
    let world = cautious(|config| config);
    let id = text(&register(&world), "client_id").to_owned();
    let expected = standing(&world, &id, APP);
    let request = authorization(&id, APP, &[("scope", "read admin")]);
    let Progress::Ask(login) = world.authorize(&request, Visitor::anonymous()) else { panic!("no login") };
    assert_eq!((&login.asking, &login.standing), (&Asking::Login, &expected));

    let mut push = post("/par", &[]);
    *push.body_mut() = request.uri().query().unwrap().into();
    let pushed = json(&world.server.answer(Place::PushedAuthorizationRequest, &push));
    let brought = form(&[("client_id", &id), ("request_uri", text(&pushed, "request_uri"))]);
    let pushed = world.prompt(&get(&format!("/authorize?{brought}")));
    assert_eq!((&pushed.standing, &pushed.asking), (&expected, &world.prompt(&request).asking));
    let Asking::Consent(ProposedConsent { sensitive, .. }) = &pushed.asking else { panic!("no consent") };
    assert_eq!(sensitive.as_str(), "admin");
    let kept: Prompt = serde_json::from_str(&serde_json::to_string(&pushed).unwrap()).unwrap();
    assert_eq!(kept, pushed);

    let prompt = device(&world, "read admin").unwrap();
    assert_eq!(facts(&prompt.standing), (None, RegisteredBy::Operator, None, false));
    let Asking::Consent(ProposedConsent { sensitive, acquaintance, new, .. }) = &prompt.asking else {
        panic!("no consent")
    };
    assert_eq!((sensitive.as_str(), new.as_str()), ("admin", "read admin"));
    assert_eq!(*acquaintance, Acquaintance::Unknown);
    let kept: DevicePrompt = serde_json::from_str(&serde_json::to_string(&prompt).unwrap()).unwrap();
    assert_eq!(kept, prompt);
}

fn device(world: &World, scope: &str) -> Result<DevicePrompt, VerificationRefusal> {
    let codes = post("/device_authorization", &[("client_id", "tv"), ("scope", scope)]);
    let codes = json(&world.server.answer(Place::DeviceAuthorization, &codes));
    let typed = Verification::new(world.server.config(), text(&codes, "user_code"), Some(world.session()), "here");
    world.server.run(typed).unwrap().map(|prompt| *prompt)
}

#[test]
fn a_prompt_says_what_is_sensitive_and_whether_the_person_knows_the_client() {
    const OWN: &str = "https://own.example/cb";
    let acquaintance = |world: &World, client: &str, uri: &str, visitor: Visitor| {
        let request = authorization(client, uri, &[("scope", "read write"), ("prompt", "consent")]);
        match world.authorize(&request, visitor) {
            Progress::Ask(prompt) => match prompt.asking {
                Asking::Consent(ProposedConsent { acquaintance, .. }) => acquaintance,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let world = cautious(ConfigBuilder::remember_consent);
    let alice = || Visitor::logged_in(world.session(), None);
    assert_eq!(acquaintance(&world, "spa", SPA, alice()), Acquaintance::First);
    let since = world.now();
    world.code("spa", SPA, &[("scope", "read")]);
    world.clock.advance(100);
    world.code("spa", SPA, &[("scope", "write")]);
    let known = acquaintance(&world, "spa", SPA, alice());
    assert!(matches!(known, Acquaintance::Known { since: Some(first), .. } if first == since), "{known:?}");
    assert_eq!(acquaintance(&world, "own", OWN, alice()), Acquaintance::First);
    let bob = Visitor::logged_in(Session::new(Subject::new("bob"), world.now()), None);
    assert_eq!(acquaintance(&world, "spa", SPA, bob), Acquaintance::First);
    let told = Visitor::logged_in(world.session(), Some(Scope::parse("read").unwrap()));
    let known = acquaintance(&world, "acme", APP, told);
    assert!(matches!(known, Acquaintance::Known { since: None, .. }), "{known:?}");
    // Who is behind a redirect URI that anyone on the device may hold?
    world.code("cli", NATIVE, &[("scope", "read")]);
    assert_eq!(acquaintance(&world, "cli", NATIVE, alice()), Acquaintance::Unknown);
    let forgetful = cautious(|config| config);
    let alice = Visitor::logged_in(forgetful.session(), None);
    assert_eq!(acquaintance(&forgetful, "spa", SPA, alice), Acquaintance::Unknown);

    let details = r#"[{"type":"vault","actions":["open"]},{"type":"files","actions":["read"]}]"#;
    for (scope, sensitive) in [("read", ""), ("read admin", "admin")] {
        let request = authorization("spa", SPA, &[("scope", scope), ("authorization_details", details)]);
        let Asking::Consent(ProposedConsent { sensitive: own, sensitive_details, .. }) = world.prompt(&request).asking
        else {
            panic!()
        };
        assert_eq!(own.as_str(), sensitive);
        let vault = AuthorizationDetails::parse(r#"[{"type":"vault","actions":["open"]}]"#).unwrap();
        assert_eq!(sensitive_details, vault);
    }
}

const VAULT: &str = r#"[{"type":"vault","actions":["open"]}]"#;
const FILES: &str = r#"[{"type":"files","actions":["read"]}]"#;

#[test]
fn where_only_verified_clients_get_what_is_sensitive_nobody_is_asked_for_others() {
    let cases: [(&str, &str, &[(&str, &str)], Option<&str>); 8] = [
        ("spa", SPA, &[("scope", "read")], None),
        ("spa", SPA, &[("scope", "read admin")], Some("invalid_scope")),
        ("spa", SPA, &[("authorization_details", VAULT)], Some("invalid_authorization_details")),
        ("spa", SPA, &[("authorization_details", FILES)], None),
        ("acme", APP, &[("scope", "read admin"), ("authorization_details", VAULT)], None),
        ("own", "https://own.example/cb", &[("scope", "admin"), ("prompt", "consent")], None),
        ("cli", NATIVE, &[("scope", "admin")], Some("invalid_scope")),
        ("acme", APP, &[("scope", "admin")], None),
    ];
    for strict in [false, true] {
        let world = if strict { cautious(only_verified) } else { cautious(|config| config) };
        for (client, redirect_uri, changes, refused) in &cases {
            let request = authorization(client, redirect_uri, changes);
            let refused = refused.filter(|_| strict);
            match world.authorize(&request, Visitor::logged_in(world.session(), None)) {
                Progress::Ask(_) => assert_eq!(refused, None, "{client} {changes:?}"),
                Progress::Respond(response) => assert_eq!(parameter(&response, "error").as_deref(), refused),
                Progress::Refuse(reason) => panic!("{reason:?}"),
            }
            let mut push = post("/par", &[]);
            *push.body_mut() = request.uri().query().unwrap().into();
            let pushed = json(&world.server.answer(Place::PushedAuthorizationRequest, &push));
            assert_eq!(pushed["error"].as_str(), refused, "{client} {changes:?}");
        }
        let refused = Some("invalid_scope").filter(|_| strict);
        let asked = post("/device_authorization", &[("client_id", "tv"), ("scope", "admin")]);
        let answer = json(&world.server.answer(Place::DeviceAuthorization, &asked));
        assert_eq!(answer["error"].as_str(), refused);
        // Who asks for nothing gets what may be had.
        let prompt = world.prompt(&authorization("spa", SPA, &[("scope", "")]));
        let Asking::Consent(ProposedConsent { scope, .. }) = &prompt.asking else { panic!("no consent") };
        assert_eq!(scope.as_str(), if strict { "read" } else { "read admin" });
        let bot = Client::builder("bot").secret(secret("b")).grant_types(&[GrantType::ClientCredentials]);
        for (bot, refused) in [(bot.clone(), refused), (bot.publisher("ACME Ltd."), None)] {
            world.server.store().put_client(bot.build().unwrap());
            let asked = [("grant_type", "client_credentials"), ("scope", "admin")];
            let answer = json(&world.token(&post_as("/token", &basic("bot", "b"), &asked)));
            assert_eq!(answer["error"].as_str(), refused, "{answer}");
        }
    }
}

fn verify<H: Host>(
    world: &World<Memory<Indexed>, H>,
    client: &str,
    publisher: Option<&str>,
) -> Result<(), NoSuchClient> {
    let id = ClientId::new(client);
    world
        .server
        .run(match publisher {
            Some(publisher) => VerifyPublisher::new(id, publisher),
            None => VerifyPublisher::withdrawn(id),
        })
        .unwrap()
}

#[test]
fn an_operator_vouches_for_a_client_as_it_is_and_takes_that_back() {
    let world = cautious(only_verified);
    let mut own = register(&world);
    let id = text(&own, "client_id").to_owned();
    let asks = |world: &World| {
        let request = authorization(&id, APP, &[("scope", "admin")]);
        matches!(world.authorize(&request, Visitor::logged_in(world.session(), None)), Progress::Ask(_))
    };
    assert!(!asks(&world));
    world.log.take();
    verify(&world, &id, Some("ACME Ltd.")).unwrap();
    let events = world.log.take();
    assert!(matches!(&*events, [Event::PublisherVerified { publisher: Some(name), .. }] if name == "ACME Ltd."));
    assert_eq!(standing(&world, &id, APP).publisher.as_deref(), Some("ACME Ltd."));
    assert!(asks(&world));

    let update = |own: &Value, name: &str| {
        let body = value!({
            "client_id": own["client_id"], "redirect_uris": [APP], "token_endpoint_auth_method": "none",
            "client_name": name, "publisher": "ACME Ltd.", "verified": true, "first_party": true, "registered": 1,
            "scope": "read admin",
        });
        let (uri, token) = (text(own, "registration_client_uri"), text(own, "registration_access_token"));
        let response = world.server.answer(Place::Registration, &registration("PUT", uri, token, &body));
        assert_eq!(response.status(), 200, "{:?}", json(&response));
        json(&response)
    };
    own = update(&own, "ACME");
    assert!(asks(&world), "it is what it was");
    own = update(&own, "Your bank");
    assert!(!asks(&world), "nobody has seen that name");
    update(&own, "ACME");
    assert!(!asks(&world));

    verify(&world, &id, Some("ACME Ltd.")).unwrap();
    assert!(asks(&world));
    verify(&world, &id, None).unwrap();
    assert!(!asks(&world));
    assert_eq!(
        verify(&world, "nobody", Some("x")).map_err(|none| none.to_string()),
        Err("there is no such client".into())
    );
}

/// What a person is looking at is not given any more once nobody vouches for the client, in whatever order it comes.
#[test]
fn vouching_that_is_withdrawn_in_flight_wins() {
    for withdrawn in ["before", "between", "never"] {
        let world = cautious(only_verified);
        let prompt = world.prompt(&authorization("acme", APP, &[("scope", "admin")]));
        let approval = Approval::new(Arc::clone(world.server.config()), prompt, world.session());
        if withdrawn == "before" {
            verify(&world, "acme", None).unwrap();
        }
        let store = world.server.store();
        let mut step = Step::start(approval, Env::new(world.now(), Seed::new([9; 32])));
        let mut loaded = false;
        let done = loop {
            step = match step {
                Step::Load(ask) => {
                    let found = Store::load(store, ask.question(), ask.now()).unwrap();
                    ask.loaded(found)
                }
                Step::Commit(pending) => {
                    if withdrawn == "between" && !loaded {
                        verify(&world, "acme", None).unwrap();
                    }
                    loaded = true;
                    let outcome = Store::commit(store, pending.changes().to_vec(), pending.now()).unwrap();
                    assert_eq!(outcome == Commit::Applied, withdrawn == "never");
                    pending.committed(outcome)
                }
                Step::Done(done) => break done,
                other => panic!("{other:?}"),
            };
        };
        match done.reply {
            Ok(_) => assert_eq!(withdrawn, "never"),
            Err(refusal) => assert_eq!(parameter(&refusal.print(), "error").as_deref(), Some("invalid_scope")),
        }
    }

    let world = cautious(only_verified);
    let tv = || Client::builder("tv").grant_types(&[GrantType::DeviceCode]);
    world.server.store().put_client(tv().publisher("ACME Ltd.").build().unwrap());
    let prompt = device(&world, "admin").unwrap();
    let approve = |prompt: &DevicePrompt| {
        let approval = DeviceApproval::new(Arc::clone(world.server.config()), prompt.clone(), world.session());
        world.server.run(approval).unwrap()
    };
    verify(&world, "tv", None).unwrap();
    assert_eq!(approve(&prompt), Err(VerificationRefusal::NotAllowed));
    verify(&world, "tv", Some("ACME Ltd.")).unwrap();
    assert_eq!(approve(&prompt), Ok(()));
}

/// A client that is not what the operator vouched for any more keeps nothing sensitive, at whatever it asks for tokens.
#[test]
fn what_is_sensitive_ends_with_the_vouching_for_whoever_has_it() {
    const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
    let details = value!([{"type": "vault", "actions": ["open"]}, {"type": "files", "actions": ["read"]}]).to_string();
    let world = cautious(|config| only_verified(config.token_exchange())).hosted(Yes);
    let middle = || Client::builder("middle").secret(secret("m")).grant_types(&[GrantType::TokenExchange]);
    world.server.store().put_client(middle().build().unwrap());
    let request = authorization("acme", APP, &[("scope", "read admin"), ("authorization_details", &details)]);
    let code = parameter(&world.approved(&request), "code").unwrap();
    let tokens = json(&world.token(&redeem("acme", APP, &code)));
    assert_eq!(tokens["scope"], "read admin");
    let held = |tokens: &Value| {
        let details = tokens["authorization_details"].as_array().cloned().unwrap_or_default();
        let types: Vec<_> = details.iter().map(|one| text(one, "type").to_owned()).collect();
        (tokens["scope"].as_str().unwrap_or_default().to_owned(), types.join(" "))
    };
    let access = text(&tokens, "access_token");
    let exchange = |more: &[(&str, &str)]| {
        let pairs = [("grant_type", EXCHANGE), ("subject_token", access), ("subject_token_type", ACCESS)];
        json(&world.token(&post_as("/token", &basic("middle", "m"), &[&pairs, more].concat())))
    };
    assert_eq!(held(&exchange(&[])), ("read".to_owned(), "files".to_owned()), "nobody vouches for this one");
    assert_eq!(exchange(&[("scope", "read admin")])["error"], "invalid_scope");
    world.server.store().put_client(middle().publisher("ACME Ltd.").build().unwrap());
    assert_eq!(held(&exchange(&[])), ("read admin".to_owned(), "vault files".to_owned()));
    assert_eq!(held(&exchange(&[("scope", "admin")])).0, "admin");

    let tokens = json(&world.refresh("acme", text(&tokens, "refresh_token")));
    assert_eq!(held(&tokens), ("read admin".to_owned(), "vault files".to_owned()));
    let code = parameter(&world.approved(&request), "code").unwrap();
    verify(&world, "acme", None).unwrap();
    let refused = world.token(&with(&refresh("acme", text(&tokens, "refresh_token")), &[("scope", "admin")]));
    assert_eq!(json(&refused)["error"], "invalid_scope");
    let tokens = json(&world.refresh("acme", text(&tokens, "refresh_token")));
    assert_eq!(held(&tokens), ("read".to_owned(), "files".to_owned()));
    assert_eq!(held(&json(&world.token(&redeem("acme", APP, &code)))), ("read".to_owned(), "files".to_owned()));
    verify(&world, "acme", Some("ACME Ltd.")).unwrap();
    let tokens = json(&world.refresh("acme", text(&tokens, "refresh_token")));
    assert_eq!(held(&tokens), ("read admin".to_owned(), "vault files".to_owned()), "the grant kept its own");
}

/// Allows everything.
#[derive(Clone, Copy, Debug)]
struct Yes;

impl Host for Yes {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        panic!("nothing is fetched")
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Allowed)
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

/// Answers what it is told to, and remembers what it was asked.
#[derive(Clone, Debug)]
struct Bouncer {
    verdict: Arc<Mutex<Verdict>>,
    asked: Arc<Mutex<Vec<ConsentQuestion>>>,
}

impl Host for Bouncer {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        panic!("nothing is fetched")
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let Question::Consent(question) = question else { panic!("asked {question:?}") };
        self.asked.lock().unwrap().push((**question).clone());
        Ok(self.verdict.lock().unwrap().clone())
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

impl Bouncer {
    fn says(&self, verdict: Verdict) {
        *self.verdict.lock().unwrap() = verdict;
    }

    fn asked(&self) -> Vec<ConsentQuestion> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[test]
fn the_host_has_the_last_word_over_each_consent() {
    let world = cautious(|config| config.remember_consent().caution(|caution| caution.ask_host = true));
    let bouncer = Bouncer { verdict: Arc::new(Mutex::new(Verdict::Allowed)), asked: Arc::default() };
    let server = AuthorizationServer::new(Arc::clone(world.server.config()), world.server.store())
        .with_host(bouncer.clone())
        .with_sink(world.log.clone())
        .with_clock(world.clock.clone())
        .with_randomness(Counting::beyond(1_000_000));
    let come = |changes: &[(&str, &str)]| {
        let request = server.read_authorization(&authorization("spa", SPA, changes)).unwrap();
        server.authorize(request, Visitor::logged_in(world.session(), None))
    };
    let error = |progress: Progress| match progress {
        Progress::Respond(response) => parameter(&response, "error").unwrap_or_else(|| "a code".to_owned()),
        Progress::Ask(prompt) => format!("{:?}", prompt.asking).split('(').next().unwrap().to_owned(),
        Progress::Refuse(reason) => format!("{reason:?}"),
    };
    let prompted = |progress: Progress| match progress {
        Progress::Ask(prompt) => *prompt,
        other => panic!("{other:?}"),
    };
    let wide = [("scope", "read admin")];

    // Before a login there is nobody to ask about.
    let request = server.read_authorization(&authorization("spa", SPA, &wide)).unwrap();
    assert_eq!(error(server.authorize(request, Visitor::anonymous())), "Login");
    assert_eq!(bouncer.asked(), []);

    // Refused before anyone is asked, and again when it is answered.
    let prompt = prompted(come(&wide));
    let question = bouncer.asked().remove(0);
    assert_eq!((question.client.as_str(), question.consent.subject.as_str()), ("spa", "alice"));
    assert_eq!((question.consent.scope.as_str(), question.consent.sensitive.as_str()), ("read admin", "admin"));
    assert_eq!((question.consent.acquaintance, question.redirect_uri.as_deref()), (Acquaintance::First, Some(SPA)));
    assert_eq!(question.standing, prompt.standing);
    world.log.take();
    for verdict in [Verdict::Denied, Verdict::Subject { subject: Subject::new("alice"), authenticated: world.now() }] {
        bouncer.says(verdict.clone());
        for changes in [&wide[..], &[("scope", "read"), ("prompt", "none")]] {
            assert_eq!(error(come(changes)), "access_denied", "{verdict:?}");
        }
        let refused = server.approve(prompt.clone(), world.session());
        assert_eq!(parameter(&refused, "error").as_deref(), Some("access_denied"), "{verdict:?}");
        let events = world.log.take();
        assert_eq!(events.len(), 3, "{events:?}");
        assert!(events.iter().all(|event| matches!(event, Event::ConsentForbidden { .. })), "{events:?}");
    }
    bouncer.asked();

    // It is asked about the part that was agreed to.
    bouncer.says(Verdict::AskAgain);
    let part = Approval::new(Arc::clone(world.server.config()), prompt, world.session());
    server.run(part.only(Scope::parse("read").unwrap())).unwrap().unwrap();
    let question = bouncer.asked().remove(0);
    assert_eq!(
        (question.consent.scope.as_str(), question.consent.new.as_str(), question.consent.sensitive.as_str()),
        ("read", "read", "")
    );

    // What was agreed to is enough, unless the host wants it said again.
    assert_eq!(error(come(&[("scope", "read")])), "Consent");
    assert_eq!(error(come(&[("scope", "read"), ("prompt", "none")])), "consent_required");
    bouncer.says(Verdict::Allowed);
    assert_eq!(error(come(&[("scope", "read")])), "a code");
    assert_eq!(error(come(&[("scope", "read"), ("prompt", "none")])), "a code");
    let own = |verdict| {
        bouncer.says(verdict);
        let request = server.read_authorization(&authorization("own", "https://own.example/cb", &[])).unwrap();
        error(server.authorize(request, Visitor::logged_in(world.session(), None)))
    };
    assert_eq!(
        [own(Verdict::Allowed), own(Verdict::AskAgain), own(Verdict::Denied)],
        ["a code", "Consent", "access_denied"]
    );

    // A device as well.
    let codes = post("/device_authorization", &[("client_id", "tv"), ("scope", "read")]);
    let codes = json(&server.answer(Place::DeviceAuthorization, &codes));
    let typed = || {
        server
            .run(Verification::new(world.server.config(), text(&codes, "user_code"), Some(world.session()), "here"))
            .unwrap()
    };
    assert_eq!(typed().unwrap_err(), VerificationRefusal::NotAllowed);
    bouncer.says(Verdict::AskAgain);
    let prompt = *typed().unwrap();
    let approve = |verdict| {
        bouncer.says(verdict);
        server.run(DeviceApproval::new(Arc::clone(world.server.config()), prompt.clone(), world.session())).unwrap()
    };
    assert_eq!(approve(Verdict::Denied), Err(VerificationRefusal::NotAllowed));
    bouncer.asked();
    assert_eq!(approve(Verdict::AskAgain), Ok(()));
    let asked = bouncer.asked();
    assert_eq!((asked.len(), asked[0].client.as_str(), &asked[0].redirect_uri), (1, "tv", &None));
}

#[test]
fn only_a_known_scope_is_sensitive() {
    for bad in ["delete", "\"", "read delete"] {
        let fault = config().sensitive_scopes([bad]).build().unwrap_err();
        assert!(matches!(&fault, ConfigFault::SensitiveScope(_)), "{fault:?}");
    }
    assert_eq!(config().sensitive_scopes(["read", "admin"]).build().unwrap().sensitive_scopes().as_str(), "read admin");
}
