//! What a proof must be, step by step [RFC 9449 §4.3].

use super::*;

/// A proof that is spoilt like this is refused, at the token endpoint with this description; the code stays good.
fn refuses(describes: &str, spoil: impl Fn(&mut Draft)) {
    let (world, key) = (served(), key());
    let mut draft = Draft::new(&key, "POST", TOKEN, world.now());
    spoil(&mut draft);
    refuses_text(&world, &key, describes, &draft.sign(&key));
}

fn refuses_text(world: &World, key: &PrivateKey, describes: &str, spoilt: &str) {
    let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
    let response = world.token(&showing(&redemption, spoilt));
    let body = json(&response);
    assert_eq!((response.status(), &body["error"]), (StatusCode::BAD_REQUEST, &value!("invalid_dpop_proof")), "{body}");
    let description = body["error_description"].as_str().unwrap();
    assert!(description.contains(describes), "{description:?} does not tell {describes:?}");
    assert!(response.headers().get("dpop-nonce").is_none());
    assert_eq!(
        json(&world.token(&showing(&redemption, &world.proof(key))))["token_type"],
        "DPoP",
        "nothing was consumed"
    );
}

#[test]
fn the_proofs_of_the_rfc() {
    let text = |figure: &str| figure.split_whitespace().collect::<String>();
    let header = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19";
    let figure_5 = text(&format!(
        "{header}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    ));
    let figure_7 = text(&format!(
        "{header}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA"
    ));
    let figure_13 = text(&format!(
        "{header}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
    ));
    let access = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    for (figure, method, uri, token, issued) in [
        (&figure_5, Method::POST, "https://server.example.com/token", None, 1_562_262_616),
        (&figure_7, Method::POST, "https://server.example.com/token", None, 1_562_265_296),
        (&figure_13, Method::GET, "https://resource.example.org/protectedresource", Some(access), 1_562_262_618),
    ] {
        let proof = Proof::read(&DpopHeader::new(figure.clone()), Algorithms::ASYMMETRIC).unwrap();
        assert_eq!(proof.thumbprint(), Thumbprint::parse("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I").unwrap());
        let uris = [TargetUri::parse(uri).unwrap()];
        assert_eq!(proof.require(&method, &uris, token), Ok(()));
        assert_eq!(proof.require(&Method::PUT, &uris, token), Err(ProofFault::Method));
        assert_eq!(proof.require(&method, &[], token), Err(ProofFault::Uri));
        assert!(proof.require(&method, &uris, Some("another token")).is_err());
        let policy = Dpop::default();
        for (now, good) in
            [(issued, true), (issued + 60, true), (issued - 60, true), (issued + 61, false), (issued - 61, false)]
        {
            assert_eq!(policy.require_time(&proof, Timestamp::from_unix(now)).is_ok(), good, "{now}");
        }
    }
}

#[test]
fn section_4_3_step_1_one_header() {
    let (world, key) = (served(), key());
    let code = redeem("spa", SPA, &world.code("spa", SPA, &[]));
    let twice = showing(&showing(&code, &world.proof(&key)), &world.proof(&key));
    assert_eq!(error(&world, &twice), refused(400, "invalid_dpop_proof"));
    let both = format!("{}, {}", world.proof(&key), world.proof(&key));
    refuses_text(&world, &key, "well-formed", &both);
}

#[test]
fn section_4_3_step_2_one_well_formed_jwt() {
    let (world, key) = (served(), key());
    let good = world.proof(&key);
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let large = "A".repeat(8192);
    for bad in [
        "",
        "x",
        "a.b.c",
        &format!("{header}.{claims}"),
        &format!("{good}."),
        &format!("{good}="),
        &format!("{header}.{claims}.{signature}.x"),
        &format!("{header}.{claims}.{large}"),
        &format!("{header} .{claims}.{signature}"),
    ] {
        refuses_text(&world, &key, "well-formed", bad);
    }
    refuses("well-formed", |draft| draft.claims = value!([]));
    refuses("well-formed", |draft| draft.header["crit"] = value!(["x"]));
}

#[test]
fn section_4_3_step_3_all_claims() {
    for name in ["jti", "htm", "htu", "iat"] {
        let bad = [value!(null), value!(""), value!(true), value!([]), value!({}), value!("no time, and no URI")];
        refuses(name, |draft| drop(draft.claims.as_object_mut().unwrap().remove(name)));
        for bad in bad.into_iter().filter(|bad| bad.as_str().is_none_or(str::is_empty) || matches!(name, "htu" | "iat"))
        {
            refuses(name, |draft| draft.claims[name] = bad.clone());
        }
    }
    refuses("nonce", |draft| draft.claims["nonce"] = value!(1));
    refuses("ath", |draft| draft.claims["ath"] = value!(1));
    // [RFC 9449 §11.1]: nobody fills the store with names.
    refuses("jti", |draft| draft.claims["jti"] = value!("x".repeat(257)));
    refuses("htu", |draft| draft.claims["htu"] = value!(format!("{TOKEN}?{}", "x".repeat(2048))));
}

#[test]
fn section_4_3_step_4_its_type() {
    for typ in [value!("jwt"), value!("JWT"), value!("at+jwt"), value!("dpop"), value!("")] {
        refuses("typ", |draft| draft.header["typ"] = typ.clone());
    }
    refuses("typ", |draft| drop(draft.header.as_object_mut().unwrap().remove("typ")));
}

#[test]
fn section_4_3_step_5_its_algorithm() {
    for alg in ["none", "HS256", "ES256K", "es256", "ES512", ""] {
        refuses("alg", |draft| draft.header["alg"] = value!(alg));
    }
    let narrow = world_with(|config| config.dpop(|dpop| dpop.algorithms = Algorithms::FAPI2));
    let other = PrivateKey::generate(Algorithm::Es384).unwrap();
    refuses_text(&narrow, &key(), "alg", &narrow.proof(&other));
    for algorithm in [Algorithm::Es384, Algorithm::EdDsa] {
        served().bound(&PrivateKey::generate(algorithm).unwrap());
    }
}

#[test]
fn section_4_3_step_6_its_signature() {
    let other = Value::Object(key().public().to_jwk());
    refuses("signature", |draft| draft.header["jwk"] = other.clone());
    let (world, key) = (served(), key());
    let (one, two) = (world.proof(&key), world.proof(&key));
    let (signed, _) = one.rsplit_once('.').unwrap();
    let (_, signature) = two.rsplit_once('.').unwrap();
    refuses_text(&world, &key, "signature", &format!("{signed}.{signature}"));
    refuses_text(&world, &key, "signature", &format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64])));
}

#[test]
fn section_4_3_step_7_no_private_key() {
    refuses("jwk", |draft| draft.header["jwk"]["d"] = value!("AAAA"));
    refuses("jwk", |draft| drop(draft.header.as_object_mut().unwrap().remove("jwk")));
    refuses("jwk", |draft| draft.header["jwk"] = value!({"kty": "oct", "k": "AAAA"}));
    refuses("jwk", |draft| draft.header["jwk"]["crv"] = value!("P-384"));
    refuses("jwk", |draft| draft.header["jwk"] = value!("key"));
    refuses("well-formed", |draft| draft.header["jku"] = value!("https://evil.example/jwks"));
}

#[test]
fn section_4_3_step_8_its_method() {
    for method in ["GET", "post", "Post", "POST ", "PUT"] {
        refuses("htm", |draft| draft.claims["htm"] = value!(method));
    }
}

#[test]
fn section_4_3_step_9_its_uri() {
    for uri in [
        "https://as.example/par",
        "http://as.example/token",
        "https://as.example:8443/token",
        "https://evil.example/token",
        "https://as.example/token/",
        "https://as.example/TOKEN",
    ] {
        refuses("htu of the DPoP proof is not", |draft| draft.claims["htu"] = value!(uri));
    }
    for uri in ["/token", "token", "https:as.example/token", "https://a@as.example/token"] {
        refuses("malformed", |draft| draft.claims["htu"] = value!(uri));
    }
    // [RFC 3986 §6.2.2, §6.2.3]; query and fragment are ignored.
    for uri in [
        "HTTPS://AS.EXAMPLE/token",
        "https://as.example:443/token",
        "https://as.example/%74oken",
        "https://as.example/a/../token",
        "https://as.example/token?a=b#c",
    ] {
        let (world, key) = (served(), key());
        let code = redeem("spa", SPA, &world.code("spa", SPA, &[]));
        let response = world.token(&showing(&code, &proof(world.now(), &key, "POST", uri)));
        assert_eq!(json(&response)["token_type"], "DPoP", "{uri}");
    }
    let aliased = world_with(|config| {
        let alias = |mutual: &mut grantor::MutualTls| mutual.endpoint_aliases = Some("https://mtls.as.example".into());
        config.dpop(|_| ()).mutual_tls(alias)
    });
    let code = redeem("spa", SPA, &aliased.code("spa", SPA, &[]));
    let proof = proof(aliased.now(), &key(), "POST", "https://mtls.as.example/token");
    assert_eq!(aliased.token(&showing(&code, &proof)).status(), StatusCode::OK);
}

#[test]
fn section_4_3_step_11_its_time() {
    for (offset, good) in [(-61_i64, false), (-60, true), (0, true), (60, true), (61, false)] {
        let (world, key) = (served(), key());
        let at = Timestamp::from_unix(world.now().as_unix().checked_add_signed(offset).unwrap());
        let text = proof(at, &key, "POST", TOKEN);
        if good {
            let code = redeem("spa", SPA, &world.code("spa", SPA, &[]));
            assert_eq!(world.token(&showing(&code, &text)).status(), StatusCode::OK, "{offset}");
        } else {
            refuses_text(&world, &key, "iat", &text);
        }
    }
    for iat in [value!(-1), value!(1e300), value!("1000000")] {
        refuses("iat", |draft| draft.claims["iat"] = iat.clone());
    }
}

#[test]
fn section_4_3_step_12_the_access_token_and_its_key() {
    let (world, own, other) = (served(), key(), key());
    let (access, _) = world.bound(&own);
    let authorization = format!("DPoP {access}");
    let refused = |proof: String, error: &str| {
        let response = world.at_api(read(), &authorization, &[proof]).unwrap_err();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(challenges(&response)[0].starts_with("DPoP "), "{:?}", challenges(&response));
        assert!(challenges(&response)[0].contains(error), "{:?}", challenges(&response));
    };
    refused(
        world.resource_proof(&own, &access, |draft| drop(draft.claims.as_object_mut().unwrap().remove("ath"))),
        "invalid_dpop_proof",
    );
    refused(world.resource_proof(&own, "another", |_| ()), "invalid_dpop_proof");
    refused(world.resource_proof(&own, &access, |draft| draft.claims["htm"] = value!("POST")), "invalid_dpop_proof");
    refused(
        world.resource_proof(&own, &access, |draft| draft.claims["htu"] = value!("https://as.example/other")),
        "invalid_dpop_proof",
    );
    refused(world.resource_proof(&own, &access, |draft| draft.claims["iat"] = value!(5)), "invalid_dpop_proof");
    refused(world.resource_proof(&other, &access, |_| ()), "invalid_token");
    assert!(world.at_api(read(), &authorization, &[world.resource_proof(&own, &access, |_| ())]).is_ok());
}
