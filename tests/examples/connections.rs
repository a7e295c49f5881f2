//! Connected applications at the example `server`, and what its consent pages warn of.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Browser, Page, VERIFIER, WEB, WEB_SECRET, authorization, native, web};
use crate::process::Example;

const APP: &str = "https://app.example/cb";

/// Logs someone in, and lets them allow the native demo client something.
fn connected(server: &Example, username: &str, password: &str) -> (Browser, Value) {
    let mut browser = Browser::new(&server.base);
    let page = browser.open(&native(&[("scope", "read write")]));
    let page = browser.log_in(&page, username, password);
    let answer = browser.decide(&page, "allow");
    let tokens = browser.redeem("/token", &answer);
    (browser, tokens)
}

fn works(browser: &mut Browser, tokens: &Value) -> bool {
    browser.call(Method::GET, "/api/whoami", tokens["access_token"].as_str().unwrap()).status == StatusCode::OK
}

fn end(browser: &mut Browser, page: &Page, name: &str, value: &str) -> Page {
    browser.post("/connections", &[("csrf", &page.hidden("csrf")), (name, value)])
}

/// The values of the buttons of this name.
fn buttons(page: &Page, name: &str) -> Vec<String> {
    let begins = format!("name=\"{name}\" value=\"");
    let parts = page.body.split(&begins).skip(1);
    parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
}

/// Lets the web client have tokens as well.
fn web_tokens(browser: &mut Browser) -> Value {
    let page = browser.open(&web(&[]));
    let code = browser.decide(&page, "allow").parameter("code").unwrap();
    let fields =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)];
    browser.post_as("demo-web", WEB_SECRET, "/token", &fields).json()
}

#[test]
fn a_person_sees_what_they_allowed_and_takes_it_back() {
    let server = Example::server(&[]);
    let (mut browser, native_tokens) = connected(&server, "alice", "wonderland");
    let web_tokens = web_tokens(&mut browser);
    assert!(browser.get("/").body.contains("href=\"/connections\""));
    let page = browser.get("/connections");
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    for shown in ["Alice Liddell", "Demo app", "Demo web site", "Demo Publishing Ltd.", "Change your data", "just now"]
    {
        assert!(page.body.contains(shown), "{shown}: {page:?}");
    }
    assert_eq!(buttons(&page, "client"), ["demo-app", "demo-web"]);
    assert_eq!(buttons(&page, "grant").len(), 2);

    // One grant: that of the first application.
    let grant = buttons(&page, "grant").remove(0);
    assert_eq!(end(&mut browser, &page, "grant", &grant).location(), "/connections");
    assert!(!works(&mut browser, &native_tokens) && works(&mut browser, &web_tokens));
    let page = browser.get("/connections");
    assert_eq!(buttons(&page, "client"), ["demo-web"]);

    // All of a client, and with it the consent.
    assert!(browser.get(&web(&[])).parameter("code").is_some());
    assert_eq!(end(&mut browser, &page, "client", "demo-web").location(), "/connections");
    assert!(!works(&mut browser, &web_tokens));
    assert!(browser.open(&web(&[])).asks_consent());
    assert!(browser.get("/connections").body.contains("id=\"none\""));
}

#[test]
fn everything_of_one_person_ends_together_and_nothing_of_another() {
    let server = Example::server(&[]);
    let (mut alice, of_alice) = connected(&server, "alice", "wonderland");
    let of_alice = [of_alice, web_tokens(&mut alice)];
    let (mut bob, of_bob) = connected(&server, "bob", "builder");
    let page = alice.get("/connections");
    let grants = buttons(&page, "grant");
    // A browser may name what is not its person's.
    let page_of_bob = bob.get("/connections");
    for grant in &grants {
        assert_eq!(end(&mut bob, &page_of_bob, "grant", grant).status, StatusCode::SEE_OTHER);
    }
    assert!(of_alice.iter().all(|tokens| works(&mut alice, tokens)));
    assert_eq!(end(&mut alice, &page, "all", "yes").status, StatusCode::SEE_OTHER);
    assert!(of_alice.iter().all(|tokens| !works(&mut alice, tokens)));
    assert!(works(&mut bob, &of_bob));
    assert_eq!(buttons(&bob.get("/connections"), "grant").len(), 1);
}

#[test]
fn a_form_of_another_browser_or_of_nobody_takes_nothing_back() {
    let server = Example::server(&[]);
    let (mut browser, tokens) = connected(&server, "alice", "wonderland");
    let (mut other, _) = connected(&server, "bob", "builder");
    let (page, foreign) = (browser.get("/connections"), other.get("/connections"));
    for csrf in ["", "wrong", &foreign.hidden("csrf")] {
        let refused = browser.post("/connections", &[("csrf", csrf), ("all", "yes")]);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    }
    let csrf = page.hidden("csrf");
    for fields in [&[][..], &[("all", "no")], &[("grant", "x")], &[("all", "yes"), ("client", "demo-app")]] {
        let fields = [&[("csrf", &*csrf)], fields].concat();
        assert_eq!(browser.post("/connections", &fields).status, StatusCode::BAD_REQUEST, "{fields:?}");
    }
    let mut nobody = Browser::new(&server.base);
    assert_eq!(nobody.get("/connections").status, StatusCode::UNAUTHORIZED);
    let start = nobody.get("/");
    assert!(!start.body.contains("href=\"/connections\""), "{start:?}");
    assert!(works(&mut browser, &tokens));
    assert_eq!(end(&mut browser, &page, "all", "yes").status, StatusCode::SEE_OTHER);
    assert!(!works(&mut browser, &tokens));
}

fn warns(page: &Page) -> bool {
    assert!(page.asks_consent() && page.body.contains("id=\"standing\""), "{page:?}");
    page.body.contains("id=\"warning\"")
}

#[test]
fn a_consent_page_says_what_is_known_of_a_client_and_warns_where_that_is_little() {
    let server = Example::server(&["--open-registration"]);
    let (mut browser, _) = connected(&server, "alice", "wonderland");
    let known = browser.open(&web(&[("scope", "read admin")]));
    assert!(!warns(&known) && known.body.contains("Demo Publishing Ltd.") && known.body.contains("sensitive"));
    assert!(known.body.contains("You have not allowed it anything before"), "{known:?}");
    browser.decide(&known, "allow");
    let again = browser.open(&web(&[("scope", "read write admin")]));
    assert!(again.body.contains("You first allowed it something just now"), "{again:?}");
    assert_eq!(again.body.matches("allowed before").count(), 2, "all but write: {again:?}");

    let harmless = browser.open(&native(&[]));
    assert!(!warns(&harmless) && harmless.body.contains("Its publisher is not verified"), "{harmless:?}");
    assert!(warns(&browser.open(&native(&[("scope", "admin")]))));

    let body = json!({
        "redirect_uris": [APP], "token_endpoint_auth_method": "none", "client_name": "Demo web site",
        "publisher": "Demo Publishing Ltd.",
    });
    let headers = [("content-type", "application/json")];
    let client = browser.send(Method::POST, "/register", &headers, &body.to_string()).json();
    let page = browser.open(&authorization(client["client_id"].as_str().unwrap(), APP, &[]));
    assert!(warns(&page) && page.body.contains("It registered itself just now: it is new"), "{page:?}");
    assert!(!page.body.contains("Demo Publishing Ltd."), "{page:?}");
}

#[test]
fn the_page_for_a_device_warns_as_well() {
    let server = Example::server(&[]);
    let (mut browser, _) = connected(&server, "alice", "wonderland");
    for (scope, warned) in [("read", false), ("read admin", true)] {
        let codes = browser.post("/device_authorization", &[("client_id", "demo-tv"), ("scope", scope)]).json();
        let page = browser.get("/device");
        let code = codes["user_code"].as_str().unwrap();
        let page = browser.post("/device", &[("csrf", &page.hidden("csrf")), ("user_code", code)]);
        let page = browser.settle(page);
        assert_eq!(warns(&page), warned, "{page:?}");
        assert_eq!(page.body.contains("class=\"mark\""), warned, "{page:?}");
    }
}

/// Whatever a client says of itself is text on every page that shows it.
#[test]
fn what_a_stranger_says_of_itself_is_escaped_on_every_page() {
    const NAME: &str = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href='";
    const PAGE: &str = "https://app.example/\"onmouseover=\"alert(3)\"x=\"<b>";
    let server = Example::server(&["--open-registration"]);
    let (mut browser, _) = connected(&server, "alice", "wonderland");
    let body = json!({
        "redirect_uris": [APP], "token_endpoint_auth_method": "none", "client_name": NAME, "client_uri": PAGE,
        "logo_uri": PAGE, "tos_uri": PAGE, "policy_uri": PAGE,
    });
    let headers = [("content-type", "application/json")];
    let client = browser.send(Method::POST, "/register", &headers, &body.to_string()).json();
    let id = client["client_id"].as_str().unwrap();
    let login = Browser::new(&server.base).open(&authorization(id, APP, &[]));
    let consent = browser.open(&authorization(id, APP, &[]));
    assert!(login.asks_login() && consent.asks_consent(), "{login:?} {consent:?}");
    browser.decide(&consent, "allow");
    let connections = browser.get("/connections");
    assert!(buttons(&connections, "client").iter().any(|own| own == id), "{connections:?}");
    for page in [login, consent, connections] {
        for harm in ["<script", "<img", "onerror=alert(2)>", "\"onmouseover", "<a href='"] {
            assert!(!page.body.contains(harm), "{harm}: {page:?}");
        }
        assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page:?}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("script-src"), "{policy}");
    }
}

/// A stranger's link is answered at the stranger's place only for who logged in.
#[test]
fn a_link_of_a_stranger_leads_to_our_login_first() {
    let server = Example::server(&["--open-registration"]);
    let mut browser = Browser::new(&server.base);
    let body = json!({"redirect_uris": [APP], "token_endpoint_auth_method": "none", "client_name": "   "});
    let headers = [("content-type", "application/json")];
    let client = browser.send(Method::POST, "/register", &headers, &body.to_string()).json();
    let id = client["client_id"].as_str().unwrap();
    let wrong = authorization(id, APP, &[("scope", "unheard-of")]);
    let page = browser.open(&wrong);
    assert!(page.asks_login() && page.body.contains(id), "a blank name is none: {page:?}");
    let answer = browser.log_in(&page, "alice", "wonderland");
    assert!(answer.location().starts_with(APP), "{answer:?}");
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_scope"));
    assert_eq!(browser.get(&wrong).parameter("error").as_deref(), Some("invalid_scope"));
}
