//! The operations of encryption.

use zeroize::Zeroizing;

use super::{Generated, PrivateNumbers, Rejected};
use crate::jose::material::Material;

/// What an implementation of encryption does.
pub(in crate::jose) trait Envelope {
    /// A private key, ready to open what was sent to it.
    type Opening: Send + Sync;

    /// Takes a private key apart from its DER: PKCS#8, SEC 1 or PKCS#1.
    fn opening(der: &[u8]) -> Result<Self::Opening, Rejected>;

    /// Prepares a private key that is given by its numbers, if they belong together.
    fn opening_from(material: &Material, private: &PrivateNumbers) -> Result<Self::Opening, Rejected>;

    /// Makes a private key.
    fn generate_opening(kind: Generated) -> Result<Self::Opening, Rejected>;

    /// The public half.
    fn opening_public(key: &Self::Opening) -> Result<Material, Rejected>;

    /// What two keys have in common; fails if the other is not on the curve, or common to all [RFC 7748 §6.1].
    fn agree(key: &Self::Opening, peer: &Material) -> Result<Zeroizing<Vec<u8>>, Rejected>;

    /// Whether something can be encrypted to this key: a point of its curve that does not agree with everyone alike
    /// [RFC 7748 §6.1], or an RSA key.
    fn check(peer: &Material) -> Result<(), Rejected>;

    /// A new key for one message, and what it has in common with `peer`.
    fn agree_once(peer: &Material) -> Result<(Material, Zeroizing<Vec<u8>>), Rejected>;

    /// RSA-OAEP with SHA-256 in both places.
    fn rsa_wrap(peer: &Material, content_key: &[u8]) -> Result<Vec<u8>, Rejected>;

    /// The reverse.
    fn rsa_unwrap(key: &Self::Opening, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected>;

    /// AES Key Wrap with 128 or 256 bits.
    fn aes_wrap(key: &[u8], content_key: &[u8]) -> Result<Vec<u8>, Rejected>;

    /// The reverse.
    fn aes_unwrap(key: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected>;

    /// AES-GCM with 128 or 256 bits, in place; returns the tag.
    fn gcm_seal(key: &[u8], nonce: [u8; 12], bound: &[u8], content: &mut [u8]) -> Result<[u8; 16], Rejected>;

    /// The reverse.
    fn gcm_open(
        key: &[u8],
        nonce: [u8; 12],
        bound: &[u8],
        content: &[u8],
        tag: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Rejected>;

    /// AES-128-CBC with padding, which proves nothing by itself.
    fn cbc_encrypt(key: &[u8], iv: [u8; 16], content: Vec<u8>) -> Result<Vec<u8>, Rejected>;

    /// The reverse; only for what is proven.
    fn cbc_decrypt(key: &[u8], iv: [u8; 16], content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected>;

    /// The system's randomness.
    fn random(bytes: &mut [u8]) -> Result<(), Rejected>;
}
