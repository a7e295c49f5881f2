//! Encryption by AWS-LC.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::key_wrap::{AES_128 as WRAP_128, AES_256 as WRAP_256, AesKek, KeyWrap};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::{
    self, KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use aws_lc_rs::signature::{KeyPair as _, RsaPublicKeyComponents};
use zeroize::Zeroizing;

use super::super::envelope::Envelope;
use super::super::{Generated, PrivateNumbers, Rejected};
use super::{AwsLc, Crypto, Signing, rsa_material};
use crate::jose::algorithm::Algorithm;
use crate::jose::material::{Curve, Material};

pub(in crate::jose) enum Opening {
    Ec(Curve, PrivateKey),
    X25519(PrivateKey),
    Rsa(Box<OaepPrivateDecryptingKey>, Material),
}

/// PKCS#8 of an X25519 key without its public half [RFC 8410 §7].
const X25519_PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];

impl Envelope for AwsLc {
    type Opening = Opening;

    fn opening(der: &[u8]) -> Result<Opening, Rejected> {
        if let Some(scalar) = der.strip_prefix(&X25519_PKCS8) {
            return Ok(Opening::X25519(PrivateKey::from_private_key(&X25519, scalar)?));
        }
        let ec = |curve| PrivateKey::from_private_key_der(ecdh(curve), der).map(|key| Opening::Ec(curve, key));
        if let Ok(key) = ec(Curve::P256).or_else(|_| ec(Curve::P384)) {
            return Ok(key);
        }
        let pair = rsa::KeyPair::from_pkcs8(der).or_else(|_| rsa::KeyPair::from_der(der))?;
        rsa_opening(&pair)
    }

    fn opening_from(material: &Material, private: &PrivateNumbers) -> Result<Opening, Rejected> {
        let key = match (material, private) {
            (Material::Ec { curve, .. }, PrivateNumbers::Scalar(d)) => {
                Opening::Ec(*curve, PrivateKey::from_private_key(ecdh(*curve), d)?)
            }
            (Material::X25519(_), PrivateNumbers::Scalar(d)) => {
                Opening::X25519(PrivateKey::from_private_key(&X25519, d)?)
            }
            (Material::Rsa { .. }, PrivateNumbers::Rsa(_)) => match Self::signing_from(material, private)? {
                Signing::Rsa(pair) => rsa_opening(&pair)?,
                Signing::Ec(..) | Signing::Ed25519(_) => return Err(Rejected),
            },
            (Material::Ec { .. } | Material::X25519(_), PrivateNumbers::Rsa(_))
            | (Material::Rsa { .. }, PrivateNumbers::Scalar(_))
            | (Material::Ed25519(_), _) => return Err(Rejected),
        };
        if Self::opening_public(&key)? == *material { Ok(key) } else { Err(Rejected) }
    }

    fn generate_opening(kind: Generated) -> Result<Opening, Rejected> {
        Ok(match kind {
            Generated::Ec(curve) => Opening::Ec(curve, PrivateKey::generate(ecdh(curve))?),
            Generated::Ed25519 => return Err(Rejected),
            Generated::X25519 => Opening::X25519(PrivateKey::generate(&X25519)?),
            Generated::Rsa => rsa_opening(&rsa::KeyPair::generate(KeySize::Rsa3072)?)?,
        })
    }

    fn opening_public(key: &Opening) -> Result<Material, Rejected> {
        Ok(match key {
            Opening::Ec(curve, key) => {
                Material::Ec { curve: *curve, point: key.compute_public_key()?.as_ref().to_vec() }
            }
            Opening::X25519(key) => {
                Material::X25519(key.compute_public_key()?.as_ref().try_into().map_err(|_| Rejected)?)
            }
            Opening::Rsa(_, material) => material.clone(),
        })
    }

    fn agree(key: &Opening, peer: &Material) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        match (key, peer) {
            (Opening::Ec(own, key), Material::Ec { curve, point }) if own == curve => agree(key, point),
            (Opening::X25519(key), Material::X25519(x)) => agree(key, x),
            (Opening::Ec(..) | Opening::X25519(_) | Opening::Rsa(..), _) => Err(Rejected),
        }
    }

    fn check(peer: &Material) -> Result<(), Rejected> {
        match peer {
            Material::Ec { curve: Curve::P256, .. } => drop(Self::verifying(peer, Algorithm::Es256)?),
            Material::Ec { curve: Curve::P384, .. } => drop(Self::verifying(peer, Algorithm::Es384)?),
            // Whoever agrees: what is common to all is so for any key.
            Material::X25519(x) => drop(agree(&PrivateKey::from_private_key(&X25519, &[1; 32])?, x)?),
            Material::Rsa { .. } => drop(rsa_encrypting(peer)?),
            Material::Ed25519(_) => return Err(Rejected),
        }
        Ok(())
    }

    fn agree_once(peer: &Material) -> Result<(Material, Zeroizing<Vec<u8>>), Rejected> {
        let own = Self::generate_opening(match peer {
            Material::Ec { curve, .. } => Generated::Ec(*curve),
            Material::X25519(_) => Generated::X25519,
            Material::Ed25519(_) | Material::Rsa { .. } => return Err(Rejected),
        })?;
        Ok((Self::opening_public(&own)?, Self::agree(&own, peer)?))
    }

    fn rsa_wrap(peer: &Material, content_key: &[u8]) -> Result<Vec<u8>, Rejected> {
        let key = rsa_encrypting(peer)?;
        let mut wrapped = vec![0; key.ciphertext_size()];
        key.encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut wrapped, None)?;
        Ok(wrapped)
    }

    fn rsa_unwrap(key: &Opening, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        let Opening::Rsa(key, _) = key else { return Err(Rejected) };
        let mut content_key = Zeroizing::new(vec![0; key.min_output_size()]);
        let len = key.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut content_key, None)?.len();
        content_key.truncate(len);
        Ok(content_key)
    }

    fn aes_wrap(key: &[u8], content_key: &[u8]) -> Result<Vec<u8>, Rejected> {
        let mut wrapped = vec![0; content_key.len() + 8];
        kek(key)?.wrap(content_key, &mut wrapped)?;
        Ok(wrapped)
    }

    fn aes_unwrap(key: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        let mut content_key = Zeroizing::new(vec![0; wrapped.len().saturating_sub(8)]);
        kek(key)?.unwrap(wrapped, &mut content_key)?;
        Ok(content_key)
    }

    fn gcm_seal(key: &[u8], nonce: [u8; 12], bound: &[u8], content: &mut [u8]) -> Result<[u8; 16], Rejected> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = gcm(key)?.seal_in_place_separate_tag(nonce, Aad::from(bound), content)?;
        tag.as_ref().try_into().map_err(|_| Rejected)
    }

    fn gcm_open(
        key: &[u8],
        nonce: [u8; 12],
        bound: &[u8],
        content: &[u8],
        tag: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        let mut plain = Zeroizing::new(vec![0; content.len()]);
        let nonce = Nonce::assume_unique_for_key(nonce);
        gcm(key)?.open_separate_gather(nonce, Aad::from(bound), content, tag, &mut plain)?;
        Ok(plain)
    }

    fn cbc_encrypt(key: &[u8], iv: [u8; 16], mut content: Vec<u8>) -> Result<Vec<u8>, Rejected> {
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, key)?)?;
        key.less_safe_encrypt(&mut content, EncryptionContext::Iv128(FixedLength::from(iv)))?;
        Ok(content)
    }

    fn cbc_decrypt(key: &[u8], iv: [u8; 16], content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, key)?)?;
        let mut plain = Zeroizing::new(content.to_vec());
        let len = key.decrypt(&mut plain, DecryptionContext::Iv128(FixedLength::from(iv)))?.len();
        plain.truncate(len);
        Ok(plain)
    }

    fn random(bytes: &mut [u8]) -> Result<(), Rejected> {
        Ok(SystemRandom::new().fill(bytes)?)
    }
}

/// [`OaepPrivateDecryptingKey`] has no way in but through PKCS#8.
fn rsa_opening(pair: &rsa::KeyPair) -> Result<Opening, Rejected> {
    let material = rsa_material(pair.public_key())?;
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?;
    let key = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(der.as_ref())?)?;
    Ok(Opening::Rsa(Box::new(key), material))
}

fn rsa_encrypting(peer: &Material) -> Result<OaepPublicEncryptingKey, Rejected> {
    let Material::Rsa { n, e } = peer else { return Err(Rejected) };
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(&RsaPublicKeyComponents { n, e })?;
    Ok(OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(der.as_ref())?)?)
}

fn agree(key: &PrivateKey, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejected> {
    agreement::agree(key, UnparsedPublicKey::new(key.algorithm(), peer), Rejected, |common| {
        Ok(Zeroizing::new(common.to_vec()))
    })
}

const fn ecdh(curve: Curve) -> &'static agreement::Algorithm {
    match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
    }
}

fn kek(key: &[u8]) -> Result<AesKek, Rejected> {
    let cipher = if key.len() == 16 { &WRAP_128 } else { &WRAP_256 };
    Ok(AesKek::new(cipher, key)?)
}

fn gcm(key: &[u8]) -> Result<LessSafeKey, Rejected> {
    let cipher = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
    Ok(LessSafeKey::new(UnboundKey::new(cipher, key)?))
}
