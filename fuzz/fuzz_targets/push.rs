//! Pushed authorization requests: what is read is read back from what is written, what is accepted can be brought once
//! by its own client, and means what was pushed.
#![no_main]

use arbitrary::Arbitrary;
use grantor::Timestamp;
use grantor::record::{Scope, Subject};
use grantor::server::{Approval, Authorization, Authorize, Place, Session, Visitor};
use grantor::wire::{AuthorizationRequest, Limits, PushRequest};
use grantor_fuzz::scene::{CLIENTS, add_clients};
use grantor_fuzz::{Ledger, RawRequest, answer_of, form, run, wide_config};
use http::{Request, Uri};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    raw: RawRequest<'a>,
    /// Changes to a good request.
    more: Vec<(u8, &'a str)>,
    other_client: bool,
    later: u16,
}

const NAMES: [&str; 10] = [
    "scope",
    "state",
    "response_mode",
    "prompt",
    "max_age",
    "login_hint",
    "resource",
    "nonce",
    "request_uri",
    "authorization_details",
];

fuzz_target!(|input: Input<'_>| {
    let (ledger, config, limits) = (Ledger::default(), wide_config(), Limits::default());
    add_clients(&ledger);
    let raw = input.raw.request();
    if let Ok(read) = PushRequest::parse(&raw, &limits) {
        let printed = read.print(&Uri::from_static("https://as.example/par"));
        if printed.body().len() <= limits.body {
            assert_eq!(PushRequest::parse(&printed, &limits), Ok(read));
        }
    }
    let response = answer_of(&config, Place::PushedAuthorizationRequest, &raw, &ledger, 0);
    assert!([201, 400, 401, 405, 413, 415].contains(&response.status().as_u16()), "{}", response.status());

    let (client, uris) = CLIENTS[1];
    let mut pairs = vec![
        ("client_id", client),
        ("redirect_uri", uris[0]),
        ("response_type", "code"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    pairs.extend(input.more.iter().take(8).map(|(name, value)| (NAMES[usize::from(*name) % NAMES.len()], *value)));
    let request = form(&pairs);
    let response = answer_of(&config, Place::PushedAuthorizationRequest, &request, &ledger, 1);
    if response.status() != 201 {
        return assert!([400, 413].contains(&response.status().as_u16()), "{}", response.status());
    }
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    let name = body["request_uri"].as_str().expect("a name");
    let brought = |client: &str| {
        let query = form(&[("client_id", client), ("request_uri", name)]);
        let uri = format!("https://as.example/authorize?{}", String::from_utf8_lossy(query.body()));
        let request = Request::builder().uri(uri).body(Vec::new()).expect("a request");
        AuthorizationRequest::parse(&request, &limits).expect("well formed")
    };
    ledger.now.set(ledger.now.get() + u64::from(input.later));
    let session = Session::new(Subject::new("alice"), Timestamp::from_unix(ledger.now.get()));
    let everything = Scope::parse("read write openid offline_access").expect("a scope");
    let ask = |client: &str, count| {
        let visitor = Visitor::logged_in(session.clone(), Some(everything.clone()));
        run(Authorize::new(config.clone(), brought(client), visitor), &ledger, count)
    };
    if input.other_client {
        assert!(ask("cli", 2).is_err(), "another client's request");
    }
    let first = ask(client, 3);
    if input.later >= 60 {
        assert!(first.is_err(), "begun too late");
    }
    let prompt = match first {
        Ok(Authorization::Ask(prompt)) => Some(prompt),
        Ok(Authorization::Answer(_)) => None,
        Err(_) => return,
    };
    let approve = |count| {
        let prompt = prompt.clone()?;
        Some(run(Approval::new(config.clone(), *prompt, session.clone()), &ledger, count).is_ok())
    };
    // A page that is loaded again is the same page; what was answered is used up.
    if approve(4).unwrap_or(true) {
        assert!(ask(client, 5).is_err(), "answered twice");
        assert_ne!(approve(6), Some(true), "approved twice");
    } else {
        assert!(ask(client, 5).is_ok(), "used up by no answer");
    }
});
