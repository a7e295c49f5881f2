//! `client_secret_jwt` [RFC 7523 §3, OpenID Connect Core §9]: no record holds the secret, the host's signer does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::drive::{CachingHost, NoHost};
use grantor::jose::{LocalSigner, SharedSecret, SigningHost};
use grantor::record::{Client, ClientFault, ClientId};
use grantor::server::Place;
use grantor::store::Memory;
use grantor::{AuthorizationServer, Registration};
use http::{Method, Request};
use serde_json::{Value, json as value};

use super::{KEYS, TYPE, asking, claims, forge, jwks, registered};
use crate::support::*;

const SECRET: &[u8] = b"a secret of thirty-two bytes, and a few more";

type Server = AuthorizationServer<Memory, SigningHost<CachingHost<NoHost>, LocalSigner>, Log, Hands>;

fn of_secret() -> Client {
    registered(&value!({"token_endpoint_auth_method": "client_secret_jwt"})).unwrap()
}

fn server(served: bool) -> Server {
    let clock = Hands::default();
    let store = Memory::new();
    store.put_client(of_secret());
    store.put_client(Client::builder("lost").metadata(of_secret().metadata().clone()).build().unwrap());
    let signing = registered(&value!({"jwks": jwks(&[&KEYS[0]])})).unwrap();
    store.put_client(Client::builder("k").metadata(signing.metadata().clone()).build().unwrap());
    let secrets = ["m", "k"].map(|client| (ClientId::new(client), SharedSecret::new(SECRET).unwrap()));
    let open = Registration::open().grant_types(&[grantor::record::GrantType::ClientCredentials]).by_default("read");
    let config = config().registration(open).client_assertions(|own| own.client_secret_jwt = served).build().unwrap();
    let signer = LocalSigner::new([KEYS[0].clone()]).with_client_secrets(secrets);
    let server = AuthorizationServer::new(config, store).with_clock(clock).with_sink(Log::default());
    server.with_host(CachingHost::new(NoHost)).with_signer(signer)
}

fn mac(secret: &[u8], header: &Value, payload: &Value) -> String {
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", text(header), text(payload));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(SharedSecret::new(secret).unwrap().sign(signed.as_bytes())))
}

fn status(server: &Server, shown: &str) -> u16 {
    server.answer(Place::Token, &asking(shown)).status().as_u16()
}

#[test]
fn an_assertion_under_the_secret_lets_its_client_in_once() {
    let (hs256, good) = (value!({"alg": "HS256"}), claims(&value!({})));
    let as_client = |client: &str| claims(&value!({"iss": client, "sub": client}));
    for (name, shown, expected) in [
        ("good", mac(SECRET, &hs256, &good), 200),
        ("a type", mac(SECRET, &value!({"alg": "HS256", "typ": "JWT"}), &good), 200),
        ("another secret", mac(&[7; 32], &hs256, &good), 401),
        ("typ of something else", mac(SECRET, &value!({"alg": "HS256", "typ": "at+jwt"}), &good), 401),
        ("crit", mac(SECRET, &value!({"alg": "HS256", "crit": ["exp"]}), &good), 401),
        ("none", mac(SECRET, &value!({"alg": "none"}), &good), 401),
        ("another algorithm of secrets", mac(SECRET, &value!({"alg": "HS512"}), &good), 401),
        ("late", mac(SECRET, &hs256, &claims(&value!({"exp": 999_990}))), 401),
        ("for another server", mac(SECRET, &hs256, &claims(&value!({"aud": "https://other.example"}))), 401),
        ("without a name", mac(SECRET, &hs256, &claims(&value!({"jti": null}))), 401),
        // [RFC 8725 §2.1]: neither takes the other's algorithm, whatever secret the host has for it.
        ("by a key", forge(&KEYS[0], &value!({"alg": "ES256", "kid": "a"}), &good), 401),
        ("of a client with keys", mac(SECRET, &hs256, &as_client("k")), 401),
        ("of a client with keys, by its key", forge(&KEYS[0], &value!({"alg": "ES256"}), &as_client("k")), 200),
    ] {
        let server = server(true);
        assert_eq!(status(&server, &shown), expected, "{name}");
        assert_eq!(status(&server, &shown), 401, "{name}, again");
    }
    let mut cut = mac(SECRET, &hs256, &good);
    cut.truncate(cut.len() - 2);
    assert_eq!(status(&server(true), &cut), 401, "cut short");
    assert_eq!(status(&server(false), &mac(SECRET, &hs256, &good)), 401, "not served");
}

#[test]
fn a_secret_that_the_host_does_not_have_is_the_hosts_fault() {
    let shown = mac(SECRET, &value!({"alg": "HS256"}), &claims(&value!({"iss": "lost", "sub": "lost"})));
    assert_eq!(status(&server(true), &shown), 503);
}

#[test]
fn a_secret_is_not_shown_as_well_and_is_not_shown_itself() {
    let server = server(true);
    let secret = std::str::from_utf8(SECRET).unwrap();
    let grant = ("grant_type", "client_credentials");
    let plain = post("/token", &[grant, ("client_id", "m"), ("client_secret", secret)]);
    assert_eq!(server.answer(Place::Token, &plain).status(), 401);
    let shown = mac(SECRET, &value!({"alg": "HS256"}), &claims(&value!({})));
    let both = with(&asking(&shown), &[("client_secret", secret)]);
    assert_eq!(server.answer(Place::Token, &both).status(), 400);
    assert_eq!(status(&server, &shown), 200);
    let told = format!("{server:?}");
    assert!(!told.contains("thirty-two"), "{told}");
}

#[test]
fn the_method_is_told_where_it_is_served_and_nobody_registers_for_it() {
    for served in [true, false] {
        let server = server(served);
        let told = serde_json::to_value(server.config().metadata()).unwrap();
        for (list, name) in [("methods", "client_secret_jwt"), ("signing_alg_values", "HS256")] {
            let all = told[format!("token_endpoint_auth_{list}_supported")].as_array().unwrap();
            assert_eq!(all.contains(&value!(name)), served);
        }
        let body = value!({"token_endpoint_auth_method": "client_secret_jwt", "grant_types": ["client_credentials"]});
        let request = Request::builder().method(Method::POST).uri(format!("{ISSUER}/register"));
        let request = request.header("content-type", "application/json").body(body.to_string().into_bytes()).unwrap();
        let response = server.answer(Place::Registration, &request);
        assert_eq!((response.status().as_u16(), &json(&response)["error"]), (400, &value!("invalid_client_metadata")));
    }
}

#[test]
fn a_client_of_a_secret_registers_nothing_that_contradicts_it() {
    let with = |alg: &str| {
        let method =
            value!({"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": alg});
        registered(&method).map(|_| ())
    };
    assert_eq!(with("HS256"), Ok(()));
    for other in ["ES256", "HS512", "none"] {
        assert_eq!(with(other), Err(ClientFault::SigningAlgorithm(other.to_owned())));
    }
    let kept = Client::builder("m").metadata(of_secret().metadata().clone()).secret(secret("x"));
    assert_eq!(kept.build(), Err(ClientFault::SecretWithoutUse));
    assert_eq!(SharedSecret::new(&SECRET[..31]).err(), Some(grantor::jose::KeyFault::Unsound));
    let shown = mac(SECRET, &value!({"alg": "HS256"}), &claims(&value!({})));
    let introspecting =
        post("/introspect", &[("token", "x"), ("client_assertion_type", TYPE), ("client_assertion", &shown)]);
    assert_eq!(server(true).answer(Place::Introspection, &introspecting).status(), 200);
}
