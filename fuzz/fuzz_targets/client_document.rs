//! A client's metadata document: whatever it says, only its own client comes of it, without a secret, and goes only where
//! the document says. The address check agrees with the standard library wherever that has an opinion.
#![no_main]

use std::net::IpAddr;

use grantor::fetch::{Fetched, is_forbidden};
use grantor::record::{Client, ClientId, Record};
use grantor::wire::{ClientDocument, Limits};
use libfuzzer_sys::fuzz_target;

const URL: &str = "https://a.example/c";

fuzz_target!(|input: (&str, [u8; 4], u128, Option<&[u8]>, &str, &[u8])| {
    let (id, four, six, raw, cache, members) = input;
    if let Some(url) = ClientId::new(id).document_url() {
        assert_eq!((url.as_str(), url.scheme(), url.username(), url.password()), (id, "https", "", None));
        assert!(url.fragment().is_none() && !url.path().is_empty());
        assert!(!url.path().split('/').any(|part| matches!(part, "." | "..")));
    }
    check_addresses(four, six);

    // Most random bytes are no document at all, so some are put into one.
    let whole = [format!("{{\"client_id\":\"{URL}\",").as_bytes(), members, b"}"].concat();
    let mut response = http::Response::builder().header("content-type", "application/json");
    if let Ok(cache) = http::HeaderValue::from_str(cache) {
        response = response.header("cache-control", cache);
    }
    let Ok(response) = response.body(raw.unwrap_or(&whole)) else { return };
    let fetched = Fetched::from(&response);
    let Ok(document) = ClientDocument::parse(&fetched, &ClientId::new(URL), &Limits::default()) else { return };
    let told: serde_json::Value = serde_json::from_slice(&fetched.bytes).expect("it was read");
    assert_eq!(told["client_id"], URL);
    assert!(
        ["client_secret", "client_secret_expires_at"]
            .iter()
            .all(|name| told.get(name).is_none_or(|value| value.is_null()))
    );
    assert!(
        !document
            .metadata
            .token_endpoint_auth_method
            .as_deref()
            .unwrap_or("client_secret")
            .starts_with("client_secret")
    );
    let Ok(client) = Client::builder(URL).metadata(document.metadata.clone()).build() else { return };
    assert!(!client.is_confidential());
    for uri in &document.metadata.redirect_uris {
        assert_eq!(client.verify_redirect_uri(Some(uri)).expect("what it says").as_str(), uri);
    }
    let record = Record::Client(client.into());
    assert_eq!(Record::decode(&record.encode().expect("a record")).expect("what was encoded"), record);
});

fn check_addresses(four: [u8; 4], six: u128) {
    let four = std::net::Ipv4Addr::from(four);
    let special = four.is_loopback() || four.is_private() || four.is_link_local() || four.is_multicast();
    let special = special || four.is_broadcast() || four.is_documentation() || four.is_unspecified();
    assert!(is_forbidden(IpAddr::V4(four)) || !special, "{four}");
    for disguise in [four.to_ipv6_mapped(), four.to_ipv6_compatible()] {
        assert!(is_forbidden(IpAddr::V6(disguise)), "{disguise}");
    }
    let six = std::net::Ipv6Addr::from(six);
    let special = six.is_loopback() || six.is_multicast() || six.is_unspecified() || six.is_unique_local();
    let special = special || six.is_unicast_link_local() || six.to_ipv4().is_some();
    assert!(is_forbidden(IpAddr::V6(six)) || !special, "{six}");
}
