//! The walk of the example `server` through a refusal for want of a stronger login [RFC 9470].

use http::{Method, StatusCode};

use crate::browser::{Browser, Page};
use crate::walk::{link, servers, take};

const SECOND: &str = "urn:example:two-factors";

fn second_factor(browser: &mut Browser, login: &Page, code: &str) -> Page {
    let (csrf, request) = (login.hidden("csrf"), login.hidden("request"));
    let (username, password) = (("username", "alice"), ("password", "wonderland"));
    let fields = [("csrf", &*csrf), ("request", &request), username, password, ("code", code)];
    let page = browser.post("/login", &fields);
    browser.settle(page)
}

#[test]
fn a_resource_asks_for_a_second_factor_and_gets_it() {
    for server in servers() {
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/step-up");
        let login = browser.open(&link(&page));
        assert!(login.asks_login() && !login.body.contains("name=\"code\""), "{login:?}");
        let consent = browser.log_in(&login, "alice", "wonderland");
        let callback = browser.decide(&consent, "allow").location();
        let page = browser.open(&callback);
        let steps = [
            ("redeem", "200 OK", "access_token"),
            ("read", "200 OK", "user-1"),
            ("introspect", "200 OK", "urn:example:password"),
            ("enter", "401 Unauthorized", "insufficient_user_authentication"),
        ];
        let page = take(&mut browser, page, "step-up", &steps);
        for gone in ["redeem", "read", "enter"] {
            assert!(!page.body.contains(&format!("id=\"{gone}\"")), "{gone}");
        }
        let again = link(&page);
        assert!(again.contains("acr_values=urn%3Aexample%3Atwo-factors") && again.contains("max_age=300"), "{again}");

        let login = browser.open(&again);
        assert!(
            login.asks_login() && login.body.contains("name=\"code\""),
            "logged in, but not surely enough: {login:?}"
        );
        let wrong = second_factor(&mut browser, &login, "000000");
        assert!(wrong.body.contains("The code of the second factor is wrong."), "{wrong:?}");
        let consent = second_factor(&mut browser, &wrong, "246810");
        let callback = browser.decide(&consent, "allow").location();
        let page = browser.open(&callback);
        let steps = [
            ("redeem", "200 OK", "access_token"),
            ("enter", "200 OK", "user-1"),
            ("introspect", "200 OK", SECOND),
            ("revoke", "200 OK", ""),
            ("enter", "401 Unauthorized", "invalid_token"),
        ];
        let page = take(&mut browser, page, "step-up", &steps);
        let asked = |with: &str| page.body.matches(with).count();
        assert_eq!((asked("\n&amp;response_type=code"), asked("\n&amp;acr_values=")), (2, 1), "what was asked stays");
    }
}

#[test]
fn a_login_without_the_code_does_not_reach_what_was_asked_for() {
    let server = crate::process::Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let asked = crate::browser::native(&[("acr_values", SECOND)]);
    let login = browser.open(&asked);
    let answer = browser.log_in(&login, "alice", "wonderland");
    assert_eq!(answer.parameter("error").as_deref(), Some("unmet_authentication_requirements"));
    let login = browser.open(&asked);
    assert!(second_factor(&mut browser, &login, "246810").asks_consent());
}

#[test]
fn the_private_part_tells_scripts_and_strangers_the_same() {
    let server = crate::process::Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let answer = browser.get("/api/whoami/private");
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").contains("resource_metadata="), "{answer:?}");
    assert_eq!(browser.send(Method::POST, "/api/whoami/private", &[], "").status, StatusCode::METHOD_NOT_ALLOWED);
}
