//! Token, introspection and revocation requests with their headers: what is read is read back from what is written.
#![no_main]

use grantor::wire::{Limits, TokenQuery, TokenRequest};
use grantor_fuzz::RawRequest;
use http::Uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: RawRequest<'_>| {
    let (request, limits, uri) = (raw.request(), Limits::default(), Uri::from_static("https://as.example/token"));
    if let Ok(read) = TokenRequest::parse(&request, &limits) {
        let printed = read.print(&uri);
        if printed.body().len() <= limits.body {
            assert_eq!(TokenRequest::parse(&printed, &limits), Ok(read));
        }
    }
    if let Ok(read) = TokenQuery::parse(&request, &limits) {
        let printed = read.print(&uri);
        if printed.body().len() <= limits.body {
            assert_eq!(TokenQuery::parse(&printed, &limits), Ok(read));
        }
    }
});
