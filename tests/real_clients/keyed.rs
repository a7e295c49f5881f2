//! The fixtures, but whoever had a secret has a key.

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
    /// Who is among `others` keeps the secret.
    pub(super) fn but(others: &[&str]) -> Self {
        let text = fs::read_to_string(fixtures().join("clients.json")).unwrap();
        let mut clients: Vec<Map<String, Value>> = serde_json::from_str(&text).unwrap();
        let mut keys = Map::new();
        for client in clients.iter_mut().filter(|client| client.contains_key("client_secret")) {
            let (key, id) = (KeyPair::generate().unwrap(), client["client_id"].as_str().unwrap());
            if others.contains(&id) {
                continue;
            }
            keys.insert(id.to_owned(), STANDARD.encode(key.serialize_der()).into());
            client.remove("client_secret");
            client.insert("token_endpoint_auth_method".to_owned(), "private_key_jwt".into());
            client.insert("jwks".to_owned(), json!({"keys": [jwk(&key)]}));
        }
        let keys = Value::Object(keys).to_string();
        let name = URL_SAFE_NO_PAD.encode(Sha256::digest(&keys));
        let directory = std::env::temp_dir().join(format!("grantor-{name}"));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("keys.json"), keys).unwrap();
        fs::write(directory.join("clients.json"), json!(clients).to_string()).unwrap();
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
