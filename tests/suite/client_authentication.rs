//! Who asks at the token endpoint: exactly one method, proven or refused alike.

use http::StatusCode;

use grantor::event::Event;
use grantor::server::Place;

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

#[test]
fn a_client_proves_itself_by_exactly_one_method() {
    let world = world();
    let grant = ("grant_type", "client_credentials");
    let scope = ("scope", "read");
    let body = |pairs: &[(&str, &str)]| post("/token", &[&[grant, scope], pairs].concat());
    let header = |value: &str, pairs: &[(&str, &str)]| post_as("/token", value, &[&[grant, scope], pairs].concat());
    let good = basic("web", SECRET);
    let ok = refused(200, "none");
    let jwt = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let cases = [
        ("basic", header(&good, &[]), ok.clone()),
        ("scheme in any case", header(&good.replace("Basic", "bAsIc"), &[]), ok.clone()),
        ("basic, and the same client_id", header(&good, &[("client_id", "web")]), ok.clone()),
        ("post", body(&[("client_id", "web"), ("client_secret", SECRET)]), ok.clone()),
        ("basic with a colon in the id", header(&basic("an:identifier", SECRET), &[]), ok),
        (
            "basic and post",
            header(&good, &[("client_id", "web"), ("client_secret", SECRET)]),
            refused(400, "invalid_request"),
        ),
        ("basic and an assertion", header(&good, &[("client_assertion", "x")]), refused(400, "invalid_request")),
        ("other client in the body", header(&good, &[("client_id", "service")]), refused(400, "invalid_request")),
        ("wrong secret", header(&basic("web", "wrong"), &[]), refused(401, "invalid_client")),
        (
            "wrong secret in the body",
            body(&[("client_id", "web"), ("client_secret", "x")]),
            refused(401, "invalid_client"),
        ),
        ("unknown client", header(&basic("nobody", "x"), &[]), refused(401, "invalid_client")),
        ("unknown public client", body(&[("client_id", "nobody")]), refused(401, "invalid_client")),
        ("confidential without a secret", body(&[("client_id", "web")]), refused(401, "invalid_client")),
        ("expired secret", header(&basic("expired", "old"), &[]), refused(401, "invalid_client")),
        ("public with a secret", body(&[("client_id", "spa"), ("client_secret", "x")]), refused(401, "invalid_client")),
        ("public with basic", header(&basic("spa", ""), &[]), refused(401, "invalid_client")),
        ("nobody at all", body(&[]), refused(401, "invalid_client")),
        (
            "an assertion without its type",
            body(&[("client_id", "web"), ("client_assertion", "x")]),
            refused(400, "invalid_request"),
        ),
        ("an assertion", body(&[("client_id", "web"), ("client_assertion", "x"), jwt]), refused(401, "invalid_client")),
        ("bearer", header("Bearer x", &[]), refused(401, "invalid_client")),
        ("no base64", header("Basic !", &[]), refused(400, "invalid_request")),
        ("base64 without padding", header(&good.replace('=', ""), &[("pad", "x")]), refused(400, "invalid_request")),
        ("base64url", header("Basic fn5-Og==", &[]), refused(400, "invalid_request")),
        ("no colon", header("Basic d2Vi", &[]), refused(400, "invalid_request")),
        // `web:%`, `web:%zz`
        ("a lone percent sign", header("Basic d2ViOiU=", &[]), refused(400, "invalid_request")),
        ("no hexadecimal digits", header("Basic d2ViOiV6eg==", &[]), refused(400, "invalid_request")),
    ];
    assert!(good.ends_with('='), "the case without padding needs some");
    for (name, request, expected) in cases {
        assert_eq!(error(&world, &request), expected, "{name}");
    }
}

#[test]
fn a_challenge_is_sent_exactly_if_the_header_was_used() {
    let world = world();
    let grant = [("grant_type", "client_credentials")];
    let by_header = world.token(&post_as("/token", &basic("web", "wrong"), &grant));
    assert!(by_header.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
    let by_body = world.token(&post("/token", &[("client_id", "web"), ("client_secret", "x"), grant[0]]));
    assert_eq!(by_body.headers().get("www-authenticate"), None);
    let unsupported = world.token(&post_as("/token", "Bearer x", &grant));
    assert!(unsupported.headers().contains_key("www-authenticate"));
}

#[test]
fn an_unknown_client_and_a_wrong_secret_look_the_same() {
    let world = world();
    let grant = [("grant_type", "client_credentials")];
    let unknown = world.token(&post_as("/token", &basic("nobody", "x"), &grant));
    let wrong = world.token(&post_as("/token", &basic("web", "x"), &grant));
    assert_eq!(format!("{unknown:?}"), format!("{wrong:?}"));
    let events = world.log.take();
    assert!(events.iter().all(|event| matches!(event, Event::ClientAuthenticationFailed { .. })));
    assert_eq!(events.len(), 2);
}

#[test]
fn requests_that_are_no_form_are_refused() {
    let world = world();
    let good = post(
        "/token",
        &[("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", SECRET), ("scope", "read")],
    );
    assert_eq!(world.token(&good).status(), StatusCode::OK);
    let retyped = |value: Option<&str>| {
        let mut request = good.clone();
        request.headers_mut().remove("content-type");
        value.map(|value| request.headers_mut().insert("content-type", value.parse().unwrap()));
        request
    };
    let rebodied = |body: Vec<u8>| {
        let mut request = good.clone();
        *request.body_mut() = body;
        request
    };
    let extended = |more: &str| rebodied([good.body(), more.as_bytes()].concat());
    for (name, request, status) in [
        ("with a charset", retyped(Some("application/x-www-form-urlencoded; charset=UTF-8")), 200),
        ("in capitals", retyped(Some("Application/X-WWW-Form-URLEncoded")), 200),
        ("json", retyped(Some("application/json")), 415),
        ("multipart", retyped(Some("multipart/form-data; boundary=x")), 415),
        ("no type", retyped(None), 415),
        ("another type that begins alike", retyped(Some("application/x-www-form-urlencodedx")), 415),
        ("too large", rebodied(vec![b'a'; 65 * 1024]), 413),
        ("repeated", extended("&scope=read"), 400),
        ("repeated and unknown", extended("&x=1&x=1"), 400),
        ("repeated without a value", extended("&scope="), 400),
        ("bad percent-encoding", extended("&x=%"), 400),
        ("no UTF-8", extended("&x=%ff"), 400),
        ("a control character", extended("&x=%0a"), 400),
        ("too long", extended(&format!("&x={}", "y".repeat(8193))), 400),
        ("unknown", extended("&x=1"), 200),
        ("empty", rebodied(Vec::new()), 401),
    ] {
        assert_eq!(world.token(&request).status().as_u16(), status, "{name}");
    }
    let mut get = good.clone();
    *get.method_mut() = http::Method::GET;
    let refused = world.token(&get);
    assert_eq!(
        (refused.status(), refused.headers()["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "POST, OPTIONS")
    );
    // Parameters in the URI are no parameters.
    let mut in_uri = rebodied(b"grant_type=client_credentials&scope=read".to_vec());
    *in_uri.uri_mut() = format!("{ISSUER}/token?client_id=web&client_secret=x").parse().unwrap();
    assert_eq!(world.token(&in_uri).status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn client_credentials_follow_the_scope_of_the_client() {
    let world = world();
    let ask = |client: &str, secret: &str, scope: &str| {
        let pairs = [("grant_type", "client_credentials"), ("scope", scope)];
        let response =
            world.token(&post_as("/token", &basic(client, secret), &pairs[..if scope.is_empty() { 1 } else { 2 }]));
        let body = json(&response);
        body["scope"].as_str().filter(|_| response.status() == 200).or(body["error"].as_str()).unwrap().to_owned()
    };
    assert_eq!(ask("service", "s", "read"), "read");
    assert_eq!(ask("service", "s", ""), "read write", "what it registered");
    assert_eq!(ask("service", "s", "read banana"), "read");
    assert_eq!(ask("service", "s", "admin"), "invalid_scope");
    assert_eq!(ask("service", "s", "banana"), "invalid_scope");
    assert_eq!(ask("api", "a", ""), "invalid_scope", "no default");
    assert_eq!(ask("api", "a", "admin openid offline_access"), "admin", "no person, no identity");
    assert_eq!(ask("api", "a", "openid"), "invalid_scope");
    assert_eq!(ask("api", "a", "admin"), "admin");
    let defaulted = world_with(|config| config.default_scope("read"));
    let pairs = [("grant_type", "client_credentials")];
    assert_eq!(json(&defaulted.token(&post_as("/token", &basic("api", "a"), &pairs)))["scope"], "read");
}

#[test]
fn a_removed_client_gets_nothing() {
    let world = world();
    let tokens = world.tokens();
    let code = world.code("spa", SPA, &[]);
    let gone = grantor::record::Client::builder("spa").redirect_uri(SPA).secret(secret("x")).build().unwrap();
    world.server.store().put_client(gone);
    for request in [redeem("spa", SPA, &code), refresh("spa", tokens["refresh_token"].as_str().unwrap())] {
        assert_eq!(error(&world, &request), refused(401, "invalid_client"));
    }
    assert_eq!(
        world.server.answer(Place::Revocation, &post("/revoke", &[("client_id", "spa"), ("token", "x")])).status(),
        401
    );
}
