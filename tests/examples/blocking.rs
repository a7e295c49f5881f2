//! The example `blocking`.

use http::{Method, StatusCode};

use crate::browser::{Browser, native};
use crate::process::Example;

#[test]
fn a_person_logs_in_and_a_client_uses_refreshes_and_revokes_its_tokens() {
    let server = Example::blocking();
    let mut browser = Browser::new(&server.base);
    let metadata = browser.get("/.well-known/oauth-authorization-server").json();
    assert_eq!(metadata["issuer"].as_str(), Some(&*server.base));
    let page = browser.open(&native(&[]));
    let page = browser.log_in(&page, "alice", "wrong");
    assert!(page.body.contains("role=\"alert\""), "{page:?}");
    let page = browser.log_in(&page, "alice", "wonderland");
    let answer = browser.decide(&page, "allow");
    assert_eq!(answer.parameter("state").as_deref(), Some("st & ate"));
    let tokens = browser.redeem("/token", &answer);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", "demo-app"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let tokens = browser.post("/token", &refresh).json();
    let query = [("client_id", "demo-app"), ("token", tokens["access_token"].as_str().unwrap())];
    assert_eq!(browser.post("/introspect", &query).json()["sub"], "alice");
    assert_eq!(browser.post("/revoke", &query).status, StatusCode::OK);
    assert_eq!(browser.post("/introspect", &query).json()["active"], false);

    let page = browser.open(&native(&[]));
    assert_eq!(browser.decide(&page, "deny").parameter("error").as_deref(), Some("access_denied"));
    let answer = browser.get(&native(&[("prompt", "none")]));
    assert_eq!(answer.parameter("error").as_deref(), Some("consent_required"));
}

#[test]
fn forms_of_other_browsers_do_nothing() {
    let server = Example::blocking();
    let (mut browser, mut other) = (Browser::new(&server.base), Browser::new(&server.base));
    let (page, foreign) = (browser.open(&native(&[])), other.open(&native(&[])));
    assert!(browser.set_cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{}", browser.set_cookie);
    for csrf in ["", "wrong", &foreign.hidden("csrf")] {
        let fields = [("csrf", csrf), ("username", "alice"), ("password", "wonderland")];
        assert_eq!(browser.post("/login", &fields).status, StatusCode::BAD_REQUEST);
    }
    let planted = browser.cookies.clone();
    let page = browser.log_in(&page, "alice", "wonderland");
    assert_ne!(browser.cookies, planted);
    let refused = browser.post("/consent", &[("csrf", "wrong"), ("decision", "allow")]);
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(browser.decide(&page, "allow").parameter("code").is_some());
    assert_eq!(browser.decide(&page, "allow").status, StatusCode::BAD_REQUEST);
}

#[test]
fn what_does_not_fit_is_refused() {
    let server = Example::blocking();
    let mut browser = Browser::new(&server.base);
    let page = browser.get(&native(&[("redirect_uri", "https://evil.example/cb")]));
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(!page.headers.contains_key("location") && page.body.contains("invalid_redirect_uri"));
    assert_eq!(browser.get("/token").status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(browser.get("/login").status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post("/token", &[("a", &"a".repeat(70_000))]).status, StatusCode::PAYLOAD_TOO_LARGE);
    let page = browser.send(Method::POST, "/token", &[("content-type", "application/json")], "{}");
    assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let page = browser.open(&native(&[]));
    for name in ["content-security-policy", "x-frame-options", "referrer-policy", "x-content-type-options"] {
        assert!(page.headers.contains_key(name), "{name}");
    }
}
