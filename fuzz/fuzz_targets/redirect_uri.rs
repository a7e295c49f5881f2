//! Registration and matching of redirect URIs, against what a browser would make of them.
#![no_main]

use grantor::record::Client;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|input: (&str, &str, bool)| {
    let (registered, requested, native) = input;
    let builder = Client::builder("client").redirect_uri(registered);
    let Ok(client) = (if native { builder.native() } else { builder }).build() else { return };
    assert_eq!(client.verify_redirect_uri(Some(registered)).expect("what was registered").as_str(), registered);
    assert_eq!(client.verify_redirect_uri(None).expect("the only one").as_str(), registered);
    http::HeaderValue::from_str(registered).expect("can be redirected to");

    let own = Url::parse(registered).expect("what was registered is a URI");
    assert!(own.fragment().is_none() && own.username().is_empty() && own.password().is_none(), "{registered}");
    assert!(!["javascript", "data", "file", "blob", "vbscript", "about"].contains(&own.scheme()), "{registered}");
    assert!(native || own.scheme() == "https", "{registered}");
    if client.verify_redirect_uri(Some(requested)).is_err() || requested == registered {
        return;
    }
    let mut other = Url::parse(requested).expect("what is matched is a URI");
    assert!(native && own.scheme() == "http", "only loopback URIs vary: {registered} {requested}");
    assert!(matches!(own.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")), "{registered}");
    other.set_port(own.port()).expect("has a host");
    assert_eq!(own, other, "{registered} {requested}");
});
