//! Signature algorithms, by their names in JWA.

use std::fmt;

/// A signature algorithm [RFC 7518 §3.1, RFC 8037 §3.1]; `none` is not one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// EdDSA on Ed25519.
    EdDsa,
    /// HMAC with SHA-256; for `client_secret_jwt` alone.
    Hs256,
}

impl Algorithm {
    const ALL: [Self; 7] = [Self::Es256, Self::Es384, Self::Ps256, Self::Ps384, Self::Rs256, Self::EdDsa, Self::Hs256];

    /// The algorithm of this exact name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The same for the `alg` of what others signed, who may say `Ed25519` for EdDSA on that curve [RFC 9864 §2.2].
    pub(super) fn parse_alg(name: &str) -> Option<Self> {
        if name == "Ed25519" { Some(Self::EdDsa) } else { Self::parse(name) }
    }

    /// Its name as `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some algorithms.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Algorithms(u8);

impl Algorithms {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Those with a public key.
    pub const ASYMMETRIC: Self = Self(!(!0 << 6));
    /// What FAPI 2.0 permits: PS256, ES256 and EdDSA.
    pub const FAPI2: Self = Self::NONE.and(Algorithm::Ps256).and(Algorithm::Es256).and(Algorithm::EdDsa);
    /// HS256.
    pub(super) const MAC: Self = Self::NONE.and(Algorithm::Hs256);

    /// These and one more.
    #[must_use]
    pub const fn and(self, algorithm: Algorithm) -> Self {
        Self(self.0 | algorithm.bit())
    }

    /// Those that are in `other` as well.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there are any, each with a public key.
    #[must_use]
    pub(crate) const fn are_asymmetric(self) -> bool {
        self.0 != 0 && self.0 & Self::ASYMMETRIC.0 == self.0
    }

    /// Whether one is among them.
    #[must_use]
    pub const fn contain(self, algorithm: Algorithm) -> bool {
        self.0 & algorithm.bit() != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(move |algorithm| self.contain(*algorithm))
    }
}

impl FromIterator<Algorithm> for Algorithms {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        algorithms.into_iter().fold(Self::NONE, Self::and)
    }
}

impl fmt::Debug for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Algorithm::as_str)).finish()
    }
}
