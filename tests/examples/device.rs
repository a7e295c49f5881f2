//! The device page of the example `server`.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::browser::{Browser, Page, native};
use crate::process::Example;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A television that waits for its person.
struct Device {
    browser: Browser,
    codes: Value,
}

impl Device {
    fn new(server: &Example) -> Self {
        let mut browser = Browser::new(&server.base);
        let page = browser.post("/device_authorization", &[("client_id", "demo-tv"), ("scope", "read")]);
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        Self { browser, codes: page.json() }
    }

    fn code(&self, name: &str) -> &str {
        self.codes[name].as_str().unwrap()
    }

    fn poll(&mut self) -> Value {
        let device_code = self.codes["device_code"].as_str().unwrap().to_owned();
        let fields = [("grant_type", GRANT), ("client_id", "demo-tv"), ("device_code", &*device_code)];
        self.browser.post("/token", &fields).json()
    }
}

fn type_code(browser: &mut Browser, code: &str) -> Page {
    let page = browser.get("/device");
    let page = browser.post("/device", &[("csrf", &page.hidden("csrf")), ("user_code", code)]);
    browser.settle(page)
}

fn asks_code(page: &Page) -> bool {
    page.body.contains("form id=\"device\"") && page.body.contains("id=\"user_code\" name=\"user_code\"")
}

#[test]
fn a_person_connects_a_device_and_its_client_is_shown() {
    let server = Example::server(&["--device-ttl", "60"]);
    let mut device = Device::new(&server);
    assert_eq!(device.codes["expires_in"], 60);
    assert_eq!(device.code("verification_uri"), format!("{}/device", server.base));
    assert_eq!(device.poll()["error"], "authorization_pending");

    let mut browser = Browser::new(&server.base);
    assert!(asks_code(&browser.get("/device")));
    let code = device.code("user_code").to_owned();
    let login = type_code(&mut browser, &code.to_lowercase().replace('-', " "));
    assert!(login.body.contains("Demo television"), "{login:?}");
    let consent = browser.log_in(&login, "alice", "wonderland");
    assert!(consent.asks_consent() && consent.body.contains("Demo television"), "{consent:?}");
    assert!(consent.body.contains("id=\"device\"") && consent.body.contains("Read your data"), "{consent:?}");
    assert!(consent.header("content-security-policy").contains("form-action 'self';"), "{consent:?}");
    let done = browser.decide(&consent, "allow");
    assert!(done.status == StatusCode::OK && done.body.contains("The device is connected"), "{done:?}");

    let tokens = device.poll();
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    let seen = browser.call(Method::GET, "/api/whoami", token).json();
    assert_eq!((&seen["sub"], &seen["client_id"]), (&Value::from("user-1"), &Value::from("demo-tv")));
    assert!(asks_code(&type_code(&mut browser, &code)), "a code is used once");
}

#[test]
fn a_person_refuses_a_device_that_a_link_led_to() {
    let server = Example::server(&[]);
    let mut device = Device::new(&server);
    let mut browser = Browser::new(&server.base);
    browser.approve(&native(&[]));
    let page = browser.get(device.code("verification_uri_complete"));
    assert!(asks_code(&page), "following a link decides nothing: {page:?}");
    let code = device.code("user_code");
    assert!(page.body.contains(&format!("value=\"{code}\"")), "{page:?}");
    let consent = type_code(&mut browser, code);
    assert!(consent.asks_consent() && consent.body.contains(code), "each device is asked for: {consent:?}");
    let done = browser.decide(&consent, "deny");
    assert!(done.status == StatusCode::OK && done.body.contains("The device was refused"), "{done:?}");
    assert_eq!(device.poll()["error"], "access_denied");
}

#[test]
fn a_wrong_code_brings_the_form_again_and_guessing_is_slowed_down() {
    let server = Example::server(&[]);
    let device = Device::new(&server);
    let mut browser = Browser::new(&server.base);
    for wrong in ["", "BCDF-GHJK", "\"><script>", &"B".repeat(100)] {
        let page = type_code(&mut browser, wrong);
        assert!(page.status == StatusCode::OK && asks_code(&page) && page.body.contains("role=\"alert\""), "{page:?}");
        assert!(!page.body.contains("<script"), "{page:?}");
    }
    assert!(type_code(&mut browser, device.code("user_code")).asks_login());
    let mut guesses = (0..30).map(|_| type_code(&mut Browser::new(&server.base), "BCDF-GHJK").status);
    assert!(guesses.any(|status| status == StatusCode::TOO_MANY_REQUESTS), "another browser does not help");
    let page = type_code(&mut browser, device.code("user_code"));
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(asks_code(&page) && page.body.contains("Please wait"), "{page:?}");
}

#[test]
fn a_code_form_that_was_not_made_for_this_browser_does_nothing() {
    let server = Example::server(&[]);
    let device = Device::new(&server);
    let (mut browser, mut other) = (Browser::new(&server.base), Browser::new(&server.base));
    let (page, foreign) = (browser.get("/device"), other.get("/device"));
    let code = device.code("user_code");
    for csrf in ["", "wrong", &foreign.hidden("csrf")] {
        let refused = browser.post("/device", &[("csrf", csrf), ("user_code", code)]);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    }
    let refused = Browser::new(&server.base).post("/device", &[("csrf", &page.hidden("csrf")), ("user_code", code)]);
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    let page = browser.post("/device", &[("csrf", &page.hidden("csrf")), ("user_code", code)]);
    assert!(browser.settle(page).asks_login());
}

#[test]
fn of_two_people_with_the_same_code_one_wins() {
    let server = Example::server(&[]);
    let mut device = Device::new(&server);
    let code = device.code("user_code").to_owned();
    let (mut alice, mut bob) = (Browser::new(&server.base), Browser::new(&server.base));
    let [for_alice, for_bob] =
        [(&mut alice, "alice", "wonderland"), (&mut bob, "bob", "builder")].map(|(browser, username, password)| {
            let login = type_code(browser, &code);
            browser.log_in(&login, username, password)
        });
    assert!(bob.decide(&for_bob, "allow").body.contains("The device is connected"));
    let late = alice.decide(&for_alice, "deny");
    assert!(asks_code(&late) && late.body.contains("role=\"alert\""), "{late:?}");
    let tokens = device.poll();
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    assert_eq!(alice.call(Method::GET, "/api/whoami", token).json()["sub"], "user-2");
}

#[test]
fn codes_end_when_the_switch_says() {
    let server = Example::server(&["--device-ttl", "4"]);
    let mut device = Device::new(&server);
    let mut browser = Browser::new(&server.base);
    let login = type_code(&mut browser, device.code("user_code"));
    assert!(login.asks_login());
    std::thread::sleep(std::time::Duration::from_millis(5100));
    let late = browser.log_in(&login, "alice", "wonderland");
    assert!(asks_code(&late) && late.body.contains("has expired"), "{late:?}");
    assert_eq!(device.poll()["error"], "expired_token");
}
