//! How a client finds a resource's authorization server from a refusal [RFC 9728].

use http::{Method, Request, Response, StatusCode};
use serde_json::json as value;

use grantor::record::Scope;
use grantor::resource::{Demand, ProtectedResource, ProtectedResourceFault};
use grantor::server::Place;
use grantor::wire::ResourceMetadata;

use crate::support::*;

const MCP: &str = "https://api.example/mcp";
const DOCUMENT: &str = "https://api.example/.well-known/oauth-protected-resource/mcp";

fn described() -> ProtectedResource {
    let scopes = Scope::parse("read write").unwrap();
    ProtectedResource::builder(MCP).authorization_server(ISSUER).scopes(&scopes).name("Notes").build().unwrap()
}

fn fetch(resource: &ProtectedResource, method: Method) -> Response<Vec<u8>> {
    resource.answer(&Request::builder().method(method).uri(resource.path()).body(()).unwrap())
}

/// The status of a call, and its challenge.
fn call(world: &World, token: Option<&str>, demand: Demand) -> (u16, String) {
    let mut request = get("/mcp");
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    match world.server.access(&request, demand) {
        Ok(_) => (200, String::new()),
        Err(response) => {
            let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
            (response.status().as_u16(), challenge)
        }
    }
}

#[test]
fn every_refusal_tells_where_the_metadata_is_and_what_scope_is_needed() {
    let world = world_with(|config| config.resource(MCP).resource("https://other.example/").realm("notes"));
    let resource = described();
    let demand = |scope: &str| Demand::new(Scope::parse(scope).unwrap()).of(&resource);
    let token = |indicator: &str| {
        let code = world.code("spa", SPA, &[("resource", indicator)]);
        json(&world.token(&redeem("spa", SPA, &code)))["access_token"].as_str().unwrap().to_owned()
    };
    let (good, other) = (token(MCP), token("https://other.example/"));
    assert_eq!(call(&world, Some(&good), demand("read")).0, 200);
    let rest = format!("resource_metadata=\"{DOCUMENT}\"");
    for (name, token, scope, status, error) in [
        ("no token", None, "read", 401, ""),
        ("nonsense", Some("nonsense"), "read", 401, "invalid_token"),
        ("for another resource", Some(&*other), "read", 401, "invalid_token"),
        ("too little scope", Some(&*good), "read admin", 403, "insufficient_scope"),
        ("no characters of a token", Some("\""), "read", 400, "invalid_request"),
    ] {
        let (found, challenge) = call(&world, token, demand(scope));
        assert_eq!(found, status, "{name}");
        assert!(challenge.starts_with("Bearer realm=\"notes\", "), "{name}: {challenge}");
        assert!(challenge.ends_with(&format!("scope=\"{scope}\", {rest}")), "{name}: {challenge}");
        assert_eq!(challenge.contains("error="), !error.is_empty(), "{name}: {challenge}");
        assert!(challenge.contains(error), "{name}: {challenge}");
    }
    let without = Demand::new(Scope::empty());
    assert_eq!(call(&world, None, without), (401, "Bearer realm=\"notes\"".to_owned()));
}

#[test]
fn the_document_is_served_to_get_and_head_and_read_by_its_own_clients_only() {
    let resource = described();
    assert_eq!((resource.metadata_url(), resource.path()), (DOCUMENT, "/.well-known/oauth-protected-resource/mcp"));
    let whole = fetch(&resource, Method::GET);
    assert_eq!(
        (whole.status(), &whole.headers()["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    let expected = value!({
        "resource": MCP, "authorization_servers": [ISSUER], "scopes_supported": ["read", "write"],
        "bearer_methods_supported": ["header"], "resource_name": "Notes",
    });
    assert_eq!(json(&whole), expected);
    let parsed = ResourceMetadata::parse(whole.body(), MCP).unwrap();
    assert_eq!(&parsed, resource.metadata());
    for other in
        ["https://api.example/mcp/", "https://api.example", "https://evil.example/mcp", "https://API.example/mcp"]
    {
        assert_eq!(ResourceMetadata::parse(whole.body(), other), None, "{other}");
    }
    for broken in ["", "[]", "{", "{\"resource\":7}", "{\"scopes_supported\":[]}"] {
        assert_eq!(ResourceMetadata::parse(broken.as_bytes(), MCP), None, "{broken}");
    }
    let unknown = value!({"resource": MCP, "resource_name#it": "Note", "signed_metadata": "e30.e30."}).to_string();
    let unknown = ResourceMetadata::parse(unknown.as_bytes(), MCP).unwrap();
    assert_eq!((unknown.resource_name, &unknown.other["resource_name#it"]), (None, &value!("Note")));
    let head = fetch(&resource, Method::HEAD);
    assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
    let refused = fetch(&resource, Method::POST);
    assert_eq!((refused.status(), refused.body().len()), (StatusCode::METHOD_NOT_ALLOWED, 0));
    assert!(refused.headers()["allow"].to_str().unwrap().starts_with("GET, HEAD"));
}

#[test]
fn the_well_known_part_goes_between_host_and_path() {
    let known = "/.well-known/oauth-protected-resource";
    for (resource, path, query) in [
        ("https://api.example", "", ""),
        ("https://api.example/", "", ""),
        ("https://api.example:8443/a", "/a", ""),
        ("https://api.example/a/b/", "/a/b/", ""),
        ("https://api.example/?t=1", "", "?t=1"),
        ("https://api.example/a?t=/b", "/a", "?t=/b"),
        ("http://127.0.0.1:8080/api", "/api", ""),
        ("http://[::1]/api", "/api", ""),
    ] {
        let described = ProtectedResource::builder(resource).build().unwrap();
        let host = url::Url::parse(resource).unwrap().origin().ascii_serialization();
        assert_eq!(described.metadata_url(), format!("{host}{known}{path}{query}"), "{resource}");
        assert_eq!(described.path(), format!("{known}{path}"), "{resource}");
    }
    for resource in ["", "urn:example:a", "https://", "https:///a", "https://api.example/#a", "://a"] {
        assert_eq!(ResourceMetadata::url(resource), None, "{resource}");
    }
}

#[test]
fn a_description_that_no_client_could_believe_is_refused() {
    let of = ProtectedResource::builder;
    for resource in [
        "http://api.example/",
        "https://API.example/",
        "https://api.example:443/",
        "https://api.example/a/../b",
        "https://api.example/#a",
        "https://user@api.example/",
        "ftp://api.example/",
        "urn:example:a",
        "api.example",
        "",
    ] {
        assert_eq!(of(resource).build(), Err(ProtectedResourceFault::Identifier(resource.into())), "{resource}");
    }
    let good = || of(MCP);
    for (found, fault) in [
        (
            good().authorization_server("http://as.example"),
            ProtectedResourceFault::AuthorizationServer("http://as.example".into()),
        ),
        (good().documentation("javascript:alert(1)"), ProtectedResourceFault::Page("javascript:alert(1)".into())),
        (
            good().policy_uri("http://api.example/policy"),
            ProtectedResourceFault::Page("http://api.example/policy".into()),
        ),
        (good().tos_uri("tos"), ProtectedResourceFault::Page("tos".into())),
    ] {
        assert_eq!(found.build(), Err(fault));
    }
    let whole = good().documentation("https://api.example/docs#oauth").policy_uri("https://api.example/p");
    let whole = whole.tos_uri("https://api.example/t").accepts_form().build().unwrap();
    let document = json(&fetch(&whole, Method::GET));
    assert_eq!(document["bearer_methods_supported"], value!(["header", "body"]));
    assert_eq!(document["resource_documentation"], "https://api.example/docs#oauth");
}

#[test]
fn a_resource_that_takes_forms_says_so_and_does() {
    let world = world_with(|config| config.resource(MCP));
    let code = world.code("spa", SPA, &[("resource", MCP)]);
    let token = json(&world.token(&redeem("spa", SPA, &code)))["access_token"].as_str().unwrap().to_owned();
    let request = post("/mcp", &[("access_token", &token)]);
    for (builder, passes) in
        [(ProtectedResource::builder(MCP), false), (ProtectedResource::builder(MCP).accepts_form(), true)]
    {
        let demand = Demand::new(Scope::parse("read").unwrap()).of(&builder.build().unwrap());
        assert_eq!(world.server.access(&request, demand).is_ok(), passes);
    }
}

#[test]
fn the_server_says_of_itself_what_its_operator_said() {
    let named = |world: &World| json(&world.server.answer(Place::Metadata, &get("/")));
    let plain = named(&world());
    let members =
        ["service_documentation", "ui_locales_supported", "op_policy_uri", "op_tos_uri", "protected_resources"];
    assert!(members.iter().all(|name| plain.get(name).is_none()), "{plain}");
    let world = world_with(|config| {
        config.audience("https://api.example/").resource(MCP).about(|about| {
            about.service_documentation = Some("https://as.example/docs".into());
            about.op_policy_uri = Some("https://as.example/policy".into());
            about.op_tos_uri = Some("https://as.example/tos".into());
            about.ui_locales = vec!["en".into(), "pt-BR".into()];
            about.protected_resources = true;
        })
    });
    let whole = named(&world);
    let expected = [
        value!("https://as.example/docs"),
        value!(["en", "pt-BR"]),
        value!("https://as.example/policy"),
        value!("https://as.example/tos"),
        value!(["https://api.example/", MCP]),
    ];
    for (name, expected) in members.iter().zip(expected) {
        assert_eq!(whole[name], expected, "{name}");
    }
    let basic = post_as("/token", &basic("web", "wrong"), &[("grant_type", "client_credentials")]);
    let realms = world_with(|config| config.realm("as of example"));
    let refused = realms.server.answer(Place::Token, &basic);
    assert_eq!(refused.headers()["www-authenticate"], "Basic realm=\"as of example\"");
    for change in [
        (|c| c.realm("a\"b")) as fn(grantor::ConfigBuilder) -> grantor::ConfigBuilder,
        |c| c.realm("a\\b"),
        |c| c.realm("a\r\nb"),
        |c| c.realm(""),
        |c| c.about(|about| about.op_tos_uri = Some("http://as.example/tos".into())),
        |c| c.about(|about| about.ui_locales = vec!["en_US".into()]),
        |c| c.about(|about| about.ui_locales = vec![String::new()]),
    ] {
        let fault = change(config()).build().unwrap_err().to_string();
        assert!(fault.starts_with("realm ") || fault.starts_with("about: "), "{fault}");
    }
}
