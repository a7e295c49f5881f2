//! Identity assertions as the identity provider's server issues them [ID-JAG §4.3], and both ways together.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor::drive::{Host, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::jose::{Algorithm, Algorithms, Claims, Jws, PrivateKey, Purpose, Times};
use grantor::record::{AuthorizationDetail, Client, ClientId, GrantType, Resource, Scope};
use grantor::server::Place;
use grantor::store::{Indexed, Memory};
use grantor::{
    AssertionProfile, AuthorizationServer, Config, ConfigBuilder, ConfigFault, IdJagGranted, IdJagQuestion, IdJags,
    Question, SigningInput, Timestamp, Verdict,
};
use http::Request;
use serde_json::{Value, json as value};

use crate::dpop::{proof, showing};
use crate::faults::case;
use crate::faulty::{Ask, Case};
use crate::interleavings::crowd_of;
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf};
use crate::token_exchange::{ACCESS, text};
use crate::watch::Watched;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const CHAT: &str = "https://chat.example";
const API: &str = "https://api.chat.example/";
const NOW: u64 = 1_000_000;

/// A host that allows what its policy allows, and remembers what it was asked.
#[derive(Clone)]
struct Policy {
    allows: fn(&IdJagQuestion) -> Option<IdJagGranted>,
    asked: Arc<Mutex<Vec<IdJagQuestion>>>,
}

impl Host for Policy {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        panic!("nothing is fetched")
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let Question::IdJag(question) = question else { panic!("{question:?}") };
        self.asked.lock().unwrap().push((**question).clone());
        Ok((self.allows)(question).map_or(Verdict::Denied, |granted| Verdict::IdJag(Box::new(granted))))
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        sign(input)
    }
}

/// `wiki` is the client with people; `other` is like it, `bare` proves nothing.
fn wikis() -> Vec<Client> {
    let grants =
        [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::TokenExchange, GrantType::ClientCredentials];
    let wiki =
        |name: &str| Client::builder(name).secret(secret(name)).redirect_uri(WEB).grant_types(&grants).build().unwrap();
    let bare = Client::builder("bare").redirect_uri(WEB).grant_types(&grants[..3]).build().unwrap();
    vec![wiki("wiki"), wiki("other"), bare]
}

struct Provider {
    world: World<Memory<Indexed>, Policy>,
    policy: Policy,
}

fn usual(question: &IdJagQuestion) -> Option<IdJagGranted> {
    let known = question.audience == CHAT || question.audience == "urn:chat";
    known.then(|| IdJagGranted::to(question, CHAT, ClientId::new("wiki-at-chat"), "u-1"))
}

fn provider(allows: fn(&IdJagQuestion) -> Option<IdJagGranted>) -> Provider {
    provider_with(|config| config, allows)
}

fn provider_with(
    change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    allows: fn(&IdJagQuestion) -> Option<IdJagGranted>,
) -> Provider {
    let world = world_with(|config| change(config.keys(keys()).issue_id_jags(|_| ())));
    wikis().into_iter().for_each(|wiki| world.server.store().put_client(wiki));
    let policy = Policy { allows, asked: Arc::default() };
    Provider { world: world.hosted(policy.clone()), policy }
}

fn by(client: &str, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    if client == "bare" {
        post("/token", &[pairs, &[("client_id", "bare")]].concat())
    } else {
        post_as("/token", &basic(client, client), pairs)
    }
}

fn asking(client: &str, (kind, token): (&str, &str), more: &[(&str, &str)]) -> Request<Vec<u8>> {
    let usual = [
        ("grant_type", GRANT),
        ("requested_token_type", ID_JAG),
        ("audience", CHAT),
        ("subject_token", token),
        ("subject_token_type", kind),
    ];
    let usual = usual.into_iter().filter(|(name, _)| !more.iter().any(|(changed, _)| changed == name));
    let pairs: Vec<_> = usual.chain(more.iter().copied().filter(|(_, value)| !value.is_empty())).collect();
    by(client, &pairs)
}

impl Provider {
    /// The access and the refresh token of `client` for alice.
    fn tokens(&self, client: &str) -> (String, String) {
        let code = self.world.code(client, WEB, &[("scope", "read write")]);
        let mut redemption = redeem(client, WEB, &code);
        if client != "bare" {
            redemption = with(&redemption, &[("client_id", "")]);
            redemption.headers_mut().insert("authorization", basic(client, client).parse().unwrap());
        }
        let tokens = json(&self.world.token(&redemption));
        (text(&tokens, "access_token"), text(&tokens, "refresh_token"))
    }

    fn ask(&self, request: &Request<Vec<u8>>) -> Value {
        json(&self.world.token(request))
    }

    fn error(&self, request: &Request<Vec<u8>>) -> String {
        self.ask(request)["error"].as_str().unwrap_or("none").to_owned()
    }

    /// What an assertion claims, whose signature is right.
    fn claims(&self, response: &Value) -> Claims {
        let shown = text(response, "access_token");
        let claims = Jws::parse(&shown, &Purpose::ID_JAG).unwrap().verify(KEY.public()).unwrap().claims().unwrap();
        claims.require_times(&Times::at(self.world.now())).unwrap();
        claims
    }
}

#[test]
fn a_client_gets_an_assertion_for_the_person_of_its_token() {
    let provider = provider(usual);
    let (access, refresh) = provider.tokens("wiki");
    provider.world.log.take();
    for (subject, audience) in [((ACCESS, &*access), CHAT), ((REFRESH, &refresh), "urn:chat")] {
        let more = [("audience", audience), ("scope", "chat.read chat.history"), ("resource", API)];
        let response = provider.ask(&asking("wiki", subject, &more));
        let told = ["issued_token_type", "token_type", "expires_in", "scope"].map(|name| response[name].clone());
        assert_eq!(told, [value!(ID_JAG), value!("N_A"), value!(300), value!("chat.read chat.history")]);
        assert_eq!(response.get("refresh_token"), None);
        let claims = provider.claims(&response);
        let jti = claims.id().unwrap().to_owned();
        assert!(jti.len() >= 22);
        let expected = value!({
            "iss": ISSUER, "sub": "u-1", "aud": CHAT, "client_id": "wiki-at-chat", "iat": NOW, "exp": NOW + 300,
            "jti": jti, "scope": "chat.read chat.history", "resource": API, "auth_time": NOW,
        });
        assert_eq!(Value::Object(claims.into_members()), expected);
        let log = provider.world.log.take();
        let [Event::IdentityAssertionIssued { client, subject, audience, .. }] = &*log else { panic!("{log:?}") };
        assert_eq!((client.as_str(), subject.as_ref().unwrap().as_str(), &**audience), ("wiki", "alice", CHAT));
    }
    let asked = provider.policy.asked.lock().unwrap();
    let [first, second] = &**asked else { panic!("{asked:?}") };
    assert_eq!((first.client.as_str(), first.subject.as_str(), &*first.audience), ("wiki", "alice", CHAT));
    assert_eq!((first.granted.as_str(), &*second.audience), ("read write", "urn:chat"));
    drop(asked);
    // The refresh token was shown, not used.
    assert_eq!(provider.error(&by("wiki", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)])), "none");
}

#[test]
fn what_the_host_says_is_in_it_as_far_as_it_was_asked_for() {
    let provider = provider(|question| {
        let mut granted = usual(question)?;
        granted.scope = Some(Scope::parse("chat.read chat.admin").unwrap());
        granted.resource = [API, "https://other.example/"].map(|name| Resource::parse(name).unwrap()).to_vec();
        granted.details = [AuthorizationDetail::new("chat").with("actions", value!(["read"]))].into_iter().collect();
        granted.claims =
            value!({"email": "a@idp.example", "iss": "https://evil.example", "cnf": {"jkt": "x"}, "exp": 1})
                .as_object()
                .unwrap()
                .clone();
        Some(granted)
    });
    let (access, _) = provider.tokens("wiki");
    let asked = r#"[{"type":"chat","actions":["read","write"]}]"#;
    let more = [("scope", "chat.read chat.history"), ("resource", API), ("authorization_details", asked)];
    let response = provider.ask(&asking("wiki", (ACCESS, &access), &more));
    let details = value!([{"type": "chat", "actions": ["read"]}]);
    assert_eq!((&response["scope"], &response["authorization_details"]), (&value!("chat.read"), &details));
    let claims = provider.claims(&response).into_members();
    assert_eq!(
        (&claims["scope"], &claims["resource"], &claims["email"]),
        (&value!("chat.read"), &value!(API), &value!("a@idp.example"))
    );
    assert_eq!((&claims["iss"], &claims["exp"], claims.get("cnf")), (&value!(ISSUER), &value!(NOW + 300), None));
    assert_eq!(claims["authorization_details"], details);
    // Who asks for nothing in particular gets what the host gives.
    let claims = provider.claims(&provider.ask(&asking("wiki", (ACCESS, &access), &[]))).into_members();
    assert_eq!(
        (&claims["scope"], &claims["resource"]),
        (&value!("chat.read chat.admin"), &value!([API, "https://other.example/"]))
    );
}

#[test]
fn only_the_clients_own_live_token_of_a_person_gives_one() {
    let provider = provider(usual);
    let (access, refresh) = provider.tokens("wiki");
    let own =
        text(&provider.ask(&by("wiki", &[("grant_type", "client_credentials"), ("scope", "read")])), "access_token");
    let (bare, _) = provider.tokens("bare");
    let id_token = "urn:ietf:params:oauth:token-type:id_token";
    let cases: &[(&str, &str, (&str, &str), &[(&str, &str)], &str)] = &[
        ("good", "wiki", (ACCESS, &access), &[], "none"),
        ("another client's", "other", (ACCESS, &access), &[], "invalid_request"),
        ("another client's refresh token", "other", (REFRESH, &refresh), &[], "invalid_request"),
        ("a public client", "bare", (ACCESS, &bare), &[], "unauthorized_client"),
        ("of no person", "wiki", (ACCESS, &own), &[], "invalid_request"),
        ("one kind for the other", "wiki", (ACCESS, &refresh), &[], "invalid_request"),
        ("the other for the one", "wiki", (REFRESH, &access), &[], "invalid_request"),
        ("nonsense", "wiki", (REFRESH, "x"), &[], "invalid_request"),
        ("another kind", "wiki", (id_token, &access), &[], "invalid_request"),
        ("no kind", "wiki", ("", &access), &[], "invalid_request"),
        ("no token", "wiki", (ACCESS, ""), &[], "invalid_request"),
        ("for nobody", "wiki", (ACCESS, &access), &[("audience", "")], "invalid_target"),
        ("for two", "wiki", (ACCESS, &access), &[("audience", CHAT), ("audience", "urn:chat")], "invalid_target"),
        (
            "for whom nobody knows",
            "wiki",
            (ACCESS, &access),
            &[("audience", "https://x.example")],
            "unauthorized_client",
        ),
        (
            "an actor",
            "wiki",
            (ACCESS, &access),
            &[("actor_token", &own), ("actor_token_type", ACCESS)],
            "invalid_request",
        ),
        ("scope malformed", "wiki", (ACCESS, &access), &[("scope", "\"")], "invalid_scope"),
        ("resource malformed", "wiki", (ACCESS, &access), &[("resource", "nowhere")], "invalid_target"),
        (
            "details malformed",
            "wiki",
            (ACCESS, &access),
            &[("authorization_details", "{}")],
            "invalid_authorization_details",
        ),
    ];
    for (name, client, subject, more, expected) in cases {
        let before = provider.policy.asked.lock().unwrap().len();
        assert_eq!(provider.error(&asking(client, *subject, more)), *expected, "{name}");
        let asked = provider.policy.asked.lock().unwrap().len() - before;
        assert_eq!(asked, usize::from(["good", "for whom nobody knows"].contains(name)), "{name}");
    }
    provider.world.clock.advance(400);
    let response = provider.ask(&asking("wiki", (ACCESS, &access), &[]));
    assert_eq!(response["expires_in"], 200, "never longer than the token");
    provider.world.clock.advance(200);
    assert_eq!(provider.error(&asking("wiki", (ACCESS, &access), &[])), "invalid_request", "expired");
    assert_eq!(provider.ask(&asking("wiki", (REFRESH, &refresh), &[]))["expires_in"], 300);
    // This server itself is not another one.
    let itself = self::provider(|question| Some(IdJagGranted::to(question, ISSUER, ClientId::new("wiki"), "alice")));
    let (access, _) = itself.tokens("wiki");
    assert_eq!(itself.error(&asking("wiki", (ACCESS, &access), &[])), "invalid_target");
}

#[test]
fn a_spent_refresh_token_ends_what_it_was_of() {
    let provider = provider(usual);
    let (access, refresh) = provider.tokens("wiki");
    let again = by("wiki", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
    let second = text(&provider.ask(&again), "refresh_token");
    assert_eq!(provider.error(&asking("wiki", (REFRESH, &refresh), &[])), "none", "the answer may have been lost");
    provider.world.clock.advance(31);
    assert_eq!(provider.error(&asking("wiki", (REFRESH, &refresh), &[])), "invalid_grant");
    for subject in [(ACCESS, &*access), (REFRESH, &second)] {
        assert_eq!(provider.error(&asking("wiki", subject, &[])), "invalid_request", "it is revoked");
    }
}

#[test]
fn an_assertion_is_bound_to_the_key_that_was_proven() {
    let provider = provider_with(|config| config.dpop(|_| ()), usual);
    let (access, _) = provider.tokens("wiki");
    let key = PrivateKey::generate(Algorithm::Es256).unwrap();
    let request = asking("wiki", (ACCESS, &access), &[]);
    let proven = showing(&request, &proof(provider.world.now(), &key, "POST", "https://as.example/token"));
    let response = provider.ask(&proven);
    assert_eq!(response["token_type"], "N_A");
    assert_eq!(provider.claims(&response).get("cnf"), Some(&value!({"jkt": key.public().thumbprint().to_string()})));
    assert_eq!(provider.claims(&provider.ask(&request)).get("cnf"), None);
    assert_eq!(provider.error(&proven), "invalid_dpop_proof", "used");
}

#[test]
fn another_server_takes_what_this_one_gives() {
    let provider = provider(usual);
    let (access, _) = provider.tokens("wiki");
    let shown = text(
        &provider.ask(&asking("wiki", (ACCESS, &access), &[("scope", "chat.read"), ("resource", API)])),
        "access_token",
    );
    let metadata = serde_json::to_value(provider.world.server.config().metadata()).unwrap();
    assert_eq!(metadata["identity_chaining_requested_token_types_supported"], value!([ID_JAG]));
    assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&value!(GRANT)));

    let there = keys().public(provider.world.now());
    let config = Config::builder(CHAT).scopes(["chat.read", "chat.history"]).resource(API);
    let config = config.trust_issuer(ISSUER, there, |idp| idp.profile = AssertionProfile::IdJag).build().unwrap();
    let store = Memory::new();
    for name in ["wiki-at-chat", "wiki"] {
        store.put_client(
            Client::builder(name).secret(secret("there")).grant_types(&[GrantType::JwtBearer]).build().unwrap(),
        );
    }
    let server = AuthorizationServer::new(config, store).with_clock(provider.world.clock.clone()).with_host(Knowing);
    let ask = |client: &str| {
        let pairs = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &*shown)];
        json(&server.answer(Place::Token, &post_as("/token", &basic(client, "there"), &pairs)))
    };
    assert_eq!(ask("wiki")["error"], "invalid_grant", "it was made for another client");
    let tokens = ask("wiki-at-chat");
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&value!("Bearer"), &value!("chat.read")), "{tokens}");
    assert_eq!(ask("wiki-at-chat")["error"], "invalid_grant", "used");
}

/// A host that says yes.
struct Knowing;

impl Host for Knowing {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        panic!("nothing is fetched")
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        Ok(willing(question))
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

#[test]
fn options_that_could_not_work_are_refused() {
    let build = |change: fn(&mut IdJags)| config().keys(keys()).issue_id_jags(change).build().map(|_| ());
    assert_eq!(build(|_| ()), Ok(()));
    let bad: [fn(&mut IdJags); 3] = [
        |served| served.lifetime = Duration::ZERO,
        |served| served.lifetime = Duration::from_secs(3601),
        |served| served.algorithms = Algorithms::NONE.and(Algorithm::Es256),
    ];
    for change in bad {
        assert_eq!(build(change), Err(ConfigFault::IdJags));
    }
    assert_eq!(config().issue_id_jags(|_| ()).build().map(|_| ()), Err(ConfigFault::IdJags), "no keys");
    let plain = world_with(ConfigBuilder::token_exchange);
    wikis().into_iter().for_each(|wiki| plain.server.store().put_client(wiki));
    assert_eq!(error(&plain, &asking("wiki", (ACCESS, "x"), &[])), refused(400, "invalid_request"));
    assert!(plain.server.config().metadata().identity_chaining_requested_token_types_supported.is_empty());
}

fn crowd() -> (World<Shelf>, Request<Vec<u8>>, String) {
    let web = Client::builder("web").secret(secret(SECRET)).redirect_uri(WEB);
    let web = web.grant_types(&[GrantType::AuthorizationCode, GrantType::TokenExchange]).build().unwrap();
    let world: World<Shelf> = crowd_of(vec![web], |config| config.keys(keys()).issue_id_jags(|_| ()));
    let code = world.code("web", WEB, &[]);
    let mut redemption = with(&redeem("web", WEB, &code), &[("client_id", "")]);
    redemption.headers_mut().insert("authorization", basic("web", SECRET).parse().unwrap());
    let access = text(&json(&world.token(&redemption)), "access_token");
    let mut request = asking("web", (ACCESS, &access), &[]);
    request.headers_mut().insert("authorization", basic("web", SECRET).parse().unwrap());
    (world, request, access)
}

/// An assertion that is no token of ours: what is asked of tokens is not asked of it.
fn is_assertion(scene: &Scene) -> bool {
    scene
        .players
        .iter()
        .any(|player| player.replies.iter().any(|reply| reply.member("token_type").as_deref() == Some("N_A")))
}

#[test]
fn nothing_is_said_of_whom_took_it_back() {
    let (world, request, access) = crowd();
    let revocation = post_as("/revoke", &basic("web", SECRET), &[("token", &access)]);
    let players = [Player::sending(1, Place::Token, request), Player::sending(2, Place::Revocation, revocation)];
    let scene = Scene::new(&world, &[&access], players);
    // A revocation that is answered before the assertion is given would be a person's no that nobody heard.
    let judge = |scene: &Scene| {
        let given = scene.events.iter().position(|event| matches!(event, Event::IdentityAssertionIssued { .. }));
        let ended = scene.events.iter().position(|event| matches!(event, Event::GrantRevoked { .. }));
        let sound =
            ended.is_some() && given.is_none_or(|given| Some(given) < ended) && given.is_some() == is_assertion(scene);
        if sound { Vec::new() } else { vec!["given after the end".to_owned()] }
    };
    let mentions = |broken: &[String]| broken.iter().any(|what| what.contains("given after the end"));
    let explored = scene.explore(&judge);
    assert!(explored.schedules >= 6);
    assert_eq!(explored.broken, Vec::<String>::new());
    assert!(mentions(&scene.overlooking(&[Overlooked::GrantStill]).explore(&judge).broken));
}

pub(crate) fn fault_case() -> Case {
    let (world, request, _) = crowd();
    case("identity assertion", Ask::Answer(Place::Token, request), world, 200, 200, &[])
}

#[test]
fn nobody_is_shown_an_assertion() {
    let (world, request, access) = crowd();
    let mut watched = Watched::over(world);
    watched.learn(Some(access));
    let response = watched.send(Place::Token, &request);
    assert_eq!(response.status(), 200);
    let shown = text(&json(&response), "access_token");
    watched.learn(Some(shown.rsplit('.').next().unwrap().to_owned()));
    watched.assert_kept(2);
    assert_eq!(world_time(&shown), Timestamp::from_unix(NOW + 300));
}

fn world_time(shown: &str) -> Timestamp {
    let jws = Jws::parse(shown, &Purpose::ID_JAG).unwrap();
    jws.verify(KEY.public()).unwrap().claims().unwrap().expires().unwrap()
}
