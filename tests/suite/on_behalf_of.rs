//! An API gets a token for the next one, on behalf of whose token it was shown [RFC 8693 §1.1].

use std::rc::Rc;

use grantor::event::Event;
use grantor::record::{Client, ClientId, GrantType, Resource, Scope};
use grantor::server::{Approval, Place};
use grantor::{ConfigBuilder, ExchangeQuestion};
use http::Request;
use serde_json::{Value, json as value};

use crate::interleavings::crowd_of;
use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf};
use crate::token_exchange::{Exchange, exchange_with, text};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const MIDDLE: &str = "https://middle.test/";
const NEXT: &str = "https://next.test/";
const LAST: &str = "https://last.test/";

fn resources(config: ConfigBuilder) -> ConfigBuilder {
    config.on_behalf_of().audience(MIDDLE).resource(NEXT).resource(LAST)
}

/// The API `tier` serves the usual resource, and `second` the next one; `bare` is one that proves nothing.
fn tiers() -> Vec<Client> {
    let grants = [GrantType::JwtBearer, GrantType::TokenExchange, GrantType::ClientCredentials];
    let resource = |name: &str| Resource::parse(name).unwrap();
    let tier = |name: &str, at: &str| {
        Client::builder(name).secret(secret(name)).grant_types(&grants).resource(resource(at)).build().unwrap()
    };
    let bare = Client::builder("bare").grant_types(&grants[..2]).resource(resource(MIDDLE)).build().unwrap();
    let narrow = Client::builder("narrow").secret(secret("narrow")).grant_types(&grants).resource(resource(MIDDLE));
    let narrow = narrow.scope(Scope::parse("read").unwrap()).build().unwrap();
    vec![tier("tier", MIDDLE), tier("second", NEXT), narrow, bare]
}

fn served(allows: fn(&ExchangeQuestion) -> bool) -> Exchange {
    let served = exchange_with(resources, allows);
    tiers().into_iter().for_each(|tier| served.world.server.store().put_client(tier));
    served
}

fn asking(client: &str, token: &str, more: &[(&str, &str)]) -> Request<Vec<u8>> {
    let pairs = [("grant_type", GRANT), ("requested_token_use", "on_behalf_of"), ("assertion", token)];
    post_as("/token", &basic(client, client), &[&pairs, more].concat())
}

impl Exchange {
    fn on_behalf(&self, client: &str, token: &str, more: &[(&str, &str)]) -> Value {
        self.ask(&asking(client, token, more))
    }
}

const TO_NEXT: (&str, &str) = ("resource", NEXT);

#[test]
fn an_api_acts_for_the_person_whose_token_it_was_shown() {
    let served = served(|question| {
        assert_eq!(question.actor.as_ref().unwrap().client_id, question.client);
        assert_eq!(question.subject.as_ref().unwrap().as_str(), "alice");
        question.audience.iter().all(|resource| [NEXT, LAST].contains(&resource.as_str()))
    });
    let subject = text(&served.world.tokens(), "access_token");
    served.world.clock.advance(100);
    let got = served.on_behalf("tier", &subject, &[TO_NEXT, ("scope", "read")]);
    assert_eq!((&got["token_type"], &got["scope"]), (&value!("Bearer"), &value!("read")));
    assert_eq!(got["expires_in"], 500, "never longer than the subject token");
    assert_eq!((got.get("refresh_token"), got.get("issued_token_type")), (None, None));
    let first = text(&got, "access_token");
    let seen = served.seen("tier", &first);
    let once = value!({"sub": "tier", "client_id": "tier"});
    assert_eq!(
        (&seen["sub"], &seen["client_id"], &seen["aud"], &seen["act"]),
        (&value!("alice"), &value!("tier"), &value!([NEXT]), &once)
    );
    // And so on, one further, with whoever acted before.
    let second = text(&served.on_behalf("second", &first, &[("resource", LAST)]), "access_token");
    let twice = value!({"sub": "second", "client_id": "second", "act": once});
    assert_eq!(served.seen("second", &second)["act"], twice);
    // The other form says the same.
    let actor = served.own_token("tier");
    let more =
        [TO_NEXT, ("scope", "read"), ("actor_token", &actor), ("actor_token_type", crate::token_exchange::ACCESS)];
    let delegated = served.seen("tier", &text(&served.of("tier", &subject, &more), "access_token"));
    for member in ["sub", "client_id", "aud", "act", "scope", "exp", "token_type"] {
        assert_eq!(delegated[member], seen[member], "{member}");
    }
    // All of it dies with the person's token.
    served.world.revoke("spa", &subject);
    assert_eq!(
        [served.seen("tier", &first), served.seen("second", &second)].map(|seen| seen["active"].clone()),
        [false, false]
    );
    assert_eq!(served.on_behalf("tier", &subject, &[TO_NEXT])["error"], "invalid_grant");
}

#[test]
fn what_is_not_for_the_api_or_not_live_gives_nothing() {
    let served = served(|_| true);
    let tokens = served.world.tokens();
    let (subject, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let own = served.own_token("tier");
    let foreign = text(&served.on_behalf("tier", &subject, &[TO_NEXT]), "access_token");
    for (name, client, token, more, error) in [
        ("good", "tier", &*subject, vec![TO_NEXT], "none"),
        ("it is for another API", "second", &subject, vec![TO_NEXT], "invalid_grant"),
        ("a client that serves nothing", "middle", &subject, vec![TO_NEXT], "unauthorized_client"),
        ("its own, for the next", "tier", &foreign, vec![("resource", LAST)], "invalid_grant"),
        ("a token of no person", "tier", &own, vec![TO_NEXT], "invalid_grant"),
        ("a refresh token", "tier", &refresh, vec![TO_NEXT], "invalid_grant"),
        ("nonsense", "tier", "x", vec![TO_NEXT], "invalid_grant"),
        ("a JWT", "tier", "e30.e30.e30", vec![TO_NEXT], "invalid_grant"),
        ("nothing", "tier", "", vec![TO_NEXT], "invalid_request"),
        ("nowhere", "tier", &subject, vec![], "invalid_target"),
        ("two at once", "tier", &subject, vec![TO_NEXT, ("resource", LAST)], "invalid_target"),
        ("somewhere unknown", "tier", &subject, vec![("resource", "https://unknown.test/")], "invalid_target"),
        ("more scope", "tier", &subject, vec![TO_NEXT, ("scope", "read admin")], "invalid_scope"),
        ("more than the API may", "narrow", &subject, vec![TO_NEXT, ("scope", "write")], "invalid_scope"),
        ("a public API", "bare", &subject, vec![TO_NEXT], "invalid_client"),
    ] {
        served.world.log.take();
        assert_eq!(served.on_behalf(client, token, &more)["error"].as_str().unwrap_or("none"), error, "{name}");
    }
    let public = with(
        &post("/token", &[("client_id", "bare")]),
        &[("grant_type", GRANT), ("requested_token_use", "on_behalf_of"), ("assertion", &subject), TO_NEXT],
    );
    assert_eq!(served.ask(&public)["error"], "unauthorized_client");
    assert_eq!(served.on_behalf("narrow", &subject, &[TO_NEXT])["scope"], "read", "what both have");
    let other_use = with(&asking("tier", &subject, &[TO_NEXT]), &[("requested_token_use", "another")]);
    assert!(["invalid_request", "unsupported_grant_type"].contains(&text(&served.ask(&other_use), "error").as_str()));
    served.world.clock.advance(600);
    assert_eq!(served.on_behalf("tier", &subject, &[TO_NEXT])["error"], "invalid_grant", "expired");
    let denied = self::served(|_| false);
    let subject = text(&denied.world.tokens(), "access_token");
    assert_eq!(denied.on_behalf("tier", &subject, &[TO_NEXT])["error"], "unauthorized_client");
}

#[test]
fn a_person_can_limit_which_apis_act_and_no_api_acts_twice() {
    let served = served(|_| true);
    let world = &served.world;
    for (may, expected) in [("tier", "none"), ("second", "invalid_request")] {
        let prompt = world.prompt(&authorization("spa", SPA, &[]));
        let approval =
            Approval::new(world.server.config().clone(), prompt, world.session()).may_act([ClientId::new(may)]);
        let code = parameter(&world.server.run(approval).unwrap().unwrap().print(), "code").unwrap();
        let subject = text(&json(&world.token(&redeem("spa", SPA, &code))), "access_token");
        let got = served.on_behalf("tier", &subject, &[TO_NEXT]);
        assert_eq!(got["error"].as_str().unwrap_or("none"), expected, "{got}");
    }
    let subject = text(&world.tokens(), "access_token");
    let first = text(&served.on_behalf("tier", &subject, &[TO_NEXT]), "access_token");
    let back = text(&served.on_behalf("second", &first, &[("resource", MIDDLE)]), "access_token");
    assert_eq!(served.on_behalf("tier", &back, &[("resource", LAST)])["error"], "invalid_request", "a circle");
}

#[test]
fn a_token_that_is_bound_was_shown_to_the_api_and_the_host_is_told() {
    let served =
        exchange_with(|config| resources(config).mutual_tls(|_| ()), |question| question.subject_cnf.is_none());
    tiers().into_iter().for_each(|tier| served.world.server.store().put_client(tier));
    let bound = Client::builder("spa").redirect_uri(SPA).certificate_bound_access_tokens().build().unwrap();
    let plain = text(&served.world.tokens(), "access_token");
    served.world.server.store().put_client(bound);
    let code = served.world.code("spa", SPA, &[]);
    let tokens = json(&served.world.token(&held(&redeem("spa", SPA, &code), Some("spa"))));
    let subject = text(&tokens, "access_token");
    assert_eq!(served.on_behalf("tier", &subject, &[TO_NEXT])["error"], "unauthorized_client");
    assert!(served.on_behalf("tier", &plain, &[TO_NEXT]).get("error").is_none());
}

/// JWT access tokens go the same way as references [RFC 9068].
#[cfg(feature = "jose")]
#[test]
fn a_jwt_of_ours_is_as_good_as_a_reference_and_of_others_is_nothing() {
    let served = exchange_with(|config| resources(config).keys(keys()).jwt_access_tokens(|_| ()), |_| true);
    tiers().into_iter().for_each(|tier| served.world.server.store().put_client(tier));
    let subject = text(&served.world.tokens(), "access_token");
    assert_eq!(subject.split('.').count(), 3);
    let got = served.on_behalf("tier", &subject, &[TO_NEXT]);
    let seen = served.seen("tier", &text(&got, "access_token"));
    assert_eq!(
        (&seen["sub"], &seen["act"]["client_id"], &seen["aud"]),
        (&value!("alice"), &value!("tier"), &value!([NEXT]))
    );
    let (signed, signature) = subject.rsplit_once('.').unwrap();
    for (name, shown) in [
        ("no signature", format!("{signed}.")),
        ("of another token", format!("{signed}.{}", text(&got, "access_token").rsplit_once('.').unwrap().1)),
        ("cut", format!("{signed}.{}", &signature[..80])),
    ] {
        assert_eq!(served.on_behalf("tier", &shown, &[TO_NEXT])["error"], "invalid_grant", "{name}");
    }
    served.world.revoke("spa", &subject);
    assert_eq!(served.on_behalf("tier", &subject, &[TO_NEXT])["error"], "invalid_grant");
}

#[test]
fn without_the_option_there_is_nothing_on_behalf() {
    let world = world();
    tiers().into_iter().for_each(|tier| world.server.store().put_client(tier));
    assert_eq!(error(&world, &asking("tier", "x", &[TO_NEXT])), refused(400, "unsupported_grant_type"));
    let told =
        |config: ConfigBuilder| config.build().unwrap().metadata().grant_types_supported.contains(&GRANT.to_owned());
    assert!(!told(config()));
    assert!(told(config().on_behalf_of()));
}

#[test]
fn nothing_is_given_on_behalf_of_what_has_ended() {
    let web = Client::builder("web").secret(secret(SECRET)).grant_types(&[GrantType::JwtBearer]);
    let web = web.resource(Resource::parse(MIDDLE).unwrap()).build().unwrap();
    let world: World<Shelf> = crowd_of(vec![web], resources);
    let tokens = Rc::new(world.tokens());
    let subject = text(&tokens, "access_token");
    let mut request = asking("web", &subject, &[TO_NEXT]);
    request.headers_mut().insert("authorization", basic("web", SECRET).parse().unwrap());
    let revocation = post("/revoke", &[("client_id", "spa"), ("token", &subject)]);
    let players = [Player::sending(1, Place::Token, request), Player::sending(2, Place::Revocation, revocation)];
    let scene = Scene::new(&world, &[&subject], players);
    let judge = |scene: &Scene| {
        let revoked = scene.count(|event| matches!(event, Event::GrantRevoked { .. }));
        if revoked == 1 { Vec::new() } else { vec![format!("{revoked} revocations")] }
    };
    let explored = scene.explore(&judge);
    assert!(explored.schedules >= 6);
    assert_eq!(explored.broken, Vec::<String>::new());
    let careless = scene.overlooking(&[Overlooked::GrantStill]).explore(&judge);
    assert!(careless.broken.iter().any(|what| what.contains("a dead access_token")), "{:?}", careless.broken);
}
