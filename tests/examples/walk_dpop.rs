//! The walk of the example `server` through tokens that are bound to a key.

use http::StatusCode;

use crate::browser::Browser;
use crate::process::Example;
use crate::walk::{link, take};

const USE: [(&str, &str, &str); 6] = [
    ("read", "200 OK", "user-1"),
    ("steal", "401 Unauthorized", "invalid_token"),
    ("introspect", "200 OK", "jkt&quot;"),
    ("refresh", "200 OK", "&quot;DPoP&quot;"),
    ("read", "200 OK", "user-1"),
    ("revoke", "200 OK", ""),
];

#[test]
fn a_token_is_worth_nothing_without_its_key() {
    for (switches, nonce) in [(&[][..], false), (&["--require-dpop-nonce"], true)] {
        if nonce && !cfg!(feature = "jose") {
            continue;
        }
        let server = Example::server(switches);
        let mut browser = Browser::new(&server.base);
        let page = browser.get("/walk/dpop");
        if !cfg!(feature = "jose") {
            assert_eq!(page.status, StatusCode::NOT_FOUND);
            assert!(browser.get("/").body.contains("--features jose"));
            continue;
        }
        assert!(link(&page).contains("dpop_jkt="), "{page:?}");
        let callback = browser.approve(&link(&page)).location();
        let page = browser.open(&callback);
        let asked = [("redeem", "400 Bad Request", "use_dpop_nonce")];
        let page = take(&mut browser, page, "dpop", if nonce { &asked } else { &[] });
        let page = take(&mut browser, page, "dpop", &[("redeem", "200 OK", "&quot;DPoP&quot;")]);
        let page = take(&mut browser, page, "dpop", &USE);
        assert!(page.body.contains("authorization: DPoP gr_at_") && page.body.contains("\ndpop: eyJ"), "{page:?}");
    }
}
