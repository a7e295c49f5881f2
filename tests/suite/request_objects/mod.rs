//! Signed authorization requests: whose they are, what they replace, where they are refused, how often they count
//! [RFC 9101].

mod claims;
mod encrypted;
mod keys;
mod parameters;
mod places;
mod registered;
mod signature;
mod used;

use std::sync::LazyLock;

use grantor::jose::{Algorithm, PrivateKey, Purpose};
use grantor::record::{Client, ClientFault};
use grantor::server::{Place, Prompt, Visitor};
use grantor::wire::{PageReason, RequestObjectFault};
use grantor::{ConfigBuilder, Progress, RequestObjects};
use http::{Request, Response};
use serde_json::{Value, json as value};

use crate::support::*;

const NOW: u64 = 1_000_000;
const APP: &str = "https://app.example/cb";
const OTHER: &str = "https://app.example/other";

static KEYS: LazyLock<[PrivateKey; 3]> = LazyLock::new(|| {
    let key = |algorithm, kid: &str| PrivateKey::generate(algorithm).unwrap().with_kid(kid);
    [key(Algorithm::Es256, "a"), key(Algorithm::EdDsa, "b"), key(Algorithm::Es256, "c")]
});

fn jwks(keys: &[&PrivateKey]) -> Value {
    value!({"keys": keys.iter().map(|key| Value::Object(key.public().to_jwk())).collect::<Vec<_>>()})
}

/// The public client `app` with the keys `a` and `b` and one redirect URI, with some members changed or (if null) left out.
fn registered(changes: &Value) -> Result<Client, ClientFault> {
    let mut metadata = value!({
        "token_endpoint_auth_method": "none",
        "redirect_uris": [APP],
        "grant_types": ["authorization_code", "refresh_token"],
        "jwks": jwks(&[&KEYS[0], &KEYS[1]]),
    });
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    metadata.as_object_mut().unwrap().retain(|_, member| !member.is_null());
    Client::builder("app").metadata(serde_json::from_value(metadata).unwrap()).build()
}

fn served(client: Client, change: impl FnOnce(&mut RequestObjects)) -> World {
    serving(client, |config| config.request_objects(change))
}

fn serving(client: Client, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> World {
    let world = world_with(change);
    world.server.store().put_client(client);
    world
}

/// The world of most tests.
fn usual() -> World {
    served(registered(&value!({})).unwrap(), |_| ())
}

/// What a good object claims, with some claims changed, added or (if null) left out.
fn claims(changes: &Value) -> Value {
    let mut claims = value!({
        "iss": "app", "aud": ISSUER, "exp": NOW + 60, "nbf": NOW, "iat": NOW, "jti": "one",
        "client_id": "app", "redirect_uri": APP, "response_type": "code", "scope": "read", "state": "in & side",
        "code_challenge": challenge(VERIFIER), "code_challenge_method": "S256",
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    claims.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
    claims
}

fn object(changes: &Value) -> String {
    KEYS[0].token(&Purpose::REQUEST_OBJECT, &claims(changes)).unwrap()
}

/// Signs `payload` under `header`, whatever they are.
fn forge(key: &PrivateKey, header: &Value, payload: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
    let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload));
    format!("{signed}.{}", B64.encode(key.sign(signed.as_bytes()).unwrap()))
}

/// The request of a browser that brings `object`, and whatever else.
fn bringing(object: &str, beside: &[(&str, &str)]) -> Request<Vec<u8>> {
    let pairs = [&[("client_id", "app"), ("request", object)], beside].concat();
    get(&format!("/authorize?{}", form(&pairs)))
}

fn pushing(object: &str, beside: &[(&str, &str)]) -> Request<Vec<u8>> {
    post("/par", &[&[("client_id", "app"), ("request", object)], beside].concat())
}

/// What the authorization endpoint comes to.
#[derive(Debug)]
enum Came {
    Asked(Box<Prompt>),
    Sent(Response<Vec<u8>>),
    Page(PageReason),
}

fn ask<S: grantor::store::Store, H: grantor::drive::Host>(world: &World<S, H>, request: &Request<Vec<u8>>) -> Came {
    match world.authorize(request, Visitor::logged_in(world.session(), None)) {
        Progress::Ask(prompt) => Came::Asked(prompt),
        Progress::Respond(response) => Came::Sent(response),
        Progress::Refuse(reason) => Came::Page(reason),
    }
}

/// Where a refusal went, with its `error`, its `error_description` and its `state`.
fn told(came: &Came) -> (String, String, String, Option<String>) {
    let Came::Sent(response) = came else { panic!("not sent: {came:?}") };
    let text = |name| parameter(response, name);
    (location(response).0, text("error").unwrap(), text("error_description").unwrap(), text("state"))
}

fn push<S: grantor::store::Store, H: grantor::drive::Host>(
    world: &World<S, H>,
    request: &Request<Vec<u8>>,
) -> (u16, Value) {
    let response = world.server.answer(Place::PushedAuthorizationRequest, request);
    (response.status().as_u16(), json(&response))
}

/// Both endpoints take the object, or both refuse it for the reason; if so, a good one is taken afterwards.
fn assert_judged(world: &World, name: &str, object_of: impl Fn(&str) -> String, expected: Option<RequestObjectFault>) {
    let came = ask(world, &bringing(&object_of("here"), &[]));
    let (status, body) = push(world, &pushing(&object_of("there"), &[]));
    let Some(fault) = expected else {
        assert!(matches!(came, Came::Asked(_)), "{name}: {came:?}");
        assert_eq!(status, 201, "{name}: {body}");
        return;
    };
    let (to, error, description, _) = told(&came);
    assert_eq!(
        (&*to, &*error, &*description),
        (APP, "invalid_request_object", fault.description()),
        "{name}: by value"
    );
    assert_eq!(
        (status, &body["error"], &body["error_description"]),
        (400, &value!("invalid_request_object"), &value!(fault.description())),
        "{name}: pushed"
    );
    assert_eq!(world.log.take(), [], "{name}");
    for jti in ["here", "there"] {
        let prompt = ask(world, &bringing(&object(&value!({"jti": jti, "exp": null, "nbf": null, "iat": null})), &[]));
        assert!(matches!(prompt, Came::Asked(_)), "{name}: {jti} was used up: {prompt:?}");
    }
}
