//! What a browser brings to the client.
#![no_main]

use grantor::wire::{AuthorizationMessage, AuthorizationOutcome, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(Some(message)) = AuthorizationMessage::parse(data, &Limits::default()) else { return };
    let names: Vec<_> = message.parameters().map(|(name, _)| name).collect();
    assert_eq!(names.contains(&"code"), matches!(message.outcome, AuthorizationOutcome::Code(_)));
    assert_ne!(names.contains(&"code"), names.contains(&"error"));
    assert!(message.parameters().all(|(_, value)| !value.is_empty() && !value.chars().any(char::is_control)));
});
