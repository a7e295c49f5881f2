//! What `build` refuses, what is advertised, and where it is mounted.

use std::time::Duration;

use http::{Method, StatusCode};

use grantor::record::{Client, ClientFault, ClientMetadata, GrantType, RedirectUriFault, ResponseType};
use grantor::server::Place;
use grantor::{Config, ConfigBuilder, ConfigFault};

use crate::support::*;

#[test]
fn an_issuer_is_https_or_the_same_machine_and_has_one_spelling() {
    for issuer in [
        "https://as.example",
        "https://as.example:8443",
        "https://as.example/tenant/1",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost:1",
    ] {
        assert!(Config::builder(issuer).build().is_ok(), "{issuer}");
    }
    for issuer in [
        "http://as.example",
        "https://as.example/",
        "https://as.example/tenant/",
        "https://AS.example",
        "https://as.example:443",
        "https://as.example?x",
        "https://as.example#x",
        "https://user@as.example",
        "https://as.example/a/../b",
        "https://as.example//a",
        "ftp://as.example",
        "as.example",
        "",
    ] {
        let refused = Config::builder(issuer).build();
        assert!(matches!(refused, Err(ConfigFault::Issuer(_))), "{issuer}: {refused:?}");
    }
}

#[test]
fn an_option_that_could_not_work_is_named_with_advice() {
    let second = Duration::from_secs(1);
    let day = Duration::from_secs(86_400);
    let cases: Vec<(&str, fn(ConfigBuilder) -> ConfigBuilder)> = vec![
        ("scopes", |c| c.scopes(["read write"])),
        ("scopes", |c| c.scopes(["re\"ad"])),
        ("scopes", |c| c.scopes([""])),
        ("default_scope", |c| c.default_scope("unknown")),
        ("default_scope", |c| c.default_scope("\"")),
        ("audience", |c| c.audience("not a uri")),
        ("audience", |c| c.audience("https://api.example/#x")),
        ("limits", |c| c.limits(|limits| limits.body = 10)),
        ("limits", |c| c.limits(|limits| limits.parameters = 1)),
        ("limits", |c| c.limits(|limits| limits.value = 10)),
        ("brand", |c| c.brand("with space")),
        ("brand", |c| c.brand("x".repeat(33))),
        ("paths", |c| c.paths(|paths| paths.token = "token".into())),
        ("paths", |c| c.paths(|paths| paths.token = "/".into())),
        ("paths", |c| c.paths(|paths| paths.token = "/to{ken}".into())),
        ("paths", |c| c.paths(|paths| paths.token = "/../token".into())),
        ("paths", |c| c.paths(|paths| paths.token = paths.revocation.clone())),
    ];
    for (option, change) in cases {
        let text = change(config()).build().unwrap_err().to_string();
        assert!(text.starts_with(option), "{option}: {text}");
    }
    for (option, change) in [
        (
            "code",
            Box::new(|l: &mut grantor::Lifetimes| l.code = Duration::ZERO) as Box<dyn FnOnce(&mut grantor::Lifetimes)>,
        ),
        ("code", Box::new(move |l| l.code = second * 601)),
        ("access_token", Box::new(|l| l.access_token = Duration::from_millis(999))),
        ("refresh_idle", Box::new(move |l| l.refresh_idle = day * 400)),
        ("refresh_idle", Box::new(|l| l.refresh_idle = Duration::ZERO)),
        ("refresh_retry", Box::new(move |l| l.refresh_retry = second * 301)),
    ] {
        let text = config().lifetimes(change).build().unwrap_err().to_string();
        assert!(text.starts_with(&format!("lifetimes: {option}: ")), "{option}: {text}");
    }
    assert!(config().build().is_ok());
}

#[test]
fn a_client_that_contradicts_itself_is_refused() {
    let metadata = |json: serde_json::Value| serde_json::from_value::<ClientMetadata>(json).unwrap();
    let public = |json| Client::builder("c").metadata(metadata(json)).build().map(|_| ());
    let confidential = |json| Client::builder("c").metadata(metadata(json)).secret(secret("s")).build().map(|_| ());
    let uris = serde_json::json!(["https://c.example/cb"]);
    let good = serde_json::json!({"redirect_uris": uris, "token_endpoint_auth_method": "none"});
    assert_eq!(public(good), Ok(()));
    assert_eq!(confidential(serde_json::json!({"redirect_uris": uris, "client_name#ja": "x"})), Ok(()));
    for (found, fault) in [
        (Client::builder("").redirect_uri("https://c.example/cb").build().map(|_| ()), ClientFault::Id),
        (Client::builder("é").redirect_uri("https://c.example/cb").build().map(|_| ()), ClientFault::Id),
        (public(serde_json::json!({"redirect_uris": []})), ClientFault::RedirectUriMissing),
        (
            public(serde_json::json!({"redirect_uris": uris, "token_endpoint_auth_method": "client_secret_basic"})),
            ClientFault::SecretMissing,
        ),
        (
            confidential(serde_json::json!({"redirect_uris": uris, "token_endpoint_auth_method": "none"})),
            ClientFault::SecretOfPublicClient,
        ),
        (
            confidential(serde_json::json!({"redirect_uris": uris, "token_endpoint_auth_method": "magic"})),
            ClientFault::AuthenticationMethod("magic".into()),
        ),
        (
            public(serde_json::json!({"redirect_uris": uris, "grant_types": ["banana"]})),
            ClientFault::GrantType("banana".into()),
        ),
        (public(serde_json::json!({"grant_types": ["client_credentials"]})), ClientFault::PublicClientCredentials),
        (
            public(serde_json::json!({"redirect_uris": uris, "response_types": ["token"]})),
            ClientFault::ResponseTypeWithoutGrant(ResponseType::Token, GrantType::Implicit),
        ),
        (
            confidential(serde_json::json!({"grant_types": ["client_credentials"], "response_types": ["code"]})),
            ClientFault::ResponseTypeWithoutGrant(ResponseType::Code, GrantType::AuthorizationCode),
        ),
        (
            public(serde_json::json!({"redirect_uris": uris, "response_types": ["code id_token"]})),
            ClientFault::ResponseType("code id_token".into()),
        ),
        (
            confidential(serde_json::json!({"grant_types": ["implicit"], "response_types": ["token"]})),
            ClientFault::RedirectUriMissing,
        ),
        (
            confidential(serde_json::json!({"grant_types": [], "response_types": ["none"]})),
            ClientFault::RedirectUriMissing,
        ),
        (
            public(serde_json::json!({"redirect_uris": ["javascript:alert(1)"]})),
            ClientFault::RedirectUri("javascript:alert(1)".into(), RedirectUriFault::InsecureScheme),
        ),
    ] {
        assert_eq!(found, Err(fault));
    }
}

#[test]
fn metadata_says_what_is_there_and_every_endpoint_it_names_is_mounted() {
    for issuer in ["https://as.example", "https://as.example/tenant"] {
        let config = Config::builder(issuer).scopes(["read"]).build().unwrap();
        let metadata = serde_json::to_value(config.metadata()).unwrap();
        let routes = config.routes();
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["scopes_supported"], serde_json::json!(["read"]));
        assert_eq!(metadata["response_types_supported"], serde_json::json!(["code"]));
        assert_eq!(metadata["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        let named = metadata.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"));
        let mut count = 0;
        for (name, url) in named {
            let path = url::Url::parse(url.as_str().unwrap()).unwrap().path().to_owned();
            assert!(routes.iter().any(|route| route.path == path), "{name} {path}");
            count += 1;
        }
        assert_eq!(count + 1, routes.len(), "and the document itself");
        for grant in metadata["grant_types_supported"].as_array().unwrap() {
            assert!(GrantType::parse(grant.as_str().unwrap()).is_some());
        }
    }
    let tenant = Config::builder("https://as.example/tenant").build().unwrap();
    assert!(tenant.routes().iter().any(|route| route.path == "/.well-known/oauth-authorization-server/tenant"));
}

#[test]
fn the_metadata_document_is_served_to_get_and_head() {
    let world = world();
    let mut request = get("/.well-known/oauth-authorization-server");
    let whole = world.server.answer(Place::Metadata, &request);
    assert_eq!(
        (whole.status(), &whole.headers()["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    assert_eq!(json(&whole)["token_endpoint"], "https://as.example/token");
    let parsed = grantor::wire::ServerMetadata::parse(whole.body(), ISSUER).unwrap();
    assert_eq!(parsed, world.server.config().metadata());
    assert_eq!(grantor::wire::ServerMetadata::parse(whole.body(), "https://evil.example"), None);
    *request.method_mut() = Method::HEAD;
    let head = world.server.answer(Place::Metadata, &request);
    assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
    *request.method_mut() = Method::POST;
    let refused = world.server.answer(Place::Metadata, &request);
    assert_eq!(
        (refused.status(), refused.headers()["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD, OPTIONS")
    );
}
