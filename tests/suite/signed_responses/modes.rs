//! What a response says and how it travels [JARM §2.1, §2.3; RFC 9207].

use super::*;

/// Each mode by its name, and how it travels for a code, a token and nothing [JARM §2.3.4].
const MODES: [(&str, [&str; 3]); 4] = [
    ("jwt", ["query", "fragment", "query"]),
    ("query.jwt", ["query", "refused", "query"]),
    ("fragment.jwt", ["fragment", "fragment", "fragment"]),
    ("form_post.jwt", ["form", "form", "form"]),
];

#[test]
fn everything_that_is_said_is_said_in_a_token() {
    for (mode, places) in MODES {
        for (response_type, expected) in ["code", "token", "none"].into_iter().zip(places) {
            let name = format!("{response_type} {mode}");
            let world = usual();
            let request = asking(&[("response_mode", mode), ("response_type", response_type)]);
            if expected == "refused" {
                // [JARM §2.3.1]; where that is told is as it was asked.
                let response = sent(&world, &request);
                assert_eq!(travelled(&response).0, "query");
                let said = claims(&world, &token(&response));
                assert_eq!((&said["error"], said.get("access_token")), (&value!("invalid_request"), None), "{name}");
                assert_eq!(world.log.take(), []);
                continue;
            }
            let response = world.approved(&request);
            assert_eq!(travelled(&response).0, expected, "{name}");
            let mut said = claims(&world, &token(&response));
            let members = said.as_object_mut().unwrap();
            match response_type {
                "code" => {
                    let code = members.remove("code").unwrap();
                    let answer = world.token(&redeem("app", APP, code.as_str().unwrap()));
                    assert_eq!(answer.status(), 200, "{name}");
                }
                "token" => {
                    let access = members.remove("access_token").unwrap();
                    let query = post("/introspect", &[("client_id", "app"), ("token", access.as_str().unwrap())]);
                    let seen = json(&world.server.answer(Place::Introspection, &query));
                    assert_eq!((&seen["active"], &seen["sub"]), (&value!(true), &value!("alice")), "{name}");
                    assert_eq!(members.remove("token_type"), Some(value!("Bearer")), "{name}");
                    assert_eq!(members.remove("expires_in"), Some(value!(600)), "a number: {name}");
                    members.remove("scope");
                }
                _ => {}
            }
            let rest = value!({"iss": ISSUER, "aud": "app", "exp": NOW + 300, "state": "st & ate"});
            assert_eq!(said, rest, "{name}");
        }
    }
}

#[test]
fn so_are_refusals() {
    let at_once =
        |world: &World, mode: &str, more: (&str, &str)| sent(world, &asking(&[("response_mode", mode), more]));
    let denied = |world: &World, mode: &str| world.server.deny(world.prompt(&asking(&[("response_mode", mode)])));
    for (mode, places) in MODES {
        for (name, error) in [
            ("a scope", "invalid_scope"),
            ("silence", "consent_required"),
            ("no challenge", "invalid_request"),
            ("denied", "access_denied"),
        ] {
            let world = usual();
            let response = match name {
                "a scope" => at_once(&world, mode, ("scope", "nothing")),
                "silence" => at_once(&world, mode, ("prompt", "none")),
                "no challenge" => at_once(&world, mode, ("code_challenge", "")),
                _ => denied(&world, mode),
            };
            assert_eq!(travelled(&response).0, places[0], "{mode} {name}");
            let said = claims(&world, &token(&response));
            assert!(said["error_description"].is_string(), "{said}");
            let expected = value!({
                "iss": ISSUER, "aud": "app", "exp": NOW + 300, "state": "st & ate", "error": error,
                "error_description": said["error_description"],
            });
            assert_eq!(said, expected, "{mode} {name}");
        }
    }
}

#[test]
fn what_was_not_asked_to_be_signed_is_not() {
    let world = usual();
    for (mode, place) in [("", "query"), ("query", "query"), ("fragment", "fragment"), ("form_post", "form")] {
        let response = world.approved(&asking(&[("response_mode", mode)]));
        let (travelled, pairs) = travelled(&response);
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((travelled, &*names), (place, &["code", "state", "iss"][..]), "{mode}");
    }
    for mode in ["JWT", "query.JWT", "jwt.query", ".jwt", "query.jwt.jwt", "web_message.jwt"] {
        let response = sent(&world, &asking(&[("response_mode", mode)]));
        assert_eq!(parameter(&response, "error").as_deref(), Some("unsupported_response_mode"), "{mode}");
    }
    // Twice is neither.
    let twice =
        get(&format!("{}&response_mode=jwt", asking(&[("response_mode", "jwt")]).uri().path_and_query().unwrap()));
    let response = sent(&world, &twice);
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request"));
    // To where nothing is known of a client, nothing is sent, signed or not.
    let page = world
        .authorize(&authorization("app", "https://evil.example", &[("response_mode", "jwt")]), Visitor::anonymous());
    assert!(matches!(page, Progress::Refuse(_)), "{page:?}");
}

#[test]
fn a_server_that_signs_none_does_not_know_the_modes() {
    let silent = serving(registered(&value!({})).unwrap(), |config| config.keys(keys()));
    for (mode, _) in MODES {
        let response = sent(&silent, &asking(&[("response_mode", mode)]));
        assert_eq!(parameter(&response, "error").as_deref(), Some("unsupported_response_mode"), "{mode}");
        assert_eq!(parameter(&response, "iss").as_deref(), Some(ISSUER));
    }
}

#[test]
fn where_all_must_be_signed_nothing_else_is_answered() {
    let world = serving(registered(&value!({})).unwrap(), |config| {
        config.keys(keys()).signed_responses(|own| own.required = true)
    });
    for (mode, allowed) in [("", false), ("query", false), ("fragment", false), ("form_post", false), ("jwt", true)] {
        let request = asking(&[("response_mode", mode)]);
        if allowed {
            let said = claims(&world, &token(&world.approved(&request)));
            assert!(said["code"].is_string());
        } else {
            // Signed itself, and where it would have been.
            let (_, pairs) = travelled(&sent(&world, &request));
            let [(name, token)] = &*pairs else { panic!("{mode}: {pairs:?}") };
            let said = claims(&world, token);
            assert_eq!(
                (&**name, &said["error"], &said["state"]),
                ("response", &value!("invalid_request"), &value!("st & ate")),
                "{mode}"
            );
        }
    }
}

/// [FAPI 2.0 Message Signing §5.3.3]
#[test]
fn a_client_keeps_to_the_modes_that_it_registered() {
    for (modes, allowed, refused) in [
        (value!(["jwt"]), &["jwt"][..], &["", "query", "fragment.jwt", "form_post.jwt"][..]),
        (value!(["query.jwt", "form_post"]), &["jwt", "query.jwt", "form_post"], &["", "query", "form_post.jwt"]),
        (value!(["query"]), &["", "query"], &["jwt", "query.jwt", "form_post"]),
        (value!([]), &[], &["", "query", "jwt"]),
    ] {
        let world = serving(registered(&value!({"response_modes": modes})).unwrap(), wide);
        for mode in allowed {
            assert_eq!(
                world.approved(&asking(&[("response_mode", mode)])).status().as_u16() / 100,
                if *mode == "form_post" { 2 } else { 3 },
                "{mode}"
            );
        }
        for mode in refused {
            let response = sent(&world, &asking(&[("response_mode", mode)]));
            let said = match &*travelled(&response).1 {
                [(name, token)] if name == "response" => claims(&world, token)["error"].clone(),
                pairs => value!(pairs.iter().find(|(name, _)| name == "error").unwrap().1),
            };
            assert_eq!(said, "unauthorized_client", "{modes} {mode}");
        }
    }
}

#[test]
fn a_response_follows_a_request_that_was_signed_or_pushed() {
    let world = serving(registered(&value!({})).unwrap(), wide);
    let mut push = post("/par", &[]);
    *push.body_mut() = asking(&[("response_mode", "jwt")]).uri().query().unwrap().into();
    let name = json(&world.server.answer(Place::PushedAuthorizationRequest, &push))["request_uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let brought = get(&format!(
        "/authorize?{}",
        form(&[("client_id", "app"), ("request_uri", &name), ("response_mode", "query")])
    ));
    assert!(claims(&world, &token(&world.approved(&brought)))["code"].is_string());
}
