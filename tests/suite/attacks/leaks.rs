//! Secrets where they do not belong: in what is printed of a value, in events, in errors, in what is told apart.

use grantor::record::{ClientId, GrantId};
use grantor::server::{Exchange, Place, Visitor};
use grantor::step::Step;
use grantor::store::Store;
use grantor::{Env, Progress, Seed};
use http::Request;

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

/// Drives a request to its end, keeping what every state prints; the answer's body comes last.
fn printed(world: &World, seed: u8, request: &Request<Vec<u8>>) -> (String, String) {
    let exchange = Exchange::parse(world.server.config(), Place::Token, request);
    let mut step = Step::start(exchange, Env::new(world.now(), Seed::new([seed; 32])));
    let mut all = String::new();
    loop {
        all += &format!("{step:?} {step:#?}");
        step = match step {
            Step::Load(ask) => {
                let found = world.server.store().load(ask.question(), ask.now()).unwrap();
                ask.loaded(found)
            }
            Step::Commit(pending) => {
                let outcome = world.server.store().commit(pending.changes().to_vec(), pending.now()).unwrap();
                pending.committed(outcome)
            }
            Step::Done(done) => {
                let body = done.reply.unwrap().into_response().into_body();
                return (all, String::from_utf8(body).unwrap());
            }
            Step::Fetch(_) | Step::Judge(_) | Step::Sign(_) | Step::Draw(_) | Step::Contended(_) => panic!("{step:?}"),
        };
    }
}

/// How `{:?}` prints the bytes of a text, without spaces.
fn as_numbers(text: &str) -> String {
    format!("{:?}", text.as_bytes()).replace(['[', ']', ' '], "")
}

#[test]
fn no_state_of_the_machine_prints_a_secret() {
    let world = world();
    let code = world.code("web", WEB, &[]);
    let pairs =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)];
    let (all, body) = printed(&world, 1, &post_as("/token", &basic("web", SECRET), &pairs));
    let tokens: serde_json::Value = serde_json::from_str(&body).unwrap();
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let (again, body) = printed(&world, 2, &post_as("/token", &basic("web", SECRET), &pairs));
    assert!(body.contains("gr_at_"));
    for (name, secret) in
        [("code", &*code), ("verifier", VERIFIER), ("client secret", SECRET), ("access", access), ("refresh", refresh)]
    {
        let end = &secret[secret.len() - 20..];
        for printed in [&all, &again] {
            assert!(!printed.contains(end), "{name}");
            assert!(!printed.replace(char::is_whitespace, "").contains(&as_numbers(end)), "{name} as numbers");
        }
    }
    // With the salt, whoever has a spent token has the current one.
    let chains: Vec<_> = again.split("Chain {").skip(1).filter_map(|rest| rest.split('}').next()).collect();
    assert!(!chains.is_empty() && chains.iter().all(|chain| chain.contains("rotated") && !chain.contains("salt")));
    assert!(all.contains("Pending") && all.contains("Done") && all.contains("web"), "something is printed");
}

#[test]
fn an_answer_on_its_way_prints_no_code() {
    for mode in ["query", "form_post"] {
        let world = world();
        let request = authorization("own", "https://own.example/cb", &[("response_mode", mode)]);
        let progress = world.authorize(&request, Visitor::logged_in(world.session(), None));
        let shown = format!("{progress:?} {progress:#?}");
        let Progress::Respond(response) = progress else { panic!("asked") };
        let text = match response.headers().get("location") {
            Some(location) => {
                assert!(location.is_sensitive());
                location.to_str().unwrap().to_owned()
            }
            None => String::from_utf8(response.body().clone()).unwrap(),
        };
        let at = text.find("gr_ac_").unwrap();
        let code = &text[at..at + 70];
        let numbers = shown.replace(char::is_whitespace, "");
        assert!(!shown.contains(code) && !numbers.contains(&as_numbers(code)), "{mode}: {shown}");
        assert!(shown.contains("Respond"));
    }
}

#[test]
fn events_and_names_stay_on_one_line() {
    let world = world();
    for client in ["x\r\nGranted to admin", "x\u{85}y", "x\u{0}y", "x\u{1b}[2J"] {
        // Refused before anyone is told.
        let response = world.token(&redeem(client, SPA, "x"));
        assert_eq!(
            (response.status().as_u16(), json(&response)["error"].as_str()),
            (400, Some("invalid_request")),
            "{client:?}"
        );
        assert!(world.log.take().is_empty());
    }
    // What is printable but shows as something else is escaped.
    world.token(&redeem("x\u{202e}nimda\u{2028}", SPA, "x"));
    let events = format!("{:?}", world.log.take());
    assert!(events.contains("\\u{202e}nimda\\u{2028}"), "{events}");
    assert!(!format!("{:?}", ClientId::new("a\nb")).contains('\n'));
    assert!(!format!("{:?}", GrantId::new([0xff; 16])).is_empty());
}

#[test]
fn who_may_not_know_is_told_the_same() {
    let world = world();
    let tokens = world.tokens();
    let (access, live) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let code = world.code("spa", SPA, &[]);
    let gone = world.tokens()["access_token"].as_str().unwrap().to_owned();
    world.revoke("spa", &gone);
    let never = format!("gr_at_{}", "A".repeat(64));
    let answers = |place: Place, path: &str| -> Vec<String> {
        let look = |token: &&str| {
            let request = post_as(path, &basic("service", "s"), &[("token", token)]);
            let response = world.server.answer(place, &request);
            format!("{:?} {:?}", response.headers(), String::from_utf8_lossy(response.body()))
        };
        [access, live, &code, &gone, &never, "x"].iter().map(look).collect()
    };
    for answers in [answers(Place::Introspection, "/introspect"), answers(Place::Revocation, "/revoke")] {
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    }
    assert!(world.is_active(access) && world.is_active(live));

    // A code, seen by a client that it is not for: used, unused, expired or invented.
    let used = world.code("spa", SPA, &[]);
    world.token(&redeem("spa", SPA, &used));
    let invented = format!("gr_ac_{}", "A".repeat(64));
    let refusals = [&*code, &used, &invented, "x"].map(|code| format!("{:?}", world.token(&redeem("cli", SPA, code))));
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:#?}");
    assert_eq!(world.token(&redeem("spa", SPA, &code)).status(), 200);
}
