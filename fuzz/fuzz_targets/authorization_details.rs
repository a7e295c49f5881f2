//! Authorization details as sent: what is read is read again from what is printed, and is sent in every message the same.
#![no_main]

use grantor::record::{AuthorizationDetails, Record};
use grantor::server::Place;
use grantor_fuzz::scene::add_clients;
use grantor_fuzz::{Ledger, answer_of, form, wide_config};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (&str, &str)| {
    let (text, narrower) = input;
    let read = AuthorizationDetails::parse(text);
    if let Ok(details) = &read {
        let printed = serde_json::to_string(details).expect("JSON");
        assert_eq!(AuthorizationDetails::parse(&printed).as_ref(), Ok(details));
        let kept = details.filtered(|_| true);
        assert_eq!(&kept, details);
        assert!(details.filtered(|_| false).is_empty());
        for detail in details.iter() {
            assert_eq!(detail.member("type").and_then(Value::as_str).unwrap_or(detail.type_name()), detail.type_name());
        }
    }

    // A client acts for itself: what it gets was asked for, of a known type, and may be asked for again.
    let ledger = Ledger::default();
    add_clients(&ledger);
    let acting = |details: &str, count: u8| {
        let mut request = form(&[("grant_type", "client_credentials"), ("authorization_details", details)]);
        request.headers_mut().insert("authorization", http::HeaderValue::from_static(BASIC));
        answer_of(&wide_config(), Place::Token, &request, &ledger, count)
    };
    let response = acting(text, 1);
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    match response.status().as_u16() {
        200 => {
            if let Some(granted) = body.get("authorization_details") {
                assert!(granted.as_array().expect("an array").iter().all(|detail| detail["type"] == "files"), "{body}");
                let again = acting(&granted.to_string(), 2);
                let again: Value = serde_json::from_slice(again.body()).expect("JSON");
                assert_eq!(again.get("authorization_details"), Some(granted));
            } else {
                assert!(text.is_empty() || read.is_ok_and(|details| details.is_empty()), "{text}");
            }
        }
        400 => assert!(
            ["invalid_authorization_details", "invalid_request"].contains(&body["error"].as_str().unwrap_or("")),
            "{body}"
        ),
        413 => assert!(text.len() > 100),
        other => panic!("{other} {body}"),
    }
    let response = acting(narrower, 3);
    assert!([200, 400, 413].contains(&response.status().as_u16()));
    let all = ledger.all();
    let records = all.values().map(|record| record.encode().expect("a record"));
    records.for_each(|bytes| drop(Record::decode(&bytes).expect("what was encoded")));
});

/// `web` and its secret.
const BASIC: &str = "Basic d2ViOnMlM2FlJTI1YyUyYnIrdA==";
