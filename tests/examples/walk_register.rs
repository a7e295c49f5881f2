//! The walk of the example `server` through a registration and its management.

use http::StatusCode;

use crate::browser::{Browser, Page};
use crate::process::Example;
use crate::walk::{answer, link, take};

/// Uses, changes and removes the client that a page shows.
fn manage(browser: &mut Browser, page: &Page) {
    assert!(!page.body.contains("id=\"register\""), "{page:?}");
    let login = browser.open(&link(page));
    let consent = browser.log_in(&login, "alice", "wonderland");
    assert!(consent.body.contains("A newcomer") && consent.body.contains("It registered itself"), "{consent:?}");
    let callback = browser.decide(&consent, "allow").location();
    let page = browser.open(&callback);
    let steps = [
        ("redeem", "200 OK", "access_token"),
        ("read", "200 OK", "user-1"),
        ("lookup", "200 OK", "A newcomer"),
        ("rename", "200 OK", "A better name"),
        ("outdated", "200 OK", "A better name"),
        ("lookup", "200 OK", "A better name"),
        ("outdated", "401 Unauthorized", "invalid_token"),
        ("read", "200 OK", "user-1"),
        ("unregister", "204 No Content", ""),
        ("lookup", "401 Unauthorized", "invalid_token"),
        ("read", "401 Unauthorized", "invalid_token"),
    ];
    let page = take(browser, page.clone(), "registration", &steps);
    for gone in ["rename", "outdated", "unregister", "authorize"] {
        assert!(!page.body.contains(&format!("id=\"{gone}\"")), "{gone}");
    }
}

#[test]
fn a_client_registers_is_used_and_removes_itself() {
    for profile in ["oauth21", "oauth20_legacy", "mcp"] {
        let server = Example::server(&["--open-registration", "--profile", profile]);
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/registration");
        assert!(!page.body.contains("initial_access_token"));
        let page = take(&mut browser, page, "registration", &[("register", "201 Created", "client_secret")]);
        manage(&mut browser, &page);
    }
}

#[test]
fn a_person_types_the_initial_access_token() {
    let server = Example::server(&["--initial-access-token", "let-me-in"]);
    let mut browser = Browser::new(&server.base);
    let page = browser.get("/walk/registration");
    assert!(page.body.contains("name=\"initial_access_token\"") && !page.body.contains("let-me-in"), "{page:?}");
    let page = take(&mut browser, page, "registration", &[("register", "401 Unauthorized", "")]);
    assert!(!page.body.contains("id=\"authorize\""), "{page:?}");
    let fields = [("csrf", &*page.hidden("csrf")), ("action", "register"), ("initial_access_token", "let-me-in")];
    browser.post("/walk/registration", &fields);
    let page = browser.get("/walk/registration");
    assert!(answer(&page).starts_with("201 Created"), "{page:?}");
    manage(&mut browser, &page);
}

#[test]
fn without_registration_the_start_page_says_how_to_have_it() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let start = browser.get("/").body;
    assert!(start.contains("Dynamic client registration") && start.contains("--open-registration"));
    assert!(!start.contains("/walk/registration"));
    assert_eq!(browser.get("/walk/registration").status, StatusCode::NOT_FOUND);
}
