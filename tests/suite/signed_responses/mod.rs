//! Signed authorization responses: what they say, how they travel, to whom they are encrypted, and what becomes of them
//! when the world outside fails [JARM].

mod encrypted;
mod modes;
mod outside;
mod registered;

use grantor::drive::Host;
use grantor::jose::{JwkSet, Jws, Purpose};
use grantor::record::{Client, ClientFault, GrantType};
use grantor::server::{Place, Visitor};
use grantor::store::Store;
use grantor::{ConfigBuilder, Progress};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json as value};

use crate::support::*;

const NOW: u64 = 1_000_000;
const APP: &str = "https://app.example/cb";

/// The public client `app`, with some members added.
fn registered(changes: &Value) -> Result<Client, ClientFault> {
    let mut metadata = value!({
        "token_endpoint_auth_method": "none",
        "redirect_uris": [APP],
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "response_types": ["code", "token", "none"],
    });
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Client::builder("app").metadata(serde_json::from_value(metadata).unwrap()).build()
}

/// Serves every response type, signed and not.
fn wide(config: ConfigBuilder) -> ConfigBuilder {
    let config = config.profile(grantor::Profile::danger_oauth20_legacy()).danger_serve_implicit_grant();
    config.serve_response_type_none().keys(keys()).signed_responses(|_| ())
}

fn serving(client: Client, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> World {
    let world = world_with(change);
    world.server.store().put_client(client);
    world
}

fn usual() -> World {
    serving(registered(&value!({})).unwrap(), wide)
}

fn asking(changes: &[(&str, &str)]) -> Request<Vec<u8>> {
    authorization("app", APP, changes)
}

/// How a response travelled, and its parameters.
fn travelled(response: &Response<Vec<u8>>) -> (&'static str, Vec<(String, String)>) {
    if response.status() == StatusCode::OK {
        let page = String::from_utf8(response.body().clone()).unwrap();
        assert!(page.contains(&format!("action=\"{APP}\"")), "{page}");
        let inputs = page.split("<input type=\"hidden\" name=\"").skip(1).map(|input| {
            let (name, rest) = input.split_once("\" value=\"").unwrap();
            (name.to_owned(), rest.split_once('"').unwrap().0.to_owned())
        });
        return ("form", inputs.collect());
    }
    let (to, pairs) = location(response);
    assert_eq!(to, APP);
    let fragment = response.headers()["location"].to_str().unwrap().contains('#');
    (if fragment { "fragment" } else { "query" }, pairs)
}

/// The token that is all of a response.
fn token(response: &Response<Vec<u8>>) -> String {
    let (_, pairs) = travelled(response);
    let [(name, token)] = &*pairs else { panic!("more than one parameter: {pairs:?}") };
    assert_eq!(name, "response");
    token.clone()
}

/// What a token claims, as its client would verify it: by the keys that the server publishes.
fn claims<S: Store, H: Host>(world: &World<S, H>, token: &str) -> Value {
    let keys = JwkSet::parse(world.server.answer(Place::JwkSet, &get("/jwks")).body()).unwrap();
    let jws = Jws::parse(token, &Purpose::AUTHORIZATION_RESPONSE).unwrap();
    Value::Object(jws.verify_among(&keys).unwrap().claims().unwrap().into_members())
}

/// Whatever the authorization endpoint sends at once.
fn sent<S: Store, H: Host>(world: &World<S, H>, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    match world.authorize(request, Visitor::logged_in(world.session(), None)) {
        Progress::Respond(response) => response,
        other => panic!("not sent: {other:?}"),
    }
}
