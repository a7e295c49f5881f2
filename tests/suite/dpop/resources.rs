//! Proofs at resources [RFC 9449 §7].

use super::*;

#[test]
fn section_7_1_a_proof_comes_with_the_token() {
    let (world, own) = (served(), key());
    let (access, _) = world.bound(&own);
    let good = || world.resource_proof(&own, &access, |_| ());
    let missing = world.at_api(read(), &format!("DPoP {access}"), &[]).unwrap_err();
    assert_eq!(missing.status(), StatusCode::UNAUTHORIZED);
    assert!(challenges(&missing)[0].contains("error=\"invalid_dpop_proof\""));
    assert!(world.at_api(read(), &format!("DPoP {access}"), &[good(), good()]).is_err());
    for scheme in ["DPoP", "dpop", "DPOP"] {
        assert!(world.at_api(read(), &format!("{scheme} {access}"), &[good()]).is_ok(), "{scheme}");
    }
    // Beside a dead or an unknown token, a proof is worth nothing.
    let unknown = format!("{access}x");
    let proof = world.resource_proof(&own, &unknown, |_| ());
    assert!(
        challenges(&world.at_api(read(), &format!("DPoP {unknown}"), &[proof]).unwrap_err())[0]
            .contains("invalid_token")
    );
    world.revoke("spa", &access);
    assert!(
        challenges(&world.at_api(read(), &format!("DPoP {access}"), &[good()]).unwrap_err())[0]
            .contains("invalid_token")
    );
}

#[test]
fn section_7_1_the_challenge_names_scheme_error_and_algorithms() {
    let world = world_with(|config| {
        config.dpop(|dpop| dpop.algorithms = Algorithms::NONE.and(Algorithm::Es256).and(Algorithm::Ps256))
    });
    let none = world.server.access(&get("/api"), read()).unwrap_err();
    let both =
        ["Bearer realm=\"grantor\", scope=\"read\"", "DPoP realm=\"grantor\", scope=\"read\", algs=\"ES256 PS256\""];
    assert_eq!(challenges(&none), both, "no error where there was no token");
    let wrong = world.at_api(read(), "Bearer wrong", &[]).unwrap_err();
    assert!(challenges(&wrong)[0].starts_with("Bearer ") && challenges(&wrong)[0].contains("invalid_token"));
    assert_eq!(challenges(&wrong)[1], both[1], "the error goes with the scheme that was used");
    let wrong = world.at_api(read(), "DPoP wrong", &[]).unwrap_err();
    assert!(challenges(&wrong)[0].starts_with("DPoP ") && challenges(&wrong)[0].contains("algs=\"ES256 PS256\""));
    assert_eq!(challenges(&wrong)[1], both[0]);
    let mut two = get("/api");
    for one in ["Bearer a", "DPoP a"] {
        two.headers_mut().append("authorization", one.parse().unwrap());
    }
    let ambiguous = world.server.access(&two, read()).unwrap_err();
    assert_eq!(ambiguous.status(), StatusCode::BAD_REQUEST);
    assert!(
        challenges(&ambiguous).iter().all(|one| one.contains("error=\"invalid_request\"")),
        "{:?}",
        challenges(&ambiguous)
    );
    // Who serves no proofs knows no such scheme.
    let unserved = world_with(|config| config);
    let refused = unserved.at_api(read(), "DPoP a", &[]).unwrap_err();
    assert_eq!(challenges(&refused), both[..1]);
}

#[test]
fn section_7_2_a_bound_token_is_no_bearer_token_and_no_other_is_bound() {
    let (world, own) = (served(), key());
    let (access, _) = world.bound(&own);
    for proofs in [vec![], vec![world.resource_proof(&own, &access, |_| ())]] {
        let response = world.at_api(read(), &format!("Bearer {access}"), &proofs).unwrap_err();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(challenges(&response)[0].contains("invalid_token") && challenges(&response)[1].starts_with("DPoP"));
    }
    let form = post("/api", &[("access_token", &access)]);
    assert!(world.server.access(&form, read().or_in_form()).is_err());
    let free = world.tokens()["access_token"].as_str().unwrap().to_owned();
    let beside = world.resource_proof(&own, &free, |_| ());
    let response = world.at_api(read(), &format!("DPoP {free}"), std::slice::from_ref(&beside)).unwrap_err();
    assert!(challenges(&response)[0].contains("invalid_token"));
    assert!(world.at_api(read(), &format!("Bearer {free}"), &[]).is_ok());
    assert!(world.at_api(read(), &format!("Bearer {free}"), &[beside]).is_ok(), "a proof that nobody asked for");
    // Where binding is required, a free token is none.
    let response = world.at_api(read().dpop_bound(), &format!("Bearer {free}"), &[]).unwrap_err();
    assert!(
        challenges(&response).len() == 1 && challenges(&response)[0].starts_with("DPoP "),
        "{:?}",
        challenges(&response)
    );
    let good = world.resource_proof(&own, &access, |_| ());
    assert!(world.at_api(read().dpop_bound(), &format!("DPoP {access}"), &[good]).is_ok());
}

#[test]
fn a_resource_is_where_its_operator_says_and_not_where_the_request_says() {
    let world = world_with(|config| config.resource("https://api.example/v1").dpop(|_| ()));
    let own = key();
    let code = world.code("spa", SPA, &[("resource", "https://api.example/v1")]);
    let response = world.token(&showing(&redeem("spa", SPA, &code), &world.proof(&own)));
    let access = json(&response)["access_token"].as_str().unwrap().to_owned();
    let resource = ProtectedResource::builder("https://api.example/v1").build().unwrap();
    let demand = read().of(&resource);
    let proofs_for = |uri: &str| world.resource_proof(&own, &access, |draft| draft.claims["htu"] = value!(uri));
    let authorization = format!("DPoP {access}");
    for (demand, uri, good) in [
        (demand.clone(), "https://api.example/api", true),
        (demand.clone(), API, false),
        (demand.clone().reached_at("https://gate.example/v1"), "https://gate.example/v1/api", true),
        (demand.clone().reached_at("https://gate.example/v1/"), "https://gate.example/v1/api", true),
        (demand.clone().reached_at("https://gate.example/v1"), "https://api.example/api", false),
        (demand.clone().reached_at("nowhere"), "https://api.example/api", false),
    ] {
        assert_eq!(world.at_api(demand, &authorization, &[proofs_for(uri)]).is_ok(), good, "{uri}");
    }
    // Someone who was given a proof for their own host says that this is it.
    let mut request = showing(&get("/api"), &proofs_for("https://evil.example/api"));
    *request.uri_mut() = "https://evil.example/api".parse().unwrap();
    request.headers_mut().insert("host", "evil.example".parse().unwrap());
    request.headers_mut().insert("x-forwarded-host", "evil.example".parse().unwrap());
    request.headers_mut().insert("authorization", authorization.parse().unwrap());
    assert_eq!(world.server.access(&request, demand).unwrap_err().status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_proof_at_a_resource_is_good_for_one_use_if_the_operator_says_so() {
    for single in [false, true] {
        let (world, own) = (world_with(|config| config.dpop(|dpop| dpop.single_use_at_resources = single)), key());
        let (access, _) = world.bound(&own);
        let proof = world.resource_proof(&own, &access, |_| ());
        let authorization = format!("DPoP {access}");
        // A refusal uses nothing up.
        let admin = Demand::new(Scope::parse("admin").unwrap());
        assert_eq!(
            world.at_api(admin, &authorization, std::slice::from_ref(&proof)).unwrap_err().status(),
            StatusCode::FORBIDDEN
        );
        assert!(world.at_api(read(), &authorization, std::slice::from_ref(&proof)).is_ok());
        assert_eq!(world.at_api(read(), &authorization, &[proof]).is_err(), single);
        assert!(world.at_api(read(), &authorization, &[world.resource_proof(&own, &access, |_| ())]).is_ok());
    }
}
