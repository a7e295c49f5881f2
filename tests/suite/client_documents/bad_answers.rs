//! Documents that make nobody a client: typed refusals, nothing kept, nobody redirected.

use super::*;

#[test]
fn an_identifier_that_is_no_such_url_is_unknown_and_nothing_is_fetched() {
    let (world, web) = documented(|config| config);
    for id in [
        "http://app.example/client.json",
        "https://app.example",
        "https://user@app.example/client.json",
        "https://user:secret@app.example/client.json",
        "https://app.example/client.json#x",
        "https://app.example/./client.json",
        "https://app.example/x/../client.json",
        "https://app.example/%2e%2e/client.json",
        "https://APP.example/client.json",
        "https://app.example:443/client.json",
        "HTTPS://app.example/client.json",
        "file:///client.json",
        "nobody",
    ] {
        let progress = world.authorize(&authorization(id, CB, &[]), Visitor::anonymous());
        assert_eq!(page(progress), PageReason::ClientUnknown, "{id}");
        let refused = world.server.answer(Place::Revocation, &post("/revoke", &[("client_id", id), ("token", "x")]));
        assert_eq!(told(&refused), (401, "invalid_client".to_owned()), "{id}");
    }
    assert_eq!(web.fetches(), 0);
}

/// Answers to the fetch that make nobody a client, and why.
fn bad_answers() -> Vec<(&'static str, Result<Fetched, Unfetched>, ClientDocumentFault)> {
    use ClientDocumentFault as F;
    let json_type = [("content-type", "application/json")];
    let good = || document(&json!({})).to_string();
    let body = |body: String| Ok(served(200, &json_type, body));
    let with = |changes: Value| Ok(served(200, &json_type, document(&changes).to_string()));
    let status = |status| (Ok(served(status, &json_type, good())), F::Status(status));
    let typed = |headers: &[(&str, &str)]| Ok(served(200, headers, good()));
    let long = "x".repeat(5 * 1024);
    let nested = format!("{{\"client_id\":\"{APP}\",\"x\":{}1{}}}", "[".repeat(2000), "]".repeat(2000));
    let not_an_object = F::Object(ObjectFault::NotAnObject);
    let mut all = vec![
        ("unreachable", Err(Unfetched::Unreachable), F::Unfetched(Unfetched::Unreachable)),
        ("slow", Err(Unfetched::TimedOut), F::Unfetched(Unfetched::TimedOut)),
        ("a forbidden address", Err(Unfetched::Forbidden), F::Unfetched(Unfetched::Forbidden)),
        ("cut off", Err(Unfetched::TooLarge), F::Unfetched(Unfetched::TooLarge)),
        ("no fetcher", Err(Unfetched::NotServed), F::Unfetched(Unfetched::NotServed)),
        ("a page", typed(&[("content-type", "text/html")]), F::MediaType),
        ("a text", typed(&[("content-type", "text/json")]), F::MediaType),
        ("no type", typed(&[]), F::MediaType),
        ("two types", typed(&[json_type[0], ("content-type", "text/html")]), F::MediaType),
        ("json as a parameter", typed(&[("content-type", "text/plain; x=application/json")]), F::MediaType),
        ("large", with(json!({"software_id": long})), F::Object(ObjectFault::TooLarge)),
        ("nested", body(nested), not_an_object),
        ("no JSON", body("<html>".to_owned()), not_an_object),
        ("half", body(good()[..40].to_owned()), not_an_object),
        ("more than one value", body(format!("{}{{}}", good())), not_an_object),
        ("a list", body(format!("[{}]", good())), not_an_object),
        ("empty", body(String::new()), not_an_object),
        ("no UTF-8", Ok(served(200, &json_type, b"{\"client_id\":\"\xff\"}".to_vec())), not_an_object),
        ("a member twice", body(good().replacen('{', &format!("{{\"client_id\":\"{APP}\","), 1)), not_an_object),
        ("a member of a member twice", body(good().replacen('{', "{\"x\":{\"y\":1,\"y\":2},", 1)), not_an_object),
        (
            "redirect_uris twice",
            body(good().replacen('{', "{\"redirect_uris\":[\"https://evil.example/cb\"],", 1)),
            not_an_object,
        ),
        ("a control character", with(json!({"client_name": "An\u{7}app"})), F::Object(ObjectFault::ControlCharacter)),
        (
            "many members",
            with(Value::Object((0..64).map(|n| (format!("x{n}"), Value::Bool(true))).collect())),
            F::Object(ObjectFault::TooManyMembers),
        ),
        ("no client_id", with(json!({"client_id": null})), F::ClientIdDiffers),
        ("another client_id", with(json!({"client_id": "https://evil.example/client.json"})), F::ClientIdDiffers),
        ("another spelling", with(json!({"client_id": "https://APP.example/client.json"})), F::ClientIdDiffers),
        ("a slash more", with(json!({"client_id": format!("{APP}/")})), F::ClientIdDiffers),
        ("a number", with(json!({"client_id": 1})), F::ClientIdDiffers),
        ("a secret", with(json!({"client_secret": "s"})), F::SharedSecret),
        ("the end of a secret", with(json!({"client_secret_expires_at": 0})), F::SharedSecret),
        ("basic", with(json!({"token_endpoint_auth_method": "client_secret_basic"})), F::SharedSecret),
        ("post", with(json!({"token_endpoint_auth_method": "client_secret_post"})), F::SharedSecret),
        ("client_secret_jwt", with(json!({"token_endpoint_auth_method": "client_secret_jwt"})), F::SharedSecret),
        ("an unknown method", with(json!({"token_endpoint_auth_method": "magic"})), F::AuthenticationMethod),
        ("bound to a key", with(json!({"dpop_bound_access_tokens": true})), F::TokenBinding),
        ("bound to a certificate", with(json!({"tls_client_certificate_bound_access_tokens": true})), F::TokenBinding),
        ("a certificate", with(json!({"token_endpoint_auth_method": "tls_client_auth"})), F::AuthenticationMethod),
        ("no redirect URI", with(json!({"redirect_uris": null})), F::RedirectUris),
        ("an empty list", with(json!({"redirect_uris": []})), F::RedirectUris),
        ("no list", with(json!({"redirect_uris": CB})), F::RedirectUris),
        ("a script", with(json!({"redirect_uris": ["javascript:alert(1)"]})), F::RedirectUris),
        ("a fragment", with(json!({"redirect_uris": ["https://app.example/cb#x"]})), F::RedirectUris),
        ("a wildcard", with(json!({"redirect_uris": ["https://*.example/cb"]})), F::RedirectUris),
        ("plain http", with(json!({"redirect_uris": ["http://app.example/cb"]})), F::RedirectUris),
        ("one bad among good", with(json!({"redirect_uris": [CB, "https://user@app.example/cb"]})), F::RedirectUris),
        ("a picture that runs", with(json!({"logo_uri": "javascript:alert(1)"})), F::Metadata),
        ("a secret key", with(json!({"jwks": {"keys": [{"kty": "EC", "d": "x"}]}})), F::Metadata),
        ("two kinds of keys", with(json!({"jwks": {"keys": []}, "jwks_uri": "https://app.example/keys"})), F::Metadata),
        ("a wrong type", with(json!({"client_name": 7})), F::Metadata),
        ("no grant", with(json!({"grant_types": ["client_credentials"]})), F::NothingServed),
        (
            "the implicit grant",
            with(json!({"grant_types": ["implicit"], "response_types": ["token"]})),
            F::NothingServed,
        ),
        (
            "no response type",
            with(json!({"grant_types": ["authorization_code"], "response_types": []})),
            F::NothingServed,
        ),
    ];
    for code in [201, 204, 206, 301, 302, 303, 307, 308, 304, 400, 401, 403, 404, 410, 429, 500, 503] {
        let (answer, fault) = status(code);
        all.push(("a status", answer, fault));
    }
    all
}

#[test]
fn a_document_that_cannot_be_used_leaves_nothing_and_redirects_nobody() {
    for (name, answer, fault) in bad_answers() {
        let (world, web) = documented(|config| config);
        web.put(APP, answer);
        // An answer with a redirect in it: it is not followed, and it is no answer.
        let reason = page(world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous()));
        assert_eq!(reason, PageReason::ClientDocument(fault), "{name}");
        let printed = reason.print();
        assert_eq!((printed.status(), printed.headers().get("location")), (StatusCode::BAD_REQUEST, None), "{name}");
        assert!(String::from_utf8_lossy(printed.body()).contains("invalid_client"), "{name}");
        let refused = |event: Event| matches!(event, Event::ClientDocumentRefused { client, fault: why, .. } if client.as_str() == APP && why == fault);
        let noted = |world: &Documented| world.log.take().into_iter().map(refused).collect::<Vec<_>>();
        assert_eq!(noted(&world), [true], "{name}");

        let pushed = [("client_id", APP), ("response_type", "code"), ("redirect_uri", CB)];
        let response = world.server.answer(Place::PushedAuthorizationRequest, &post("/par", &pushed));
        let expected = if fault.may_pass() { (400, "temporarily_unavailable") } else { (401, "invalid_client") };
        assert_eq!(told(&response), (expected.0, expected.1.to_owned()), "{name}");
        assert_eq!(noted(&world), [true], "{name}");
        assert!(kept(&world, APP).is_none(), "{name}: what is wrong is not kept");
        assert_eq!(web.fetches(), 2, "{name}: nor that it was");

        // It was the document alone.
        web.publish(APP, &document(&json!({})));
        asked(world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous()));
    }
}

#[test]
fn how_a_fetch_failed_is_told_to_the_log_alone() {
    let (world, web) = documented(|config| config);
    let mut told = Vec::new();
    for answer in
        [Err(Unfetched::Forbidden), Err(Unfetched::Unreachable), Ok(served(403, &[], "")), Ok(served(500, &[], ""))]
    {
        web.put(APP, answer);
        told.push(page(world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous())).print().into_body());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "an open port looks like a closed one");
}

#[test]
fn an_mcp_server_wants_a_name_to_show() {
    for (name, expected) in [
        (json!(null), Some(ClientDocumentFault::NameMissing)),
        (json!("  "), Some(ClientDocumentFault::NameMissing)),
        (json!("x"), None),
    ] {
        let web = Web::default();
        web.publish(APP, &document(&json!({"client_name": name})));
        let world = world_with(|config| config.profile(Profile::mcp()).audience("https://api.test/")).hosted(web);
        let request = authorization(APP, CB, &[("resource", "https://api.test/")]);
        match (world.authorize(&request, Visitor::anonymous()), expected) {
            (Progress::Refuse(reason), Some(fault)) => assert_eq!(reason, PageReason::ClientDocument(fault)),
            (Progress::Ask(_), None) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_host_that_fails_ends_an_authorization_request_without_a_redirect() {
    let (world, web) = documented(|config| config);
    web.at(|pages| pages.broken = true);
    let Progress::Respond(response) = world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous()) else {
        panic!()
    };
    assert_eq!((response.status(), response.headers().get("location")), (StatusCode::SERVICE_UNAVAILABLE, None));
    assert!(kept(&world, APP).is_none());
}

#[test]
fn nobody_is_fetched_for_who_shows_a_secret() {
    let (world, web) = documented(|config| config);
    let fields = [("grant_type", "client_credentials"), ("scope", "read")];
    let by_header = world.token(&post_as("/token", &basic(APP, "s"), &fields));
    assert_eq!(told(&by_header), (401, "invalid_client".to_owned()));
    let posted = world.token(&with(&post("/token", &fields), &[("client_id", APP), ("client_secret", "s")]));
    assert_eq!(told(&posted), (401, "invalid_client".to_owned()));
    assert_eq!(web.fetches(), 0);
    // Nor does the secret of a stored one help.
    asked(world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous()));
    assert_eq!(told(&world.token(&post_as("/token", &basic(APP, ""), &fields))), (401, "invalid_client".to_owned()));
}
