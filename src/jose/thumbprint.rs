//! The name of a key that follows from the key [RFC 7638].

use std::fmt;

use crate::base64;
use sha2::{Digest as _, Sha256};

use super::material::Material;

/// The SHA-256 thumbprint of a public key.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The required members in lexicographic order [RFC 7638 §3.2, RFC 8037 §2].
    pub(super) fn of(material: &Material) -> Self {
        let text = |bytes: &[u8]| base64::URL.encode(bytes);
        let canonical = match material {
            Material::Ec { curve, .. } => {
                let (x, y) = material.coordinates();
                format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, curve.as_str(), text(x), text(y))
            }
            Material::Ed25519(x) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(x)),
            Material::X25519(x) => format!(r#"{{"crv":"X25519","kty":"OKP","x":"{}"}}"#, text(x)),
            Material::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(e), text(n)),
        };
        Self(Sha256::digest(canonical).into())
    }

    /// The thumbprint of these 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the base64url text that it is as `jkt`, `kid` or `dpop_jkt`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        base64::URL.fill(text, &mut bytes).then_some(Self(bytes))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::URL.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}
