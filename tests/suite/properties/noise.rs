//! What nobody should send.

use grantor::record::{ClientMetadata, Record, Scope};
use grantor::resource::{Access, Demand};
use grantor::server::{Exchange, Place};
use grantor::wire::{
    AuthorizationMessage, AuthorizationRequest, Introspection, Limits, ServerMetadata, TokenQuery, TokenRequest,
};
use http::{HeaderValue, Method, Request};
use proptest::option::of;
use proptest::prelude::*;

use super::endpoint;
use crate::support::{ISSUER, world};

proptest! {
    #[test]
    fn nothing_makes_a_reader_panic(body in noise(), header in noise(), content_type in of(noise())) {
        let limits = Limits::default();
        let mut request = Request::new(body.clone());
        *request.method_mut() = Method::POST;
        let content_type = content_type.unwrap_or_else(|| b"application/x-www-form-urlencoded".to_vec());
        for (name, value) in [("authorization", &header), ("content-type", &content_type)] {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request.headers_mut().append(name, value);
            }
        }
        if let Ok(query) = AuthorizationRequest::parse_form(&body, &limits) {
            let printed = query.print();
            let again = AuthorizationRequest::parse_form(printed.as_bytes(), &limits).unwrap();
            prop_assert_eq!(again.print(), printed);
        }
        if let Ok(token) = TokenRequest::parse(&request, &limits) {
            prop_assert_eq!(TokenRequest::parse(&token.print(&endpoint()), &limits), Ok(token));
        }
        if let Ok(query) = TokenQuery::parse(&request, &limits) {
            prop_assert_eq!(TokenQuery::parse(&query.print(&endpoint()), &limits), Ok(query));
        }
        if let Ok(record) = Record::decode(&body) {
            prop_assert_eq!(Record::decode(&record.encode().unwrap()).unwrap(), record);
        }
        let _ = AuthorizationRequest::parse(&request, &limits);
        let _ = AuthorizationMessage::parse(&body, &limits);
        let _ = Introspection::parse(&body);
        let _ = ServerMetadata::parse(&body, ISSUER);
        let _ = serde_json::from_slice::<ClientMetadata>(&body);
        let world = world();
        for place in [Place::Token, Place::Introspection, Place::Revocation, Place::Metadata, Place::Authorization] {
            let _ = Exchange::parse(world.server.config(), place, &request);
            prop_assert!(!world.server.answer(place, &request).status().is_server_error());
        }
        let demand = Demand::new(Scope::parse("read").unwrap()).or_in_form();
        let refused = world.server.run(Access::new(world.server.config(), &request, demand)).unwrap().unwrap_err();
        prop_assert!(refused.reason.status().is_client_error());
    }
}

/// Bytes that look enough like something to get past the first check.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(
        [
            "client_id",
            "client_secret",
            "grant_type",
            "authorization_code",
            "refresh_token",
            "code",
            "token",
            "scope",
            "redirect_uri",
            "=",
            "&",
            "%",
            "%2",
            "%00",
            "%ff",
            "+",
            ":",
            "Basic ",
            "Bearer ",
            "gr_at_",
            "gr_rt_",
            "{",
            "}",
            "[",
            "\"",
            "\"v\":1",
            ",",
            "null",
            "\"client\":",
            "\"grant\":",
            "https://",
            "a",
            "=A",
            "é",
            "\u{0}",
        ]
        .map(|word| word.as_bytes().to_vec())
        .to_vec(),
    );
    let words = prop::collection::vec(word, 0..24).prop_map(|words| words.concat());
    prop_oneof![words, prop::collection::vec(any::<u8>(), 0..128)]
}
