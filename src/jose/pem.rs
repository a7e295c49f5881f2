//! Keys as files hold them.

use crate::base64;
use zeroize::Zeroizing;

use super::jwk::KeyFault;
use super::material::Curve;

/// How large such a file may be, in bytes.
const LONGEST: usize = 32 * 1024;

/// The content of a text that holds one block of one of these labels [RFC 7468 §3]; text around it is ignored.
pub(super) fn decode(text: &str, labels: &[&str]) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    if text.len() > LONGEST {
        return Err(KeyFault::TooLarge);
    }
    let block = labels.iter().find_map(|label| {
        let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
        rest.split_once(&format!("-----END {label}-----"))
    });
    let (body, rest) = block.ok_or(KeyFault::NotDer)?;
    if rest.contains("-----BEGIN ") {
        return Err(KeyFault::NotDer);
    }
    let body: Zeroizing<String> = Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    base64::STANDARD.decode(body.as_bytes()).map(Zeroizing::new).ok_or(KeyFault::NotDer)
}

/// What comes before the point in a SubjectPublicKeyInfo of a named curve, uncompressed; DER has no other form of it.
const P256: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const P384: [u8; 24] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22, 0x03, 0x62, 0x00, 0x04,
];
/// The same for Ed25519 [RFC 8410 §4].
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The curve and the coordinates of a SubjectPublicKeyInfo.
pub(super) fn point(der: &[u8]) -> Option<(Curve, &[u8], &[u8])> {
    let split = |curve: Curve, prefix: &[u8]| {
        let (x, y) = der.strip_prefix(prefix)?.split_at_checked(curve.coordinate())?;
        Some((curve, x, y))
    };
    split(Curve::P256, &P256).or_else(|| split(Curve::P384, &P384))
}

/// The public key of a SubjectPublicKeyInfo.
pub(super) fn ed25519(der: &[u8]) -> Option<&[u8]> {
    der.strip_prefix(&ED25519)
}
