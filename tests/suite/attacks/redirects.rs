//! Sending a response somewhere else: spellings that are read differently, and pages that carry more than they should.

use grantor::Progress;
use grantor::record::{Client, ClientFault, ClientMetadata, RedirectUriFault};
use grantor::server::Visitor;
use http::StatusCode;

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

#[test]
fn no_other_spelling_of_a_registered_uri_is_followed() {
    let world = world();
    let spellings = [
        "https://spa.example/cb%2f",
        "https://spa.example/%63b",
        "https://spa.example/cb/.",
        "https://spa.example/cb/..;/cb",
        "https://spa.example/cb;x",
        "https://spa.example//cb",
        "https://spa.example/cb?",
        "https://spa.example/cb&x=1",
        "https://spa.example./cb",
        "https://spa.example:0443/cb",
        "https://spa.example\\@evil.example/cb",
        "https://evil.example\\.spa.example/cb",
        "https://spa.example%40evil.example/cb",
        "https://spa.example%2eevil.example/cb",
        "https://spa.example%23@evil.example/cb",
        "https://spa\u{3002}example/cb",
        "https://spa\u{2024}example/cb",
        "https://ſpa.example/cb",
        "https://spa.example/cb\u{200b}",
        "https:spa.example/cb",
        "https:/spa.example/cb",
        "https:///spa.example/cb",
        "//spa.example/cb",
        "/cb",
        " https://spa.example/cb",
        "https://spa.example/cb ",
        "javascript:location='https://spa.example/cb'",
        "data:text/html,https://spa.example/cb",
    ];
    let ports = [
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1:80.evil.example/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:٣/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1evil.example/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[::1]/cb",
        "http://0.0.0.0/cb",
        "http://user@127.0.0.1/cb",
        "http://127.0.0.1:1/cb/../x",
        "http://127.0.0.1:1/cb#",
        "http://127.0.0.1\\/cb",
        "http://127.0.0.1:1\\cb",
    ];
    for (client, uri) in spellings.map(|uri| ("spa", uri)).into_iter().chain(ports.map(|uri| ("cli", uri))) {
        let progress = world.authorize(&authorization(client, uri, &[]), Visitor::logged_in(world.session(), None));
        assert!(matches!(progress, Progress::Refuse(_)), "{uri}: {progress:?}");
    }
    for (client, uri) in [("spa", SPA), ("cli", "http://127.0.0.1:65535/cb"), ("cli", "http://127.0.0.1:1/cb")] {
        assert_eq!(location(&world.approved(&authorization(client, uri, &[]))).0, uri);
    }
}

#[test]
fn no_uri_is_registered_that_a_browser_reads_otherwise() {
    use RedirectUriFault::{Host, InsecureScheme, NotAUri, NotCanonical, UserInfo};
    let native = [("http://127.0.0.1@evil.example/cb", UserInfo), ("http://localhost.evil.example/cb", InsecureScheme)];
    let web = [
        // Read as the end of a directive, or of a policy, by whoever enforces the form_post page's policy.
        ("https://a;script-src.example/cb", Host),
        ("https://a,default-src.example/cb", Host),
        ("https://a'b.example/cb", Host),
        ("https://a$b.example/cb", Host),
        ("https://a&b.example/cb", Host),
        ("https://client.example/%2e%2e/cb", NotCanonical),
        ("https://client.example/.", NotCanonical),
        ("https://ｃlient.example/cb", NotAUri),
        ("https://client.example\t/cb", NotAUri),
        ("https://client.example/cb\r\nset-cookie:x=1", NotAUri),
        ("https://0xc0.0.2.1/cb", NotCanonical),
        ("https://client.example%2f@evil.example/cb", UserInfo),
        ("ftp://client.example/cb", InsecureScheme),
        ("blob:https://client.example/cb", InsecureScheme),
        ("view-source:https://client.example/cb", InsecureScheme),
    ];
    let cases = web.map(|case| (case, false)).into_iter().chain(native.map(|case| (case, true)));
    for ((uri, fault), native) in cases {
        let builder = Client::builder("x").redirect_uri(uri);
        let built = if native { builder.native() } else { builder }.build();
        assert_eq!(built.unwrap_err(), ClientFault::RedirectUri(uri.to_owned(), fault));
    }
    for uri in [
        "https://a-b_c.example/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]/cb",
        "https://xn--bcher-kva.example/",
    ] {
        assert!(Client::builder("x").redirect_uri(uri).build().is_ok(), "{uri}");
    }
}

#[test]
fn what_a_client_says_of_itself_runs_nowhere() {
    let client = |set: &dyn Fn(&mut ClientMetadata, String), uri: &str| {
        let mut metadata = ClientMetadata::default();
        metadata.redirect_uris.push(SPA.to_owned());
        set(&mut metadata, uri.to_owned());
        Client::builder("x").metadata(metadata).build()
    };
    let members: [(&str, &dyn Fn(&mut ClientMetadata, String)); 4] = [
        ("client_uri", &|metadata, uri| metadata.client_uri = Some(uri)),
        ("logo_uri", &|metadata, uri| metadata.logo_uri = Some(uri)),
        ("tos_uri", &|metadata, uri| metadata.tos_uri = Some(uri)),
        ("policy_uri", &|metadata, uri| metadata.policy_uri = Some(uri)),
    ];
    for (name, set) in members {
        for uri in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            " javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "file:///etc/passwd",
            "//evil.example/",
            "banana",
        ] {
            assert_eq!(client(set, uri).unwrap_err(), ClientFault::Page(uri.to_owned()), "{name}");
        }
        assert!(client(set, "https://client.example/about?x=1#top").is_ok(), "{name}");
    }
}

#[test]
fn a_response_is_one_header_and_one_form() {
    let world = world();
    let state = "\u{e9}\u{2028}'\"><img src=x onerror=alert(1)>&code=evil&iss=https://evil.example#x;%0d%0a";
    let query = world.approved(&authorization("spa", SPA, &[("state", state)]));
    assert_eq!(parameter(&query, "state").as_deref(), Some(state));
    let (_, pairs) = location(&query);
    assert_eq!(pairs.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["code", "state", "iss"]);
    let raw = query.headers()["location"].to_str().unwrap();
    assert!(!raw.contains(['#', '\'', '"', '<', '>', ';']), "{raw}");

    let form = world.approved(&authorization("spa", SPA, &[("state", state), ("response_mode", "form_post")]));
    let page = String::from_utf8(form.body().clone()).unwrap();
    assert_eq!((form.status(), page.matches("<input").count(), page.matches("<img").count()), (StatusCode::OK, 3, 0));
    assert_eq!(page.matches("<script").count(), 1);
    // A control character never gets this far.
    for bad in ["x%0d%0aset-cookie:y", "x%00", "x%7f", "x%c2%85"] {
        let good = authorization("spa", SPA, &[("state", "")]);
        let uri = format!("{}&state={bad}", good.uri().path_and_query().unwrap());
        let Progress::Respond(page) = world.authorize(&get(&uri), Visitor::anonymous()) else { panic!("{bad}") };
        assert_eq!((page.status(), page.headers().get("location")), (StatusCode::BAD_REQUEST, None), "{bad}");
    }
}
