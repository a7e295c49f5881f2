//! What a server answers to a client or a resource server.
#![no_main]

use grantor::wire::{ErrorResponse, Introspection, ServerMetadata, TokenResponse};
use http::Response;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &str, &[u8])| {
    let (granted, issuer, body) = input;
    let response = Response::builder().status(if granted { 200 } else { 400 }).body(body).expect("a response");
    match TokenResponse::parse(&response) {
        Ok(read) => {
            assert!(granted);
            assert_eq!(TokenResponse::parse(&read.print()), Ok(read));
        }
        Err(error) if !granted => assert_eq!(error, ErrorResponse::parse(&response)),
        Err(error) => assert_eq!(error.error, "invalid_response"),
    }
    if let Some(read) = Introspection::parse(body) {
        assert_eq!(Introspection::parse(read.print().body()), Some(read));
    }
    if let Some(read) = ServerMetadata::parse(body, issuer) {
        assert_eq!(ServerMetadata::parse(read.print().body(), issuer), Some(read));
    }
});
