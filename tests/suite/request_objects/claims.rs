//! Whose an object is, for whom and for when [RFC 9101 §4, §6.3, §10.8; FAPI 2.0 Message Signing §5.3.1].

use std::time::Duration;

use RequestObjectFault as F;

use super::*;

fn judged(world: &World, name: &str, changes: &Value, expected: Option<F>) {
    let object_of = |jti: &str| {
        let mut claims = claims(changes);
        if claims["jti"] == "one" {
            claims["jti"] = value!(jti);
        }
        KEYS[0].token(&Purpose::REQUEST_OBJECT, &claims).unwrap()
    };
    assert_judged(world, name, object_of, expected);
}

#[test]
fn an_object_is_of_its_client_and_for_this_server() {
    for (name, changes, expected) in [
        ("good", value!({}), None),
        ("without a name", value!({"jti": null}), None),
        ("without times", value!({"exp": null, "nbf": null, "iat": null}), None),
        ("an audience of several", value!({"aud": [ISSUER, "https://other.example"]}), None),
        ("a subject", value!({"sub": "alice"}), None),
        ("no iss", value!({"iss": null}), Some(F::Issuer)),
        ("empty iss", value!({"iss": ""}), Some(F::Claims)),
        ("another iss", value!({"iss": "web"}), Some(F::Issuer)),
        ("iss of another case", value!({"iss": "APP"}), Some(F::Issuer)),
        ("iss is a list", value!({"iss": ["app"]}), Some(F::Claims)),
        ("the client as subject", value!({"sub": "app"}), Some(F::Subject)),
        ("a subject that is no text", value!({"sub": 1}), Some(F::Claims)),
        ("no client_id", value!({"client_id": null}), Some(F::ClientDiffers)),
        ("empty client_id", value!({"client_id": ""}), Some(F::ClientDiffers)),
        ("another client_id", value!({"client_id": "web"}), Some(F::ClientDiffers)),
        ("client_id twice", value!({"client_id": ["app", "app"]}), Some(F::ClientDiffers)),
        ("client_id is an object", value!({"client_id": {"app": 1}}), Some(F::Parameter)),
        ("no aud", value!({"aud": null}), Some(F::Audience)),
        ("another aud", value!({"aud": "https://other.example"}), Some(F::Audience)),
        ("aud with a slash", value!({"aud": format!("{ISSUER}/")}), Some(F::Audience)),
        ("aud is the endpoint", value!({"aud": format!("{ISSUER}/authorize")}), Some(F::Audience)),
        ("a list of others", value!({"aud": ["https://other.example"]}), Some(F::Audience)),
        ("request", value!({"request": "x"}), Some(F::Nested)),
        ("request_uri", value!({"request_uri": "https://app.example/r"}), Some(F::Nested)),
        ("request that is no text", value!({"request": [1]}), Some(F::Nested)),
        ("jti of 256 bytes", value!({"jti": "x".repeat(256)}), None),
        ("jti of 257 bytes", value!({"jti": "x".repeat(257)}), Some(F::Claims)),
    ] {
        judged(&usual(), name, &changes, expected);
    }
    // Even a null means that somebody put it there.
    let nested = serde_json::to_string(&claims(&value!({}))).unwrap().replacen('{', r#"{"request":null,"#, 1);
    let nested = forge(&KEYS[0], &value!({"alg": "ES256", "typ": "oauth-authz-req+jwt"}), &nested);
    assert_judged(&usual(), "request is null", |_| nested.clone(), Some(F::Nested));
}

#[test]
fn an_object_is_good_for_its_time_alone() {
    let untimed = value!({"exp": null, "nbf": null, "iat": null});
    let with = |more: Value| {
        let mut changes = untimed.clone();
        changes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        changes
    };
    for (name, at, changes, expected) in [
        ("at its end", 60, value!({}), None),
        ("at the end of the tolerance", 69, value!({}), None),
        ("after it", 70, value!({}), Some(F::Expired)),
        ("expired long ago", 0, with(value!({"exp": 1})), Some(F::Expired)),
        ("nbf in a moment", 0, value!({"nbf": NOW + 10}), None),
        ("nbf later", 0, value!({"nbf": NOW + 11}), Some(F::NotYetValid)),
        ("iat in a moment", 0, value!({"iat": NOW + 10}), None),
        ("iat later", 0, value!({"iat": NOW + 11}), Some(F::NotYetValid)),
        ("an hour from nbf", 0, value!({"exp": NOW + 3600}), None),
        ("more than an hour from nbf", 0, value!({"exp": NOW + 3601}), Some(F::LivesTooLong)),
        ("an hour from iat", 0, with(value!({"exp": NOW + 3600, "iat": NOW})), None),
        ("more than an hour from iat", 0, with(value!({"exp": NOW + 3601, "iat": NOW})), Some(F::LivesTooLong)),
        ("an hour from now", 0, with(value!({"exp": NOW + 3610})), None),
        ("more than an hour from now", 0, with(value!({"exp": NOW + 3611})), Some(F::LivesTooLong)),
        ("begun long ago, for long", 0, value!({"nbf": NOW - 1800, "exp": NOW + 1801}), Some(F::LivesTooLong)),
        ("begun long ago, not for long", 0, value!({"nbf": NOW - 3000, "exp": NOW + 600}), None),
        ("nbf an hour ago, no exp", 3609, with(value!({"nbf": NOW})), None),
        ("nbf more than an hour ago, no exp", 3610, with(value!({"nbf": NOW})), Some(F::Expired)),
        ("iat more than an hour ago, no exp", 3610, with(value!({"iat": NOW})), Some(F::Expired)),
        ("exp is a text", 0, value!({"exp": "1000060"}), Some(F::Claims)),
        ("exp before time began", 0, value!({"exp": -1}), Some(F::Claims)),
        ("exp after time ends", 0, value!({"exp": 253_402_300_800u64}), Some(F::Claims)),
    ] {
        let world = usual();
        world.clock.advance(at);
        judged(&world, name, &changes, expected);
    }
    // FAPI 2.0 Message Signing wants both.
    for (name, changes, expected) in [
        ("both", value!({"iat": null}), None),
        ("no exp", value!({"exp": null}), Some(F::TimesMissing)),
        ("no nbf", value!({"nbf": null}), Some(F::TimesMissing)),
        ("neither", value!({"exp": null, "nbf": null}), Some(F::TimesMissing)),
    ] {
        let world = served(registered(&value!({})).unwrap(), |served| served.times_required = true);
        let came = ask(&world, &bringing(&object(&changes), &[]));
        match expected {
            None => assert!(matches!(came, Came::Asked(_)), "{name}: {came:?}"),
            Some(fault) => assert_eq!(told(&came).2, fault.description(), "{name}"),
        }
    }
    let strict = || {
        served(registered(&value!({})).unwrap(), |own| {
            (own.clock_tolerance, own.longest_life) = (Duration::ZERO, Duration::from_secs(60));
        })
    };
    for (name, at, changes, expected) in [
        ("as long as allowed", 0, value!({}), None),
        ("longer", 0, value!({"exp": NOW + 61}), Some(F::LivesTooLong)),
        ("its last second", 59, value!({}), None),
        ("its end", 60, value!({}), Some(F::Expired)),
        ("from the next second on", 0, value!({"nbf": NOW + 1}), Some(F::NotYetValid)),
    ] {
        let world = strict();
        world.clock.advance(at);
        let came = ask(&world, &bringing(&object(&changes), &[]));
        match expected {
            None => assert!(matches!(came, Came::Asked(_)), "{name}: {came:?}"),
            Some(fault) => assert_eq!(told(&came).2, fault.description(), "{name}"),
        }
    }
}

#[test]
fn who_was_asked_in_time_may_answer_later_and_who_comes_later_is_refused() {
    let world = usual();
    let brought = bringing(&object(&value!({})), &[]);
    let Came::Asked(prompt) = ask(&world, &brought) else { panic!("not asked") };
    world.clock.advance(600);
    assert_eq!(told(&ask(&world, &brought)).2, F::Expired.description());
    let answer = world.server.approve(*prompt.clone(), world.session());
    assert!(parameter(&answer, "code").is_some());
    // The use is remembered for as long as someone who was asked in time may answer.
    let again = world.server.approve(*prompt, world.session());
    assert_eq!(parameter(&again, "error_description").as_deref(), Some(F::Used.description()));
}
