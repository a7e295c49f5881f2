//! The start page and the walk of the example `server`.

use http::StatusCode;

use crate::browser::{Browser, Page};
use crate::process::Example;

/// Takes one step of a walk and shows the page after it.
fn step(browser: &mut Browser, page: &Page, flow: &str, action: &str) -> Page {
    assert!(page.body.contains(&format!("id=\"{action}\" name=\"action\"")), "{action} is not offered: {page:?}");
    let page = browser.post(&format!("/walk/{flow}"), &[("csrf", &page.hidden("csrf")), ("action", action)]);
    browser.get(page.location().split('#').next().unwrap())
}

/// The last answer that a page shows.
fn answer(page: &Page) -> &str {
    let (_, rest) = page.body.rsplit_once("<pre class=\"answer\" tabindex=\"0\">").unwrap_or_default();
    rest.split("</pre>").next().unwrap()
}

fn link(page: &Page) -> String {
    let (_, rest) = page.body.split_once("id=\"authorize\" href=\"").unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

#[test]
fn a_person_walks_through_the_code_flow() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let start = browser.get("/");
    for part in ["/walk/code", "/walk/service", "/walk/metadata", "demo-web-secret", "wonderland"] {
        assert!(start.body.contains(part), "{part}");
    }
    let page = browser.get("/walk/code");
    let callback = browser.approve(&link(&page)).location();
    assert!(callback.starts_with(&format!("{}/walk/callback?code=", server.base)), "{callback}");
    assert_eq!(Browser::new(&server.base).get(&callback).status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(&callback.replace("state=", "state=x")).status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(&callback.replace("iss=http", "iss=https")).status, StatusCode::BAD_REQUEST);
    let mut page = browser.open(&callback);
    for (action, status, says) in [
        ("redeem", "200 OK", "access_token"),
        ("read", "200 OK", "user-1"),
        ("write", "403 Forbidden", "insufficient_scope"),
        ("introspect", "200 OK", "true"),
        ("refresh", "200 OK", "refresh_token"),
        ("reuse", "200 OK", "refresh_token"),
        ("revoke", "200 OK", ""),
        ("read", "401 Unauthorized", "invalid_token"),
        ("introspect", "200 OK", "false"),
        ("replay", "400 Bad Request", "invalid_grant"),
    ] {
        page = step(&mut browser, &page, "code", action);
        assert!(answer(&page).starts_with(status) && answer(&page).contains(says), "{action}: {}", answer(&page));
    }
    let page = step(&mut browser, &page, "code", "restart");
    assert!(!page.body.contains("class=\"answer\""));
    assert_ne!(link(&page), "");
}

#[test]
fn a_service_and_the_metadata_are_walked_without_a_person() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let mut page = browser.get("/walk/service");
    for (action, status) in
        [("authenticate", "200 OK"), ("read", "200 OK"), ("introspect", "200 OK"), ("revoke", "200 OK")]
    {
        page = step(&mut browser, &page, "service", action);
        assert!(answer(&page).starts_with(status), "{action}: {}", answer(&page));
    }
    let page = browser.get("/walk/metadata");
    let page = step(&mut browser, &page, "metadata", "metadata");
    assert!(answer(&page).contains("token_endpoint"), "{page:?}");
}

#[test]
fn a_step_needs_a_form_of_this_browser_and_must_be_possible() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let page = browser.get("/walk/service");
    let refused = browser.post("/walk/service", &[("csrf", "wrong"), ("action", "authenticate")]);
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for action in ["read", "redeem", "nonsense"] {
        browser.post("/walk/service", &[("csrf", &page.hidden("csrf")), ("action", action)]);
    }
    assert!(!browser.get("/walk/service").body.contains("class=\"answer\""));
    assert_eq!(browser.get("/walk/nothing").status, StatusCode::NOT_FOUND);
}
