//! The endpoints that clients call, over a store in any state: nothing panics, nothing is a server error, nothing is
//! granted that the store did not allow before and does not hold after, and a refusal writes nothing but a revocation.
#![no_main]

use std::collections::HashMap;

use arbitrary::Arbitrary;
use grantor::record::Record;
use grantor::server::Place;
use grantor::store::Key;
use grantor_fuzz::call::{Call, Issued};
use grantor_fuzz::scene::{Grant, Opened, add_clients};
use grantor_fuzz::{Ledger, RawRequest, answer};
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    grants: Vec<Grant>,
    calls: Vec<Call<'a>>,
    raw: Option<RawRequest<'a>>,
}

fuzz_target!(|input: Input<'_>| {
    let (ledger, mut issued) = (Ledger::default(), Issued::default());
    add_clients(&ledger);
    let grants = &input.grants[..input.grants.len().min(4)];
    grants.iter().for_each(|grant| grant.add(&ledger));
    for (count, call) in (0..8).zip(&input.calls) {
        ledger.now.set(ledger.now.get() + u64::from(call.later));
        let before = ledger.all();
        let response = answer(call.place(), &call.request(grants, &issued), &ledger, count);
        check(call.place(), &response, &before, &ledger, &mut issued);
    }
    if let Some(raw) = input.raw {
        for (count, place) in (8..).zip([Place::Token, Place::Introspection, Place::Revocation]) {
            let response = answer(place, &raw.request(), &ledger, count);
            assert!([200, 400, 401, 405, 413, 415].contains(&response.status().as_u16()), "{}", response.status());
        }
    }
});

fn check(
    place: Place,
    response: &Response<Vec<u8>>,
    before: &HashMap<Key, Record>,
    ledger: &Ledger,
    issued: &mut Issued,
) {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    match (response.status().as_u16(), place) {
        (200, Place::Token) => check_granted(&body, before, ledger, issued),
        (200, Place::Introspection) => {
            assert_eq!(&ledger.all(), before);
            assert!(body["active"].is_boolean());
        }
        (200, _) => {
            assert!(response.body().is_empty());
            check_only_revoked(before, ledger);
        }
        (status, _) => {
            let error = body["error"].as_str().expect("an error");
            let allowed: &[&str] = match status {
                400 => &[
                    "invalid_request",
                    "invalid_grant",
                    "unauthorized_client",
                    "unsupported_grant_type",
                    "invalid_scope",
                ],
                401 => &["invalid_client"],
                413 | 415 => &["invalid_request"],
                other => panic!("{other} {body}"),
            };
            assert!(allowed.contains(&error), "{status} {body}");
            check_only_revoked(before, ledger);
        }
    }
}

/// The token is in the store and was not, and its grant was in a state that gives tokens.
fn check_granted(body: &Value, before: &HashMap<Key, Record>, ledger: &Ledger, issued: &mut Issued) {
    let text = body["access_token"].as_str().expect("an access token");
    let access = Opened::new(text);
    issued.access.push(text.to_owned());
    assert!(!before.contains_key(&access.token));
    let token = stored(&ledger.get(&access.token).expect("the token is committed"));
    let grant = stored(&ledger.get(&access.grant).expect("the grant is committed"));
    assert_eq!(token["token"]["client"], grant["grant"]["client"]);
    assert!(grant["grant"]["state"]["live"].is_object(), "{grant}");
    if let Some(text) = body["refresh_token"].as_str() {
        let refresh = Opened::new(text);
        assert_eq!(refresh.grant, access.grant);
        assert_eq!(grant["grant"]["state"]["live"]["chain"]["current"], refresh.digest);
        issued.refresh.push(text.to_owned());
    }
    let Some(earlier) = before.get(&access.grant).map(stored) else {
        return assert!(grant["grant"]["subject"].is_null() && body["refresh_token"].is_null(), "{grant}");
    };
    let (now, state) = (ledger.now.get(), &earlier["grant"]["state"]);
    let is_ahead = |moment: &Value| moment.as_u64().is_some_and(|moment| now < moment);
    let code = &state["code_issued"];
    let chain = &state["live"]["chain"];
    assert!(is_ahead(&code["expires"]) || (is_ahead(&chain["idle_until"]) && is_ahead(&chain["ends"])), "{earlier}");
    assert_eq!(earlier["grant"]["client"], grant["grant"]["client"]);
}

fn check_only_revoked(before: &HashMap<Key, Record>, ledger: &Ledger) {
    let after = ledger.all();
    assert_eq!(after.len(), before.len());
    for (key, record) in after.iter().filter(|(key, record)| before.get(key) != Some(record)) {
        assert_eq!(stored(record)["grant"]["state"], "revoked", "{key}");
    }
}

fn stored(record: &Record) -> Value {
    serde_json::from_slice(&record.encode().expect("a record")).expect("JSON")
}
