//! Tokens that are bound to client certificates [RFC 8705 §3, §4].

use grantor::event::Event;
use grantor::record::{Client, ClientFault, GrantType, Scope};
use grantor::resource::Demand;
use grantor::server::Place;
use grantor::wire::{ClientCertificate, Introspection};
use grantor::{Config, ConfigFault, Registration};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json as value};

use crate::schedule::{Player, Scene};
use crate::support::*;
use crate::table::{Shelf, Table};

const PHONE: &str = "https://phone.example/cb";
const SERVER: &str = "https://server.example/cb";

/// `phone` is public and `server` confidential; the tokens of both are bound.
fn bound_clients() -> [Client; 2] {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    let phone = Client::builder("phone").redirect_uri(PHONE).grant_types(&[AuthorizationCode, RefreshToken]);
    let server = Client::builder("server").redirect_uri(SERVER).secret(secret("x"));
    let server = server.grant_types(&[AuthorizationCode, RefreshToken, ClientCredentials]);
    [phone, server].map(|builder| builder.certificate_bound_access_tokens().build().unwrap())
}

fn bound_world() -> World {
    let world = world_with(|config| config.mutual_tls(|_| ()));
    bound_clients().into_iter().for_each(|client| world.server.store().put_client(client));
    world
}

fn redeem_phone(code: &str) -> Request<Vec<u8>> {
    redeem("phone", PHONE, code)
}

fn tokens(world: &World, holder: &str) -> (String, String) {
    let code = world.code("phone", PHONE, &[("scope", "read write")]);
    given(&world.token(&held(&redeem_phone(&code), Some(holder))))
}

fn given(response: &Response<Vec<u8>>) -> (String, String) {
    let body = json(response);
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
    (text("access_token"), text("refresh_token"))
}

/// The status of a call with the certificate of `holder`, and its challenge.
fn call(world: &World, token: &str, holder: Option<&str>) -> (u16, String) {
    let mut request = held(&get("/api"), holder);
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    match world.server.access(&request, Demand::new(Scope::parse("read").unwrap())) {
        Ok(permit) => {
            assert_eq!(permit.cnf.is_some(), world.introspect_as("phone", token)["cnf"].is_object());
            (200, String::new())
        }
        Err(response) => {
            let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
            (response.status().as_u16(), challenge)
        }
    }
}

impl World {
    fn introspect_as(&self, client: &str, token: &str) -> Value {
        let query = post("/introspect", &[("client_id", client), ("token", token)]);
        json(&self.server.answer(Place::Introspection, &query))
    }
}

fn thumbprint(holder: &str) -> Value {
    serde_json::to_value(certificate(holder).confirmation()).unwrap()
}

#[test]
fn a_bound_token_is_good_with_its_certificate_alone() {
    let world = bound_world();
    let (access, _) = tokens(&world, "alice");
    assert_eq!(world.introspect_as("phone", &access)["cnf"], thumbprint("alice"));
    assert_eq!(world.introspect_as("phone", &access)["token_type"], "Bearer");
    assert_eq!(call(&world, &access, Some("alice")).0, 200);
    for holder in [Some("mallory"), None] {
        let (status, challenge) = call(&world, &access, holder);
        assert_eq!(status, 401, "{holder:?}");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    assert_eq!(call(&world, &access, Some("alice")).0, 200, "a theft changes nothing");
    // A token that is bound to nothing is good on every connection.
    let free = world.tokens();
    for holder in [Some("alice"), None] {
        assert_eq!(call(&world, free["access_token"].as_str().unwrap(), holder).0, 200);
    }
}

#[test]
fn a_header_is_no_certificate() {
    let world = bound_world();
    let (access, token) = tokens(&world, "alice");
    let (der, pem) = (":dGhlIGNlcnRpZmljYXRlIG9mIGFsaWNl:", "-----BEGIN%20CERTIFICATE-----");
    assert_eq!(
        der.trim_matches(':'),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate("alice").der())
    );
    for name in ["client-cert", "x-ssl-client-cert", "x-client-cert", "x-forwarded-client-cert", "ssl-client-cert"] {
        for text in [der, pem] {
            let mut request = get("/api");
            request.headers_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
            request.headers_mut().insert(name, text.parse().unwrap());
            let refused = world.server.access(&request, Demand::new(Scope::parse("read").unwrap()));
            assert_eq!(refused.unwrap_err().status(), 401, "{name}");
            let mut request = refresh("phone", &token);
            request.headers_mut().insert(name, text.parse().unwrap());
            assert_eq!(error(&world, &request), refused_grant(), "{name}");
        }
    }
}

fn refused_grant() -> (u16, String) {
    refused(400, "invalid_grant")
}

#[test]
fn without_a_certificate_a_bound_client_gets_nothing_and_loses_nothing() {
    let world = bound_world();
    let code = world.code("phone", PHONE, &[("scope", "read")]);
    let response = world.token(&redeem_phone(&code));
    assert_eq!(json(&response)["error"], "invalid_grant");
    assert_eq!(json(&response)["error_description"], "mutual TLS client certificate not provided");
    assert_eq!(
        world.token(&held(&redeem_phone(&code), Some("alice"))).status(),
        StatusCode::OK,
        "the code is still good"
    );
    let acting = post_as("/token", &basic("server", "x"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    assert_eq!(error(&world, &acting), refused_grant());
    let answer = json(&world.token(&held(&acting, Some("machine"))));
    let query = post_as("/introspect", &basic("server", "x"), &[("token", answer["access_token"].as_str().unwrap())]);
    assert_eq!(json(&world.server.answer(Place::Introspection, &query))["cnf"], thumbprint("machine"));
}

#[test]
fn a_public_clients_refresh_token_is_bound_as_its_access_token() {
    let world = bound_world();
    let (_, first) = tokens(&world, "alice");
    let (_, second) = given(&world.token(&held(&refresh("phone", &first), Some("alice"))));
    for stolen in [&first, &second] {
        for holder in [Some("mallory"), None] {
            assert_eq!(error(&world, &held(&refresh("phone", stolen), holder)), refused_grant(), "{holder:?}");
        }
    }
    world.clock.advance(60);
    // A spent one that is shown without the certificate is a theft that came to nothing: it ends nothing.
    world.log.take();
    assert_eq!(error(&world, &held(&refresh("phone", &first), Some("mallory"))), refused_grant());
    assert!(!world.log.take().iter().any(|event| matches!(event, Event::RefreshReused { .. })));
    let (access, third) = given(&world.token(&held(&refresh("phone", &second), Some("alice"))));
    assert_eq!(world.introspect_as("phone", &access)["cnf"], thumbprint("alice"));
    // With it, it was the holder's, and is reuse.
    world.clock.advance(60);
    assert_eq!(error(&world, &held(&refresh("phone", &second), Some("alice"))), refused_grant());
    assert!(world.log.take().iter().any(|event| matches!(event, Event::RefreshReused { .. })));
    assert_eq!(error(&world, &held(&refresh("phone", &third), Some("alice"))), refused_grant());
}

#[test]
fn a_lost_answer_is_given_again_to_the_same_certificate_only() {
    let world = bound_world();
    let (_, first) = tokens(&world, "alice");
    let (_, second) = given(&world.token(&held(&refresh("phone", &first), Some("alice"))));
    assert_eq!(error(&world, &held(&refresh("phone", &first), Some("mallory"))), refused_grant());
    let (access, again) = given(&world.token(&held(&refresh("phone", &first), Some("alice"))));
    assert_eq!(again, second);
    assert_eq!(call(&world, &access, Some("alice")).0, 200);
}

#[test]
fn a_confidential_client_renews_its_certificate() {
    let world = bound_world();
    let code = world.code("server", SERVER, &[("scope", "read")]);
    let redemption = with(&redeem("server", SERVER, &code), &[("client_secret", "x")]);
    let (old, token) = given(&world.token(&held(&redemption, Some("old"))));
    let refreshing = with(&refresh("server", &token), &[("client_secret", "x")]);
    assert_eq!(error(&world, &refreshing), refused_grant(), "but not without one");
    let (new, _) = given(&world.token(&held(&refreshing, Some("new"))));
    let allowed = |token: &str, holder| {
        let mut request = held(&get("/api"), Some(holder));
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        world.server.access(&request, Demand::new(Scope::parse("read").unwrap())).is_ok()
    };
    assert_eq!([allowed(&old, "old"), allowed(&new, "new")], [true, true]);
    assert_eq!([allowed(&old, "new"), allowed(&new, "old")], [false, false]);
}

#[test]
fn a_chain_that_began_free_is_bound_once_its_client_asks_for_it() {
    let world = bound_world();
    let free = |on: bool| {
        let builder = Client::builder("phone").redirect_uri(PHONE);
        let builder = builder.grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]);
        let builder = if on { builder.certificate_bound_access_tokens() } else { builder };
        world.server.store().put_client(builder.build().unwrap());
    };
    free(false);
    let code = world.code("phone", PHONE, &[("scope", "read")]);
    let (access, token) = given(&world.token(&redeem_phone(&code)));
    assert_eq!(call(&world, &access, None).0, 200);
    free(true);
    assert_eq!(error(&world, &refresh("phone", &token)), refused_grant());
    let (_, token) = given(&world.token(&held(&refresh("phone", &token), Some("alice"))));
    assert_eq!(error(&world, &held(&refresh("phone", &token), Some("mallory"))), refused_grant());
    // And it stays bound, whatever the client says later.
    free(false);
    assert_eq!(error(&world, &refresh("phone", &token)), refused_grant());
    let (access, _) = given(&world.token(&held(&refresh("phone", &token), Some("alice"))));
    assert_eq!(world.introspect_as("phone", &access).get("cnf"), None);
}

#[test]
fn a_device_gets_bound_tokens() {
    let world = world_with(|config| config.mutual_tls(|_| ()).device_flow(|_| ()));
    let tv = Client::builder("phone").grant_types(&[GrantType::DeviceCode, GrantType::RefreshToken]);
    world.server.store().put_client(tv.certificate_bound_access_tokens().build().unwrap());
    let (device_code, user_code) = {
        let asked = post("/device_authorization", &[("client_id", "phone"), ("scope", "read")]);
        let codes = json(&world.server.answer(Place::DeviceAuthorization, &asked));
        (codes["device_code"].as_str().unwrap().to_owned(), codes["user_code"].as_str().unwrap().to_owned())
    };
    let verification =
        grantor::server::Verification::new(world.server.config(), &user_code, Some(world.session()), "here");
    let prompt = world.server.run(verification).unwrap().unwrap();
    let approval = grantor::server::DeviceApproval::new(world.server.config().clone(), *prompt, world.session());
    assert!(world.server.run(approval).unwrap().is_ok());
    let grant = GrantType::DeviceCode.as_str();
    let poll = post("/token", &[("grant_type", grant), ("client_id", "phone"), ("device_code", &device_code)]);
    assert_eq!(error(&world, &poll), refused_grant());
    let (access, token) = given(&world.token(&held(&poll, Some("television"))));
    assert_eq!(world.introspect_as("phone", &access)["cnf"], thumbprint("television"));
    assert_eq!(error(&world, &held(&refresh("phone", &token), Some("mallory"))), refused_grant());
}

#[test]
fn a_thief_never_wins_whatever_the_order() {
    let mut table = Table::default();
    bound_clients().into_iter().for_each(|client| table.put_client(client));
    let world = world_over(Shelf::new(table), Hands::default(), |config| config);
    let code = world.code("phone", PHONE, &[("scope", "read")]);
    let (_, token) = given(&world.token(&held(&redeem_phone(&code), Some("alice"))));
    let player = |seed, request: &Request<Vec<u8>>, holder| Player::sending(seed, Place::Token, held(request, holder));
    let refreshing = refresh("phone", &token);
    let players = [
        player(1, &refreshing, Some("alice")),
        player(2, &refreshing, Some("mallory")),
        player(3, &refreshing, None),
        player(4, &redeem_phone(&code), Some("mallory")),
    ];
    let explored = Scene::new(&world, &[], players).explore(&|scene: &Scene| {
        let thieves = scene.players[1..].iter().filter(|player| player.granted()).count();
        (thieves > 0).then(|| format!("{thieves} thieves were served")).into_iter().collect()
    });
    assert!(explored.schedules > 100);
    let stolen: Vec<_> = explored.broken.iter().filter(|what| what.contains("thieves")).collect();
    assert!(stolen.is_empty(), "{stolen:?}");
}

#[test]
fn a_resource_server_elsewhere_reads_what_a_token_is_bound_to() {
    let world = bound_world();
    let (access, _) = tokens(&world, "alice");
    let query = post("/introspect", &[("client_id", "phone"), ("token", &access)]);
    let body = world.server.answer(Place::Introspection, &query).into_body();
    let answer = Introspection::parse(&body).unwrap();
    let shown = |holder: Option<&str>| answer.is_usable_with(holder.map(certificate).as_ref());
    assert_eq!([shown(Some("alice")), shown(Some("mallory")), shown(None)], [true, false, false]);
    assert!(!Introspection::inactive().is_usable_with(Some(&certificate("alice"))));
    let free = Introspection::parse(br#"{"active":true}"#).unwrap();
    assert!(free.is_usable_with(None) && free.is_usable_with(Some(&certificate("alice"))));
    // What cannot be checked cannot be read either.
    let print = thumbprint("alice")["x5t#S256"].as_str().unwrap().to_owned();
    for cnf in [
        value!({}),
        value!({"jwk": {}}),
        value!({"x5t#S256": "short"}),
        value!({"x5t#S256": format!("{print}=")}),
        value!({"x5t#S256": 1}),
        value!({"x5t#S256": print, "kid": "1"}),
        value!(print),
        value!([]),
    ] {
        let body = value!({"active": true, "cnf": cnf}).to_string();
        assert_eq!(Introspection::parse(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn the_thumbprint_is_that_of_the_bytes() {
    // printf 'the certificate of alice' | openssl dgst -sha256 -binary | basenc --base64url
    let shown = value!({"x5t#S256": "u_8PFxmCw_-S6GNrg6QZP9rhxfY2-2C5xs1tjdm6Bno"});
    assert_eq!(thumbprint("alice"), shown);
    let debug = format!("{:?}", certificate("alice"));
    assert!(
        debug.contains("u_8PFxmCw_-S6GNrg6QZP9rhxfY2-2C5xs1tjdm6Bno") && !debug.contains("the certificate"),
        "{debug}"
    );
}

#[test]
fn a_bound_subject_token_is_exchanged_by_its_own_client_only_with_its_certificate() {
    let asks = |question: &grantor::Question| match question {
        grantor::Question::TokenExchange(question) => question.subject_cnf,
        _ => None,
    };
    let question = std::cell::RefCell::new(None);
    let world = world_with(|config| config.mutual_tls(|_| ()).token_exchange());
    let grants = [GrantType::TokenExchange, GrantType::ClientCredentials];
    for (id, bound) in [("server", true), ("middle", false)] {
        let client = Client::builder(id).secret(secret("x")).grant_types(&grants);
        let client = if bound { client.certificate_bound_access_tokens() } else { client };
        world.server.store().put_client(client.build().unwrap());
    }
    let acting = post_as("/token", &basic("server", "x"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let answer = json(&world.token(&held(&acting, Some("machine"))));
    let subject = answer["access_token"].as_str().unwrap();
    let exchange = |client: &str, holder: Option<&str>| {
        let pairs = [
            ("grant_type", GrantType::TokenExchange.as_str()),
            ("subject_token", subject),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ];
        let request = held(&post_as("/token", &basic(client, "x"), &pairs), holder);
        let exchange = grantor::server::Exchange::parse(world.server.config(), Place::Token, &request);
        let env = grantor::Env::new(world.now(), grantor::Seed::new([9; 32]));
        let mut step = grantor::step::Step::start(exchange, env);
        loop {
            step = match step {
                grantor::step::Step::Load(ask) => {
                    let Ok(found) = grantor::store::Store::load(world.server.store(), ask.question(), ask.now());
                    ask.loaded(found)
                }
                grantor::step::Step::Judge(ask) => {
                    *question.borrow_mut() = asks(ask.question());
                    ask.judged(grantor::Verdict::Allowed)
                }
                grantor::step::Step::Commit(pending) => pending.committed(grantor::store::Commit::Applied),
                grantor::step::Step::Done(done) => {
                    let Ok(answer) = done.reply;
                    break json(&answer.into_response());
                }
                other => panic!("{other:?}"),
            };
        }
    };
    for holder in [None, Some("mallory")] {
        let refusal = exchange("server", holder);
        assert_eq!(refusal["error"], "invalid_request", "{refusal}");
    }
    assert!(exchange("server", Some("machine"))["access_token"].is_string());
    // Whom it was passed on to has another certificate, or none: the host is told what it is bound to.
    *question.borrow_mut() = None;
    assert!(exchange("middle", None)["access_token"].is_string());
    assert_eq!(*question.borrow(), Some(certificate("machine").confirmation()));
}

#[test]
fn a_client_registers_for_bound_tokens_where_they_are_served() {
    let served = |on: bool| {
        world_with(|config| {
            let config = config.default_scope("read").registration(Registration::open());
            if on { config.mutual_tls(|_| ()) } else { config }
        })
    };
    let register = |world: &World, bound: &Value| {
        let body = value!({
            "redirect_uris": [PHONE],
            "token_endpoint_auth_method": "none",
            "tls_client_certificate_bound_access_tokens": bound,
        });
        let request = Request::post("/register").header("content-type", "application/json");
        json(&world.server.answer(Place::Registration, &request.body(body.to_string().into_bytes()).unwrap()))
    };
    let world = served(true);
    let client = register(&world, &value!(true));
    assert_eq!(client["tls_client_certificate_bound_access_tokens"], true);
    let id = client["client_id"].as_str().unwrap();
    let code = world.code(id, PHONE, &[]);
    assert_eq!(error(&world, &redeem(id, PHONE, &code)), refused_grant());
    assert_eq!(world.token(&held(&redeem(id, PHONE, &code), Some("alice"))).status(), StatusCode::OK);
    assert_eq!(register(&world, &value!("yes"))["error"], "invalid_client_metadata");
    for world in [
        served(false),
        world_with(|config| {
            let config = config.default_scope("read").registration(Registration::open());
            config.mutual_tls(|mutual| mutual.certificate_bound_access_tokens = false)
        }),
    ] {
        assert_eq!(register(&world, &value!(true))["error"], "invalid_client_metadata");
        assert!(register(&world, &value!(false))["client_id"].is_string());
    }
}

#[test]
fn what_the_authorization_endpoint_issues_cannot_be_bound() {
    let implicit = |bound: bool| {
        let builder = Client::builder("x").redirect_uri(PHONE).grant_types(&[GrantType::Implicit]);
        let builder = if bound { builder.certificate_bound_access_tokens() } else { builder };
        builder.response_types(&[grantor::record::ResponseType::Token]).build().map(|_| ())
    };
    assert_eq!(implicit(false), Ok(()));
    assert_eq!(implicit(true), Err(ClientFault::ImplicitTokensBound));
}

#[test]
fn metadata_says_what_is_served_and_where() {
    let metadata = |config: &Config| serde_json::to_value(config.metadata()).unwrap();
    let plain = metadata(&config().build().unwrap());
    assert_eq!(plain.get("tls_client_certificate_bound_access_tokens"), None);
    assert_eq!(plain.get("mtls_endpoint_aliases"), None);
    let bound = metadata(&config().mutual_tls(|_| ()).build().unwrap());
    assert_eq!(bound["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(bound.get("mtls_endpoint_aliases"), None);
    let alias = |base: &str| {
        let base = base.to_owned();
        config().device_flow(|_| ()).mutual_tls(|mutual| mutual.endpoint_aliases = Some(base)).build()
    };
    let aliased = metadata(&alias("https://mtls.as.example").unwrap());
    assert_eq!(
        aliased["mtls_endpoint_aliases"],
        value!({
            "token_endpoint": "https://mtls.as.example/token",
            "revocation_endpoint": "https://mtls.as.example/revoke",
            "introspection_endpoint": "https://mtls.as.example/introspect",
            "device_authorization_endpoint": "https://mtls.as.example/device_authorization",
            "pushed_authorization_request_endpoint": "https://mtls.as.example/par",
        })
    );
    for bad in ["http://mtls.as.example", "https://mtls.as.example/", "https://mtls.as.example?x", "mtls.as.example"] {
        assert_eq!(alias(bad).unwrap_err(), ConfigFault::MutualTls(bad.to_owned()));
    }
}

#[test]
fn the_header_of_a_proxy_is_read_only_by_whoever_says_so() {
    let [alice, bob] = ["alice", "bob"]
        .map(|name| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate(name).der()));
    let read = |values: &[&str]| {
        let mut headers = http::HeaderMap::new();
        values.iter().for_each(|value| assert!(headers.try_append("client-cert", value.parse().unwrap()).is_ok()));
        ClientCertificate::danger_from_header(&headers)
    };
    let good = format!(":{alice}:");
    assert_eq!(read(&[&good]), Some(certificate("alice")));
    assert_eq!(read(&[&format!(" {good} ")]), Some(certificate("alice")));
    assert_eq!(read(&[&format!(":{bob}:")]), Some(certificate("bob")));
    assert!(bob.ends_with('=') && !read(&[&good]).unwrap().is_trusted());
    for values in [
        &[][..],
        &[&*good, &good],
        &[&*format!("{good}, {good}")],
        &[&*format!("{good};a=1")],
        &[&*alice],
        &[&*format!(":{alice}")],
        &[":"],
        &["::"],
        &[":!:"],
        &[&*format!(":{}:", bob.trim_end_matches('='))],
    ] {
        assert_eq!(read(values), None, "{values:?}");
    }
}

#[test]
fn a_resource_says_that_its_tokens_may_be_bound() {
    use grantor::resource::ProtectedResource;
    let resource = || ProtectedResource::builder("https://api.example/").authorization_server(ISSUER);
    let says = |resource: grantor::resource::ProtectedResourceBuilder| {
        serde_json::to_value(resource.build().unwrap().metadata()).unwrap()["tls_client_certificate_bound_access_tokens"].clone()
    };
    assert_eq!(says(resource().certificate_bound_access_tokens()), value!(true));
    assert_eq!(says(resource()), Value::Null);
}
