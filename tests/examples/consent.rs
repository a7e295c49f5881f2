//! Consent at the example `server`.

use http::StatusCode;

use crate::browser::{Browser, VERIFIER, WEB, WEB_SECRET, native, web};
use crate::process::Example;

fn logged_in(server: &Example) -> Browser {
    let mut browser = Browser::new(&server.base);
    browser.approve(&native(&[]));
    browser
}

#[test]
fn a_person_can_deny() {
    let server = Example::server(&[]);
    let mut browser = logged_in(&server);
    let page = browser.open(&web(&[]));
    let answer = browser.decide(&page, "deny");
    assert!(answer.location().starts_with(&format!("{WEB}?")));
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.parameter("code"), None);
    assert_eq!(answer.parameter("state").as_deref(), Some("st & ate"));
    assert!(browser.open(&web(&[])).asks_consent(), "a denial is not remembered as consent");
}

#[test]
fn a_web_client_is_remembered_until_it_asks_for_more() {
    let server = Example::server(&[]);
    let mut browser = logged_in(&server);
    assert_eq!(browser.get(&web(&[("prompt", "none")])).parameter("error").as_deref(), Some("consent_required"));
    let page = browser.open(&web(&[]));
    let code = browser.decide(&page, "allow").parameter("code").unwrap();
    assert!(browser.get(&web(&[])).parameter("code").is_some());
    assert!(browser.get(&web(&[("prompt", "none")])).parameter("code").is_some());

    let fields =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)];
    let tokens = browser.post_as("demo-web", WEB_SECRET, "/token", &fields);
    assert_eq!(tokens.json()["scope"], "read");

    let page = browser.open(&web(&[("scope", "read write")]));
    assert!(page.asks_consent() && page.body.contains("allowed before"));
    browser.decide(&page, "allow");
    assert!(browser.get(&web(&[("scope", "write")])).parameter("code").is_some());
    assert!(browser.get(&web(&[("scope", "read write")])).parameter("code").is_some());
    let page = browser.open(&web(&[("scope", "admin")]));
    assert!(page.asks_consent());
    browser.decide(&page, "allow");
    assert!(browser.get(&web(&[("scope", "admin read write")])).parameter("code").is_some());
    assert!(browser.open(&web(&[("prompt", "consent")])).asks_consent());
}

#[test]
fn consent_for_one_resource_is_asked_for_again_at_another() {
    let server = Example::server(&[]);
    let mut browser = logged_in(&server);
    let [a, b] = ["https://api.test/a", "https://api.test/b"].map(|resource| web(&[("resource", resource)]));
    let page = browser.open(&a);
    assert!(page.body.contains("<code>https://api.test/a</code>"), "it is said where: {page:?}");
    browser.decide(&page, "allow");
    assert!(browser.get(&a).parameter("code").is_some());
    for other in [&b, &web(&[])] {
        assert!(browser.open(other).asks_consent(), "{other}");
    }
}

#[test]
fn a_native_client_is_asked_for_each_time() {
    let server = Example::server(&[]);
    let mut browser = logged_in(&server);
    assert!(browser.open(&native(&[])).asks_consent());
    let answer = browser.get(&native(&[("prompt", "none")]));
    assert_eq!(answer.parameter("error").as_deref(), Some("consent_required"));
}

#[test]
fn a_consent_form_that_was_not_made_for_this_browser_does_nothing() {
    let server = Example::server(&[]);
    let (mut browser, mut other) = (logged_in(&server), logged_in(&server));
    let (page, foreign) = (browser.open(&web(&[])), other.open(&web(&[])));
    let request = page.hidden("request");
    for csrf in ["", "wrong", &foreign.hidden("csrf")] {
        let refused = browser.post("/consent", &[("csrf", csrf), ("request", &request), ("decision", "allow")]);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    }
    let unsaid = browser.post("/consent", &[("csrf", &page.hidden("csrf")), ("request", &request)]);
    assert_eq!(unsaid.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(&web(&[("prompt", "none")])).parameter("error").as_deref(), Some("consent_required"));
    assert!(browser.decide(&page, "allow").parameter("code").is_some());
}

#[test]
fn a_prompt_is_answered_once_and_in_its_own_browser() {
    let server = Example::server(&[]);
    let (mut browser, mut other) = (logged_in(&server), logged_in(&server));
    let page = browser.open(&web(&[]));
    let request = page.hidden("request");
    let own = format!("/consent?request={request}");
    for page in [
        other.get(&own),
        other.get(&format!("/login?request={request}")),
        Browser::new(&server.base).get(&own),
        browser.get("/consent?request=unknown"),
        browser.get("/login?request=unknown"),
        browser.get("/login"),
    ] {
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert_eq!(page.error(), "invalid_request");
        assert!(page.body.contains("unknown or has ended"), "{page:?}");
    }
    assert!(browser.decide(&page, "allow").parameter("code").is_some());
    let again = browser.decide(&page, "allow");
    assert_eq!((again.status, again.error()), (StatusCode::BAD_REQUEST, "invalid_request"));
}

#[test]
fn a_prompt_is_not_answered_for_whoever_logged_in_since() {
    let server = Example::server(&[]);
    let mut browser = logged_in(&server);
    let of_alice = browser.open(&web(&[])).hidden("request");
    let page = browser.open(&web(&[("prompt", "login")]));
    browser.log_in(&page, "bob", "builder");
    let page = browser.open(&format!("/consent?request={of_alice}"));
    assert!(page.asks_consent() && page.body.contains("Bob Martin"), "{page:?}");
    assert_ne!(page.hidden("request"), of_alice);
}

#[test]
fn a_form_may_lead_to_its_client_and_nowhere_else() {
    let server = Example::server(&[]);
    let mut browser = logged_in(&server);
    for (to, allowed) in [(web(&[]), "https://web.example"), (native(&[]), "http://127.0.0.1:9")] {
        let policy = browser.open(&to).header("content-security-policy").to_owned();
        assert!(policy.contains(&format!("form-action 'self' {allowed};")), "{policy}");
    }
    let page = browser.open(&native(&[("redirect_uri", "http://[::1]:9/callback")]));
    assert!(page.header("content-security-policy").contains("form-action 'self' http:;"), "{page:?}");
}

#[test]
fn what_a_client_says_is_escaped() {
    let server = Example::server(&[]);
    let page = Browser::new(&server.base).open(&web(&[("login_hint", "\"><script>alert(1)</script>")]));
    assert!(page.asks_login() && !page.body.contains("<script"), "{page:?}");
    assert!(page.body.contains("&lt;script&gt;"), "{page:?}");
}
