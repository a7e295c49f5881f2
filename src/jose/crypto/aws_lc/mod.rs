//! AWS-LC.

mod envelope;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RsaEncoding, RsaParameters,
};
use zeroize::Zeroizing;

use super::{Crypto, Generated, PrivateNumbers, Rejected};
use crate::jose::algorithm::Algorithm;
use crate::jose::material::{Curve, Material};

/// AWS-LC.
pub(in crate::jose) struct AwsLc;

pub(in crate::jose) enum Signing {
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(rsa::KeyPair),
}

impl Crypto for AwsLc {
    type Verifying = ParsedPublicKey;
    type Signing = Signing;

    fn verifying(material: &Material, algorithm: Algorithm) -> Result<ParsedPublicKey, Rejected> {
        let key = match material {
            Material::Ec { curve, point } => ParsedPublicKey::new(ecdsa_verification(*curve), point),
            Material::Ed25519(x) => ParsedPublicKey::new(&signature::ED25519, x),
            Material::X25519(_) => return Err(Rejected),
            Material::Rsa { n, e } => {
                signature::RsaPublicKeyComponents { n, e }.to_parsed_public_key(rsa_verification(algorithm)?)
            }
        };
        Ok(key?)
    }

    fn verify(key: &ParsedPublicKey, message: &[u8], signature: &[u8]) -> Result<(), Rejected> {
        Ok(key.verify_sig(message, signature)?)
    }

    fn signing(der: &[u8]) -> Result<Signing, Rejected> {
        let ec = |curve| {
            let key = EcdsaKeyPair::from_private_key_der(ecdsa_signing(curve), der);
            key.map(|key| Signing::Ec(curve, key))
        };
        Ok(ec(Curve::P256)
            .or_else(|_| ec(Curve::P384))
            .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Signing::Ed25519))
            .or_else(|_| rsa::KeyPair::from_pkcs8(der).map(Signing::Rsa))
            .or_else(|_| rsa::KeyPair::from_der(der).map(Signing::Rsa))?)
    }

    fn signing_from(material: &Material, private: &PrivateNumbers) -> Result<Signing, Rejected> {
        match (material, private) {
            (Material::Ec { curve, point }, PrivateNumbers::Scalar(d)) => {
                let key = EcdsaKeyPair::from_private_key_and_public_key(ecdsa_signing(*curve), d, point)?;
                Ok(Signing::Ec(*curve, key))
            }
            (Material::Ed25519(x), PrivateNumbers::Scalar(d)) => {
                Ok(Signing::Ed25519(Ed25519KeyPair::from_seed_and_public_key(d, x)?))
            }
            (Material::Rsa { n, e }, PrivateNumbers::Rsa([d, p, q, dp, dq, qi])) => {
                let components = rsa::KeyPairComponents {
                    public_key: rsa::PublicKeyComponents { n, e },
                    d: &**d,
                    p: &**p,
                    q: &**q,
                    dP: &**dp,
                    dQ: &**dq,
                    qInv: &**qi,
                };
                Ok(Signing::Rsa(rsa::KeyPair::from_components(&components)?))
            }
            (Material::Ec { .. } | Material::Ed25519(_), PrivateNumbers::Rsa(_))
            | (Material::Rsa { .. }, PrivateNumbers::Scalar(_))
            | (Material::X25519(_), _) => Err(Rejected),
        }
    }

    fn generate(kind: Generated) -> Result<Signing, Rejected> {
        Ok(match kind {
            Generated::Ec(curve) => Signing::Ec(curve, EcdsaKeyPair::generate(ecdsa_signing(curve))?),
            Generated::Ed25519 => Signing::Ed25519(Ed25519KeyPair::generate()?),
            Generated::X25519 => return Err(Rejected),
            Generated::Rsa => Signing::Rsa(rsa::KeyPair::generate(KeySize::Rsa3072)?),
        })
    }

    fn public(key: &Signing) -> Result<Material, Rejected> {
        match key {
            Signing::Ec(curve, key) => Ok(Material::Ec { curve: *curve, point: key.public_key().as_ref().to_vec() }),
            Signing::Ed25519(key) => Material::ed25519(key.public_key().as_ref()).ok_or(Rejected),
            Signing::Rsa(key) => rsa_material(key.public_key()),
        }
    }

    fn to_pkcs8(key: &Signing) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        Ok(Zeroizing::new(match key {
            Signing::Ec(_, key) => key.to_pkcs8v1()?.as_ref().to_vec(),
            Signing::Ed25519(key) => key.to_pkcs8v1()?.as_ref().to_vec(),
            Signing::Rsa(key) => AsDer::<Pkcs8V1Der<'_>>::as_der(key)?.as_ref().to_vec(),
        }))
    }

    fn sign(key: &Signing, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Rejected> {
        let random = SystemRandom::new();
        Ok(match key {
            Signing::Ec(_, key) => key.sign(&random, message)?.as_ref().to_vec(),
            Signing::Ed25519(key) => key.try_sign(message)?.as_ref().to_vec(),
            Signing::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(rsa_padding(algorithm)?, &random, message, &mut signature)?;
                signature
            }
        })
    }

    fn rsa_from_der(der: &[u8]) -> Result<Material, Rejected> {
        rsa_material(&rsa::PublicKey::from_der(der)?)
    }
}

fn rsa_material(key: &rsa::PublicKey) -> Result<Material, Rejected> {
    let bytes = |number: aws_lc_rs::io::Positive<'_>| number.big_endian_without_leading_zero().to_vec();
    Material::rsa(bytes(key.modulus()), bytes(key.exponent())).ok_or(Rejected)
}

const fn ecdsa_verification(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
    }
}

const fn ecdsa_signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
    }
}

const fn rsa_verification(algorithm: Algorithm) -> Result<&'static RsaParameters, Rejected> {
    match algorithm {
        Algorithm::Rs256 => Ok(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Ps256 => Ok(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Ok(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa | Algorithm::Hs256 => Err(Rejected),
    }
}

fn rsa_padding(algorithm: Algorithm) -> Result<&'static dyn RsaEncoding, Rejected> {
    match algorithm {
        Algorithm::Rs256 => Ok(&signature::RSA_PKCS1_SHA256),
        Algorithm::Ps256 => Ok(&signature::RSA_PSS_SHA256),
        Algorithm::Ps384 => Ok(&signature::RSA_PSS_SHA384),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa | Algorithm::Hs256 => Err(Rejected),
    }
}

impl From<Unspecified> for Rejected {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl From<KeyRejected> for Rejected {
    fn from(_: KeyRejected) -> Self {
        Self
    }
}
