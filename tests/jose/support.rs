//! Tokens as nobody should make them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::jose::{Algorithm, Algorithms, PrivateKey, Purpose};
use std::sync::LazyLock;

/// Made once, since RSA keys take long.
pub(crate) static KEYS: LazyLock<Vec<PrivateKey>> =
    LazyLock::new(|| Algorithms::ASYMMETRIC.iter().map(|algorithm| PrivateKey::generate(algorithm).unwrap()).collect());

pub(crate) fn key(algorithm: Algorithm) -> &'static PrivateKey {
    KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap()
}

pub(crate) fn ec() -> &'static PrivateKey {
    key(Algorithm::Es256)
}

/// A purpose without demands of its own.
pub(crate) const ANY: Purpose = Purpose::plain("test");

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs whatever it is.
pub(crate) fn forge(key: &PrivateKey, header: &str, payload: impl AsRef<[u8]>) -> String {
    let signed = format!("{}.{}", b64(header), b64(payload));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", b64(signature))
}
