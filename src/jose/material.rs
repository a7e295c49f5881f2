//! Public keys as numbers, whose form is proven: exact lengths, sizes, and no point that signs for everyone.

use crate::base64;
use serde_json::{Map, Value};

use super::algorithm::{Algorithm, Algorithms};

/// A public key as numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Material {
    Ec { curve: Curve, point: Vec<u8> },
    Ed25519([u8; 32]),
    X25519([u8; 32]),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// A curve for ECDSA.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Curve {
    P256,
    P384,
}

impl Curve {
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::P256, Self::P384].into_iter().find(|curve| curve.as_str() == name)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// How long a coordinate is [RFC 7518 §6.2.1.2].
    pub(super) const fn coordinate(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

/// Points of order 1, 2, 4 and 8 in every spelling, without the sign bit: a signature under one of them holds for many
/// messages [RFC 8032 §5.1.7, RFC 8725 §3.4].
const SMALL_ORDER: [[u8; 32]; 7] = [
    bytes(0x00, 0x00, 0x00),
    bytes(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    bytes(0xec, 0xff, 0x7f),
    bytes(0xed, 0xff, 0x7f),
    bytes(0xee, 0xff, 0x7f),
];

const fn bytes(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    (bytes[0], bytes[31]) = (first, last);
    bytes
}

impl Material {
    /// A point of two coordinates; whether it is on its curve is for the cryptography to say.
    pub(super) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Option<Self> {
        let exact = x.len() == curve.coordinate() && y.len() == curve.coordinate();
        exact.then(|| Self::Ec { curve, point: [&[4], x, y].concat() })
    }

    pub(super) fn ed25519(x: &[u8]) -> Option<Self> {
        let x: [u8; 32] = x.try_into().ok()?;
        let mut unsigned = x;
        unsigned[31] &= 0x7f;
        (!SMALL_ORDER.contains(&unsigned)).then_some(Self::Ed25519(x))
    }

    /// From 2048 to 8192 bits [RFC 7518 §3.3, §3.5]; numbers without leading zeros [RFC 7518 §6.3.1].
    pub(super) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Self> {
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        let bits = n.len() * 8 - usize::try_from(n.first()?.leading_zeros()).ok()?;
        let plain = n.first() != Some(&0) && e.first() != Some(&0) && odd(&n) && odd(&e);
        let sized = (2048..=8192).contains(&bits) && e.len() <= 4 && e != [1];
        (plain && sized).then_some(Self::Rsa { n, e })
    }

    /// The algorithms that such a key can be used with.
    pub(super) const fn algorithms(&self) -> Algorithms {
        let none = Algorithms::NONE;
        match self {
            Self::Ec { curve: Curve::P256, .. } => none.and(Algorithm::Es256),
            Self::Ec { curve: Curve::P384, .. } => none.and(Algorithm::Es384),
            Self::Ed25519(_) => none.and(Algorithm::EdDsa),
            Self::X25519(_) => none,
            Self::Rsa { .. } => none.and(Algorithm::Ps256).and(Algorithm::Ps384).and(Algorithm::Rs256),
        }
    }

    /// `x` and `y`; nothing for other keys.
    pub(super) fn coordinates(&self) -> (&[u8], &[u8]) {
        match self {
            Self::Ec { curve, point } => point.get(1..).unwrap_or_default().split_at_checked(curve.coordinate()),
            Self::Ed25519(_) | Self::X25519(_) | Self::Rsa { .. } => None,
        }
        .unwrap_or_default()
    }

    /// The members that make a JWK of it.
    pub(super) fn to_jwk(&self) -> Map<String, Value> {
        let text = |bytes: &[u8]| Value::from(base64::URL.encode(bytes));
        let members = match self {
            Self::Ec { curve, .. } => {
                let (x, y) = self.coordinates();
                vec![("kty", "EC".into()), ("crv", curve.as_str().into()), ("x", text(x)), ("y", text(y))]
            }
            Self::Ed25519(x) => vec![("kty", "OKP".into()), ("crv", "Ed25519".into()), ("x", text(x))],
            Self::X25519(x) => vec![("kty", "OKP".into()), ("crv", "X25519".into()), ("x", text(x))],
            Self::Rsa { n, e } => vec![("kty", "RSA".into()), ("n", text(n)), ("e", text(e))],
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// How long a signature by such a key is, in bytes.
    pub(super) const fn signature_len(&self) -> usize {
        match self {
            Self::Ec { curve, .. } => 2 * curve.coordinate(),
            Self::Ed25519(_) => 64,
            Self::X25519(_) => 0,
            Self::Rsa { n, .. } => n.len(),
        }
    }
}
