//! Requests to a resource: over an empty store nothing is permitted, and every refusal can be sent.
#![no_main]

use grantor::record::Scope;
use grantor::resource::{Access, Demand};
use grantor_fuzz::{Ledger, RawRequest, plain_config, run};
use http::header::WWW_AUTHENTICATE;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (RawRequest<'_>, bool, &str)| {
    let (raw, in_form, scope) = input;
    let Ok(scope) = Scope::parse(scope) else { return };
    let demand = if in_form { Demand::new(scope).or_in_form() } else { Demand::new(scope) };
    let refusal = run(Access::new(&plain_config(), &raw.request(), demand), &Ledger::default(), 0)
        .expect_err("no token was ever issued");
    let response = refusal.print();
    assert!(response.status().is_client_error());
    assert!(response.headers().contains_key(WWW_AUTHENTICATE));
});
