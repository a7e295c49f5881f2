//! Exchanges of tokens of any grants, one after the other: a token never has more than its subject token, never lasts
//! longer, never outlives its grant, and tells who acted.
#![no_main]

use arbitrary::Arbitrary;
use grantor::server::Place;
use grantor_fuzz::scene::{Grant, add_clients};
use grantor_fuzz::{Ledger, answer_of, form, wide_config};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    grants: Vec<Grant>,
    deeds: Vec<Deed<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Deed<'a> {
    /// A client acts for itself: a token that can be exchanged, and an actor.
    Begin,
    Exchange {
        subject: u8,
        actor: Option<u8>,
        scope: Option<&'a str>,
        more: Option<(u8, &'a str)>,
    },
    Revoke(u8),
    Wait(u16),
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
/// `web` and `api`, which have the same secret.
const BASIC: [&str; 2] = ["Basic d2ViOnMlM2FlJTI1YyUyYnIrdA==", "Basic YXBpOnMlM2FlJTI1YyUyYnIrdA=="];
const NAMES: [&str; 5] =
    ["audience", "resource", "requested_token_type", "subject_token_type", "authorization_details"];

fn by(who: usize, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut request = form(pairs);
    request.headers_mut().insert("authorization", HeaderValue::from_static(BASIC[who % 2]));
    request
}

fuzz_target!(|input: Input<'_>| {
    let (ledger, config) = (Ledger::default(), wide_config());
    add_clients(&ledger);
    input.grants.iter().take(4).for_each(|grant| grant.add(&ledger));
    let send = |place, request: &Request<Vec<u8>>, count| -> (u16, Value) {
        let response = answer_of(&config, place, request, &ledger, count);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    };
    let look = |token: &str, who: usize| send(Place::Introspection, &by(who, &[("token", token)]), 250).1;
    // Each token, and whose it is.
    let mut tokens: Vec<(String, usize)> = Vec::new();
    for (count, deed) in (1..40).zip(&input.deeds) {
        let who = usize::from(count) % 2;
        let pick = |number: u8| tokens.get(usize::from(number) % tokens.len().max(1)).cloned();
        match deed {
            Deed::Begin => {
                let (status, body) = send(Place::Token, &by(who, &[("grant_type", "client_credentials")]), count);
                assert_eq!(status, 200, "{body}");
                tokens.push((body["access_token"].as_str().expect("a token").to_owned(), who));
            }
            Deed::Exchange { subject, actor, scope, more } => {
                let Some((subject, owner)) = pick(*subject) else { continue };
                let actor = actor.and_then(pick);
                let mut pairs = vec![("grant_type", GRANT), ("subject_token", &*subject)];
                if more.is_none_or(|(name, _)| usize::from(name) % NAMES.len() != 3) {
                    pairs.push(("subject_token_type", ACCESS));
                }
                if let Some((actor, _)) = &actor {
                    pairs.extend([("actor_token", &**actor), ("actor_token_type", ACCESS)]);
                }
                pairs.extend(scope.map(|scope| ("scope", scope)));
                pairs.extend(more.map(|(name, value)| (NAMES[usize::from(name) % NAMES.len()], value)));
                let before = look(&subject, owner);
                let (status, body) = send(Place::Token, &by(who, &pairs), count);
                if status != 200 {
                    assert!([400, 413].contains(&status) && body["error"].is_string(), "{status} {body}");
                    continue;
                }
                assert_eq!(before["active"], true, "the subject token was dead");
                let token = body["access_token"].as_str().expect("a token").to_owned();
                let seen = look(&token, who);
                assert_eq!(seen["active"], true, "{seen}");
                assert!(seen["exp"].as_u64() <= before["exp"].as_u64(), "{seen} {before}");
                let words = |seen: &Value| -> Vec<String> {
                    seen["scope"]
                        .as_str()
                        .unwrap_or_default()
                        .split(' ')
                        .filter(|word| !word.is_empty())
                        .map(str::to_owned)
                        .collect()
                };
                assert!(words(&seen).iter().all(|word| words(&before).contains(word)), "{seen} {before}");
                assert_eq!(seen["sub"], before["sub"]);
                assert_eq!(seen["act"].is_object(), actor.is_some() || before["act"].is_object(), "{seen}");
                if actor.is_some() {
                    assert_eq!(seen["act"]["act"], before["act"], "{seen}");
                }
                assert!(body["refresh_token"].is_null());
                tokens.push((token, who));
            }
            Deed::Revoke(number) => {
                let Some((token, owner)) = pick(*number) else { continue };
                assert_eq!(send(Place::Revocation, &by(owner, &[("token", &token)]), count).0, 200);
                assert_eq!(look(&token, owner)["active"], false);
            }
            Deed::Wait(seconds) => ledger.now.set(ledger.now.get() + u64::from(*seconds)),
        }
    }
});
