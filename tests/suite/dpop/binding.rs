//! What tokens and codes are bound to [RFC 9449 §5, §10].

use super::*;

#[test]
fn section_5_a_public_clients_refresh_token_is_bound_to_the_key() {
    let (world, own, other) = (served(), key(), key());
    let (access, first) = world.bound(&own);
    for shown in [showing(&refresh("spa", &first), &world.proof(&other)), refresh("spa", &first)] {
        assert_eq!(error(&world, &shown), refused(400, "invalid_grant"));
    }
    let response = world.token(&showing(&refresh("spa", &first), &world.proof(&own)));
    let body = json(&response);
    assert_eq!(body["token_type"], "DPoP");
    let second = body["refresh_token"].as_str().unwrap();
    // A spent one without the key ends nothing.
    world.clock.advance(60);
    assert_eq!(error(&world, &showing(&refresh("spa", &first), &world.proof(&other))), refused(400, "invalid_grant"));
    assert_eq!(world.token(&showing(&refresh("spa", second), &world.proof(&own))).status(), StatusCode::OK);
    assert_eq!(world.introspect(&access)["cnf"], value!({"jkt": jkt(&own)}));
}

#[test]
fn section_5_a_confidential_clients_refresh_token_is_not_bound() {
    let (world, own, other) = (served(), key(), key());
    let redemption = with(&redeem("web", WEB, &world.code("web", WEB, &[])), &[("client_secret", SECRET)]);
    let body = json(&world.token(&showing(&redemption, &world.proof(&own))));
    assert_eq!(body["token_type"], "DPoP");
    let refreshing = |token: &Value| with(&refresh("web", token.as_str().unwrap()), &[("client_secret", SECRET)]);
    let body = json(&world.token(&showing(&refreshing(&body["refresh_token"]), &world.proof(&other))));
    assert_eq!(body["token_type"], "DPoP", "{body}");
    let query = post_as("/introspect", &basic("web", SECRET), &[("token", body["access_token"].as_str().unwrap())]);
    assert_eq!(json(&world.server.answer(Place::Introspection, &query))["cnf"]["jkt"], jkt(&other), "to the new key");
    assert_eq!(json(&world.token(&refreshing(&body["refresh_token"])))["token_type"], "Bearer");
}

#[test]
fn section_5_2_a_client_that_always_shows_proofs_gets_nothing_without() {
    let world = served();
    let bound = Client::builder("bound").redirect_uri(SPA).dpop_bound_access_tokens();
    let bound = bound.grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]);
    world.server.store().put_client(bound.build().unwrap());
    let redemption = redeem("bound", SPA, &world.code("bound", SPA, &[]));
    assert_eq!(error(&world, &redemption), refused(400, "invalid_dpop_proof"));
    assert_eq!(json(&world.token(&showing(&redemption, &world.proof(&key()))))["token_type"], "DPoP");
    // Where no proofs are read it gets nothing at all.
    let unserved = world_with(|config| config);
    let bound = Client::builder("bound").redirect_uri(SPA).dpop_bound_access_tokens().build().unwrap();
    unserved.server.store().put_client(bound);
    let redemption = redeem("bound", SPA, &unserved.code("bound", SPA, &[]));
    assert_eq!(error(&unserved, &showing(&redemption, &unserved.proof(&key()))), refused(400, "invalid_dpop_proof"));
    // The others are served as if they had shown nothing.
    let free = redeem("spa", SPA, &unserved.code("spa", SPA, &[]));
    assert_eq!(json(&unserved.token(&showing(&free, "nonsense")))["token_type"], "Bearer");
    let implicit = Client::builder("bound").redirect_uri(SPA).grant_types(&[GrantType::Implicit]);
    assert_eq!(implicit.dpop_bound_access_tokens().build(), Err(ClientFault::ImplicitTokensBound));
    let twice = Client::builder("bound").redirect_uri(SPA).dpop_bound_access_tokens().certificate_bound_access_tokens();
    assert_eq!(twice.build(), Err(ClientFault::BoundTwice));
}

#[test]
fn every_grant_type_gives_bound_tokens() {
    let (world, own) = (world_with(|config| config.dpop(|_| ())), key());
    let acting = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let body = json(&world.token(&showing(&acting, &world.proof(&own))));
    assert_eq!(body["token_type"], "DPoP");
    let query = post_as("/introspect", &basic("service", "s"), &[("token", body["access_token"].as_str().unwrap())]);
    let answer = world.server.answer(Place::Introspection, &query);
    assert_eq!((&json(&answer)["token_type"], &json(&answer)["cnf"]), (&value!("DPoP"), &value!({"jkt": jkt(&own)})));
    // A resource server elsewhere.
    let read = Introspection::parse(answer.body()).unwrap();
    let thumbprint = |key: &PrivateKey| Digest::parse(&jkt(key)).unwrap();
    assert!(read.is_usable_with_key(&thumbprint(&own)) && !read.is_usable_with_key(&thumbprint(&key())));
    assert!(!read.is_usable_with(None) && !read.is_usable_with(Some(&certificate("alice"))));
}

#[test]
fn section_10_a_code_is_bound_to_the_key_of_dpop_jkt() {
    let (world, own, other) = (served(), key(), key());
    let code = world.code("spa", SPA, &[("dpop_jkt", &jkt(&own))]);
    let redemption = redeem("spa", SPA, &code);
    for shown in [redemption.clone(), showing(&redemption, &world.proof(&other))] {
        assert_eq!(error(&world, &shown), refused(400, "invalid_grant"));
    }
    assert_eq!(
        json(&world.token(&showing(&redemption, &world.proof(&own))))["token_type"],
        "DPoP",
        "the code is still good"
    );
    for bad in ["x", &jkt(&own)[1..], &format!("{}=", jkt(&own))] {
        let request = authorization("spa", SPA, &[("dpop_jkt", bad)]);
        let grantor::Progress::Respond(response) =
            world.authorize(&request, grantor::server::Visitor::logged_in(world.session(), None))
        else {
            panic!("{bad} was taken")
        };
        assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request"));
    }
    // Who serves no proofs does not know the parameter.
    let unserved = world_with(|config| config);
    let code = unserved.code("spa", SPA, &[("dpop_jkt", "x")]);
    assert_eq!(unserved.token(&redeem("spa", SPA, &code)).status(), StatusCode::OK);
}

#[test]
fn section_10_1_a_pushed_request_is_bound_by_parameter_or_by_proof() {
    let (world, own, other) = (served(), key(), key());
    let par = |key: &PrivateKey| proof(world.now(), key, "POST", "https://as.example/par");
    let named = pushing(&[("dpop_jkt", &jkt(&own))]);
    for request in [named.clone(), showing(&pushing(&[]), &par(&own)), showing(&named, &par(&own))] {
        let response = world.server.answer(Place::PushedAuthorizationRequest, &request);
        assert_eq!(response.status(), StatusCode::CREATED, "{}", json(&response));
        let name = json(&response)["request_uri"].as_str().unwrap().to_owned();
        let bringing = get(&format!("/authorize?{}", form(&[("client_id", "spa"), ("request_uri", &name)])));
        let redemption = redeem("spa", SPA, &parameter(&world.approved(&bringing), "code").unwrap());
        for shown in [redemption.clone(), showing(&redemption, &world.proof(&other))] {
            assert_eq!(error(&world, &shown), refused(400, "invalid_grant"));
        }
        assert_eq!(json(&world.token(&showing(&redemption, &world.proof(&own))))["token_type"], "DPoP");
    }
    let answer = |request: &Request<Vec<u8>>| {
        let response = world.server.answer(Place::PushedAuthorizationRequest, request);
        (response.status().as_u16(), json(&response)["error"].as_str().unwrap_or("none").to_owned())
    };
    let used = par(&other);
    assert_eq!(answer(&showing(&named, &used)), refused(400, "invalid_request"), "one key is named, another proved");
    assert_eq!(answer(&showing(&pushing(&[]), &used)).0, 201, "what is refused uses nothing up");
    assert_eq!(answer(&showing(&pushing(&[]), &used)), refused(400, "invalid_dpop_proof"));
    assert_eq!(
        answer(&showing(&pushing(&[]), &world.proof(&own))),
        refused(400, "invalid_dpop_proof"),
        "for another place"
    );
    assert_eq!(answer(&pushing(&[("dpop_jkt", "x")])), refused(400, "invalid_request"));
    let nonce = nonce_world();
    let response = nonce.server.answer(Place::PushedAuthorizationRequest, &showing(&pushing(&[]), &par(&own)));
    assert_eq!((response.status().as_u16(), &json(&response)["error"]), (400, &value!("use_dpop_nonce")));
    assert_eq!(response.headers()["dpop-nonce"], nonces().current(nonce.now()));
}
