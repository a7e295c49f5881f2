//! Nonces, which no server remembers [RFC 9449 §8, §9].

use super::*;

#[test]
fn section_4_3_step_10_its_nonce() {
    let world = nonce_world();
    let key = key();
    let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
    let with_nonce = |nonce: Option<&str>| {
        let mut draft = Draft::new(&key, "POST", TOKEN, world.now());
        nonce.into_iter().for_each(|nonce| draft.claims["nonce"] = value!(nonce));
        showing(&redemption, &draft.sign(&key))
    };
    let given = nonces().current(world.now());
    let foreign = DpopNonces::new([8; 32]).current(world.now());
    let plain = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(!given.is_empty() && given.bytes().all(plain), "the syntax of section 8.1: {given}");
    for bad in [None, Some("x"), Some(&*foreign), Some(&given[1..]), Some(&format!("{given}A"))] {
        let response = world.token(&with_nonce(bad));
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(json(&response)["error"], "use_dpop_nonce", "{bad:?}");
        let told: Vec<_> = response.headers().get_all("dpop-nonce").iter().collect();
        assert_eq!(told, [&*given], "one header, with the nonce to use");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    let response = world.token(&with_nonce(Some(&given)));
    assert_eq!(response.status(), StatusCode::OK, "{:?}", json(&response));
    assert!(response.headers().get("dpop-nonce").is_none(), "it has the current one");
}

#[test]
fn a_nonce_tells_the_time_whatever_the_clock_of_the_client_says() {
    let (world, key) = (nonce_world(), key());
    for (age, good, renewed) in [(0, true, false), (299, true, true), (300, true, true), (601, false, true)] {
        // The periods begin when the clock shows a multiple of 300 s.
        let begun = Timestamp::from_unix(world.now().as_unix() / 300 * 300 + 300);
        world.clock.advance(begun.as_unix() - world.now().as_unix());
        let nonce = nonces().current(world.now());
        world.clock.advance(age);
        let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
        let mut draft = Draft::new(&key, "POST", TOKEN, Timestamp::from_unix(5));
        draft.claims["nonce"] = value!(nonce);
        let response = world.token(&showing(&redemption, &draft.sign(&key)));
        assert_eq!(response.status() == StatusCode::OK, good, "{age}: {}", json(&response));
        let told = response.headers().get("dpop-nonce").map(|nonce| nonce.to_str().unwrap().to_owned());
        let renewed = renewed && age >= 300;
        assert_eq!(told, renewed.then(|| nonces().current(world.now())), "{age}");
    }
}

#[test]
fn all_processes_with_the_key_know_all_nonces_and_a_key_can_be_replaced() {
    let now = Timestamp::from_unix(1_000_000);
    let world = |nonces: DpopNonces| world_with(|config| config.dpop(|dpop| dpop.nonces = Some(nonces)));
    let (old, new) = (DpopNonces::new([7; 32]), DpopNonces::new([9; 32]));
    let text = [old.current(now), new.current(now)];
    assert_ne!(text[0], text[1]);
    for (server, knows) in [
        (old.clone(), [true, false]),
        (old.also([9; 32]), [true, true]),
        (new.clone().also([7; 32]), [true, true]),
        (new, [false, true]),
    ] {
        let world = world(server);
        for (nonce, known) in text.iter().zip(knows) {
            let key = key();
            let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
            let mut draft = Draft::new(&key, "POST", TOKEN, world.now());
            draft.claims["nonce"] = value!(nonce);
            assert_eq!(world.token(&showing(&redemption, &draft.sign(&key))).status() == StatusCode::OK, known);
        }
    }
    // One process may be ahead by less than a period.
    let ahead = nonces().current(now.plus(Duration::from_secs(300)));
    let far = nonces().current(now.plus(Duration::from_secs(601)));
    for (nonce, known) in [(ahead, true), (far, false)] {
        let (world, key) = (nonce_world(), key());
        let mut draft = Draft::new(&key, "POST", TOKEN, now);
        draft.claims["nonce"] = value!(nonce);
        let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
        assert_eq!(world.token(&showing(&redemption, &draft.sign(&key))).status() == StatusCode::OK, known);
    }
    assert!(!format!("{:?}", nonces()).contains("7, 7"));
}

#[test]
fn section_9_a_resource_asks_for_a_nonce() {
    let (world, own) = (nonce_world(), key());
    let nonce = nonces().current(world.now());
    let code = redeem("spa", SPA, &world.code("spa", SPA, &[]));
    let mut draft = Draft::new(&own, "POST", TOKEN, world.now());
    draft.claims["nonce"] = value!(nonce);
    let access = json(&world.token(&showing(&code, &draft.sign(&own))))["access_token"].as_str().unwrap().to_owned();
    let authorization = format!("DPoP {access}");
    let response = world.at_api(read(), &authorization, &[world.resource_proof(&own, &access, |_| ())]).unwrap_err();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(
        challenges(&response)[0].starts_with("DPoP ") && challenges(&response)[0].contains("error=\"use_dpop_nonce\"")
    );
    assert_eq!(response.headers()["dpop-nonce"], nonce);
    let with_nonce = world.resource_proof(&own, &access, |draft| draft.claims["nonce"] = value!(nonce));
    let mut request = showing(&get("/api"), &with_nonce);
    request.headers_mut().insert("authorization", authorization.parse().unwrap());
    assert_eq!(world.server.access(&request, read()).unwrap().dpop_nonce, None);
    world.clock.advance(300);
    let permit = world.server.access(&request, read()).unwrap();
    assert_eq!(permit.dpop_nonce.unwrap(), nonces().current(world.now()), "the next one, with the answer");
}

#[test]
fn a_request_for_a_nonce_consumes_neither_code_nor_refresh_token_nor_proof() {
    let (world, key) = (nonce_world(), key());
    let nonce = nonces().current(world.now());
    let proof = |nonce: Option<&str>| {
        let mut draft = Draft::new(&key, "POST", TOKEN, world.now());
        draft.claims["jti"] = value!("always the same");
        nonce.into_iter().for_each(|nonce| draft.claims["nonce"] = value!(nonce));
        draft.sign(&key)
    };
    let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
    for _ in 0..3 {
        assert_eq!(error(&world, &showing(&redemption, &proof(None))), refused(400, "use_dpop_nonce"));
    }
    let body = json(&world.token(&showing(&redemption, &proof(Some(&nonce)))));
    let token = body["refresh_token"].as_str().unwrap();
    assert_eq!(error(&world, &showing(&refresh("spa", token), &proof(None))), refused(400, "use_dpop_nonce"));
    let mut draft = Draft::new(&key, "POST", TOKEN, world.now());
    draft.claims["nonce"] = value!(nonce);
    assert_eq!(world.token(&showing(&refresh("spa", token), &draft.sign(&key))).status(), StatusCode::OK);
}
