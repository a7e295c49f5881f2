//! The walks of the example `server` through what most profiles do not serve.

use http::StatusCode;

use crate::browser::Browser;
use crate::process::Example;
use crate::walk::{answer, link, take};

/// Fills in the form behind which the browser keeps the fragment.
fn bring(browser: &mut Browser, address: &str) -> crate::browser::Page {
    let (place, _) = address.split_once('#').unwrap();
    let form = browser.get(place);
    assert!(form.body.contains("form id=\"fragment\""), "{form:?}");
    browser.post("/walk/callback", &[("csrf", &form.hidden("csrf")), ("response", address)])
}

#[test]
fn an_implicit_grant_is_walked_through() {
    let server = Example::server(&["--profile", "oauth20_legacy"]);
    let mut browser = Browser::new(&server.base);
    let page = browser.get("/walk/implicit");
    let asked = link(&page);
    assert!(asked.contains("response_type=token") && !asked.contains("code_challenge"), "{asked}");
    let address = browser.approve(&asked).location();
    assert!(address.starts_with(&format!("{}/walk/callback#access_token=", server.base)), "{address}");

    let place = address.split('#').next().unwrap();
    let form = browser.get(place);
    let policy = form.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(Browser::new(&server.base).get(place).status, StatusCode::BAD_REQUEST, "another browser");
    let foreign = browser.post("/walk/callback", &[("csrf", "wrong"), ("response", &address)]);
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for wrong in [address.replace("state=", "state=x"), address.replace("iss=http", "iss=https")] {
        assert_eq!(bring(&mut browser, &wrong).status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert!(!browser.get("/walk/implicit").body.contains("class=\"answer\""));

    let page = bring(&mut browser, &address);
    let page = browser.get(page.location().split('#').next().unwrap());
    assert!(answer(&page).starts_with("There is the token itself."), "{page:?}");
    let steps = [
        ("read", "200 OK", "demo-legacy"),
        ("introspect", "200 OK", "user-1"),
        ("revoke", "200 OK", ""),
        ("read", "401 Unauthorized", "invalid_token"),
    ];
    take(&mut browser, page, "implicit", &steps);
}

#[test]
fn a_password_is_walked_through() {
    let server = Example::server(&["--profile", "oauth20_legacy"]);
    let mut browser = Browser::new(&server.base);
    let page = browser.get("/walk/password");
    let steps = [
        ("confess", "200 OK", "access_token"),
        ("read", "200 OK", "user-1"),
        ("introspect", "200 OK", "demo-legacy"),
        ("refresh", "200 OK", "access_token"),
        ("revoke", "200 OK", ""),
        ("read", "401 Unauthorized", "invalid_token"),
    ];
    let page = take(&mut browser, page, "password", &steps);
    assert!(page.body.contains("grant_type=password\n&amp;username=alice\n&amp;password=wonderland"), "{page:?}");
}

#[test]
fn what_a_profile_refuses_is_explained_and_leads_nowhere() {
    for (profile, refused) in
        [("oauth21", &["implicit", "password"][..]), ("mcp", &["implicit", "password", "agreement"])]
    {
        let server = Example::server(&["--profile", profile]);
        let mut browser = Browser::new(&server.base);
        let start = browser.get("/").body;
        assert!(start.contains("Resource owner password credentials") && start.contains("--profile oauth20_legacy"));
        assert!(!start.contains("demo-legacy"));
        for flow in refused {
            assert!(!start.contains(&format!("/walk/{flow}")), "{profile} {flow}");
            assert_eq!(browser.get(&format!("/walk/{flow}")).status, StatusCode::NOT_FOUND, "{profile} {flow}");
            assert_eq!(browser.post(&format!("/walk/{flow}"), &[]).status, StatusCode::NOT_FOUND, "{profile} {flow}");
        }
        assert_eq!(browser.get("/walk/callback").status, StatusCode::BAD_REQUEST, "no fragment is expected");
        let fields = [("grant_type", "password"), ("client_id", "demo-legacy"), ("username", "alice")];
        let answer = browser.post("/token", &[&fields[..], &[("password", "wonderland")]].concat());
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (StatusCode::BAD_REQUEST, &"unsupported_grant_type".into())
        );
    }
}

#[test]
#[cfg(feature = "jose")]
fn fapi_has_no_use_for_the_demo_clients() {
    for profile in ["fapi2", "fapi2_message_signing"] {
        let server = Example::server(&["--profile", profile]);
        let mut browser = Browser::new(&server.base);
        let start = browser.get("/").body;
        assert!(start.contains("bring your own with <code>--clients</code>"), "{start}");
        assert!(start.contains("/walk/metadata") && !start.contains("/walk/code"), "{start}");
        let metadata = browser.get("/.well-known/oauth-authorization-server").json();
        assert_eq!(metadata["require_pushed_authorization_requests"], true);
        assert_eq!(metadata["token_endpoint_auth_methods_supported"], serde_json::json!(["private_key_jwt"]));
        let signed = metadata.get("require_signed_request_object") == Some(&true.into());
        assert_eq!(signed, profile == "fapi2_message_signing");
    }
}

#[test]
fn an_agreement_is_walked_through() {
    for profile in ["oauth21", "oauth20_legacy"] {
        let server = Example::server(&["--profile", profile]);
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/agreement");
        assert!(link(&page).contains("response_type=none"), "{page:?}");
        let callback = browser.approve(&link(&page)).location();
        assert!(!callback.contains("code=") && !callback.contains("token"), "{callback}");
        let page = browser.open(&callback);
        assert_eq!(answer(&page), "The person agreed. There is nothing to redeem.");
        assert!(!page.body.contains("id=\"redeem\"") && !page.body.contains("id=\"authorize\""), "{page:?}");
    }
}

#[test]
fn a_person_who_refuses_can_be_asked_again() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let page = browser.get("/walk/agreement");
    let login = browser.open(&link(&page));
    let consent = browser.log_in(&login, "alice", "wonderland");
    let callback = browser.decide(&consent, "deny").location();
    let page = browser.open(&callback);
    assert_eq!(answer(&page), "The request was refused: access_denied.");
    assert_ne!(link(&page), "");
}
