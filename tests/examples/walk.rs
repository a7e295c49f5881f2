//! The start page and the walk of the example `server`.
#![allow(unreachable_pub, reason = "a toolbox for the other walks")]

use http::StatusCode;

use crate::browser::{Browser, Page};
use crate::process::{Example, Json};

/// Servers whose profiles ask different things of the walk's client.
pub fn servers() -> impl Iterator<Item = Example> {
    ["oauth21", "oauth20_legacy", "mcp"].into_iter().map(|profile| Example::server(&["--profile", profile]))
}

/// Takes one step of a walk and shows the page after it.
fn step(browser: &mut Browser, page: &Page, flow: &str, action: &str) -> Page {
    assert!(page.body.contains(&format!("id=\"{action}\" name=\"action\"")), "{action} is not offered: {page:?}");
    let page = browser.post(&format!("/walk/{flow}"), &[("csrf", &page.hidden("csrf")), ("action", action)]);
    browser.get(page.location().split('#').next().unwrap())
}

/// The last answer that a page shows.
pub fn answer(page: &Page) -> &str {
    let (_, rest) = page.body.rsplit_once("<pre class=\"answer\" tabindex=\"0\">").unwrap_or_default();
    rest.split("</pre>").next().unwrap()
}

pub fn link(page: &Page) -> String {
    let (_, rest) = page.body.split_once("id=\"authorize\" href=\"").unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

#[test]
fn a_person_walks_through_the_code_flow() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let start = browser.get("/");
        for part in [
            "/walk/code",
            "/walk/pushed",
            "/walk/resources",
            "/walk/details",
            "/walk/device",
            "/walk/service",
            "/walk/exchange",
            "/walk/step-up",
            "/walk/login-link",
            "/walk/assistant",
            "/walk/metadata",
            "demo-web-secret",
            "wonderland",
            "demo-tv",
        ] {
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
}

#[test]
fn a_service_and_the_metadata_are_walked_without_a_person() {
    for server in servers() {
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
}

/// Takes steps and checks how each answer begins, and something that it says.
pub fn take(browser: &mut Browser, mut page: Page, flow: &str, steps: &[(&str, &str, &str)]) -> Page {
    for (action, status, says) in steps {
        page = step(browser, &page, flow, action);
        assert!(answer(&page).starts_with(status) && answer(&page).contains(says), "{action}: {}", answer(&page));
    }
    page
}

#[test]
fn a_pushed_request_is_walked_through() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/pushed");
        let page = take(&mut browser, page, "pushed", &[("push", "201 Created", "urn:ietf:params:oauth:request_uri:")]);
        assert!(!link(&page).contains("code_challenge"), "{page:?}");
        let callback = browser.approve(&link(&page)).location();
        let page = browser.open(&callback);
        let steps = [("redeem", "200 OK", "access_token"), ("read", "200 OK", "user-1"), ("revoke", "200 OK", "")];
        take(&mut browser, page, "pushed", &steps);
    }
}

#[test]
fn resources_are_walked_through() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/resources");
        let callback = browser.approve(&link(&page)).location();
        let page = browser.open(&callback);
        let steps = [
            ("redeem", "200 OK", "access_token"),
            ("introspect", "200 OK", "https://api.test/a"),
            ("read", "401 Unauthorized", "invalid_token"),
            ("elsewhere", "200 OK", "refresh_token"),
            ("introspect", "200 OK", "https://api.test/b"),
            ("stray", "400 Bad Request", "invalid_target"),
            ("revoke", "200 OK", ""),
        ];
        take(&mut browser, page, "resources", &steps);
    }
}

#[test]
fn details_are_walked_through_and_shown_to_the_person() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/details");
        let login = browser.open(&link(&page));
        let consent = browser.log_in(&login, "alice", "wonderland");
        assert!(consent.body.contains("account_information") && consent.body.contains("list_accounts, read_balances"));
        let callback = browser.decide(&consent, "allow").location();
        let page = browser.open(&callback);
        let steps = [
            ("redeem", "200 OK", "account_information"),
            ("introspect", "200 OK", "read_balances"),
            ("refresh", "200 OK", "account_information"),
            ("revoke", "200 OK", ""),
        ];
        take(&mut browser, page, "details", &steps);
    }
}

#[test]
fn a_device_is_walked_through() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/device");
        let steps = [("codes", "200 OK", "user_code"), ("poll", "400 Bad Request", "authorization_pending")];
        let page = take(&mut browser, page, "device", &steps);
        let (_, code) = page.body.split_once("id=\"shown_code\">").unwrap();
        let code = code.split('<').next().unwrap();
        assert!(page.body.contains(&format!("/device?user_code={code}\" target=\"_blank\"")), "{page:?}");
        let mut phone = Browser::new(&server.base);
        let form = phone.get("/device");
        let login = phone.post("/device", &[("csrf", &form.hidden("csrf")), ("user_code", code)]);
        let login = phone.settle(login);
        let consent = phone.log_in(&login, "alice", "wonderland");
        assert_eq!(phone.decide(&consent, "allow").status, StatusCode::OK);
        let steps = [
            ("poll", "200 OK", "access_token"),
            ("read", "200 OK", "demo-tv"),
            ("introspect", "200 OK", "user-1"),
            ("revoke", "200 OK", ""),
            ("read", "401 Unauthorized", "invalid_token"),
        ];
        take(&mut browser, page, "device", &steps);
    }
}

#[test]
fn an_exchange_is_walked_through() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/exchange");
        let callback = browser.approve(&link(&page)).location();
        let page = browser.open(&callback);
        let steps = [
            ("redeem", "200 OK", "access_token"),
            ("authenticate", "200 OK", "access_token"),
            ("exchange", "200 OK", "issued_token_type"),
            ("introspect", "200 OK", "act&quot;"),
            ("revoke", "200 OK", ""),
            ("introspect", "200 OK", "false"),
        ];
        take(&mut browser, page, "exchange", &steps);
    }
}

/// What an assistant does before it can ask a person.
const DISCOVERY: [(&str, &str, &str); 3] = [
    ("knock", "401 Unauthorized", "resource_metadata="),
    ("describe", "200 OK", "authorization_servers"),
    ("metadata", "200 OK", "client_id_metadata_document_supported"),
];

/// What it does then.
const USE: [(&str, &str, &str); 6] = [
    ("redeem", "200 OK", "access_token"),
    ("read", "200 OK", "user-1"),
    ("write", "403 Forbidden", "insufficient_scope"),
    ("introspect", "200 OK", "/api/whoami"),
    ("refresh", "200 OK", "refresh_token"),
    ("revoke", "200 OK", ""),
];

#[test]
fn an_assistant_finds_its_way_and_is_known_by_a_document() {
    for switches in [&[][..], &["--profile", "mcp"]] {
        let server = Example::server(switches);
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/assistant");
        assert!(!page.body.contains("id=\"metadata\"") && !page.body.contains("id=\"publish\""), "one after the other");
        let page = take(&mut browser, page, "assistant", &DISCOVERY);
        assert!(!page.body.contains("id=\"register\""), "registration is not served: {page:?}");
        let document = [("publish", "200 OK", "https://assistant.example/client.json")];
        let page = take(&mut browser, page, "assistant", &document);
        let asked = link(&page);
        assert!(asked.contains("client_id=https%3A%2F%2Fassistant.example%2Fclient.json"), "{asked}");
        assert!(asked.contains("&resource=http"), "{asked}");
        let login = browser.open(&asked);
        let consent = browser.log_in(&login, "alice", "wonderland");
        assert!(consent.body.contains("<code>assistant.example</code>"), "{consent:?}");
        let callback = browser.decide(&consent, "allow").location();
        let page = browser.open(&callback);
        take(&mut browser, page, "assistant", &USE);
    }
}

#[test]
fn an_assistant_registers_where_it_may() {
    let server = Example::server(&["--open-registration"]);
    let mut browser = Browser::new(&server.base);
    let page = browser.get("/walk/assistant");
    let page = take(&mut browser, page, "assistant", &DISCOVERY);
    assert!(page.body.contains("id=\"publish\""), "{page:?}");
    let page = take(&mut browser, page, "assistant", &[("register", "201 Created", "registration_access_token")]);
    assert!(!page.body.contains("id=\"publish\"") && !link(&page).contains("assistant.example"), "{page:?}");
    let callback = browser.approve(&link(&page)).location();
    let page = browser.open(&callback);
    take(&mut browser, page, "assistant", &USE);
}

#[test]
fn a_login_link_is_walked_through() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/login-link");
        let page = take(&mut browser, page, "login-link", &[("mail", "To: Alice Liddell", "#link_token=")]);
        assert!(!page.body.contains("id=\"mail\""), "{page:?}");
        let steps = [
            ("open", "200 OK", "access_token"),
            ("read", "200 OK", "user-1"),
            ("reopen", "400 Bad Request", "invalid_grant"),
            ("read", "200 OK", "user-1"),
            ("refresh", "200 OK", "refresh_token"),
            ("revoke", "200 OK", ""),
            ("read", "401 Unauthorized", "invalid_token"),
        ];
        let page = take(&mut browser, page, "login-link", &steps);
        assert!(page.body.contains("grant_type=https%3A%2F%2Fas.example%2Fgrants%2Flogin-link"), "{page:?}");
        let metadata = browser.get("/.well-known/oauth-authorization-server").json();
        let grants = metadata["grant_types_supported"].as_array().unwrap();
        assert!(grants.contains(&"https://as.example/grants/login-link".into()), "{metadata}");
    }
}

#[test]
fn people_of_a_file_have_no_mail_and_no_second_factor_here() {
    let users = Json::new("walk-users", r#"[{"username": "carol", "password": "pass", "sub": "c-1"}]"#);
    let server = Example::server(&["--users", users.path()]);
    let mut browser = Browser::new(&server.base);
    let metadata = browser.get("/.well-known/oauth-authorization-server").json();
    assert!(!metadata.to_string().contains("login-link") && metadata["acr_values_supported"].is_null(), "{metadata}");
    let start = browser.get("/").body;
    for flow in ["login-link", "step-up"] {
        assert!(!start.contains(&format!("/walk/{flow}")), "{flow}");
        assert_eq!(browser.get(&format!("/walk/{flow}")).status, StatusCode::NOT_FOUND);
    }
    assert!(start.contains("Only the demo users have a second factor."));
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
