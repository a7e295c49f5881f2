//! What scripts of other origins may read, place by place and origin by origin [RFC 9700 §2.6].

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response};

use grantor::record::{Client, GrantType, Scope};
use grantor::resource::{CrossOrigin, Demand, ProtectedResource};
use grantor::server::Place;
use grantor::{AuthorizationServer, ConfigFault};

use crate::support::*;
use crate::watch::Gone;

const HERE: &str = "https://spa.example";

const SERVED: [(Place, &str); 4] = [
    (Place::Token, "/token"),
    (Place::Revocation, "/revoke"),
    (Place::PushedAuthorizationRequest, "/par"),
    (Place::DeviceAuthorization, "/device_authorization"),
];

/// A request that a script of `origin` makes.
fn from(origin: &str, mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    request.headers_mut().insert("origin", HeaderValue::from_bytes(origin.as_bytes()).unwrap());
    request
}

fn asking(origin: &str, path: &str, method: &str) -> Request<Vec<u8>> {
    let mut request = from(origin, get(path));
    *request.method_mut() = Method::OPTIONS;
    request.headers_mut().insert("access-control-request-method", method.parse().unwrap());
    request
}

fn header<'r, B>(response: &'r Response<B>, name: &str) -> Option<&'r str> {
    assert!(
        response.headers().get_all(name).iter().count() < 2,
        "{name}: {response_headers:?}",
        response_headers = response.headers()
    );
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

/// Whom the answer may be read by.
fn allowed<B>(response: &Response<B>) -> Option<&str> {
    assert_eq!(header(response, "access-control-allow-credentials"), None);
    header(response, "access-control-allow-origin")
}

/// What each endpoint answers to a call of `client` by a script of `origin`.
fn calls(world: &World, client: &str, origin: &str) -> Vec<(Place, Response<Vec<u8>>)> {
    let pairs = [("client_id", client), ("grant_type", "refresh_token"), ("token", "x"), ("scope", "read")];
    let call = |(place, path)| (place, world.server.answer(place, &from(origin, post(path, &pairs))));
    SERVED.into_iter().map(call).collect()
}

fn with_devices() -> World {
    world_with(|config| config.device_flow(|_| ()))
}

#[test]
fn a_script_of_the_client_reads_everything_that_the_client_is_answered() {
    let world = with_devices();
    for (place, response) in calls(&world, "spa", HERE) {
        assert_eq!(allowed(&response), Some(HERE), "{place:?}");
        assert_eq!(header(&response, "vary"), Some("Origin"));
        assert_eq!(
            header(&response, "access-control-expose-headers"),
            Some("WWW-Authenticate, DPoP-Nonce, Retry-After")
        );
    }
    let code = world.code("spa", SPA, &[]);
    let granted = world.token(&from(HERE, redeem("spa", SPA, &code)));
    assert_eq!((granted.status().as_u16(), allowed(&granted)), (200, Some(HERE)));
    // Without an origin nothing is allowed, and caches know that it could be.
    let code = world.code("spa", SPA, &[]);
    let granted = world.token(&redeem("spa", SPA, &code));
    assert_eq!((granted.status().as_u16(), allowed(&granted), header(&granted, "vary")), (200, None, Some("Origin")));
}

#[test]
fn no_other_origin_reads_what_a_client_is_answered() {
    let world = with_devices();
    for origin in [
        "null",
        "https://spa.example:443",
        "https://spa.example:8443",
        "http://spa.example",
        "https://www.spa.example",
        "https://spa.example.",
        "https://spa.example.evil.example",
        "https://spa.exampl",
        "https://evilspa.example",
        "https://SPA.example",
        "HTTPS://spa.example",
        "https://spa.example/",
        "https://spa.example/cb",
        "https://spa.example?x",
        "https://user@spa.example",
        "https://spa.example, https://spa.example",
        "https://spa.example https://evil.example",
        "spa.example",
        "*",
        "",
        "file://",
        "https://spa.ex\u{e9}mple",
    ] {
        for (place, response) in calls(&world, "spa", origin) {
            assert_eq!(allowed(&response), None, "{place:?} {origin}");
            assert_eq!(header(&response, "vary"), Some("Origin"), "{place:?} {origin}");
            assert_eq!(header(&response, "access-control-expose-headers"), None);
        }
    }
    let mut twice = from(HERE, refresh("spa", "x"));
    twice.headers_mut().append("origin", HERE.parse().unwrap());
    assert_eq!(allowed(&world.token(&twice)), None);
    // The other clients, one after the other: another one's origin, a confidential one's, a first-party one's.
    for (client, origin, readable) in [
        ("own", HERE, false),
        ("own", "https://own.example", true),
        ("web", "https://web.example", false),
        ("service", HERE, false),
    ] {
        let all = calls(&world, client, origin);
        assert!(all.iter().all(|(_, response)| allowed(response).is_some() == readable), "{client} {origin}");
    }
}

#[test]
fn a_script_on_the_same_machine_may_have_any_port_but_no_other_host() {
    let world = world();
    let builder =
        Client::builder("dev").native().redirect_uri("http://[::1]:8000/cb").redirect_uri("com.example.app:/cb");
    world.server.store().put_client(builder.grant_types(&[GrantType::AuthorizationCode]).build().unwrap());
    for (client, origin, readable) in [
        ("cli", "http://127.0.0.1", true),
        ("cli", "http://127.0.0.1:5173", true),
        ("cli", "http://localhost:5173", false),
        ("cli", "http://[::1]:5173", false),
        ("cli", "https://127.0.0.1:5173", false),
        ("cli", "http://127.0.0.1:05173", false),
        ("cli", "http://127.0.0.1:5173/", false),
        ("cli", "http://127.0.0.1.evil.example", false),
        ("cli", "http://127.0.0.2:5173", false),
        ("dev", "http://[::1]:5173", true),
        ("dev", "http://127.0.0.1:5173", false),
        ("dev", "com.example.app://", false),
        ("dev", "com.example.app://x", false),
        ("dev", "null", false),
    ] {
        let response = world.token(&from(origin, refresh(client, "x")));
        assert_eq!(allowed(&response), readable.then_some(origin), "{client} {origin}");
    }
}

#[test]
fn what_is_answered_before_a_client_is_known_is_read_by_any_origin_that_is_one() {
    let world = world();
    let mut wrong_type = from(HERE, post("/token", &[]));
    wrong_type.headers_mut().remove("content-type");
    let mut wrong_method = from(HERE, get("/token"));
    *wrong_method.method_mut() = Method::PUT;
    for (name, request, status) in [
        ("no client", from(HERE, post("/token", &[("grant_type", "refresh_token")])), 401),
        ("an unknown client", from(HERE, refresh("nobody", "x")), 401),
        ("no form", wrong_type, 415),
        ("a parameter twice", from(HERE, post("/token", &[("client_id", "spa"), ("client_id", "spa")])), 400),
        ("too large", from(HERE, post("/token", &[("x", &"x".repeat(100_000))])), 413),
        ("a method that is not served", wrong_method, 405),
    ] {
        let response = world.token(&request);
        assert_eq!((response.status().as_u16(), allowed(&response)), (status, Some(HERE)), "{name}");
        let mut opaque = request.clone();
        opaque.headers_mut().insert("origin", "null".parse().unwrap());
        assert_eq!(allowed(&world.token(&opaque)), None, "{name}");
    }
    let unknown = world.token(&from(HERE, refresh("nobody", "x")));
    assert_eq!(json(&unknown)["error"], "invalid_client");
    let broken = AuthorizationServer::new(Arc::clone(world.server.config()), Gone);
    let response = broken.answer(Place::Token, &from(HERE, refresh("spa", "x")));
    assert_eq!(
        (response.status().as_u16(), allowed(&response), header(&response, "retry-after")),
        (503, Some(HERE), Some("1"))
    );
}

#[test]
fn a_preflight_is_answered_where_scripts_may_call_and_nowhere_else() {
    let world = with_devices();
    for (place, path) in SERVED {
        let response = world.server.answer(place, &asking("https://anyone.example", path, "POST"));
        assert_eq!((response.status().as_u16(), response.body().len()), (204, 0), "{path}");
        assert_eq!(allowed(&response), Some("https://anyone.example"));
        assert_eq!(header(&response, "access-control-allow-methods"), Some("POST"));
        assert_eq!(header(&response, "access-control-allow-headers"), Some("authorization, content-type, dpop"));
        assert_eq!(header(&response, "access-control-max-age"), Some("7200"));
        assert_eq!(header(&response, "vary"), Some("Origin"));
        let opaque = world.server.answer(place, &asking("null", path, "POST"));
        assert_eq!((allowed(&opaque), header(&opaque, "access-control-allow-methods")), (None, None), "{path}");
        assert!(place.methods().contains(&Method::OPTIONS));
        let mut refused = get(path);
        *refused.method_mut() = Method::PUT;
        assert_eq!(header(&world.server.answer(place, &refused), "allow"), Some("POST, OPTIONS"));
    }
    for (place, path) in
        [(Place::Introspection, "/introspect"), (Place::Authorization, "/authorize"), (Place::Verification, "/device")]
    {
        let response = world.server.answer(place, &asking(HERE, path, "POST"));
        assert_eq!((response.status().as_u16(), allowed(&response)), (405, None), "{path}");
        assert!(!header(&response, "allow").unwrap().contains("OPTIONS"), "{path}");
    }
    let page = world.server.read_authorization(&asking(HERE, "/authorize", "GET")).unwrap_err();
    assert_eq!((page.status().as_u16(), allowed(&page)), (405, None));
    let answer = world.approved(&from(HERE, authorization("spa", SPA, &[])));
    assert_eq!((allowed(&answer), header(&answer, "vary")), (None, None));
}

#[test]
fn metadata_is_for_everyone() {
    let world = world();
    let resource = ProtectedResource::builder("https://api.example/").build().unwrap();
    for origin in [HERE, "null", "https://anyone.example"] {
        let request = from(origin, get("/.well-known/oauth-authorization-server"));
        for response in [world.server.answer(Place::Metadata, &request), resource.answer(&request)] {
            assert_eq!((response.status().as_u16(), allowed(&response)), (200, Some("*")), "{origin}");
            assert_eq!(header(&response, "vary"), None);
        }
        let request = asking(origin, "/.well-known/oauth-authorization-server", "GET");
        for response in [world.server.answer(Place::Metadata, &request), resource.answer(&request)] {
            assert_eq!((response.status().as_u16(), allowed(&response)), (204, Some("*")), "{origin}");
            assert_eq!(header(&response, "access-control-allow-methods"), Some("GET, HEAD"));
        }
    }
}

#[test]
fn an_operator_can_list_origins_or_turn_all_of_it_off() {
    const LISTED: &str = "https://portal.example:8443";
    let only = world_with(|config| {
        config.device_flow(|_| ()).cors(|cors| {
            cors.clients = false;
            cors.origins = vec![LISTED.into()];
        })
    });
    let both = world_with(|config| config.device_flow(|_| ()).cors(|cors| cors.origins = vec![LISTED.into()]));
    let off = world_with(|config| config.device_flow(|_| ()).cors(|cors| cors.clients = false));
    for (world, origin, readable) in [
        (&only, LISTED, true),
        (&only, HERE, false),
        (&only, "https://portal.example", false),
        (&both, LISTED, true),
        (&both, HERE, true),
        (&both, "https://portal.example", false),
        (&off, LISTED, false),
        (&off, HERE, false),
    ] {
        for client in ["spa", "web", "nobody"] {
            let expected = readable && (origin == LISTED || client != "web");
            let unknown = client == "nobody" && world.server.config().cors().clients;
            for (place, response) in calls(world, client, origin) {
                assert_eq!(allowed(&response).is_some(), expected || unknown, "{place:?} {client} {origin}");
            }
        }
        let preflight = world.token(&asking(origin, "/token", "POST"));
        assert_eq!(allowed(&preflight).is_some(), readable || world.server.config().cors().clients, "{origin}");
    }
    for (place, path) in SERVED.into_iter().chain([(Place::Metadata, "/.well-known/oauth-authorization-server")]) {
        let response = off.server.answer(place, &asking(HERE, path, "POST"));
        assert_eq!(
            (response.status().as_u16(), allowed(&response), header(&response, "vary")),
            (405, None, None),
            "{path}"
        );
        assert!(!header(&response, "allow").unwrap().contains("OPTIONS"));
    }
    let request = from(HERE, get("/.well-known/oauth-authorization-server"));
    assert_eq!(allowed(&off.server.answer(Place::Metadata, &request)), None);
    assert_eq!(allowed(&only.server.answer(Place::Metadata, &request)), Some("*"));
    for origin in [
        "*",
        "null",
        "",
        "https://a.example/",
        "https://a.example/x",
        "https://A.example",
        "https://a.example:443",
        "http://a.example",
        "https://*.a.example",
        "a.example",
        "https://",
        "https://u@a.example",
        "https://a.example?x",
    ] {
        let built = config().cors(|cors| cors.origins = vec![origin.into()]).build();
        assert_eq!(built.unwrap_err(), ConfigFault::Origin(origin.into()), "{origin}");
    }
    for origin in ["https://a.example:1", "http://localhost:5173", "chrome-extension://abcdef", "capacitor://localhost"]
    {
        assert!(config().cors(|cors| cors.origins = vec![origin.into()]).build().is_ok(), "{origin}");
    }
}

#[test]
fn introspection_is_open_to_scripts_only_by_the_operators_wish() {
    let request = from(HERE, post("/introspect", &[("client_id", "spa"), ("token", "x")]));
    for wish in [false, true] {
        let world = world_with(|config| config.cors(|cors| cors.introspection = wish));
        let response = world.server.answer(Place::Introspection, &request);
        assert_eq!((response.status().as_u16(), allowed(&response)), (200, wish.then_some(HERE)));
        let preflight = world.server.answer(Place::Introspection, &asking(HERE, "/introspect", "POST"));
        assert_eq!(preflight.status().as_u16(), if wish { 204 } else { 405 });
    }
}

#[test]
fn a_resource_of_the_host_is_opened_by_the_same_rules() {
    let world = world();
    let demand = || Demand::new(Scope::parse("read").unwrap());
    let request = from(HERE, get("/notes"));
    let open = CrossOrigin::any(&[Method::GET, Method::POST]);
    let mut refused = *world.server.access(&request, demand()).unwrap_err();
    open.mark(&request, &mut refused);
    assert_eq!((refused.status().as_u16(), allowed(&refused)), (401, Some("*")));
    assert!(header(&refused, "access-control-expose-headers").unwrap().contains("WWW-Authenticate"));
    let preflight = open.preflight(&asking(HERE, "/notes", "POST")).unwrap();
    assert_eq!((preflight.status().as_u16(), allowed(&preflight)), (204, Some("*")));
    assert_eq!(header(&preflight, "access-control-allow-methods"), Some("GET, POST"));
    assert!(open.preflight(&request).is_none());
    let mut options = request.clone();
    *options.method_mut() = Method::OPTIONS;
    assert!(open.preflight(&options).is_none(), "the host's own");

    let version = HeaderName::from_static("mcp-protocol-version");
    let listed = CrossOrigin::any(&[Method::POST]).only([HERE]).send(&version).read(&version);
    for (origin, readable) in
        [(HERE, true), ("null", false), ("https://spa.example:8443", false), ("https://evil.example", false)]
    {
        let mut response = Response::new(());
        listed.mark(&from(origin, get("/notes")), &mut response);
        assert_eq!(
            (allowed(&response), header(&response, "vary")),
            (readable.then_some(origin), Some("Origin")),
            "{origin}"
        );
        let read = readable.then_some("WWW-Authenticate, DPoP-Nonce, Retry-After, mcp-protocol-version");
        assert_eq!(header(&response, "access-control-expose-headers"), read);
        let preflight = listed.preflight(&asking(origin, "/notes", "POST")).unwrap();
        let sent = readable.then_some("authorization, content-type, dpop, mcp-protocol-version");
        assert_eq!(header(&preflight, "access-control-allow-headers"), sent, "{origin}");
    }
}
