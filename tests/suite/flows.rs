//! Every flow end to end, through HTTP messages.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use crate::support::*;
use grantor::record::{Client, GrantType, Scope};
use grantor::resource::Demand;
use grantor::server::{Place, Visitor};
use grantor::store::{Change, Commit, Memory, Store as _};
use grantor::{AuthorizationServer, Clock as _, Progress, SystemClock};

#[test]
fn a_person_logs_in_and_a_client_uses_refreshes_and_revokes_its_tokens() {
    let world = world();
    let request = authorization("spa", "https://spa.example/cb", &[("scope", "read write")]);
    let Progress::Ask(prompt) = world.authorize(&request, Visitor::anonymous()) else { panic!("not asked") };
    assert_eq!(prompt.asking, grantor::server::Asking::Login);
    let Progress::Ask(prompt) = world.server.resume(*prompt, Visitor::logged_in(world.session(), None)) else {
        panic!("not asked")
    };
    let response = world.server.approve(*prompt, world.session());
    let (to, _) = location(&response);
    assert_eq!(to, "https://spa.example/cb");
    assert_eq!(parameter(&response, "state").as_deref(), Some("st & ate"));
    assert_eq!(parameter(&response, "iss").as_deref(), Some(ISSUER));

    let code = parameter(&response, "code").unwrap();
    let response = world.token(&redeem("spa", "https://spa.example/cb", &code));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let tokens = json(&response);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    assert_eq!(tokens["scope"], "read write");
    let access = tokens["access_token"].as_str().unwrap();
    let seen = world.introspect(access);
    assert_eq!(seen["sub"], "alice");
    assert_eq!(seen["client_id"], "spa");

    let mut call = get("/api");
    call.headers_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
    let demand = |scope| Demand::new(Scope::parse(scope).unwrap());
    let permit = world.server.access(&call, demand("read")).unwrap();
    assert_eq!(permit.subject.unwrap().as_str(), "alice");
    assert_eq!(world.server.access(&call, demand("admin")).unwrap_err().status(), StatusCode::FORBIDDEN);

    let refreshed = json(&world.refresh("spa", tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(refreshed["scope"], "read write");
    assert_ne!(refreshed["refresh_token"], tokens["refresh_token"]);
    assert!(world.is_active(access));
    assert_eq!(world.revoke("spa", refreshed["refresh_token"].as_str().unwrap()).status(), StatusCode::OK);
    for token in [access, refreshed["access_token"].as_str().unwrap(), refreshed["refresh_token"].as_str().unwrap()] {
        assert_eq!(world.introspect(token), json!({"active": false}));
    }
    assert_eq!(world.server.access(&call, demand("read")).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    let refused = pollster::block_on(world.server.access_async(&call, demand("read"))).unwrap_err();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_client_acts_for_itself() {
    let world = world();
    let request = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let tokens = json(&world.token(&request));
    assert_eq!(tokens["scope"], "read");
    assert_eq!(tokens.get("refresh_token"), None);
    let seen = post_as("/introspect", &basic("service", "s"), &[("token", tokens["access_token"].as_str().unwrap())]);
    let seen = json(&world.server.answer(Place::Introspection, &seen));
    assert_eq!(seen["active"], true);
    assert_eq!(seen.get("sub"), None);
}

#[test]
fn a_store_may_be_shared_with_its_host() {
    let store = Arc::new(Memory::new());
    clients().into_iter().for_each(|client| store.put_client(client));
    let request = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let clients = store.len();
    let shared = AuthorizationServer::new(config().build().unwrap(), Arc::clone(&store));
    assert_eq!(shared.answer(Place::Token, &request).status(), StatusCode::OK);
    assert_eq!(pollster::block_on(shared.answer_async(Place::Token, &request)).status(), StatusCode::OK);
    let borrowed = AuthorizationServer::new(config().build().unwrap(), &*store);
    assert_eq!(borrowed.answer(Place::Token, &request).status(), StatusCode::OK);
    assert_eq!(store.len(), clients + 6, "a grant and a token each");
}

#[test]
fn a_client_is_registered_through_the_contract_of_any_store_and_only_once() {
    let store = Memory::new();
    let service = || Client::builder("service").secret(secret("s")).grant_types(&[GrantType::ClientCredentials]);
    let register = || store.commit(vec![Change::new_client(service().build().unwrap())], SystemClock.now()).unwrap();
    assert_eq!(register(), Commit::Applied);
    let server = AuthorizationServer::new(config().build().unwrap(), &store);
    let request = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    assert_eq!(server.answer(Place::Token, &request).status(), StatusCode::OK);
    assert_eq!(register(), Commit::Conflict);
}
