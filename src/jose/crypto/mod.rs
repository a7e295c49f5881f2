//! The cryptographic operations, and nothing else of them: two traits that a second implementation can take
//! over, for signatures and for encryption.

mod aws_lc;
mod envelope;

pub(super) use aws_lc::AwsLc as Native;
pub(super) use envelope::Envelope;

use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::material::{Curve, Material};

/// What an implementation does. Keys come in as [`Material`] whose form is proven already.
pub(super) trait Crypto {
    /// A public key, ready to verify with one algorithm.
    type Verifying: Send + Sync;
    /// A private key, ready to sign.
    type Signing: Send + Sync;

    /// Prepares a public key; fails if it is no point of its curve, or no key.
    fn verifying(material: &Material, algorithm: Algorithm) -> Result<Self::Verifying, Rejected>;

    /// Whether this is a signature. ECDSA signatures are `r ‖ s` of fixed length, both in range.
    fn verify(key: &Self::Verifying, message: &[u8], signature: &[u8]) -> Result<(), Rejected>;

    /// Takes a private key apart from its DER: PKCS#8, SEC 1 or PKCS#1.
    fn signing(der: &[u8]) -> Result<Self::Signing, Rejected>;

    /// Prepares a private key that is given by its numbers, if they belong together.
    fn signing_from(material: &Material, private: &PrivateNumbers) -> Result<Self::Signing, Rejected>;

    /// Makes a private key for an algorithm; RSA with as many bits.
    fn generate(kind: Generated) -> Result<Self::Signing, Rejected>;

    /// The public half.
    fn public(key: &Self::Signing) -> Result<Material, Rejected>;

    /// The private key as PKCS#8.
    fn to_pkcs8(key: &Self::Signing) -> Result<Zeroizing<Vec<u8>>, Rejected>;

    /// Signs; `algorithm` is one that the key can.
    fn sign(key: &Self::Signing, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Rejected>;

    /// The numbers of an RSA public key in DER, SPKI or PKCS#1.
    fn rsa_from_der(der: &[u8]) -> Result<Material, Rejected>;
}

/// What of a JWK is private [RFC 7518 §6.2.2, §6.3.2].
pub(super) enum PrivateNumbers {
    /// Of an EC or Ed25519 key.
    Scalar(Zeroizing<Vec<u8>>),
    /// Of an RSA key: `d`, `p`, `q`, `dp`, `dq`, `qi`.
    Rsa([Zeroizing<Vec<u8>>; 6]),
}

/// What kind of key to make.
#[derive(Clone, Copy)]
pub(super) enum Generated {
    Ec(Curve),
    Ed25519,
    X25519,
    /// 3072 bits.
    Rsa,
}

/// The cryptography said no; it does not say why.
#[derive(Debug)]
pub(super) struct Rejected;
