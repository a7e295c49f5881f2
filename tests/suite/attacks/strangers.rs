//! Clients that anyone can make: they send people to their place by way of ours [RFC 9700 §4.11.2], and move on with what
//! others agreed to.

use std::sync::{Arc, Mutex};

use grantor::drive::{Host, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Client, ClientId};
use grantor::server::{Asking, Place, VerifyPublisher, Visitor};
use grantor::store::{Indexed, Memory};
use grantor::{Acquaintance, Progress, ProposedConsent, Question, Registration, SigningInput, Verdict};
use http::{Request, Response};
use serde_json::{Value, json as value};

use crate::support::*;

const APP: &str = "https://app.example/client.json";
const CB: &str = "https://app.example/cb";

/// Serves the one document that there is, of an app whose answers go there.
#[derive(Clone, Debug)]
struct Site(Arc<Mutex<&'static str>>);

impl Host for Site {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        let places = [CB, *self.0.lock().unwrap()];
        let document = value!({"client_id": APP, "client_name": "An app", "redirect_uris": places}).to_string();
        let response = Response::builder().header("content-type", "application/json").body(document.into_bytes());
        Ok(Ok((&response.unwrap()).into()))
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

/// A server, and the identifiers of a client that registered itself, of one that is published, and of the operator's own.
fn town() -> (World<Memory<Indexed>, Site>, [String; 3]) {
    let (world, told, _) = settled();
    let ids = [told["client_id"].as_str().unwrap(), APP, "own app"].map(str::to_owned);
    (world, ids)
}

/// The same, with what the first of them was told, and the site of the second.
fn settled() -> (World<Memory<Indexed>, Site>, Value, Site) {
    let world = world_with(|config| {
        let config = config.remember_consent();
        config.client_id_metadata_documents(|_| ()).registration(Registration::open()).default_scope("read")
    });
    let own = Client::builder("own app").redirect_uri(CB).build().unwrap();
    world.server.store().put_client(own);
    let site = Site(Arc::new(Mutex::new(CB)));
    let world = world.hosted(site.clone());
    let body = value!({"redirect_uris": [CB], "token_endpoint_auth_method": "none", "scope": "read"}).to_string();
    let request = Request::builder().method("POST").uri("/register").header("content-type", "application/json");
    let told = json(&world.server.answer(Place::Registration, &request.body(body.into_bytes()).unwrap()));
    (world, told, site)
}

/// Requests that no page could make good, and the error each ends in.
const ERRONEOUS: [(&[(&str, &str)], &str); 6] = [
    (&[("scope", "unheard-of")], "invalid_scope"),
    (&[("response_type", "token")], "unsupported_response_type"),
    (&[("code_challenge", "")], "invalid_request"),
    (&[("prompt", "none login")], "invalid_request"),
    (&[("resource", "https://nowhere.example/")], "invalid_target"),
    (&[("max_age", "soon"), ("max_age", "never")], "invalid_request"),
];

#[test]
fn nobody_is_sent_to_a_stranger_before_they_logged_in() {
    for (changes, error) in ERRONEOUS {
        let (world, [registered, published, own]) = town();
        for client in [&registered, &published] {
            let request = authorization(client, CB, changes);
            let prompt = match world.authorize(&request, Visitor::anonymous()) {
                Progress::Ask(prompt) => *prompt,
                other => panic!("{client} {changes:?}: {other:?}"),
            };
            assert_eq!(prompt.asking, Asking::Login, "{changes:?}");
            let kept = serde_json::from_str(&serde_json::to_string(&prompt).unwrap()).unwrap();
            assert_eq!(prompt, kept);
            // The error is the client's to know, once someone is there who came here to log in.
            world.clock.advance(1);
            let Progress::Respond(response) = world.server.resume(kept, Visitor::logged_in(world.session(), None))
            else {
                panic!("{client} {changes:?}")
            };
            assert_eq!(parameter(&response, "error").as_deref(), Some(error), "{client} {changes:?}");
            assert_eq!(parameter(&response, "state").as_deref(), Some("st & ate"));
            let Progress::Respond(response) = world.authorize(&request, Visitor::logged_in(world.session(), None))
            else {
                panic!("{client} {changes:?}")
            };
            assert_eq!(parameter(&response, "error").as_deref(), Some(error), "{client} {changes:?}");
        }
        // Whom the operator knows is told at once.
        let Progress::Respond(response) = world.authorize(&authorization(&own, CB, changes), Visitor::anonymous())
        else {
            panic!("{changes:?}")
        };
        assert_eq!(parameter(&response, "error").as_deref(), Some(error), "{changes:?}");
        world.server.run(VerifyPublisher::new(ClientId::new(&registered), "ACME Ltd.")).unwrap().unwrap();
        let verified = world.authorize(&authorization(&registered, CB, changes), Visitor::anonymous());
        assert!(matches!(verified, Progress::Respond(_)), "{changes:?}");
    }
}

/// The exception that is made for a silent request: it cannot be answered otherwise.
#[test]
fn a_silent_request_is_answered_silently() {
    let (world, clients) = town();
    for client in clients {
        for changes in [&[("prompt", "none")][..], &[("prompt", "none"), ("scope", "unheard-of")]] {
            let progress = world.authorize(&authorization(&client, CB, changes), Visitor::anonymous());
            let Progress::Respond(response) = progress else { panic!("asked despite prompt=none") };
            assert!(parameter(&response, "error").is_some());
        }
    }
}

const MOVED: &str = "https://mallory.example/cb";
const BESIDE: &str = "https://app.example/beside";

/// What a request of `client` for an answer at `to` comes to, of a person who is asked nothing.
fn silently(world: &World<Memory<Indexed>, Site>, client: &str, to: &str) -> String {
    let request = authorization(client, to, &[("prompt", "none")]);
    let Progress::Respond(response) = world.authorize(&request, Visitor::logged_in(world.session(), None)) else {
        panic!("asked despite prompt=none")
    };
    parameter(&response, "error").unwrap_or_else(|| parameter(&response, "code").map(|_| "code".to_owned()).unwrap())
}

/// Changes where the answers of the registered client go.
fn moved(world: &World<Memory<Indexed>, Site>, told: &Value, places: &[&str]) -> Value {
    let body = value!({
        "client_id": told["client_id"], "redirect_uris": places, "token_endpoint_auth_method": "none", "scope": "read",
    });
    let request = Request::builder()
        .method("PUT")
        .uri(told["registration_client_uri"].as_str().unwrap())
        .header("authorization", format!("Bearer {}", told["registration_access_token"].as_str().unwrap()))
        .header("content-type", "application/json");
    let response = world.server.answer(Place::Registration, &request.body(body.to_string().into_bytes()).unwrap());
    assert_eq!(response.status(), 200, "{:?}", json(&response));
    json(&response)
}

/// Whoever gets hold of a client, by its registration or by its site, does not get what others agreed to without them.
#[test]
fn a_client_that_moves_takes_no_consent_along() {
    let (world, told, site) = settled();
    let id = told["client_id"].as_str().unwrap().to_owned();
    for client in [&id, APP, "own app"] {
        assert_eq!(silently(&world, client, CB), "consent_required", "{client}");
        world.code(client, CB, &[]);
        assert_eq!(silently(&world, client, CB), "code", "{client}");
    }
    let told = moved(&world, &told, &[CB, BESIDE, MOVED]);
    for place in [MOVED, BESIDE] {
        *site.0.lock().unwrap() = place;
        world.clock.advance(600);
        for client in [&id, APP] {
            assert_eq!(silently(&world, client, CB), "code", "{client}");
            let expected = if place == MOVED { "consent_required" } else { "code" };
            assert_eq!(silently(&world, client, place), expected, "{client} at {place}");
        }
    }
    // Who is told where it goes can agree to that, and the place before counts as well.
    let prompt = world.prompt(&authorization(&id, MOVED, &[]));
    assert_eq!(prompt.client.redirect_uri, MOVED);
    let Asking::Consent(ProposedConsent { new, acquaintance, .. }) = &prompt.asking else { panic!("no consent") };
    assert_eq!((new.as_str(), *acquaintance), ("read", Acquaintance::Unknown));
    world.server.approve(prompt, world.session());
    assert_eq!([MOVED, CB].map(|place| silently(&world, &id, place)), ["code", "code"]);

    // The operator's word lasts for as long as nothing changes, and lets the operator's own move.
    let verify = || world.server.run(VerifyPublisher::new(ClientId::new(&id), "ACME Ltd.")).unwrap().unwrap();
    let told = moved(&world, &told, &["https://late.example/cb"]);
    assert_eq!(silently(&world, &id, "https://late.example/cb"), "consent_required");
    verify();
    assert_eq!(silently(&world, &id, "https://late.example/cb"), "code");
    moved(&world, &told, &["https://later.example/cb"]);
    assert_eq!(silently(&world, &id, "https://later.example/cb"), "consent_required");
    world.server.store().put_client(Client::builder("own app").redirect_uri(MOVED).build().unwrap());
    assert_eq!(silently(&world, "own app", MOVED), "code");
}
