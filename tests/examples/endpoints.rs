//! The endpoints, the resource and the pages of the example `server`.

use http::{Method, StatusCode};
use serde_json::Value;
use url::form_urlencoded;

use crate::browser::{Browser, NATIVE, Page, authorization, form, native, web};
use crate::process::Example;

const SERVICE: (&str, &str) = ("demo-service", "demo-service-secret");

#[test]
fn tokens_open_the_resource_until_they_are_revoked() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let answer = browser.approve(&native(&[("scope", "read write")]));
    let tokens = browser.redeem("/token", &answer);
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let seen = browser.call(Method::GET, "/api/whoami", access).json();
    assert_eq!(seen, serde_json::json!({"sub": "user-1", "client_id": "demo-app", "scope": "read write"}));
    assert_eq!(browser.call(Method::POST, "/api/whoami", access).status, StatusCode::OK);

    let fields =
        [("grant_type", "refresh_token"), ("client_id", "demo-app"), ("refresh_token", refresh), ("scope", "read")];
    let narrow = browser.post("/token", &fields).json();
    let narrow = narrow["access_token"].as_str().unwrap();
    assert_eq!(browser.call(Method::GET, "/api/whoami", narrow).status, StatusCode::OK);
    let refused = browser.call(Method::POST, "/api/whoami", narrow);
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.header("www-authenticate").contains("error=\"insufficient_scope\""));
    let query = [("client_id", "demo-app"), ("token", narrow)];
    let active = browser.post("/introspect", &query).json();
    assert_eq!((&active["active"], &active["sub"]), (&Value::from(true), &Value::from("user-1")));

    assert_eq!(browser.post("/revoke", &[("client_id", "demo-app"), ("token", access)]).status, StatusCode::OK);
    for token in [access, narrow] {
        let refused = browser.call(Method::GET, "/api/whoami", token);
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    assert_eq!(browser.post("/introspect", &query).json(), serde_json::json!({"active": false}));
}

#[test]
fn the_resource_takes_a_token_from_the_header_only() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let missing = browser.get("/api/whoami");
    assert_eq!(missing.status, StatusCode::UNAUTHORIZED);
    assert!(!missing.header("www-authenticate").contains("error"), "{missing:?}");
    let document = format!("{}/.well-known/oauth-protected-resource/api/whoami", server.base);
    assert!(missing.header("www-authenticate").contains(&format!("resource_metadata=\"{document}\"")), "{missing:?}");
    let described = browser.get("/.well-known/oauth-protected-resource/api/whoami").json();
    assert_eq!(described["resource"], format!("{}/api/whoami", server.base));
    assert_eq!(described["authorization_servers"], serde_json::json!([server.base]));
    let fields = [("grant_type", "client_credentials"), ("scope", "read write")];
    let token = browser.post_as(SERVICE.0, SERVICE.1, "/token", &fields).json();
    let token = token["access_token"].as_str().unwrap();
    let seen = browser.call(Method::GET, "/api/whoami", token).json();
    assert_eq!(seen, serde_json::json!({"sub": null, "client_id": "demo-service", "scope": "read write"}));
    assert_eq!(browser.get(&format!("/api/whoami?access_token={token}")).status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.post("/api/whoami", &[("access_token", token)]).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn scripts_of_a_listed_origin_may_call() {
    const ORIGIN: (&str, &str) = ("origin", "https://portal.example");
    let server = Example::server(&["--cors-origin", ORIGIN.1]);
    let mut browser = Browser::new(&server.base);
    let asks = [ORIGIN, ("access-control-request-method", "POST")];
    for (to, allowed) in [("/token", ORIGIN.1), ("/api/whoami", "*")] {
        let preflight = browser.send(Method::OPTIONS, to, &asks, "");
        assert_eq!(
            (preflight.status, preflight.header("access-control-allow-origin")),
            (StatusCode::NO_CONTENT, allowed)
        );
        let answer = browser.send(Method::POST, to, &[ORIGIN], "");
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{answer:?}");
    }
    let page = browser.send(Method::GET, &native(&[]), &[ORIGIN], "");
    assert!(!page.headers.contains_key("access-control-allow-origin"), "{page:?}");
}

#[test]
fn a_spent_code_revokes_what_it_gave() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let answer = browser.approve(&native(&[]));
    let tokens = browser.redeem("/token", &answer);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "demo-app"),
        ("code", &*answer.parameter("code").unwrap()),
        ("redirect_uri", NATIVE),
        ("code_verifier", crate::browser::VERIFIER),
    ];
    assert_eq!(browser.post("/token", &fields).json()["error"], "invalid_grant");
    let refused = browser.call(Method::GET, "/api/whoami", tokens["access_token"].as_str().unwrap());
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn what_cannot_be_sent_to_the_client_is_a_page() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    for (to, error) in [
        (native(&[("redirect_uri", "https://evil.example/cb")]), "invalid_redirect_uri"),
        (native(&[("redirect_uri", "https://evil.example/cb"), ("prompt", "none")]), "invalid_redirect_uri"),
        (native(&[("redirect_uri", "")]), "invalid_request"),
        (native(&[("client_id", "")]), "invalid_request"),
        (native(&[("client_id", "nobody")]), "invalid_client"),
        (format!("{}&redirect_uri=x", native(&[])), "invalid_request"),
        (format!("{}&client_id=demo-app", native(&[])), "invalid_request"),
        (format!("{}&other=%zz", native(&[])), "invalid_request"),
    ] {
        let page = browser.get(&to);
        assert_eq!((page.status, page.error()), (StatusCode::BAD_REQUEST, error), "{to}");
        assert!(!page.headers.contains_key("location") && !page.headers.contains_key("set-cookie"), "{page:?}");
    }
    let page = browser.send(Method::POST, "/authorize", &[("content-type", "application/json")], "{}");
    assert_eq!((page.status, page.error()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request"));
    let answer = browser.get(&native(&[("response_type", "token")]));
    assert_eq!(answer.parameter("error").as_deref(), Some("unsupported_response_type"));
}

#[test]
fn every_page_is_kept_from_frames_caches_and_scripts() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let login = browser.open(&native(&[]));
    let consent = browser.log_in(&login, "alice", "wonderland");
    let pages = [
        login,
        consent,
        browser.get("/"),
        browser.get("/device?user_code=%22%3E%3Cscript%3E"),
        browser.get("/walk/code"),
        browser.get("/walk/metadata"),
        browser.get("/login?request=unknown"),
        browser.get("/walk/callback?code=x"),
        browser.get("/nowhere"),
        browser.get("/authorize"),
        browser.post("/login", &[]),
    ];
    for page in pages {
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action '"] {
            assert!(policy.contains(part), "{page:?}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script"), "{policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(page.header(name), value, "{page:?}");
        }
        assert!(page.body.contains("<html lang=\"en\">") && page.body.matches("<h1>").count() == 1, "{page:?}");
        assert!(!page.body.contains("<script") && !page.body.contains(" style="), "{page:?}");
    }
    assert_eq!(browser.get("/style.css").header("content-type"), "text/css; charset=utf-8");
}

#[test]
fn a_form_post_response_is_a_page_that_posts_itself() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let page = browser.approve(&web(&[("response_mode", "form_post")]));
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("action=\"https://web.example/callback\"") && !page.hidden("code").is_empty());
}

#[test]
fn methods_types_and_sizes_are_refused_where_they_do_not_fit() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    for (method, path, allow) in [
        (Method::GET, "/token", "POST, OPTIONS"),
        (Method::PUT, "/introspect", "POST"),
        (Method::DELETE, "/revoke", "POST, OPTIONS"),
        (Method::PUT, "/authorize", "GET, POST"),
        (Method::DELETE, "/device", "GET, POST"),
        (Method::POST, "/.well-known/oauth-authorization-server", "GET, HEAD, OPTIONS"),
        (Method::DELETE, "/api/whoami", "GET,HEAD,POST,OPTIONS"),
        (Method::PUT, "/login", "GET,HEAD,POST"),
    ] {
        let page = browser.send(method, path, &[], "");
        assert_eq!((page.status, page.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, allow), "{path}");
    }
    let large = "a".repeat(70_000);
    for path in ["/token", "/introspect", "/revoke", "/par", "/authorize", "/device", "/login", "/api/whoami"] {
        assert_eq!(browser.post(path, &[("a", &large)]).status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    for path in ["/token", "/introspect", "/revoke"] {
        let page = browser.send(Method::POST, path, &[("content-type", "application/json")], "{}");
        assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
}

#[test]
fn what_is_advertised_exists_also_below_a_path() {
    for path in ["", "/tenant", "/a/b"] {
        let issuer = format!("http://127.0.0.1{path}");
        let server = Example::server(&["--issuer", &issuer]);
        let mut browser = Browser::new(&server.base);
        let metadata = browser.get(&format!("/.well-known/oauth-authorization-server{path}")).json();
        assert_eq!(metadata["issuer"], Value::from(issuer.clone()));
        let endpoints = metadata.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"));
        let endpoints: Vec<_> = endpoints.map(|(name, uri)| (name, uri.as_str().unwrap())).collect();
        for name in [
            "authorization",
            "token",
            "revocation",
            "introspection",
            "pushed_authorization_request",
            "device_authorization",
        ] {
            assert!(metadata[format!("{name}_endpoint")].is_string(), "{name}: {metadata}");
        }
        for (name, uri) in endpoints {
            let there = uri.strip_prefix("http://127.0.0.1").unwrap();
            assert!(there.starts_with(path), "{uri}");
            let page = browser.send(Method::PUT, there, &[], "");
            assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{name}");
        }
        let answer = browser.approve(&format!("{path}{}", native(&[])));
        assert_eq!(answer.parameter("iss").as_deref(), Some(&*issuer));
        let tokens = browser.redeem(&format!("{path}/token"), &answer);
        for resource in ["/api/whoami".to_owned(), format!("{path}/api/whoami")] {
            let seen = browser.call(Method::GET, &resource, tokens["access_token"].as_str().unwrap());
            assert_eq!(seen.status, StatusCode::OK, "{resource}");
        }
    }
}

#[test]
fn lifetimes_are_what_the_switches_say() {
    let server = Example::server(&["--code-ttl", "1", "--access-ttl", "4"]);
    let mut browser = Browser::new(&server.base);
    let answer = browser.approve(&native(&[]));
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let code = answer.parameter("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "demo-app"),
        ("code", &*code),
        ("redirect_uri", NATIVE),
        ("code_verifier", crate::browser::VERIFIER),
    ];
    assert_eq!(browser.post("/token", &fields).json()["error"], "invalid_grant");
    let token = browser.post_as(SERVICE.0, SERVICE.1, "/token", &[("grant_type", "client_credentials")]).json();
    assert_eq!((&token["expires_in"], &token["scope"]), (&Value::from(4), &Value::from("read")));
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(browser.call(Method::GET, "/api/whoami", token).status, StatusCode::OK);
    std::thread::sleep(std::time::Duration::from_millis(5100));
    assert_eq!(browser.call(Method::GET, "/api/whoami", token).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn whoever_serves_a_token_or_owns_it_may_exchange_it() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let token = |page: &Page| page.json()["access_token"].as_str().unwrap_or_else(|| panic!("{page:?}")).to_owned();
    let exchange = |browser: &mut Browser, subject: &str, more: &[(&str, &str)]| {
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
        let kind = ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token");
        let fields = [&[grant, kind, ("subject_token", subject)], more].concat();
        browser.post_as(SERVICE.0, SERVICE.1, "/token", &fields)
    };
    let answer = browser.approve(&native(&[("resource", "https://api.test/b")]));
    let elsewhere = browser.redeem("/token", &answer)["access_token"].as_str().unwrap().to_owned();
    let page = browser.open(&native(&[]));
    let answer = browser.decide(&page, "allow");
    let here = browser.redeem("/token", &answer)["access_token"].as_str().unwrap().to_owned();

    assert_eq!(exchange(&mut browser, &elsewhere, &[]).json()["error"], "unauthorized_client");
    let own =
        browser.post_as(SERVICE.0, SERVICE.1, "/token", &[("grant_type", "client_credentials"), ("scope", "read")]);
    let own = token(&own);
    assert_eq!(exchange(&mut browser, &own, &[]).status, StatusCode::OK);
    let actor = [
        ("actor_token", &*own),
        ("actor_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", "https://api.test/b"),
    ];
    let exchanged = token(&exchange(&mut browser, &here, &actor));
    let seen = browser.post_as(SERVICE.0, SERVICE.1, "/introspect", &[("token", &exchanged)]).json();
    assert_eq!((&seen["sub"], &seen["act"]["client_id"]), (&Value::from("user-1"), &Value::from(SERVICE.0)), "{seen}");
    assert_eq!(seen["aud"], serde_json::json!(["https://api.test/b"]));
}

#[test]
fn a_pushed_request_is_brought_in_time() {
    let server = Example::server(&["--par-ttl", "1"]);
    let mut browser = Browser::new(&server.base);
    let pushed = native(&[("state", "pushed")]);
    let fields: Vec<_> = form_urlencoded::parse(pushed.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let push = |browser: &mut Browser| {
        let page = browser.post("/par", &fields);
        assert_eq!((page.status, &page.json()["expires_in"]), (StatusCode::CREATED, &Value::from(1)), "{page:?}");
        let request_uri = page.json()["request_uri"].as_str().unwrap().to_owned();
        format!("/authorize?{}", form(&[("client_id", "demo-app"), ("request_uri", &request_uri)]))
    };
    let to = push(&mut browser);
    let answer = browser.approve(&to);
    assert_eq!(answer.parameter("state").as_deref(), Some("pushed"));
    browser.redeem("/token", &answer);
    assert_eq!(browser.get(&to).status, StatusCode::BAD_REQUEST, "it was answered");
    let late = push(&mut browser);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(browser.get(&late).status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_token_is_for_the_resources_that_were_asked_for() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    let whoami = format!("{}/api/whoami", server.base);
    let token = |browser: &mut Browser, resources: &[&str]| {
        let mut fields = vec![("grant_type", "client_credentials"), ("scope", "read")];
        fields.extend(resources.iter().map(|resource| ("resource", *resource)));
        browser.post_as(SERVICE.0, SERVICE.1, "/token", &fields)
    };
    for (resources, audience, status) in [
        (&[][..], serde_json::json!([whoami]), StatusCode::OK),
        (&[&*whoami], serde_json::json!([whoami]), StatusCode::OK),
        (&["https://api.test/a"], serde_json::json!(["https://api.test/a"]), StatusCode::UNAUTHORIZED),
    ] {
        let page = token(&mut browser, resources);
        let text = page.json()["access_token"].as_str().unwrap_or_else(|| panic!("{page:?}")).to_owned();
        let seen = browser.post_as(SERVICE.0, SERVICE.1, "/introspect", &[("token", &text)]).json();
        assert_eq!(seen["aud"], audience);
        assert_eq!(browser.call(Method::GET, "/api/whoami", &text).status, status, "{resources:?}");
    }
    for resources in [&["https://api.test/c"][..], &["https://api.test/a", "https://api.test/b"]] {
        let refused = token(&mut browser, resources);
        assert_eq!(refused.json()["error"], "invalid_target", "{resources:?}");
    }
}

#[test]
fn a_loopback_redirect_uri_may_have_any_port() {
    let server = Example::server(&[]);
    let mut browser = Browser::new(&server.base);
    for uri in ["http://127.0.0.1:1234/callback", "http://[::1]:1/callback", "http://localhost:65535/callback"] {
        assert!(browser.open(&authorization("demo-app", uri, &[])).asks_login(), "{uri}");
    }
    let page = browser.get(&authorization("demo-web", "https://web.example:8443/callback", &[]));
    assert_eq!(page.error(), "invalid_redirect_uri");
}
