//! Resource indicators: what may be asked for, and what a token is then for [RFC 8707].

use http::StatusCode;

use grantor::Progress;
use grantor::record::{Client, GrantType, Resource};
use grantor::server::Visitor;

use crate::support::*;

const A: &str = "https://api.test/a";
const B: &str = "https://api.test/b";
const USUAL: &str = "https://usual.test/";
const SPA: &str = "https://spa.example/cb";

fn with_resources() -> World {
    let world = world_with(|config| config.audience(USUAL).resource(A).resource_with_scopes(B, "write admin"));
    let only_a = Client::builder("only-a").redirect_uri("https://only.example/cb");
    world.server.store().put_client(only_a.may_ask_for([Resource::parse(A).unwrap()]).build().unwrap());
    world
}

/// The good request with these resources, whose parameter may come more than once.
fn asking(client: &str, redirect_uri: &str, resources: &[&str]) -> http::Request<Vec<u8>> {
    let good = authorization(client, redirect_uri, &[("scope", "read write")]);
    let resources: Vec<_> = resources.iter().map(|resource| ("resource", *resource)).collect();
    get(&format!("{}&{}", good.uri().path_and_query().unwrap(), form(&resources)))
}

/// What becomes of a code for `granted` that is redeemed with `named`: audience and scope, or the error.
fn redeemed(world: &World, granted: &[&str], named: &[&str]) -> String {
    let code = parameter(&world.approved(&asking("spa", SPA, granted)), "code").unwrap();
    told(world, &redeem("spa", SPA, &code), named)
}

fn told(world: &World, request: &http::Request<Vec<u8>>, named: &[&str]) -> String {
    let mut request = request.clone();
    for resource in named {
        request.body_mut().extend(format!("&{}", form(&[("resource", resource)])).bytes());
    }
    let response = world.token(&request);
    let body = json(&response);
    if response.status() != StatusCode::OK {
        return body["error"].as_str().unwrap().to_owned();
    }
    let seen = world.introspect(body["access_token"].as_str().unwrap());
    assert_eq!(seen["scope"], body["scope"]);
    let audience =
        seen["aud"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(" ");
    format!("{audience}: {}", body["scope"].as_str().unwrap())
}

#[test]
fn a_token_is_for_one_granted_resource_and_has_only_its_scopes() {
    let world = with_resources();
    for (granted, named, told) in [
        (&[][..], &[][..], "https://usual.test/: read write"),
        (&[], &[USUAL], "https://usual.test/: read write"),
        (&[], &[A], "invalid_target"),
        (&[A], &[], "https://api.test/a: read write"),
        (&[A], &[A], "https://api.test/a: read write"),
        (&[A], &[B], "invalid_target"),
        (&[B], &[], "https://api.test/b: write"),
        (&[A, A], &[], "https://api.test/a: read write"),
        (&[A, B], &[B], "https://api.test/b: write"),
        (&[A, B], &[A, B], "invalid_target"),
        (&[A, B], &[], "invalid_target"),
        (&[A, B], &["https://api.test/c"], "invalid_target"),
    ] {
        assert_eq!(redeemed(&world, granted, named), told, "{granted:?} {named:?}");
    }
}

#[test]
fn a_refused_resource_consumes_neither_code_nor_refresh_token() {
    let world = with_resources();
    let code = parameter(&world.approved(&asking("spa", SPA, &[A, B])), "code").unwrap();
    let redeem = redeem("spa", SPA, &code);
    assert_eq!(told(&world, &redeem, &["nonsense"]), "invalid_target");
    let mut first = redeem;
    first.body_mut().extend(format!("&{}", form(&[("resource", A)])).bytes());
    let tokens = json(&world.token(&first));
    let refresh = refresh("spa", tokens["refresh_token"].as_str().unwrap());
    assert_eq!(told(&world, &refresh, &["https://api.test/c"]), "invalid_target");
    // Every refresh may choose anew among what was granted.
    assert_eq!(told(&world, &refresh, &[B]), "https://api.test/b: write");
}

#[test]
fn a_resource_that_cannot_be_is_refused_at_authorization() {
    let world = with_resources();
    for (client, uri, resource) in [
        ("spa", SPA, "https://unknown.test/"),
        ("spa", SPA, "nonsense"),
        ("spa", SPA, "https://api.test/a#x"),
        ("spa", SPA, "https://API.test/a"),
        ("only-a", "https://only.example/cb", B),
    ] {
        let request = asking(client, uri, &[resource]);
        let Progress::Respond(response) = world.authorize(&request, Visitor::logged_in(world.session(), None)) else {
            panic!("asked")
        };
        assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_target"), "{resource}");
    }
    assert!(parameter(&world.approved(&asking("only-a", "https://only.example/cb", &[A])), "code").is_some());
    // A resource at which nothing of the scope means anything is of no use.
    let useless = authorization("spa", SPA, &[("resource", B)]);
    let Progress::Respond(response) = world.authorize(&useless, Visitor::logged_in(world.session(), None)) else {
        panic!("asked")
    };
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_scope"));
}

#[test]
fn a_client_that_acts_for_itself_names_one_resource_at_most() {
    let world = with_resources();
    let service = Client::builder("cc").secret(secret("s")).grant_types(&[GrantType::ClientCredentials]);
    world.server.store().put_client(service.build().unwrap());
    for (resources, told) in
        [(&[][..], USUAL), (&[A], A), (&[A, B], "invalid_target"), (&["https://unknown.test/"], "invalid_target")]
    {
        let mut pairs = vec![("grant_type", "client_credentials"), ("scope", "read write")];
        pairs.extend(resources.iter().map(|resource| ("resource", *resource)));
        let body = json(&world.token(&post_as("/token", &basic("cc", "s"), &pairs)));
        let found = body["access_token"].as_str().map(|token| {
            let asked = post_as("/introspect", &basic("cc", "s"), &[("token", token)]);
            json(&world.server.answer(grantor::server::Place::Introspection, &asked))["aud"][0]
                .as_str()
                .unwrap()
                .to_owned()
        });
        assert_eq!(found.as_deref().or(body["error"].as_str()), Some(told), "{resources:?}");
    }
}

#[test]
fn a_token_for_a_named_resource_is_no_use_elsewhere() {
    use grantor::record::Scope;
    use grantor::resource::{Access, Demand};
    let world = with_resources();
    let bearing = |granted: &[&str]| {
        let code = parameter(&world.approved(&asking("spa", SPA, granted)), "code").unwrap();
        let token = json(&world.token(&redeem("spa", SPA, &code)))["access_token"].as_str().unwrap().to_owned();
        let mut request = get("/api");
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request
    };
    let read = || Demand::new(Scope::parse("read").unwrap());
    let passes = |request: &http::Request<Vec<u8>>, demand: Demand| {
        world.server.run(Access::new(world.server.config(), request, demand)).unwrap().is_ok()
    };
    let (usual, for_a) = (bearing(&[]), bearing(&[A]));
    assert!(passes(&usual, read()) && passes(&for_a, read().at(Resource::parse(A).unwrap())));
    assert!(!passes(&for_a, read()) && !passes(&usual, read().at(Resource::parse(A).unwrap())));
    assert!(!passes(&for_a, read().at(Resource::parse(B).unwrap())));
}
