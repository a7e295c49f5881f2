//! The certificates that a client registers as its own [RFC 8705 §2.2].

use crate::base64;
use serde_json::Value;
use x509_cert::Certificate;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use x509_cert::der::{Decode as _, Reader as _, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::Digest;

/// The digests of the certificates in a key set, the first of each `x5c`; nothing if there is none, or one is not of its
/// key [RFC 7517 §4.7]. Keys without a certificate are for something else.
pub(crate) fn own_certificates(jwks: &Value) -> Option<Vec<Digest>> {
    let keys = jwks.get("keys")?.as_array()?;
    let certified = keys.iter().filter(|key| key.get("x5c").is_some());
    let found = certified.map(own_certificate).collect::<Option<Vec<_>>>()?;
    (!found.is_empty()).then_some(found)
}

fn own_certificate(key: &Value) -> Option<Digest> {
    let der = base64::STANDARD.decode(key.get("x5c")?.get(0)?.as_str()?)?;
    let certificate = Certificate::from_der(&der).ok()?;
    is_key(key, certificate.tbs_certificate().subject_public_key_info())?.then(|| Digest::of(&der))
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The curves of elliptic keys, and the algorithms of Edwards keys [RFC 7518 §6.2.1.1, RFC 8037 §2].
const CURVES: [(&str, ObjectIdentifier); 5] = [
    ("P-256", ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7")),
    ("P-384", ObjectIdentifier::new_unwrap("1.3.132.0.34")),
    ("P-521", ObjectIdentifier::new_unwrap("1.3.132.0.35")),
    ("Ed25519", ObjectIdentifier::new_unwrap("1.3.101.112")),
    ("Ed448", ObjectIdentifier::new_unwrap("1.3.101.113")),
];

/// Whether a JWK and the public key of a certificate are the same; nothing if one of them cannot be read.
fn is_key(jwk: &Value, certified: &SubjectPublicKeyInfoOwned) -> Option<bool> {
    let member = |name: &str| base64::URL.decode(jwk.get(name)?.as_str()?);
    let curve = || {
        let named = jwk.get("crv")?.as_str()?;
        CURVES.iter().find(|(name, _)| *name == named).map(|(_, curve)| *curve)
    };
    let (algorithm, bytes) = (&certified.algorithm, certified.subject_public_key.as_bytes()?);
    match jwk.get("kty")?.as_str()? {
        "RSA" => Some(algorithm.oid == RSA && rsa(bytes)? == (member("n")?, member("e")?)),
        "EC" => {
            let named = AnyRef::from(algorithm.parameters.as_ref()?).decode_as::<ObjectIdentifier>().ok()?;
            let point = [vec![4], member("x")?, member("y")?].concat();
            Some(algorithm.oid == EC && named == curve()? && bytes == point)
        }
        "OKP" => Some(algorithm.oid == curve()? && bytes == member("x")?),
        _ => None,
    }
}

/// Modulus and exponent of an `RSAPublicKey` [RFC 8017 §A.1.1].
fn rsa(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let read = reader.sequence(|inner| {
        let (modulus, exponent) = (UintRef::decode(inner)?, UintRef::decode(inner)?);
        Ok::<_, x509_cert::der::Error>((modulus.as_bytes().to_vec(), exponent.as_bytes().to_vec()))
    });
    read.ok().filter(|_| reader.is_finished())
}
