//! Authorization responses, through the query, the fragment and the page that posts itself.

use grantor::record::Client;
use grantor::server::{Approval, Denial};
use grantor::wire::{AuthorizationMessage, AuthorizationResponse, AuthorizeRefusal, Limits};
use proptest::prelude::*;

use super::value;
use crate::support::{ISSUER, World, authorization, form, secret, world};

proptest! {
    #[test]
    fn an_authorization_message_is_read_back_from_query_fragment_and_page(state in value(), shape in 0..3_usize) {
        let (world, uris) = redirecting();
        for response in responses(&world, uris[shape], &state, "query") {
            let sent = response.print();
            let location = sent.headers()["location"].to_str().unwrap();
            let query = location.strip_prefix(uris[shape]).expect("the registered redirect URI comes first");
            prop_assert_eq!(&read(query.trim_start_matches(['?', '&']).as_bytes()), response.message());
            prop_assert_eq!(response.message().state.as_deref(), Some(&*state));
            prop_assert_eq!(response.message().iss.as_deref(), Some(ISSUER));
        }
        for response in responses(&world, uris[shape], &state, "fragment") {
            let sent = response.print();
            let (to, fragment) = sent.headers()["location"].to_str().unwrap().split_once('#').expect("a fragment");
            prop_assert_eq!((to, &read(fragment.as_bytes())), (uris[shape], response.message()));
        }
        for response in responses(&world, uris[shape], &state, "form_post") {
            let page = String::from_utf8(response.print().into_body()).unwrap();
            let action = format!("action=\"{}\"", uris[shape]);
            prop_assert!(page.contains(&action), "{}", page);
            prop_assert_eq!(&read(inputs(&page).as_bytes()), response.message());
        }
    }
}

/// A world with a client whose redirect URIs are of every shape.
fn redirecting() -> (World, [&'static str; 3]) {
    let uris = ["https://shape.example/cb", "https://shape.example/cb?tenant=a%20b", "https://shape.example/cb?"];
    let world = world();
    let client =
        uris.iter().fold(Client::builder("shape").secret(secret("s")), |client, uri| client.redirect_uri(*uri));
    world.server.store().put_client(client.build().unwrap());
    (world, uris)
}

fn responses(world: &World, uri: &str, state: &str, mode: &str) -> [AuthorizationResponse; 2] {
    let request = authorization("shape", uri, &[("state", state), ("response_mode", mode)]);
    let (prompt, config) = (world.prompt(&request), world.server.config());
    let approved = world.server.run(Approval::new(config.clone(), prompt.clone(), world.session())).unwrap().unwrap();
    match world.server.run(Denial::new(config.clone(), prompt)).unwrap() {
        Err(AuthorizeRefusal::Redirect(denied)) => [approved, *denied],
        other => panic!("not denied: {other:?}"),
    }
}

fn read(parameters: &[u8]) -> AuthorizationMessage {
    AuthorizationMessage::parse(parameters, &Limits::default()).unwrap().expect("a code or an error")
}

/// What a browser would post: names and values of the inputs, un-escaped.
fn inputs(page: &str) -> String {
    let unescape = |text: &str| {
        assert!(!text.contains(['<', '>', '\'']), "{text}");
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
        text.replace("&amp;", "&")
    };
    let attribute = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!("{name}=\"")).expect("an attribute");
        unescape(rest.split('"').next().unwrap())
    };
    let inputs = page.split("<input ").skip(1).map(|input| (attribute(input, "name"), attribute(input, "value")));
    let inputs: Vec<_> = inputs.collect();
    form(&inputs.iter().map(|(name, value)| (&**name, &**value)).collect::<Vec<_>>())
}
