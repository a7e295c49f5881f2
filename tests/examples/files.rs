//! Clients and people from files, and the switches.

use http::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Browser, authorization};
use crate::process::{Example, Json, refused};

const CLIENT_CREDENTIALS: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("scope", "read")];

fn status(browser: &mut Browser, id: &str) -> (StatusCode, String) {
    let page = browser.post_as(id, "s", "/token", &CLIENT_CREDENTIALS);
    let error = page.json()["error"].as_str().unwrap_or_default().to_owned();
    (page.status, error)
}

#[test]
fn clients_are_taken_as_far_as_they_are_supported() {
    let service = |id: &str, more: Value| {
        let mut client = json!({"client_id": id, "client_secret": "s", "grant_types": ["client_credentials"]});
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client
    };
    let file = json!([
        service("plain", json!({})),
        service("forever", json!({"client_secret_expires_at": 0, "contacts": null})),
        service("expired", json!({"client_secret_expires_at": 1})),
        service("later", json!({"client_secret_expires_at": 99_999_999_999_u64})),
        service("partly", json!({
            "grant_types": ["client_credentials", "urn:example:unknown"],
            "response_types": ["id_token"],
            "id_token_signed_response_alg": "none",
        })),
        service("assertion", json!({"token_endpoint_auth_method": "private_key_jwt"})),
        service("brief", json!({"token_endpoint_auth_method": "client_secret_jwt"})),
        service("bound", json!({"dpop_bound_access_tokens": true})),
        service("plain", json!({"client_name": "another"})),
        {"client_id": "wrong", "redirect_uris": 7},
        {"client_id": "insecure", "redirect_uris": ["http://client.example/cb"]},
        {"client_name": "without a name"},
        {"client_id": "spa", "redirect_uris": ["https://spa.example/cb"]},
        {"client_id": "rs", "client_secret": "s", "resources": ["https://api.test/a"]},
    ]);
    let file = Json::new("clients", &file.to_string());
    let server = Example::server(&["--clients", file.path()]);
    let mut browser = Browser::new(&server.base);
    for id in ["plain", "forever", "later", "partly"] {
        assert_eq!(status(&mut browser, id).0, StatusCode::OK, "{id}");
    }
    let bound = status(&mut browser, "bound");
    if cfg!(feature = "jose") {
        assert_eq!(bound, (StatusCode::BAD_REQUEST, "invalid_dpop_proof".to_owned()));
    } else {
        assert_eq!(bound, (StatusCode::UNAUTHORIZED, "invalid_client".to_owned()));
    }
    for id in ["expired", "assertion", "brief", "wrong", "demo-service"] {
        assert_eq!(status(&mut browser, id), (StatusCode::UNAUTHORIZED, "invalid_client".to_owned()), "{id}");
    }
    assert_eq!(status(&mut browser, "rs"), (StatusCode::BAD_REQUEST, "unauthorized_client".to_owned()));
    assert!(browser.open(&authorization("spa", "https://spa.example/cb", &[])).asks_login());
    assert_eq!(browser.get(&authorization("insecure", "http://client.example/cb", &[])).error(), "invalid_client");
    let start = browser.get("/");
    assert!(!start.body.contains("demo-web-secret") && start.body.contains("wonderland"), "{start:?}");
    assert_eq!(browser.get("/walk/code").status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/walk/metadata").status, StatusCode::OK);

    let warnings = server.end();
    assert_eq!(warnings.contains("\"bound\" is left out"), !cfg!(feature = "jose"));
    for warning in [
        "\"partly\": grant type \"urn:example:unknown\"",
        "\"partly\": response type \"id_token\"",
        "\"partly\": id_token_signed_response_alg",
        "\"assertion\" is left out",
        "\"brief\" is left out",
        "\"plain\" is left out",
        "\"wrong\" is left out",
        "\"insecure\" is left out",
        "number 12 is left out",
        "\"spa\": it has no client_secret",
        "\"rs\": it has no redirect_uris",
    ] {
        assert!(warnings.contains(&format!("warning: client {warning}")), "{warning}: {warnings}");
    }
}

#[test]
fn a_profile_decides_what_is_served() {
    let old = ["password", "implicit"];
    let file = json!([{"client_id": "old", "client_secret": "s", "grant_types": ["password"], "scope": "read"}]);
    let file = Json::new("old", &file.to_string());
    for (profile, served) in [("oauth21", false), ("mcp", false), ("oauth20_legacy", true)] {
        let server = Example::server(&["--profile", profile, "--clients", file.path()]);
        let mut browser = Browser::new(&server.base);
        let metadata = browser.get("/.well-known/oauth-authorization-server").json();
        let grants = metadata["grant_types_supported"].as_array().unwrap();
        assert!(old.iter().all(|grant| grants.contains(&Value::from(*grant)) == served), "{profile}: {metadata}");
        let mut ask = |password: &str| {
            let fields = [("grant_type", "password"), ("username", "alice"), ("password", password), ("scope", "read")];
            let page = browser.post_as("old", "s", "/token", &fields);
            (page.status, page.json()["error"].as_str().unwrap_or_default().to_owned())
        };
        if served {
            assert_eq!(ask("wrong"), (StatusCode::BAD_REQUEST, "invalid_grant".to_owned()));
            assert_eq!(ask("wonderland").0, StatusCode::OK);
            for _ in 0..30 {
                ask("wrong");
            }
            assert_eq!(ask("wonderland").1, "invalid_grant", "guessing is slowed down here as well");
        } else {
            assert_eq!(ask("wonderland"), (StatusCode::BAD_REQUEST, "unsupported_grant_type".to_owned()), "{profile}");
        }
    }
}

#[test]
fn people_are_those_of_the_file() {
    let file = json!([{"username": "carol", "password": "pass", "sub": "c-1", "claims": {"name": "Carol <C>"}}]);
    let file = Json::new("users", &file.to_string());
    let server = Example::server(&["--users", file.path()]);
    let mut browser = Browser::new(&server.base);
    let page = browser.open(&crate::browser::native(&[]));
    assert!(!page.body.contains("wonderland") && !browser.get("/").body.contains("wonderland"));
    assert!(browser.log_in(&page, "alice", "wonderland").asks_login());
    let page = browser.log_in(&page, "carol", "pass");
    assert!(page.body.contains("Carol &lt;C&gt;"), "{page:?}");
    let answer = browser.decide(&page, "allow");
    let tokens = browser.redeem("/token", &answer);
    let seen = browser.call(http::Method::GET, "/api/whoami", tokens["access_token"].as_str().unwrap());
    assert_eq!(seen.json()["sub"], "c-1");
}

#[test]
fn what_cannot_work_is_said_at_the_start() {
    let bad = Json::new("bad", "{");
    let twice = Json::new(
        "twice",
        r#"[{"username": "a", "password": "a", "sub": "1"}, {"username": "a", "password": "b", "sub": "2"}]"#,
    );
    for (switches, says) in [
        (&["--clients", bad.path()][..], "clients"),
        (&["--clients", "nowhere.json"], "nowhere.json"),
        (&["--users", bad.path()], "users"),
        (&["--users", twice.path()], "twice"),
        (&["--issuer", "http://as.example"], "issuer"),
        (&["--issuer", "https://as.example/"], "issuer"),
        (&["--code-ttl", "0"], "code"),
        (&["--access-ttl", "soon"], "--access-ttl"),
        (&["--cors-origin", "https://a.example/"], "cors"),
        (&["--profile", "fapi"], "--profile"),
        #[cfg(not(feature = "jose"))]
        (&["--require-dpop-nonce"], "--require-dpop-nonce"),
        (&["--tls", "a"], "--tls"),
        (&["--tls", "nowhere.pem", "nowhere.pem"], "--tls nowhere.pem"),
        (&["--trust-ca", "nowhere.pem"], "--trust-ca nowhere.pem"),
    ] {
        let output = refused(switches);
        assert_eq!(output.status.code().map(|code| code != 0), Some(true), "{switches:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("error: ") && errors.contains(says), "{switches:?}: {errors}");
    }
}
