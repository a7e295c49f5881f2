//! What a browser brings to the client.
#![no_main]

use grantor::wire::{AuthorizationMessage, AuthorizationOutcome, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(Some(message)) = AuthorizationMessage::parse(data, &Limits::default()) else { return };
    let names: Vec<_> = message.parameters().map(|(name, _)| name).collect();
    let has = |name| names.contains(&name);
    assert_eq!(has("code"), matches!(message.outcome, AuthorizationOutcome::Code(_)));
    assert_eq!(has("access_token") && has("token_type"), matches!(message.outcome, AuthorizationOutcome::Token { .. }));
    assert_eq!(has("error"), matches!(message.outcome, AuthorizationOutcome::Error { .. }));
    assert!(["code", "access_token", "error"].into_iter().filter(|name| has(*name)).count() <= 1);
    assert!(message.parameters().all(|(_, value)| !value.is_empty() && !value.chars().any(char::is_control)));
});
