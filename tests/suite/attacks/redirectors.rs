//! The server as a redirector: a client that anyone can make sends people to its place by way of ours [RFC 9700 §4.11.2].

use std::sync::Arc;

use grantor::drive::{Host, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{Client, ClientId};
use grantor::server::{Asking, Place, VerifyPublisher, Visitor};
use grantor::store::{Indexed, Memory};
use grantor::{Progress, Question, Registration, SigningInput, Verdict};
use http::{Request, Response};
use serde_json::json as value;

use crate::support::*;

const APP: &str = "https://app.example/client.json";
const CB: &str = "https://app.example/cb";

/// Serves the one document that there is.
#[derive(Clone, Copy, Debug)]
struct Site;

impl Host for Site {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        let document = value!({"client_id": APP, "client_name": "An app", "redirect_uris": [CB]}).to_string();
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
fn town() -> (World<Memory<Hands, Indexed>, Site>, [String; 3]) {
    let world = world_with(|config| {
        config.client_id_metadata_documents(|_| ()).registration(Registration::open()).default_scope("read")
    });
    let own = Client::builder("own app").redirect_uri(CB).build().unwrap();
    world.server.store().put_client(own);
    let world = world.hosted(Site);
    let body = value!({"redirect_uris": [CB], "token_endpoint_auth_method": "none", "scope": "read"}).to_string();
    let request = Request::builder().method("POST").uri("/register").header("content-type", "application/json");
    let told = json(&world.server.answer(Place::Registration, &request.body(body.into_bytes()).unwrap()));
    let ids = [told["client_id"].as_str().unwrap(), APP, "own app"].map(str::to_owned);
    (world, ids)
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
