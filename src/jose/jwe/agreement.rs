//! A key from what two keys have in common [RFC 7518 §4.6].

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// One round of Concat KDF with SHA-256, which is enough for 256 bits [RFC 7518 §4.6.2].
pub(super) fn derive(common: &[u8], algorithm: &str, apu: &[u8], apv: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    let mut hash = Sha256::new().chain_update(number(1)).chain_update(common);
    for text in [algorithm.as_bytes(), apu, apv] {
        hash = hash.chain_update(number(text.len())).chain_update(text);
    }
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(hash.chain_update(number(len * 8)).finalize().into());
    Zeroizing::new(key.iter().take(len).copied().collect())
}

#[cfg(test)]
mod tests {
    use crate::base64;

    use super::*;
    use crate::jose::crypto::{Envelope, Native};
    use crate::jose::jwk::Jwk;

    /// RFC 7518 §C: both sides come to the same key.
    #[test]
    fn agreement_agrees_with_rfc_7518() {
        let alice = r#"{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps","d":"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"}"#;
        let bob = r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#;
        let [(alice, alice_key), (bob, bob_key)] = [alice, bob].map(|text| {
            let members = Jwk::object(text.as_bytes()).unwrap();
            let jwk = Jwk::new(&members);
            let material = jwk.material().unwrap();
            let key = Native::opening_from(&material, &jwk.private().unwrap()).unwrap();
            (material, key)
        });
        for (key, peer) in [(alice_key, bob), (bob_key, alice)] {
            let common = Native::agree(&key, &peer).unwrap();
            let key = derive(&common, "A128GCM", b"Alice", b"Bob", 16);
            assert_eq!(base64::URL.encode(&*key), "VqqN6vgjbSBcIijNcacQGg");
        }
    }
}
