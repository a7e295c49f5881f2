//! Tokens that are bound to keys, by proofs [RFC 9449].

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::dpop::{DpopNonces, NewProof, Proof, TargetUri};
use grantor::event::Event;
use grantor::jose::{Algorithm, Algorithms, PrivateKey, Thumbprint};
use grantor::record::{Client, ClientFault, Digest, GrantType, Scope};
use grantor::resource::{Demand, ProtectedResource};
use grantor::server::Place;
use grantor::wire::{DpopHeader, Introspection, ProofFault};
use grantor::{Config, ConfigFault, Dpop, Registration, Timestamp};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::{Value, json as value};
use std::time::Duration;

use crate::faults::case;
use crate::faulty::{Ask, Case};
use crate::interleavings::crowd_of;
use crate::support::*;
use crate::table::Shelf;
use crate::watch::Watched;

const TOKEN: &str = "https://as.example/token";
const API: &str = "https://as.example/api";

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::Es256).unwrap()
}

fn jkt(key: &PrivateKey) -> String {
    key.public().thumbprint().to_string()
}

/// A text that no other proof of this run has.
fn fresh() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("id-{}", COUNT.fetch_add(1, Ordering::SeqCst))
}

/// Header and claims of a good proof, as JSON, to be spoilt.
#[derive(Clone)]
struct Draft {
    header: Value,
    claims: Value,
}

impl Draft {
    fn new(key: &PrivateKey, method: &str, uri: &str, now: Timestamp) -> Self {
        let jwk = Value::Object(key.public().to_jwk());
        Self {
            header: value!({"typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": jwk}),
            claims: value!({"jti": fresh(), "htm": method, "htu": uri, "iat": now.as_unix()}),
        }
    }

    fn sign(&self, key: &PrivateKey) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{signature}")
    }
}

pub(crate) fn showing(request: &Request<Vec<u8>>, proof: &str) -> Request<Vec<u8>> {
    let mut request = request.clone();
    request.headers_mut().append("dpop", proof.parse().unwrap());
    request
}

pub(crate) fn proof(world_now: Timestamp, key: &PrivateKey, method: &str, uri: &str) -> String {
    Draft::new(key, method, uri, world_now).sign(key)
}

/// A proof for a request with an access token.
pub(crate) fn proof_for(now: Timestamp, key: &PrivateKey, method: &str, uri: &str, token: &str) -> String {
    let mut draft = Draft::new(key, method, uri, now);
    draft.claims["ath"] = value!(challenge(token));
    draft.sign(key)
}

impl World {
    fn proof(&self, key: &PrivateKey) -> String {
        proof(self.now(), key, "POST", TOKEN)
    }

    /// The tokens of a public client, bound to `key`.
    fn bound(&self, key: &PrivateKey) -> (String, String) {
        let code = self.code("spa", SPA, &[("scope", "read write")]);
        let response = self.token(&showing(&redeem("spa", SPA, &code), &self.proof(key)));
        let body = json(&response);
        assert_eq!(body["token_type"], "DPoP", "{body}");
        ["access_token", "refresh_token"].map(|name| body[name].as_str().unwrap().to_owned()).into()
    }

    fn at_api(&self, demand: Demand, authorization: &str, proofs: &[String]) -> Result<(), Box<Response<Vec<u8>>>> {
        let mut request = get("/api?x=1");
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        let request = proofs.iter().fold(request, |request, proof| showing(&request, proof));
        self.server.access(&request, demand).map(|_| ())
    }

    fn resource_proof(&self, key: &PrivateKey, token: &str, change: impl FnOnce(&mut Draft)) -> String {
        let mut draft = Draft::new(key, "GET", API, self.now());
        draft.claims["ath"] = value!(challenge(token));
        change(&mut draft);
        draft.sign(key)
    }
}

fn read() -> Demand {
    Demand::new(Scope::parse("read").unwrap())
}

fn challenges(response: &Response<Vec<u8>>) -> Vec<String> {
    response.headers().get_all("www-authenticate").iter().map(|one| one.to_str().unwrap().to_owned()).collect()
}

fn served() -> World {
    world_with(|config| config.dpop(|_| ()))
}

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

fn nonces() -> DpopNonces {
    DpopNonces::new([7; 32])
}

fn nonce_world() -> World {
    world_with(|config| config.dpop(|dpop| dpop.nonces = Some(nonces())))
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
fn a_proof_is_good_for_one_use_at_the_token_endpoint() {
    let (world, key) = (served(), key());
    let [one, two] = [(); 2].map(|()| redeem("spa", SPA, &world.code("spa", SPA, &[])));
    let proof = world.proof(&key);
    // What fails uses nothing up.
    assert_eq!(
        error(&world, &showing(&with(&one, &[("code_verifier", &"x".repeat(43))]), &proof)),
        refused(400, "invalid_grant")
    );
    assert_eq!(world.token(&showing(&one, &proof)).status(), StatusCode::OK);
    for seconds in [0, 30, 30] {
        world.clock.advance(seconds);
        let again = world.token(&showing(&two, &proof));
        assert_eq!(json(&again)["error"], "invalid_dpop_proof");
        assert_eq!(json(&again)["error_description"], "the DPoP proof was used before");
        let events = world.log.take();
        assert!(
            events.iter().any(|event| matches!(event, Event::ProofReplayed { client, .. } if client.as_str() == "spa"))
        );
    }
    world.clock.advance(1);
    let response = world.token(&showing(&two, &proof));
    assert_eq!(json(&response)["error_description"], "the iat of the DPoP proof is too far from now");
    // The same name of another key is another proof.
    let acting = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials"), ("scope", "read")]);
    for holder in [self::key(), self::key()] {
        let mut draft = Draft::new(&holder, "POST", TOKEN, world.now());
        draft.claims["jti"] = value!("one name");
        assert_eq!(world.token(&showing(&acting, &draft.sign(&holder))).status(), StatusCode::OK);
        draft.claims["iat"] = value!(world.now().as_unix() + 1);
        assert_eq!(error(&world, &showing(&acting, &draft.sign(&holder))), refused(400, "invalid_dpop_proof"));
    }
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

fn pushing(changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut request = post("/par", &[]);
    *request.body_mut() = authorization("spa", SPA, changes).uri().query().unwrap().into();
    request
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

#[test]
fn metadata_and_registration_say_what_is_served() {
    let document = |world: &World| json(&world.server.answer(Place::Metadata, &get("/")));
    let registration = || Registration::open().by_default("read");
    let plain = world_with(|config| config.registration(registration()));
    assert_eq!(document(&plain).get("dpop_signing_alg_values_supported"), None);
    let world = world_with(|config| config.registration(registration()).dpop(|_| ()));
    let all = value!(["ES256", "ES384", "PS256", "PS384", "RS256", "EdDSA"]);
    assert_eq!(document(&world)["dpop_signing_alg_values_supported"], all);
    let body = value!({"redirect_uris": [SPA], "token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true});
    let mut request = post("/register", &[]);
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    *request.body_mut() = body.to_string().into();
    let registered = json(&world.server.answer(Place::Registration, &request));
    assert_eq!(registered["dpop_bound_access_tokens"], true, "{registered}");
    assert_eq!(json(&plain.server.answer(Place::Registration, &request))["error"], "invalid_client_metadata");
    let resource = ProtectedResource::builder("https://api.example/").dpop_bound().dpop_algorithms(Algorithms::FAPI2);
    let resource = resource.build().unwrap();
    let told = json(&resource.answer(&get("/")));
    assert_eq!(told["dpop_bound_access_tokens_required"], true);
    assert_eq!(told["dpop_signing_alg_values_supported"], value!(["ES256", "PS256", "EdDSA"]));
    assert!(read().of(&resource).dpop_bound);
}

#[test]
fn what_could_not_work_is_refused_when_it_is_built() {
    for change in [
        (|dpop| dpop.algorithms = Algorithms::NONE) as fn(&mut Dpop),
        |dpop| dpop.algorithms = [Algorithm::Es256, Algorithm::Hs256].into_iter().collect(),
        |dpop| dpop.window = Duration::ZERO,
        |dpop| dpop.window = Duration::from_secs(601),
        |dpop| dpop.nonces = Some(nonces().every(Duration::ZERO)),
        |dpop| dpop.nonces = Some(nonces().every(Duration::from_secs(601))),
    ] {
        assert_eq!(config().dpop(change).build().unwrap_err(), ConfigFault::Dpop);
    }
    assert!(
        Config::builder(ISSUER).scopes(["read"]).dpop(|dpop| dpop.window = Duration::from_secs(600)).build().is_ok()
    );
}

#[test]
fn a_client_makes_a_proof_in_one_call() {
    let (world, own) = (nonce_world(), key());
    let nonce = nonces().current(world.now());
    let redemption = redeem("spa", SPA, &world.code("spa", SPA, &[]));
    let made = NewProof::new("POST", "https://as.example/token?x#y", "some random text", world.now()).nonce(&nonce);
    let proof = made.sign(&own).unwrap();
    assert_eq!(format!("{proof:?}"), "DpopHeader(..)");
    let mut parsed = grantor::wire::TokenRequest::parse(&redemption, world.server.config().limits()).unwrap();
    parsed.dpop = Some(proof);
    let printed = parsed.print(&TOKEN.parse().unwrap());
    let body = json(&world.token(&printed));
    assert_eq!(body["token_type"], "DPoP", "{body}");
    let access = body["access_token"].as_str().unwrap();
    let made = NewProof::new("GET", API, "another", world.now()).nonce(&nonce).access_token(access).sign(&own).unwrap();
    let mut headers = HeaderMap::new();
    made.print(&mut headers);
    assert_eq!(DpopHeader::of(&headers), Some(made));
    let proof = headers["dpop"].to_str().unwrap().to_owned();
    assert!(world.at_api(read(), &format!("DPoP {access}"), &[proof]).is_ok());
}

/// Requests with proofs, for stores that fail or lie; the same request again shows a proof that was used.
pub(crate) fn fault_cases() -> Vec<Case> {
    let key = key();
    let world = || crowd_of(Vec::new(), |config| config.dpop(|_| ()));
    let shown = |world: &World<Shelf>, path: &str, request: &Request<Vec<u8>>| {
        showing(request, &proof(world.now(), &key, "POST", &format!("{ISSUER}{path}")))
    };
    let [acting, redeeming, refreshing, pushed] = [(); 4].map(|()| world());
    let client = post_as("/token", &basic("web", SECRET), &[("grant_type", "client_credentials"), ("scope", "read")]);
    let client = shown(&acting, "/token", &client);
    let redemption = redeem("spa", SPA, &redeeming.code("spa", SPA, &[]));
    let redemption = shown(&redeeming, "/token", &redemption);
    let first = redeem("spa", SPA, &refreshing.code("spa", SPA, &[]));
    let first = json(&refreshing.token(&shown(&refreshing, "/token", &first)));
    let refresh = shown(&refreshing, "/token", &refresh("spa", first["refresh_token"].as_str().unwrap()));
    let push = shown(&pushed, "/par", &pushing(&[]));
    vec![
        case("client credentials with a proof", Ask::Answer(Place::Token, client), acting, 200, 400, &[]),
        case("redemption with a proof", Ask::Answer(Place::Token, redemption), redeeming, 200, 400, &[]),
        case("refresh with a proof", Ask::Answer(Place::Token, refresh), refreshing, 200, 400, &[]),
        case(
            "a pushed request with a proof",
            Ask::Answer(Place::PushedAuthorizationRequest, push),
            pushed,
            201,
            400,
            &[],
        ),
    ]
}

#[test]
fn nobody_is_shown_a_proof() {
    let key = key();
    let mut watched = Watched::over(crowd_of(Vec::new(), |config| config.dpop(|dpop| dpop.nonces = Some(nonces()))));
    for nonce in [None, Some(nonces().current(watched.world.now()))] {
        let good = nonce.is_some();
        let redemption = redeem("spa", SPA, &watched.world.code("spa", SPA, &[]));
        let mut draft = Draft::new(&key, "POST", TOKEN, watched.world.now());
        nonce.into_iter().for_each(|nonce| draft.claims["nonce"] = value!(nonce));
        let proof = draft.sign(&key);
        watched.learn(Some(proof.clone()));
        watched.learn(Some(proof.rsplit('.').next().unwrap().to_owned()));
        for expected in [good, false] {
            let answer = watched.send(Place::Token, &showing(&redemption, &proof));
            assert_eq!(answer.status() == StatusCode::OK, expected);
        }
    }
    watched.assert_kept(6);
}
