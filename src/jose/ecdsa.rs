//! Signatures of ECDSA as other programs give them.

use super::algorithm::Algorithm;

impl Algorithm {
    /// The `r ‖ s` that a JWS has [RFC 7518 §3.4] from the DER that a KMS or an HSM gives; nothing if it is no such DER,
    /// or the algorithm is not ECDSA.
    #[must_use]
    pub fn signature_from_der(self, der: &[u8]) -> Option<Vec<u8>> {
        let half = match self {
            Self::Es256 => 32,
            Self::Es384 => 48,
            Self::Ps256 | Self::Ps384 | Self::Rs256 | Self::EdDsa | Self::Hs256 => return None,
        };
        let (sequence, rest) = element(0x30, der)?;
        let (r, after) = element(0x02, sequence)?;
        let (s, end) = element(0x02, after)?;
        let mut fixed = Vec::with_capacity(2 * half);
        for number in [r, s] {
            let number = positive(number)?;
            fixed.resize(fixed.len() + half.checked_sub(number.len())?, 0);
            fixed.extend_from_slice(number);
        }
        (rest.is_empty() && end.is_empty()).then_some(fixed)
    }
}

/// The content of an element with a length below 128, which is all that such a signature has, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [first, length, rest @ ..] = der else { return None };
    (*first == tag && *length < 0x80).then(|| rest.split_at_checked(usize::from(*length)))?
}

/// The bytes of a number above nought in its shortest form.
fn positive(number: &[u8]) -> Option<&[u8]> {
    match number {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Some(rest),
        [1..=0x7f, ..] => Some(number),
        _ => None,
    }
}
