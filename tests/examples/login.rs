//! Logging in at the example `server`.

use http::{Method, StatusCode};

use crate::browser::{Browser, NATIVE, native, web};
use crate::process::Example;

#[test]
fn a_person_logs_in_and_the_session_is_remembered() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let answer = browser.approve(&native(&[]));
    assert!(answer.location().starts_with(&format!("{NATIVE}?")));
    assert_eq!(answer.parameter("state").as_deref(), Some("st & ate"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(&*server.base));
    assert!(browser.open(&native(&[])).asks_consent());
    assert!(Browser::new(&server.base).open(&native(&[])).asks_login());
}

#[test]
fn a_wrong_password_is_said_and_logs_nobody_in() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let page = browser.open(&native(&[]));
    for (username, password) in [("alice", "wrong"), ("nobody", "wonderland"), ("alice", ""), ("ALICE", "wonderland")] {
        let again = browser.log_in(&page, username, password);
        assert_eq!(again.status, StatusCode::OK);
        assert!(again.asks_login() && again.body.contains("role=\"alert\""), "{again:?}");
        assert!(!again.body.contains("value=\"wonderland\""));
    }
    assert_eq!(browser.get(&native(&[("prompt", "none")])).parameter("error").as_deref(), Some("login_required"));
    assert!(browser.log_in(&page, "alice", "wonderland").asks_consent());
}

#[test]
fn guessing_is_slowed_down_for_one_name_only() {
    let others_get_in = |_| {
        let server = Example::server(&[]);
        let mut browser = Browser::new(&server.base);
        let page = browser.open(&native(&[]));
        assert_eq!(browser.log_in(&page, "alice", "wrong").status, StatusCode::OK);
        let mut tries = (0..50).map(|_| browser.log_in(&page, "alice", "wrong").status);
        assert!(tries.any(|status| status == StatusCode::TOO_MANY_REQUESTS));
        assert_eq!(browser.log_in(&page, "alice", "wonderland").status, StatusCode::TOO_MANY_REQUESTS);
        browser.log_in(&page, "bob", "builder").asks_consent()
    };
    // Two names share what is counted of them in one server of some thousand.
    assert!((0..3).any(others_get_in));
}

#[test]
fn a_login_form_that_was_not_made_for_this_browser_does_nothing() {
    let server = Example::server(&[]);
    let (mut browser, mut other) = (Browser::new(&server.base), Browser::new(&server.base));
    let (page, foreign) = (browser.open(&native(&[])), other.open(&native(&[])));
    let (request, csrf) = (page.hidden("request"), page.hidden("csrf"));
    for csrf in ["", "wrong", &foreign.hidden("csrf"), &csrf[1..]] {
        let fields = [("csrf", csrf), ("request", &*request), ("username", "alice"), ("password", "wonderland")];
        let refused = browser.post("/login", &fields);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
        assert!(!refused.headers.contains_key("set-cookie"));
    }
    let fields = [("request", &*request), ("username", "alice"), ("password", "wonderland")];
    assert_eq!(browser.post("/login", &fields).status, StatusCode::FORBIDDEN);
    // Someone else's form, sent by a browser that has no session here at all: login CSRF.
    let fields = [("csrf", &*csrf), ("request", &request), ("username", "alice"), ("password", "wonderland")];
    assert_eq!(Browser::new(&server.base).post("/login", &fields).status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(&native(&[("prompt", "none")])).parameter("error").as_deref(), Some("login_required"));
    assert!(browser.log_in(&page, "alice", "wonderland").asks_consent());
}

#[test]
fn the_session_cookie_is_protected_and_changes_at_login() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let page = browser.open(&native(&[]));
    assert!(browser.set_cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{}", browser.set_cookie);
    let planted = browser.cookies.clone();
    let consent = browser.log_in(&page, "alice", "wonderland");
    assert!(browser.set_cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{}", browser.set_cookie);
    assert_ne!(browser.cookies, planted);
    assert_ne!(consent.hidden("csrf"), page.hidden("csrf"));
    let mut fixed = Browser::new(&server.base);
    fixed.cookies = planted;
    assert!(fixed.open(&native(&[])).asks_login());
}

#[test]
fn cookies_of_an_https_issuer_are_secure() {
    let server = Example::server(&["--issuer", "https://as.example"]);
    let mut browser = Browser::new(&server.base);
    let answer = browser.approve(&native(&[]));
    assert_eq!(answer.parameter("iss").as_deref(), Some("https://as.example"));
    assert!(browser.set_cookie.starts_with("__Host-"), "{}", browser.set_cookie);
    assert!(browser.set_cookie.ends_with("; Secure"), "{}", browser.set_cookie);
}

#[test]
fn prompt_and_max_age_ask_again() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    browser.approve(&web(&[]));
    assert_eq!(browser.open(&web(&[])).status, StatusCode::SEE_OTHER);
    for again in [("prompt", "login"), ("max_age", "0")] {
        let page = browser.open(&web(&[again]));
        assert!(browser.log_in(&page, "alice", "wonderland").parameter("code").is_some(), "{again:?}");
    }
    assert!(browser.open(&web(&[("prompt", "consent")])).asks_consent());
}

#[test]
fn an_account_can_be_kept_or_changed() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    browser.approve(&web(&[]));
    let page = browser.open(&web(&[("prompt", "select_account")]));
    assert!(page.body.contains("Continue as Alice Liddell"), "{page:?}");
    let fields = [("csrf", &*page.hidden("csrf")), ("request", &page.hidden("request")), ("account", "current")];
    assert!(browser.post("/login", &fields).parameter("code").is_some());

    let page = browser.open(&web(&[("prompt", "select_account")]));
    let page = browser.log_in(&page, "bob", "builder");
    assert!(page.asks_consent() && page.body.contains("Bob Martin"), "{page:?}");
    let (mut anonymous, request) = (Browser::new(&server.base), web(&[]));
    let page = anonymous.open(&request);
    let fields = [("csrf", &*page.hidden("csrf")), ("request", &page.hidden("request")), ("account", "current")];
    assert!(anonymous.post("/login", &fields).asks_login());
}

#[test]
fn signing_out_forgets_the_browser() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    browser.approve(&web(&[]));
    let start = browser.get("/");
    assert!(start.body.contains("Alice Liddell"));
    assert_eq!(browser.post("/logout", &[("csrf", "wrong")]).status, StatusCode::FORBIDDEN);
    assert_eq!(browser.open(&web(&[])).status, StatusCode::SEE_OTHER);
    browser.post("/logout", &[("csrf", &start.hidden("csrf"))]);
    assert!(browser.open(&web(&[])).asks_login());
}

#[test]
fn a_request_posted_by_another_site_comes_back_with_the_cookie() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    browser.approve(&web(&[]));
    let query = web(&[]).split_once('?').unwrap().1.to_owned();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    // A browser does not send a `Lax` cookie with such a POST, but it does with the GET that follows.
    let elsewhere = Browser::new(&server.base).send(Method::POST, "/authorize", &form, &query);
    assert!(!elsewhere.headers.contains_key("set-cookie"));
    assert!(browser.get(&elsewhere.location()).parameter("code").is_some());
    assert!(browser.send(Method::POST, "/authorize", &form, &query).parameter("code").is_some());
}

#[test]
fn tabs_do_not_disturb_each_other() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let (one, two) = (browser.open(&native(&[("state", "1")])), browser.open(&native(&[("state", "2")])));
    let one = browser.log_in(&one, "alice", "wonderland");
    // The second tab's form is from before the login; its page is refused, but leads to a fresh form.
    let stale = browser.log_in(&two, "alice", "wonderland");
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    let link = format!("/login?request={}", two.hidden("request"));
    assert!(stale.body.contains(&link), "{stale:?}");
    let two = browser.open(&link);
    let two = browser.log_in(&two, "alice", "wonderland");
    assert_eq!(browser.decide(&two, "allow").parameter("state").as_deref(), Some("2"));
    // That login changed the cookie once more, so the first tab gets a fresh form in the same way.
    assert_eq!(browser.decide(&one, "allow").status, StatusCode::FORBIDDEN);
    let one = browser.open(&format!("/consent?request={}", one.hidden("request")));
    assert_eq!(browser.decide(&one, "allow").parameter("state").as_deref(), Some("1"));
}

#[test]
fn what_is_remembered_of_browsers_is_bounded() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    browser.approve(&web(&[]));
    let mut early = Browser::new(&server.base);
    let waiting = early.open(&web(&[])).hidden("request");
    assert!(early.get(&format!("/login?request={waiting}")).asks_login());
    for _ in 0..8 {
        early.open(&web(&[]));
    }
    assert_eq!(early.get(&format!("/login?request={waiting}")).status, StatusCode::BAD_REQUEST, "eight prompts wait");

    // Others come later than the one that is not logged in.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let (before, mut flood) = (early.cookies.clone(), Browser::new(&server.base));
    for _ in 0..4096 {
        flood.cookies.clear();
        flood.get("/");
    }
    assert!(browser.open(&web(&[])).parameter("code").is_some(), "who is logged in stays");
    early.get("/");
    assert_ne!(early.cookies, before, "who came first and is not logged in goes");
}
