//! Content, encrypted together with what it is bound to [RFC 7518 §5].

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::algorithm::ContentEncryption;
use crate::jose::crypto::{Envelope, Native, Rejected};

/// What an encryption yields.
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) content: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

impl ContentEncryption {
    /// Encrypts under a key of exactly the right length, and a random vector.
    pub(super) fn seal(self, key: &[u8], bound: &[u8], plain: &[u8]) -> Result<Sealed, Rejected> {
        match self {
            Self::A128Gcm | Self::A256Gcm => {
                let mut nonce = [0; 12];
                Native::random(&mut nonce)?;
                let mut content = plain.to_vec();
                let tag = Native::gcm_seal(key, nonce, bound, &mut content)?;
                Ok(Sealed { iv: nonce.to_vec(), content, tag: tag.to_vec() })
            }
            Self::A128CbcHs256 => {
                let mut iv = [0; 16];
                Native::random(&mut iv)?;
                cbc_seal(key, iv, bound, plain)
            }
        }
    }

    /// Proves, then decrypts.
    pub(super) fn open(
        self,
        key: &[u8],
        bound: &[u8],
        iv: &[u8],
        content: &[u8],
        tag: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Rejected> {
        if key.len() != self.key_len() || tag.len() != 16 {
            return Err(Rejected);
        }
        match self {
            Self::A128Gcm | Self::A256Gcm => {
                Native::gcm_open(key, iv.try_into().map_err(|_| Rejected)?, bound, content, tag)
            }
            Self::A128CbcHs256 => {
                let (mac_key, key) = key.split_at_checked(16).ok_or(Rejected)?;
                let iv: [u8; 16] = iv.try_into().map_err(|_| Rejected)?;
                let mac = mac(mac_key, bound, &iv, content)?;
                mac.verify_truncated_left(tag).map_err(|_| Rejected)?;
                Native::cbc_decrypt(key, iv, content)
            }
        }
    }
}

fn cbc_seal(key: &[u8], iv: [u8; 16], bound: &[u8], plain: &[u8]) -> Result<Sealed, Rejected> {
    let (mac_key, key) = key.split_at_checked(16).ok_or(Rejected)?;
    let content = Native::cbc_encrypt(key, iv, plain.to_vec())?;
    let tag = mac(mac_key, bound, &iv, &content)?.finalize().into_bytes();
    Ok(Sealed { iv: iv.to_vec(), content, tag: tag.iter().take(16).copied().collect() })
}

/// [RFC 7518 §5.2.2.1]: over what it is bound to, the vector, the content, and the length of the first in bits.
fn mac(key: &[u8], bound: &[u8], iv: &[u8; 16], content: &[u8]) -> Result<Hmac<Sha256>, Rejected> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).map_err(|_| Rejected)?;
    mac.update(bound);
    mac.update(iv);
    mac.update(content);
    let bits = u64::try_from(bound.len()).map_err(|_| Rejected)? * 8;
    mac.update(&bits.to_be_bytes());
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7518 §B.1.
    #[test]
    fn cbc_with_hmac_agrees_with_rfc_7518() {
        let key: Vec<u8> = (0..32).collect();
        let iv = [0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04];
        let plain =
            b"A cipher system must not be required to be secret, and it must be able to fall into the hands of \
            the enemy without inconvenience";
        let bound = b"The second principle of Auguste Kerckhoffs";
        let sealed = cbc_seal(&key, iv, bound, plain).unwrap();
        assert_eq!(sealed.content[..8], [0xc8, 0x0e, 0xdf, 0xa3, 0x2d, 0xdf, 0x39, 0xd5]);
        assert_eq!(sealed.content.len(), 144);
        assert_eq!(
            sealed.tag,
            [0x65, 0x2c, 0x3f, 0xa3, 0x6b, 0x0a, 0x7c, 0x5b, 0x32, 0x19, 0xfa, 0xb3, 0xa3, 0x0b, 0xc1, 0xc4]
        );
        let opened = ContentEncryption::A128CbcHs256.open(&key, bound, &iv, &sealed.content, &sealed.tag).unwrap();
        assert_eq!(opened.as_slice(), plain);
    }
}
