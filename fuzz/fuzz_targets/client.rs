//! Client metadata as registered, in JSON: a client that is made can be kept, and only goes where it registered.
#![no_main]

use grantor::record::{Client, ClientMetadata, ClientSecretDigest, Record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, bool, &str, &[u8])| {
    let (id, confidential, requested, document) = input;
    let Ok(metadata) = serde_json::from_slice::<ClientMetadata>(document) else { return };
    let mut builder = Client::builder(id).metadata(metadata.clone());
    if confidential {
        builder = builder.secret(ClientSecretDigest::new("secret", [0; 16], None));
    }
    let Ok(client) = builder.build() else { return };
    assert_eq!(client.is_confidential(), confidential);
    for uri in &metadata.redirect_uris {
        assert_eq!(client.verify_redirect_uri(Some(uri)).expect("what was registered").as_str(), uri);
        http::HeaderValue::from_str(uri).expect("can be redirected to");
    }
    if client.verify_redirect_uri(Some(requested)).is_ok() {
        let loopback = requested.starts_with("http://");
        assert!(loopback || metadata.redirect_uris.iter().any(|uri| uri == requested), "{requested}");
    }
    let record = Record::Client(client.into());
    assert_eq!(Record::decode(&record.encode().expect("a record")).expect("what was encoded"), record);
});
