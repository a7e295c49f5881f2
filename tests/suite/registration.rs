//! Clients that register themselves, and manage that [RFC 7591, RFC 7592].

use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor::drive::{Host, NoKeys};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Client, ClientId, Digest, Exposed, GrantType, Resource};
use grantor::server::{Place, RotateSecret, RotationRefusal};
use grantor::wire::{ClientInformation, RegistrationRequest};
use grantor::{CommonDetails, Config, ConfigFault, Question, Registration, SigningInput, Verdict};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{self, *};

const CB: &str = "https://app.example/cb";

fn open() -> World {
    registering(Registration::open())
}

fn registering(registration: Registration) -> World {
    world_with(|config| config.default_scope("read").device_flow(|_| ()).registration(registration))
}

fn request(method: Method, uri: &str, token: Option<&str>, body: Option<&Value>) -> Request<Vec<u8>> {
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header("content-type", "application/json; charset=utf-8");
    }
    request.body(body.map(|body| body.to_string().into_bytes()).unwrap_or_default()).unwrap()
}

fn posting(body: &Value) -> Request<Vec<u8>> {
    request(Method::POST, &format!("{ISSUER}/register"), None, Some(body))
}

fn send(world: &World, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let response = world.server.answer(Place::Registration, request);
    assert_eq!(response.headers()["cache-control"], "no-store");
    response
}

fn register(world: &World, body: &Value) -> Value {
    let response = send(world, &posting(body));
    assert_eq!(response.status(), StatusCode::CREATED, "{}", support::json(&response));
    support::json(&response)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

/// A request to manage `client` with a token.
fn managing(method: Method, client: &Value, token: &str, body: Option<&Value>) -> Request<Vec<u8>> {
    request(method, text(client, "registration_client_uri"), Some(token), body)
}

fn token(client: &Value) -> &str {
    text(client, "registration_access_token")
}

fn reads(world: &World, client: &Value, token: &str) -> StatusCode {
    send(world, &managing(Method::GET, client, token, None)).status()
}

/// All that was registered, as an update must repeat it, with some members changed or (if null) left out.
fn again(client: &Value, changes: &Value) -> Value {
    let mut body = client.clone();
    let members = body.as_object_mut().unwrap();
    for name in
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
    {
        members.remove(name);
    }
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    body
}

fn update(world: &World, client: &Value, token: &str, body: &Value) -> Value {
    let response = send(world, &managing(Method::PUT, client, token, Some(body)));
    assert_eq!(response.status(), StatusCode::OK, "{}", support::json(&response));
    support::json(&response)
}

fn told(response: &Response<Vec<u8>>) -> (u16, String) {
    (response.status().as_u16(), text(&support::json(response), "error").to_owned())
}

#[test]
fn a_public_client_is_registered_and_served() {
    let world = open();
    let client = register(
        &world,
        &json!({
            "redirect_uris": [CB], "token_endpoint_auth_method": "none", "client_name": "An app",
            "grant_types": ["authorization_code", "refresh_token"], "client_secret": "chosen", "client_id": "web",
            "client_name#ja": "アプリ", "x_unknown": {"deep": [1]}, "x_unknown#ja": "y", "resources": ["https://api.test/"],
            "first_party": true, "logo_uri": null,
        }),
    );
    let id = text(&client, "client_id");
    assert!(id.len() == 22 && !id.starts_with("https://"), "{id}");
    assert_eq!(client["client_id_issued_at"], world.now().as_unix());
    assert_eq!(text(&client, "registration_client_uri"), format!("{ISSUER}/register?client_id={id}"));
    assert_eq!(
        (&client["scope"], &client["response_types"]),
        (&json!("read"), &json!(["code"])),
        "the defaults are said"
    );
    assert_eq!(client["client_name#ja"], "アプリ");
    for name in ["client_secret", "client_secret_expires_at", "x_unknown", "x_unknown#ja", "resources", "first_party"] {
        assert!(client.get(name).is_none(), "{name}: {client}");
    }
    assert_eq!(happened(&world), [format!("ClientRegistered {id}")]);

    let prompt = world.prompt(&authorization(id, CB, &[]));
    assert_eq!(prompt.client.name.as_deref(), Some("An app"));
    assert_eq!(prompt.standing.registered, Some(world.now()), "so that a person can be warned");
    assert_eq!(world.prompt(&authorization("spa", SPA, &[])).standing.registered, None);
    let code = parameter(&world.server.approve(prompt, world.session()), "code").unwrap();
    let tokens = world.token(&redeem(id, CB, &code));
    assert_eq!(tokens.status(), StatusCode::OK);
    // "Everything" is not the default.
    let visitor = grantor::server::Visitor::logged_in(world.session(), None);
    let wide = world.authorize(&authorization(id, CB, &[("scope", "admin")]), visitor);
    let grantor::Progress::Respond(refused) = wide else { panic!("{wide:?}") };
    assert_eq!(parameter(&refused, "error").as_deref(), Some("invalid_scope"));
}

/// What was reported of clients.
fn happened(world: &World) -> Vec<String> {
    let events = world.log.take().into_iter().filter_map(|event| match event {
        Event::ClientRegistered { client, .. } => Some(format!("ClientRegistered {client}")),
        Event::ClientUpdated { client, .. } => Some(format!("ClientUpdated {client}")),
        Event::ClientDeleted { client, .. } => Some(format!("ClientDeleted {client}")),
        Event::RegistrationTokenMisused { client, .. } => Some(format!("RegistrationTokenMisused {client}")),
        Event::ClientSecretRotated { client, .. } => Some(format!("ClientSecretRotated {client}")),
        _ => None,
    });
    events.collect()
}

/// A confidential client that may act for itself, and whether it can with `secret`.
fn service(world: &World) -> Value {
    register(world, &json!({"grant_types": ["client_credentials"], "client_secret": "chosen"}))
}

fn services() -> World {
    registering(Registration::open().grant_types(&[GrantType::ClientCredentials]))
}

fn acts(world: &World, client: &Value, secret: &str) -> Option<String> {
    let id = text(client, "client_id");
    let response =
        world.token(&post_as("/token", &basic(id, secret), &[("grant_type", "client_credentials"), ("scope", "read")]));
    support::json(&response)["access_token"].as_str().map(str::to_owned)
}

#[test]
fn a_secret_is_minted_only_where_one_is_needed() {
    let world = services();
    let client = service(&world);
    let secret = text(&client, "client_secret");
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert!(secret.len() == 43 && acts(&world, &client, secret).is_some());
    assert!(acts(&world, &client, "chosen").is_none(), "a client does not choose its secret");
    let other = service(&world);
    assert_ne!(text(&other, "client_secret"), secret);
    let stored = grantor::store::Store::load(
        world.server.store(),
        &[grantor::store::Key::Client(ClientId::new(text(&client, "client_id")))],
        world.now(),
    );
    let stored = String::from_utf8(stored.unwrap()[0].as_ref().unwrap().value.encode().unwrap()).unwrap();
    assert!(!stored.contains(secret) && !stored.contains(token(&client)) && stored.contains("digest"), "{stored}");
}

#[test]
fn metadata_that_is_dangerous_contradictory_or_not_served_is_refused() {
    let world = open();
    let good = json!({"redirect_uris": [CB]});
    let cases = [
        (json!({"redirect_uris": null}), "invalid_redirect_uri"),
        (json!({"redirect_uris": []}), "invalid_redirect_uri"),
        (json!({"redirect_uris": CB}), "invalid_redirect_uri"),
        (json!({"redirect_uris": [7]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["javascript:alert(1)"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["data:text/html,x"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["http://app.example/cb"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": [format!("{CB}#x")]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://*.example/cb"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": [CB, "http://127.0.0.1/cb"], "application_type": "web"}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://localhost/cb"], "application_type": "native"}), "invalid_redirect_uri"),
        (json!({"application_type": "toaster"}), "invalid_client_metadata"),
        (json!({"grant_types": ["implicit"]}), "invalid_client_metadata"),
        (json!({"grant_types": ["client_credentials"]}), "invalid_client_metadata"),
        (json!({"grant_types": [GrantType::TokenExchange.as_str()]}), "invalid_client_metadata"),
        (json!({"grant_types": "authorization_code"}), "invalid_client_metadata"),
        (json!({"grant_types": ["refresh_token"], "response_types": ["code"]}), "invalid_client_metadata"),
        (json!({"response_types": []}), "invalid_client_metadata"),
        (json!({"response_types": ["token"]}), "invalid_client_metadata"),
        (json!({"response_types": ["code", "code token"]}), "invalid_client_metadata"),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "invalid_client_metadata"),
        (json!({"token_endpoint_auth_method": 7}), "invalid_client_metadata"),
        (json!({"scope": "\"quoted\""}), "invalid_client_metadata"),
        (json!({"scope": "unknown"}), "invalid_client_metadata"),
        (json!({"client_uri": "javascript:alert(1)"}), "invalid_client_metadata"),
        (json!({"logo_uri": "data:image/svg+xml,x"}), "invalid_client_metadata"),
        (json!({"logo_uri#fr": "javascript:alert(1)"}), "invalid_client_metadata"),
        (json!({"tos_uri": "//tos.example"}), "invalid_client_metadata"),
        (json!({"policy_uri": "file:///etc/passwd"}), "invalid_client_metadata"),
        (json!({"client_name": ["a"]}), "invalid_client_metadata"),
        (json!({"client_name": "a\nb"}), "invalid_client_metadata"),
        (json!({"client_name": "\u{202e}knab ruoY"}), "invalid_client_metadata"),
        (json!({"client_name": "a\u{2067}b"}), "invalid_client_metadata"),
        (json!({"jwks_uri": "http://app.example/keys"}), "invalid_client_metadata"),
        (json!({"jwks_uri": "http://127.0.0.1:8080/keys"}), "invalid_client_metadata"),
        (json!({"jwks_uri": "http://localhost/keys"}), "invalid_client_metadata"),
        (json!({"jwks": {"keys": []}, "jwks_uri": "https://app.example/keys"}), "invalid_client_metadata"),
        (json!({"jwks": [1]}), "invalid_client_metadata"),
        (json!({"jwks": {"keys": [{"kty": "EC", "d": "secret"}]}}), "invalid_client_metadata"),
        (json!({"jwks": {"keys": [{"kty": "oct", "k": "secret"}]}}), "invalid_client_metadata"),
        (json!({"software_statement": "x.y.z"}), "unapproved_software_statement"),
    ];
    for (changes, error) in cases {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        assert_eq!(told(&send(&world, &posting(&body))), (400, error.to_owned()), "{changes}");
    }
    assert!(world.log.take().is_empty(), "a refusal registers nothing");
    register(&world, &good);
}

#[test]
fn a_body_is_one_json_object_of_bounded_size() {
    let world = open();
    let good = format!(r#"{{"redirect_uris":["{CB}"]}}"#);
    let cases = [
        ("null".to_owned(), 400, "invalid_client_metadata"),
        ("[]".to_owned(), 400, "invalid_client_metadata"),
        ("7".to_owned(), 400, "invalid_client_metadata"),
        (String::new(), 400, "invalid_client_metadata"),
        (good[1..].to_owned(), 400, "invalid_client_metadata"),
        (format!("{good}{good}"), 400, "invalid_client_metadata"),
        (good.replace('{', r#"{"client_name":"a","client_name":"b","#), 400, "invalid_client_metadata"),
        (good.replace('{', r#"{"jwks":{"keys":[],"keys":[]},"#), 400, "invalid_client_metadata"),
        (good.replace('{', r#"{"x":[{"y":1,"\u0079":2}],"#), 400, "invalid_client_metadata"),
        (
            good.replace('{', &format!(r#"{{"x":{}{},"#, "[".repeat(200), "]".repeat(200))),
            400,
            "invalid_client_metadata",
        ),
        (good.replace(']', &format!(r#"{}]"#, r#","https://a.example/""#.repeat(64))), 400, "invalid_client_metadata"),
        (good.replace('{', &format!(r#"{{"client_name":"{}","#, "a".repeat(9000))), 400, "invalid_client_metadata"),
        (format!("{good}{}", " ".repeat(64 * 1024)), 413, "invalid_request"),
    ];
    for (body, status, error) in cases {
        let mut request = posting(&json!({}));
        *request.body_mut() = body.clone().into_bytes();
        assert_eq!(told(&send(&world, &request)), (status, error.to_owned()), "{body:.60}");
    }
    for media_type in ["application/x-www-form-urlencoded", "text/plain", "application/json+x", ""] {
        let mut request = posting(&json!({"redirect_uris": [CB]}));
        request.headers_mut().insert("content-type", media_type.parse().unwrap());
        assert_eq!(told(&send(&world, &request)), (415, "invalid_request".to_owned()), "{media_type}");
    }
    let mut bytes = posting(&json!({}));
    *bytes.body_mut() = b"{\"client_name\":\"\xff\"}".to_vec();
    assert_eq!(send(&world, &bytes).status(), StatusCode::BAD_REQUEST);
    register(&world, &json!({"redirect_uris": [CB]}));
}

#[test]
fn a_client_that_does_not_say_what_it_is_is_known_by_where_it_is() {
    let world = open();
    for (uri, kind) in [(CB, "web"), ("http://127.0.0.1:3000/cb", "native"), ("com.example.app:/cb", "native")] {
        assert_eq!(register(&world, &json!({"redirect_uris": [uri]}))["application_type"], kind, "{uri}");
    }
}

#[test]
fn scope_is_bounded_and_never_everything() {
    let world = registering(Registration::open().at_most("read write").by_default("write"));
    let scope =
        |requested: Value| register(&world, &json!({"redirect_uris": [CB], "scope": requested}))["scope"].clone();
    for (requested, registered) in [
        (json!(null), "write"),
        (json!(""), "write"),
        (json!("read write"), "read write"),
        (json!("read admin unknown"), "read"),
    ] {
        assert_eq!(scope(requested.clone()), registered, "{requested}");
    }
    let base = || Config::builder(ISSUER).scopes(["read", "write"]);
    for bad in [
        base().registration(Registration::open()),
        base().default_scope("read").registration(Registration::open().at_most("write")),
        base().default_scope("read").registration(Registration::open().at_most("read admin")),
        base().registration(Registration::open().by_default("\"")),
        base().default_scope("read").registration(Registration::initial_access_token([])),
    ] {
        assert_eq!(bad.build().unwrap_err(), ConfigFault::Registration);
    }
    assert!(base().registration(Registration::open().by_default("read")).build().is_ok());
}

#[test]
fn types_of_details_are_registered_or_not_to_be_had() {
    let types = |world: &World, types: Value| {
        let client = register(world, &json!({"redirect_uris": [CB], "authorization_details_types": types}));
        client["authorization_details_types"].clone()
    };
    let world = world_with(|config| {
        let config = config.default_scope("read").registration(Registration::open());
        config.authorization_details(CommonDetails::new("files"))
    });
    assert_eq!(types(&world, json!(["files", "unknown"])), json!(["files"]));
    assert_eq!(types(&world, json!(null)), json!([]));
    assert_eq!(types(&open(), json!(["files"])), json!(null), "none are served");
}

#[test]
fn registration_is_closed_unless_it_is_said() {
    let closed = world();
    let config = closed.server.config();
    assert_eq!(config.metadata().registration_endpoint, None);
    assert!(config.routes().iter().all(|route| route.place != Place::Registration));
    assert_eq!(send(&closed, &posting(&json!({"redirect_uris": [CB]}))).status(), StatusCode::NOT_FOUND);

    let world = registering(Registration::initial_access_token([Digest::of(b"one"), Digest::of(b"two")]));
    let config = world.server.config();
    assert_eq!(config.metadata().registration_endpoint, Some(format!("{ISSUER}/register")));
    assert!(config.routes().iter().any(|route| route.place == Place::Registration && route.path == "/register"));
    let with = |token: Option<&str>| {
        request(Method::POST, &format!("{ISSUER}/register"), token, Some(&json!({"redirect_uris": [CB]})))
    };
    for (token, challenge) in [(None, "Bearer realm=\"grantor\""), (Some("three"), "error=\"invalid_token\"")] {
        let refused = send(&world, &with(token));
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(refused.headers()["www-authenticate"].to_str().unwrap().contains(challenge), "{refused:?}");
    }
    for token in ["one", "two", "two"] {
        assert_eq!(send(&world, &with(Some(token))).status(), StatusCode::CREATED);
    }
}

#[test]
fn a_client_reads_what_is_registered() {
    let world = services();
    let client = service(&world);
    for _ in 0..2 {
        let response = send(&world, &managing(Method::GET, &client, token(&client), None));
        assert_eq!(response.status(), StatusCode::OK);
        let read = support::json(&response);
        assert!(read.get("client_secret").is_none(), "only its digest is there");
        for name in ["client_id", "scope", "grant_types", "registration_access_token", "registration_client_uri"] {
            assert_eq!(read[name], client[name], "{name}");
        }
    }
}

#[test]
fn an_update_replaces_everything_and_rotates_the_token() {
    let world = open();
    let body = json!({"redirect_uris": [CB], "client_name": "Old", "contacts": ["a@b.example"], "scope": "read write"});
    let client = register(&world, &body);
    let secret = text(&client, "client_secret");
    let changed = json!({"client_name": null, "scope": null, "redirect_uris": ["https://app.example/new"]});
    let updated = update(&world, &client, token(&client), &again(&client, &changed));
    assert!(updated.get("client_name").is_none(), "omitted is deleted: {updated}");
    assert_eq!((&updated["scope"], &updated["contacts"]), (&json!("read"), &client["contacts"]));
    assert!(updated.get("client_secret").is_none(), "it is still the same");
    assert_eq!(updated["client_id_issued_at"], client["client_id_issued_at"]);
    assert_ne!(token(&updated), token(&client));
    let id = text(&client, "client_id");
    let revoked = world.server.answer(Place::Revocation, &post_as("/revoke", &basic(id, secret), &[("token", "x")]));
    assert_eq!(revoked.status(), StatusCode::OK, "the secret still works");
    let prompt = |uri| world.authorize(&authorization(id, uri, &[]), grantor::server::Visitor::anonymous());
    assert!(matches!(prompt(CB), grantor::Progress::Refuse(_)));
    assert!(matches!(prompt("https://app.example/new"), grantor::Progress::Ask(_)));
    assert_eq!(happened(&world), [format!("ClientRegistered {id}"), format!("ClientUpdated {id}")]);
}

#[test]
fn a_lost_answer_locks_no_one_out_and_the_successor_ends_the_one_before() {
    let world = open();
    let client = register(&world, &json!({"redirect_uris": [CB], "token_endpoint_auth_method": "none"}));
    let first = token(&client);
    let body = again(&client, &json!({"token_endpoint_auth_method": "client_secret_basic"}));
    let lost = update(&world, &client, first, &body);
    world.clock.advance(100_000);
    let repeated = update(&world, &client, first, &body);
    assert_eq!((token(&lost), &lost["client_secret"]), (token(&repeated), &repeated["client_secret"]));
    assert!(lost["client_secret"].is_string());
    assert_eq!(reads(&world, &client, first), StatusCode::OK, "the successor was not used yet");
    assert_eq!(reads(&world, &client, token(&lost)), StatusCode::OK);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = Some(&body).filter(|_| method == Method::PUT);
        let refused = send(&world, &managing(method, &client, first, body));
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
    let second = update(&world, &client, token(&lost), &body);
    assert!(second.get("client_secret").is_none(), "the answer with it was received");
    assert_eq!(reads(&world, &client, token(&second)), StatusCode::OK);
    assert_eq!(reads(&world, &client, token(&lost)), StatusCode::UNAUTHORIZED);
}

#[test]
fn an_update_names_its_client_and_sets_nothing_of_the_servers() {
    let world = open();
    let client = register(&world, &json!({"redirect_uris": [CB]}));
    let secret = text(&client, "client_secret");
    for (changes, error) in [
        (json!({"client_id": null}), "invalid_request"),
        (json!({"client_id": "web"}), "invalid_request"),
        (json!({"client_id": 7}), "invalid_request"),
        (json!({"client_secret": "chosen"}), "invalid_request"),
        (json!({"client_secret": 7}), "invalid_request"),
        (json!({"client_secret_expires_at": 0}), "invalid_request"),
        (json!({"registration_access_token": token(&client)}), "invalid_request"),
        (json!({"registration_client_uri": "https://as.example/"}), "invalid_request"),
        (json!({"client_id_issued_at": 0}), "invalid_request"),
        (json!({"redirect_uris": []}), "invalid_redirect_uri"),
        (json!({"grant_types": ["implicit"]}), "invalid_client_metadata"),
        (json!({"software_statement": "x.y.z"}), "unapproved_software_statement"),
    ] {
        let refused = send(&world, &managing(Method::PUT, &client, token(&client), Some(&again(&client, &changes))));
        assert_eq!(told(&refused), (400, error.to_owned()), "{changes}");
    }
    assert_eq!(reads(&world, &client, token(&client)), StatusCode::OK, "a refusal rotates nothing");
    update(&world, &client, token(&client), &again(&client, &json!({"client_secret": secret})));
}

#[test]
fn a_token_shown_for_another_client_is_void() {
    let world = open();
    let (one, other) =
        (register(&world, &json!({"redirect_uris": [CB]})), register(&world, &json!({"redirect_uris": [CB]})));
    world.log.take();
    assert_eq!(reads(&world, &one, token(&one)), StatusCode::OK);
    let refused = send(&world, &managing(Method::DELETE, &other, token(&one), None));
    assert_eq!(told(&refused), (401, "invalid_token".to_owned()));
    assert!(refused.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    assert_eq!(happened(&world), [format!("RegistrationTokenMisused {}", text(&one, "client_id"))]);
    assert_eq!(reads(&world, &one, token(&one)), StatusCode::UNAUTHORIZED);
    assert_eq!(reads(&world, &other, token(&other)), StatusCode::OK, "the other is there, and its token good");

    // What was never a token ends nothing.
    let guess = format!("{}{}", &token(&other)[..token(&other).len() - 43], "A".repeat(43));
    for (client, token, status) in [
        (&one, guess.as_str(), StatusCode::UNAUTHORIZED),
        (&other, guess.as_str(), StatusCode::UNAUTHORIZED),
        (&other, "garbage", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(reads(&world, client, token), status);
    }
    assert_eq!(reads(&world, &other, token(&other)), StatusCode::OK);
    assert!(happened(&world).is_empty());

    // Nor is a client that is not there one of its own.
    let nobody = json!({"registration_client_uri": format!("{ISSUER}/register?client_id=nobody")});
    assert_eq!(reads(&world, &nobody, token(&other)), StatusCode::UNAUTHORIZED);
    assert_eq!(reads(&world, &other, token(&other)), StatusCode::UNAUTHORIZED);
}

#[test]
fn what_the_operator_registered_is_the_operators_to_manage() {
    let world = open();
    for method in [Method::GET, Method::DELETE] {
        let uri = format!("{ISSUER}/register?client_id=web");
        assert_eq!(send(&world, &request(method.clone(), &uri, None, None)).status(), StatusCode::UNAUTHORIZED);
        assert_eq!(send(&world, &request(method, &uri, Some("token"), None)).status(), StatusCode::FORBIDDEN);
    }
    let unnamed = request(Method::GET, &format!("{ISSUER}/register"), Some("token"), None);
    assert_eq!(told(&send(&world, &unnamed)), (400, "invalid_request".to_owned()));
    let unserved = world.server.answer(Place::Registration, &request(Method::PATCH, ISSUER, None, None));
    assert_eq!(unserved.status(), StatusCode::METHOD_NOT_ALLOWED);
    // One that the operator took over is no longer its own master.
    let client = register(&world, &json!({"redirect_uris": [CB]}));
    let id = text(&client, "client_id");
    world.server.store().put_client(Client::builder(id).redirect_uri(CB).build().unwrap());
    assert_eq!(reads(&world, &client, token(&client)), StatusCode::FORBIDDEN);
}

#[test]
fn deletion_ends_all_that_the_client_was_given_at_once() {
    let world = services();
    let body = json!({
        "redirect_uris": [CB], "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "client_secret": "x",
    });
    let client = register(&world, &body);
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));
    let own = acts(&world, &client, secret).unwrap();
    let prompt = world.prompt(&authorization(id, CB, &[]));
    let unredeemed = parameter(&world.approved(&authorization(id, CB, &[])), "code").unwrap();
    let redeem = |code: &str| {
        let mut request = redeem(id, CB, code);
        request.headers_mut().insert("authorization", basic(id, secret).parse().unwrap());
        request
    };
    let code = parameter(&world.approved(&authorization(id, CB, &[])), "code").unwrap();
    let tokens = support::json(&world.token(&redeem(&code)));
    let resource = Client::builder("rs").secret(secret_of("rs")).grant_types(&[GrantType::ClientCredentials]);
    world.server.store().put_client(resource.build().unwrap());
    let access = |token: &str| {
        let request = request(Method::GET, &format!("{ISSUER}/notes"), Some(token), None);
        world.server.access(&request, grantor::resource::Demand::new(grantor::record::Scope::parse("read").unwrap()))
    };
    assert!(access(&own).is_ok() && access(text(&tokens, "access_token")).is_ok());

    let response = send(&world, &managing(Method::DELETE, &client, token(&client), None));
    assert_eq!((response.status(), response.body().len()), (StatusCode::NO_CONTENT, 0));
    for token in [&own, text(&tokens, "access_token")] {
        assert_eq!(access(token).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.token(&redeem(&unredeemed)).status(), StatusCode::UNAUTHORIZED);
    assert!(acts(&world, &client, secret).is_none());
    assert!(world.server.approve(prompt, world.session()).headers().get("location").is_none());
    assert_eq!(reads(&world, &client, token(&client)), StatusCode::UNAUTHORIZED);
}

fn secret_of(text: &str) -> grantor::record::ClientSecretDigest {
    support::secret(text)
}

#[test]
fn a_resource_server_sees_a_deletion_at_once() {
    const API: &str = "https://api.example/";
    let world = world_with(|config| {
        let registration = Registration::open().grant_types(&[GrantType::ClientCredentials]);
        config.default_scope("read").audience(API).registration(registration)
    });
    let rs = Client::builder("rs").secret(secret_of("r")).resource(Resource::parse(API).unwrap());
    world.server.store().put_client(rs.grant_types(&[]).build().unwrap());
    let active = |credentials: &str, token: &str| {
        let request = post_as("/introspect", credentials, &[("token", token)]);
        support::json(&world.server.answer(Place::Introspection, &request))["active"] == true
    };
    let client = service(&world);
    let access = acts(&world, &client, text(&client, "client_secret")).unwrap();
    assert!(active(&basic("rs", "r"), &access));
    // Whoever says that the resource is its own is not believed.
    let body = json!({"grant_types": ["client_credentials"], "resources": [API]});
    let spy = register(&world, &body);
    assert!(!active(&basic(text(&spy, "client_id"), text(&spy, "client_secret")), &access));
    send(&world, &managing(Method::DELETE, &client, token(&client), None));
    assert!(!active(&basic("rs", "r"), &access));
}

#[derive(Debug)]
struct Policy(Arc<Mutex<Vec<Question>>>);

impl Host for Policy {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        Ok(Err(Unfetched::NotServed))
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        self.0.lock().unwrap().push(question.clone());
        let Question::Registration(question) = question else { return Ok(Verdict::Denied) };
        let trusted = question.metadata.redirect_uris.iter().all(|uri| uri.starts_with("https://app.example/"));
        Ok(if trusted { Verdict::Allowed } else { Verdict::Denied })
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

#[test]
fn the_host_may_have_a_say() {
    let world = registering(Registration::open().ask_host());
    let asked = Arc::default();
    let server = grantor::AuthorizationServer::new(Arc::clone(world.server.config()), world.server.store())
        .with_host(Policy(Arc::clone(&asked)))
        .with_clock(world.clock.clone())
        .with_randomness(Counting::beyond(77));
    let send = |request: &Request<Vec<u8>>| server.answer(Place::Registration, request);
    let good = json!({"redirect_uris": [CB], "token_endpoint_auth_method": "none"});
    let client = support::json(&send(&posting(&good)));
    let evil = json!({"redirect_uris": ["https://evil.example/cb"]});
    assert_eq!(told(&send(&posting(&evil))), (400, "invalid_client_metadata".to_owned()));
    let changed = again(&client, &evil);
    let refused = send(&managing(Method::PUT, &client, token(&client), Some(&changed)));
    assert_eq!(told(&refused), (400, "invalid_client_metadata".to_owned()));
    let clients: Vec<_> = asked
        .lock()
        .unwrap()
        .iter()
        .map(|question: &Question| match question {
            Question::Registration(question) => question.client.as_ref().map(ToString::to_string),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(clients, [None, None, Some(text(&client, "client_id").to_owned())]);
    // Where it is not asked, it has none; where it is and there is no host, nobody registers.
    assert_eq!(world.server.answer(Place::Registration, &posting(&good)).status(), StatusCode::BAD_REQUEST);
    register(&open(), &evil);
}

#[test]
fn secrets_are_rotated_with_an_overlap() {
    let world = services();
    let client = service(&world);
    let id = ClientId::new(text(&client, "client_id"));
    let rotate = |seconds| world.server.run(RotateSecret::new(id.clone(), Duration::from_secs(seconds))).unwrap();
    let first = text(&client, "client_secret");
    let second = rotate(60).unwrap();
    assert_ne!(second.as_str(), first);
    world.clock.advance(59);
    assert!(acts(&world, &client, first).is_some() && acts(&world, &client, second.as_str()).is_some());
    world.clock.advance(1);
    assert!(acts(&world, &client, first).is_none() && acts(&world, &client, second.as_str()).is_some());
    let third = rotate(0).unwrap();
    assert!(acts(&world, &client, second.as_str()).is_none() && acts(&world, &client, third.as_str()).is_some());
    assert_eq!(happened(&world).last(), Some(&format!("ClientSecretRotated {id}")));
    let other = |id: &str| world.server.run(RotateSecret::new(ClientId::new(id), Duration::ZERO)).unwrap().unwrap_err();
    assert_eq!((other("nobody"), other("spa")), (RotationRefusal::ClientUnknown, RotationRefusal::ClientPublic));
}

#[test]
fn what_is_printed_is_read_back() {
    let world = registering(Registration::initial_access_token([Digest::of(b"initial")]));
    let metadata: grantor::record::ClientMetadata =
        serde_json::from_value(json!({"redirect_uris": [CB], "client_name": "An app", "client_name#ja": "x"})).unwrap();
    let uri = format!("{ISSUER}/register").parse().unwrap();
    let response = send(&world, &RegistrationRequest::print(&uri, Some(&Exposed::new("initial")), &metadata));
    let information = ClientInformation::parse(response.body()).unwrap();
    assert_eq!(information.metadata.client_name, metadata.client_name);
    assert_eq!(information.metadata.other, metadata.other);
    let shown = format!("{information:?}");
    for name in ["client_secret", "registration_access_token"] {
        assert!(!shown.contains(text(&support::json(&response), name)), "{name} in {shown}");
    }
    assert_eq!(information.print(StatusCode::CREATED).body(), response.body());
}

#[test]
fn a_script_may_register_and_manage_its_client() {
    let world = open();
    let from = |mut request: Request<Vec<u8>>, origin: &str| {
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let response = world.server.answer(Place::Registration, &request);
        (response.headers().get("access-control-allow-origin").cloned(), response)
    };
    let origin = "https://app.example";
    let mut preflight = request(Method::OPTIONS, &format!("{ISSUER}/register"), None, None);
    preflight.headers_mut().insert("access-control-request-method", "PUT".parse().unwrap());
    let (allowed, response) = from(preflight, origin);
    assert_eq!(allowed.unwrap(), origin);
    assert_eq!(response.headers()["access-control-allow-methods"], "GET, POST, PUT, DELETE");
    let body = json!({"redirect_uris": [CB], "token_endpoint_auth_method": "none"});
    let (allowed, response) = from(posting(&body), origin);
    assert_eq!(allowed.unwrap(), origin);
    let client = support::json(&response);
    let reading = || managing(Method::GET, &client, token(&client), None);
    assert_eq!(from(reading(), origin).0.unwrap(), origin);
    assert_eq!(from(reading(), "https://evil.example").0, None, "only where the client lives");
}
