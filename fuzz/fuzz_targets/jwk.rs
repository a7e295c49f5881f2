//! Keys and sets of keys of any bytes.
#![no_main]

use grantor::jose::{DecryptionKey, EncryptionKey, JwkSet, KeyFault, PrivateKey, PublicKey, SharedSecret};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = PublicKey::from_jwk(bytes) {
        let printed = Value::from(key.to_jwk());
        assert_eq!(PublicKey::from_jwk(printed.to_string()).as_ref(), Ok(&key));
        let set = JwkSet::parse(serde_json::json!({ "keys": [printed] }).to_string()).expect("a set");
        assert_eq!(set.keys(), [key]);
    }
    if let Ok(key) = EncryptionKey::from_jwk(bytes) {
        assert_eq!(EncryptionKey::from_jwk(Value::from(key.to_jwk()).to_string()), Ok(key));
    }
    // Whatever is private is no public key.
    if PrivateKey::from_jwk(bytes).is_ok()
        || DecryptionKey::from_jwk(bytes).is_ok()
        || SharedSecret::from_jwk(bytes).is_ok()
    {
        assert_eq!(PublicKey::from_jwk(bytes), Err(KeyFault::Private));
        assert_eq!(EncryptionKey::from_jwk(bytes), Err(KeyFault::Private));
    }
    if let Ok(set) = JwkSet::parse(bytes) {
        assert!(set.keys().len() <= 64);
    }
    if let Ok(key) = PublicKey::from_der(bytes) {
        assert_eq!(PublicKey::from_jwk(Value::from(key.to_jwk()).to_string()), Ok(key));
    }
    let _ = PrivateKey::from_der(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (PublicKey::from_pem(text), PrivateKey::from_pem(text), DecryptionKey::from_pem(text));
    }
});
