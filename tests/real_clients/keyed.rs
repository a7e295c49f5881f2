//! The fixtures, but whoever had a secret signs.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::KeyPair;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::environment::fixtures;

/// `clients.json`, `users.json`, and `keys.json`: PKCS#8 in base64 by client. The directory is removed with the test.
pub(super) struct Keyed(PathBuf);

impl Keyed {
    /// Each client has a key of its own, but who is among `others` keeps the secret.
    pub(super) fn but(others: &[&str]) -> Self {
        Self::signing(|client, key| {
            let id = client["client_id"].as_str().unwrap().to_owned();
            if others.contains(&&*id) {
                return None;
            }
            client.remove("client_secret");
            client.insert("token_endpoint_auth_method".to_owned(), "private_key_jwt".into());
            client.insert("jwks".to_owned(), json!({"keys": [jwk(key)]}));
            Some((id, STANDARD.encode(key.serialize_der()).into()))
        })
    }

    /// Each client signs with its secret.
    pub(super) fn with_macs() -> Self {
        Self::signing(|client, key| {
            let secret = URL_SAFE_NO_PAD.encode(Sha256::digest(key.serialize_der()));
            client.insert("token_endpoint_auth_method".to_owned(), "client_secret_jwt".into());
            client.insert("client_secret".to_owned(), secret.into());
            None
        })
    }

    fn signing(change: impl Fn(&mut Map<String, Value>, &KeyPair) -> Option<(String, Value)>) -> Self {
        let text = fs::read_to_string(fixtures().join("clients.json")).unwrap();
        let mut clients: Vec<Map<String, Value>> = serde_json::from_str(&text).unwrap();
        let with_secret = clients.iter_mut().filter(|client| client.contains_key("client_secret"));
        let keys: Map<_, _> = with_secret.filter_map(|client| change(client, &KeyPair::generate().unwrap())).collect();
        let (keys, clients) = (Value::Object(keys).to_string(), json!(clients).to_string());
        let name = URL_SAFE_NO_PAD.encode(Sha256::digest(&clients));
        let directory = std::env::temp_dir().join(format!("grantor-{name}"));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("keys.json"), keys).unwrap();
        fs::write(directory.join("clients.json"), clients).unwrap();
        fs::copy(fixtures().join("users.json"), directory.join("users.json")).unwrap();
        Self(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Keyed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn jwk(key: &KeyPair) -> Value {
    let (x, y) = key.public_key_raw().strip_prefix(&[4]).unwrap().split_at(32);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "alg": "ES256", "use": "sig"})
}
