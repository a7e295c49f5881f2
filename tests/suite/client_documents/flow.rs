//! Such a client at every endpoint.

use super::*;

#[test]
fn a_client_is_known_by_its_document_from_the_first_request_on() {
    let (world, web) = documented(|config| config);
    let request = authorization(APP, CB, &[]);
    let prompt = asked(world.authorize(&request, Visitor::anonymous()));
    assert_eq!(prompt.asking, Asking::Login);
    assert_eq!(prompt.standing.host.as_deref(), Some("app.example"), "whoever looks at it sees who publishes it");
    assert_eq!(prompt.client.name.as_deref(), Some("An app"));
    let question = web.at(|pages| pages.asked[0].clone());
    assert_eq!((question.url.as_str(), question.purpose), (APP, Purpose::ClientDocument));
    assert_eq!((question.max_bytes, question.timeout), (5 * 1024, Duration::from_secs(5)));

    let code = parameter(&world.approved(&request), "code").unwrap();
    let tokens = support::json(&world.token(&redeem(APP, CB, &code)));
    let tokens = support::json(&world.refresh(APP, text(&tokens, "refresh_token")));
    let about = |place, path| {
        world.server.answer(place, &post(path, &[("client_id", APP), ("token", text(&tokens, "access_token"))]))
    };
    assert_eq!(support::json(&about(Place::Introspection, "/introspect"))["active"], true);
    assert_eq!(about(Place::Revocation, "/revoke").status(), StatusCode::OK);
    assert_eq!(support::json(&about(Place::Introspection, "/introspect"))["active"], false);
    assert_eq!(web.fetches(), 1, "one sign-in is one fetch");

    let client = kept(&world, APP).unwrap();
    assert!(client.is_of_document() && !client.is_first_party() && !client.is_confidential());
    let again = Record::decode(&Record::Client(Arc::clone(&client)).encode().unwrap()).unwrap();
    assert_eq!(again, Record::Client(client));
}

#[test]
fn every_endpoint_knows_it_at_its_first_word() {
    let challenge = challenge(VERIFIER);
    let push = [
        ("client_id", APP),
        ("redirect_uri", CB),
        ("response_type", "code"),
        ("scope", "read"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let token = [("client_id", APP), ("token", "x")];
    let poll = [("client_id", APP), ("grant_type", DEVICE), ("device_code", "x")];
    for (place, path, pairs, expected, keeps) in [
        (Place::PushedAuthorizationRequest, "/par", &push[..], (201, "none"), true),
        (
            Place::DeviceAuthorization,
            "/device_authorization",
            &[("client_id", APP), ("scope", "read")],
            (200, "none"),
            true,
        ),
        (Place::Introspection, "/introspect", &token, (200, "none"), false),
        (Place::Revocation, "/revoke", &token, (200, "none"), false),
        (Place::Token, "/token", &poll, (400, "invalid_grant"), false),
    ] {
        let (world, web) = with_devices();
        let response = world.server.answer(place, &post(path, pairs));
        assert_eq!(told(&response), (expected.0, expected.1.to_owned()), "{path}");
        assert_eq!((web.fetches(), kept(&world, APP).is_some()), (1, keeps), "{path}");
        // The same, awaited.
        let (world, web) = with_devices();
        let response = pollster::block_on(world.server.answer_async(place, &post(path, pairs)));
        assert_eq!((told(&response), web.fetches()), ((expected.0, expected.1.to_owned()), 1), "{path}");
        // And nobody is known whose document says nothing of it.
        let (world, web) = with_devices();
        web.publish(APP, &document(&json!({"client_id": "https://app.example/other.json"})));
        let response = world.server.answer(place, &post(path, pairs));
        assert_eq!(told(&response), (401, "invalid_client".to_owned()), "{path}");
        assert_eq!((web.fetches(), kept(&world, APP).is_some()), (1, false), "{path}");
    }
}

#[test]
fn a_device_may_wait_for_longer_than_its_document_is_kept() {
    let (world, web) = with_devices();
    let start = || {
        let asked = post("/device_authorization", &[("client_id", APP), ("scope", "read")]);
        support::json(&world.server.answer(Place::DeviceAuthorization, &asked))
    };
    let typed = |codes: &Value| {
        let code = text(codes, "user_code").to_owned();
        world.server.run(Verification::new(world.server.config(), &code, Some(world.session()), "here")).unwrap()
    };
    web.put(
        APP,
        Ok(served(200, &[("content-type", "application/json"), ("cache-control", "max-age=1")], {
            document(&json!({"grant_types": [DEVICE]})).to_string()
        })),
    );
    let codes = start();
    let prompt = typed(&codes).unwrap();
    assert_eq!(prompt.standing.host.as_deref(), Some("app.example"));
    assert_eq!(web.fetches(), 1);
    world.clock.advance(60);
    let unreachable = ClientDocumentFault::Unfetched(Unfetched::Unreachable);
    web.put(APP, Err(Unfetched::Unreachable));
    assert_eq!(typed(&codes).map(|_| ()), Err(VerificationRefusal::ClientDocument(unreachable)));
    let approval = || DeviceApproval::new(Arc::clone(world.server.config()), (*prompt).clone(), world.session());
    let refused = world.server.run(approval()).unwrap();
    assert_eq!(refused, Err(VerificationRefusal::ClientDocument(unreachable)), "and nothing is approved");
    let poll =
        post("/token", &[("client_id", APP), ("grant_type", DEVICE), ("device_code", text(&codes, "device_code"))]);
    assert_eq!(told(&world.token(&poll)), (400, "temporarily_unavailable".to_owned()));
    web.publish(APP, &document(&json!({"grant_types": [DEVICE]})));
    assert_eq!(told(&world.token(&poll)), (400, "authorization_pending".to_owned()));
    assert_eq!(world.server.run(approval()).unwrap(), Ok(()));
    world.clock.advance(5);
    assert_eq!(world.token(&poll).status(), StatusCode::OK);
}

#[test]
fn documents_are_fetched_and_advertised_only_where_that_is_on() {
    let supported = |world: &Documented| {
        let metadata = world.server.answer(Place::Metadata, &get("/.well-known/oauth-authorization-server"));
        support::json(&metadata).get("client_id_metadata_document_supported").cloned()
    };
    let resource = |config: ConfigBuilder| config.audience("https://api.test/");
    let on: [fn(ConfigBuilder) -> ConfigBuilder; 2] =
        [|config| config, |config| config.profile(Profile::mcp()).client_id_metadata_documents(|_| ())];
    for change in on {
        assert_eq!(supported(&documented(|config| change(resource(config))).0), Some(Value::Bool(true)));
    }
    let mcp = world_with(|config| resource(config).profile(Profile::mcp())).hosted(Web::default());
    assert_eq!(supported(&mcp), Some(Value::Bool(true)), "on where the Model Context Protocol is served");

    let off: [fn(ConfigBuilder) -> ConfigBuilder; 4] = [
        |config| config,
        |config| config.profile(Profile::danger_oauth20_legacy()),
        |config| config.profile(Profile::mcp()).refuse_client_id_metadata_documents(),
        |config| config.client_id_metadata_documents(|_| ()).refuse_client_id_metadata_documents(),
    ];
    for change in off {
        let web = Web::default();
        web.publish(APP, &document(&json!({})));
        let world = world_with(|config| change(resource(config))).hosted(web.clone());
        assert_eq!(supported(&world), None);
        assert_eq!(
            page(world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous())),
            PageReason::ClientUnknown
        );
        let refused =
            world.server.answer(Place::Introspection, &post("/introspect", &[("client_id", APP), ("token", "x")]));
        assert_eq!(told(&refused), (401, "invalid_client".to_owned()));
        assert_eq!(web.fetches(), 0);
    }
}

#[test]
fn what_was_kept_is_nobody_once_documents_are_refused() {
    let (world, _) = documented(|config| config);
    asked(world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous()));
    let client = kept(&world, APP).unwrap();
    let later = world_with(|config| config);
    later.server.store().put_client((*client).clone());
    assert_eq!(page(later.authorize(&authorization(APP, CB, &[]), Visitor::anonymous())), PageReason::ClientUnknown);
    let refused = later.token(&refresh(APP, "gr_rt_x"));
    assert_eq!(told(&refused), (401, "invalid_client".to_owned()));
}

#[test]
fn documents_in_other_dress_are_fine() {
    for (name, headers, changes) in [
        ("a media type of its own", &[("content-type", "application/client-metadata+json")][..], json!({})),
        ("a charset", &[("content-type", "Application/JSON; charset=utf-8")], json!({})),
        ("no method", &[("content-type", "application/json")], json!({"token_endpoint_auth_method": null})),
        (
            "no grant types",
            &[("content-type", "application/json")],
            json!({"grant_types": null, "response_types": null}),
        ),
        (
            "more than is served",
            &[("content-type", "application/json")],
            json!({
                "grant_types": ["authorization_code", "implicit", "urn:example:other"], "response_types": ["code", "token", "id_token"],
            }),
        ),
        (
            "members that nobody knows",
            &[("content-type", "application/json")],
            json!({
                "x": {"y": [1]}, "software_statement": "e30.e30.", "registration_access_token": "t", "first_party": true,
            }),
        ),
        ("no name", &[("content-type", "application/json")], json!({"client_name": null})),
    ] {
        let (world, web) = documented(|config| config);
        web.put(APP, Ok(served(200, headers, document(&changes).to_string())));
        let code = parameter(&world.approved(&authorization(APP, CB, &[])), "code").unwrap_or_else(|| panic!("{name}"));
        assert_eq!(world.token(&redeem(APP, CB, &code)).status(), StatusCode::OK, "{name}");
        let client = kept(&world, APP).unwrap();
        assert!(!client.is_first_party() && client.metadata().other.is_empty(), "{name}");
        assert!(!client.may_use(GrantType::Implicit) && !client.may_use(GrantType::ClientCredentials), "{name}");
    }
}

#[test]
fn a_native_application_is_known_by_its_document() {
    let (world, web) = documented(|config| config);
    let loopback = ["http://127.0.0.1:3000/callback", "http://localhost:3000/callback"];
    web.publish(APP, &document(&json!({"redirect_uris": loopback})));
    let prompt = world.prompt(&authorization(APP, "http://127.0.0.1:4321/callback", &[]));
    assert_eq!(prompt.client.redirect_uri, "http://127.0.0.1:4321/callback");
    let reason = page(world.authorize(&authorization(APP, "http://127.0.0.1:4321/other", &[]), Visitor::anonymous()));
    assert_eq!(reason, PageReason::RedirectUriUnregistered);
    let evil = authorization(APP, "https://evil.example/cb", &[]);
    assert_eq!(page(world.authorize(&evil, Visitor::anonymous())), PageReason::RedirectUriUnregistered);
}

#[test]
fn scripts_at_its_redirect_uri_may_read_what_it_is_answered() {
    let (world, _) = documented(|config| config);
    for (origin, allowed) in [("https://app.example", Some("https://app.example")), ("https://evil.example", None)] {
        let mut request = post("/revoke", &[("client_id", APP), ("token", "x")]);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let response = world.server.answer(Place::Revocation, &request);
        let header = response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!((response.status(), header), (StatusCode::OK, allowed));
    }
}
