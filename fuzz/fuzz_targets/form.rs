//! Authorization requests, from the query and from a form: what is read is written the same way twice.
#![no_main]

use grantor::wire::{AuthorizationRequest, Limits};
use grantor_fuzz::RawRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: RawRequest<'_>| {
    let limits = Limits::default();
    let _ = AuthorizationRequest::parse(&raw.request(), &limits);
    if let Ok(read) = AuthorizationRequest::parse_form(raw.body(), &limits) {
        let printed = read.print();
        // Percent-encoding can make a large request too large, and nothing else.
        if printed.len() <= limits.body {
            let again = AuthorizationRequest::parse_form(printed.as_bytes(), &limits).expect("what was printed");
            assert_eq!(again.print(), printed);
        }
        let kept = serde_json::to_vec(&read).expect("a plain value");
        assert_eq!(serde_json::from_slice::<AuthorizationRequest>(&kept).expect("what was kept"), read);
    }
});
