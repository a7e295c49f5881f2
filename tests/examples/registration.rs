//! Clients that register themselves at the example `server`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Browser, Page};
use crate::process::Example;

fn register(browser: &mut Browser, token: Option<&str>, body: &Value) -> Page {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let authorization = bearer.iter().map(|bearer| ("authorization", bearer.as_str()));
    let headers: Vec<_> = [("content-type", "application/json")].into_iter().chain(authorization).collect();
    browser.send(Method::POST, "/register", &headers, &body.to_string())
}

#[test]
fn registration_is_there_only_where_a_switch_says_so() {
    let metadata = |browser: &mut Browser| browser.get("/.well-known/oauth-authorization-server").json();
    let service = json!({"grant_types": ["client_credentials"]});
    let app = json!({"redirect_uris": ["https://app.example/cb"]});

    let closed = Example::server(&[]);
    let mut browser = Browser::new(&closed.base);
    assert_eq!(metadata(&mut browser)["registration_endpoint"], Value::Null);
    assert_eq!(register(&mut browser, None, &app).status, StatusCode::NOT_FOUND);

    let guarded = Example::server(&["--initial-access-token", "let-me-in"]);
    let mut browser = Browser::new(&guarded.base);
    assert_eq!(metadata(&mut browser)["registration_endpoint"], format!("{}/register", guarded.base));
    assert_eq!(register(&mut browser, None, &service).status, StatusCode::UNAUTHORIZED);
    assert_eq!(register(&mut browser, Some("guess"), &service).status, StatusCode::UNAUTHORIZED);
    let client = register(&mut browser, Some("let-me-in"), &service).json();
    let text = |name: &str| client[name].as_str().unwrap();
    let fields = [("grant_type", "client_credentials"), ("scope", "read")];
    let token = browser.post_as(text("client_id"), text("client_secret"), "/token", &fields).json();
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(browser.call(Method::GET, "/api/whoami", token).json()["client_id"], text("client_id"));
    let gone = browser.call(Method::DELETE, text("registration_client_uri"), text("registration_access_token"));
    assert_eq!((gone.status, gone.body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(browser.call(Method::GET, "/api/whoami", token).status, StatusCode::UNAUTHORIZED);

    let open = Example::server(&["--open-registration"]);
    let mut browser = Browser::new(&open.base);
    assert_eq!(register(&mut browser, None, &app).status, StatusCode::CREATED);
    // Nobody gives tokens to themselves.
    assert_eq!(register(&mut browser, None, &service).json()["error"], "invalid_client_metadata");
}
