//! Where a refusal goes, what must be signed, and what may stand beside an object [RFC 9101 §5, §7, §10.4, §10.5; RFC 9126 §3].

use RequestObjectFault as F;

use super::*;

fn world_of(redirect_uris: &[&str]) -> World {
    served(registered(&value!({"redirect_uris": redirect_uris})).unwrap(), |_| ())
}

#[test]
fn a_refusal_goes_nowhere_that_is_not_registered() {
    let (one, two) = ([APP].as_slice(), [APP, OTHER].as_slice());
    let broken = || object(&value!({"redirect_uri": OTHER})) + "A";
    let of_others = |uri: &str| object(&value!({"redirect_uri": uri, "aud": "https://other.example"}));
    let state = |text: &str| Some(text.to_owned());
    let to = |uri: &str, state: Option<String>| Ok((uri.to_owned(), state));
    for (name, registered, object, beside, expected) in [
        // What is not proven to be the client's says nothing; what stands beside it may, if it is registered.
        ("broken", one, broken(), &[][..], to(APP, None)),
        ("broken, with a place", two, broken(), &[("redirect_uri", OTHER), ("state", "s")], to(OTHER, state("s"))),
        ("broken, with a bad place", one, broken(), &[("redirect_uri", "https://evil.example")], Err(F::Signature)),
        ("broken, with no place of several", two, broken(), &[], Err(F::Signature)),
        ("broken, with two", two, broken(), &[("redirect_uri", APP), ("redirect_uri", OTHER)], Err(F::Signature)),
        // What the client has signed counts, and nothing else [RFC 9101 §6.3].
        ("signed", two, of_others(OTHER), &[("redirect_uri", APP), ("state", "s")], to(OTHER, state("in & side"))),
        ("signed, a bad place", two, of_others("https://evil.example"), &[("redirect_uri", APP)], Err(F::Audience)),
        ("signed, a place that ends", two, of_others("https://app.example/cb/.."), &[], Err(F::Audience)),
    ] {
        let world = world_of(registered);
        let came = ask(&world, &bringing(&object, beside));
        match expected {
            Ok((uri, state)) => {
                let (to, error, _, told_state) = told(&came);
                assert_eq!((to, error, told_state), (uri, "invalid_request_object".to_owned(), state), "{name}");
            }
            Err(fault) => {
                let Came::Page(reason) = came else { panic!("{name}: {came:?}") };
                assert_eq!(reason, PageReason::RequestObject(fault), "{name}");
                let page = reason.print();
                assert_eq!((page.status().as_u16(), page.headers().get("location")), (400, None));
                assert!(String::from_utf8_lossy(page.body()).contains("invalid_request_object"));
            }
        }
    }
    // Not even what is good in an object is redirected to a place that is not the client's.
    let world = world_of(one);
    let came = ask(&world, &bringing(&object(&value!({"redirect_uri": OTHER})), &[("redirect_uri", APP)]));
    assert!(matches!(came, Came::Page(PageReason::RedirectUriUnregistered)), "{came:?}");
    let came = ask(&world, &bringing(&object(&value!({"redirect_uri": [APP]})), &[]));
    assert!(matches!(came, Came::Page(PageReason::RedirectUriRepeated)), "{came:?}");
    let came = ask(&world, &get(&format!("/authorize?{}", form(&[("request", &object(&value!({})))]))));
    assert!(matches!(came, Came::Page(PageReason::ClientIdMissing)), "the client_id is beside it: {came:?}");
    let came =
        ask(&world, &get(&format!("/authorize?{}", form(&[("client_id", "web"), ("request", &object(&value!({})))]))));
    assert_eq!(told(&came).2, F::Issuer.description(), "another's");
    let elsewhere = world.authorize(
        &get(&format!("/authorize?{}", form(&[("client_id", "nobody"), ("request", &object(&value!({})))]))),
        Visitor::anonymous(),
    );
    assert!(matches!(elsewhere, Progress::Refuse(PageReason::ClientUnknown)), "{elsewhere:?}");
}

#[test]
fn a_response_goes_where_the_object_says_and_how() {
    let world = world_of(&[APP, OTHER]);
    let brought = bringing(&object(&value!({"redirect_uri": OTHER, "response_mode": "fragment"})), &[]);
    let response = world.approved(&brought);
    let to = response.headers()["location"].to_str().unwrap();
    assert!(to.starts_with(&format!("{OTHER}#code=")), "{to}");
    let denied = world.server.deny(world.prompt(&bringing(&object(&value!({"jti": "two"})), &[])));
    assert_eq!((location(&denied).0.as_str(), parameter(&denied, "state").as_deref()), (APP, Some("in & side")));
}

#[test]
fn an_object_comes_alone_and_by_value() {
    let world = world_of(&[APP]);
    let good = object(&value!({}));
    let name = "urn:ietf:params:oauth:request_uri:x";
    let beside = |more: &[(&str, &str)]| told(&ask(&world, &bringing(&good, more))).1;
    assert_eq!(beside(&[("request_uri", "https://app.example/r")]), "invalid_request");
    assert_eq!(beside(&[("request_uri", name)]), "invalid_request");
    assert_eq!(beside(&[("request", &good)]), "invalid_request", "twice");
    assert_eq!(beside(&[("request", "")]), "invalid_request", "and once without a value");
    let by_name =
        get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request_uri", "https://app.example/r")])));
    assert_eq!(told(&ask(&world, &by_name)).1, "request_uri_not_supported");
    let (status, body) = push(&world, &pushing(&good, &[("request_uri", name)]));
    assert_eq!((status, &body["error"]), (400, &value!("request_uri_not_supported")));
    let (status, body) = push(&world, &pushing(&good, &[("request", &good)]));
    assert_eq!((status, &body["error"]), (400, &value!("invalid_request")));
    // An empty one is none.
    assert!(matches!(ask(&world, &authorization("app", APP, &[("request", "")])), Came::Asked(_)));
    assert!(matches!(ask(&world, &bringing(&good, &[])), Came::Asked(_)), "after all that");

    let unserved = serving(registered(&value!({})).unwrap(), |config| config);
    let came = ask(&unserved, &bringing(&good, &[("redirect_uri", APP), ("state", "s")]));
    let (to, error, _, state) = told(&came);
    assert_eq!((&*to, &*error, state.as_deref()), (APP, "request_not_supported", Some("s")));
    let (status, body) = push(&unserved, &pushing(&good, &[("redirect_uri", APP)]));
    assert_eq!((status, &body["error"]), (400, &value!("request_not_supported")));
}

#[test]
fn what_must_be_signed_is_refused_unsigned() {
    let unsigned = || authorization("app", APP, &[]);
    let unsigned_push = || {
        let mut request = post("/par", &[]);
        *request.body_mut() = unsigned().uri().query().unwrap().into();
        request
    };
    let of = |members: Value| registered(&members).unwrap();
    for (name, client, required, expected) in [
        ("nobody says so", of(value!({})), false, ""),
        ("the client", of(value!({"require_signed_request_object": true})), false, "invalid_request"),
        ("the server", of(value!({})), true, "invalid_request"),
        ("both", of(value!({"require_signed_request_object": true})), true, "invalid_request"),
    ] {
        let world = served(client, |own| own.required = required);
        match ask(&world, &unsigned()) {
            Came::Asked(_) => assert_eq!(expected, "", "{name}"),
            came => {
                let (_, error, description, _) = told(&came);
                assert_eq!(&*error, expected, "{name}");
                assert_eq!(description, "the request must be signed: send a request object");
            }
        }
        let (status, body) = push(&world, &unsigned_push());
        assert_eq!(status == 201, expected.is_empty(), "{name}: {body}");
        let signed = bringing(&object(&value!({})), &[]);
        assert!(parameter(&world.approved(&signed), "code").is_some(), "{name}");
        let (status, body) = push(&world, &pushing(&object(&value!({"jti": "two"})), &[]));
        assert_eq!(status, 201, "{name}: {body}");
        let name_of = body["request_uri"].as_str().unwrap();
        let brought = get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request_uri", name_of)])));
        assert!(parameter(&world.approved(&brought), "code").is_some(), "{name}");
        // The object in its header says nothing of its signature.
        let none =
            forge(&KEYS[0], &value!({"alg": "none", "typ": "oauth-authz-req+jwt"}), &claims(&value!({})).to_string());
        assert_eq!(told(&ask(&world, &bringing(&none, &[]))).1, "invalid_request_object", "{name}");
    }
    // What was pushed unsigned is not enough for a client that has changed its mind since.
    let world = served(of(value!({})), |_| ());
    let (_, body) = push(&world, &unsigned_push());
    world.server.store().put_client(of(value!({"require_signed_request_object": true})));
    let name = body["request_uri"].as_str().unwrap();
    let brought = get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request_uri", name)])));
    assert_eq!(told(&ask(&world, &brought)).2, "the request must be signed: send a request object");
    // Where everything must be pushed, a signature does not help.
    let world =
        serving(of(value!({})), |config| config.require_pushed_authorization_requests().request_objects(|_| ()));
    assert_eq!(told(&ask(&world, &bringing(&object(&value!({})), &[]))).2, "the request must be pushed");
    assert_eq!(push(&world, &pushing(&object(&value!({})), &[])).0, 201);
}

#[test]
fn a_pushed_object_does_not_become_good_for_longer() {
    for (name, changes, at, expected) in [
        ("it ends before", value!({"exp": NOW + 30}), 0, 30),
        ("it ends with it", value!({"exp": NOW + 60}), 0, 60),
        ("it ends after", value!({"exp": NOW + 3600}), 0, 60),
        ("it does not end", value!({"exp": null}), 0, 60),
        ("it ended a moment ago, as clocks differ", value!({"exp": NOW + 30}), 35, 1),
    ] {
        let world = world_of(&[APP]);
        world.clock.advance(at);
        let (status, body) = push(&world, &pushing(&object(&changes), &[]));
        assert_eq!((status, &body["expires_in"]), (201, &value!(expected)), "{name}");
        let brought = get(&format!(
            "/authorize?{}",
            form(&[("client_id", "app"), ("request_uri", body["request_uri"].as_str().unwrap())])
        ));
        world.clock.advance(expected - 1);
        assert!(matches!(ask(&world, &brought), Came::Asked(_)), "{name}");
        world.clock.advance(1);
        assert!(matches!(ask(&world, &brought), Came::Page(PageReason::RequestUriInvalid)), "{name}");
    }
}

#[test]
fn who_pushes_an_object_authenticates_beside_it() {
    let client = Client::builder("app").metadata(
        serde_json::from_value(value!({
            "redirect_uris": [APP], "jwks": jwks(&[&KEYS[0]]), "token_endpoint_auth_method": "client_secret_basic",
        }))
        .unwrap(),
    );
    let world = served(client.secret(secret(SECRET)).build().unwrap(), |_| ());
    let good = object(&value!({}));
    let push_as = |header: &str| push(&world, &post_as("/par", header, &[("request", &good)]));
    assert_eq!(push_as(&basic("app", "wrong")).0, 401);
    let (status, body) = push_as(&basic("web", SECRET));
    assert_eq!((status, &body["error"]), (400, &value!("invalid_request_object")), "another client's");
    // Credentials within it are parameters that nobody knows.
    let within = object(&value!({"client_secret": SECRET}));
    assert_eq!(push(&world, &post("/par", &[("client_id", "app"), ("request", &within)])).0, 401);
    assert_eq!(push_as(&basic("app", SECRET)).0, 201);
}

/// [RFC 9700 §4.11.2]: a broken object is no way to send people to a place of one's own, either.
#[test]
fn who_registered_itself_learns_of_a_refusal_once_the_person_logged_in() {
    let world = serving(registered(&value!({})).unwrap(), |config| {
        config.registration(grantor::Registration::open().by_default("read")).request_objects(|_| ())
    });
    let body = value!({
        "redirect_uris": [OTHER], "token_endpoint_auth_method": "none", "jwks": jwks(&[&KEYS[0]]),
    });
    let request = Request::post(format!("{ISSUER}/register")).header("content-type", "application/json");
    let response = world.server.answer(Place::Registration, &request.body(body.to_string().into_bytes()).unwrap());
    let id = json(&response)["client_id"].as_str().unwrap().to_owned();
    let own = |changes: Value| {
        let mut all = value!({"iss": id, "client_id": id, "redirect_uri": OTHER});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        object(&all)
    };
    let bringing = |object: &str| get(&format!("/authorize?{}", form(&[("client_id", &id), ("request", object)])));
    for (name, object, fault) in [
        ("broken", own(value!({})) + "A", F::Signature),
        ("signed, for another server", own(value!({"aud": "https://other.example"})), F::Audience),
        ("nonsense", "x".to_owned(), F::Malformed),
    ] {
        let Progress::Ask(prompt) = world.authorize(&bringing(&object), Visitor::anonymous()) else {
            panic!("{name}: sent away at once")
        };
        assert_eq!(prompt.asking, grantor::server::Asking::Login, "{name}");
        let Progress::Respond(response) = world.server.resume(*prompt, Visitor::logged_in(world.session(), None))
        else {
            panic!("{name}: not told")
        };
        let told = (location(&response).0, parameter(&response, "error_description"));
        assert_eq!(told, (OTHER.to_owned(), Some(fault.description().to_owned())), "{name}");
    }
    assert!(parameter(&world.approved(&bringing(&own(value!({})))), "code").is_some());
    // The operator's own clients are told at once, as before.
    let broken = get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request", "x")])));
    assert!(matches!(world.authorize(&broken, Visitor::anonymous()), Progress::Respond(_)));
}
