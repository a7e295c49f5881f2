//! The endpoints that clients call, of every grant type, over a store in any state: nothing panics, nothing is a server error, nothing is
//! granted that the store did not allow before and does not hold after, and a refusal writes nothing but a revocation.
#![no_main]

use std::collections::HashMap;

use arbitrary::Arbitrary;
use grantor::Timestamp;
use grantor::extension::{ExtensionId, ExtensionRecord};
use grantor::record::Record;
use grantor::server::Place;
use grantor::store::{Change, Commit, Key, Store};
use grantor_fuzz::call::{Call, Issued};
use grantor_fuzz::scene::{Grant, Opened, add_clients};
use grantor_fuzz::{Ledger, RawRequest, answer_of, wide_config};
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    grants: Vec<Grant>,
    calls: Vec<Call<'a>>,
    /// Whether the host gave a ticket out, and for how long it is good.
    ticket: Option<i16>,
    raw: Option<RawRequest<'a>>,
}

fuzz_target!(|input: Input<'_>| {
    let (ledger, mut issued) = (Ledger::default(), Issued::default());
    add_clients(&ledger);
    input.ticket.iter().for_each(|offset| add_ticket(&ledger, *offset));
    let config = wide_config();
    let grants = &input.grants[..input.grants.len().min(4)];
    grants.iter().for_each(|grant| grant.add(&ledger));
    for (count, call) in (0..8).zip(&input.calls) {
        ledger.now.set(ledger.now.get() + u64::from(call.later));
        let before = ledger.all();
        let response = answer_of(&config, call.place(), &call.request(grants, &issued), &ledger, count);
        check(call.place(), &response, &before, &ledger, &mut issued);
    }
    if let Some(raw) = input.raw {
        for (count, place) in (8..).zip([Place::Token, Place::Introspection, Place::Revocation]) {
            let response = answer_of(&config, place, &raw.request(), &ledger, count);
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
            check_only_taken(before, ledger);
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
                    "invalid_target",
                    "invalid_authorization_details",
                    "authorization_pending",
                    "slow_down",
                    "access_denied",
                    "expired_token",
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
    assert!(grant["grant"]["state"]["live"].is_object(), "{grant}");
    if let Some(text) = body["refresh_token"].as_str() {
        let refresh = Opened::new(text);
        assert_eq!(refresh.grant, access.grant);
        assert_eq!(grant["grant"]["state"]["live"]["chain"]["current"], refresh.digest);
        issued.refresh.push(text.to_owned());
    }
    let Some(earlier) = before.get(&access.grant).map(stored) else {
        // New: of a client that acts for itself, of whom the host knows by a password or a ticket.
        let refreshable = grant["grant"]["subject"] == "alice";
        return assert!(
            refreshable || (grant["grant"]["subject"].is_null() && body["refresh_token"].is_null()),
            "{grant}"
        );
    };
    let (now, state) = (ledger.now.get(), &earlier["grant"]["state"]);
    let is_ahead = |moment: &Value| moment.as_u64().is_some_and(|moment| now < moment);
    assert_eq!(earlier["grant"]["client"], grant["grant"]["client"]);
    assert_eq!(earlier["grant"]["subject"], grant["grant"]["subject"]);
    if body["issued_token_type"].is_string() {
        return check_exchanged(&token["token"], &access, before, now);
    }
    let (code, device, chain) = (&state["code_issued"], &state["device"], &state["live"]["chain"]);
    let approved = device["stage"] == "approved" && is_ahead(&device["expires"]);
    let live = is_ahead(&chain["idle_until"]) && is_ahead(&chain["ends"]);
    assert!(is_ahead(&code["expires"]) || approved || live, "{earlier}");
    assert_eq!(token["token"]["client"], grant["grant"]["client"]);
}

/// The token has no more than one that was there, and does not last longer.
fn check_exchanged(token: &Value, access: &Opened, before: &HashMap<Key, Record>, now: u64) {
    let has = |scope: &Value, word: &str| scope.as_str().is_some_and(|scope| scope.split(' ').any(|own| own == word));
    let within = |(key, record): (&Key, &Record)| {
        let (Key::Token(id), subject) = (key, stored(record)) else { return false };
        let subject = &subject["token"];
        let narrower = token["scope"]
            .as_str()
            .expect("a scope")
            .split(' ')
            .all(|word| word.is_empty() || has(&subject["scope"], word));
        let lasts = |value: &Value| value["expires"].as_u64().expect("a moment");
        Key::Grant(id.grant) == access.grant && narrower && lasts(token) <= lasts(subject) && now < lasts(subject)
    };
    assert!(before.iter().any(within), "{token}");
}

/// A record of the host's grant type.
fn add_ticket(ledger: &Ledger, offset: i16) {
    let id = ExtensionId::new("ticket", b"good");
    let expires = Timestamp::from_unix(ledger.now.get().saturating_add_signed(offset.into()));
    let record = ExtensionRecord::new(id, Value::Null, expires);
    let change = Change::new_extension(record);
    assert!(matches!(ledger.commit(vec![change], Timestamp::from_unix(ledger.now.get())), Ok(Commit::Applied)));
}

/// A revocation ends a grant, or removes the one token that was got by exchange.
fn check_only_taken(before: &HashMap<Key, Record>, ledger: &Ledger) {
    let after = ledger.all();
    let gone: Vec<_> = before.keys().filter(|key| !after.contains_key(*key)).collect();
    assert!(gone.iter().all(|key| matches!(key, Key::Token(_))) && gone.len() <= 1);
    for (key, record) in after.iter().filter(|(key, record)| before.get(key) != Some(record)) {
        assert_eq!(stored(record)["grant"]["state"], "revoked", "{key}");
    }
}

/// A refusal writes nothing but the end of a grant, or that a device polled.
fn check_only_revoked(before: &HashMap<Key, Record>, ledger: &Ledger) {
    let after = ledger.all();
    assert_eq!(after.len(), before.len());
    for (key, record) in after.iter().filter(|(key, record)| before.get(key) != Some(record)) {
        let state = &stored(record)["grant"]["state"];
        assert!(*state == "revoked" || state["device"]["stage"]["pending"].is_object(), "{key}");
    }
}

fn stored(record: &Record) -> Value {
    serde_json::from_slice(&record.encode().expect("a record")).expect("JSON")
}
