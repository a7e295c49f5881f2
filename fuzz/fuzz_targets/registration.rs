//! Registration and its management, in JSON: what is registered can be read back, used, changed and removed, and nothing
//! else can; nothing panics.
#![no_main]

use arbitrary::Arbitrary;
use grantor::record::{ClientId, Record};
use grantor::server::Place;
use grantor::store::Key;
use grantor::wire::{ClientInformation, Limits, RegistrationRequest};
use grantor_fuzz::{Ledger, NOW, RawRequest, answer_of, wide_config};
use http::{HeaderValue, Method, Request, Response};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    raw: RawRequest<'a>,
    first: &'a [u8],
    second: &'a [u8],
    /// Whether the members of a sound registration are added.
    sound: bool,
    token: Option<&'a str>,
}

const PATH: &str = "https://as.example/register";

fuzz_target!(|input: Input<'_>| {
    let ledger = Ledger::default();
    ledger.now.set(NOW);
    let send =
        |request: &Request<Vec<u8>>, count| answer_of(&wide_config(), Place::Registration, request, &ledger, count);
    let raw = answer_of(&wide_config(), Place::Registration, &input.raw.request(), &ledger, 9);
    assert!([201, 400, 401, 403, 405, 413, 415].contains(&raw.status().as_u16()), "{}", raw.status());
    drop(RegistrationRequest::parse(&input.raw.request(), &Limits::default()));

    let response = send(&json(Method::POST, PATH, None, with(input.first, input.sound, None)), 1);
    if response.status() != 201 {
        return assert!([400, 413].contains(&response.status().as_u16()), "{}", response.status());
    }
    let told = ClientInformation::parse(response.body()).expect("what was registered");
    let told_json = body(&response);
    let id = told.client_id.clone();
    let stored = ledger.get(&Key::Client(id.clone())).expect("it is committed");
    assert_eq!(Record::decode(&stored.encode().expect("a record")).expect("what was encoded"), stored);
    let uri = told_json["registration_client_uri"].as_str().expect("a URI").to_owned();
    let token = told_json["registration_access_token"].as_str().expect("a token").to_owned();

    // Nobody else may.
    if let Some(guess) = input.token.filter(|guess| *guess != token) {
        if HeaderValue::from_str(&format!("Bearer {guess}")).is_ok() {
            let refused = send(&json(Method::DELETE, &uri, Some(guess), Vec::new()), 2);
            assert!([400, 401].contains(&refused.status().as_u16()), "{}", refused.status());
            assert_eq!(ledger.get(&Key::Client(id.clone())), Some(stored.clone()));
        }
    }
    let read = body(&send(&json(Method::GET, &uri, Some(&token), Vec::new()), 3));
    for (name, value) in read.as_object().expect("an object") {
        assert_eq!(told_json.get(name), Some(value), "{name}");
    }

    let response = send(&json(Method::PUT, &uri, Some(&token), with(input.second, input.sound, Some(&id))), 4);
    let token = match response.status().as_u16() {
        200 => body(&response)["registration_access_token"].as_str().expect("a token").to_owned(),
        400 | 413 => {
            assert_eq!(ledger.get(&Key::Client(id.clone())), Some(stored));
            token
        }
        other => panic!("{other}"),
    };
    let gone = send(&json(Method::DELETE, &uri, Some(&token), Vec::new()), 5);
    assert_eq!(gone.status(), 204);
    assert_eq!(ledger.get(&Key::Client(id)), None);
    assert_eq!(send(&json(Method::GET, &uri, Some(&token), Vec::new()), 6).status(), 401);
});

/// The document, if it is one, with what makes a registration sound.
fn with(document: &[u8], sound: bool, id: Option<&ClientId>) -> Vec<u8> {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(document) else { return document.to_vec() };
    if sound {
        members.entry("redirect_uris").or_insert_with(|| serde_json::json!(["https://app.example/cb"]));
    }
    if let Some(id) = id {
        members.entry("client_id").or_insert_with(|| id.as_str().into());
    }
    Value::Object(members).to_string().into_bytes()
}

fn json(method: Method, uri: &str, token: Option<&str>, body: Vec<u8>) -> Request<Vec<u8>> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri.parse().expect("a URI");
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    if let Some(value) = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok()) {
        request.headers_mut().insert("authorization", value);
    }
    request
}

fn body(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).expect("JSON")
}
