//! An object replaces everything beside it, and its claims are parameters like any others [RFC 9101 §4, §5, §6.3, §10.7].

use RequestObjectFault as F;
use grantor::ProposedConsent;
use grantor::server::Asking;

use super::*;

fn asked(world: &World, request: &Request<Vec<u8>>) -> Prompt {
    match ask(world, request) {
        Came::Asked(prompt) => *prompt,
        came => panic!("not asked: {came:?}"),
    }
}

fn scope_of(prompt: &Prompt) -> String {
    let Asking::Consent(ProposedConsent { scope, .. }) = &prompt.asking else { panic!("{prompt:?}") };
    scope.as_str().to_owned()
}

#[test]
fn an_object_replaces_everything_beside_it() {
    let several = registered(&value!({"redirect_uris": [APP, OTHER]})).unwrap();
    // Good and bad, once and twice: nothing of it is looked at.
    let beside: &[(&str, &str)] = &[
        ("redirect_uri", OTHER),
        ("redirect_uri", "https://evil.example"),
        ("response_type", "token"),
        ("response_mode", "form_post"),
        ("scope", "read write admin"),
        ("scope", "admin"),
        ("state", "evil"),
        ("code_challenge", "x"),
        ("code_challenge_method", "plain"),
        ("dpop_jkt", "x"),
        ("prompt", "none"),
        ("max_age", "x"),
        ("acr_values", "x"),
        ("login_hint", "mallory"),
        ("ui_locales", "tlh"),
        ("resource", "x"),
        ("authorization_details", "x"),
        ("extension", "x"),
    ];
    let world = served(several.clone(), |_| ());
    let prompt = asked(&world, &bringing(&object(&value!({"extra": "own"})), beside));
    assert_eq!(scope_of(&prompt), "read");
    assert_eq!((prompt.request.login_hint.as_deref(), prompt.request.ui_locales.as_deref()), (None, None));
    let other: Vec<_> = prompt.request.other.iter().collect();
    assert_eq!(other, [("extra", "own")]);
    let response = world.server.approve(prompt, world.session());
    assert_eq!((location(&response).0.as_str(), parameter(&response, "state").as_deref()), (APP, Some("in & side")));
    let code = parameter(&response, "code").unwrap();
    assert_eq!(json(&world.token(&redeem("app", APP, &code)))["scope"], "read");

    let world = served(several, |_| ());
    // A pushed form that repeats a parameter is no form.
    let once: Vec<_> =
        beside.iter().enumerate().filter(|(at, _)| *at != 1 && *at != 5).map(|(_, pair)| *pair).collect();
    let (status, body) = push(&world, &pushing(&object(&value!({})), &once));
    assert_eq!(status, 201, "{body}");
    let name = body["request_uri"].as_str().unwrap();
    let brought =
        get(&format!("/authorize?{}", form(&[("client_id", "app"), ("request_uri", name), ("scope", "admin")])));
    let prompt = asked(&world, &brought);
    assert_eq!(scope_of(&prompt), "read");
    let response = world.server.approve(prompt, world.session());
    assert_eq!((location(&response).0.as_str(), parameter(&response, "state").as_deref()), (APP, Some("in & side")));
}

#[test]
fn nothing_beside_an_object_fills_what_it_leaves_out() {
    let world = usual();
    for (left_out, beside, error) in [
        ("response_type", "code", "invalid_request"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "invalid_request"),
        ("code_challenge_method", "S256", "invalid_request"),
        ("scope", "read", "invalid_scope"),
    ] {
        let came = ask(&world, &bringing(&object(&value!({left_out: null})), &[(left_out, beside)]));
        assert_eq!(told(&came).1, error, "{left_out}");
        let (status, body) = push(&world, &pushing(&object(&value!({left_out: null})), &[(left_out, beside)]));
        assert_eq!((status, &body["error"]), (400, &value!(error)), "{left_out}");
    }
    let came = ask(&world, &bringing(&object(&value!({"state": null, "scope": "nothing"})), &[("state", "beside")]));
    assert_eq!(told(&came).3, None);
    let prompt = asked(&world, &bringing(&object(&value!({"state": ""})), &[("state", "beside")]));
    assert_eq!(parameter(&world.server.approve(prompt, world.session()), "state"), None);
}

#[test]
fn claims_are_parameters_in_json() {
    for (name, changes, expected) in [
        ("a number", value!({"max_age": 10}), ""),
        ("its digits", value!({"max_age": "10"}), ""),
        ("no whole number", value!({"max_age": 10.5}), "max_age is not a number of seconds"),
        ("below zero", value!({"max_age": -1}), "max_age is not a number of seconds"),
        ("empty is absent", value!({"max_age": "", "prompt": ""}), ""),
        ("a list", value!({"max_age": [10]}), "a parameter is given more than once"),
        ("two scopes", value!({"scope": ["read", "write"]}), "a parameter is given more than once"),
        ("a list of none", value!({"prompt": []}), "a parameter is given more than once"),
        ("an object", value!({"scope": {"read": true}}), F::Parameter.description()),
        ("a truth", value!({"prompt": true}), "prompt is not supported, or combines none with other values"),
        ("one resource", value!({"resource": "https://api.test/a"}), ""),
        ("several", value!({"resource": ["https://api.test/a", "https://api.test/b"]}), ""),
        (
            "an unknown one",
            value!({"resource": ["https://api.test/c"]}),
            "a resource is unknown, or not for this client",
        ),
        ("a resource that is no text", value!({"resource": ["https://api.test/a", 1]}), F::Parameter.description()),
        ("a resource that is an object", value!({"resource": {"a": 1}}), F::Parameter.description()),
        ("details in JSON", value!({"authorization_details": [{"type": "plain"}]}), ""),
        ("details as a text", value!({"authorization_details": "[{\"type\":\n\"plain\"}]"}), ""),
        (
            "unknown details",
            value!({"authorization_details": [{"type": "other"}]}),
            "the type of a detail is not supported",
        ),
        ("unknown lists and objects", value!({"claims": {"id_token": {"acr": null}}, "x": [1, [2]]}), ""),
        ("a line", value!({"state": "a\nb"}), F::Parameter.description()),
        ("a NUL", value!({"login_hint": "a\u{0}"}), F::Parameter.description()),
        ("a name with a line", value!({"a\nb": "x"}), F::Parameter.description()),
        ("a name that is empty", value!({"": "x"}), F::Parameter.description()),
        (
            "too many",
            Value::Object((0..64).map(|at| (format!("x{at}"), value!("x"))).collect()),
            F::Parameter.description(),
        ),
    ] {
        let world = serving(registered(&value!({})).unwrap(), |config| {
            let config = config.resource("https://api.test/a").resource("https://api.test/b");
            let config = config.authorization_details(grantor::CommonDetails::new("plain"));
            config.request_objects(|_| ())
        });
        match ask(&world, &bringing(&object(&changes), &[])) {
            Came::Asked(_) => assert_eq!(expected, "", "{name}"),
            came => assert_eq!(told(&came).2, expected, "{name}"),
        }
    }
}

#[test]
fn what_binds_a_request_binds_one_in_an_object() {
    let world = serving(registered(&value!({})).unwrap(), |config| config.request_objects(|_| ()).dpop(|_| ()));
    let key = KEYS[0].public().thumbprint().to_string();
    let response = world.approved(&bringing(&object(&value!({"dpop_jkt": key})), &[]));
    let code = parameter(&response, "code").unwrap();
    let answer = json(&world.token(&redeem("app", APP, &code)));
    assert_eq!(answer["error"], "invalid_grant", "it is bound to a key: {answer}");

    let world = usual();
    let code = parameter(&world.approved(&bringing(&object(&value!({})), &[])), "code").unwrap();
    let wrong = with(&redeem("app", APP, &code), &[("code_verifier", &"x".repeat(43))]);
    assert_eq!(error(&world, &wrong), refused(400, "invalid_grant"));
    assert_eq!(error(&world, &redeem("app", APP, &code)), refused(200, "none"));
}
