//! Confused deputies: acting in another's name, for who did not allow it, or where one may not ask to.

use grantor::record::{Client, ClientId, GrantType, Resource, Scope};
use grantor::server::Approval;
use serde_json::json as value;

use crate::support::*;
use crate::token_exchange::{ACCESS, Exchange, exchange, exchange_with, text};

/// A token of `spa` for Alice, who lets only these clients act for her.
fn limited(exchange: &Exchange, may_act: &[&str]) -> String {
    let world = &exchange.world;
    let prompt = world.prompt(&authorization("spa", SPA, &[]));
    let clients = may_act.iter().map(|id| ClientId::new(id));
    let approval = Approval::new(world.server.config().clone(), prompt, world.session()).may_act(clients);
    let code = parameter(&world.server.run(approval).unwrap().unwrap().print(), "code").unwrap();
    text(&json(&world.token(&redeem("spa", SPA, &code))), "access_token")
}

#[test]
fn nobody_acts_in_the_name_of_another_client() {
    let exchange = exchange(|_| true);
    let subject = limited(&exchange, &["deep", "reader"]);
    let (own, theirs) = (exchange.own_token("middle"), exchange.own_token("deep"));
    // A token of the client's own, but in the grant of the one that may act.
    let forged = text(&exchange.of("middle", &theirs, &[]), "access_token");
    assert_eq!(exchange.seen("middle", &forged)["client_id"], "middle");
    let acting = |client: &str, actor: &str| {
        let got = exchange.of(client, &subject, &[("actor_token", actor), ("actor_token_type", ACCESS)]);
        let act = got["access_token"].as_str().map(|token| exchange.seen(client, token)["act"].clone());
        act.unwrap_or_else(|| got["error_description"].clone())
    };
    let refused = value!("the subject token does not allow this actor");
    for (name, client, actor, expected) in [
        ("a token from the grant of one who may", "middle", &forged, refused.clone()),
        ("the same, shown by one who may", "deep", &forged, refused.clone()),
        ("a token that one who may was kind enough to send", "middle", &theirs, refused.clone()),
        ("their own", "middle", &own, refused.clone()),
        ("one who may", "deep", &theirs, value!({"sub": "deep", "client_id": "deep"})),
        ("one who may, through another who may", "reader", &theirs, value!({"sub": "deep", "client_id": "deep"})),
    ] {
        assert_eq!(acting(client, actor), expected, "{name}");
    }
    // Where nobody is limited, an actor is still who got the token, not whose grant it is from.
    let open = text(&exchange.world.tokens(), "access_token");
    let got = exchange.of("middle", &open, &[("actor_token", &forged), ("actor_token_type", ACCESS)]);
    let act = value!({"sub": "middle", "client_id": "middle"});
    assert_eq!(exchange.seen("middle", &text(&got, "access_token"))["act"], act);
}

#[test]
fn who_may_not_act_may_not_impersonate() {
    let exchange = exchange(|_| true);
    let both = [GrantType::AuthorizationCode, GrantType::TokenExchange];
    let spa = Client::builder("spa").redirect_uri(SPA).grant_types(&both);
    exchange.world.server.store().put_client(spa.build().unwrap());
    let subject = limited(&exchange, &["deep"]);
    assert_eq!(exchange.of("middle", &subject, &[])["error"], "invalid_request", "the same without an actor");
    let allowed = text(&exchange.of("deep", &subject, &[]), "access_token");
    assert_eq!(exchange.of("middle", &allowed, &[])["error"], "invalid_request", "nor with what one who may was given");
    let nobody = limited(&exchange, &[]);
    assert_eq!(exchange.of("deep", &nobody, &[])["error"], "invalid_request", "nobody at all");

    // The client that the person authorized has the token already.
    let pairs = [("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("client_id", "spa")];
    let own = [("subject_token", &*nobody), ("subject_token_type", ACCESS), ("scope", "read")];
    assert_eq!(exchange.ask(&post("/token", &[&pairs[..], &own].concat()))["scope"], "read");
}

#[test]
fn a_client_that_may_not_ask_for_a_resource_gets_no_token_for_it_unasked_either() {
    const USUAL: &str = "https://usual.test/";
    const A: &str = "https://api.test/a";
    let exchange = exchange_with(|config| config.audience(USUAL).resource(A), |_| true);
    let world = &exchange.world;
    let grants = [GrantType::ClientCredentials, GrantType::TokenExchange];
    let only_a = Client::builder("only-a").secret(secret("only-a")).grant_types(&grants);
    let only_a = only_a.scope(Scope::parse("read").unwrap()).may_ask_for([Resource::parse(A).unwrap()]);
    world.server.store().put_client(only_a.build().unwrap());
    let web = Client::builder("web").redirect_uri(WEB).may_ask_for([Resource::parse(A).unwrap()]);
    world.server.store().put_client(web.build().unwrap());
    let answer = |value: &serde_json::Value| value["error"].as_str().unwrap_or("a token").to_owned();

    let itself = |more: &[(&str, &str)]| {
        let pairs = [&[("grant_type", "client_credentials")][..], more].concat();
        answer(&json(&world.token(&post_as("/token", &basic("only-a", "only-a"), &pairs))))
    };
    let subject = text(&world.tokens(), "access_token");
    let exchanged = |more: &[(&str, &str)]| answer(&exchange.of("only-a", &subject, more));
    let authorized = |more: &[(&str, &str)]| match world
        .authorize(&authorization("web", WEB, more), grantor::server::Visitor::logged_in(world.session(), None))
    {
        grantor::Progress::Ask(_) => "a token".to_owned(),
        grantor::Progress::Respond(response) => parameter(&response, "error").unwrap(),
        grantor::Progress::Refuse(reason) => format!("{reason:?}"),
    };
    let ways: [(&str, &dyn Fn(&[(&str, &str)]) -> String); 3] =
        [("for itself", &itself), ("in exchange", &exchanged), ("for a person", &authorized)];
    for (name, way) in ways {
        for (more, expected) in
            [(&[][..], "invalid_target"), (&[("resource", USUAL)], "invalid_target"), (&[("resource", A)], "a token")]
        {
            assert_eq!(way(more), expected, "{name} {more:?}");
        }
    }
}

#[test]
fn a_client_that_is_limited_to_resources_gets_no_token_for_none_in_particular() {
    const A: &str = "https://api.test/a";
    let world = world_with(|config| config.resource(A));
    let service = || Client::builder("service").secret(secret("s")).grant_types(&[GrantType::ClientCredentials]);
    let ask = |more: &[(&str, &str)]| {
        let pairs = [&[("grant_type", "client_credentials"), ("scope", "read")][..], more].concat();
        error(&world, &post_as("/token", &basic("service", "s"), &pairs)).1
    };
    world.server.store().put_client(service().build().unwrap());
    assert_eq!((ask(&[]), ask(&[("resource", A)])), ("none".to_owned(), "none".to_owned()));
    world.server.store().put_client(service().may_ask_for([Resource::parse(A).unwrap()]).build().unwrap());
    assert_eq!((ask(&[]), ask(&[("resource", A)])), ("invalid_target".to_owned(), "none".to_owned()));
}

#[test]
fn a_resource_that_was_taken_from_a_client_is_given_no_more() {
    let (a, b) = ("https://api.test/a", "https://api.test/b");
    for ways in ["code", "refresh"] {
        let world = world_with(|config| config.resource(a).resource(b));
        let code = world.code("web", WEB, &[("resource", a)]);
        let redeem = post_as(
            "/token",
            &basic("web", SECRET),
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", WEB),
                ("code_verifier", VERIFIER),
            ],
        );
        let take_away = || {
            let people = [GrantType::AuthorizationCode, GrantType::RefreshToken];
            let web = Client::builder("web").secret(secret(SECRET)).redirect_uri(WEB).grant_types(&people);
            world.server.store().put_client(web.may_ask_for([Resource::parse(b).unwrap()]).build().unwrap());
        };
        let request = if ways == "code" {
            redeem
        } else {
            let token = text(&json(&world.token(&redeem)), "refresh_token");
            post_as("/token", &basic("web", SECRET), &[("grant_type", "refresh_token"), ("refresh_token", &token)])
        };
        take_away();
        assert_eq!(error(&world, &request), refused(400, "invalid_target"), "{ways}");
    }
}

#[test]
fn a_scope_that_was_taken_from_a_client_is_given_no_more() {
    for ways in ["code", "refresh"] {
        let world = world();
        let code = world.code("web", WEB, &[("scope", "read write")]);
        let form =
            [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)];
        let mut request = post_as("/token", &basic("web", SECRET), &form);
        if ways == "refresh" {
            let token = text(&json(&world.token(&request)), "refresh_token");
            let form = [("grant_type", "refresh_token"), ("refresh_token", &token)];
            request = post_as("/token", &basic("web", SECRET), &form);
        }
        let people = [GrantType::AuthorizationCode, GrantType::RefreshToken];
        let web = Client::builder("web").secret(secret(SECRET)).redirect_uri(WEB).grant_types(&people);
        world.server.store().put_client(web.scope(Scope::parse("read").unwrap()).build().unwrap());
        assert_eq!(text(&json(&world.token(&request)), "scope"), "read", "{ways}");
    }
}
