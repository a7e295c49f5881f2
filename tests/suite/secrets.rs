//! No `Debug`, record, event or error shows a code, a token, a verifier or a client secret: the bytes are searched.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantor::record::Scope;
use grantor::resource::Demand;
use grantor::server::{Denial, Place, Visitor};
use http::{Request, StatusCode};

use crate::interleavings::crowd;
use crate::schedule::bytes_of;
use crate::support::*;
use crate::watch::{Watched, forms, text};

fn with_header(mut request: Request<Vec<u8>>, header: &str) -> Request<Vec<u8>> {
    request.headers_mut().insert("authorization", header.parse().unwrap());
    request
}

#[test]
fn what_succeeds_shows_no_secret() {
    let mut watched = Watched::new(false);
    let header = basic("web", SECRET);
    for changes in [&[][..], &[("response_mode", "form_post")]] {
        let code = watched.code(changes);
        let redemption = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", WEB),
            ("code_verifier", VERIFIER),
        ];
        let tokens = json(&watched.send(Place::Token, &post_as("/token", &header, &redemption)));
        let [access, token] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned());
        for _ in 0..2 {
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*token), ("scope", "read")];
            assert_eq!(watched.send(Place::Token, &post_as("/token", &header, &refresh)).status(), StatusCode::OK);
        }
        for secret in [&access, &token] {
            let query = [("client_id", "web"), ("client_secret", SECRET), ("token", secret)];
            watched.send(Place::Introspection, &post("/introspect", &query));
        }
        watched.access(&with_header(get("/api"), &format!("Bearer {access}")), demand("read"));
        watched.access(&post("/api", &[("access_token", &access)]), demand("read").or_in_form());
        // The replay of the code revokes, the second one finds nothing.
        for _ in 0..2 {
            watched.send(Place::Token, &post_as("/token", &header, &redemption));
        }
        watched.send(Place::Revocation, &post_as("/revoke", &header, &[("token", &access)]));
    }
    let acting = [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", SECRET)];
    let tokens = json(&watched.send(Place::Token, &post("/token", &acting)));
    let access = tokens["access_token"].as_str().unwrap();
    watched.send(Place::Revocation, &post_as("/revoke", &header, &[("token", access)]));
    let remembered = Visitor::logged_in(watched.world.session(), Some(Scope::parse("read").unwrap()));
    for mode in ["query", "form_post"] {
        watched.authorize(&authorization("web", WEB, &[("response_mode", mode)]), remembered.clone());
    }
    watched.assert_kept(14);
}

fn demand(scope: &str) -> Demand {
    Demand::new(Scope::parse(scope).unwrap())
}

#[test]
fn what_is_refused_shows_no_secret() {
    let mut watched = Watched::new(false);
    let good = basic("web", SECRET);
    let code = watched.code(&[]);
    let other = watched.code(&[]);
    let redemption = |code: &str| {
        post_as(
            "/token",
            &good,
            &[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)],
        )
    };
    let tokens = json(&watched.send(Place::Token, &redemption(&other)));
    let [access, token] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned());

    let odd = [
        vec![("grant_type", "authorization_code"), ("refresh_token", &*token), ("code_verifier", VERIFIER)],
        vec![("grant_type", "authorization_code"), ("code", &*token), ("code_verifier", VERIFIER)],
        vec![("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", "short")],
        vec![("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", "https://web.example/other")],
        vec![("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", WEB)],
        vec![("grant_type", "refresh_token"), ("refresh_token", &*code)],
        vec![("grant_type", "refresh_token"), ("refresh_token", &*token), ("scope", "admin")],
        vec![("grant_type", "refresh_token"), ("refresh_token", &*token), ("refresh_token", &*token)],
        vec![("grant_type", "client_credentials"), ("scope", "admin"), ("code", &*code), ("password", SECRET)],
        vec![("grant_type", "urn:example:unknown"), ("code", &*code), ("code_verifier", VERIFIER), ("token", &*access)],
        vec![("grant_type", "password"), ("username", "alice"), ("password", SECRET)],
        vec![("code", &*code), ("refresh_token", &*token), ("client_secret", SECRET)],
        vec![("grant_type", "refresh_token"), ("client_assertion", &*token), ("client_secret", SECRET)],
    ];
    let raw = STANDARD.encode(SECRET);
    let unparted = format!("Basic {raw}");
    let unpadded = format!("{}!", good);
    let headers =
        [&*good, &unparted, &unpadded, &format!("Bearer {access}"), &format!("Digest {raw}"), &basic("nobody", SECRET)];
    for pairs in &odd {
        for header in headers {
            watched.send(Place::Token, &post_as("/token", header, pairs));
        }
        let public: Vec<_> = pairs.iter().copied().chain([("client_id", "spa")]).collect();
        watched.send(Place::Token, &post("/token", &public));
        watched.send(Place::Token, &post("/token?client_secret=some", pairs));
    }
    for (place, path) in [(Place::Introspection, "/introspect"), (Place::Revocation, "/revoke")] {
        for header in headers {
            watched.send(place, &post_as(path, header, &[("token", &code), ("refresh_token", &token)]));
            watched.send(place, &post_as(path, header, &[("code", &code), ("access_token", &access)]));
        }
        for token in [&code, &access, &token, &"gr_at_malformed".to_owned()] {
            let wrong = [("client_id", "web"), ("client_secret", VERIFIER), ("token", &**token)];
            watched.send(place, &post(path, &wrong));
            watched.send(place, &post(path, &[("client_id", "spa"), ("token", token)]));
        }
    }
    watched.access(&with_header(get("/api"), &format!("Bearer {access}")), demand("admin"));
    watched.access(&with_header(get("/api"), &format!("Bearer {access} {token}")), demand("read"));
    watched.access(&with_header(get("/api"), &format!("Bearer {code}")), demand("read"));
    watched.access(&with_header(get("/api"), &format!("Basic {raw}")), demand("read"));
    let twice = with_header(post("/api", &[("access_token", &access)]), &format!("Bearer {access}"));
    watched.access(&twice, demand("read").or_in_form());
    watched.world.clock.advance(31);
    watched
        .send(Place::Token, &post_as("/token", &good, &[("grant_type", "refresh_token"), ("refresh_token", &token)]));
    watched
        .send(Place::Token, &post_as("/token", &good, &[("grant_type", "refresh_token"), ("refresh_token", &token)]));
    watched.world.clock.advance(60);
    watched.send(Place::Token, &redemption(&code));
    watched.assert_kept(6);
}

#[test]
fn an_authorization_request_shows_no_secret() {
    let mut watched = Watched::new(true);
    let plain = [("code_challenge", VERIFIER), ("code_challenge_method", "plain")];
    let code = watched.code(&plain);
    let visitor = Visitor::logged_in(watched.world.session(), None);
    for (name, value) in [
        ("prompt", "none"),
        ("code_challenge_method", "S512"),
        ("scope", "admin"),
        ("max_age", "-1"),
        ("client_secret", SECRET),
    ] {
        let changes: Vec<_> = [
            ("code_challenge", VERIFIER),
            ("code_challenge_method", "plain"),
            ("code_verifier", VERIFIER),
            ("code", &*code),
        ]
        .into_iter()
        .filter(|(own, _)| *own != name)
        .chain([(name, value)])
        .collect();
        for (client, uri) in [("web", WEB), ("web", "https://evil.example/cb"), ("nobody", WEB)] {
            watched.authorize(&authorization(client, uri, &changes), visitor.clone());
        }
    }
    let prompt = watched.authorize(&authorization("web", WEB, &plain), visitor).unwrap();
    let config = Arc::clone(watched.world.server.config());
    watched.run(Denial::new(config, *prompt)).reply.unwrap_err();
    let redemption =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)];
    let redeemed = watched.send(Place::Token, &post_as("/token", &basic("web", SECRET), &redemption));
    assert_eq!(redeemed.status(), StatusCode::OK);
    watched.assert_kept(5);
}

#[test]
fn the_search_finds_what_is_there() {
    let world = crowd(30);
    let code = world.code("spa", SPA, &[]);
    let response = world.token(&redeem("spa", SPA, &code));
    let token = json(&response)["access_token"].as_str().unwrap().to_owned();
    let found = |shown: &str| forms(&token).into_iter().filter(|(_, needle)| shown.contains(needle)).count();
    assert!(found(&text(response.body().clone())) > 0);
    assert!(found(&format!("{:?}", response.body())) > 0);
    assert!(found(&format!("{:?}", &bytes_of(&token)[16..])) > 0);
    assert_eq!(found(&code), 0);
}
